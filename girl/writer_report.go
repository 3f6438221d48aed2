package girl

import (
	"errors"
	"fmt"

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

// writerRewards compares both writers on the test CVs by proxy and, where an oracle knows it, gold reward, and by the share of
// JDs that end. The unit is a CV, with the mean of its K JDs.
func (r *run) writerRewards(generated []results.GeneratedRow) ([]*measured, error) {
	cvs := r.data.cvsOf(datasets.Test)
	at, groups := make(map[string]int, len(cvs)), make([]int, len(cvs))
	for i, x := range cvs {
		at[x.ID], groups[i] = i, r.data.Assignment.Group[x.ID]
	}
	seedAt := map[int64]int{}
	for i, s := range r.opts.Seeds {
		seedAt[int64(s)] = i
	}
	type key struct{ metric, model string }
	sums, counts := map[key][][]float64{}, map[string][][]float64{} // [seed][CV]
	blank := func() [][]float64 {
		m := make([][]float64, len(r.opts.Seeds))
		for i := range m {
			m[i] = make([]float64, len(cvs))
		}
		return m
	}
	add := func(k key, seed, cv int, v float64) {
		if sums[k] == nil {
			sums[k] = blank()
		}
		sums[k][seed][cv] += v
	}
	for _, g := range generated {
		cv, ok := at[g.CVID]
		if !ok {
			continue
		}
		seed, ok := seedAt[g.Seed]
		if !ok {
			return nil, fmt.Errorf("%s: a JD for CV %s is of seed %d, which is not of this run", generatedFile, g.CVID, g.Seed)
		}
		if counts[g.Model] == nil {
			counts[g.Model] = blank()
		}
		counts[g.Model][seed][cv]++
		add(key{"proxy_reward", g.Model}, seed, cv, g.Reward)
		ended := 1.0
		if g.Reward == r.cfg.PPO.EOSPenalty { // what jdWriter gives to a JD that does not end, and to no other
			ended = 0
		}
		add(key{"eos_rate", g.Model}, seed, cv, ended)
		if r.data.Market != nil {
			p, _, err := r.data.Market.AcceptText(g.CVID, g.Text)
			if err != nil {
				return nil, err
			}
			add(key{"gold_reward", g.Model}, seed, cv, p)
		}
	}
	for _, model := range []string{modelSFT, modelGIRL} {
		for i, s := range r.opts.Seeds {
			for j, x := range cvs {
				if counts[model] == nil || counts[model][i][j] == 0 {
					return nil, fmt.Errorf("%s has no JD of %s, seed %d, for test CV %s", generatedFile, model, s, x.ID)
				}
			}
		}
	}
	var out []*measured
	boot := eval.Bootstrap{Resamples: r.cfg.Eval.Resamples, Seed: uint64(r.cfg.Split.Seed)}
	put := func(metric, model, label string, perCV [][]float64) error {
		e, err := boot.Mean(groups, perCV...)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", metric, model, err)
		}
		m := &measured{metric: metric, model: model, split: "test", label: label, estimate: &e}
		for _, row := range perCV {
			m.values = append(m.values, average(row))
		}
		out = append(out, m)
		return nil
	}
	for _, q := range []struct{ metric, label string }{
		{"eos_rate", "share of JDs that end"}, {"proxy_reward", "proxy reward (normalised score)"}, {"gold_reward", "gold reward (true acceptance probability)"},
	} {
		sft, girl := sums[key{q.metric, modelSFT}], sums[key{q.metric, modelGIRL}]
		if sft == nil { // gold without an oracle
			continue
		}
		difference := blank()
		for s := range difference {
			for i := range cvs {
				sft[s][i] /= counts[modelSFT][s][i]
				girl[s][i] /= counts[modelGIRL][s][i]
				difference[s][i] = girl[s][i] - sft[s][i]
			}
		}
		if err := errors.Join(put(q.metric, modelSFT, q.label, sft), put(q.metric, modelGIRL, q.label, girl),
			put(q.metric, modelGIRL+" - "+modelSFT, q.label, difference)); err != nil {
			return nil, err
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
