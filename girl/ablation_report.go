package girl

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"genjobrec/eval"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// ablation is everything that the tables and figures of the third research question are made of.
type ablation struct {
	*run
	options  AblationOptions
	writers  *writerScores
	ppo      map[string][]PPOReport // variant, or GIRL → by seed
	matching *results.Comparison
	cold     []coldResult
	stages   []stageBudget
	effects  []effect

	warnings []string // about trainings that kept their start
}

// effect is what GIRL has over another writer in the goal.
type effect struct {
	model      string
	difference eval.Estimate // GIRL − model
	holm       float64
}

// coldResult is one cell of the cold-start table; the comparison is nil where the cell has too little to compare.
type coldResult struct {
	coldCell
	*results.Comparison
	pairs, matched, cvs, jds int
	why                      string // there is no comparison
}

// writersShown are the models of the table of writers, in its order.
func writersShown() []string {
	return slices.Concat([]string{modelUntuned, modelSFT, bestOf}, ablated, []string{modelGIRL})
}

// ablationReport reads what the seeds left and writes tables/rq3*, figures/rq3* and rq3.csv.
func (r *run) ablationReport(o AblationOptions) (*AblationReport, error) {
	a := &ablation{run: r, options: o, ppo: map[string][]PPOReport{}}
	if err := errors.Join(a.readWriters(), a.readMatching(), a.readCold(), a.readBudgets()); err != nil {
		return nil, err
	}
	out := &AblationReport{Matching: a.matchingTable(), Cold: a.coldTable(), Findings: a.findings()}
	var err error
	if out.Writers, err = a.writersTable(); err != nil {
		return nil, err
	}
	figures, err := a.figures()
	if err != nil {
		return nil, err
	}
	for _, f := range figures {
		out.Figures = append(out.Figures, f.figure)
	}
	return out, errors.Join(r.saveSection("rq3", "RQ3: what does each stage add, and what happens to cold CVs and JDs?", out.Findings, []results.Table{out.Writers, out.Matching, out.Cold}, figures...),
		results.WriteCSV(r.path("rq3.csv"), a.rows()), r.finishStudy("rq3"))
}

func (a *ablation) readWriters() error {
	generated, err := gather(a.run, generatedFile, results.ReadGenerated)
	if err != nil {
		return err
	}
	for _, model := range ablationWriters {
		rows, err := gather(a.run, filepath.Join("rq3", stem(model)+".parquet"), results.ReadGenerated)
		if err != nil {
			return err
		}
		generated = append(generated, rows...)
	}
	for _, seed := range a.opts.Seeds {
		for _, variant := range trained() {
			path := filepath.Join(a.seedDir(seed), "rq3", stem(variant)+".json")
			if variant == modelGIRL {
				path = filepath.Join(a.seedDir(seed), ppoHistory)
			}
			var p PPOReport
			if err := readJSON(path, &p); err != nil {
				return err
			}
			a.ppo[variant] = append(a.ppo[variant], p)
		}
	}
	for _, model := range trained() {
		start := modelSFT
		if model == withoutSFT {
			start = "the " + modelUntuned
		}
		if text := keptStart(a.opts.Seeds, a.ppo[model], model, start); text != "" {
			a.warnings = append(a.warnings, "Warning: "+text+".")
		}
	}
	if a.writers, err = a.scoreWriters(generated, writersShown()...); err != nil {
		return err
	}
	a.effects, err = a.effectsOnGoal()
	return err
}

// readMatching compares every variant with GIRL on the run's test pairs.
func (a *ablation) readMatching() error {
	scores, err := gather(a.run, scoresFile, results.ReadScores)
	if err != nil {
		return err
	}
	more, err := gather(a.run, filepath.Join("rq3", scoresFile), results.ReadScores)
	if err != nil {
		return err
	}
	more = slices.DeleteFunc(more, func(s results.ScoreRow) bool { return s.Model == recommend.Base }) // the run's own again
	in := results.CompareInput{Scores: append(scores, more...), Resamples: a.cfg.Eval.Resamples, Seed: uint64(a.cfg.Split.Seed)}
	for _, p := range predictors {
		full := results.SystemID{Model: modelGIRL, Predictor: p}
		for _, model := range append([]string{recommend.Base}, writersShown()...) {
			id := results.SystemID{Model: model, Predictor: p}
			in.Systems = append(in.Systems, id)
			if id != full {
				in.Contrasts = append(in.Contrasts, results.Contrast{A: full, B: id})
			}
		}
	}
	a.matching, err = results.Compare(in)
	return err
}

// readCold compares Base, GIRL-SFT and GIRL in each cell. A cell without both labels or with one CV has no comparison.
func (a *ablation) readCold() error {
	scores, err := gather(a.run, filepath.Join("rq3", coldFile), results.ReadScores)
	if err != nil {
		return err
	}
	for _, cell := range coldCells {
		c := coldResult{coldCell: cell}
		rows := cell.pick(scores)
		cvs, jds, groups := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for _, r := range rows {
			if r.Seed == int64(a.opts.Seeds[0]) && r.Model == recommend.Base && r.Predictor == recommend.MLPPredictor {
				c.pairs++
				c.matched += int(r.Label)
				cvs[r.CVID], jds[r.JDID], groups[r.CVGroup] = true, true, true
			}
		}
		c.cvs, c.jds = len(cvs), len(jds)
		switch {
		case c.pairs == 0:
			c.why = "no test pairs"
		case c.matched == 0 || c.matched == c.pairs:
			c.why = "one label only"
		case len(groups) < 2:
			c.why = "one CV group only"
		default:
			in := results.CompareInput{Scores: rows, Split: string(coldSplit), Resamples: a.cfg.Eval.Resamples, Seed: uint64(a.cfg.Split.Seed)}
			for _, p := range predictors {
				base := results.SystemID{Model: recommend.Base, Predictor: p}
				in.Systems = append(in.Systems, base)
				for _, model := range []string{modelSFT, modelGIRL} {
					id := results.SystemID{Model: model, Predictor: p}
					in.Systems = append(in.Systems, id)
					in.Contrasts = append(in.Contrasts, results.Contrast{A: id, B: base})
				}
			}
			if c.Comparison, err = results.Compare(in); err != nil {
				return fmt.Errorf("cold-start cell %q: %w", cell.name, err)
			}
		}
		a.cold = append(a.cold, c)
	}
	var family []*results.Comparison
	for _, c := range a.cold {
		if c.Comparison != nil {
			family = append(family, c.Comparison)
		}
	}
	return results.CorrectTogether(family...)
}

// goal is what a writer is for: gold reward where an oracle knows it, else the proxy.
func (a *ablation) goal() string {
	if a.data.Market != nil {
		return "gold_reward"
	}
	return "proxy_reward"
}

// label is a writer's name in tables and figures.
func (a *ablation) label(model string) string {
	switch model {
	case bestOf:
		return fmt.Sprintf("reward model only (best of %d)", a.options.BestOf)
	case modelSFT:
		return "SFT only (GIRL-SFT)"
	case modelGIRL:
		return "full (GIRL)"
	}
	return strings.TrimPrefix(model, "GIRL ")
}

// effectsOnGoal are the differences of GIRL to every other writer in the goal, with p-values corrected over all of them.
func (a *ablation) effectsOnGoal() ([]effect, error) {
	var out []effect
	var ps []float64
	for _, model := range writersShown() {
		if model == modelGIRL {
			continue
		}
		e, err := a.mean(a.writers.groups, a.writers.difference(a.goal(), modelGIRL, model))
		if err != nil {
			return nil, fmt.Errorf("GIRL against %s: %w", model, err)
		}
		out, ps = append(out, effect{model: model, difference: e}), append(ps, e.P)
	}
	corrected, err := eval.Holm(ps)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].holm = corrected[i]
	}
	return out, nil
}

// contrast finds a tested difference.
func contrast(c *results.Comparison, k results.Contrast) (results.ContrastResult, bool) {
	at := slices.IndexFunc(c.Contrasts, func(x results.ContrastResult) bool { return x.Contrast == k })
	if at < 0 {
		return results.ContrastResult{}, false
	}
	return c.Contrasts[at], true
}
