package nb

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"

	"genjobrec/results"
)

// errNoNotebook is given where nothing could be seen.
var errNoNotebook = errors.New("nb: this program does not run in a notebook's cell, nothing can be shown")

// ShowTable shows a table below the cell. All texts are escaped.
func ShowTable(t results.Table) error {
	var b strings.Builder
	if err := t.HTML(&b); err != nil {
		return err
	}
	return show(func() { gonbui.DisplayHTML(b.String()) })
}

// ShowFigure shows a figure below the cell, as PNG: notebooks that are not trusted drop SVG. It leaves the figure among those of the
// run, in all formats.
func ShowFigure(f *results.Figure) error {
	var b bytes.Buffer
	if err := errors.Join(f.Render(&b, "png"), results.WriteFigures(filepath.Join(RunDir(), "figures"), f)); err != nil {
		return err
	}
	return show(func() { gonbui.DisplayPng(b.Bytes()) })
}

// show displays and waits until the notebook has it: a cell's program may end right after.
func show(display func()) error {
	if !gonbui.IsNotebook {
		return errNoNotebook
	}
	display()
	gonbui.Sync()
	return gonbui.Error()
}
