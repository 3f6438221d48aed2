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
}

// coldResult is one cell of the cold-start table; the comparison is nil where the cell has too little to compare.
type coldResult struct {
	coldCell
	*results.Comparison
	pairs, matched, cvs int
	why                 string // there is no comparison
}

// writersShown are the models of the table of writers, in its order.
func writersShown() []string {
	return slices.Concat([]string{modelUntuned, modelSFT, bestOf}, ablated, []string{modelGIRL})
}

// ablationReport reads what the seeds left and writes tables/rq3*, figures/rq3* and rq3.csv.
func (r *run) ablationReport(o AblationOptions) (*AblationReport, error) {
	a := &ablation{run: r, options: o, ppo: map[string][]PPOReport{}}
	if err := errors.Join(a.readWriters(), a.readMatching(), a.readCold()); err != nil {
		return nil, err
	}
	out := &AblationReport{Matching: a.matchingTable(), Cold: a.coldTable()}
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
	return out, errors.Join(r.addSection("rq3", "RQ3: what does each stage add, and what happens to cold CVs and JDs?", []results.Table{out.Writers, out.Matching, out.Cold}, figures...),
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
		for _, variant := range append([]string{modelGIRL}, ablated...) {
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
	a.writers, err = a.scoreWriters(generated, writersShown()...)
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
				in.Contrasts = append(in.Contrasts, results.Contrast{A: id, B: full})
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
		cvs, groups := map[string]bool{}, map[string]bool{}
		for _, r := range rows {
			if r.Seed == int64(a.opts.Seeds[0]) && r.Model == recommend.Base && r.Predictor == recommend.MLPPredictor {
				c.pairs++
				c.matched += int(r.Label)
				cvs[r.CVID], groups[r.CVGroup] = true, true
			}
		}
		c.cvs = len(cvs)
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
	return nil
}

// goal is what a writer is for: gold reward where an oracle knows it, else the proxy.
func (a *ablation) goal() string {
	if a.data.Market != nil {
		return "gold_reward"
	}
	return "proxy_reward"
}

// kl is what a writer spent on average over seeds, in nats a JD: measured on validation CVs for those that PPO trained, the bound for
// best-of-n, 0 for GIRL-SFT; none is known for the untuned model.
func (a *ablation) kl(model string) (float64, bool) {
	switch model {
	case modelUntuned:
		return 0, false
	case modelSFT:
		return 0, true
	case bestOf:
		return bestOfKL(a.options.BestOf), true
	}
	sum := 0.0
	for _, p := range a.ppo[model] {
		sum += p.Best.KL / float64(len(a.ppo[model]))
	}
	return sum, true
}

// writersTable tells what each part of the training does to the written JDs.
func (a *ablation) writersTable() (results.Table, error) {
	t := results.Table{Name: "rq3", Title: "RQ3 on " + a.data.Name + ": what each stage adds to the written JDs", Wide: true,
		Columns: []results.Column{{Key: "writer", Name: "Writer"},
			{Key: "gold", Name: "Gold reward", Kind: results.KindNumber, Digits: 3, Interval: true},
			{Key: "proxy", Name: "Proxy reward", Kind: results.KindNumber, Digits: 2, Interval: true},
			{Key: "kl", Name: "KL, nats a JD", Kind: results.KindNumber, Digits: 2},
			{Key: "eos_rate", Name: "JDs that end", Kind: results.KindNumber, Digits: 3},
			{Key: "tokens", Name: "Tokens a JD", Kind: results.KindNumber, Digits: 0},
			{Key: "diff", Name: "Δ" + map[string]string{"gold_reward": "Gold", "proxy_reward": "Proxy"}[a.goal()] + " to GIRL", Kind: results.KindSigned, Digits: 3, Interval: true},
			{Key: "p_holm", Name: "p (Holm)", Kind: results.KindPValue},
		},
		Notes: []string{
			fmt.Sprintf("Means over the test CVs and %d seeds; 95 %% intervals and two-sided p-values from the bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects over this table.", len(a.opts.Seeds)),
			"Gold reward is the true acceptance probability, known on the synthetic market only; proxy reward is the reward model's score, normalised on samples of GIRL-SFT for every row alike.",
			fmt.Sprintf("Each variant differs from GIRL in one thing. Without SFT: PPO starts from the untuned LM, which never saw a matching pair; the reward model stays. Without reward normalisation: raw scores enter PPO. Without KL penalty: β = 0. Reward model only: of %d JDs by GIRL-SFT the reward model takes the best, no PPO.", a.options.BestOf),
			"KL is that to the writer's own start: of PPO's best round on validation CVs, and for best-of-n its bound ln n − (n−1)/n.",
		}}
	differences, holm, err := a.differences()
	if err != nil {
		return t, err
	}
	for _, model := range writersShown() {
		var notes []string
		cell := func(perCV [][]float64) (results.Cell, error) {
			if perCV == nil {
				return results.Missing(), nil
			}
			e, err := a.mean(a.writers.groups, perCV)
			notes = append(notes, warningNotes(e.Warnings)...)
			return results.WithInterval(e.Value, e.Low, e.High), err
		}
		value := func(metric string) [][]float64 { return a.writers.values[writerKey{metric, model}] }
		gold, err := cell(value("gold_reward"))
		if err != nil {
			return t, err
		}
		proxy, err := cell(value("proxy_reward"))
		if err != nil {
			return t, err
		}
		kl, diff, p := results.Missing(), results.Missing(), results.Missing()
		if x, ok := a.kl(model); ok {
			kl = results.Number(x)
		}
		if d, ok := differences[model]; ok {
			diff, p = results.WithInterval(d.Value, d.Low, d.High), results.Number(holm[model])
		}
		t.Rows = append(t.Rows, results.TableRow{Rule: model == bestOf || model == modelGIRL || model == ablated[0], Notes: notes,
			Cells: []results.Cell{results.Text(a.label(model)), gold, proxy, kl, results.Number(grandMean(value("eos_rate"))), results.Number(grandMean(value("tokens"))), diff, p}})
	}
	return t, nil
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

// differences are those of every writer to GIRL in the goal, with p-values corrected over all of them.
func (a *ablation) differences() (map[string]eval.Estimate, map[string]float64, error) {
	out, holm := map[string]eval.Estimate{}, map[string]float64{}
	var models []string
	var ps []float64
	for _, model := range writersShown() {
		if model == modelGIRL {
			continue
		}
		e, err := a.mean(a.writers.groups, a.writers.difference(a.goal(), model, modelGIRL))
		if err != nil {
			return nil, nil, fmt.Errorf("%s against GIRL: %w", model, err)
		}
		out[model] = e
		models, ps = append(models, model), append(ps, e.P)
	}
	corrected, err := eval.Holm(ps)
	for i, model := range models {
		if err == nil {
			holm[model] = corrected[i]
		}
	}
	return out, holm, err
}

func grandMean(perCV [][]float64) float64 {
	sum := 0.0
	for _, row := range perCV {
		sum += average(row) / float64(len(perCV))
	}
	return sum
}

// matchingTable tells what each part does to the matchers.
func (a *ablation) matchingTable() results.Table {
	c := a.matching
	t := results.Table{Name: "rq3_matching", Title: "RQ3 on " + a.data.Name + ": what each stage adds to the matchers", Wide: true,
		Columns: []results.Column{{Key: "predictor", Name: "Predictor"}, {Key: "jds", Name: "JDs written by"},
			{Key: "auc", Name: "AUC", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "logloss", Name: "LogLoss", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "diff_auc", Name: "ΔAUC to GIRL", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_auc_p_holm", Name: "p (Holm)", Kind: results.KindPValue},
			{Key: "diff_logloss", Name: "ΔLogLoss to GIRL", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_logloss_p_holm", Name: "p (Holm)", Kind: results.KindPValue}},
		Notes: []string{
			fmt.Sprintf("%d test pairs, %d matched, from %d CV groups; %d seeds. 95 %% intervals and two-sided p-values from the paired bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects over this table.",
				c.Pairs, c.Positives, c.Groups, len(a.opts.Seeds)),
			"Every row had the same search over matcher settings on the same labelled pairs. The untuned LM's JDs tell nothing of the CV: what they change is not information.",
		}}
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
			t.Rows = append(t.Rows, results.TableRow{Rule: i == 0 && len(t.Rows) > 0, Cells: append(cells, contrastCells(c, id)...)})
		}
	}
	return t
}

// contrastCells are ΔAUC and ΔLogLoss of a system to what it was compared with, each with its corrected p-value.
func contrastCells(c *results.Comparison, id results.SystemID) []results.Cell {
	at := slices.IndexFunc(c.Contrasts, func(x results.ContrastResult) bool { return x.A == id })
	if at < 0 {
		return []results.Cell{results.Missing(), results.Missing(), results.Missing(), results.Missing()}
	}
	d := c.Contrasts[at]
	return []results.Cell{results.WithInterval(d.DiffAUC.Value, d.DiffAUC.Low, d.DiffAUC.High), results.Number(d.HolmAUC),
		results.WithInterval(d.DiffLogLoss.Value, d.DiffLogLoss.Low, d.DiffLogLoss.High), results.Number(d.HolmLogLoss)}
}

// coldTable shows the matchers in the four cells.
func (a *ablation) coldTable() results.Table {
	count := func(key, name string) results.Column {
		return results.Column{Key: key, Name: name, Kind: results.KindCount}
	}
	t := results.Table{Name: "rq3_cold", Title: "RQ3 on " + a.data.Name + ": cold start", Wide: true,
		Columns: []results.Column{{Key: "cell", Name: "Test pairs"}, count("pairs", "Pairs"), count("matched", "Matched"), count("cvs", "CVs"), {Key: "predictor", Name: "Predictor"}, {Key: "model", Name: "Model"},
			{Key: "auc", Name: "AUC", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "logloss", Name: "LogLoss", Kind: results.KindNumber, Digits: 4, Interval: true},
			{Key: "diff_auc", Name: "ΔAUC to Base", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_auc_p_holm", Name: "p (Holm)", Kind: results.KindPValue},
			{Key: "diff_logloss", Name: "ΔLogLoss to Base", Kind: results.KindSigned, Digits: 4, Interval: true},
			{Key: "diff_logloss_p_holm", Name: "p (Holm)", Kind: results.KindPValue}},
		Notes: []string{
			fmt.Sprintf("Cold: in no training or validation pair of the matcher. The pairs were divided anew and all six matchers tuned and trained again: %g %% of the JDs, drawn by lot, were taken out of training, and of the CVs that JDs are written for %g %% of the other pairs were kept for testing, beside the run's own test CVs. The writers have seen the texts of cold JDs in other CVs' pairs.",
				100*a.options.Cold.JDShare, 100*a.options.Cold.PairShare),
			fmt.Sprintf("%d seeds. 95 %% intervals and two-sided p-values from the paired bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects within a kind of test pairs. Base sees no generated JDs.", len(a.opts.Seeds)),
		}}
	for _, cell := range a.cold {
		counts := []results.Cell{results.Text(cell.name), results.Number(float64(cell.pairs)), results.Number(float64(cell.matched)), results.Number(float64(cell.cvs))}
		if cell.Comparison == nil {
			none := results.Missing()
			t.Rows = append(t.Rows, results.TableRow{Rule: len(t.Rows) > 0, Notes: []string{"Nothing to compare: " + cell.why + "."},
				Cells: append(counts, results.Text(""), results.Text(""), none, none, none, none, none, none)})
			continue
		}
		for i, s := range cell.Systems {
			cells := append(slices.Clone(counts), results.Text(s.ID.Predictor), results.Text(s.ID.Model),
				results.WithInterval(s.AUC.Value, s.AUC.Low, s.AUC.High), results.WithInterval(s.LogLoss.Value, s.LogLoss.Low, s.LogLoss.High))
			t.Rows = append(t.Rows, results.TableRow{Rule: i == 0 && len(t.Rows) > 0, Notes: warningNotes(s.AUC.Warnings),
				Cells: append(cells, contrastCells(cell.Comparison, s.ID)...)})
		}
	}
	return t
}
