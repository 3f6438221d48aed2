package results

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A table takes the least that it needs: one column of the page, both, intervals below their numbers.
func TestLaTeXLayout(t *testing.T) {
	const (
		scaled  = "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n\\begin{tabular}" // never widened
		beside  = `$+0.500$ {\scriptsize $[-0.250, +0.750]$}`
		stacked = `\makecell[r]{$+0.500$\\ {\scriptsize $[-0.250, +0.750]$}}`
		heading = `\makecell[br]{Value of it\\ over seeds}`
		text    = `\makecell[l]{a text of more\\ than a few words}`
	)
	for _, test := range []struct {
		name         string
		intervals    int // columns
		wide         bool
		environment  string
		want, unwant []string
	}{
		{"one column of the page", 1, false, "table", []string{beside, "Value of it over seeds"}, []string{scaled, "makecell"}},
		{"asks for both", 1, true, "table*", []string{beside, scaled}, []string{stacked, text}},
		{"needs both", 3, false, "table*", []string{beside, scaled}, []string{stacked, text}},
		{"needs more", 6, false, "table*", []string{stacked, scaled, heading, text}, []string{beside}},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := Table{Name: "t", Wide: test.wide, Columns: []Column{{Key: "a", Name: "A"}}, Rows: []TableRow{{Cells: []Cell{Text("x")}}}}
			if test.intervals > 1 {
				table.Columns[0].Name, table.Rows[0].Cells[0] = "A heading", Text("a text of more than a few words")
			}
			for i := range test.intervals {
				table.Columns = append(table.Columns, Column{Key: fmt.Sprint(i), Name: "Value of it over seeds", Kind: KindSigned, Digits: 3, Interval: true})
				table.Rows[0].Cells = append(table.Rows[0].Cells, WithInterval(0.5, -0.25, 0.75))
			}
			tex := latexOf(t, table)
			for _, want := range append(test.want, "\\begin{"+test.environment+"}[tp]", "\\end{"+test.environment+"}") {
				if !strings.Contains(tex, want) {
					t.Errorf("lacks %q", want)
				}
			}
			for _, unwant := range test.unwant {
				if strings.Contains(tex, unwant) {
					t.Errorf("has %q", unwant)
				}
			}
			if open, closed := unescaped(tex, '{'), unescaped(tex, '}'); open != closed {
				t.Errorf("%d opening, %d closing braces", open, closed)
			}
			if t.Failed() {
				t.Log(tex)
			}
		})
	}
}

// A table too long for a page goes on in further floats of the same number: no row is lost or doubled, groups stay whole, and the notes
// stand once, below the last.
func TestLaTeXLongTable(t *testing.T) {
	for name, group := range map[string]int{"groups": 4, "one group": 1000} {
		t.Run(name, func(t *testing.T) {
			table := longTable("long", group)
			tex := latexOf(t, table)
			floats := strings.SplitAfter(tex, "\\end{table*}\n")
			floats = floats[:len(floats)-1]
			if len(floats) < 3 {
				t.Fatalf("%d floats for 100 rows of two lines", len(floats))
			}
			next := 0
			for i, float := range floats {
				first, last := i == 0, i == len(floats)-1
				if next%group != 0 && group < len(table.Rows) {
					t.Errorf("float %d begins with row %d, within a group", i, next)
				}
				for strings.Contains(float, fmt.Sprintf("row %d\\textsuperscript{1}", next)) {
					next++
				}
				for what, want := range map[string]bool{"\\label{tab:long}": first, "\\addtocounter{table}{-1}": !first, "\\caption{A long table}": first,
					"\\caption{A long table (continued)}": !first, "What there is to know.": last, "\\textsuperscript{1} a footnote": last} {
					if strings.Contains(float, what) != want {
						t.Errorf("float %d: %q there: %t, want %t", i, what, !want, want)
					}
				}
			}
			if n := strings.Count(tex, "row "); next != len(table.Rows) || n != next {
				t.Errorf("rows up to %d in their order, %d in all, want %d", next, n, len(table.Rows))
			}
		})
	}
}

func TestWrapWords(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want []string
	}{
		{"", 3, []string{""}},
		{"AUC of nearest texts", 4, []string{"AUC of", "nearest", "texts"}}, // as wide as "nearest"
		{"p (Holm)", 5, []string{"p", "(Holm)"}},
		{"SE, bootstrap by CV group", 6, []string{"SE,", "bootstrap", "by CV", "group"}},
		{"ΔAUC, model − Base", 12, []string{"ΔAUC, model", "− Base"}},
		{"ΔAUC, model − Base", 15, []string{"ΔAUC, model", "− Base"}},
		{"GIRL − Base of all", 11, []string{"GIRL − Base", "of all"}},
	} {
		if diff := cmp.Diff(test.want, wrapWords(test.text, test.n)); diff != "" {
			t.Errorf("wrapWords(%q, %d) (-want +got):\n%s", test.text, test.n, diff)
		}
	}
}

func latexOf(t *testing.T, table Table) string {
	t.Helper()
	var b bytes.Buffer
	if err := table.LaTeX(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLaTeXEscapesSigns(t *testing.T) {
	for in, want := range map[string]string{
		"0 → 1":     `0 $\rightarrow$ 1`,
		"κ":         `$\kappa$`,
		"“a” ‘b’":   "``a'' `b'",
		`"c"`:       "''c''",
		"9–11 — …":  `9--11 --- \dots{}`,
		"½ · 10²":   `$\frac12$ $\cdot$ 10$^2$`,
		"95\u00a0%": `95~\%`,
	} {
		if got := latexText(in); got != want {
			t.Errorf("latexText(%q) = %q, want %q", in, got, want)
		}
	}
	for _, sign := range latexSigns() {
		if got := latexText(sign); got == sign || notASCII(got) != "" {
			t.Errorf("latexText(%q) = %q", sign, got)
		}
	}
}
