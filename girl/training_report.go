package girl

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"genjobrec/datasets"
	"genjobrec/eval"
	"genjobrec/girl/ppo"
	"genjobrec/results"
)

// trainingOutput is what the stages before the matcher have to show.
type trainingOutput struct {
	rows   []results.Row
	tables []results.Table
	figure *results.Figure
}

// measured is one row of the training table: a quantity with one value a seed.
type measured struct {
	metric, model, split, label string
	values                      []float64      // by seed
	estimate                    *eval.Estimate // with the uncertainty of CVs and seeds; nil where only seeds are known to vary
}

func (m *measured) cell() (results.Cell, error) {
	if e := m.estimate; e != nil {
		return results.WithInterval(e.Value, e.Low, e.High), nil
	}
	summary, err := eval.MeanOverSeeds(m.values, 0.95)
	if err != nil || math.IsNaN(summary.Low) {
		return results.Number(summary.Mean), err
	}
	return results.WithInterval(summary.Mean, summary.Low, summary.High), nil
}

// trainingReport tells how the writer, the reward model and PPO did: loss, pair accuracy, KL, proxy and, on the market, gold
// reward, with the difference between both writers on the test CVs.
func (r *run) trainingReport(generated []results.GeneratedRow) (*trainingOutput, error) {
	var list []*measured
	byKey := map[string]*measured{}
	put := func(metric, model, split, label string, v float64) {
		key := metric + "|" + model + "|" + split
		m, ok := byKey[key]
		if !ok {
			m = &measured{metric: metric, model: model, split: split, label: label}
			byKey[key] = m
			list = append(list, m)
		}
		m.values = append(m.values, v)
	}
	curves := newCurves(r.data.Market != nil)
	for _, seed := range r.opts.Seeds {
		dir := r.seedDir(seed)
		var s SFTReport
		var u RewardReport
		var p PPOReport
		if err := readJSON(filepath.Join(dir, sftHistory), &s); err != nil {
			return nil, err
		}
		if err := readJSON(filepath.Join(dir, rewardHistory), &u); err != nil {
			return nil, err
		}
		if err := readJSON(filepath.Join(dir, ppoHistory), &p); err != nil {
			return nil, err
		}
		put("sft_loss", modelSFT, "valid", "SFT loss, nats a token", s.BestLoss)
		put("reward_accuracy", "reward model", "valid", "reward model, pair accuracy", u.Best.Valid.Accuracy)
		put("reward_accuracy", "reward model", "test", "reward model, pair accuracy", u.Test.Accuracy)
		put("kl", modelGIRL, "valid", "KL to SFT, nats a JD", p.Best.KL)
		put("eos_rate", modelGIRL, "valid", "share of JDs that end", p.Best.EOSRate)
		put("best_round", modelGIRL, "valid", "best PPO round", float64(p.Best.Iteration))
		curves.add(int64(seed), p)
	}
	rewards, err := r.writerRewards(generated)
	if err != nil {
		return nil, err
	}
	list = append(list, rewards...)
	out := &trainingOutput{}
	if out.figure, err = curves.figure(); err != nil {
		return nil, err
	}
	table := results.Table{Name: "training", Title: "Training of writer, reward model and PPO: " + r.data.Name,
		Columns: []results.Column{{Key: "quantity", Name: "quantity"}, {Key: "model", Name: "model"}, {Key: "split", Name: "split"},
			{Key: "value", Name: "mean over seeds", Kind: results.KindNumber, Digits: 4, Interval: true}},
		Notes: []string{fmt.Sprintf("%d seeds. 95 %% intervals: of rewards over test CVs (bootstrap of CV groups) and seeds; of the other rows over seeds alone (Student), where there are at least two. Differences are on the same CVs with the same random numbers.", len(r.opts.Seeds))}}
	for _, m := range list {
		for i, v := range m.values {
			out.rows = append(out.rows, results.Row{Experiment: "training", Dataset: r.data.Name, Model: m.model, Split: m.split,
				Metric: m.metric, Seed: int64(r.opts.Seeds[i]), Value: v})
		}
		cell, err := m.cell()
		if err != nil {
			return nil, err
		}
		table.Rows = append(table.Rows, results.TableRow{Cells: []results.Cell{results.Text(m.label), results.Text(m.model), results.Text(m.split), cell}})
	}
	out.tables = []results.Table{table}
	return out, nil
}

// writerRewards compares both writers on the test CVs by proxy and, where an oracle knows it, gold reward. The unit is a CV,
// with the mean of its K JDs.
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
		seed := seedAt[g.Seed]
		if counts[g.Model] == nil {
			counts[g.Model] = blank()
		}
		counts[g.Model][seed][cv]++
		add(key{"proxy_reward", g.Model}, seed, cv, g.Reward)
		if r.data.Market != nil {
			p, _, err := r.data.Market.AcceptText(g.CVID, g.Text)
			if err != nil {
				return nil, err
			}
			add(key{"gold_reward", g.Model}, seed, cv, p)
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
		{"proxy_reward", "proxy reward (normalised score)"}, {"gold_reward", "gold reward (true acceptance probability)"},
	} {
		sft, girl := sums[key{q.metric, modelSFT}], sums[key{q.metric, modelGIRL}]
		if sft == nil || girl == nil {
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

func average(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v / float64(len(x))
	}
	return sum
}

// curves collects the PPO evaluations and rounds of every seed for the training figure.
type curves struct{ panels []curvePanel }

type curvePanel struct {
	title, unit string
	eval        func(ppo.Evaluation) float64 // one of eval and round is set
	round       func(ppo.Iteration) float64
	runs        []results.Run
}

func newCurves(gold bool) *curves {
	c := &curves{panels: []curvePanel{
		{title: "Proxy reward", unit: "normalised score", eval: func(e ppo.Evaluation) float64 { return e.Score }},
	}}
	if gold {
		c.panels = append(c.panels, curvePanel{title: "Gold reward", unit: "acceptance probability", eval: func(e ppo.Evaluation) float64 { return e.Gold }})
	}
	c.panels = append(c.panels,
		curvePanel{title: "KL to SFT", unit: "nats per JD", eval: func(e ppo.Evaluation) float64 { return e.KL }},
		curvePanel{title: "Entropy", unit: "nats per token", eval: func(e ppo.Evaluation) float64 { return e.Entropy }},
		curvePanel{title: "Length", unit: "tokens", eval: func(e ppo.Evaluation) float64 { return e.Length }},
		curvePanel{title: "Clipped tokens", unit: "share", round: func(i ppo.Iteration) float64 { return i.PolicyClipped }})
	return c
}

func (c *curves) add(seed int64, p PPOReport) {
	for i := range c.panels {
		panel := &c.panels[i]
		run := results.Run{Seed: seed}
		if panel.eval != nil {
			for _, e := range p.Evaluations {
				run.Steps, run.Value = append(run.Steps, float64(e.Iteration)), append(run.Value, panel.eval(e))
			}
		} else {
			for _, it := range p.History {
				run.Steps, run.Value = append(run.Steps, float64(it.Iteration)), append(run.Value, panel.round(it))
			}
		}
		panel.runs = append(panel.runs, run)
	}
}

func (c *curves) figure() (*results.Figure, error) {
	in := results.CurvesInput{Name: "ppo", Title: "PPO on validation CVs", XLabel: "PPO round"}
	for _, p := range c.panels {
		in.Panels = append(in.Panels, results.Panel{Title: p.title, YLabel: p.unit, Series: []results.Series{{Name: modelGIRL, Runs: p.runs}}})
	}
	return results.CurvesFigure(in)
}
