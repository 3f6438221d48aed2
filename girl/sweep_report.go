package girl

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"genjobrec/eval"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// predictors in the order of tables.
var predictors = []string{recommend.MLPPredictor, recommend.DotPredictor}

// sweep is everything that the tables and figures of the fourth research question are made of.
type sweep struct {
	*run
	list  []setting
	ks    []int                    // the numbers of JDs asked for: the run's own is a setting, too, for the temperatures' sake, but no step on K's way unless it was asked for
	costs map[int]map[setting]cost // by seed
	base  *results.Comparison      // every setting against Base
	steps *results.Comparison      // every K against the next smaller one, every temperature against the run's own; nil where there is none
	kept  string                   // a warning, or empty
}

// sweepReport compares every setting with Base, and with its neighbours, on the test pairs and leaves tables/rq4*.*, figures/rq4_*.*
// and rq4.csv.
func (r *run) sweepReport(ks []int, list []setting) (*SweepReport, error) {
	w := &sweep{run: r, ks: ks, list: list, costs: map[int]map[setting]cost{}}
	var scores []results.ScoreRow
	for _, seed := range r.opts.Seeds {
		dir := filepath.Join(r.seedDir(seed), "rq4")
		rows, err := results.ReadScores(filepath.Join(dir, scoresFile))
		if err != nil {
			return nil, err
		}
		scores = append(scores, rows...)
		w.costs[seed] = map[setting]cost{}
		var costs []cost
		if err := readJSON(filepath.Join(dir, costsFile), &costs); err != nil {
			return nil, err
		}
		for _, c := range costs {
			w.costs[seed][c.setting] = c
		}
	}
	kept, err := r.girlKeptStart()
	if err != nil {
		return nil, err
	}
	if kept != "" {
		w.kept = "Warning: " + kept + "."
	}
	if err := w.compare(scores); err != nil {
		return nil, err
	}
	figures, err := w.figures()
	if err != nil {
		return nil, err
	}
	out := &SweepReport{Findings: w.findings(), Table: w.table(), Figures: figures}
	tables := []results.Table{out.Table}
	if w.steps != nil {
		out.Steps = w.stepsTable()
		tables = append(tables, out.Steps)
	}
	shown := make([]captioned, len(figures))
	for i, f := range figures {
		shown[i] = captioned{f, sweepTitles[f.Name], "AUC, LogLoss, both less those of Base on the same test pairs, tokens and wall time of writing for each setting: means over seeds, with 95 % intervals as bars over test CVs and seeds and, for tokens and time, as bands over seeds alone. " +
			"The settings share their test pairs: read differences from the panels of differences and from the tables, not from the overlap of bars."}
	}
	if err := results.WriteCSV(r.path("rq4.csv"), w.rows()); err != nil {
		return nil, err
	}
	return out, errors.Join(r.addStudy("rq4", "RQ4: how many job descriptions, at which temperature?", out.Findings, tables, shown...), r.writeStudyManifest("rq4"))
}

// byK are the settings with the numbers of JDs that were asked for and the run's own temperature, by K; byT those with its own K, by temperature.
func (w *sweep) byK() []setting {
	return w.pick(func(g setting) bool { return g.Temperature == w.cfg.Generate.Temperature && slices.Contains(w.ks, g.K) })
}

func (w *sweep) byT() []setting {
	return w.pick(func(g setting) bool { return g.K == w.cfg.Generate.Samples })
}

func (w *sweep) pick(keep func(setting) bool) (out []setting) {
	for _, g := range w.list {
		if keep(g) {
			out = append(out, g)
		}
	}
	return out
}

// step is a setting compared with another one: with the next smaller K, or with the run's own temperature.
type step struct {
	name     string
	from, to string // models
	costs    [2]*setting
}

// stepsOf lists the steps along both axes.
func (w *sweep) stepsOf() (alongK, alongT []step) {
	from, k := recommend.Base, 0
	var cheap *setting
	for _, g := range w.byK() {
		alongK = append(alongK, step{fmt.Sprintf("K = %d → %d", k, g.K), from, g.model(), [2]*setting{cheap, &g}})
		from, k, cheap = g.model(), g.K, &g
	}
	own := setting{w.cfg.Generate.Samples, w.cfg.Generate.Temperature}
	if !slices.Contains(w.list, own) {
		return alongK, nil
	}
	for _, g := range w.byT() {
		if g != own {
			alongT = append(alongT, step{fmt.Sprintf("temperature %g → %g", own.Temperature, g.Temperature), own.model(), g.model(), [2]*setting{&own, &g}})
		}
	}
	return alongK, alongT
}

// compare judges all settings on the same resamples, in two families of tests.
func (w *sweep) compare(scores []results.ScoreRow) (err error) {
	base := results.CompareInput{Scores: scores, Resamples: w.cfg.Eval.Resamples, Seed: uint64(w.cfg.Split.Seed)}
	steps := base
	alongK, alongT := w.stepsOf()
	for _, p := range predictors {
		b := results.SystemID{Model: recommend.Base, Predictor: p}
		base.Systems = append(base.Systems, b)
		for _, g := range w.list {
			id := results.SystemID{Model: g.model(), Predictor: p}
			base.Systems = append(base.Systems, id)
			base.Contrasts = append(base.Contrasts, results.Contrast{A: id, B: b})
		}
		for _, s := range slices.Concat(alongK, alongT) {
			steps.Contrasts = append(steps.Contrasts, s.contrast(p))
		}
	}
	if w.base, err = results.Compare(base); err != nil || len(steps.Contrasts) == 0 {
		return err
	}
	steps.Systems = base.Systems
	w.steps, err = results.Compare(steps)
	return err
}

func (s step) contrast(predictor string) results.Contrast {
	return results.Contrast{A: results.SystemID{Model: s.to, Predictor: predictor}, B: results.SystemID{Model: s.from, Predictor: predictor}}
}

// findings say where more JDs stop paying, whether any setting beats Base, and what writing costs.
func (w *sweep) findings() []string {
	out := w.fewerSeeds()
	if w.kept != "" {
		out = append(out, w.kept)
	}
	alongK, alongT := w.stepsOf()
	for _, p := range predictors {
		if len(alongK) > 0 {
			out = append(out, w.stopsPaying(p, alongK))
		}
	}
	headline := w.base.Headline("matchers with GIRL's JDs at any setting and Base")
	if !slices.ContainsFunc(w.base.Contrasts, w.base.Shows) {
		headline += " " + results.NoProof
	}
	out = append(out, headline)
	for _, k := range w.base.Contrasts {
		if w.base.Shows(k) {
			out = append(out, w.base.ContrastFinding(k, fmt.Sprintf("%s − Base (%s)", k.A.Model, k.A.Predictor)))
		}
	}
	if len(alongT) > 0 {
		shown := 0
		for _, p := range predictors {
			for _, s := range alongT {
				if d, ok := contrast(w.steps, s.contrast(p)); ok && w.steps.Shows(d) {
					shown++
					out = append(out, w.steps.ContrastFinding(d, fmt.Sprintf("%s, %s", p, s.name)))
				}
			}
		}
		if shown == 0 {
			out = append(out, fmt.Sprintf("Temperature: no other one is shown to differ from the run's own, %g, in AUC or LogLoss (Holm over all steps, p < %g).", w.cfg.Generate.Temperature, results.Alpha))
		}
	}
	var costs []string
	for _, g := range w.byK() {
		tokens, ms := w.perCV(g)
		costs = append(costs, fmt.Sprintf("K = %d: %s tokens, %s ms", g.K, results.PlainInterval(tokens, 0), results.PlainInterval(ms, 0)))
	}
	if costs != nil {
		out = append(out, fmt.Sprintf("Writing takes, a CV: %s (%s, intervals over seeds).", strings.Join(costs, "; "), results.SeedCount(len(w.opts.Seeds))))
	}
	return out
}

// beatsBase lists the K whose matcher is shown to be better than Base.
func (w *sweep) beatsBase(predictor string) (out []string) {
	for _, g := range w.byK() {
		d, ok := contrast(w.base, results.Contrast{A: results.SystemID{Model: g.model(), Predictor: predictor}, B: results.SystemID{Model: recommend.Base, Predictor: predictor}})
		if ok && slices.ContainsFunc(w.base.Claims(d), func(c results.Claim) bool { return c.Shown() && c.Better() }) {
			out = append(out, strconv.Itoa(g.K))
		}
	}
	return out
}

// stopsPaying says up to which K a predictor's matcher is shown to gain: the end of the last step with a gain in AUC or LogLoss that
// survives correction.
func (w *sweep) stopsPaying(predictor string, alongK []step) string {
	last, harm, list := -1, "", "0"
	for i, s := range alongK {
		list += ", " + strconv.Itoa(s.costs[1].K)
		d, ok := contrast(w.steps, s.contrast(predictor))
		if !ok {
			continue
		}
		for _, claim := range w.steps.Claims(d) {
			switch {
			case claim.Shown() && claim.Better():
				last = i
			case claim.Shown():
				harm += " A step is shown to harm: " + w.steps.ContrastFinding(d, s.name)
			}
		}
	}
	end := alongK[len(alongK)-1].costs[1]
	text := fmt.Sprintf("Where more stops paying, %s (K = %s): ", predictor, list)
	better := w.beatsBase(predictor)
	switch {
	case last < 0 && len(better) > 0:
		text += fmt.Sprintf("no single step from one K to the next shows a gain, but K = %s against Base does: where it stops cannot be told.", strings.Join(better, ", "))
	case last < 0:
		text += "no step from one K to the next shows a gain, so that nothing beyond K = 0, which is Base, is shown to pay."
	case last == len(alongK)-1:
		text += fmt.Sprintf("up to the largest K tried, %d, the last step shows a gain: more may still pay.", end.K)
	default:
		text += fmt.Sprintf("the last step that shows a gain is %s: beyond K = %d nothing more is shown to pay.", alongK[last].name, alongK[last].costs[1].K)
	}
	if last >= 0 {
		d, _ := contrast(w.steps, alongK[last].contrast(predictor))
		text += " " + w.steps.ContrastFinding(d, alongK[last].name)
	}
	text += harm
	largest, ok := contrast(w.base, results.Contrast{A: results.SystemID{Model: end.model(), Predictor: predictor}, B: results.SystemID{Model: recommend.Base, Predictor: predictor}})
	if ok {
		text += " All steps together, " + w.base.ContrastFinding(largest, fmt.Sprintf("K = 0 → %d", end.K))
	}
	return text
}

// sweepTitles name the figures on the page.
var sweepTitles = map[string]string{"rq4_samples": "Number of job descriptions", "rq4_temperature": "Sampling temperature"}

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

// sweepAxis is a figure: settings, and where they stand.
type sweepAxis struct {
	name, title, label string
	list               []setting
	x                  func(setting) float64
	base               bool // Base stands at 0
	at                 []string
}

// figures draws quality, its difference to Base and cost against K (0 being Base), with the settings evenly spaced, and against
// temperature. An axis with fewer than two settings has no figure.
func (w *sweep) figures() ([]*results.Figure, error) {
	own, byK := w.cfg.Generate, w.byK()
	at := []string{"0"}
	for _, g := range byK {
		at = append(at, strconv.Itoa(g.K))
	}
	var out []*results.Figure
	for _, axis := range []sweepAxis{
		{name: "rq4_samples", title: fmt.Sprintf("Number of generated JDs, temperature %g", own.Temperature), label: "JDs per CV (0: Base)", list: byK,
			x: func(g setting) float64 { return float64(1 + slices.Index(byK, g)) }, base: true, at: at},
		{name: "rq4_temperature", title: fmt.Sprintf("Sampling temperature, %d JDs per CV", own.Samples), label: "temperature", list: w.byT(), x: func(g setting) float64 { return g.Temperature }},
	} {
		if len(axis.list) < 2 {
			continue
		}
		f, err := w.figure(axis)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (w *sweep) figure(axis sweepAxis) (*results.Figure, error) {
	auc, loss := func(m results.RunMetrics) float64 { return m.AUC }, func(m results.RunMetrics) float64 { return m.LogLoss }
	return results.CurvesFigure(results.CurvesInput{Name: axis.name, Title: axis.title, XLabel: axis.label, At: axis.at, Panels: []results.Panel{
		w.levelPanel(axis, "AUC", "AUC (higher is better)", auc, func(s *results.SystemResult) eval.Estimate { return s.AUC }),
		w.levelPanel(axis, "LogLoss", "nats (lower is better)", loss, func(s *results.SystemResult) eval.Estimate { return s.LogLoss }),
		w.gainPanel(axis, "AUC less that of Base", "ΔAUC (> 0: better)", auc, func(d results.ContrastResult) eval.Estimate { return d.DiffAUC }),
		w.gainPanel(axis, "LogLoss less that of Base", "nats (< 0: better)", loss, func(d results.ContrastResult) eval.Estimate { return d.DiffLogLoss }),
		w.costPanel(axis, "Tokens written", "tokens per CV", func(c cost) float64 { return float64(c.Tokens) }),
		w.costPanel(axis, "Wall time of writing", "ms per CV", func(c cost) float64 { return 1000 * c.Seconds }),
	}})
}

// place is a setting, or Base, on an axis.
type place struct {
	model string
	x     float64
}

func (a sweepAxis) places() []place {
	var out []place
	if a.base {
		out = append(out, place{recommend.Base, 0})
	}
	for _, g := range a.list {
		out = append(out, place{g.model(), a.x(g)})
	}
	return out
}

// addBar draws an interval where there is one.
func addBar(s *results.Series, x float64, e eval.Estimate) {
	if !math.IsNaN(e.Low) && !math.IsNaN(e.High) {
		s.Bars = append(s.Bars, results.Bar{Step: x, Low: e.Low, High: e.High})
	}
}

// levelPanel shows a metric with its interval.
func (w *sweep) levelPanel(axis sweepAxis, title, unit string, of func(results.RunMetrics) float64, estimate func(*results.SystemResult) eval.Estimate) results.Panel {
	panel := results.Panel{Title: title, YLabel: unit}
	for _, p := range predictors {
		series := results.Series{Name: p, Runs: w.seedRuns()}
		for _, at := range axis.places() {
			if s, ok := w.base.System(results.SystemID{Model: at.model, Predictor: p}); ok {
				addBar(&series, at.x, estimate(s))
				for i := range series.Runs {
					series.Runs[i].Add(at.x, of(s.Runs[i]))
				}
			}
		}
		if len(series.Runs[0].Steps) > 0 {
			panel.Series = append(panel.Series, series)
		}
	}
	return panel
}

// gainPanel shows a metric's paired difference to Base.
func (w *sweep) gainPanel(axis sweepAxis, title, unit string, of func(results.RunMetrics) float64, estimate func(results.ContrastResult) eval.Estimate) results.Panel {
	panel := results.Panel{Title: title, YLabel: unit, Zero: true}
	for _, p := range predictors {
		series := results.Series{Name: p, Runs: w.seedRuns()}
		base, ok := w.base.System(results.SystemID{Model: recommend.Base, Predictor: p})
		for _, at := range axis.places() {
			s, there := w.base.System(results.SystemID{Model: at.model, Predictor: p})
			if !ok || !there {
				continue
			}
			if d, ok := contrast(w.base, results.Contrast{A: s.ID, B: base.ID}); ok {
				addBar(&series, at.x, estimate(d))
			}
			for i := range series.Runs {
				series.Runs[i].Add(at.x, of(s.Runs[i])-of(base.Runs[i]))
			}
		}
		if len(series.Runs[0].Steps) > 0 {
			panel.Series = append(panel.Series, series)
		}
	}
	return panel
}

// costPanel shows what writing took per CV.
func (w *sweep) costPanel(axis sweepAxis, title, unit string, of func(cost) float64) results.Panel {
	series := results.Series{Name: modelGIRL, Runs: w.seedRuns()}
	for i, seed := range w.opts.Seeds {
		if axis.base {
			series.Runs[i].Add(0, 0)
		}
		for _, g := range axis.list {
			x := w.costs[seed][g]
			series.Runs[i].Add(axis.x(g), of(x)/float64(x.CVs))
		}
	}
	return results.Panel{Title: title, YLabel: unit, Positive: true, Series: []results.Series{series}}
}

// seedRuns are empty runs, one a seed.
func (w *sweep) seedRuns() []results.Run {
	out := make([]results.Run, len(w.opts.Seeds))
	for i, seed := range w.opts.Seeds {
		out[i].Seed = int64(seed)
	}
	return out
}
