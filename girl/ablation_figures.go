package girl

import (
	"fmt"
	"math"
	"path/filepath"

	"genjobrec/datasets"
	"genjobrec/eval"
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
		{stages, "Fine-tuning and reward model", fmt.Sprintf("Loss of the writer and of the untuned LM, and the reward model's accuracy on pairs within a validation CV, epoch by epoch. The validation losses are per token of the JDs; the training loss is per weighted token, a CV's tokens counting %g (sft.prompt_loss): the two scales differ.", a.cfg.SFT.PromptLoss)},
		{runs, "PPO and its variants", "GIRL and the variants without SFT, without reward normalisation and without KL penalty on validation CVs, round by round. Proxy rewards are on one scale. KL is that to the writer's own start, which without SFT is another."},
		{paths, "Reward against KL", "Reward on validation CVs against the distance from the writer's own start: each point is an evaluation, and a path follows training, so that it may turn back where KL falls. Where the proxy goes on rising and the gold reward does not, the reward model is over-optimised. " +
			"Only curves with one start can be compared at equal distance: that without SFT begins elsewhere. Best-of-n, on the same CVs with one JD each, stands at its bound ln n − (n−1)/n, which its KL does not exceed. Bars are 95 % intervals of the mean over seeds in the reward alone; the distances differ between seeds, too."},
		{writers, "Matching", "By how much matchers are better or worse with GIRL's JDs than with those of each other writer, on the same test pairs: paired differences with 95 % intervals. Above zero in AUC and below zero in LogLoss GIRL's JDs are better."},
	}
	cold, err := a.coldFigure()
	if err != nil || cold == nil {
		return out, err
	}
	return append(out, captioned{cold, "Cold start", "Differences to Base with 95 % intervals, by whether the matcher has met the CV or the JD in training. Above zero in AUC and below zero in LogLoss written JDs help. " + coldJDsFavourWriters}), nil
}

// stageCurves are the losses of stage 1 and the accuracy of stage 2.
func (a *ablation) stageCurves() (*results.Figure, error) {
	loss := results.Panel{Title: "SFT loss", YLabel: "nats per token", Positive: true}
	accuracy := results.Panel{Title: "Reward model on validation CVs", YLabel: "pair accuracy"}
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
	loss.Series = []results.Series{{Name: modelSFT + ", validation, per JD token", Runs: valid}, {Name: modelSFT + ", training, per weighted token", Runs: train}, {Name: "untuned LM, validation, per JD token", Runs: untuned}}
	accuracy.Series = []results.Series{{Name: "reward model", Runs: right}}
	return results.CurvesFigure(results.CurvesInput{Name: "rq3_training", Title: a.data.Name + ": stages 1 and 2", XLabel: "epoch", Panels: []results.Panel{loss, accuracy}})
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
	in := results.CurvesInput{Name: "rq3_ppo", Title: a.data.Name + ": PPO and its variants on validation CVs", XLabel: "PPO round"}
	round := func(e ppo.Evaluation) float64 { return float64(e.Iteration) }
	for _, p := range newCurves(a.data.Market != nil, "KL to the start").panels {
		if p.eval != nil {
			in.Panels = append(in.Panels, results.Panel{Title: p.title, YLabel: p.unit, Positive: p.positive, Series: a.series(round, p.eval)})
		}
	}
	in.Panels = append(in.Panels, results.Panel{Title: "JDs that end", YLabel: "share", Share: true, Series: a.series(round, func(e ppo.Evaluation) float64 { return e.EOSRate })})
	return results.CurvesFigure(in)
}

// overOptimisation draws reward against √KL, the abscissa in which Gao et al. (2023, arXiv 2210.10760) found simple laws.
func (a *ablation) overOptimisation() (*results.Figure, error) {
	in := results.CurvesInput{Name: "rq3_overoptimisation", Title: a.data.Name + ": reward against distance, validation CVs", XLabel: "square root of KL (KL in nats)", Path: true}
	root := func(e ppo.Evaluation) float64 { return math.Sqrt(max(0, e.KL)) }
	best, err := a.bestOfRewards()
	if err != nil {
		return nil, err
	}
	panel := func(title, unit, metric string, y func(ppo.Evaluation) float64) {
		in.Panels = append(in.Panels, results.Panel{Title: title, YLabel: unit, Positive: metric == "gold_reward", Series: append(a.series(root, y), results.Series{Name: a.label(bestOf), Runs: best[metric]})})
	}
	panel("Proxy reward", "normalised score", "proxy_reward", func(e ppo.Evaluation) float64 { return e.Score })
	if a.data.Market != nil {
		panel("Gold reward", "acceptance probability", "gold_reward", func(e ppo.Evaluation) float64 { return e.Gold })
	}
	return results.CurvesFigure(in)
}

// evaluatedCVs are the validation CVs that PPO's evaluations write for, one JD each.
func (a *ablation) evaluatedCVs() map[string]bool {
	cvs := a.data.cvsOf(datasets.Valid)
	valid := map[string]bool{}
	for _, x := range cvs[:min(len(cvs), a.cfg.PPO.EvalPrompts)] {
		valid[x.ID] = true
	}
	return valid
}

// bestOfRewards is the point of best-of-n on the CVs of PPO's evaluations, with the first of its JDs each, by metric and seed.
func (a *ablation) bestOfRewards() (map[string][]results.Run, error) {
	valid := a.evaluatedCVs()
	x := math.Sqrt(bestOfKL(a.options.BestOf))
	out := map[string][]results.Run{}
	for _, seed := range a.opts.Seeds {
		rows, err := results.ReadGenerated(filepath.Join(a.seedDir(seed), "rq3", stem(bestOf)+".parquet"))
		if err != nil {
			return nil, err
		}
		var proxy, gold []float64
		for _, r := range rows {
			if !valid[r.CVID] || r.K != 0 {
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

// matchingFigure draws what GIRL's JDs have over those of every other writer.
func (a *ablation) matchingFigure() (*results.Figure, error) {
	in := results.IntervalsInput{Name: "rq3", Title: a.data.Name + ": matchers with GIRL's JDs less those with others"}
	var auc, loss []results.Interval
	for _, model := range append([]string{recommend.Base}, writersShown()...) {
		if model == modelGIRL {
			continue
		}
		name := a.label(model)
		if model == recommend.Base {
			name = "nobody (Base)"
		}
		in.Rows = append(in.Rows, name)
		for _, p := range predictors {
			k := results.Contrast{A: results.SystemID{Model: modelGIRL, Predictor: p}, B: results.SystemID{Model: model, Predictor: p}}
			if d, ok := contrast(a.matching, k); ok {
				auc, loss = append(auc, interval(len(in.Rows)-1, p, d.DiffAUC)), append(loss, interval(len(in.Rows)-1, p, d.DiffLogLoss))
			}
		}
	}
	in.Panels = []results.IntervalPanel{
		{Title: "AUC (> 0: GIRL better)", XLabel: "ΔAUC", Marks: auc, At: []float64{0}},
		{Title: "LogLoss (< 0: GIRL better)", XLabel: "ΔLogLoss, nats", Marks: loss, At: []float64{0}},
	}
	return results.IntervalsFigure(in)
}

func interval(row int, series string, e eval.Estimate) results.Interval {
	return results.Interval{Row: row, Series: series, Value: e.Value, Low: e.Low, High: e.High}
}

// coldFigure is nil where no cell has anything to compare.
func (a *ablation) coldFigure() (*results.Figure, error) {
	in := results.IntervalsInput{Name: "rq3_cold", Title: a.data.Name + ": cold start, matchers with written JDs less Base"}
	var auc, loss []results.Interval
	for _, p := range predictors {
		for _, cell := range a.cold {
			if cell.Comparison == nil {
				continue
			}
			in.Rows = append(in.Rows, fmt.Sprintf("%s, %s (%d pairs)", p, cell.name, cell.pairs))
			for _, model := range []string{modelSFT, modelGIRL} {
				k := results.Contrast{A: results.SystemID{Model: model, Predictor: p}, B: results.SystemID{Model: recommend.Base, Predictor: p}}
				if d, ok := contrast(cell.Comparison, k); ok {
					auc, loss = append(auc, interval(len(in.Rows)-1, model, d.DiffAUC)), append(loss, interval(len(in.Rows)-1, model, d.DiffLogLoss))
				}
			}
		}
	}
	if len(auc) == 0 {
		return nil, nil
	}
	in.Panels = []results.IntervalPanel{
		{Title: "AUC (> 0: better)", XLabel: "ΔAUC", Marks: auc, At: []float64{0}},
		{Title: "LogLoss (< 0: better)", XLabel: "ΔLogLoss, nats", Marks: loss, At: []float64{0}},
	}
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
