package girl

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"genjobrec/results"
)

// PPOSamples is a table of JDs that PPO's evaluations kept to be read, in the first seed of a finished run: for up to so many validation
// CVs what the writer wrote after each of them, with the same random numbers. Of data whose texts may not be shown it has no rows, and says so.
func PPOSamples(ctx context.Context, runDir string, cvs int) (results.Table, error) {
	m, _, err := readManifest(runDir)
	if err != nil {
		return results.Table{}, err
	}
	d, _, err := OpenData(ctx, runDir)
	if err != nil {
		return results.Table{}, err
	}
	t := results.Table{Name: "ppo_samples", Title: fmt.Sprintf("What GIRL wrote while PPO trained it: %s, seed %d", d.Name, m.Seeds[0]),
		Columns: []results.Column{{Key: "cv", Name: "Validation CV"}, {Key: "round", Name: "Round", Kind: results.KindCount}, {Key: "score", Name: "Proxy reward", Kind: results.KindSigned, Digits: 2}, {Key: "jd", Name: "JD"}}}
	switch may, err := d.MayShowTexts(runDir); {
	case err != nil:
		return t, err
	case !may:
		t.Notes = []string{NoTexts}
		return t, nil
	}
	var report PPOReport
	if err := readJSON(filepath.Join(runDir, fmt.Sprintf("seed-%d", m.Seeds[0]), ppoHistory), &report); err != nil {
		return t, err
	}
	var shown []string
	for _, s := range report.Samples {
		if !slices.Contains(shown, s.CVID) && len(shown) < cvs {
			shown = append(shown, s.CVID)
		}
	}
	for _, cv := range shown {
		first := len(t.Rows) > 0
		for _, s := range report.Samples {
			if s.CVID == cv {
				t.Rows = append(t.Rows, results.TableRow{Rule: first, Cells: []results.Cell{results.Text(cv), results.Number(float64(s.Iteration)), results.Number(s.Score), results.Text(s.Text)}})
				first = false
			}
		}
	}
	t.Notes = []string{"Proxy reward: the reward model's normalised score on the training's own scale, that of a JD without an end being the penalty. Round 0 is GIRL-SFT."}
	return t, nil
}
