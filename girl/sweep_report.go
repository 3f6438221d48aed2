package girl

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"genjobrec/eval"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// predictors in the order of tables.
var predictors = []string{recommend.MLPPredictor, recommend.DotPredictor}

// sweepReport compares every setting with Base on the test pairs and leaves tables/rq4.*, figures/rq4_*.* and rq4.csv.
func (r *run) sweepReport(list []setting) (*SweepReport, error) {
	var scores []results.ScoreRow
	costs := map[int]map[setting]cost{} // by seed
	for _, seed := range r.opts.Seeds {
		dir := filepath.Join(r.seedDir(seed), "rq4")
		rows, err := results.ReadScores(filepath.Join(dir, scoresFile))
		if err != nil {
			return nil, err
		}
		scores = append(scores, rows...)
		costs[seed] = map[setting]cost{}
		for _, g := range list {
			var c cost
			if err := readJSON(filepath.Join(dir, g.file()+".json"), &c); err != nil {
				return nil, err
			}
			costs[seed][g] = c
		}
	}
	in := results.CompareInput{Scores: scores, Resamples: r.cfg.Eval.Resamples, Seed: uint64(r.cfg.Split.Seed)}
	for _, p := range predictors {
		base := results.SystemID{Model: recommend.Base, Predictor: p}
		in.Systems = append(in.Systems, base)
		for _, g := range list {
			id := results.SystemID{Model: g.model(), Predictor: p}
			in.Systems = append(in.Systems, id)
			in.Contrasts = append(in.Contrasts, results.Contrast{A: id, B: base})
		}
	}
	c, err := results.Compare(in)
	if err != nil {
		return nil, err
	}
	figures, err := r.sweepFigures(list, c, costs)
	if err != nil {
		return nil, err
	}
	out := &SweepReport{r.sweepTable(list, c, costs), figures}
	shown := make([]captioned, len(figures))
	for i, f := range figures {
		shown[i] = captioned{f, sweepTitles[f.Name], "AUC, LogLoss, tokens and wall time for each setting: thin lines are single seeds, thick ones means over seeds, bars 95 % intervals over test CVs and seeds."}
	}
	if err := results.WriteCSV(r.path("rq4.csv"), r.sweepRows(list, c, costs)); err != nil {
		return nil, err
	}
	return out, errors.Join(r.addSection("rq4", "RQ4: how many job descriptions, at which temperature?", []results.Table{out.Table}, shown...), r.writeStudyManifest("rq4"))
}

// sweepTitles name the figures on the page.
var sweepTitles = map[string]string{"rq4_samples": "Number of job descriptions", "rq4_temperature": "Sampling temperature"}

// perCV is the mean over seeds of the tokens and the milliseconds that a CV's JDs took.
func (r *run) perCV(g setting, costs map[int]map[setting]cost) (tokens, milliseconds float64) {
	for _, seed := range r.opts.Seeds {
		c := costs[seed][g]
		tokens += float64(c.Tokens) / float64(c.CVs) / float64(len(r.opts.Seeds))
		milliseconds += 1000 * c.Seconds / float64(c.CVs) / float64(len(r.opts.Seeds))
	}
	return tokens, milliseconds
}

func (r *run) sweepTable(list []setting, c *results.Comparison, costs map[int]map[setting]cost) results.Table {
	t := results.Table{Name: "rq4", Title: "RQ4 on " + r.data.Name + ": number of generated JDs and temperature",
		Columns: []results.Column{
			{Key: "predictor", Name: "Predictor"}, {Key: "k", Name: "K", Kind: results.KindCount},
			{Key: "temperature", Name: "Temperature", Kind: results.KindNumber, Digits: 2},
			{Key: "auc", Name: "AUC", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "logloss", Name: "LogLoss", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "diff_auc", Name: "ΔAUC to Base", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_auc_p_holm", Name: "p (Holm)", Kind: results.KindPValue},
			{Key: "diff_logloss", Name: "ΔLogLoss to Base", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_logloss_p_holm", Name: "p (Holm)", Kind: results.KindPValue},
			{Key: "tokens_per_cv", Name: "Tokens a CV", Kind: results.KindNumber, Digits: 0},
			{Key: "ms_per_cv", Name: "ms a CV", Kind: results.KindNumber, Digits: 0},
		}, Wide: true,
		Notes: []string{
			fmt.Sprintf("%d test pairs, %d matched, from %d CV groups; %d seeds. 95 %% intervals and two-sided p-values from the paired bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects over this table.",
				c.Pairs, c.Positives, c.Groups, len(r.opts.Seeds)),
			"K = 0 is Base. ΔAUC above zero and ΔLogLoss below zero mean that generated JDs help. Every row had the same search over matcher settings.",
			"Time is wall time of writing on the machine of the run, other seeds side by side included; GIRL writes, the matchers' time is not in it.",
		}}
	row := func(id results.SystemID, k int, cells ...results.Cell) {
		s, ok := c.System(id)
		if !ok {
			return
		}
		t.Rows = append(t.Rows, results.TableRow{Rule: k == 0 && len(t.Rows) > 0, Cells: append([]results.Cell{results.Text(id.Predictor), results.Number(float64(k)), cells[0],
			results.WithInterval(s.AUC.Value, s.AUC.Low, s.AUC.High), results.WithInterval(s.LogLoss.Value, s.LogLoss.Low, s.LogLoss.High)}, cells[1:]...)})
	}
	for _, p := range predictors {
		none := results.Missing()
		row(results.SystemID{Model: recommend.Base, Predictor: p}, 0, none, none, none, none, none, results.Number(0), results.Number(0))
		for _, g := range list {
			id := results.SystemID{Model: g.model(), Predictor: p}
			at := slices.IndexFunc(c.Contrasts, func(x results.ContrastResult) bool { return x.A == id })
			if at < 0 {
				continue
			}
			d := c.Contrasts[at]
			tokens, ms := r.perCV(g, costs)
			row(id, g.K, results.Number(g.Temperature), results.WithInterval(d.DiffAUC.Value, d.DiffAUC.Low, d.DiffAUC.High), results.Number(d.HolmAUC),
				results.WithInterval(d.DiffLogLoss.Value, d.DiffLogLoss.Low, d.DiffLogLoss.High), results.Number(d.HolmLogLoss), results.Number(tokens), results.Number(ms))
		}
	}
	return t
}

func (r *run) sweepRows(list []setting, c *results.Comparison, costs map[int]map[setting]cost) []results.Row {
	var rows []results.Row
	add := func(model, predictor, metric string, seed int64, v float64) {
		rows = append(rows, results.Row{Experiment: "rq4", Dataset: r.data.Name, Model: model, Predictor: predictor, Split: c.Split, Metric: metric, Seed: seed, Value: v})
	}
	for _, s := range c.Systems {
		for i, m := range s.Runs {
			add(s.ID.Model, s.ID.Predictor, "auc", s.Seeds[i], m.AUC)
			add(s.ID.Model, s.ID.Predictor, "logloss", s.Seeds[i], m.LogLoss)
		}
	}
	for _, seed := range r.opts.Seeds {
		for _, g := range list {
			x := costs[seed][g]
			add(g.model(), "", "tokens_per_cv", int64(seed), float64(x.Tokens)/float64(x.CVs))
			add(g.model(), "", "ms_per_cv", int64(seed), 1000*x.Seconds/float64(x.CVs))
		}
	}
	return rows
}

// sweepFigures draws AUC, LogLoss and cost against K (0 being Base) and against temperature. An axis with fewer than two
// settings has no figure.
func (r *run) sweepFigures(list []setting, c *results.Comparison, costs map[int]map[setting]cost) ([]*results.Figure, error) {
	own := r.cfg.Generate
	var byK, byT []setting
	for _, g := range list {
		if g.Temperature == own.Temperature {
			byK = append(byK, g)
		}
		if g.K == own.Samples {
			byT = append(byT, g)
		}
	}
	var out []*results.Figure
	for _, axis := range []struct {
		name, title, label string
		list               []setting
		x                  func(setting) float64
		base               bool
	}{
		{"rq4_samples", fmt.Sprintf("Number of generated JDs, temperature %g", own.Temperature), "JDs per CV (0: Base)", byK, func(g setting) float64 { return float64(g.K) }, true},
		{"rq4_temperature", fmt.Sprintf("Sampling temperature, %d JDs per CV", own.Samples), "temperature", byT, func(g setting) float64 { return g.Temperature }, false},
	} {
		if len(axis.list) < 2 {
			continue
		}
		metric := func(title, unit string, of func(results.RunMetrics) float64, estimate func(*results.SystemResult) eval.Estimate) results.Panel {
			panel := results.Panel{Title: title, YLabel: unit}
			for _, p := range predictors {
				series := results.Series{Name: p}
				bar := func(model string, x float64) {
					if s, ok := c.System(results.SystemID{Model: model, Predictor: p}); ok {
						if e := estimate(s); !math.IsNaN(e.Low) && !math.IsNaN(e.High) {
							series.Bars = append(series.Bars, results.Bar{Step: x, Low: e.Low, High: e.High})
						}
					}
				}
				if axis.base {
					bar(recommend.Base, 0)
				}
				for _, g := range axis.list {
					bar(g.model(), axis.x(g))
				}
				for i, seed := range r.opts.Seeds {
					run := results.Run{Seed: int64(seed)}
					point := func(model string, x float64) {
						if s, ok := c.System(results.SystemID{Model: model, Predictor: p}); ok {
							run.Steps, run.Value = append(run.Steps, x), append(run.Value, of(s.Runs[i]))
						}
					}
					if axis.base {
						point(recommend.Base, 0)
					}
					for _, g := range axis.list {
						point(g.model(), axis.x(g))
					}
					series.Runs = append(series.Runs, run)
				}
				panel.Series = append(panel.Series, series)
			}
			return panel
		}
		spent := func(title, unit string, of func(cost) float64) results.Panel {
			series := results.Series{Name: modelGIRL}
			for _, seed := range r.opts.Seeds {
				run := results.Run{Seed: int64(seed)}
				if axis.base {
					run.Steps, run.Value = []float64{0}, []float64{0}
				}
				for _, g := range axis.list {
					x := costs[seed][g]
					run.Steps, run.Value = append(run.Steps, axis.x(g)), append(run.Value, of(x)/float64(x.CVs))
				}
				series.Runs = append(series.Runs, run)
			}
			return results.Panel{Title: title, YLabel: unit, Series: []results.Series{series}}
		}
		f, err := results.CurvesFigure(results.CurvesInput{Name: axis.name, Title: axis.title, XLabel: axis.label, Panels: []results.Panel{
			metric("AUC", "AUC (higher is better)", func(m results.RunMetrics) float64 { return m.AUC }, func(s *results.SystemResult) eval.Estimate { return s.AUC }),
			metric("LogLoss", "nats (lower is better)", func(m results.RunMetrics) float64 { return m.LogLoss }, func(s *results.SystemResult) eval.Estimate { return s.LogLoss }),
			spent("Tokens written", "tokens per CV", func(c cost) float64 { return float64(c.Tokens) }),
			spent("Wall time of writing", "ms per CV", func(c cost) float64 { return 1000 * c.Seconds }),
		}})
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}
