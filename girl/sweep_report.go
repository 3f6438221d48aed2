package girl

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

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
	return out, errors.Join(r.saveSection("rq4", "RQ4: how many job descriptions, at which temperature?", out.Findings, tables, shown...), r.finishStudy("rq4"))
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
