package results

import (
	"fmt"
	"math"
	"slices"

	"genjobrec/eval"
)

// Findings are the report in sentences: whether anything survives correction, every tested difference, where the best matcher
// stands, how much of a sure difference in LogLoss is calibration, and what to be warned of.
func (r *RQ2Report) Findings() []string {
	var out []string
	if len(r.Contrasts) > 0 {
		out = append(out, r.Headline("Base, GIRL-SFT and GIRL"))
		if !slices.ContainsFunc(r.Contrasts, r.Shows) {
			out[0] += " " + NoProof
		}
	}
	for _, c := range r.Contrasts {
		out = append(out, r.ContrastFinding(c, c.A.Model+" − "+c.B.Model+" ("+c.A.Predictor+")"))
	}
	out = append(out, r.levels())
	if r.Calibration != nil {
		for _, d := range r.Calibration.Differences {
			if !math.IsNaN(d.Share) {
				out = append(out, fmt.Sprintf("%s − %s (%s): of the difference in LogLoss, %s, calibration accounts for %s.",
					d.A.Model, d.B.Model, d.A.Predictor, SignedInterval(d.Before, 4), SignedInterval(d.Calibration, 4)))
			}
		}
	}
	return append(out, WarningSentences(r.Warnings)...)
}

// NoProof is what follows from tests of which none shows anything.
const NoProof = "That is no proof that there is none: the intervals say how large it may be."

// Headline says how many of the comparison's tests survive correction; between names what was compared.
func (c *Comparison) Headline(between string) string {
	better, worse, fewest := 0, 0, math.MaxInt
	for _, k := range c.Contrasts {
		for _, claim := range c.Claims(k) {
			fewest = min(fewest, claim.Seeds)
			switch {
			case claim.Shown() && claim.Better():
				better++
			case claim.Shown():
				worse++
			}
		}
	}
	holm := "Holm"
	if c.Tests > 2*len(c.Contrasts) {
		holm = fmt.Sprintf("Holm over %d tests of the table", c.Tests)
	}
	of := fmt.Sprintf("%d tests of AUC and LogLoss (two-sided, %s; %s, %d %s pairs of %d CV groups)", 2*len(c.Contrasts), holm, SeedCount(fewest), c.Pairs, c.Split, c.Groups)
	if better+worse == 0 {
		return fmt.Sprintf("No difference between %s survives correction: 0 of %s have p < %g.", between, of, Alpha)
	}
	return fmt.Sprintf("%d of %s survive correction between %s: %d better, %d worse than what they are compared with.", better+worse, of, between, better, worse)
}

// Claims are a contrast's two tests, AUC first.
func (c *Comparison) Claims(k ContrastResult) []Claim {
	seeds := math.MaxInt
	for _, id := range []SystemID{k.A, k.B} {
		if s, ok := c.System(id); ok {
			seeds = min(seeds, len(s.Seeds))
		}
	}
	return []Claim{
		{What: "AUC", Difference: k.DiffAUC, P: k.HolmAUC, Digits: 4, Seeds: seeds},
		{What: "LogLoss", Difference: k.DiffLogLoss, P: k.HolmLogLoss, Digits: 4, Seeds: seeds, LowerIsBetter: true},
	}
}

// ContrastFinding is a contrast in one sentence, such as "GIRL − Base (MLP): AUC +0.0127 [+0.0010, +0.0244], p = 0.031 (Holm): shown,
// better; LogLoss −0.0010 [−0.0100, +0.0080], p = 1.000 (Holm): not shown; 5 seeds.".
func (c *Comparison) ContrastFinding(k ContrastResult, what string) string {
	claims := c.Claims(k)
	part := func(x Claim) string { return x.What + " " + x.Numbers() + ": " + x.Verdict() }
	return fmt.Sprintf("%s: %s; %s; %s.", what, part(claims[0]), part(claims[1]), SeedCount(claims[0].Seeds))
}

// Shows reports whether a contrast's difference in AUC or LogLoss survives correction.
func (c *Comparison) Shows(k ContrastResult) bool {
	return slices.ContainsFunc(c.Claims(k), Claim.Shown)
}

// levels says where the best matcher stands between baselines and ceiling.
func (r *RQ2Report) levels() string {
	best := func(ids []SystemID) *SystemResult {
		var top *SystemResult
		for _, id := range ids {
			if s, ok := r.System(id); ok && (top == nil || s.AUC.Value > top.AUC.Value) {
				top = s
			}
		}
		return top
	}
	matcher := best(r.Matchers)
	s := fmt.Sprintf("Highest AUC of the six matchers, picked after the fact: %s, %s", matcher.ID, PlainInterval(matcher.AUC, 3))
	if b := best(r.Baselines); b != nil {
		s += fmt.Sprintf("; of the baselines: %s, %s", b.ID, PlainInterval(b.AUC, 3))
	}
	if r.CeilingAUC != nil {
		s += fmt.Sprintf("; Bayes ceiling: %.3f", *r.CeilingAUC)
	}
	return s + "."
}

// WarningSentences turns warnings into findings.
func WarningSentences(warnings []eval.Warning) []string { return notes(warnings) }
