package results

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

var goodScore = ScoreRow{
	CVID: "c1", JDID: "j1", Label: 1, Model: "GIRL", Predictor: "MLP", Split: "test", Seed: 7, Score: 0.25,
	ColdCV: true, CVGroup: "g1",
}

var goodGenerated = GeneratedRow{
	CVID: "c1", Model: "GIRL", K: 2, Seed: 7, Text: "招聘 engineer | \"remote\"\n", Tokens: 9, LogProb: -12.5, Reward: 0.75,
}

func TestScoresRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scores.parquet")
	want := simulate(300, 2)
	w, err := CreateScores(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	// Several batches, as a stage would write them.
	if err := w.Write(want[:100]...); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is visible before it is complete")
	}
	if err := w.Write(want[100:]...); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := ReadScores(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	// A reader may stop early.
	for row, err := range Scores(path) {
		if err != nil || row != want[0] {
			t.Errorf("first row %+v, %v", row, err)
		}
		break
	}
	onlyFile(t, filepath.Dir(path), "scores.parquet")
}

func TestGeneratedRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "generated.parquet")
	silent := goodGenerated
	silent.Text, silent.Tokens = "", 0
	want := []GeneratedRow{goodGenerated, silent}
	if err := WriteGenerated(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadGenerated(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestRefusedRows(t *testing.T) {
	for _, tc := range []struct {
		name string
		edit func(*ScoreRow)
		want string
	}{
		{"NaN", func(r *ScoreRow) { r.Score = math.NaN() }, "score is NaN"},
		{"infinite", func(r *ScoreRow) { r.Score = math.Inf(1) }, "score is +Inf"},
		{"raw score", func(r *ScoreRow) { r.Score = 1.5 }, "probability"},
		{"label", func(r *ScoreRow) { r.Label = 2 }, "label is 2"},
		{"id", func(r *ScoreRow) { r.JDID = "" }, "id is empty"},
		{"model", func(r *ScoreRow) { r.Model = "" }, "model is empty"},
		{"seed", func(r *ScoreRow) { r.Seed = -1 }, "seed is -1"},
	} {
		path := filepath.Join(t.TempDir(), "scores.parquet")
		bad := goodScore
		tc.edit(&bad)
		err := WriteScores(path, []ScoreRow{goodScore, bad})
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "row 2") || !strings.Contains(err.Error(), `cv_id "c1"`) {
			t.Errorf("%s: error = %v, want it to name row 2, its ids and %q", tc.name, err, tc.want)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
			t.Errorf("%s: left %v behind", tc.name, entries)
		}
	}
	for _, tc := range []struct {
		name string
		edit func(*GeneratedRow)
	}{
		{"text", func(r *GeneratedRow) { r.Text = "\xff" }},
		{"logprob", func(r *GeneratedRow) { r.LogProb = math.Inf(-1) }},
		{"reward", func(r *GeneratedRow) { r.Reward = math.NaN() }},
		{"k", func(r *GeneratedRow) { r.K = -1 }},
		{"cv_id", func(r *GeneratedRow) { r.CVID = "" }},
		{"model", func(r *GeneratedRow) { r.Model = "" }},
	} {
		bad := goodGenerated
		tc.edit(&bad)
		err := WriteGenerated(filepath.Join(t.TempDir(), "generated.parquet"), []GeneratedRow{bad})
		if err == nil || !strings.Contains(err.Error(), tc.name) {
			t.Errorf("%s: error = %v", tc.name, err)
		}
	}
}

// After a refused row no file appears, even if the caller goes on and closes the writer.
func TestWriterRemembersItsError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scores.parquet")
	w, err := CreateScores(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(ScoreRow{}); err == nil {
		t.Error("an empty row was accepted")
	}
	if err := w.Write(goodScore); err == nil {
		t.Error("the writer forgot its error")
	}
	if err := w.Close(); err == nil {
		t.Error("Close forgot the error")
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
		t.Errorf("left %v behind", entries)
	}
}

func TestReadScoresErrors(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.parquet")
	if err := WriteScores(good, simulate(200, 1)); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.parquet")
	if err := os.WriteFile(cut, raw[:len(raw)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.parquet")
	if err := WriteGenerated(other, []GeneratedRow{goodGenerated}); err != nil {
		t.Fatal(err)
	}
	typed := filepath.Join(dir, "typed.parquet")
	type textScore struct { // goodScore's columns, but for the type of the score
		CVID      string `parquet:"cv_id"`
		JDID      string `parquet:"jd_id"`
		Label     int32  `parquet:"label"`
		Model     string `parquet:"model"`
		Predictor string `parquet:"predictor"`
		Split     string `parquet:"split"`
		Seed      int64  `parquet:"seed"`
		Score     string `parquet:"score"`
		ColdCV    bool   `parquet:"cold_cv"`
		ColdJD    bool   `parquet:"cold_jd"`
		CVGroup   string `parquet:"cv_group"`
	}
	if err := parquet.WriteFile(typed, []textScore{{CVID: "c1", JDID: "j1", Model: "GIRL", Split: "test", Score: "high"}}); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(dir, "outside.parquet")
	bad := goodScore
	bad.Score = 3
	if err := parquet.WriteFile(outside, []ScoreRow{goodScore, bad}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		cut:                              "",
		other:                            "column",
		typed:                            "column score",
		outside:                          "row 2",
		filepath.Join(dir, "no.parquet"): "no such file",
	} {
		_, err := ReadScores(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error = %v, want it to name the file and %q", filepath.Base(path), err, want)
		}
	}
}
