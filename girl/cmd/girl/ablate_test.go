package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genjobrec/results"
)

// The ablation of the smoke run: its numbers are recomputed from its files by brute force, full GIRL and Base are the run's own, and
// a second call trains nothing and leaves the same bytes, a figure that was deleted included.
func TestAblate(t *testing.T) {
	dir := copyRun(t)
	args := []string{"ablate", "-run", dir, "-best-of", "3", "-cold-jds", "0.3"}
	code, stdout, stderr := girlCommand(t, args...)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"without SFT", "without reward normalisation", "without KL penalty", "best of 3", "untuned LM", "both cold"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the tables do not mention %q", want)
		}
	}
	type number struct{ model, predictor, metric string }
	table := map[number]float64{}
	for _, r := range must(results.ReadCSV(filepath.Join(dir, "rq3.csv")))(t) {
		if r.Seed == 2 {
			table[number{r.Model, r.Predictor, r.Metric}] = r.Value
		}
	}
	own, more := must(results.ReadScores(filepath.Join(dir, "seed-2", "scores.parquet")))(t), must(results.ReadScores(filepath.Join(dir, "seed-2", "rq3", "scores.parquet")))(t)
	pick := func(rows []results.ScoreRow, model, predictor, split string, keep func(results.ScoreRow) bool) (out []results.ScoreRow) {
		for _, r := range rows {
			if r.Model == model && r.Predictor == predictor && r.Split == split && (keep == nil || keep(r)) {
				out = append(out, r)
			}
		}
		return out
	}
	for _, c := range []struct {
		model, predictor string
		rows             []results.ScoreRow
	}{
		{"GIRL", "MLP", own}, {"Base", "Dot", own}, {"Base", "Dot", more}, {"GIRL without SFT", "Dot", more}, {"reward model only", "MLP", more}, {"untuned LM", "MLP", more},
	} {
		rows := pick(c.rows, c.model, c.predictor, "test", nil)
		if got, want := table[number{c.model, c.predictor, "auc"}], bruteAUC(rows); len(rows) == 0 || math.Abs(got-want) > 1e-12 {
			t.Errorf("AUC of %s (%s): %g in rq3.csv, %g from %d scores", c.model, c.predictor, got, want, len(rows))
		}
		if got, want := table[number{c.model, c.predictor, "logloss"}], meanLogLoss(rows); math.Abs(got-want) > 1e-12 {
			t.Errorf("LogLoss of %s (%s): %g in rq3.csv, %g from the scores", c.model, c.predictor, got, want)
		}
	}
	cold := must(results.ReadScores(filepath.Join(dir, "seed-2", "rq3", "cold-scores.parquet")))(t)
	for name, keep := range map[string]func(results.ScoreRow) bool{
		"warm":      func(r results.ScoreRow) bool { return !r.ColdCV && !r.ColdJD },
		"cold-cv":   func(r results.ScoreRow) bool { return r.ColdCV && !r.ColdJD },
		"cold-jd":   func(r results.ScoreRow) bool { return !r.ColdCV && r.ColdJD },
		"both-cold": func(r results.ScoreRow) bool { return r.ColdCV && r.ColdJD },
	} {
		rows := pick(cold, "GIRL", "MLP", "cold-start", keep)
		if got, want := table[number{"GIRL", "MLP", name + "_auc"}], bruteAUC(rows); len(rows) == 0 || math.Abs(got-want) > 1e-12 {
			t.Errorf("AUC of GIRL (MLP) on %s pairs: %g in rq3.csv, %g from %d scores", name, got, want, len(rows))
		}
	}
	mean := func(rows []results.GeneratedRow, model string) float64 {
		sum, n, test := 0.0, 0.0, splits(t, dir)
		for _, r := range rows {
			if r.Model == model && test[r.CVID] == "test" {
				sum, n = sum+r.Reward, n+1
			}
		}
		return sum / n
	}
	best := must(results.ReadGenerated(filepath.Join(dir, "seed-2", "rq3", "reward-model-only.parquet")))(t)
	plain := must(results.ReadGenerated(filepath.Join(dir, "seed-2", "generated.parquet")))(t)
	got, want := table[number{"reward model only", "", "proxy_reward"}], mean(best, "reward model only")
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("proxy reward of best-of-3: %g in rq3.csv, %g from its JDs", got, want)
	}
	if sft := mean(plain, "GIRL-SFT"); want <= sft {
		t.Errorf("the best of 3 JDs have reward %g, GIRL-SFT's JDs %g", want, sft)
	}

	files := []string{"rq3.csv", "tables/rq3.md", "tables/rq3_matching.tex", "tables/rq3_cold.csv", "figures/rq3.png", "figures/rq3_training.svg", "figures/rq3_ppo.png",
		"figures/rq3_overoptimisation.pdf", "figures/rq3_cold.png", "index.html"}
	before := readAll(t, dir, files)
	if err := os.Remove(filepath.Join(dir, "figures", "rq3_ppo.png")); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = girlCommand(t, args...)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if strings.Contains(stdout, "done in") {
		t.Errorf("the second call did something again:\n%s", stdout)
	}
	for name, data := range readAll(t, dir, files) {
		if data != before[name] {
			t.Errorf("%s has other bytes after the second call", name)
		}
	}
	if !strings.Contains(before["index.html"], "RQ3") {
		t.Error("the page does not show the ablation")
	}
}

func TestAblateRefuses(t *testing.T) {
	dir := copyRun(t)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "-run"},
		{[]string{"-run", dir, "-best-of", "1"}, exitError, "best of 1"},
		{[]string{"-run", dir, "-best-of", "100000"}, exitError, "best of 100000"},
		{[]string{"-run", dir, "-cold-jds", "1"}, exitError, "share of JDs"},
		{[]string{"-run", dir, "-cold-pairs", "0"}, exitError, "share of pairs"},
		{[]string{"-run", t.TempDir()}, exitError, "not the folder of a run"},
	} {
		args := append([]string{"ablate"}, c.args...)
		code, _, stderr := girlCommand(t, args...)
		if code != c.code {
			t.Errorf("%v: exit code %d, want %d", c.args, code, c.code)
		}
		checkRefused(t, args, code, stderr, c.want)
	}
}
