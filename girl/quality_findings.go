package girl

import (
	"fmt"
	"math"
	"slices"

	"genjobrec/eval"
	"genjobrec/eval/judge"
	"genjobrec/results"
)

// findings are the study in sentences: who wins on the whole, what length has to do with it, and whether GIRL writes or copies.
func (q *quality) findings(s *qualityStatistics, llm *llmJudged, kept string) []string {
	var out []string
	if kept != "" {
		out = append(out, "Warning: "+kept+".")
	}
	out = append(out, q.verdicts(q.data.offlineJudgeName(), &s.Matrix)...)
	out = append(out, q.againstReal(s.Real)...)
	out = append(out, equalLength(s.Lengths)...)
	if llm == nil {
		out = append(out, "No language model and no human has judged.")
	} else {
		out = append(out, q.verdicts("the language model "+llm.model, s.LLM)...)
		if warning := llm.invalidWarning(s.Orders); warning != "" {
			out = append(out, warning)
		}
		for _, a := range s.Agreement {
			if a.Criterion == judge.Overall && a.N > 0 {
				out = append(out, fmt.Sprintf("The two judges agree on %s of %d contests, Cohen's κ %s.", results.PlainInterval(a.Raw, 2), a.N, results.PlainInterval(a.Kappa, 2)))
			}
		}
	}
	return append(out, copying(s.Measures)...)
}

// verdicts say against whom GIRL wins on the whole, corrected over all rows of the judge's table.
func (q *quality) verdicts(by string, m *judge.Matrix) []string {
	out := []string{"Judge: " + by + "."}
	for _, other := range m.Systems {
		if cell, ok := m.Of(modelGIRL, other, judge.Overall); ok && other != modelGIRL && !math.IsNaN(cell.Net.Value) {
			c := results.Claim{What: "Net win rate of GIRL against " + other + ", overall", Difference: bounded(cell.Net), P: cell.PHolm, Digits: 2, Seeds: len(q.opts.Seeds)}
			out = append(out, c.String()+".")
		}
	}
	return out
}

// bounded cuts an interval of net win rates where there are none.
func bounded(e eval.Estimate) eval.Estimate {
	e.Low, e.High = max(e.Low, -1), min(e.High, 1)
	return e
}

// equalLength sets the overall win rates beside those among JDs of equal length.
func equalLength(lengths []judge.LengthReport) []string {
	var out []string
	for _, l := range lengths {
		if l.Criterion == judge.Overall && l.A == modelGIRL && !math.IsNaN(l.Controlled.Value) {
			s := fmt.Sprintf("Overall win rate of GIRL against %s, a tie being half a win: %.2f as they are and %s at equal length.", l.B, l.Raw, results.PlainInterval(l.Controlled, 2))
			for _, w := range extrapolated(l) {
				s += " Warning: " + string(w) + "."
			}
			out = append(out, s)
		}
	}
	return out
}

// copying says how much of the writers' JDs stands in a training JD, and how varied they are, before PPO and after.
func copying(systems []systemMeasures) []string {
	var out []string
	of := func(system, key string) (eval.Estimate, bool) {
		i := slices.IndexFunc(systems, func(m systemMeasures) bool { return m.System == system })
		k := slices.IndexFunc(measures, func(m measure) bool { return m.key == key })
		if i < 0 || math.IsNaN(systems[i].Estimates[k].Value) {
			return eval.Estimate{}, false
		}
		return systems[i].Estimates[k], true
	}
	for _, m := range []struct{ key, what string }{
		{"copy_rate", "Share of runs of tokens that stand in a training JD"},
		{"distinct_2", "Different pairs of words among all pairs"},
	} {
		before, ok := of(modelSFT, m.key)
		after, ok2 := of(modelGIRL, m.key)
		if ok && ok2 {
			out = append(out, fmt.Sprintf("%s: GIRL-SFT %s, GIRL %s.", m.what, results.PlainInterval(before, 2), results.PlainInterval(after, 2)))
		}
	}
	return out
}
