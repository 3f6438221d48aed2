package nb

import (
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/results"
)

// table has a cell of every kind, texts that try to break out, and footnotes shared by rows.
var table = results.Table{
	Name: "t", Title: "A <script>alert(1)</script> & more",
	Columns: []results.Column{
		{Key: "name", Name: "Name"},
		{Key: "auc", Name: "AUC", Kind: results.KindNumber, Digits: 4, Interval: true},
		{Key: "diff", Name: "Δ", Kind: results.KindSigned, Digits: 2},
		{Key: "p", Name: "p", Kind: results.KindPValue},
		{Key: "n", Name: "n", Kind: results.KindCount},
	},
	Rows: []results.TableRow{
		{Cells: []results.Cell{results.Text("<b>x</b>"), results.WithInterval(0.64758, 0.6, 0.7), results.Number(0.126), results.Number(0.0001), results.Number(1250)},
			Notes: []string{"first", "second"}},
		{Cells: []results.Cell{results.Text("y"), results.Number(-0.5), results.Number(-0.001), results.Number(0.0314), results.Missing()},
			Notes: []string{"third", "first"}},
		{Cells: []results.Cell{results.Text(""), results.WithInterval(-1, math.NaN(), 2), results.Number(-0.006), results.Number(1), results.Number(0)}},
	},
	Notes: []string{"a < b"},
}

// What the cells must show, worked out by hand: rounding, signs, footnotes, escapes.
func TestTableHTML(t *testing.T) {
	got, err := TableHTML(table)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"&lt;b&gt;x&lt;/b&gt;<sup>1,2</sup>", "0.6476 [0.6000, 0.7000]", "+0.13", "&lt;0.001", "1250"},
		{"y<sup>1,3</sup>", "−0.5000", "0.00", "0.031", "–"},
		{"", "−1.0000", "−0.01", "1.000", "0"},
	}
	if diff := cmp.Diff(want, htmlCells(got)); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	for _, s := range []string{"<caption>A &lt;script&gt;alert(1)&lt;/script&gt; &amp; more</caption>", "<li>a &lt; b</li>", "<li><sup>3</sup> third</li>"} {
		if !strings.Contains(got, s) {
			t.Errorf("%q is missing in\n%s", s, got)
		}
	}
	if strings.Contains(got, "<script") {
		t.Errorf("a text from the data became markup:\n%s", got)
	}
}

var tableCell = regexp.MustCompile(`<td[^>]*>(.*?)</td>`)

func htmlCells(text string) (rows [][]string) {
	for line := range strings.Lines(text) {
		var row []string
		for _, m := range tableCell.FindAllStringSubmatch(line, -1) {
			row = append(row, m[1])
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// Notebook and Markdown must not round differently.
func TestTableHTMLAgreesWithMarkdown(t *testing.T) {
	text, err := TableHTML(table)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := table.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	var want [][]string
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| Name") {
			var row []string
			for _, cell := range strings.Split(strings.Trim(line, "| \n"), " | ") {
				row = append(row, html.UnescapeString(strings.TrimSpace(cell)))
			}
			want = append(want, row)
		}
	}
	got := htmlCells(text)
	for i := range got {
		for j := range got[i] {
			got[i][j] = html.UnescapeString(got[i][j])
		}
	}
	// The last row's first cell is empty, which the split by bars above drops.
	if diff := cmp.Diff(want[:2], got[:2]); diff != "" {
		t.Errorf("cells (-Markdown +HTML):\n%s", diff)
	}
}

func TestTableHTMLRefusesRaggedRows(t *testing.T) {
	bad := table
	bad.Rows = []results.TableRow{{Cells: []results.Cell{results.Text("alone")}}}
	if _, err := TableHTML(bad); err == nil || !strings.Contains(err.Error(), "row 1 has 1 cells, want 5") {
		t.Errorf("error %v", err)
	}
}

func TestNothingToShowIn(t *testing.T) {
	if err := ShowTable(table); err == nil || !strings.Contains(err.Error(), "notebook") {
		t.Errorf("error %v, want one that says where a table can be shown", err)
	}
}

func TestRunDir(t *testing.T) {
	for _, c := range []struct{ run, want string }{
		{"", "/repo/runs/market"}, {"runs/fit", "/repo/runs/fit"}, {"/elsewhere/run/", "/elsewhere/run"},
	} {
		t.Setenv(RootVariable, "/repo")
		t.Setenv(RunVariable, c.run)
		if got := RunDir(); got != c.want {
			t.Errorf("%s=%q: %s, want %s", RunVariable, c.run, got, c.want)
		}
	}
}

// writeRun writes an invented run of two rows.
func writeRun(t *testing.T, manifest string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	err := results.WriteCSV(filepath.Join(dir, "results.csv"), []results.Row{
		{Experiment: "rq2", Dataset: "d", Model: "Base", Predictor: "MLP", Split: "test", Metric: "auc", Seed: 1, Value: 0.6},
		{Experiment: "rq2", Dataset: "d", Model: "Bayes ceiling", Split: "test", Metric: "auc", Seed: results.Aggregate, Value: 0.9},
		{Experiment: "rq2", Dataset: "d", Model: "Bayes ceiling", Split: "test", Metric: "logloss", Seed: results.Aggregate, Value: 0.3},
		{Experiment: "training", Dataset: "other", Model: "Bayes ceiling", Split: "test", Metric: "auc", Seed: results.Aggregate, Value: 0.1},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(RunVariable, dir)
	return dir
}

func TestOpenRun(t *testing.T) {
	dir := writeRun(t, `{"data":"market","profile":"smoke","seeds":[1,2],"config":{"eval.resamples":200,"split.seed":7,"ppo.gamma":1.0},
		"stages":[{"stage":"sft"},{"stage":"evaluate"}]}`)
	r, err := OpenRun()
	if err != nil {
		t.Fatal(err)
	}
	if r.Dir != dir || r.Data != "market" || r.Profile != "smoke" || len(r.Seeds) != 2 {
		t.Errorf("run %+v", r)
	}
	in := r.RQ2Input(nil)
	if in.Dataset != "d" || in.BootstrapResamples != 200 || in.Seed != 7 || in.CeilingAUC == nil || *in.CeilingAUC != 0.9 ||
		in.CeilingLogLoss == nil || *in.CeilingLogLoss != 0.3 {
		t.Errorf("input of RQ2 %+v", in)
	}
}

func TestOpenRunRefuses(t *testing.T) {
	writeRun(t, `{"seeds":[1],"stages":[{"stage":"sft"}]}`)
	if _, err := OpenRun(); err == nil || !strings.Contains(err.Error(), "is not finished") {
		t.Errorf("unfinished run: error %v", err)
	}
	writeRun(t, `{"seeds":`)
	if _, err := OpenRun(); err == nil || !strings.Contains(err.Error(), "manifest.json") {
		t.Errorf("cut manifest: error %v", err)
	}
	root := t.TempDir()
	t.Setenv(RootVariable, root)
	t.Setenv(RunVariable, "")
	if _, err := OpenRun(); err == nil || !strings.Contains(err.Error(), "\n  make run\n") {
		t.Errorf("no run: error %v, want one with make run", err)
	}
	t.Setenv(RunVariable, filepath.Join(root, "x"))
	if _, err := OpenRun(); err == nil || !strings.Contains(err.Error(), "make run OUT=") {
		t.Errorf("no run elsewhere: error %v, want one with make run OUT=", err)
	}
}
