package girl

import (
	"fmt"
	"math"
	"slices"

	"genjobrec/eval"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// clocked is the number of CVs that were written for while the clock ran.
func (w *sweep) clocked() int { return w.costs[w.opts.Seeds[0]][w.list[0]].CVs }

// perCV is the mean over seeds of the tokens and the milliseconds that a CV's JDs took, with Student's interval from two seeds on.
func (w *sweep) perCV(g setting) (tokens, milliseconds eval.Estimate) {
	var t, ms []float64
	for _, seed := range w.opts.Seeds {
		c := w.costs[seed][g]
		t, ms = append(t, float64(c.Tokens)/float64(c.CVs)), append(ms, 1000*c.Seconds/float64(c.CVs))
	}
	mean := func(values []float64) eval.Estimate {
		s, err := eval.MeanOverSeeds(values, 0.95)
		if err != nil { // no CVs
			return eval.Estimate{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
		}
		return eval.Estimate{Value: s.Mean, Low: max(s.Low, 0), High: s.High}
	}
	return mean(t), mean(ms)
}

// differenceColumns are ΔAUC and ΔLogLoss with their corrected p-values.
func differenceColumns(between string) []results.Column {
	return []results.Column{
		{Key: "diff_auc", Name: "ΔAUC" + between, Kind: results.KindSigned, Digits: 4, Interval: true},
		{Key: "diff_auc_p_holm", Name: "p (Holm)", Kind: results.KindPValue},
		{Key: "diff_logloss", Name: "ΔLogLoss" + between, Kind: results.KindSigned, Digits: 4, Interval: true},
		{Key: "diff_logloss_p_holm", Name: "p (Holm)", Kind: results.KindPValue},
	}
}

// aboutTests describes the tests of a table.
func (w *sweep) aboutTests(c *results.Comparison) string {
	return fmt.Sprintf("%d test pairs, %d matched, from %d CV groups; %s. 95 %% intervals and two-sided p-values from the paired bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects over this table.",
		c.Pairs, c.Positives, c.Groups, w.seedWords())
}

func (w *sweep) table() results.Table {
	t := results.Table{Name: "rq4", Title: "RQ4 on " + w.on() + ": number of generated JDs and temperature",
		Columns: slices.Concat([]results.Column{
			{Key: "predictor", Name: "Predictor"}, {Key: "k", Name: "K", Kind: results.KindCount},
			{Key: "temperature", Name: "Temperature", Kind: results.KindNumber, Digits: 2},
			{Key: "auc", Name: "AUC", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "logloss", Name: "LogLoss", Kind: results.KindNumber, Digits: 4, Interval: true},
		}, differenceColumns(" to Base"), []results.Column{
			{Key: "tokens_per_cv", Name: "Tokens a CV", Kind: results.KindNumber, Digits: 0, Interval: true},
			{Key: "ms_per_cv", Name: "ms a CV", Kind: results.KindNumber, Digits: 0, Interval: true},
		}), Wide: true,
		Notes: []string{
			w.aboutTests(w.base),
			"K = 0 is Base. ΔAUC above zero and ΔLogLoss below zero mean that generated JDs help. Every row had the same search over matcher settings.",
			fmt.Sprintf("Tokens and time are of writing alone, for the first %d CVs, with the machine to itself and graphs compiled before: GIRL writes; the reward model's reading and the matchers' time are not in it. Intervals of both are over seeds alone (Student).", w.clocked()),
		}}
	if own := (setting{w.cfg.Generate.Samples, w.cfg.Generate.Temperature}); slices.Contains(w.list, own) {
		t.Notes = append(t.Notes, fmt.Sprintf("K = %d at temperature %g is the setting of GIRL in rq2, written once more in other batches: a few JDs may differ by rounding, and the matchers' training and choice of settings make of that what the two tables differ by.", own.K, own.Temperature))
	}
	if w.kept != "" {
		t.Notes = append(t.Notes, w.kept)
	}
	row := func(id results.SystemID, k int, cells ...results.Cell) {
		s, ok := w.base.System(id)
		if !ok {
			return
		}
		t.Rows = append(t.Rows, results.TableRow{Rule: k == 0 && len(t.Rows) > 0, Cells: append([]results.Cell{results.Text(id.Predictor), results.Number(float64(k)), cells[0],
			results.WithInterval(s.AUC.Value, s.AUC.Low, s.AUC.High), results.WithInterval(s.LogLoss.Value, s.LogLoss.Low, s.LogLoss.High)}, cells[1:]...)})
	}
	for _, p := range predictors {
		none, base := results.Missing(), results.SystemID{Model: recommend.Base, Predictor: p}
		row(base, 0, none, none, none, none, none, results.Number(0), results.Number(0))
		for _, g := range w.list {
			id := results.SystemID{Model: g.model(), Predictor: p}
			tokens, ms := w.perCV(g)
			row(id, g.K, slices.Concat([]results.Cell{results.Number(g.Temperature)}, contrastCells(w.base, results.Contrast{A: id, B: base}), []results.Cell{estimateCell(tokens), estimateCell(ms)})...)
		}
	}
	return t
}

// stepsTable asks of each step whether it pays.
func (w *sweep) stepsTable() results.Table {
	t := results.Table{Name: "rq4_steps", Title: "RQ4 on " + w.on() + ": what one step more gives", Wide: true,
		Columns: slices.Concat([]results.Column{{Key: "predictor", Name: "Predictor"}, {Key: "step", Name: "Step"}}, differenceColumns(""), []results.Column{
			{Key: "tokens_per_cv", Name: "ΔTokens a CV", Kind: results.KindSigned, Digits: 0},
			{Key: "ms_per_cv", Name: "Δms a CV", Kind: results.KindSigned, Digits: 0},
		}),
		Notes: []string{
			w.aboutTests(w.steps),
			"Each K against the next smaller one, and each temperature against the run's own. ΔAUC above zero and ΔLogLoss below zero mean that the step pays. More JDs stop paying where no further step survives correction, as far as these test pairs can tell.",
		}}
	if w.kept != "" {
		t.Notes = append(t.Notes, w.kept)
	}
	alongK, alongT := w.stepsOf()
	for _, p := range predictors {
		for i, s := range slices.Concat(alongK, alongT) {
			var spent [2][2]float64 // from, to: tokens, milliseconds
			for j, g := range s.costs {
				if g != nil {
					tokens, ms := w.perCV(*g)
					spent[j] = [2]float64{tokens.Value, ms.Value}
				}
			}
			t.Rows = append(t.Rows, results.TableRow{Rule: i == 0 && len(t.Rows) > 0 || i == len(alongK),
				Cells: slices.Concat([]results.Cell{results.Text(p), results.Text(s.name)}, contrastCells(w.steps, s.contrast(p)),
					[]results.Cell{results.Number(spent[1][0] - spent[0][0]), results.Number(spent[1][1] - spent[0][1])})})
		}
	}
	return t
}

func (w *sweep) rows() []results.Row {
	var rows []results.Row
	c := w.base
	add := func(model, predictor, metric string, seed int64, v float64) {
		rows = append(rows, results.Row{Experiment: "rq4", Dataset: w.data.Name, Model: model, Predictor: predictor, Split: c.Split, Metric: metric, Seed: seed, Value: v})
	}
	for _, s := range c.Systems {
		for i, m := range s.Runs {
			add(s.ID.Model, s.ID.Predictor, "auc", s.Seeds[i], m.AUC)
			add(s.ID.Model, s.ID.Predictor, "logloss", s.Seeds[i], m.LogLoss)
		}
	}
	for _, seed := range w.opts.Seeds {
		for _, g := range w.list {
			x := w.costs[seed][g]
			add(g.model(), "", "tokens_per_cv", int64(seed), float64(x.Tokens)/float64(x.CVs))
			add(g.model(), "", "ms_per_cv", int64(seed), 1000*x.Seconds/float64(x.CVs))
		}
	}
	return rows
}
