package results

import (
	"bytes"
	"cmp"
	_ "embed" // the templates
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// Page is what one self-contained HTML page tells about a run. The page asks for nothing from outside and runs no script:
// it can be mailed, committed or read from a disk. All texts are untrusted and are escaped.
type Page struct {
	Title       string
	Summary     string // one paragraph: what the run is
	Sections    []PageSection
	Samples     []PageSample
	SamplesNote string            // how the samples were chosen, or why there are none; a page with neither has no such section
	Config      map[string]string // resolved settings, shown in the order of their keys
	Provenance  []Fact            // what made the run, shown as given
}

// PageSection is a part of a page under a heading of its own: what was found, tables, then figures.
type PageSection struct {
	Name     string // anchor: letters, digits, dot, dash, underscore
	Title    string
	Findings []string // sentences with their numbers
	Tables   []Table
	Figures  []PageFigure
}

// Fact is a name with its value.
type Fact struct{ Name, Value string }

// PageFigure is a drawing with one of SVG and PNG.
type PageFigure struct {
	Name    string // anchor: letters, digits, dot, dash, underscore
	Title   string // short, for the table of contents
	Caption string // what can be seen; also the text alternative
	SVG     []byte // checked and inlined, see [PageFigure.markup]
	PNG     []byte // shown at [DPI] dots an inch or smaller
}

// PageSample is a CV with JDs written for it.
type PageSample struct {
	ID  string
	CV  string
	JDs []PageJD
}

// PageJD is one JD of a sample.
type PageJD struct {
	Name  string // who wrote it
	Text  string // may be empty: a writer may say nothing
	Facts []Fact // such as its reward
}

// PageFigure renders the figure for a page.
func (f *Figure) PageFigure(title, caption string) (PageFigure, error) {
	var b bytes.Buffer
	err := f.Render(&b, "svg")
	return PageFigure{Name: f.Name, Title: title, Caption: caption, SVG: b.Bytes()}, err
}

// WritePage writes the page to path (index.html).
func WritePage(path string, p Page) error { return writeAtomic(path, p.HTML) }

//go:embed page.gohtml
var pageTemplate string

// HTML writes the page. The same page gives the same bytes. Errors: what [WriteTables] refuses, figures that are not
// drawings, two sections, tables or figures of one name.
func (p Page) HTML(w io.Writer) error {
	tmpl, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("results: template of the page: %w", err)
	}
	view := struct {
		Page
		Sections []htmlSection
		Config   []Fact
	}{Page: p}
	seen := map[string]bool{}
	for _, section := range p.Sections {
		h, err := section.html(seen)
		if err != nil {
			return err
		}
		view.Sections = append(view.Sections, h)
	}
	for _, k := range slices.Sorted(maps.Keys(p.Config)) {
		view.Config = append(view.Config, Fact{k, p.Config[k]})
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, view); err != nil {
		return fmt.Errorf("results: page: %w", err)
	}
	_, err = w.Write(bytes.Map(htmlRune, b.Bytes()))
	return err
}

// htmlSection is a section as the template wants it.
type htmlSection struct {
	Name, Title string
	Findings    []string
	Tables      []htmlTable
	Figures     []htmlFigure
}

// html formats a section; seen holds the names that the page has used.
func (s PageSection) html(seen map[string]bool) (htmlSection, error) {
	out := htmlSection{Name: s.Name, Title: s.Title, Findings: s.Findings}
	use := func(kind, name string) error {
		if !safeName.MatchString(name) || seen[kind+name] {
			return fmt.Errorf("results: %s name %q is used twice on a page or has other signs than letters, digits, dots, dashes and underscores", kind, name)
		}
		seen[kind+name] = true
		return nil
	}
	if err := use("section", s.Name); err != nil {
		return out, err
	}
	for _, t := range s.Tables {
		if err := cmp.Or(t.check(), use("table", t.Name)); err != nil {
			return out, err
		}
		out.Tables = append(out.Tables, t.html())
	}
	for _, f := range s.Figures {
		if err := use("figure", f.Name); err != nil {
			return out, err
		}
		h, err := f.html()
		if err != nil {
			return out, fmt.Errorf("results: figure %s: %w", f.Name, err)
		}
		out.Figures = append(out.Figures, h)
	}
	return out, nil
}

// htmlRune replaces what HTML forbids even when escaped: control characters, noncharacters and bytes that are no UTF-8.
func htmlRune(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return r
	case r < ' ', r >= 0x7f && r < 0xa0, r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe:
		return '\uFFFD'
	}
	return r
}

//go:embed table.gohtml
var tableTemplate string

// HTML writes the table alone, for pages that bring no style of their own, such as a notebook's. The cells' texts are those of
// [Table.Markdown]; all texts are escaped.
func (t Table) HTML(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	tmpl, err := template.New("table").Parse(tableTemplate)
	if err != nil {
		return fmt.Errorf("results: template of a table: %w", err)
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, t.html()); err != nil {
		return fmt.Errorf("results: table %s: %w", t.Name, err)
	}
	_, err = w.Write(bytes.Map(htmlRune, b.Bytes()))
	return err
}

// htmlTable is a table as the template wants it.
type htmlTable struct {
	Name, Title string
	Columns     []htmlColumn
	Groups      [][]htmlRow // rules stand between them
	Notes       []string
	Footnotes   []htmlNote
}

type htmlNote struct {
	Number int
	Text   string
}

type htmlColumn struct {
	Name    string
	Numeric bool
}

type htmlRow struct {
	Marks []int // of footnotes, on the first cell
	Cells []htmlCell
}

type htmlCell struct {
	Text     string
	Interval string // empty for none
	Numeric  bool
	Long     bool // running text, which needs some width
}

// longText is the number of bytes from which a cell is running text.
const longText = 40

// html divides a checked table into groups of rows and formats its cells.
func (t Table) html() htmlTable {
	const minus = "\u2212"
	texts, marks := t.footnotes()
	out := htmlTable{Name: t.Name, Title: t.Title, Notes: t.Notes}
	for i, text := range texts {
		out.Footnotes = append(out.Footnotes, htmlNote{i + 1, text})
	}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, htmlColumn{c.Name, c.Kind != KindText})
	}
	for i, row := range t.Rows {
		r := htmlRow{Marks: marks[i]}
		for j, cell := range row.Cells {
			c, h := t.Columns[j], htmlCell{Text: cell.Text, Long: len(cell.Text) >= longText}
			if c.Kind != KindText {
				h = htmlCell{Text: "–", Numeric: true}
				if !math.IsNaN(cell.Value) {
					h.Text = c.format(cell.Value, minus)
					if cell.hasInterval() {
						h.Interval = "[" + c.format(cell.Low, minus) + ",\u00a0" + c.format(cell.High, minus) + "]" // in one piece: notebooks have no style sheet
					}
				}
			}
			r.Cells = append(r.Cells, h)
		}
		if i == 0 || row.Rule {
			out.Groups = append(out.Groups, nil)
		}
		last := len(out.Groups) - 1
		out.Groups[last] = append(out.Groups[last], r)
	}
	return out
}

// htmlFigure is a figure as the template wants it.
type htmlFigure struct {
	Name, Title, Caption string
	Markup               template.HTML // an <svg>, or empty
	Source               template.URL  // of an <img>
	Width, Height        int           // of the <img>, in CSS pixels
}

// pixelsPerInch is the size of an inch in CSS pixels.
const pixelsPerInch = 96

func (f PageFigure) html() (htmlFigure, error) {
	h := htmlFigure{Name: f.Name, Title: f.Title, Caption: f.Caption}
	switch {
	case strings.TrimSpace(f.Caption) == "":
		return h, fmt.Errorf("no caption: it is the text for those who cannot see the figure")
	case len(f.SVG) > 0 && len(f.PNG) > 0, len(f.SVG) == 0 && len(f.PNG) == 0:
		return h, fmt.Errorf("want one of SVG and PNG")
	case len(f.SVG) > 0:
		markup, err := inlineSVG(f.SVG, f.Caption)
		h.Markup = template.HTML(markup) // rebuilt from a list of allowed elements and attributes
		return h, err
	}
	config, err := png.DecodeConfig(bytes.NewReader(f.PNG))
	if err != nil {
		return h, err
	}
	h.Width, h.Height = max(config.Width*pixelsPerInch/DPI, 1), max(config.Height*pixelsPerInch/DPI, 1)
	h.Source = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(f.PNG)) // base64 alone
	return h, nil
}
