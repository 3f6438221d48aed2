package girl

import (
	"fmt"
	"math"
	"path/filepath"

	"genjobrec/datasets"
	"genjobrec/girl/ppo"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// figures draws everything; captions are for the page.
func (a *ablation) figures() ([]captioned, error) {
	stages, err := a.stageCurves()
	if err != nil {
		return nil, err
	}
	runs, err := a.ppoCurves()
	if err != nil {
		return nil, err
	}
	paths, err := a.overOptimisation()
	if err != nil {
		return nil, err
	}
	writers, err := a.matchingFigure()
	if err != nil {
		return nil, err
	}
	out := []captioned{
		{stages, "Fine-tuning and reward model", "Loss of the writer and of the untuned LM on training and validation pairs, and the reward model's pair accuracy on validation CVs, epoch by epoch."},
		{runs, "PPO and its variants", "GIRL and the variants without SFT, without reward normalisation and without KL penalty on validation CVs, round by round. Proxy rewards are on one scale."},
		{paths, "Reward against KL", "What a nat of KL to the start buys on validation CVs: each point is an evaluation. Where the proxy goes on rising and the gold reward does not, the reward model is over-optimised. Best-of-n stands at its bound ln n − (n−1)/n."},
		{writers, "Matching", "AUC and LogLoss of the matchers that see JDs of each writer."},
	}
	cold, err := a.coldFigure()
	if err != nil || cold == nil {
		return out, err
	}
	return append(out, captioned{cold, "Cold start", "AUC and LogLoss by whether the matcher has met the CV or the JD in training."}), nil
}

// stageCurves are the losses of stage 1 and the accuracy of stage 2.
func (a *ablation) stageCurves() (*results.Figure, error) {
	loss := results.Panel{Title: "SFT loss", YLabel: "nats per token"}
	accuracy := results.Panel{Title: "Reward model on validation CVs", YLabel: "pair accuracy within a CV"}
	var valid, train, untuned, right []results.Run
	for _, seed := range a.opts.Seeds {
		var s, u SFTReport
		var m RewardReport
		dir := a.seedDir(seed)
		for _, f := range []struct {
			name string
			into any
		}{{sftHistory, &s}, {untunedHistory, &u}, {rewardHistory, &m}} {
			if err := readJSON(filepath.Join(dir, f.name), f.into); err != nil {
				return nil, err
			}
		}
		t, v, w, r := results.Run{Seed: int64(seed)}, results.Run{Seed: int64(seed)}, results.Run{Seed: int64(seed)}, results.Run{Seed: int64(seed)}
		for _, e := range s.History {
			t.Add(float64(e.Epoch), e.TrainLoss)
			v.Add(float64(e.Epoch), e.ValidLoss)
		}
		for _, e := range u.History {
			w.Add(float64(e.Epoch), e.ValidLoss)
		}
		for _, e := range m.History {
			r.Add(float64(e.Epoch), e.Valid.Accuracy)
		}
		train, valid, untuned, right = append(train, t), append(valid, v), append(untuned, w), append(right, r)
	}
	loss.Series = []results.Series{{Name: "SFT, validation", Runs: valid}, {Name: "SFT, training", Runs: train}, {Name: "untuned LM, validation", Runs: untuned}}
	accuracy.Series = []results.Series{{Name: "reward model", Runs: right}}
	return results.CurvesFigure(results.CurvesInput{Name: "rq3_training", Title: "Stages 1 and 2", XLabel: "epoch", Panels: []results.Panel{loss, accuracy}})
}

// trained are the models that PPO made.
func trained() []string { return append([]string{modelGIRL}, ablated...) }

// series are one quantity of PPO's evaluations for GIRL and its variants.
func (a *ablation) series(x, y func(ppo.Evaluation) float64) []results.Series {
	var out []results.Series
	for _, model := range trained() {
		s := results.Series{Name: a.label(model)}
		for i, p := range a.ppo[model] {
			run := results.Run{Seed: int64(a.opts.Seeds[i])}
			for _, e := range p.Evaluations {
				run.Add(x(e), y(e))
			}
			s.Runs = append(s.Runs, run)
		}
		out = append(out, s)
	}
	return out
}

func (a *ablation) ppoCurves() (*results.Figure, error) {
	in := results.CurvesInput{Name: "rq3_ppo", Title: "PPO and its variants on validation CVs", XLabel: "PPO round"}
	round := func(e ppo.Evaluation) float64 { return float64(e.Iteration) }
	for _, p := range newCurves(a.data.Market != nil).panels {
		if p.eval != nil {
			in.Panels = append(in.Panels, results.Panel{Title: p.title, YLabel: p.unit, Series: a.series(round, p.eval)})
		}
	}
	in.Panels = append(in.Panels, results.Panel{Title: "JDs that end", YLabel: "share", Series: a.series(round, func(e ppo.Evaluation) float64 { return e.EOSRate })})
	return results.CurvesFigure(in)
}

// overOptimisation draws reward against √KL, the abscissa in which Gao et al. (2023, arXiv 2210.10760) found simple laws.
func (a *ablation) overOptimisation() (*results.Figure, error) {
	in := results.CurvesInput{Name: "rq3_overoptimisation", Title: "Reward against the distance from the start, validation CVs", XLabel: "square root of KL, nats", Path: true}
	root := func(e ppo.Evaluation) float64 { return math.Sqrt(max(0, e.KL)) }
	best, err := a.bestOfRewards()
	if err != nil {
		return nil, err
	}
	panel := func(title, unit, metric string, y func(ppo.Evaluation) float64) {
		in.Panels = append(in.Panels, results.Panel{Title: title, YLabel: unit, Series: append(a.series(root, y), results.Series{Name: a.label(bestOf), Runs: best[metric]})})
	}
	panel("Proxy reward", "normalised score", "proxy_reward", func(e ppo.Evaluation) float64 { return e.Score })
	if a.data.Market != nil {
		panel("Gold reward", "acceptance probability", "gold_reward", func(e ppo.Evaluation) float64 { return e.Gold })
	}
	return results.CurvesFigure(in)
}

// bestOfRewards is the point of best-of-n on the validation CVs, by metric and seed.
func (a *ablation) bestOfRewards() (map[string][]results.Run, error) {
	valid := map[string]bool{}
	for _, x := range a.data.cvsOf(datasets.Valid) {
		valid[x.ID] = true
	}
	x := math.Sqrt(bestOfKL(a.options.BestOf))
	out := map[string][]results.Run{}
	for _, seed := range a.opts.Seeds {
		rows, err := results.ReadGenerated(filepath.Join(a.seedDir(seed), "rq3", stem(bestOf)+".parquet"))
		if err != nil {
			return nil, err
		}
		var proxy, gold []float64
		for _, r := range rows {
			if !valid[r.CVID] {
				continue
			}
			proxy = append(proxy, r.Reward)
			if a.data.Market != nil {
				p, _, err := a.data.Market.AcceptText(r.CVID, r.Text)
				if err != nil {
					return nil, err
				}
				gold = append(gold, p)
			}
		}
		for metric, values := range map[string][]float64{"proxy_reward": proxy, "gold_reward": gold} {
			out[metric] = append(out[metric], results.Run{Seed: int64(seed), Steps: []float64{x}, Value: []float64{average(values)}})
		}
	}
	return out, nil
}

func (a *ablation) matchingFigure() (*results.Figure, error) {
	in := results.IntervalsInput{Name: "rq3", Title: "Matchers by the writer of the JDs that they see"}
	var auc, loss []results.Interval
	for i, model := range append([]string{recommend.Base}, writersShown()...) {
		name := a.label(model)
		if model == recommend.Base {
			name = "nobody (Base)"
		}
		in.Rows = append(in.Rows, name)
		for _, p := range predictors {
			if s, ok := a.matching.System(results.SystemID{Model: model, Predictor: p}); ok {
				auc = append(auc, results.Interval{Row: i, Series: p, Value: s.AUC.Value, Low: s.AUC.Low, High: s.AUC.High})
				loss = append(loss, results.Interval{Row: i, Series: p, Value: s.LogLoss.Value, Low: s.LogLoss.Low, High: s.LogLoss.High})
			}
		}
	}
	in.Panels = []results.IntervalPanel{{XLabel: "AUC", Marks: auc}, {XLabel: "LogLoss in nats", Marks: loss}}
	return results.IntervalsFigure(in)
}

// coldFigure is nil where no cell has anything to compare.
func (a *ablation) coldFigure() (*results.Figure, error) {
	in := results.IntervalsInput{Name: "rq3_cold", Title: "Cold start"}
	var auc, loss []results.Interval
	for _, p := range predictors {
		for _, cell := range a.cold {
			if cell.Comparison == nil {
				continue
			}
			in.Rows = append(in.Rows, fmt.Sprintf("%s, %s (%d pairs)", p, cell.name, cell.pairs))
			for _, model := range []string{recommend.Base, modelSFT, modelGIRL} {
				if s, ok := cell.System(results.SystemID{Model: model, Predictor: p}); ok {
					auc = append(auc, results.Interval{Row: len(in.Rows) - 1, Series: model, Value: s.AUC.Value, Low: s.AUC.Low, High: s.AUC.High})
					loss = append(loss, results.Interval{Row: len(in.Rows) - 1, Series: model, Value: s.LogLoss.Value, Low: s.LogLoss.Low, High: s.LogLoss.High})
				}
			}
		}
	}
	if len(auc) == 0 {
		return nil, nil
	}
	in.Panels = []results.IntervalPanel{{XLabel: "AUC", Marks: auc}, {XLabel: "LogLoss in nats", Marks: loss}}
	return results.IntervalsFigure(in)
}

// rows are the numbers of the tables in long form.
func (a *ablation) rows() []results.Row {
	var rows []results.Row
	add := func(model, predictor, split, metric string, seed int64, v float64) {
		rows = append(rows, results.Row{Experiment: "rq3", Dataset: a.data.Name, Model: model, Predictor: predictor, Split: split, Metric: metric, Seed: seed, Value: v})
	}
	for _, model := range writersShown() {
		for _, metric := range []string{"gold_reward", "proxy_reward", "eos_rate", "tokens"} {
			for i, perCV := range a.writers.values[writerKey{metric, model}] {
				add(model, "", "test", metric, int64(a.opts.Seeds[i]), average(perCV))
			}
		}
	}
	for _, model := range trained() {
		for i, p := range a.ppo[model] {
			add(model, "", "valid", "kl", int64(a.opts.Seeds[i]), p.Best.KL)
		}
	}
	compared := func(c *results.Comparison, prefix string) {
		for _, s := range c.Systems {
			for i, m := range s.Runs {
				add(s.ID.Model, s.ID.Predictor, c.Split, prefix+"auc", s.Seeds[i], m.AUC)
				add(s.ID.Model, s.ID.Predictor, c.Split, prefix+"logloss", s.Seeds[i], m.LogLoss)
			}
		}
	}
	compared(a.matching, "")
	for _, cell := range a.cold {
		if cell.Comparison != nil {
			compared(cell.Comparison, stem(cell.name)+"_")
		}
	}
	return rows
}
