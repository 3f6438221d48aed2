package nb

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"

	"genjobrec/results"
)

// errNoNotebook is given where nothing could be seen.
var errNoNotebook = errors.New("nb: this program does not run in a notebook's cell, nothing can be shown")

// ShowTable shows a table below the cell. All texts are escaped.
func ShowTable(t results.Table) error {
	text, err := TableHTML(t)
	if err != nil {
		return err
	}
	return show(func() { gonbui.DisplayHTML(text) })
}

// ShowFigure shows a figure below the cell, as PNG: notebooks that are not trusted drop SVG.
func ShowFigure(f *results.Figure) error {
	var b bytes.Buffer
	if err := f.Render(&b, "png"); err != nil {
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

// TableHTML writes a table for a notebook: the cells' texts are those of [results.Table.Markdown].
func TableHTML(t results.Table) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "<table>\n<caption>%s</caption>\n<thead><tr>", html.EscapeString(t.Title))
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "<th%s>%s</th>", align(c), html.EscapeString(c.Name))
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	var footnotes []string
	for i, row := range t.Rows {
		if len(row.Cells) != len(t.Columns) {
			return "", fmt.Errorf("nb: table %s: row %d has %d cells, want %d", t.Name, i+1, len(row.Cells), len(t.Columns))
		}
		b.WriteString("<tr>")
		for j, cell := range row.Cells {
			fmt.Fprintf(&b, "<td%s>%s", align(t.Columns[j]), html.EscapeString(cellText(t.Columns[j], cell)))
			if j == 0 {
				b.WriteString(marks(row.Notes, &footnotes))
			}
			b.WriteString("</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n<ul>\n")
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "<li>%s</li>\n", html.EscapeString(n))
	}
	for i, n := range footnotes {
		fmt.Fprintf(&b, "<li><sup>%d</sup> %s</li>\n", i+1, html.EscapeString(n))
	}
	b.WriteString("</ul>\n")
	return b.String(), nil
}

func align(c results.Column) string {
	if c.Kind == results.KindText {
		return ` style="text-align:left"`
	}
	return ` style="text-align:right"`
}

// marks gives the numbers of a row's footnotes and adds new ones to the list.
func marks(notes []string, footnotes *[]string) string {
	var numbers []int
	for _, n := range notes {
		i := slices.Index(*footnotes, n)
		if i < 0 {
			i = len(*footnotes)
			*footnotes = append(*footnotes, n)
		}
		numbers = append(numbers, i+1)
	}
	slices.Sort(numbers)
	var texts []string
	for _, n := range slices.Compact(numbers) {
		texts = append(texts, strconv.Itoa(n))
	}
	if len(texts) == 0 {
		return ""
	}
	return "<sup>" + strings.Join(texts, ",") + "</sup>"
}

// cellText is what a cell shows, rounded as its column says; a dash where there is nothing.
func cellText(c results.Column, cell results.Cell) string {
	if c.Kind == results.KindText {
		return cell.Text
	}
	if math.IsNaN(cell.Value) {
		return "–"
	}
	s := number(c, cell.Value)
	if !math.IsNaN(cell.Low) && !math.IsNaN(cell.High) {
		s += " [" + number(c, cell.Low) + ", " + number(c, cell.High) + "]"
	}
	return s
}

func number(c results.Column, v float64) string {
	switch c.Kind {
	case results.KindCount:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case results.KindPValue:
		if v < 0.001 {
			return "<0.001"
		}
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', c.Digits, 64)
	switch {
	case strings.Trim(s, "0.") == "": // rounded to zero: no sign
		return s
	case v < 0:
		return "\u2212" + s
	case c.Kind == results.KindSigned:
		return "+" + s
	}
	return s
}
