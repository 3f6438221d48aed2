package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genjobrec/results"
)

// quickArgs are the command line of a run that trains as little as possible.
func quickArgs(data, out string) []string {
	return []string{"run", "-data", data, "-profile", "smoke", "-out", out, "-set", "sft.epochs=1", "-set", "ppo.iterations=1", "-set", "model.max_prompt=24",
		"-set", "model.max_response=16", "-set", "tokenizer.vocab=320", "-set", "recommend.trials=1", "-set", "recommend.max_steps=15"}
}

// quickRun trains as little as possible on a dataset folder.
func quickRun(t *testing.T, data string, more ...string) (out, stdout string) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "run")
	code, stdout, stderr := girlCommand(t, append(quickArgs(data, out), more...)...)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return out, stdout
}

// splits reads splits.csv: cv_id → split.
func splits(t *testing.T, run string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(run, "splits.csv"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, ",")
		out[f[0]] = f[1]
	}
	return out
}

// cut keeps the CVs for which keep holds, with their pairs.
func (tab *tables) cut(keep func(i int) bool) *tables {
	out := &tables{jds: tab.jds}
	ids := map[string]bool{}
	for i, c := range tab.cvs {
		if keep(i) {
			out.cvs = append(out.cvs, c)
			ids[c.ID] = true
		}
	}
	for _, p := range tab.pairs {
		if ids[p.CVID] {
			out.pairs = append(out.pairs, p)
		}
	}
	return out
}

func TestExplicitTestSet(t *testing.T) {
	data := goodTables().cut(func(i int) bool { return i < 9 }).write(t)
	test := goodTables().cut(func(i int) bool { return i >= 9 }).write(t)
	run, _ := quickRun(t, data, "-test", test, "-set", "split.valid_share=0.3")
	got := splits(t, run)
	if got["ctailor"] != "test" || got["cmason"] != "test" || got["cflorist"] != "test" || got["cnurse"] == "test" {
		t.Errorf("the test set is not the one given: %v", got)
	}
	overlap := goodTables().cut(func(i int) bool { return i >= 8 }).write(t)
	code, _, stderr := girlCommand(t, "run", "-data", data, "-test", overlap, "-profile", "smoke", "-out", filepath.Join(t.TempDir(), "x"))
	if code != exitError || !strings.Contains(stderr, "ccook") {
		t.Errorf("a CV on both sides: exit code %d, error %q, want one that shows the id", code, stderr)
	}
}

func TestExplicitSplitColumn(t *testing.T) {
	tab := goodTables()
	dir := tab.write(t)
	var rows []splitPairRow
	for i, p := range tab.pairs {
		rows = append(rows, splitPairRow{p.CVID, p.JDID, p.Label, []string{"train", "train", "valid", "test"}[i/2%4]})
	}
	write(t, dir, "pairs.parquet", rows)
	run, _ := quickRun(t, dir)
	got := splits(t, run)
	if got["cplumber"] != "train" || got["ctranslator"] != "valid" || got["cbaker"] != "test" {
		t.Errorf("the split column does not rule: %v", got)
	}
}

// TestUnlabelledCVs: CVs without pairs join the prompts, near-duplicates of held-out CVs do not.
func TestUnlabelledCVs(t *testing.T) {
	tab := goodTables()
	dir := tab.write(t)
	var rows []splitPairRow
	for i, p := range tab.pairs {
		rows = append(rows, splitPairRow{p.CVID, p.JDID, p.Label, []string{"train", "train", "valid", "test"}[i/2%4]})
	}
	write(t, dir, "pairs.parquet", rows)
	more := filepath.Join(t.TempDir(), "more.csv")
	if err := os.WriteFile(more, []byte("cv_id,cv\nu1,A gardener who likes roses and hedges and lawns of every kind\nu2,\""+tab.cvs[3].Text+"\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, stdout := quickRun(t, dir, "-cvs", more)
	if !strings.Contains(stdout, "1 unlabelled CVs are near-duplicates") {
		t.Errorf("the copy of a test CV was not left out:\n%s", stdout)
	}
	code, _, stderr := girlCommand(t, "run", "-data", dir, "-cvs", filepath.Join(t.TempDir(), "none.csv"), "-profile", "smoke", "-out", filepath.Join(t.TempDir(), "x"))
	if code != exitError || !strings.Contains(stderr, "none.csv") {
		t.Errorf("a missing -cvs file: exit code %d, error %q", code, stderr)
	}
}

// TestScoreWithoutLabels: new pairs need no labels; their CVs and JDs are marked as unknown to the matchers.
func TestScoreWithoutLabels(t *testing.T) {
	dir := finishedRun(t)
	type bare struct {
		CVID string `parquet:"cv_id"`
		JDID string `parquet:"jd_id"`
	}
	tab := goodTables()
	pairs := tab.write(t)
	write(t, pairs, "pairs.parquet", []bare{{"cnurse", "jnurse"}, {"cnurse", "jcook"}, {"cbaker", "jcook"}})
	out := filepath.Join(t.TempDir(), "new.parquet")
	if code, _, stderr := girlCommand(t, "score", "-run", dir, "-pairs", pairs, "-out", out); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	rows, err := results.ReadScores(out)
	if err != nil {
		t.Fatal(err)
	}
	// Three pairs, six matchers and four baselines, two seeds.
	if want := 3 * 10 * 2; len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	for _, r := range rows {
		if r.Label != results.Unjudged || r.Split != results.NewPairs || !r.ColdCV || !r.ColdJD {
			t.Fatalf("a new pair came out as %+v", r)
		}
	}
	code, _, stderr := girlCommand(t, "score", "-run", dir, "-pairs", filepath.Join(pairs, "nowhere"), "-out", out+"2")
	if _, err := os.Stat(out + "2"); code != exitError || !strings.Contains(stderr, "nowhere") || err == nil {
		t.Errorf("missing pairs: exit code %d, error %q", code, stderr)
	}
}

func TestUnfinishedRunIsRefused(t *testing.T) {
	dir := copyRun(t)
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	data = []byte(strings.ReplaceAll(string(data), `"stage": "evaluate"`, `"stage": "other"`))
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := girlCommand(t, "score", "-run", dir, "-pairs", goodTables().write(t), "-out", filepath.Join(dir, "x.parquet"))
	if code != exitError || !strings.Contains(stderr, "not finished") {
		t.Errorf("exit code %d, error %q", code, stderr)
	}
}
