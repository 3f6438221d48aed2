package girl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"genjobrec/results"
)

// The page index.html is drawn from small files in the folder page of a run: run.json, which the evaluation writes, and one file
// a research question, each written when its study is done. So a study that is computed days after the run, by a notebook or by
// the command, joins the same page, and the page is the same whatever order the studies came in.

// studies are the sections of the page that are about the data or a research question, in the page's order.
var studies = []string{"data", "rq1", "rq2", "rq3", "rq4"}

// sectionsDir holds the parts of the page; its files, like tables and figures, belong to one state of the run.
const sectionsDir = "page"

// savedPage is page/run.json: the page without the studies.
type savedPage struct {
	Key  string       // of the state of the run that tables, figures and sections belong to
	Page results.Page // its own sections come after the studies
}

// captioned is a figure with what the page says about it.
type captioned struct {
	figure         *results.Figure
	title, caption string
}

// saveSection writes a study's tables and figures to the run's folders tables and figures and keeps them for the page, in place of
// what the same study left earlier. name is one of studies; findings are sentences that stand above the tables. [run.finishStudy]
// and [run.renderPage] put them on the page.
func (r *run) saveSection(name, title string, findings []string, tables []results.Table, figures ...captioned) error {
	if !slices.Contains(studies, name) {
		return fmt.Errorf("page: %q is no study, want one of %q", name, studies)
	}
	section, err := pageSection(name, title, tables, figures)
	if err != nil {
		return err
	}
	section.Findings = findings
	file := r.sectionFile(name)
	var before results.PageSection
	if err := readJSON(file, &before); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := r.removeShown(before); err != nil {
		return err
	}
	drawings := make([]*results.Figure, len(figures))
	for i, f := range figures {
		drawings[i] = f.figure
	}
	if err := errors.Join(os.MkdirAll(r.path(sectionsDir), 0o755), results.WriteTables(r.path("tables"), tables...), results.WriteFigures(r.path("figures"), drawings...)); err != nil {
		return err
	}
	return writeJSON(file, section)
}

func (r *run) sectionFile(name string) string {
	return filepath.Join(r.path(sectionsDir), name+".json")
}

// pageSection draws a section's figures for the page.
func pageSection(name, title string, tables []results.Table, figures []captioned) (results.PageSection, error) {
	s := results.PageSection{Name: name, Title: title, Tables: tables}
	for _, f := range figures {
		drawn, err := f.figure.PageFigure(f.title, f.caption)
		if err != nil {
			return s, err
		}
		s.Figures = append(s.Figures, drawn)
	}
	return s, nil
}

// finishStudy leaves the manifest of a study that was added to a finished run, and draws the page with it.
func (r *run) finishStudy(name string) error {
	return errors.Join(r.writeStudyManifest(name), r.renderPage())
}

// sectionFiles are the files of a section's tables and figures in a run's folder.
func sectionFiles(s results.PageSection) (files []string) {
	for _, t := range s.Tables {
		files = append(files, tableFiles(t.Name)...)
	}
	for _, f := range s.Figures {
		files = append(files, figureFiles(f.Name)...)
	}
	return files
}

// removeShown removes the files of a section's tables and figures: an earlier study may have had more of them.
func (r *run) removeShown(s results.PageSection) error {
	var errs []error
	for _, f := range sectionFiles(s) {
		if err := os.Remove(r.path(f)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// tableFiles and figureFiles are the files that tables and figures of these names leave in a run's folder.
func tableFiles(names ...string) []string { return shownFiles("tables", names, "md", "tex", "csv") }

func figureFiles(names ...string) []string { return shownFiles("figures", names, "png", "svg", "pdf") }

func shownFiles(dir string, names []string, extensions ...string) (files []string) {
	for _, name := range names {
		for _, e := range extensions {
			files = append(files, dir+"/"+name+"."+e)
		}
	}
	return files
}

// beginPage makes room for the tables, figures, sections and studies' numbers of a state of the run: those of another state, which
// nothing of this run would replace, are removed.
func (r *run) beginPage(key string) error {
	var saved savedPage
	if err := readJSON(r.sectionFile("run"), &saved); err == nil && saved.Key == key {
		return nil
	}
	stale := []string{"tables", "figures", sectionsDir}
	for _, study := range studies {
		stale = append(stale, study+".csv")
		// What a study's stages took is still true where they are still there.
		path := r.path(studyManifest(study))
		if err := os.Rename(path, path+staleSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, name := range stale {
		if err := os.RemoveAll(r.path(name)); err != nil {
			return err
		}
	}
	return os.MkdirAll(r.path(sectionsDir), 0o755)
}

// renderPage draws index.html from all parts that are there.
func (r *run) renderPage() error {
	var saved savedPage
	if err := readJSON(r.sectionFile("run"), &saved); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s has no %s/run.json: an older version made this run; the same girl run command writes its page anew", r.dir, sectionsDir)
		}
		return err
	}
	sections, err := savedSections(r.dir)
	if err != nil {
		return err
	}
	took, err := studiesTable(r.dir)
	if err != nil {
		return err
	}
	saved.Page.Sections = append(sections, saved.Page.Sections...)
	if len(took.Rows) > 0 {
		saved.Page.Sections = append(saved.Page.Sections, results.PageSection{Name: "studies", Title: "Studies", Tables: []results.Table{took}})
	}
	return results.WritePage(r.path(pageFile), saved.Page)
}

// savedSections reads the studies' parts of a run's page that are there, in the page's order.
func savedSections(runDir string) (sections []results.PageSection, err error) {
	for _, name := range studies {
		var s results.PageSection
		switch err := readJSON(filepath.Join(runDir, sectionsDir, name+".json"), &s); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("%w: remove it and run its study again", err)
		default:
			sections = append(sections, s)
		}
	}
	return sections, nil
}
