package judge

// OrderReport says how the order in which an LLM saw the texts moved its verdicts on one criterion.
type OrderReport struct {
	Criterion Criterion
	Asked     int // contests judged in both orders, both valid
	Invalid   int // contests in which either order was invalid
	Disagreed int // of those asked: the two orders gave different verdicts, which became ties
	Reversed  int // of those that disagreed: A won in one order and lost in the other
	First     int // answers, two a contest, that preferred the text shown first
	Second    int // answers that preferred the text shown second
}

// Disagreement is the share of contests on which the two orders disagreed; 0 where none was asked.
func (r OrderReport) Disagreement() float64 {
	if r.Asked == 0 {
		return 0
	}
	return float64(r.Disagreed) / float64(r.Asked)
}

// Orders reports on each criterion how often the two orders disagreed and which position was preferred. Judgements that
// know no order are passed over.
func Orders(js []Judgement) []OrderReport {
	out := make([]OrderReport, numCriteria)
	for i := range out {
		r := &out[i]
		r.Criterion = Criterion(i)
		for _, j := range js {
			if j.Shown == nil {
				continue
			}
			forward, backward := j.Shown[0][i], j.Shown[1][i]
			if forward == Invalid || backward == Invalid {
				r.Invalid++
				continue
			}
			r.Asked++
			if forward != backward {
				r.Disagreed++
				if forward == backward.Flip() {
					r.Reversed++
				}
			}
			// A was shown first in the first order and second in the other.
			for _, o := range [...]Outcome{forward, backward.Flip()} {
				switch o {
				case Win:
					r.First++
				case Lose:
					r.Second++
				}
			}
		}
	}
	return out
}
