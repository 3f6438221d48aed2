package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"genjobrec/girl"
	"genjobrec/results"
)

func readPage(t *testing.T, run string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(run, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// shown reports whether a text stands on a page as its template escapes it.
func shown(page, text string) bool {
	return strings.Contains(html.UnescapeString(page), text)
}

// TestPageOfARun: the page of the smoke run has all its tables with their numbers, all figures and texts of three test CVs.
func TestPageOfARun(t *testing.T) {
	dir := finishedRun(t)
	page := readPage(t, dir)
	for _, kind := range []string{"table", "figure"} {
		files, err := filepath.Glob(filepath.Join(dir, kind+"s", map[string]string{"table": "*.csv", "figure": "*.svg"}[kind]))
		if err != nil || len(files) < 2 {
			t.Fatalf("%d %ss, %v", len(files), kind, err)
		}
		for _, f := range files {
			name := strings.TrimSuffix(filepath.Base(f), filepath.Ext(f))
			if !strings.Contains(page, `id="`+kind+`-`+name+`"`) {
				t.Errorf("the page lacks %s %s", kind, name)
			}
		}
	}
	if n := strings.Count(page, "<svg "); n != 5 {
		t.Errorf("%d drawings, want 5", n)
	}
	file, err := os.Open(filepath.Join(dir, "tables", "rq2.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for j, key := range rows[0] {
		if key != "auc" {
			continue
		}
		for _, row := range rows[1:] {
			auc, err := strconv.ParseFloat(row[j], 64)
			if err != nil {
				t.Fatal(err)
			}
			if want := `<td class="number">` + strconv.FormatFloat(auc, 'f', 4, 64); !strings.Contains(page, want) {
				t.Errorf("AUC of %s: the page lacks %s", row[0], want)
			}
			checked++
		}
	}
	if checked < 12 { // six matchers, five baselines, the ceiling
		t.Errorf("%d AUCs compared, want 12", checked)
	}
	split := splits(t, dir)
	generated, err := results.ReadGenerated(filepath.Join(dir, "generated.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	jds := 0
	for _, g := range generated {
		if g.Seed != 1 || g.K != 0 || !strings.Contains(page, `<h3 dir="auto">`+g.CVID+`</h3>`) {
			continue
		}
		if split[g.CVID] != "test" {
			t.Errorf("the page shows CV %s of the split %s", g.CVID, split[g.CVID])
		}
		if !shown(page, g.Text) {
			t.Errorf("the page lacks the JD of %s for %s", g.Model, g.CVID)
		}
		jds++
	}
	if jds != 6 || strings.Count(page, `class="facts">reward `) != 6 || strings.Count(page, "· true acceptance ") != 6 {
		t.Errorf("%d JDs, want three of each writer, with reward and true acceptance", jds)
	}
	for _, want := range []string{`<th scope="row">ppo.kl_coefficient</th>`, `<th scope="row">seeds</th><td>1 2</td>`, "git revision", "seed-2/ppo"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "http://") || strings.Contains(page, "https://") {
		t.Error("the page names an address outside")
	}
}

// TestPageComesBack: a lost page is drawn anew from its parts, and no stage runs again.
func TestPageComesBack(t *testing.T) {
	dir := copyRun(t)
	before := readPage(t, dir)
	if err := os.Remove(filepath.Join(dir, "index.html")); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := girlCommand(t, append(smokeArgs, "-out", dir)...)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if strings.Contains(stdout, "done in") {
		t.Errorf("a stage ran again:\n%s", stdout)
	}
	if readPage(t, dir) != before {
		t.Error("the page is not what it was")
	}
}

// TestStudiesStayOnThePage: what a study adds stays when the run is called again or evaluated again, and goes when the run changes.
func TestStudiesStayOnThePage(t *testing.T) {
	dir := copyRun(t)
	if code, _, stderr := girlCommand(t, "sweep", "-run", dir, "-k", "1,2", "-temperatures", ""); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	files := []string{"index.html", "tables/rq4.csv", "tables/rq2.csv", "figures/rq4_samples.svg", "figures/rq2.svg"}
	want := readAll(t, dir, files)
	if page := want["index.html"]; !strings.Contains(page, `id="table-rq4"`) || !strings.Contains(page, `id="figure-rq4_samples"`) || !strings.Contains(page, `id="table-rq2"`) {
		t.Fatal("the page lacks the study or has lost the run's own tables")
	}
	again := func(what string, args ...string) string {
		t.Helper()
		code, stdout, stderr := girlCommand(t, append(append(smokeArgs, "-out", dir), args...)...)
		if code != exitOK {
			t.Fatalf("%s: exit code %d: %s", what, code, stderr)
		}
		return stdout
	}
	if stdout := again("as before"); strings.Contains(stdout, "done in") {
		t.Errorf("a stage ran again:\n%s", stdout)
	}
	for name, data := range readAll(t, dir, files) {
		if data != want[name] {
			t.Errorf("called again: %s changed", name)
		}
	}
	if err := os.Remove(filepath.Join(dir, "tables", "rq2.md")); err != nil {
		t.Fatal(err)
	}
	if stdout := again("evaluated again"); strings.Count(stdout, "done in") != 1 {
		t.Errorf("want the evaluation alone again:\n%s", stdout)
	}
	for name, data := range readAll(t, dir, files[1:]) {
		if data != want[name] {
			t.Errorf("evaluated again: %s changed", name)
		}
	}
	if !strings.Contains(readPage(t, dir), `id="table-rq4"`) {
		t.Error("evaluated again: the study is gone from the page")
	}
	took := func() float64 {
		t.Helper()
		var m struct{ Seconds float64 }
		if err := json.Unmarshal(must(os.ReadFile(filepath.Join(dir, "rq4.manifest.json")))(t), &m); err != nil {
			t.Fatal(err)
		}
		return m.Seconds
	}
	before := took()
	again("changed", "-set", "eval.resamples=150")
	if _, err := os.Stat(filepath.Join(dir, "tables", "rq4.csv")); err == nil || strings.Contains(readPage(t, dir), "rq4") {
		t.Error("a study of the run's earlier settings is left")
	}
	// Shown again, the study still tells what its stages took.
	if code, stdout, stderr := girlCommand(t, "sweep", "-run", dir, "-k", "1,2", "-temperatures", ""); code != exitOK || strings.Contains(stdout, "done in") {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	if after := took(); after != before {
		t.Errorf("the study took %g s, and %g s with being shown again", before, after)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.stale")); left != nil {
		t.Errorf("%v left", left)
	}
}

// TestPageLeavesRealTextsOut: CVs that are not of the synthetic market are on the page only when asked for.
func TestPageLeavesRealTextsOut(t *testing.T) {
	tab := goodTables()
	data := tab.write(t)
	dir, _ := quickRun(t, data)
	texts := func() (page string, cvs, jds int) {
		page = readPage(t, dir)
		for _, c := range tab.cvs {
			if shown(page, c.Text) {
				cvs++
			}
		}
		if strings.Contains(page, filepath.Dir(data)) {
			t.Error("the page names the folder of the data")
		}
		return page, cvs, strings.Count(page, `class="facts">reward `)
	}
	page, cvs, jds := texts()
	if cvs != 0 || jds != 0 || strings.Contains(page, `class="text"`) {
		t.Errorf("the page shows %d CVs and %d JDs, want none", cvs, jds)
	}
	if !strings.Contains(page, "-page-texts") || strings.Contains(page, "true acceptance") {
		t.Error("the page does not say how to show texts, or speaks of an oracle")
	}
	// Notebooks follow the same switch.
	t.Setenv(girl.EnvShowTexts, "")
	notebooksMay := func() bool {
		d, _, err := girl.OpenData(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return must(d.MayShowTexts(dir))(t)
	}
	if notebooksMay() {
		t.Error("notebooks may show texts unasked")
	}
	// The same run once more, with texts: only the evaluation is made again. Its test split has two CVs.
	quickRun(t, data, "-out", dir, "-page-texts")
	if !notebooksMay() {
		t.Error("with -page-texts notebooks may show no texts")
	}
	if _, cvs, jds := texts(); cvs != 2 || jds != 4 {
		t.Errorf("with -page-texts the page shows %d CVs and %d JDs, want 2 and 4", cvs, jds)
	}
}
