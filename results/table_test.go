package results

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// awkward has every kind of cell and every character that some format must escape.
var awkward = Table{
	Name:  "awkward",
	Title: `50 % of $x_1 & {more} ~ ^2 \ <b>`,
	Columns: []Column{
		{Key: "name", Name: "Na|me"},
		{Key: "auc", Name: "AUC", Kind: KindNumber, Digits: 3, Interval: true},
		{Key: "diff", Name: "ΔAUC", Kind: KindSigned, Digits: 4, Interval: true},
		{Key: "p", Name: "p", Kind: KindPValue},
		{Key: "n", Name: "n", Kind: KindCount},
	},
	Rows: []TableRow{
		{Cells: []Cell{Text("[first] A|B\nC"), WithInterval(0.64764, 0.6, 0.7), WithInterval(-0.0127, -0.03, 0.01), Number(0.0004), Number(12500)}, Notes: []string{"few seeds", "tiny n_1"}},
		{Cells: []Cell{Text("`code` *bold* #1"), Number(0.5), Number(0.0127), Number(0.031), Number(3)}, Notes: []string{"tiny n_1"}},
		{Cells: []Cell{Text("招聘"), Missing(), Number(-0.00001), Missing(), Missing()}, Rule: true},
	},
	Notes: []string{"Δ ≤ 0 … 95 % of “runs”"},
}

func TestTableGolden(t *testing.T) {
	golden(t, "awkward.md", awkward.Markdown)
	golden(t, "awkward.tex", awkward.LaTeX)
	golden(t, "awkward.csv", awkward.CSV)
}

func TestFormat(t *testing.T) {
	for _, tc := range []struct {
		column Column
		v      float64
		want   string
	}{
		{Column{Kind: KindNumber, Digits: 4}, 0.64764, "0.6476"},
		{Column{Kind: KindNumber, Digits: 2}, -1.5, "-1.50"},
		{Column{Kind: KindNumber, Digits: 2}, -0.001, "0.00"}, // no negative zero
		{Column{Kind: KindSigned, Digits: 2}, 0.001, "0.00"},
		{Column{Kind: KindSigned, Digits: 2}, 10, "+10.00"},
		{Column{Kind: KindSigned, Digits: 0}, -20, "-20"},
		{Column{Kind: KindPValue}, 0.00099, "<0.001"},
		{Column{Kind: KindPValue}, 0.001, "0.001"},
		{Column{Kind: KindPValue}, 1, "1.000"},
		{Column{Kind: KindCount}, 12500, "12500"},
	} {
		if got := tc.column.format(tc.v, "-"); got != tc.want {
			t.Errorf("format(%v, %+v) = %q, want %q", tc.v, tc.column, got, tc.want)
		}
	}
}

func TestLaTeXEscapes(t *testing.T) {
	for in, want := range map[string]string{
		`a_b & 5 % $x$ #1`: `a\_b \& 5 \% \$x\$ \#1`,
		`{x}~^`:            `\{x\}\textasciitilde{}\textasciicircum{}`,
		`\input{/etc}`:     `\textbackslash{}input\{/etc\}`,
		`[0, 1]`:           `{[}0, 1{]}`,
		"ours − paper":     `ours $-$ paper`,
		"two\nlines":       `two lines`,
	} {
		if got := latexText(in); got != want {
			t.Errorf("latexText(%q) = %q, want %q", in, got, want)
		}
	}
}

// No text can add a cell, a row or a command, whatever it holds.
func TestTextStaysInItsCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab&|\\%$#_{}~^<>[]`*\n\r"))).Draw(t, "text")
		table := Table{Name: "t", Columns: []Column{{Key: "a", Name: text}, {Key: "b", Name: "b"}}, Rows: []TableRow{{Cells: []Cell{Text(text), Text("x")}}},
			Wide: utf8.RuneCountInString(text) > 20}
		var md, tex bytes.Buffer
		if err := table.Markdown(&md); err != nil {
			t.Fatal(err)
		}
		// Header, rule, row; three unescaped pipes in each.
		lines := strings.Split(strings.TrimSuffix(md.String(), "\n"), "\n")
		if len(lines) != 3 {
			t.Fatalf("%d lines of Markdown:\n%s", len(lines), md.String())
		}
		for _, line := range lines {
			if n := unescaped(line, '|'); n != 3 {
				t.Fatalf("%d pipes in %q", n, line)
			}
		}
		if err := table.LaTeX(&tex); err != nil {
			t.Fatal(err)
		}
		if n := unescaped(tex.String(), '&'); n != 2 {
			t.Fatalf("%d ampersands in\n%s", n, tex.String())
		}
		if n := strings.Count(tex.String(), `\\`); n != 2 && !table.Wide { // headings of a wide table have line ends of their own
			t.Fatalf("%d line ends in\n%s", n, tex.String())
		}
		if open, closed := unescaped(tex.String(), '{'), unescaped(tex.String(), '}'); open != closed {
			t.Fatalf("%d opening, %d closing braces in\n%s", open, closed, tex.String())
		}
	})
}

// unescaped counts a character where an even number of backslashes precedes it.
func unescaped(s string, c byte) int {
	n, slashes := 0, 0
	for i := range len(s) {
		if s[i] == '\\' {
			slashes++
			continue
		}
		if s[i] == c && slashes%2 == 0 {
			n++
		}
		slashes = 0
	}
	return n
}

func TestTableErrors(t *testing.T) {
	for name, edit := range map[string]func(*Table){
		"table name":  func(t *Table) { t.Name = "../escape" },
		"empty":       func(t *Table) { t.Columns[0].Key = "" },
		"used twice":  func(t *Table) { t.Columns[0].Key = "auc" },
		"reserved":    func(t *Table) { t.Columns[0].Key = "notes" },
		"row 1 has 1": func(t *Table) { t.Rows = []TableRow{{Cells: []Cell{Text("x")}}} },
		"no columns":  func(t *Table) { t.Columns = nil },
		"of texts":    func(t *Table) { t.Columns[0].Interval = true },
		"kind 9":      func(t *Table) { t.Columns[1].Kind = 9 },
		"-1 digits":   func(t *Table) { t.Columns[1].Digits = -1 },
		"1000 digits": func(t *Table) { t.Columns[1].Digits = 1000 },
		"column auc":  func(t *Table) { t.Rows = []TableRow{{Cells: []Cell{Text("x"), WithInterval(1, math.Inf(-1), 1)}}} },
	} {
		bad := Table{Name: "t", Columns: []Column{{Key: "name"}, {Key: "auc", Kind: KindNumber, Interval: true}}}
		edit(&bad)
		for _, render := range []func(io.Writer) error{bad.Markdown, bad.LaTeX, bad.CSV} {
			if err := render(io.Discard); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: error = %v", name, err)
			}
		}
		if err := WriteTables(t.TempDir(), bad); err == nil {
			t.Errorf("%s: WriteTables gave no error", name)
		}
	}
}

func TestWriteTables(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tables")
	if err := WriteTables(dir, awkward); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"awkward.md", "awkward.tex", "awkward.csv"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, func(w io.Writer) error { _, err := w.Write(got); return err })
	}
}
