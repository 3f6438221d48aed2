package nb

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/janpfeifer/gonb/gonbui"

	"genjobrec/results"
)

// ShowSavedTable shows a table that a study or the run itself has left, by its name, such as "rq3" or "training". Each cell of a notebook is a program
// of its own: the cell that computes a study leaves files, and later cells only read them.
func ShowSavedTable(name string) error {
	t, err := savedTable(RunDir(), name)
	if err != nil {
		return err
	}
	return ShowTable(t)
}

// ShowSavedTableOr shows a table that a study, such as "rq2", leaves only where the run has what it takes. Where the study is there without
// it, the cell shows the sentence that says why.
func ShowSavedTableOr(study, name, otherwise string) error {
	section, err := savedSection(RunDir(), study)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(section.Tables, func(t results.Table) bool { return t.Name == name })
	if i < 0 {
		return showSentence(otherwise)
	}
	return ShowTable(section.Tables[i])
}

// ShowSavedFigureOr is [ShowSavedTableOr] for a figure.
func ShowSavedFigureOr(study, name, otherwise string) error {
	section, err := savedSection(RunDir(), study)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(section.Figures, func(f results.PageFigure) bool { return f.Name == name }) {
		return showSentence(otherwise)
	}
	return ShowSavedFigure(name)
}

func showSentence(text string) error {
	return show(func() { gonbui.DisplayHTML("<p>" + html.EscapeString(text) + "</p>\n") })
}

// savedSection reads what a study has left for the run's page.
func savedSection(dir, study string) (section results.PageSection, err error) {
	file := filepath.Join(dir, "page", study+".json")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return section, fmt.Errorf("%s is not there: execute the cell that computes the study first", file)
	}
	if err != nil {
		return section, err
	}
	if err := json.Unmarshal(data, &section); err != nil {
		return section, fmt.Errorf("%s: %w", file, err)
	}
	return section, nil
}

// ShowSavedFigure shows the picture figures/<name>.png that a study has left in the run.
func ShowSavedFigure(name string) error {
	path := filepath.Join(RunDir(), "figures", name+".png")
	picture, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not there: execute the cell that computes it first", path)
	}
	if err != nil {
		return err
	}
	return show(func() { gonbui.DisplayPng(picture) })
}

// savedTable finds a table among the parts of the run's page: the studies', then the run's own.
func savedTable(dir, name string) (results.Table, error) {
	files, err := filepath.Glob(filepath.Join(dir, "page", "r*.json")) // rq1 to rq4, then run
	if err != nil {
		return results.Table{}, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return results.Table{}, err
		}
		var part struct {
			results.PageSection
			Page results.Page
		}
		if err := json.Unmarshal(data, &part); err != nil {
			return results.Table{}, fmt.Errorf("%s: %w", file, err)
		}
		for _, section := range append(part.Page.Sections, part.PageSection) {
			if i := slices.IndexFunc(section.Tables, func(t results.Table) bool { return t.Name == name }); i >= 0 {
				return section.Tables[i], nil
			}
		}
	}
	return results.Table{}, fmt.Errorf("the run in %s has no table %q: execute the cell that computes it first", dir, name)
}
