package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"genjobrec/eval"
	"genjobrec/eval/chat"
)

// Cell is how system A fared against system B on one criterion.
type Cell struct {
	A, B                    string
	Criterion               Criterion
	Win, Tie, Lose, Invalid int // contests, from A's side
	// Net is (Win − Lose)/(Win + Tie + Lose) with its interval; P is against 0, neither is better.
	Net eval.Estimate
	// PHolm is P corrected for all pairs and criteria of the matrix ([eval.Holm]); NaN where nothing was tested.
	PHolm float64
}

// Valid is the number of contests that were decided.
func (c Cell) Valid() int { return c.Win + c.Tie + c.Lose }

// WinRate is (Win + Tie/2)/valid with its interval, which is (1 + Net)/2. P is against one half.
func (c Cell) WinRate() eval.Estimate {
	e := c.Net
	e.Value, e.Low, e.High, e.SE = (1+e.Value)/2, (1+e.Low)/2, (1+e.High)/2, e.SE/2
	return e
}

// flip is the cell from B's side.
func (c Cell) flip() Cell {
	c.A, c.B, c.Win, c.Lose = c.B, c.A, c.Lose, c.Win
	c.Net.Value, c.Net.Low, c.Net.High = -c.Net.Value, -c.Net.High, -c.Net.Low
	return c
}

// Matrix is the result of all contests.
type Matrix struct {
	Systems []string // in order of their names, unless the caller gave another
	Cells   []Cell   // each pair of systems that met, the earlier one as A, in each criterion
}

// NewMatrix counts wins, ties and losses of every pair of systems on every criterion. systems gives their order in tables;
// nil: by name. The interval of a net win rate is the bootstrap over CV groups ([eval.Bootstrap.Mean]), widened by
// [eval.WithSeedVariance] where contests come from several seeds. A CV group with more contests weighs more.
//
// Errors: a system that is not among systems, a contest that no judge has looked at, two judgements of one contest.
func NewMatrix(js []Judgement, systems []string, b eval.Bootstrap) (*Matrix, error) {
	place, err := places(js, systems)
	if err != nil {
		return nil, err
	}
	type pair struct{ a, b int }
	byPair := map[pair][]Judgement{}
	seen := map[contestKey]bool{}
	for _, j := range js {
		key, j := normal(j, place)
		if seen[key] {
			return nil, fmt.Errorf("judge: %v, seed %d: judged twice", j.Contest, j.Contest.Seed)
		}
		seen[key] = true
		p := pair{place[j.Contest.NameA], place[j.Contest.NameB]}
		byPair[p] = append(byPair[p], j)
	}
	m := &Matrix{Systems: make([]string, len(place))}
	for name, i := range place {
		m.Systems[i] = name
	}
	pairs := []pair{}
	for p := range byPair {
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(x, y pair) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	for _, p := range pairs {
		for _, c := range Criteria() {
			cell, err := newCell(byPair[p], c, b)
			if err != nil {
				return nil, err
			}
			m.Cells = append(m.Cells, cell)
		}
	}
	return m, m.correct()
}

// Of is the cell of two systems on a criterion, from a's side. ok is false where they never met.
func (m *Matrix) Of(a, b string, c Criterion) (cell Cell, ok bool) {
	for _, cell := range m.Cells {
		if cell.Criterion != c {
			continue
		}
		if cell.A == a && cell.B == b {
			return cell, true
		}
		if cell.A == b && cell.B == a {
			return cell.flip(), true
		}
	}
	return Cell{}, false
}

func newCell(js []Judgement, c Criterion, b eval.Bootstrap) (Cell, error) {
	cell := Cell{A: js[0].Contest.NameA, B: js[0].Contest.NameB, Criterion: c, PHolm: math.NaN()}
	var valid []Judgement
	for _, j := range js {
		switch j.Verdict[c] {
		case Win:
			cell.Win++
		case Tie:
			cell.Tie++
		case Lose:
			cell.Lose++
		default:
			cell.Invalid++
			continue
		}
		valid = append(valid, j)
	}
	var err error
	cell.Net, err = netWins(valid, c, b)
	return cell, err
}

// netWins is the mean of +1, 0 and −1 over valid contests.
func netWins(valid []Judgement, c Criterion, b eval.Bootstrap) (eval.Estimate, error) {
	if len(valid) == 0 {
		return unknown("no valid contest"), nil
	}
	groups, values := make([]string, len(valid)), make([]float64, len(valid))
	sum, bySeed, runs := 0.0, map[uint64][]float64{}, []float64{}
	for i, j := range valid {
		groups[i], values[i] = j.Contest.group(), j.Verdict[c].net()
		sum += values[i]
		bySeed[j.Contest.Seed] = append(bySeed[j.Contest.Seed], values[i])
	}
	clusters := eval.ClusterIDs(groups)
	n := slices.Max(clusters) + 1
	if n < 2 {
		return pointOnly(sum/float64(len(valid)), n), nil
	}
	e, err := b.Mean(clusters, values)
	if err != nil || len(bySeed) < 2 {
		return degenerate(e), err
	}
	// Mean saw one column of values and took it for one seed.
	e.Warnings = slices.DeleteFunc(e.Warnings, func(w eval.Warning) bool { return strings.HasPrefix(string(w), "one seed") })
	for _, v := range bySeed {
		runs = append(runs, mean(v))
	}
	slices.Sort(runs) // a map has no order, and sums of floats do
	e, err = eval.WithSeedVariance(e, n, b.Level, runs)
	return degenerate(e), err
}

// degenerate warns about an interval without width, as when every contest was won. Sums of floats leave an SE near 1e-15.
func degenerate(e eval.Estimate) eval.Estimate {
	if e.SE < 1e-9 {
		e.Warnings = append(e.Warnings, "all CV groups agree: the interval has no width")
	}
	return e
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// correct fills in PHolm.
func (m *Matrix) correct() error {
	var p []float64
	var at []int
	for i, c := range m.Cells {
		if !math.IsNaN(c.Net.P) {
			p, at = append(p, c.Net.P), append(at, i)
		}
	}
	adjusted, err := eval.Holm(p)
	for k, v := range adjusted {
		m.Cells[at[k]].PHolm = v
	}
	return err
}

// places numbers the systems, and reports judgements that are none.
func places(js []Judgement, systems []string) (map[string]int, error) {
	if systems == nil {
		for _, j := range js {
			systems = append(systems, j.Contest.NameA, j.Contest.NameB)
		}
		slices.Sort(systems)
		systems = slices.Compact(systems)
	}
	place := map[string]int{}
	for i, s := range systems {
		if _, twice := place[s]; twice {
			return nil, fmt.Errorf("judge: system %q is listed twice", s)
		}
		place[s] = i
	}
	for i, j := range js {
		if err := j.Contest.check(); err != nil {
			return nil, fmt.Errorf("judgement %d: %w", i, err)
		}
		for _, s := range []string{j.Contest.NameA, j.Contest.NameB} {
			if _, ok := place[s]; !ok {
				return nil, fmt.Errorf("judge: %v: system %q is not in the list", j.Contest, s)
			}
		}
	}
	return place, nil
}

// contestKey tells contests apart: two systems meet once for a CV, a seed and a pair of texts.
type contestKey struct {
	cv, a, b string
	seed     uint64
	texts    [32]byte
}

// normal turns a judgement so that the system of the earlier place is A.
func normal(j Judgement, place map[string]int) (contestKey, Judgement) {
	c := j.Contest
	if place[c.NameA] > place[c.NameB] {
		c.NameA, c.NameB, c.A, c.B = c.NameB, c.NameA, c.B, c.A
		j.Verdict = j.Verdict.Flip()
		if j.Shown != nil {
			j.Shown = &[2]Verdict{j.Shown[1].Flip(), j.Shown[0].Flip()}
		}
		j.Contest = c
	}
	return contestKey{cv: c.CVID, a: c.NameA, b: c.NameB, seed: c.Seed, texts: chat.Hash(c.CV, c.A, c.B)}, j
}
