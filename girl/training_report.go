package girl

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"

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

// within cuts an interval at the ends of the quantity's range.
func (m *measured) within(low, high float64) (float64, float64) {
	if strings.Contains(m.model, " - ") {
		return low, high
	}
	switch m.metric {
	case "reward_accuracy", "reward_pair_accuracy", "eos_rate", "gold_reward":
		return max(low, 0), min(high, 1)
	case "sft_loss", "kl":
		return max(low, 0), high
	}
	return low, high
}

// cell is the mean over seeds with its interval, and what to warn of.
func (m *measured) cell() (results.Cell, []eval.Warning, error) {
	if e := m.estimate; e != nil {
		low, high := m.within(e.Low, e.High)
		return results.WithInterval(e.Value, low, high), e.Warnings, nil
	}
	summary, err := eval.MeanOverSeeds(m.values, 0.95)
	if err != nil || math.IsNaN(summary.Low) {
		return results.Number(summary.Mean), summary.Warnings, err
	}
	low, high := m.within(summary.Low, summary.High)
	return results.WithInterval(summary.Mean, low, high), summary.Warnings, nil
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
	var accuracies [][]CVAccuracy
	var reports []PPOReport
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
		put("reward_accuracy", "reward model", "valid", "reward model, pair accuracy within a CV", u.Best.Valid.Accuracy)
		put("reward_pair_accuracy", "reward model", "test", "reward model, accuracy over all pairs alike", u.Test.PairAccuracy)
		put("kl", modelGIRL, "valid", "KL to SFT, nats a JD", p.Best.KL)
		reports = append(reports, p)
		accuracies = append(accuracies, u.TestCVs)
	}
	accuracy, err := r.rewardAccuracy(accuracies)
	if err != nil {
		return nil, err
	}
	rewards, err := r.writerRewards(generated)
	if err != nil {
		return nil, err
	}
	list = append(append(list, accuracy), rewards...)
	out := &trainingOutput{}
	if out.figure, err = ppoFigure(r.data, r.opts.Seeds, reports); err != nil {
		return nil, err
	}
	table := results.Table{Name: "training", Title: "Training of writer, reward model and PPO: " + r.data.Name,
		Columns: []results.Column{{Key: "quantity", Name: "Quantity"}, {Key: "model", Name: "Model"}, {Key: "split", Name: "Split"},
			{Key: "value", Name: "Mean over seeds", Kind: results.KindNumber, Digits: 4, Interval: true}},
		Notes: []string{
			fmt.Sprintf("Over %s. 95 %% intervals: on test CVs from the bootstrap of CV groups and, from two seeds on, the spread between seeds; on validation over seeds alone (Student). Differences are on the same CVs with the same random numbers.", r.seedWords()),
			fmt.Sprintf("A JD that does not end has proxy reward %g: a difference in the share of JDs that end is part of the difference in proxy reward.", r.cfg.PPO.EOSPenalty),
			"Pair accuracy within a CV: its matched against its mismatched JDs, every CV weighing the same. Over all pairs alike a CV with many JDs weighs more.",
		}}
	table.Notes = append(table.Notes, r.ppoNotes(reports)...)
	for i, p := range reports {
		out.rows = append(out.rows, results.Row{Experiment: "training", Dataset: r.data.Name, Model: modelGIRL, Split: "valid", Metric: "best_round", Seed: int64(r.opts.Seeds[i]), Value: float64(p.Best.Iteration)})
	}
	for _, m := range list {
		for i, v := range m.values {
			out.rows = append(out.rows, results.Row{Experiment: "training", Dataset: r.data.Name, Model: m.model, Split: m.split,
				Metric: m.metric, Seed: int64(r.opts.Seeds[i]), Value: v})
		}
		cell, warnings, err := m.cell()
		if err != nil {
			return nil, err
		}
		table.Rows = append(table.Rows, results.TableRow{Notes: warningNotes(warnings), Cells: []results.Cell{results.Text(m.label), results.Text(strings.ReplaceAll(m.model, " - ", " − ")), results.Text(m.split), cell}})
	}
	out.tables = []results.Table{table}
	return out, nil
}

// ppoNotes tell PPO's best round of each seed, and what to be warned of.
func (r *run) ppoNotes(reports []PPOReport) []string {
	out := []string{fmt.Sprintf("Best PPO round by seed (%s): %s.", r.seedNumbers(), bestRounds(reports))}
	if kept := keptStart(r.opts.Seeds, reports, modelGIRL, modelSFT); kept != "" {
		out = append(out, "Warning: "+kept+".")
	}
	for i, p := range reports {
		if p.Stopped != "" {
			out = append(out, fmt.Sprintf("Warning: PPO of seed %d stopped early: %s.", r.opts.Seeds[i], strings.TrimSuffix(p.Stopped, ".")))
		}
		for _, w := range p.Warnings {
			out = append(out, fmt.Sprintf("Warning of PPO, seed %d: %s.", r.opts.Seeds[i], strings.TrimSuffix(w, ".")))
		}
	}
	return out
}

// curves collects the PPO evaluations and rounds of every seed for the training figure.
type curves struct{ panels []curvePanel }

type curvePanel struct {
	title, unit string
	positive    bool
	eval        func(ppo.Evaluation) float64 // one of eval and round is set
	round       func(ppo.Iteration) float64
	runs        []results.Run
}

// newCurves has no runs yet; kl is the title of the panel of the KL to the writer's start.
func newCurves(gold bool, kl string) *curves {
	c := &curves{panels: []curvePanel{
		{title: "Proxy reward", unit: "normalised score", eval: func(e ppo.Evaluation) float64 { return e.Score }},
	}}
	if gold {
		c.panels = append(c.panels, curvePanel{title: "Gold reward", unit: "acceptance probability", positive: true, eval: func(e ppo.Evaluation) float64 { return e.Gold }})
	}
	c.panels = append(c.panels,
		curvePanel{title: kl, unit: "nats per JD", positive: true, eval: func(e ppo.Evaluation) float64 { return e.KL }},
		curvePanel{title: "Entropy", unit: "nats per token", positive: true, eval: func(e ppo.Evaluation) float64 { return e.Entropy }},
		curvePanel{title: "Length", unit: "tokens", positive: true, eval: func(e ppo.Evaluation) float64 { return e.Length }},
		curvePanel{title: "Clipped tokens", unit: "share", positive: true, round: func(i ppo.Iteration) float64 { return i.PolicyClipped }})
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

// ppoFigure draws GIRL's training by PPO, figures/ppo.
func ppoFigure(data *Data, seeds []int, reports []PPOReport) (*results.Figure, error) {
	c := newCurves(data.Market != nil, "KL to SFT")
	for i, p := range reports {
		c.add(int64(seeds[i]), p)
	}
	in := results.CurvesInput{Name: "ppo", Title: data.Name + ": PPO on validation CVs", XLabel: "PPO round"}
	for _, p := range c.panels {
		in.Panels = append(in.Panels, results.Panel{Title: p.title, YLabel: p.unit, Positive: p.positive, Series: []results.Series{{Name: modelGIRL, Runs: p.runs}}})
	}
	return results.CurvesFigure(in)
}

// PPOFigure draws figures/ppo of a finished run anew from what PPO has left, as the run itself did.
func PPOFigure(ctx context.Context, runDir string) (*results.Figure, error) {
	r, err := openReport(ctx, runDir)
	if err != nil {
		return nil, err
	}
	reports, err := r.ppoReports()
	if err != nil {
		return nil, err
	}
	return ppoFigure(r.data, r.opts.Seeds, reports)
}
