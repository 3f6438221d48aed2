package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genjobrec/results"
)

// The setting that the run itself had must give the run's own JDs and the scores of its own GIRL matchers, and K = 0 those of
// Base: then every other setting differs from the run in nothing but the setting.
func TestSweepContainsTheRun(t *testing.T) {
	dir := copyRun(t)
	args := []string{"sweep", "-run", dir, "-k", "1,3", "-temperatures", "0.4,0.7"}
	if code, _, stderr := girlCommand(t, args...); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, f := range []string{"tables/rq4.md", "tables/rq4.tex", "tables/rq4.csv", "figures/rq4_samples.png", "figures/rq4_temperature.svg", "rq4.csv"} {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil || info.Size() == 0 {
			t.Errorf("%s is missing or empty", f)
		}
	}
	const own = "K=002 T=0.70" // as in the smoke profile
	texts := map[string]string{}
	for _, r := range must(results.ReadGenerated(filepath.Join(dir, "seed-1", "generated.parquet")))(t) {
		if r.Model == "GIRL" {
			texts[r.CVID] += r.Text
		}
	}
	for _, r := range must(results.ReadGenerated(filepath.Join(dir, "seed-1", "rq4", "k003-t0.70.parquet")))(t) { // of which K = 2 has the first two
		if r.K < 2 {
			texts[r.CVID] = texts[r.CVID][len(r.Text):]
		}
	}
	for cv, left := range texts {
		if left != "" {
			t.Fatalf("CV %s: the sweep's JDs are not the run's", cv)
		}
	}
	type key struct{ model, predictor, cv, jd string }
	scores := map[key]float64{}
	for _, s := range must(results.ReadScores(filepath.Join(dir, "seed-1", "scores.parquet")))(t) {
		if s.Split == "test" {
			scores[key{s.Model, s.Predictor, s.CVID, s.JDID}] = s.Score
		}
	}
	compared, moved := 0, 0
	for _, s := range must(results.ReadScores(filepath.Join(dir, "seed-1", "rq4", "scores.parquet")))(t) {
		model, ok := map[string]string{"Base": "Base", own: "GIRL"}[s.Model]
		want := scores[key{"GIRL", s.Predictor, s.CVID, s.JDID}]
		if !ok {
			if s.Score != want {
				moved++
			}
			continue
		}
		compared++
		if want := scores[key{model, s.Predictor, s.CVID, s.JDID}]; s.Score != want {
			t.Fatalf("%s (%s) scores %s, %s with %g, the run's %s with %g", s.Model, s.Predictor, s.CVID, s.JDID, s.Score, model, want)
		}
	}
	if compared == 0 || moved == 0 {
		t.Errorf("%d scores compared, %d moved by other settings", compared, moved)
	}

	before := must(os.ReadFile(filepath.Join(dir, "rq4.csv")))(t)
	if err := os.Remove(filepath.Join(dir, "rq4.csv")); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := girlCommand(t, args...); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if after := must(os.ReadFile(filepath.Join(dir, "rq4.csv")))(t); string(after) != string(before) {
		t.Error("rq4.csv is not restored to the same bytes")
	}

	// girl verify knows what the study shows.
	if code, stdout, stderr := girlCommand(t, "verify", dir); code != exitOK {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	flip(t, filepath.Join(dir, "rq4.csv"))
	must(0, os.Remove(filepath.Join(dir, "figures", "rq4_samples.png")))(t)
	_, stdout, _ := girlCommand(t, "verify", dir)
	for _, want := range []string{"rq4.csv has changed", "figures/rq4_samples.png is missing"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not mentioned:\n%s", want, stdout)
		}
	}
}

func TestSweepRefuses(t *testing.T) {
	dir := copyRun(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-k", "0"}, "K = 0 is out of range"},
		{[]string{"-k", "x"}, `"x" is not a whole number`},
		{[]string{"-k", "", "-temperatures", "-1"}, "temperature -1 is out of range"},
		{[]string{"-k", "", "-temperatures", ""}, "nothing to vary"},
	} {
		code, _, stderr := girlCommand(t, append([]string{"sweep", "-run", dir}, c.args...)...)
		checkRefused(t, c.args, code, stderr, c.want)
	}
	code, _, stderr := girlCommand(t, "sweep", "-run", t.TempDir())
	checkRefused(t, nil, code, stderr, "is not the folder of a run")
	if err := editManifest(filepath.Join(dir, "manifest.json"), func(config map[string]any) { config["market.seed"] = 2 }); err != nil {
		t.Fatal(err)
	}
	before := readAll(t, dir, []string{"splits.csv"})
	code, _, stderr = girlCommand(t, "sweep", "-run", dir)
	checkRefused(t, nil, code, stderr, "have changed since")
	if after := readAll(t, dir, []string{"splits.csv"}); after["splits.csv"] != before["splits.csv"] {
		t.Error("splits.csv is of the new data although they were refused")
	}
}

func checkRefused(t *testing.T, args []string, code int, stderr, want string) {
	t.Helper()
	if code == exitOK || !strings.Contains(stderr, want) {
		t.Errorf("%v: exit code %d, %q, want an error with %q", args, code, stderr, want)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
