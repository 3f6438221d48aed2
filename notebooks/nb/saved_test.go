package nb

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"genjobrec/results"
)

func TestSavedTable(t *testing.T) {
	dir := t.TempDir()
	want := results.Table{Name: "rq3_cold", Title: "Cold start", Columns: []results.Column{{Key: "auc", Name: "AUC", Kind: results.KindNumber, Digits: 4, Interval: true}},
		Rows: []results.TableRow{{Cells: []results.Cell{results.WithInterval(0.7, 0.6, 0.8)}}, {Cells: []results.Cell{results.Missing()}, Notes: []string{"Nothing to compare."}}}}
	if _, err := savedTable(dir, want.Name); err == nil || !strings.Contains(err.Error(), "rq3_cold") {
		t.Errorf("a table that is not there: error %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "page"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, tables := range map[string][]results.Table{"rq1": {{Name: "rq1"}}, "rq3": {{Name: "rq3"}, want}} {
		data, err := json.Marshal(results.PageSection{Name: name, Tables: tables})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "page", name+".json"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := savedTable(dir, want.Name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	own, err := json.Marshal(map[string]any{"Key": "k", "Page": results.Page{Sections: []results.PageSection{{Name: "training", Tables: []results.Table{{Name: "training", Title: "SFT"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "page", "run.json"), own, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err = savedTable(dir, "training"); err != nil || got.Title != "SFT" {
		t.Errorf("the run's own table: %+v, error %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "page", "rq2.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := savedTable(dir, want.Name); err == nil || !strings.Contains(err.Error(), "rq2.json") {
		t.Errorf("a spoilt section: error %v", err)
	}
}

func TestSavedFigureIsMissing(t *testing.T) {
	t.Setenv(RunVariable, t.TempDir())
	if err := ShowSavedFigure("rq3_ppo"); err == nil || !strings.Contains(err.Error(), "rq3_ppo.png") {
		t.Errorf("error %v", err)
	}
}

// What a study could not make is said in a sentence; a study that is not there is an error.
func TestOtherwise(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(RunVariable, dir)
	for what, show := range map[string]func(string) error{
		"table":  func(name string) error { return ShowSavedTableOr("rq2", name, "why") },
		"figure": func(name string) error { return ShowSavedFigureOr("rq2", name, "why") },
	} {
		if err := show("x"); err == nil || !strings.Contains(err.Error(), "rq2.json is not there") {
			t.Errorf("%s of a study that is not there: error %v", what, err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "page"), 0o755); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(results.PageSection{Name: "rq2", Figures: []results.PageFigure{{Name: "f"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "page", "rq2.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	// Here nothing can be shown: that the sentence is tried says that no table or file was looked for.
	if err := ShowSavedTableOr("rq2", "x", "why"); !errors.Is(err, errNoNotebook) {
		t.Errorf("a table that is not there: error %v", err)
	}
	if err := ShowSavedFigureOr("rq2", "x", "why"); !errors.Is(err, errNoNotebook) {
		t.Errorf("a figure that is not there: error %v", err)
	}
	if err := ShowSavedFigureOr("rq2", "f", "why"); err == nil || !strings.Contains(err.Error(), "f.png") {
		t.Errorf("a figure that the study made and whose file is gone: error %v", err)
	}
}
