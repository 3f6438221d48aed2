package girl

import (
	"context"
	"slices"

	"genjobrec/datasets"
	"genjobrec/results"
)

// What the second research question leaves in tables and figures: always, and where there are scores of validation pairs.
var (
	matchingTables     = []string{"rq2", "rq2_differences", "rq2_delong"}
	matchingFigures    = []string{"rq2", "rq2_roc"}
	calibrationTables  = []string{"rq2_calibration", "rq2_calibration_differences"}
	calibrationFigures = []string{"rq2_reliability"}
)

// matchingStage answers the second research question once more from the scores of a finished run.
const matchingStage = "matching"

// Matching computes the report of the second research question anew from the scores of a finished run, as the run itself did, and leaves
// tables, figures and findings named rq2 in its folder. What is there already is not computed again.
func Matching(ctx context.Context, runDir string, report *Reporter) error {
	r, err := reopen(ctx, runDir, report)
	if err != nil {
		return err
	}
	defer r.close()
	scores, err := hashFile(r.path(scoresFile))
	if err != nil {
		return err
	}
	validated, err := r.scoredValidation()
	if err != nil {
		return err
	}
	tables, figures := matchingTables, matchingFigures
	if validated {
		tables, figures = slices.Concat(tables, calibrationTables), slices.Concat(figures, calibrationFigures)
	}
	outputs := slices.Concat([]string{sectionsDir + "/rq2.json"}, tableFiles(tables...), figureFiles(figures...))
	state := []any{reportVersion, scores, r.opts.Seeds, r.cfg.Eval, r.cfg.Split.Seed, r.data.Name}
	_, err = r.stage(r.dir, matchingStage, state, outputs, func(rec *stageRecord) error {
		done, total := 0, results.RQ2Steps+1 // and the figures
		step := func(next string) {
			rec.progress.At(done, total, next)
			done++
		}
		rq2, err := r.rq2(results.Scores(r.path(scoresFile)), step)
		if err != nil {
			return err
		}
		step("drawing the figures")
		if err := r.saveMatching(rq2); err != nil {
			return err
		}
		step("all drawn")
		return r.renderPage()
	})
	return err
}

// saveMatching leaves the answer to the second research question in the run's folder.
func (r *run) saveMatching(rq2 *results.RQ2Report) error {
	figures, err := r.matchingFigures(rq2)
	if err != nil {
		return err
	}
	return r.saveSection("rq2", "RQ2: do written job descriptions improve the matcher?", rq2.Findings(), rq2.Tables(), figures...)
}

// scoredValidation reports whether there are scores of validation pairs, without which nobody can be recalibrated.
func (r *run) scoredValidation() (bool, error) {
	for row, err := range results.Scores(r.path(scoresFile)) {
		if err != nil {
			return false, err
		}
		if row.Split == string(datasets.Valid) {
			return true, nil
		}
	}
	return false, nil
}
