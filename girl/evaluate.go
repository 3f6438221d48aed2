package girl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"genjobrec/datasets"
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
	outputs := []string{scoresFile, generatedFile, "results.csv", "results.parquet", "results.arrow", "tables", "figures", pageFile}
	_, err := r.stage(r.dir, evaluateStage, []any{keys, r.opts.Seeds, r.cfg.Eval, r.cfg.Split.Seed, r.data.Name, r.showsTexts()}, outputs, func(rec *stageRecord) error {
		scores, err := gather(r, scoresFile, results.ReadScores)
		if err != nil {
			return err
		}
		generated, err := gather(r, generatedFile, results.ReadGenerated)
		if err != nil {
			return err
		}
		if err := errors.Join(results.WriteScores(r.path(scoresFile), scores), results.WriteGenerated(r.path(generatedFile), generated)); err != nil {
			return err
		}
		rq2, err := r.rq2(scores)
		if err != nil {
			return err
		}
		stages, err := r.trainingReport(generated)
		if err != nil {
			return err
		}
		rows := append(rq2.Rows("rq2"), stages.rows...)
		tables := append(rq2.Tables(), stages.tables...)
		if err := r.replace("tables", func(dir string) error { return results.WriteTables(dir, tables...) }); err != nil {
			return err
		}
		if err := r.replace("figures", func(dir string) error { return results.WriteFigures(dir, rq2.Figure(), stages.figure) }); err != nil {
			return err
		}
		if err := errors.Join(results.WriteCSV(r.path("results.csv"), rows), results.WriteParquet(r.path("results.parquet"), rows),
			results.WriteArrow(r.path("results.arrow"), rows)); err != nil {
			return err
		}
		if err := r.writePage(tables, rq2.Figure(), stages.figure, generated); err != nil {
			return err
		}
		for _, w := range rq2.Warnings {
			rec.Notes = append(rec.Notes, "warning: "+string(w))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.show("rq2", "rq2_differences", "training")
}

func (r *run) path(name string) string { return filepath.Join(r.dir, name) }

// replace empties a folder of earlier results in the run's folder and fills it anew.
func (r *run) replace(name string, fill func(dir string) error) error {
	return replaceIn(r.dir, name, fill)
}

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

// rq2 judges the matchers on the test pairs, with the Bayes ceiling on the market.
func (r *run) rq2(scores []results.ScoreRow) (*results.RQ2Report, error) {
	in := results.RQ2Input{Dataset: r.data.Name, Scores: scores, BootstrapResamples: r.cfg.Eval.Resamples, Seed: uint64(r.cfg.Split.Seed)}
	if m := r.data.Market; m != nil {
		ceiling, err := m.Ceiling(r.data.Assignment.Pairs(r.data.Dataset, datasets.Test))
		if err != nil {
			return nil, err
		}
		in.CeilingAUC, in.CeilingLogLoss = &ceiling.ExpectedAUC, &ceiling.ExpectedLogLoss
	}
	return results.RQ2(in)
}
