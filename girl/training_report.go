package girl

import (
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
	values                      []float64 // by seed
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
	if err := r.writerRewards(generated, put); err != nil {
		return nil, err
	}
	out := &trainingOutput{}
	var err error
	if out.figure, err = curves.figure(); err != nil {
		return nil, err
	}
	table := results.Table{Name: "training", Title: "Training of writer, reward model and PPO: " + r.data.Name,
		Columns: []results.Column{{Key: "quantity", Name: "quantity"}, {Key: "model", Name: "model"}, {Key: "split", Name: "split"},
			{Key: "value", Name: "mean over seeds", Kind: results.KindNumber, Digits: 4, Interval: true}},
		Notes: []string{fmt.Sprintf("%d seeds; intervals over seeds (Student, 95 %%) where there are at least two. Differences are on the same test CVs with the same random numbers.", len(r.opts.Seeds))}}
	for _, m := range list {
		for i, v := range m.values {
			out.rows = append(out.rows, results.Row{Experiment: "training", Dataset: r.data.Name, Model: m.model, Split: m.split,
				Metric: m.metric, Seed: int64(r.opts.Seeds[i]), Value: v})
		}
		summary, err := eval.MeanOverSeeds(m.values, 0.95)
		if err != nil {
			return nil, err
		}
		cell := results.Number(summary.Mean)
		if !math.IsNaN(summary.Low) {
			cell = results.WithInterval(summary.Mean, summary.Low, summary.High)
		}
		table.Rows = append(table.Rows, results.TableRow{Cells: []results.Cell{results.Text(m.label), results.Text(m.model), results.Text(m.split), cell}})
	}
	out.tables = []results.Table{table}
	return out, nil
}

// writerRewards compares both writers on the test CVs by proxy and, where an oracle knows it, gold reward.
func (r *run) writerRewards(generated []results.GeneratedRow, put func(metric, model, split, label string, v float64)) error {
	for _, seed := range r.opts.Seeds {
		proxy, gold := map[string]*mean{}, map[string]*mean{}
		at := func(m map[string]*mean, k string) *mean {
			if m[k] == nil {
				m[k] = &mean{}
			}
			return m[k]
		}
		for _, g := range generated {
			if g.Seed != int64(seed) || r.data.Assignment.Split[g.CVID] != datasets.Test {
				continue
			}
			at(proxy, g.Model).add(g.Reward)
			if r.data.Market != nil {
				p, _, err := r.data.Market.AcceptText(g.CVID, g.Text)
				if err != nil {
					return err
				}
				at(gold, g.Model).add(p)
			}
		}
		for _, q := range []struct {
			metric, label string
			of            map[string]*mean
		}{{"proxy_reward", "proxy reward (normalised score)", proxy}, {"gold_reward", "gold reward (true acceptance probability)", gold}} {
			if len(q.of) == 0 {
				continue
			}
			for _, model := range []string{modelSFT, modelGIRL} {
				put(q.metric, model, "test", q.label, at(q.of, model).value())
			}
			put(q.metric, modelGIRL+" - "+modelSFT, "test", q.label, at(q.of, modelGIRL).value()-at(q.of, modelSFT).value())
		}
	}
	return nil
}

type mean struct{ sum, n float64 }

func (m *mean) add(x float64) { m.sum += x; m.n++ }

func (m *mean) value() float64 { return m.sum / m.n }

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
