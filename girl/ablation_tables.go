package girl

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"genjobrec/eval"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

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
			"Gold reward is the true acceptance probability, known on the synthetic market only; proxy reward is the reward model's score, normalised on samples of GIRL-SFT for every row alike. " +
				fmt.Sprintf("A JD that does not end has proxy reward %g in place of its own.", a.cfg.PPO.EOSPenalty),
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
	if a.data.Market == nil { // nobody knows the gold reward
		t.Columns = slices.Delete(t.Columns, 1, 2)
		for i := range t.Rows {
			t.Rows[i].Cells = slices.Delete(t.Rows[i].Cells, 1, 2)
		}
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
		Columns: []results.Column{{Key: "cell", Name: "Test pairs"}, count("pairs", "Pairs"), count("matched", "Matched"), {Key: "matched_share", Name: "Share matched", Kind: results.KindNumber, Digits: 3},
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
