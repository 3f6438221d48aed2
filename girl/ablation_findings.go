package girl

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"genjobrec/eval"
	"genjobrec/girl/ppo"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// parts says what GIRL has and a writer has not.
var parts = map[string]string{
	modelUntuned: "All stages together", modelSFT: "Reward model and PPO", bestOf: "PPO in place of reranking",
	withoutSFT: "SFT", withoutNormalisation: "Reward normalisation", withoutKL: "KL penalty",
}

// findings are the study in sentences: each part's effect on the written JDs, over-optimisation, the matchers, cold start, and
// whether the trainings had come to their end.
func (a *ablation) findings() []string {
	out := append(a.fewerSeeds(), a.warnings...)
	for _, e := range a.effects {
		c := results.Claim{What: fmt.Sprintf("%s: GIRL − %s in %s", parts[e.model], a.label(e.model), a.goalName()),
			Difference: e.difference, P: e.holm, Digits: 3, Seeds: len(a.opts.Seeds)}
		out = append(out, c.String()+".")
	}
	if a.data.Market != nil {
		out = append(out, a.overOptimisedWriters()...)
	} else {
		out = append(out, "Proxy reward is what PPO and the choice among several JDs raise: that they raise it says that they work, not that the JDs suit better, which nobody knows here.")
	}
	headline := a.matching.Headline("matchers with GIRL's JDs and with those of the other writers or none")
	if !slices.ContainsFunc(a.matching.Contrasts, a.matching.Shows) {
		headline += " " + results.NoProof
	}
	out = append(out, headline)
	for _, k := range a.matching.Contrasts {
		if a.matching.Shows(k) {
			name := a.label(k.B.Model)
			if k.B.Model == recommend.Base {
				name = "Base"
			}
			out = append(out, a.matching.ContrastFinding(k, fmt.Sprintf("Matchers, GIRL − %s (%s)", name, k.A.Predictor)))
		}
	}
	for _, cell := range a.cold {
		out = append(out, cell.findings()...)
	}
	for _, s := range a.stages {
		out = append(out, s.finding())
	}
	return out
}

// findings say whether written JDs help in a cell of the cold-start test.
func (c coldResult) findings() []string {
	name := "Cold start, " + c.name
	if c.Comparison == nil {
		return []string{fmt.Sprintf("%s: nothing to compare, %s.", name, c.why)}
	}
	out := []string{fmt.Sprintf("%s (%d pairs, %.0f %% matched): %s", name, c.pairs, 100*float64(c.matched)/float64(c.pairs), c.Headline("GIRL-SFT or GIRL and Base"))}
	for _, k := range c.Contrasts {
		if c.Shows(k) {
			out = append(out, c.ContrastFinding(k, fmt.Sprintf("%s, %s − Base (%s)", name, k.A.Model, k.A.Predictor)))
		}
	}
	if c.coldJD && len(out) > 1 {
		out[0] += " Comparisons with Base favour the writers here, which were trained on these JDs."
	}
	return out
}

// overOptimisedWriters says of each writer that PPO trained whether its reward model was over-optimised, with p-values corrected
// over the writers.
func (a *ablation) overOptimisedWriters() []string {
	var all []overOptimisation
	var ps []float64
	for _, model := range trained() {
		o := overOptimised(a.label(model), a.opts.Seeds, a.ppo[model])
		all, ps = append(all, o), append(ps, o.p)
	}
	corrected, err := eval.Holm(ps)
	if err != nil {
		panic(err) // p is never NaN
	}
	out := make([]string, len(all))
	for i, o := range all {
		out[i] = o.text
		if o.tested {
			verdict := "not shown"
			if corrected[i] < results.Alpha {
				verdict = "shown"
			}
			out[i] += fmt.Sprintf("over-optimisation is %s, %s, the larger of Student's p-values over seeds for both changes, corrected over the writers.", verdict, results.HolmText(corrected[i]))
		}
	}
	return out
}

// overOptimisation is what overOptimised has found.
type overOptimisation struct {
	text   string // ends where the verdict belongs, if there was a test
	tested bool
	p      float64 // that the proxy did not rise or gold did not fall: the larger of the two tests' p-values; 1 without a test
}

// overOptimised says where gold and proxy reward peak in each seed, and what both did in the second half of training: a proxy that
// rises while gold falls is over-optimised. The halves are fixed beforehand; a fall from a peak that was picked on the same numbers
// would be expected by chance alone.
func overOptimised(label string, seeds []int, reports []PPOReport) overOptimisation {
	var goldRounds, proxyRounds []string
	var gold, proxy []float64 // from the middle evaluation to the last
	goldKL, proxyKL, before := 0.0, 0.0, 0
	for _, p := range reports {
		top := func(y func(ppo.Evaluation) float64) ppo.Evaluation {
			return slices.MaxFunc(p.Evaluations, func(a, b ppo.Evaluation) int { // the first of equals
				switch {
				case y(a) < y(b):
					return -1
				case y(a) > y(b):
					return 1
				}
				return 0
			})
		}
		g, s := top(func(e ppo.Evaluation) float64 { return e.Gold }), top(func(e ppo.Evaluation) float64 { return e.Score })
		goldRounds, proxyRounds = append(goldRounds, fmt.Sprint(g.Iteration)), append(proxyRounds, fmt.Sprint(s.Iteration))
		goldKL, proxyKL = goldKL+g.KL/float64(len(reports)), proxyKL+s.KL/float64(len(reports))
		if g.Iteration < s.Iteration {
			before++
		}
		if n := len(p.Evaluations); n > 2 {
			middle, last := p.Evaluations[(n-1)/2], p.Evaluations[n-1]
			gold, proxy = append(gold, last.Gold-middle.Gold), append(proxy, last.Score-middle.Score)
		}
	}
	s := fmt.Sprintf("Over-optimisation, %s: on validation CVs gold peaks before the proxy in %d of %d seeds (gold in rounds %s, at a mean KL of %s nats; proxy in rounds %s, at %s).",
		label, before, len(seeds), strings.Join(goldRounds, ", "), decimal(goldKL), strings.Join(proxyRounds, ", "), decimal(proxyKL))
	if len(gold) < len(reports) {
		return overOptimisation{text: s + " Too few evaluations for more.", p: 1}
	}
	change := func(values []float64) eval.Estimate {
		m, err := eval.MeanOverSeeds(values, 0.95)
		if err != nil { // not finite, which PPO refuses
			return eval.Estimate{Value: math.NaN(), Low: math.NaN(), High: math.NaN(), P: 1}
		}
		return eval.Estimate{Value: m.Mean, Low: m.Low, High: m.High, P: m.P}
	}
	g, x := change(gold), change(proxy)
	s += fmt.Sprintf(" In the second half of training the proxy changes by %s and gold by %s: ", results.SignedInterval(x, 2), results.SignedInterval(g, 3))
	if len(reports) == 1 {
		return overOptimisation{text: s + "one seed, no interval.", p: 1}
	}
	p := 1.0
	if x.Value > 0 && g.Value < 0 {
		p = max(x.P, g.P) // both must be shown: an intersection-union test (Berger 1982, Technometrics 24(4):295–300)
	}
	return overOptimisation{text: s, tested: true, p: p}
}

// stageBudget says of a stage with early stopping which epoch was its best and which its last, by seed.
type stageBudget struct {
	name       string
	best, last []int
}

// readBudgets reads how the stages before PPO ended.
func (a *ablation) readBudgets() error {
	a.stages = []stageBudget{{name: "SFT"}, {name: "Untuned LM"}, {name: "Reward model"}}
	for _, seed := range a.opts.Seeds {
		for i, file := range []string{sftHistory, untunedHistory} {
			var s SFTReport
			if err := readJSON(filepath.Join(a.seedDir(seed), file), &s); err != nil {
				return err
			}
			a.stages[i].add(s.BestEpoch, len(s.History))
		}
		var m RewardReport
		if err := readJSON(filepath.Join(a.seedDir(seed), rewardHistory), &m); err != nil {
			return err
		}
		a.stages[2].add(m.Best.Epoch, len(m.History))
	}
	return nil
}

func (s *stageBudget) add(best, last int) {
	s.best, s.last = append(s.best, best), append(s.last, last)
}

// finding says whether training ended with its budget.
func (s stageBudget) finding() string {
	spent := 0
	list := make([]string, len(s.best))
	for i := range s.best {
		if s.best[i] == s.last[i] {
			spent++
		}
		list[i] = fmt.Sprintf("%d of %d", s.best[i], s.last[i])
	}
	epochs := "best epoch " + strings.Join(list, ", ")
	switch {
	case spent == 0:
		return fmt.Sprintf("%s: validation loss had turned before training ended in every seed (%s).", s.name, epochs)
	case spent == len(s.best):
		return fmt.Sprintf("%s: the best epoch is the last in every seed (%s): training ended with its budget, not by early stopping, and more of it might still have helped.", s.name, epochs)
	}
	return fmt.Sprintf("%s: in %d of %s the best epoch is the last (%s): there training ended with its budget, not by early stopping.", s.name, spent, results.SeedCount(len(s.best)), epochs)
}
