package girl

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"genjobrec/results"
)

// pageRun is a run of which only the page is there.
func pageRun(t *testing.T) *run {
	t.Helper()
	r := &run{dir: t.TempDir()}
	if err := r.beginPage("k"); err != nil {
		t.Fatal(err)
	}
	training, err := pageSection("training", "Training", []results.Table{studyTable("training", "loss")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(r.sectionFile("run"), savedPage{"k", results.Page{Title: "A run", Sections: []results.PageSection{training}}}); err != nil {
		t.Fatal(err)
	}
	return r
}

// addStudy is a study of one section without stages.
func (r *run) addStudy(name, title string, tables []results.Table, figures ...captioned) error {
	if err := r.saveSection(name, title, nil, tables, figures...); err != nil {
		return err
	}
	return r.renderPage()
}

func studyTable(name, text string) results.Table {
	return results.Table{Name: name, Title: "Table of " + name, Columns: []results.Column{{Key: "what", Name: "What"}, {Key: "auc", Name: "AUC", Kind: results.KindNumber, Digits: 3}},
		Rows: []results.TableRow{{Cells: []results.Cell{results.Text(text), results.Number(0.25)}}, {Cells: []results.Cell{results.Text("none"), results.Missing()}}}}
}

func studyFigure(t *testing.T, name string) captioned {
	t.Helper()
	f, err := results.CurvesFigure(results.CurvesInput{Name: name, Title: name, Panels: []results.Panel{{Title: "AUC", Series: []results.Series{{Name: "a",
		Runs: []results.Run{{Steps: []float64{0, 1}, Value: []float64{1, 2}}}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return captioned{f, "Figure " + name, "A line."}
}

func (r *run) readPage(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(r.path(pageFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Studies may come in any order, and again: the page is the same to the last byte, in the order of the questions.
func TestPageDoesNotDependOnTheOrderOfStudies(t *testing.T) {
	pages := map[string]bool{}
	for _, order := range []string{"data rq1 rq2 rq3 rq4", "rq4 rq3 rq2 rq1 data", "rq3 rq1 data rq4 rq2", "rq2 rq4 rq1 rq2 data rq3 rq4"} {
		r := pageRun(t)
		for _, name := range strings.Fields(order) {
			if err := r.addStudy(name, "Study "+name, []results.Table{studyTable(name, "x")}, studyFigure(t, name+"_curve")); err != nil {
				t.Fatal(err)
			}
		}
		pages[r.readPage(t)] = true
	}
	if len(pages) != 1 {
		t.Fatalf("four orders gave %d different pages", len(pages))
	}
	for page := range pages {
		var at []int
		for _, id := range []string{"data", "rq1", "table-rq1", "figure-rq1_curve", "rq2", "rq3", "rq4", "table-rq4", "training"} {
			at = append(at, strings.Index(page, ` id="`+id+`"`))
		}
		if at[0] < 0 || !slices.IsSorted(at) {
			t.Errorf("sections, tables and figures begin at %v, want them rising", at)
		}
	}
}

// A study that is made again takes all of its earlier tables and figures back, and touches no other's.
func TestStudyReplacesItself(t *testing.T) {
	r := pageRun(t)
	for _, name := range []string{"rq1", "rq4"} {
		if err := r.addStudy(name, name, []results.Table{studyTable(name, "<b>earlier</b>"), studyTable(name+"_more", "x")}, studyFigure(t, name+"_a"), studyFigure(t, name+"_b")); err != nil {
			t.Fatal(err)
		}
	}
	if page := r.readPage(t); strings.Contains(page, "<b>") || strings.Count(page, "&lt;b&gt;earlier") != 2 {
		t.Error("a study's text became markup, or is gone")
	}
	if err := r.addStudy("rq4", "rq4", []results.Table{studyTable("rq4", "newer")}, studyFigure(t, "rq4_b")); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{"tables/rq4.md": true, "tables/rq4_more.csv": false, "figures/rq4_a.svg": false, "figures/rq4_b.png": true,
		"tables/rq1_more.tex": true, "figures/rq1_a.pdf": true} {
		if _, err := os.Stat(r.path(file)); (err == nil) != want {
			t.Errorf("%s: there %v, want %v", file, err == nil, want)
		}
	}
	if page := r.readPage(t); strings.Count(page, "earlier") != 1 || strings.Count(page, "newer") != 1 || strings.Contains(page, "rq4_a") {
		t.Error("the page does not show the new study alone beside the other")
	}
}

// What belongs to another state of the run goes, what belongs to this one stays.
func TestStaleStudiesAreDropped(t *testing.T) {
	r := pageRun(t)
	if err := r.addStudy("rq4", "RQ4", []results.Table{studyTable("rq4", "x")}, studyFigure(t, "rq4_a")); err != nil {
		t.Fatal(err)
	}
	there := func() (n int) {
		for _, f := range []string{"page/rq4.json", "tables/rq4.md", "figures/rq4_a.png"} {
			if _, err := os.Stat(r.path(f)); err == nil {
				n++
			}
		}
		return n
	}
	if err := r.beginPage("k"); err != nil || there() != 3 {
		t.Fatalf("the same state: %d of 3 files are left, error %v", there(), err)
	}
	if err := r.beginPage("other"); err != nil || there() != 0 {
		t.Errorf("another state: %d files are left, want none; error %v", there(), err)
	}
	if err := r.addStudy("rq4", "RQ4", nil); err == nil || !strings.Contains(err.Error(), "page/run.json") {
		t.Errorf("a study without its run: error %v", err)
	}
}

func TestPageNamesWhatIsWrong(t *testing.T) {
	r := pageRun(t)
	if err := r.addStudy("rq5", "", nil); err == nil || !strings.Contains(err.Error(), `"rq5" is no study`) {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "page", "rq3.json"), []byte(`{"Na`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.renderPage(); err == nil || !strings.Contains(err.Error(), "rq3.json") || !strings.Contains(err.Error(), "run its study again") {
		t.Errorf("error %v", err)
	}
}

// The page tells what each study took, whichever were added, and a study that is made again takes its earlier line back.
func TestPageShowsWhatStudiesTook(t *testing.T) {
	r := pageRun(t)
	if err := r.renderPage(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.readPage(t), "table-studies") {
		t.Error("no study was added, but the page has a table of studies")
	}
	stage := func(tokens int) manifestStage {
		return manifestStage{"seed-1/rq3", stageRecord{Tokens: tokens}}
	}
	for _, took := range []float64{600, 150} {
		m := manifest{Seconds: took, Revision: "a1b2c3", Stages: []manifestStage{stage(1000), stage(234)}}
		if err := errors.Join(writeJSON(r.path(studyManifest("rq3")), &m), r.renderPage()); err != nil {
			t.Fatal(err)
		}
	}
	page := r.readPage(t)
	_, table, _ := strings.Cut(page, `id="table-studies"`)
	for _, want := range []string{"RQ3", "2.5", "1234", "a1b2c3"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table of studies lacks %q", want)
		}
	}
	if strings.Contains(table, "10.0") || strings.Contains(table, "RQ4") {
		t.Error("the table of studies shows what is no more, or never was")
	}
	if err := os.WriteFile(r.path(studyManifest("rq4")), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.renderPage(); err == nil || !strings.Contains(err.Error(), "rq4.manifest.json") {
		t.Errorf("a broken manifest: error %v", err)
	}
}
