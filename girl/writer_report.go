package girl

import (
	"fmt"
	"slices"

	"genjobrec/datasets"
	"genjobrec/eval"
	"genjobrec/results"
)

// rewardAccuracy is the reward model's accuracy within a CV on the test CVs; accuracies holds the CVs' own, by seed.
func (r *run) rewardAccuracy(accuracies [][]CVAccuracy) (*measured, error) {
	m := &measured{metric: "reward_accuracy", model: "reward model", split: "test", label: "reward model, pair accuracy within a CV"}
	var groups []int
	for _, a := range accuracies[0] { // the same CVs for every seed
		groups = append(groups, r.data.Assignment.Group[a.CVID])
	}
	var perCV [][]float64
	for _, list := range accuracies {
		var row []float64
		for _, a := range list {
			row = append(row, a.Accuracy)
		}
		perCV, m.values = append(perCV, row), append(m.values, average(row))
	}
	e, err := eval.Bootstrap{Resamples: r.cfg.Eval.Resamples, Seed: uint64(r.cfg.Split.Seed)}.Mean(groups, perCV...)
	if err != nil {
		return nil, fmt.Errorf("accuracy of the reward model: %w", err)
	}
	m.estimate = &e
	return m, nil
}

// writerMetric names a number that every written JD has.
type writerMetric struct{ name, label string }

// writerMetrics in the order of the training table. Gold is known only where there is an oracle.
var writerMetrics = []writerMetric{
	{"eos_rate", "share of JDs that end"}, {"proxy_reward", "proxy reward (normalised score)"}, {"gold_reward", "gold reward (true acceptance probability)"},
}

// writerKey is one metric of one writer.
type writerKey struct{ metric, model string }

// writerScores holds what was measured of writers' JDs for the test CVs. The unit is a CV, with the mean of its K JDs.
type writerScores struct {
	groups []int                     // near-duplicate group of each test CV
	values map[writerKey][][]float64 // [seed][CV]
}

// scoreWriters measures the JDs that the models wrote for the test CVs. Every model must have written for every CV and seed.
func (r *run) scoreWriters(generated []results.GeneratedRow, models ...string) (*writerScores, error) {
	cvs := r.data.cvsOf(datasets.Test)
	at, seedAt := make(map[string]int, len(cvs)), map[int64]int{}
	out := &writerScores{groups: make([]int, len(cvs)), values: map[writerKey][][]float64{}}
	for i, x := range cvs {
		at[x.ID], out.groups[i] = i, r.data.Assignment.Group[x.ID]
	}
	for i, s := range r.opts.Seeds {
		seedAt[int64(s)] = i
	}
	add := func(metric, model string, seed, cv int, v float64) {
		k := writerKey{metric, model}
		if out.values[k] == nil {
			out.values[k] = make([][]float64, len(r.opts.Seeds))
			for i := range out.values[k] {
				out.values[k][i] = make([]float64, len(cvs))
			}
		}
		out.values[k][seed][cv] += v
	}
	for _, g := range generated {
		cv, ok := at[g.CVID]
		if !ok || !slices.Contains(models, g.Model) {
			continue
		}
		seed, ok := seedAt[g.Seed]
		if !ok {
			return nil, fmt.Errorf("%s: a JD for CV %s is of seed %d, which is not of this run", generatedFile, g.CVID, g.Seed)
		}
		add("jds", g.Model, seed, cv, 1)
		add("tokens", g.Model, seed, cv, float64(g.Tokens))
		add("proxy_reward", g.Model, seed, cv, g.Reward)
		ended := 1.0
		if g.Reward == r.cfg.PPO.EOSPenalty { // what jdWriter gives to a JD that does not end, and to no other
			ended = 0
		}
		add("eos_rate", g.Model, seed, cv, ended)
		if r.data.Market != nil {
			p, _, err := r.data.Market.AcceptText(g.CVID, g.Text)
			if err != nil {
				return nil, err
			}
			add("gold_reward", g.Model, seed, cv, p)
		}
	}
	for _, model := range models {
		counts := out.values[writerKey{"jds", model}]
		for i, s := range r.opts.Seeds {
			for j, x := range cvs {
				if counts == nil || counts[i][j] == 0 {
					return nil, fmt.Errorf("%s has no JD of %s, seed %d, for test CV %s", generatedFile, model, s, x.ID)
				}
				for k, v := range out.values {
					if k.model == model && k.metric != "jds" {
						v[i][j] /= counts[i][j]
					}
				}
			}
		}
	}
	return out, nil
}

// difference is a − b in a metric, by seed and CV; nil where the metric was not measured.
func (w *writerScores) difference(metric, a, b string) [][]float64 {
	x, y := w.values[writerKey{metric, a}], w.values[writerKey{metric, b}]
	if x == nil || y == nil {
		return nil
	}
	out := make([][]float64, len(x))
	for s := range x {
		for i := range x[s] {
			out[s] = append(out[s], x[s][i]-y[s][i])
		}
	}
	return out
}

// mean is the mean of a metric over CVs and seeds with the uncertainty of both.
func (r *run) mean(groups []int, perCV [][]float64) (eval.Estimate, error) {
	return eval.Bootstrap{Resamples: r.cfg.Eval.Resamples, Seed: uint64(r.cfg.Split.Seed)}.Mean(groups, perCV...)
}

// writerRewards compares both writers on the test CVs by proxy and, where an oracle knows it, gold reward, and by the share of
// JDs that end.
func (r *run) writerRewards(generated []results.GeneratedRow) ([]*measured, error) {
	w, err := r.scoreWriters(generated, modelSFT, modelGIRL)
	if err != nil {
		return nil, err
	}
	var out []*measured
	for _, q := range writerMetrics {
		for _, x := range []struct {
			model string
			perCV [][]float64
		}{
			{modelSFT, w.values[writerKey{q.name, modelSFT}]}, {modelGIRL, w.values[writerKey{q.name, modelGIRL}]},
			{modelGIRL + " - " + modelSFT, w.difference(q.name, modelGIRL, modelSFT)},
		} {
			if x.perCV == nil { // gold without an oracle
				continue
			}
			e, err := r.mean(w.groups, x.perCV)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", q.name, x.model, err)
			}
			m := &measured{metric: q.name, model: x.model, split: "test", label: q.label, estimate: &e}
			for _, row := range x.perCV {
				m.values = append(m.values, average(row))
			}
			out = append(out, m)
		}
	}
	return out, nil
}

// warningNotes turns warnings into footnotes; a table shows equal ones once.
func warningNotes(warnings []eval.Warning) []string {
	var out []string
	for _, w := range warnings {
		out = append(out, "Warning: "+string(w)+".")
	}
	return out
}

func average(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v / float64(len(x))
	}
	return sum
}
