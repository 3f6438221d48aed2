package results

import (
	"encoding/json"
	"html"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// everyKind has a cell of every kind, texts that try to break out, and footnotes shared by rows.
var everyKind = Table{
	Name: "t", Title: "A <script>alert(1)</script> & more",
	Columns: []Column{
		{Key: "name", Name: "Name"},
		{Key: "auc", Name: "AUC", Kind: KindNumber, Digits: 4, Interval: true},
		{Key: "diff", Name: "Δ", Kind: KindSigned, Digits: 2},
		{Key: "p", Name: "p", Kind: KindPValue},
		{Key: "n", Name: "n", Kind: KindCount},
	},
	Rows: []TableRow{
		{Cells: []Cell{Text("<b>x</b>"), WithInterval(0.64758, 0.6, 0.7), Number(0.126), Number(0.0001), Number(1250)},
			Notes: []string{"first", "second"}},
		{Cells: []Cell{Text("y"), Number(-0.5), Number(-0.001), Number(0.0314), Missing()},
			Notes: []string{"third", "first"}},
		{Cells: []Cell{Text(""), WithInterval(-1, math.NaN(), 2), Number(-0.006), Number(1), Number(0)}},
	},
	Notes: []string{"a < b"},
}

// What the cells must show, worked out by hand: rounding, signs, footnotes, escapes.
func TestTableHTML(t *testing.T) {
	got := tableHTML(t, everyKind)
	want := [][]string{
		{"&lt;b&gt;x&lt;/b&gt;<sup>1,2</sup>", "0.6476 [0.6000,\u00a00.7000]", "&#43;0.13", "&lt;0.001", "1250"},
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
	text := tableHTML(t, everyKind)
	var b strings.Builder
	if err := everyKind.Markdown(&b); err != nil {
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
			got[i][j] = strings.ReplaceAll(html.UnescapeString(got[i][j]), "\u00a0", " ")
		}
	}
	// The last row's first cell is empty, which the split by bars above drops.
	if diff := cmp.Diff(want[:2], got[:2]); diff != "" {
		t.Errorf("cells (-Markdown +HTML):\n%s", diff)
	}
}

func TestTableHTMLRefusesRaggedRows(t *testing.T) {
	bad := everyKind
	bad.Rows = []TableRow{{Cells: []Cell{Text("alone")}}}
	if err := bad.HTML(new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "row 1 has 1 cells, want 5") {
		t.Errorf("error %v", err)
	}
}

func tableHTML(t *testing.T, table Table) string {
	t.Helper()
	var b strings.Builder
	if err := table.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A section comes back from JSON as it was, to the last bit and with what is missing still missing.
func TestSectionSurvivesJSON(t *testing.T) {
	third := everyKind
	third.Rows = append(third.Rows, TableRow{Rule: true, Cells: []Cell{Text("z"), Number(1.0 / 3), Missing(), Number(5e-324), Number(math.MaxFloat64)}})
	want := PageSection{Name: "s", Title: "<S>", Tables: []Table{third}, Figures: []PageFigure{{Name: "f", Caption: "c", SVG: []byte(tinySVG)}}}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got PageSection
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
