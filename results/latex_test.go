package results

import (
	"bytes"
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every sign outside ASCII in a text of the program, be it a heading, a note or an error, becomes a command that pdfLaTeX knows.
func TestLaTeXKnowsTheProgramsSigns(t *testing.T) {
	// Letters of a data set's own language, such as split markers of the importers, are no business of a table's.
	const foreign = "招聘é损失"
	for _, pattern := range []string{"*.go", "../girl/*.go", "../eval/*.go", "../eval/judge/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set := token.NewFileSet()
			var s scanner.Scanner
			s.Init(set.AddFile(file, -1, len(source)), source, nil, 0)
			for pos, tok, text := s.Scan(); tok != token.EOF; pos, tok, text = s.Scan() {
				if tok != token.STRING || filepath.Base(file) == "latex_text.go" {
					continue
				}
				if literal, err := strconv.Unquote(text); err != nil {
					t.Fatal(err)
				} else if sign := strings.Trim(notASCII(latexText(literal)), foreign); sign != "" {
					t.Errorf("%s: %q has %q, which pdfLaTeX need not know: latexEscaper lacks it", set.Position(pos), literal, sign)
				}
			}
		}
	}
}

// notASCII is what a text has beside ASCII.
func notASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 {
			return -1
		}
		return r
	}, s)
}

// texFiles are the tables in the repository.
func texFiles(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"*/tables/*.tex", "testdata/*.tex"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		out = append(out, files...)
	}
	return out
}

func TestCommittedLaTeXIsASCII(t *testing.T) {
	for _, file := range texFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if filepath.Base(file) == "awkward.tex" {
			want = "招聘" // stands for the data of other languages
		}
		if got := notASCII(string(text)); got != want {
			t.Errorf("%s: has %q, want %q", file, got, want)
		}
	}
}

// latexTable is a table's file and what is in it.
type latexTable struct{ name, text string }

// Tables pasted into a two-column article compile, stay within the text, and can be read.
func TestLaTeXCompiles(t *testing.T) {
	findLaTeX(t)
	var tables []latexTable
	for _, file := range texFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, latexTable{file, string(text)})
	}
	for _, problem := range compileLaTeX(t, tables...) {
		t.Error(problem)
	}
}

// The same for tables that no committed run has: too long for a page with and without groups of rows, too wide, with all signs.
func TestLaTeXCompilesExtremes(t *testing.T) {
	findLaTeX(t)
	signs := Table{Name: "signs"}
	for i, sign := range latexSigns() {
		if i%12 == 0 {
			signs.Columns = append(signs.Columns, Column{Key: fmt.Sprint("c", i)})
		}
		signs.Title += sign + "a" + sign + " "
		signs.Columns[i/12].Name += sign
	}
	var tables []latexTable
	for _, table := range []Table{signs, longTable("groups", 4), longTable("rows", 1000), {Name: "empty", Columns: []Column{{Key: "a"}}}} {
		var b bytes.Buffer
		if err := table.LaTeX(&b); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, latexTable{table.Name, b.String()})
	}
	for _, problem := range compileLaTeX(t, tables...) {
		t.Error(problem)
	}
}

// latexSigns are all signs that the escaper knows, line ends apart.
func latexSigns() (signs []string) {
	for _, r := range "\\{}$&%#_~^<>|[]`\"–—…“”‘’\u00a0\u202f\u2009−±×·√²³′°¼½¾≤≥≠≈∞ΣΔ←→↔↑↓αβγδεκλμµπρστ" {
		signs = append(signs, string(r))
	}
	return signs
}

// longTable has 100 rows of two lines in groups of n.
func longTable(name string, n int) Table {
	t := Table{Name: name, Title: "A long table", Wide: true, Notes: []string{strings.Repeat("What there is to know. ", 40)},
		Columns: []Column{{Key: "a", Name: "A"}, {Key: "b", Name: "A heading of several words"}}}
	for i := range 5 {
		t.Columns = append(t.Columns, Column{Key: fmt.Sprint("x", i), Name: "Value of it", Kind: KindSigned, Digits: 3, Interval: true})
	}
	for i := range 100 {
		row := TableRow{Rule: i%n == 0, Cells: []Cell{Text(fmt.Sprint("row ", i)), Text("a text of more than a few words")}, Notes: []string{"a footnote"}}
		for range 5 {
			row.Cells = append(row.Cells, WithInterval(0.5, -0.25, 0.75))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// findLaTeX skips the test where something is missing, and fails it where GENJOBREC_LATEX says that nothing is.
func findLaTeX(t *testing.T) {
	t.Helper()
	var missing []string
	if _, err := exec.LookPath("pdflatex"); err != nil {
		missing = []string{"pdflatex"}
	} else {
		for _, style := range []string{"booktabs.sty", "graphicx.sty", "makecell.sty"} {
			if exec.Command("kpsewhich", style).Run() != nil {
				missing = append(missing, style)
			}
		}
	}
	switch {
	case missing == nil:
	case os.Getenv("GENJOBREC_LATEX") != "":
		t.Fatalf("%s missing, and GENJOBREC_LATEX is set", strings.Join(missing, ", "))
	default:
		t.Skipf("%s missing; .ci/latex installs what it takes", strings.Join(missing, ", "))
	}
}

// What a table may do to a page: points that a line may be too long, and the least factor that it may be scaled by. The tables' letters
// are of 8 and 7 points.
const (
	latexOverfull = 3.0
	latexLegible  = 0.7
)

var (
	latexUnderway = regexp.MustCompile(`^TABLE (.*)$`)
	latexBad      = regexp.MustCompile(`^(Overfull|! |LaTeX Warning: Float too large|LaTeX Warning: .*(undefined|multiply))`)
	latexExcess   = regexp.MustCompile(`^Overfull \\.box \(([0-9.]+)pt too`)
	latexWidths   = regexp.MustCompile(`^WIDTH ([0-9.]+)pt of ([0-9.]+)pt$`)
)

// compileLaTeX puts the tables into one two-column document and says what is wrong with it.
func compileLaTeX(t *testing.T, tables ...latexTable) (problems []string) {
	t.Helper()
	var doc strings.Builder
	// Letters that want another program are boxes here.
	doc.WriteString(`\documentclass[twocolumn]{article}
\usepackage{booktabs,graphicx,makecell}
\DeclareUnicodeCharacter{62DB}{\rule{1em}{1em}}\DeclareUnicodeCharacter{8058}{\rule{1em}{1em}}
\newsavebox\measured\let\scaled\resizebox
\renewcommand\resizebox[3]{\sbox\measured{#3}\typeout{WIDTH \the\wd\measured\space of \the\linewidth}\scaled{#1}{#2}{\usebox\measured}}
\begin{document}
`)
	for _, table := range tables {
		fmt.Fprintf(&doc, "\\typeout{TABLE \\detokenize{%s}}\n%s\\clearpage\n", table.name, table.text)
	}
	doc.WriteString("\\end{document}\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tables.tex"), []byte(doc.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "max_print_line=1000")
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	} else if err != nil {
		problems = append(problems, fmt.Sprintf("pdflatex: %v", err))
	}
	return append(problems, latexProblems(string(out))...)
}

// latexProblems reads what pdflatex said.
func latexProblems(out string) (problems []string) {
	name := "before any table"
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if m := latexUnderway.FindStringSubmatch(line); m != nil {
			name = m[1]
		} else if m := latexWidths.FindStringSubmatch(line); m != nil {
			width, _ := strconv.ParseFloat(m[1], 64)
			page, _ := strconv.ParseFloat(m[2], 64)
			if page < latexLegible*width {
				problems = append(problems, fmt.Sprintf("%s: scaled by %.2f, at least %g can be read", name, page/width, latexLegible))
			}
		} else if latexBad.MatchString(line) {
			if m := latexExcess.FindStringSubmatch(line); m != nil {
				if points, _ := strconv.ParseFloat(m[1], 64); points <= latexOverfull {
					continue
				}
			}
			problems = append(problems, name+": "+line)
		}
	}
	return problems
}
