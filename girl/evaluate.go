package girl

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"genjobrec/datasets"
	"genjobrec/eval"
	"genjobrec/results"
)

// gather reads the scores or generated rows that every seed left.
func gather[T any](r *run, file string, read func(string) ([]T, error)) ([]T, error) {
	var all []T
	for _, seed := range r.opts.Seeds {
		rows, err := read(filepath.Join(r.seedDir(seed), file))
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// scores streams the scores that every seed left: all at once they need not fit into memory here. Those of one seed must where they are
// made (match), and those of all seeds in the studies (ablate, sweep).
func (r *run) scores() iter.Seq2[results.ScoreRow, error] {
	return func(yield func(results.ScoreRow, error) bool) {
		for _, seed := range r.opts.Seeds {
			for row, err := range results.Scores(filepath.Join(r.seedDir(seed), scoresFile)) {
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

func (r *run) seedDir(seed int) string { return filepath.Join(r.dir, fmt.Sprintf("seed-%d", seed)) }

// evaluateStage is the last stage of a run.
const evaluateStage = "evaluate"

// evaluate gathers all seeds' scores and generated JDs and writes metrics, tables, figures and the page.
func (r *run) evaluate() error {
	var keys []string
	for _, s := range r.stages {
		if s.Stage == "match" {
			keys = append(keys, s.Key)
		}
	}
	slices.Sort(keys) // seeds finish in any order
	state := []any{reportVersion, keys, r.opts.Seeds, r.cfg.Eval, r.cfg.Split.Seed, r.data.Name}
	key, err := stageKey(evaluateStage, state)
	if err != nil {
		return err
	}
	outputs := slices.Concat([]string{scoresFile, generatedFile, "results.csv", "results.parquet", "results.arrow", sectionsDir + "/run.json", sectionsDir + "/data.json", sectionsDir + "/rq2.json"},
		tableFiles(evaluateTables...), figureFiles(evaluateFigures...))
	_, err = r.stage(r.dir, evaluateStage, append(state, r.showsTexts()), outputs, func(rec *stageRecord) error {
		return r.evaluateInto(key, rec)
	})
	if err != nil {
		return err
	}
	if err := r.renderPage(); err != nil {
		return err
	}
	return r.show("rq2", "rq2_differences", "training")
}

// What the evaluation leaves in tables and figures; studies add theirs.
var (
	evaluateTables  = slices.Concat([]string{"data"}, matchingTables, calibrationTables, []string{"training"})
	evaluateFigures = slices.Concat([]string{"data_lengths"}, matchingFigures, calibrationFigures, []string{"ppo"})
)

// evaluateInto does the evaluation; key stands for the state of the run.
func (r *run) evaluateInto(key string, rec *stageRecord) error {
	if err := r.beginPage(key); err != nil {
		return err
	}
	if err := r.saveData(); err != nil {
		return err
	}
	generated, err := gather(r, generatedFile, results.ReadGenerated)
	if err != nil {
		return err
	}
	if err := errors.Join(results.CopyScores(r.path(scoresFile), r.scores()), results.WriteGenerated(r.path(generatedFile), generated)); err != nil {
		return err
	}
	rq2, err := r.rq2(results.Scores(r.path(scoresFile)), nil)
	if err != nil {
		return err
	}
	stages, err := r.trainingReport(generated)
	if err != nil {
		return err
	}
	rows := append(rq2.Rows("rq2"), stages.rows...)
	if err := errors.Join(results.WriteCSV(r.path("results.csv"), rows), results.WriteParquet(r.path("results.parquet"), rows),
		results.WriteArrow(r.path("results.arrow"), rows)); err != nil {
		return err
	}
	if err := r.saveMatching(rq2); err != nil {
		return err
	}
	curves := captioned{stages.figure, "PPO", "PPO round by round: rewards, KL to GIRL-SFT, entropy and length on validation CVs, and the share of clipped tokens in the updates."}
	training, err := pageSection("training", "Training", stages.tables, []captioned{curves})
	if err != nil {
		return err
	}
	if err := errors.Join(results.WriteTables(r.path("tables"), stages.tables...), results.WriteFigures(r.path("figures"), stages.figure), r.savePage(key, training, generated)); err != nil {
		return err
	}
	for _, w := range rq2.Warnings {
		rec.Notes = append(rec.Notes, "warning: "+string(w))
	}
	return nil
}

func (r *run) path(name string) string { return filepath.Join(r.dir, name) }

// replaceIn empties a folder of earlier results and fills it anew.
func replaceIn(parent, name string, fill func(dir string) error) error {
	dir := filepath.Join(parent, name)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return fill(dir)
}

// show prints finished tables.
func (r *run) show(names ...string) error {
	for _, n := range names {
		text, err := os.ReadFile(filepath.Join(r.path("tables"), n+".md"))
		if err != nil {
			return err
		}
		r.report.Linef("\n%s", strings.TrimSpace(string(text)))
	}
	r.report.Linef("\n%s, tables, figures, %s, %s and %s are in %s", pageFile, scoresFile, generatedFile, ManifestFile, r.dir)
	return nil
}

// rq2 judges the matchers on the test pairs, with the Bayes ceiling on the market. step, if not nil, is told what comes next.
func (r *run) rq2(scores iter.Seq2[results.ScoreRow, error], step func(next string)) (*results.RQ2Report, error) {
	in := results.RQ2Input{Dataset: r.data.Name, Stream: scores, BootstrapResamples: r.cfg.Eval.Resamples, Seed: uint64(r.cfg.Split.Seed), Step: step}
	kept, err := r.girlKeptStart()
	if err != nil {
		return nil, err
	}
	if kept != "" {
		in.Warnings = append(in.Warnings, eval.Warning(kept))
	}
	if m := r.data.Market; m != nil {
		ceiling, err := m.Ceiling(r.data.Assignment.Pairs(r.data.Dataset, datasets.Test))
		if err != nil {
			return nil, err
		}
		in.CeilingAUC, in.CeilingLogLoss = &ceiling.ExpectedAUC, &ceiling.ExpectedLogLoss
		in.Truth = m.Accept
	}
	return results.RQ2(in)
}

// matchingFigures are the figures of the second research question with their captions.
func (r *run) matchingFigures(rq2 *results.RQ2Report) ([]captioned, error) {
	roc, err := rq2.ROCFigure()
	if err != nil {
		return nil, err
	}
	reliability, err := rq2.ReliabilityFigure()
	if err != nil {
		return nil, err
	}
	truth := ""
	if r.data.Market != nil {
		truth = " The black curve is that of the true probabilities, in expectation over the labels."
	}
	out := []captioned{
		{rq2.Figure(), "Matching", "AUC and LogLoss of the six matchers on the test pairs: means over seeds with 95 % intervals, single seeds as small rings, baselines as dashed lines" + r.ceilingWords() + "."},
		{roc, "ROC curves", "Above: ROC curves of the matchers, means over seeds by vertical averaging, single seeds thin and pale, and the areas, whose intervals are in the table." + truth +
			" Below: by how much the true positive rate lies above that of Base at the same false positive rate, with pointwise 95 % intervals over CV groups and seeds."},
	}
	if reliability == nil { // without scores of validation pairs
		return out, nil
	}
	return append(out, captioned{reliability, "Reliability", "Observed share of matches against the predicted probability in ten bins of equal width, as the matchers are and after logistic recalibration by validation (see the tables), " +
		"with 95 % intervals from the bootstrap over CV groups, which hold the spread between these only, not that between seeds (a ring: none, as fewer than five groups are in the bin, or all or none of its pairs match), and the number of pairs a seed in each bin. Runs of all seeds are pooled within a bin."}), nil
}

// openReport opens a finished run to report on it again: with its data, config and seeds, but without a backend or a lock.
func openReport(ctx context.Context, runDir string) (*run, error) {
	d, c, err := OpenData(ctx, runDir)
	if err != nil {
		return nil, err
	}
	m, _, err := readManifest(runDir)
	if err != nil {
		return nil, err
	}
	return &run{ctx: ctx, cfg: c, dir: runDir, data: d, opts: Options{Seeds: m.Seeds}, of: len(m.Seeds)}, nil
}
