package girl

import (
	"errors"
	"fmt"
	"math"
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
	return out, errors.Join(r.addStudy("rq3", "RQ3: what does each stage add, and what happens to cold CVs and JDs?", out.Findings, []results.Table{out.Writers, out.Matching, out.Cold}, figures...),
		results.WriteCSV(r.path("rq3.csv"), a.rows()), r.writeStudyManifest("rq3"))
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

// kl is what a writer spent on average over seeds, in nats a JD: measured on validation CVs for those that PPO trained, with an
// interval over seeds, the bound for best-of-n, 0 for GIRL-SFT; none is known for the untuned model.
func (a *ablation) kl(model string) (results.Cell, error) {
	switch model {
	case modelUntuned:
		return results.Missing(), nil
	case modelSFT:
		return results.Number(0), nil
	case bestOf:
		return results.Number(bestOfKL(a.options.BestOf)), nil
	}
	var values []float64
	for _, p := range a.ppo[model] {
		values = append(values, p.Best.KL)
	}
	s, err := eval.MeanOverSeeds(values, 0.95)
	return results.WithInterval(s.Mean, max(s.Low, 0), s.High), err
}

// training says of a writer that PPO trained which round was its best, by seed, and in which seeds training stopped before its
// end; the notes have the reasons and PPO's warnings.
func (a *ablation) training(model string) (best, stopped string, notes []string) {
	reports, ok := a.ppo[model]
	if !ok {
		return "–", "–", nil
	}
	var seeds []string
	for i, p := range reports {
		seed := fmt.Sprint(a.opts.Seeds[i])
		if p.Stopped != "" {
			seeds = append(seeds, seed)
			notes = append(notes, fmt.Sprintf("Seed %s stopped early: %s.", seed, strings.TrimSuffix(p.Stopped, ".")))
		}
		for _, w := range p.Warnings {
			notes = append(notes, fmt.Sprintf("Seed %s, warning of PPO: %s.", seed, strings.TrimSuffix(w, ".")))
		}
	}
	switch {
	case len(seeds) == 0:
		stopped = "no"
	case len(reports) == 1:
		stopped = "yes"
	default:
		stopped = "seed " + strings.Join(seeds, ", ")
	}
	return bestRounds(reports), stopped, notes
}

// goalName is what the goal is called in a sentence.
func (a *ablation) goalName() string { return strings.ReplaceAll(a.goal(), "_", " ") }

// writersTable tells what each part of the training does to the written JDs.
func (a *ablation) writersTable() (results.Table, error) {
	t := results.Table{Name: "rq3", Title: "RQ3 on " + a.on() + ": what each stage adds to the written JDs", Wide: true,
		Columns: []results.Column{{Key: "writer", Name: "Writer"},
			{Key: "gold", Name: "Gold reward", Kind: results.KindNumber, Digits: 3, Interval: true},
			{Key: "proxy", Name: "Proxy reward", Kind: results.KindNumber, Digits: 2, Interval: true},
			{Key: "kl", Name: "KL, nats a JD", Kind: results.KindNumber, Digits: 2, Interval: true},
			{Key: "eos_rate", Name: "JDs that end", Kind: results.KindNumber, Digits: 3, Interval: true},
			{Key: "tokens", Name: "Tokens a JD", Kind: results.KindNumber, Digits: 0, Interval: true},
			{Key: "best_round", Name: "Best round"},
			{Key: "stopped", Name: "Stopped early"},
			{Key: "diff", Name: "GIRL − writer, " + a.goalName(), Kind: results.KindSigned, Digits: 3, Interval: true},
			{Key: "p_holm", Name: "p (Holm)", Kind: results.KindPValue},
		},
		Notes: append([]string{
			fmt.Sprintf("Means over the test CVs and %s; 95 %% intervals and two-sided p-values from the bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects over this table.", a.seedWords()),
			"GIRL − writer above zero: GIRL's JDs are better, by what this writer lacks. Higher is better for rewards and for the share of JDs that end; KL and tokens are costs.",
			"Gold reward is the true acceptance probability, known on the synthetic market only; proxy reward is the reward model's score, normalised on samples of GIRL-SFT for every row alike.",
			fmt.Sprintf("Each variant lacks one part of GIRL's training. Without SFT: PPO starts from the untuned LM, which never saw a matching pair; the reward model stays. Without reward normalisation: raw scores enter PPO. Without KL penalty: β = 0. Reward model only: of %d JDs by GIRL-SFT the reward model takes the best, no PPO.", a.options.BestOf),
			"PPO's best round is chosen on validation CVs by the mean score less β·KL, each variant's with its own β and scale of scores. Without KL penalty KL costs nothing in this choice, and without reward normalisation the same β weighs against other scores: these variants differ from GIRL in the choice of their best round as well, and a difference is that of part and choice together.",
			fmt.Sprintf("Best round and stopped: by seed (%s); round 0 is the start.", a.seedNumbers()),
			"KL is that to the writer's own start: of PPO's best round on validation CVs, with an interval over seeds alone (Student), and for best-of-n its bound ln n − (n−1)/n.",
		}, a.warnings...)}
	for _, model := range writersShown() {
		best, stopped, notes := a.training(model)
		cell := func(metric string, high float64) (results.Cell, error) {
			perCV := a.writers.values[writerKey{metric, model}]
			if perCV == nil {
				return results.Missing(), nil
			}
			e, err := a.mean(a.writers.groups, perCV)
			notes = append(notes, warningNotes(e.Warnings)...)
			low := math.Inf(-1)
			if metric != "proxy_reward" {
				low = 0
			}
			return results.WithInterval(e.Value, max(e.Low, low), min(e.High, high)), err
		}
		var cells [4]results.Cell
		var errs [5]error
		for i, q := range []struct {
			metric string
			high   float64 // end of its range
		}{{"gold_reward", 1}, {"proxy_reward", math.Inf(1)}, {"eos_rate", 1}, {"tokens", math.Inf(1)}} {
			cells[i], errs[i] = cell(q.metric, q.high)
		}
		kl, err := a.kl(model)
		errs[4] = err
		if err := errors.Join(errs[:]...); err != nil {
			return t, fmt.Errorf("%s: %w", model, err)
		}
		diff, p := results.Missing(), results.Missing()
		for _, e := range a.effects {
			if e.model == model {
				diff, p = results.WithInterval(e.difference.Value, e.difference.Low, e.difference.High), results.Number(e.holm)
			}
		}
		t.Rows = append(t.Rows, results.TableRow{Rule: model == bestOf || model == modelGIRL || model == ablated[0], Notes: unique(notes),
			Cells: []results.Cell{results.Text(a.label(model)), cells[0], cells[1], kl, cells[2], cells[3], results.Text(best), results.Text(stopped), diff, p}})
	}
	return t, nil
}

// unique drops repeated notes.
func unique(notes []string) []string {
	var out []string
	for _, n := range notes {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
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

// matchingTable tells what each part does to the matchers.
func (a *ablation) matchingTable() results.Table {
	c := a.matching
	t := results.Table{Name: "rq3_matching", Title: "RQ3 on " + a.on() + ": what each stage adds to the matchers", Wide: true,
		Columns: []results.Column{{Key: "predictor", Name: "Predictor"}, {Key: "jds", Name: "JDs written by"},
			{Key: "auc", Name: "AUC", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "logloss", Name: "LogLoss", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "diff_auc", Name: "ΔAUC, GIRL − row", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_auc_p_holm", Name: "p (Holm)", Kind: results.KindPValue},
			{Key: "diff_logloss", Name: "ΔLogLoss, GIRL − row", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_logloss_p_holm", Name: "p (Holm)", Kind: results.KindPValue}},
		Notes: []string{
			fmt.Sprintf("%d test pairs, %d matched, from %d CV groups; %s. 95 %% intervals and two-sided p-values from the paired bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects over this table.",
				c.Pairs, c.Positives, c.Groups, a.seedWords()),
			"GIRL − row: ΔAUC above zero and ΔLogLoss below zero mean that the matcher is better with GIRL's JDs than with those of the row.",
			"Every row had the same search over matcher settings on the same labelled pairs. The untuned LM was trained on JDs beside CVs drawn by lot, so that its JDs should hold little on the CV: what a matcher gains from them is probably not information.",
		}}
	t.Notes = append(t.Notes, a.warnings...)
	for i, w := range c.Warnings {
		if i == 0 || w != c.Warnings[i-1] {
			t.Notes = append(t.Notes, "Warning: "+string(w)+".")
		}
	}
	for _, p := range predictors {
		for i, model := range append([]string{recommend.Base}, writersShown()...) {
			id := results.SystemID{Model: model, Predictor: p}
			s, ok := c.System(id)
			if !ok {
				continue
			}
			cells := []results.Cell{results.Text(p), results.Text(a.label(model)), results.WithInterval(s.AUC.Value, s.AUC.Low, s.AUC.High), results.WithInterval(s.LogLoss.Value, s.LogLoss.Low, s.LogLoss.High)}
			if model == recommend.Base {
				cells[1] = results.Text("nobody (Base)")
			}
			t.Rows = append(t.Rows, results.TableRow{Rule: i == 0 && len(t.Rows) > 0, Cells: append(cells, contrastCells(c, results.Contrast{A: results.SystemID{Model: modelGIRL, Predictor: p}, B: id})...)})
		}
	}
	return t
}

// contrast finds a tested difference.
func contrast(c *results.Comparison, k results.Contrast) (results.ContrastResult, bool) {
	at := slices.IndexFunc(c.Contrasts, func(x results.ContrastResult) bool { return x.Contrast == k })
	if at < 0 {
		return results.ContrastResult{}, false
	}
	return c.Contrasts[at], true
}

// contrastCells are ΔAUC and ΔLogLoss, each with its corrected p-value; missing where they were not tested.
func contrastCells(c *results.Comparison, k results.Contrast) []results.Cell {
	d, ok := contrast(c, k)
	if !ok {
		return []results.Cell{results.Missing(), results.Missing(), results.Missing(), results.Missing()}
	}
	return []results.Cell{results.WithInterval(d.DiffAUC.Value, d.DiffAUC.Low, d.DiffAUC.High), results.Number(d.HolmAUC),
		results.WithInterval(d.DiffLogLoss.Value, d.DiffLogLoss.Low, d.DiffLogLoss.High), results.Number(d.HolmLogLoss)}
}

// coldTable shows the matchers in the four cells.
func (a *ablation) coldTable() results.Table {
	count := func(key, name string) results.Column {
		return results.Column{Key: key, Name: name, Kind: results.KindCount}
	}
	t := results.Table{Name: "rq3_cold", Title: "RQ3 on " + a.on() + ": cold start", Wide: true,
		Columns: []results.Column{{Key: "cell", Name: "Test pairs"}, count("pairs", "Pairs"), count("matched", "Matched"), {Key: "matched_share", Name: "Share matched", Kind: results.KindNumber, Digits: 2},
			count("cvs", "CVs"), count("jds", "JDs"), {Key: "predictor", Name: "Predictor"}, {Key: "model", Name: "Model"},
			{Key: "auc", Name: "AUC", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "logloss", Name: "LogLoss", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "diff_auc", Name: "ΔAUC, model − Base", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_auc_p_holm", Name: "p (Holm)", Kind: results.KindPValue},
			{Key: "diff_logloss", Name: "ΔLogLoss, model − Base", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_logloss_p_holm", Name: "p (Holm)", Kind: results.KindPValue}},
		Notes: append([]string{
			fmt.Sprintf("Cold: in no training or validation pair of the matcher, of JDs also none of their near-duplicates. The pairs were divided anew and all six matchers tuned and trained again: %g %% of the groups of near-duplicate JDs, drawn by lot, were taken out of training, and of the CVs that JDs are written for %g %% of the other pairs were kept for testing, beside the run's own test CVs.",
				100*a.options.Cold.JDShare, 100*a.options.Cold.PairShare),
			coldJDsFavourWriters,
			"ΔAUC above zero and ΔLogLoss below zero mean that written JDs help. Compare within a kind of test pairs: LogLoss depends on the share of matches, so that its values are not comparable between kinds, and AUC is taken over other pairs.",
			fmt.Sprintf("Over %s. 95 %% intervals and two-sided p-values from the paired bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects over this table. Base sees no generated JDs.", a.seedWords()),
			"The intervals let CV groups vary and hold the JDs fixed: what other cold JDs would show they do not say, and where those are few it may be another thing.",
		}, a.warnings...)}
	for _, cell := range a.cold {
		share := results.Missing()
		if cell.pairs > 0 {
			share = results.Number(float64(cell.matched) / float64(cell.pairs))
		}
		counts := []results.Cell{results.Text(cell.name), results.Number(float64(cell.pairs)), results.Number(float64(cell.matched)), share, results.Number(float64(cell.cvs)), results.Number(float64(cell.jds))}
		if cell.Comparison == nil {
			none := results.Missing()
			t.Rows = append(t.Rows, results.TableRow{Rule: len(t.Rows) > 0, Notes: []string{"Nothing to compare: " + cell.why + "."},
				Cells: append(counts, results.Text(""), results.Text(""), none, none, none, none, none, none)})
			continue
		}
		for i, s := range cell.Systems {
			cells := append(slices.Clone(counts), results.Text(s.ID.Predictor), results.Text(s.ID.Model),
				results.WithInterval(s.AUC.Value, s.AUC.Low, s.AUC.High), results.WithInterval(s.LogLoss.Value, s.LogLoss.Low, s.LogLoss.High))
			base := results.SystemID{Model: recommend.Base, Predictor: s.ID.Predictor}
			t.Rows = append(t.Rows, results.TableRow{Rule: i == 0 && len(t.Rows) > 0, Notes: warningNotes(s.AUC.Warnings),
				Cells: append(cells, contrastCells(cell.Comparison, results.Contrast{A: s.ID, B: base})...)})
		}
	}
	return t
}

// coldJDsFavourWriters is said wherever cold JDs are shown.
const coldJDsFavourWriters = "Where the JD is cold, comparisons with Base favour the writers: fine-tuning, reward model and PPO were trained on pairs of these very JDs with the generator's CVs, labels included, while Base has met neither the JDs nor those pairs. A gain there may be what the writers remember of the JDs."
