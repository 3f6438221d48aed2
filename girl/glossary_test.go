package girl

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"genjobrec/results"
)

// Every metric of the committed results in long form is explained, by its own term or by that of its base and of its ending, and nothing is explained
// that does not occur there.
func TestGlossaryExplainsTheResults(t *testing.T) {
	terms := map[string]bool{} // name → occurs
	for _, term := range Glossary() {
		if term.Where == LoggedResults {
			terms[term.Name] = false
		}
	}
	kind := regexp.MustCompile(`^(warm|cold-cv|cold-jd|both-cold)_`) // of the cold-start test
	ending := regexp.MustCompile(`^(.+?)(_test_low|_test_high|_delong_low|_delong_high|_delong_group_p|_delong_p|_p_holm|_p|_low|_high)$`)
	seen := 0
	for _, run := range []string{"paper-market", "paper-resume-jd-fit"} {
		for _, file := range []string{"results.csv", "rq3.csv", "rq4.csv"} {
			rows, err := results.ReadCSV(filepath.Join("..", "results", run, file))
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				seen++
				name := kind.ReplaceAllString(row.Metric, "")
				parts := []string{name}
				if m := ending.FindStringSubmatch(name); m != nil {
					if parts = m[1:]; slices.Contains([]string{"_low", "_high"}, m[2]) { // the head of the glossary's section
						parts = m[1:2]
					}
				}
				for _, p := range parts {
					if _, ok := terms[p]; !ok {
						t.Fatalf("%s/%s: %s of %q is not explained", run, file, p, row.Metric)
					}
					terms[p] = true
				}
			}
		}
	}
	for name, occurs := range terms {
		if !occurs {
			t.Errorf("%s is explained and occurs nowhere", name)
		}
	}
	if seen == 0 {
		t.Error("no metrics")
	}
}

func TestPPOSamplesTable(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, v any) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := writeJSON(filepath.Join(dir, name), v); err != nil {
			t.Fatal(err)
		}
	}
	c, err := NewConfig("smoke", nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.rawResolved()
	if err != nil {
		t.Fatal(err)
	}
	write(ManifestFile, manifest{Profile: "smoke", Seeds: []int{3}, Data: "market", Config: raw, Stages: []manifestStage{{stageRecord: stageRecord{Stage: evaluateStage}}}})
	write("seed-3/"+ppoHistory, PPOReport{Samples: []PPOSample{{0, "b", "first", -1}, {0, "a", "other", 0}, {5, "b", "better", 0.5}, {5, "c", "unseen", 1}}})
	table, err := PPOSamples(t.Context(), dir, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]results.Cell{
		{results.Text("b"), results.Number(0), results.Number(-1), results.Text("first")},
		{results.Text("b"), results.Number(5), results.Number(0.5), results.Text("better")},
		{results.Text("a"), results.Number(0), results.Number(0), results.Text("other")},
	}
	if len(table.Rows) != len(want) {
		t.Fatalf("%d rows, want %d: %+v", len(table.Rows), len(want), table.Rows)
	}
	for i, row := range table.Rows {
		if d := cmp.Diff(want[i], row.Cells, cmpopts.EquateNaNs()); d != "" {
			t.Errorf("row %d: %s", i, d)
		}
		if row.Rule != (i == 2) {
			t.Errorf("row %d: rule %t", i, row.Rule)
		}
	}
}
