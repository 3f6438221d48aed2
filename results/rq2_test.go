package results

import (
	"bytes"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/eval"
)

func TestPaperNumbers(t *testing.T) {
	for _, id := range Matchers() {
		if p, ok := Paper(id); !ok || p.AUC < 0.6 || p.LogLoss < 0.3 {
			t.Errorf("%s: %+v, %v", id, p, ok)
		}
	}
	if _, ok := Paper(SystemID{"TF-IDF", ""}); ok {
		t.Error("the paper has no TF-IDF row")
	}
	// The note on the paper's contradiction, recomputed.
	base, _ := Paper(SystemID{Base, Dot})
	sft, _ := Paper(SystemID{GIRLSFT, Dot})
	near(t, "LogLoss gain in per cent", 100*(base.LogLoss-sft.LogLoss)/base.LogLoss, 25.7, 0.05)
}

func TestRQ2Golden(t *testing.T) {
	for _, table := range simulatedReport(t, 400, 3).Tables() {
		golden(t, table.Name+".md", table.Markdown)
		golden(t, table.Name+".tex", table.LaTeX)
		goldenCSV(t, table.Name+".csv", table.CSV)
	}
}

func TestRQ2WithGapsAndNamedBaselines(t *testing.T) {
	rows := slices.DeleteFunc(simulate(100, 1), func(r ScoreRow) bool { return r.Model == GIRL && r.Predictor == Dot })
	r, err := RQ2(RQ2Input{Dataset: "gaps", Scores: rows, Baselines: []string{"TF-IDF", "no such model", "CV-id prior", "TF-IDF"}, BootstrapResamples: 20})
	if err != nil {
		t.Fatal(err)
	}
	var md bytes.Buffer
	if err := r.Tables()[0].Markdown(&md); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range r.Tables()[0].Rows {
		names = append(names, row.Cells[0].Text)
	}
	want := []string{
		"Base (MLP)", "GIRL-SFT (MLP)", "GIRL (MLP)", "Base (Dot)", "GIRL-SFT (Dot)", "GIRL (Dot)",
		"TF-IDF (LR)", "TF-IDF (cosine + Platt)", "no such model", "CV-id prior",
	}
	if diff := cmp.Diff(names, want); diff != "" {
		t.Errorf("rows (-got +want):\n%s", diff)
	}
	if n := strings.Count(md.String(), "Not run."); n != 1 {
		t.Errorf("the note stands %d times, want once, shared by two rows:\n%s", n, md.String())
	}
	if len(r.Contrasts) != 4 { // three of MLP, one of Dot
		t.Errorf("%d contrasts, want 4", len(r.Contrasts))
	}
	if strings.Contains(md.String(), "NaN") {
		t.Errorf("NaN in\n%s", md.String())
	}
}

func TestRQ2Errors(t *testing.T) {
	rows := slices.DeleteFunc(simulate(50, 1), func(r ScoreRow) bool { return slices.Contains(Matchers(), SystemID{r.Model, r.Predictor}) })
	if _, err := RQ2(RQ2Input{Dataset: "d", Scores: rows}); err == nil || !strings.Contains(err.Error(), "none of the six") {
		t.Errorf("baselines alone: error = %v", err)
	}
	if _, err := RQ2(RQ2Input{Scores: simulate(50, 1), CeilingAUC: ptr(math.NaN())}); err == nil {
		t.Error("a NaN ceiling gave no error")
	}
}

// The long form holds what the tables hold, and reads back.
func TestRQ2Rows(t *testing.T) {
	r := simulatedReport(t, 200, 2)
	rows := r.Rows("rq2")
	path := filepath.Join(t.TempDir(), "results.csv")
	if err := WriteCSV(path, rows); err != nil {
		t.Fatal(err)
	}
	got, err := ReadCSV(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, rows); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	find := func(model, predictor, metric string, seed int64) float64 {
		for _, row := range rows {
			if row.Model == model && row.Predictor == predictor && row.Metric == metric && row.Seed == seed {
				return row.Value
			}
		}
		t.Errorf("no row %s %s %s %d", model, predictor, metric, seed)
		return math.NaN()
	}
	near(t, "mean of the seeds' rows", (find(GIRL, MLP, "auc", 0)+find(GIRL, MLP, "auc", 1))/2, find(GIRL, MLP, "auc", Aggregate), exact)
	near(t, "difference of means", find(GIRL, Dot, "logloss", Aggregate)-find(Base, Dot, "logloss", Aggregate), find("GIRL - Base", Dot, "diff_logloss", Aggregate), exact)
	// Every estimate with its interval over pairs and seeds, as the tables have it, and the one over pairs alone.
	for _, e := range []struct {
		model, predictor, metric string
		all, testOnly            eval.Estimate
	}{
		{GIRL, MLP, "auc", r.Systems[2].AUC, r.Systems[2].AUCTestOnly},
		{GIRL, MLP, "logloss", r.Systems[2].LogLoss, r.Systems[2].LogLossTestOnly},
		{GIRL, MLP, "brier", r.Systems[2].Brier, r.Systems[2].BrierTestOnly},
		{"GIRL-SFT - Base", MLP, "diff_auc", r.Contrasts[0].DiffAUC, r.Contrasts[0].DiffAUCTestOnly},
		{"GIRL-SFT - Base", MLP, "diff_logloss", r.Contrasts[0].DiffLogLoss, r.Contrasts[0].DiffLogLossTestOnly},
	} {
		name := e.model + " " + e.metric
		near(t, name, find(e.model, e.predictor, e.metric, Aggregate), e.all.Value, 0)
		near(t, name+"_low", find(e.model, e.predictor, e.metric+"_low", Aggregate), e.all.Low, 0)
		near(t, name+"_high", find(e.model, e.predictor, e.metric+"_high", Aggregate), e.all.High, 0)
		near(t, name+"_test_low", find(e.model, e.predictor, e.metric+"_test_low", Aggregate), e.testOnly.Low, 0)
		near(t, name+"_test_high", find(e.model, e.predictor, e.metric+"_test_high", Aggregate), e.testOnly.High, 0)
		if e.all.Low == e.testOnly.Low || e.all.High == e.testOnly.High {
			t.Errorf("%s: seeds add nothing to the interval: the test shows nothing", name)
		}
	}
	for _, p := range []struct {
		metric string
		want   float64
	}{{"diff_auc_p", r.Contrasts[0].DiffAUC.P}, {"diff_auc_p_holm", r.Contrasts[0].HolmAUC},
		{"diff_logloss_p", r.Contrasts[0].DiffLogLoss.P}, {"diff_logloss_p_holm", r.Contrasts[0].HolmLogLoss}} {
		near(t, p.metric, find("GIRL-SFT - Base", MLP, p.metric, Aggregate), p.want, 0)
	}
	keys := map[Row]bool{}
	for _, row := range rows {
		row.Value = 0
		if keys[row] {
			t.Errorf("two rows for %+v", row)
		}
		keys[row] = true
	}
}
