package judge

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Facts are what a parser found in a JD text.
type Facts struct {
	Stated       int // fields stated without contradiction
	Contradicted int // fields stated twice with different values
	Possible     int // fields that a complete JD states
}

// detail is the share of fields stated less the share contradicted: a reader who is told two different cities is worse
// off than one who is told none.
func (f Facts) detail() float64 { return float64(f.Stated-f.Contradicted) / float64(f.Possible) }

// information is the same as a count, not below 0, for [Economy].
func (f Facts) information() float64 { return float64(max(0, f.Stated-f.Contradicted)) }

// Margins are the differences up to which two JDs tie.
type Margins struct {
	Detail, Relevance, Conciseness float64
}

// DefaultMargins are ours: 0.05 of detail is less than one field in seven, so that each field counts; 0.02 of relevance
// is one acceptance in fifty, or 0.02 of a cosine; 0.05 of conciseness is about 5 % more said at the same length.
func DefaultMargins() Margins { return Margins{Detail: 0.05, Relevance: 0.02, Conciseness: 0.05} }

func (m Margins) check() error {
	for _, v := range []float64{m.Detail, m.Relevance, m.Conciseness} {
		if !(v >= 0) || math.IsInf(v, 0) {
			return fmt.Errorf("judge: a margin is %g, want a number from 0", v)
		}
	}
	return nil
}

// Market judges by the truth of a synthetic labour market, which comes in through functions:
//
//	detail      (fields stated − contradicted)/all fields
//	relevance   the probability that person and employer accept each other
//	conciseness [Economy.Conciseness] of the fields stated less contradicted
//	overall     the sign of 2·relevance + detail + conciseness, each +1 for a win, −1 for a loss; 0 is a tie
//
// Overall weighs outcomes, not scores, as these have no common unit. Relevance counts double: a JD is written for one
// person, and no single other virtue should outvote that; both others together tie with it. Detail and conciseness share
// the fields and are therefore not independent.
type Market struct {
	Gold    func(cvID, jd string) (float64, error) // true acceptance probability of a JD text, in [0, 1]
	Facts   func(jd string) Facts
	Economy Economy // fitted to the market's own JDs with FactsEconomy
	Margins Margins
}

// FactsEconomy fits the yardstick of conciseness to real JDs.
func FactsEconomy(jds []string, facts func(jd string) Facts) (Economy, error) {
	lengths, information := make([]int, len(jds)), make([]float64, len(jds))
	for i, jd := range jds {
		lengths[i], information[i] = Length(jd), facts(jd).information()
	}
	return FitEconomy(lengths, information)
}

// Judge compares the two JDs.
func (m *Market) Judge(ctx context.Context, c Contest) (Judgement, error) {
	if err := c.check(); err != nil {
		return Judgement{}, err
	}
	if err := ctx.Err(); err != nil {
		return Judgement{}, err
	}
	if m.Gold == nil || m.Facts == nil || m.Economy == (Economy{}) {
		return Judgement{}, errors.New("judge: a market judge needs Gold, Facts and a fitted Economy")
	}
	if err := m.Margins.check(); err != nil {
		return Judgement{}, err
	}
	var s [2]scores
	for i, jd := range []string{c.A, c.B} {
		gold, err := m.Gold(c.CVID, jd)
		if err != nil {
			return Judgement{}, fmt.Errorf("judge: %v: %w", c, err)
		}
		if !(gold >= 0 && gold <= 1) {
			return Judgement{}, fmt.Errorf("judge: %v: gold value %g, want a probability", c, gold)
		}
		f := m.Facts(jd)
		if f.Stated < 0 || f.Contradicted < 0 || f.Possible < 1 || f.Stated+f.Contradicted > f.Possible {
			return Judgement{}, fmt.Errorf("judge: %v: %d fields stated and %d contradicted of %d", c, f.Stated, f.Contradicted, f.Possible)
		}
		s[i] = scores{detail: f.detail(), relevance: gold, conciseness: m.Economy.Conciseness(Length(jd), f.information())}
	}
	return Judgement{Contest: c, Verdict: s[0].against(s[1], m.Margins)}, nil
}

// scores are what an offline judge compares; NaN is unknown.
type scores struct{ detail, relevance, conciseness float64 }

// against compares criterion by criterion and combines them as [Market] says. Overall is invalid where any of them is.
func (a scores) against(b scores, m Margins) Verdict {
	var v Verdict
	v[Detail] = compare(a.detail, b.detail, m.Detail)
	v[Relevance] = compare(a.relevance, b.relevance, m.Relevance)
	v[Conciseness] = compare(a.conciseness, b.conciseness, m.Conciseness)
	if v[Detail] == Invalid || v[Relevance] == Invalid || v[Conciseness] == Invalid {
		return v
	}
	v[Overall] = compare(2*v[Relevance].net()+v[Detail].net()+v[Conciseness].net(), 0, 0)
	return v
}
