package results

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// A two-column page of LaTeX's article class at 10 points, in points. Those of ACM, IEEE and ACL are as wide within a tenth, and higher.
const (
	latexColumn = 229
	latexPage   = 469
	latexHeight = 520 // of 550: the estimates below are rough
)

// What a sign takes in the tables' sizes, \footnotesize and for intervals and notes \scriptsize, and the gap between two columns.
const (
	latexSign      = 4.25
	latexSmallSign = 3.8
	latexGap       = 8
)

// latexShrink is the least factor by which a table may be scaled for having its intervals on one line with the numbers.
const latexShrink = 0.95

// longLaTeX is the number of signs from which a text stands on two lines where the numbers beside it do.
const longLaTeX = 18

// LaTeX writes a table environment in the style of the booktabs package, footnotes below the rules. Texts are escaped and signs
// become commands that every LaTeX knows; letters other than Latin ones need XeLaTeX or LuaLaTeX and a font that has them.
//
// A table that is too wide for a column of a two-column page, or that asks for it, spans both, with headings on several lines and, if
// that is still too wide, intervals below their numbers, which takes the package makecell. What is too wide all the same is scaled down
// to the width of the text, which takes graphicx. A table too high for a page is continued, between groups of rows, in further floats
// under the same number; LaTeX wants them in one place of the paper, so that no other table comes between.
func (t Table) LaTeX(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	l := t.latexLayout()
	texts, _ := t.footnotes()
	environment, packages := "table", "booktabs"
	if l.wide {
		environment, packages = "table*", "booktabs,graphicx,makecell"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%% needs \\usepackage{%s}\n", packages)
	parts := l.parts(t)
	for i, rows := range parts {
		fmt.Fprintf(&b, "\\begin{%s}[tp]\n\\centering\\footnotesize\n", environment)
		if i == 0 {
			fmt.Fprintf(&b, "\\caption{%s}\n\\label{tab:%s}\n", latexText(t.Title), t.Name)
		} else { // the number of the first part, and no second line in the list of tables
			fmt.Fprintf(&b, "\\addtocounter{table}{-1}\\renewcommand{\\addcontentsline}[3]{}\n\\caption{%s (continued)}\n", latexText(t.Title))
		}
		l.tabular(&b, t, rows)
		if i == len(parts)-1 && len(t.Notes)+len(texts) > 0 {
			b.WriteString("\n\\smallskip\n\\begin{minipage}{\\linewidth}\\scriptsize\n")
			for _, note := range t.Notes {
				fmt.Fprintf(&b, "%s\\par\n", latexText(note))
			}
			for i, note := range texts {
				fmt.Fprintf(&b, "\\textsuperscript{%d} %s\\par\n", i+1, latexText(note))
			}
			b.WriteString("\\end{minipage}\n")
		}
		fmt.Fprintf(&b, "\\end{%s}\n", environment)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// latexLayout is how a table is laid out.
type latexLayout struct {
	wide    bool // both columns of the page
	stacked bool // intervals below their numbers, texts on two lines
	heads   [][]string
	cells   [][]latexCell
	scale   float64 // what the table is scaled by, about
}

// latexCell is a cell's lines as LaTeX wants them, and about their width.
type latexCell struct {
	lines []string
	width float64
}

// latexLayout finds the layout that needs the least: one column, both, intervals below their numbers.
func (t Table) latexLayout() latexLayout {
	l := latexLayout{scale: 1}
	if width := l.fill(t); !t.Wide && width <= latexColumn {
		return l
	}
	l.wide = true
	if width := l.fill(t); latexPage >= latexShrink*width {
		l.scale = min(1, latexPage/width)
		return l
	}
	l.stacked = true
	l.scale = min(1, latexPage/l.fill(t))
	return l
}

// fill breaks headings and cells into lines and estimates the width of the table.
func (l *latexLayout) fill(t Table) float64 {
	_, marks := t.footnotes()
	l.heads, l.cells = nil, make([][]latexCell, len(t.Rows))
	widths := make([]float64, len(t.Columns))
	for j, c := range t.Columns {
		for i, row := range t.Rows {
			cell := l.cell(c, row.Cells[j])
			if j == 0 && len(marks[i]) > 0 {
				last := len(cell.lines) - 1
				cell.lines[last] += "\\textsuperscript{" + joinInts(marks[i], ",") + "}"
				cell.width += latexSmallSign * float64(len(marks[i]))
			}
			l.cells[i] = append(l.cells[i], cell)
			widths[j] = max(widths[j], cell.width)
		}
		head := []string{c.Name}
		if l.wide {
			head = wrapWords(c.Name, int(widths[j]/latexSign))
		}
		widths[j] = max(widths[j], longestLine(head)*latexSign)
		l.heads = append(l.heads, latexTexts(head))
	}
	sum := float64(latexGap * (len(widths) - 1))
	for _, w := range widths {
		sum += w
	}
	return sum
}

// cell writes one cell.
func (l *latexLayout) cell(c Column, cell Cell) latexCell {
	if c.Kind == KindText {
		lines := []string{cell.Text}
		if n := utf8.RuneCountInString(cell.Text); l.stacked && n > longLaTeX {
			lines = wrapWords(cell.Text, (n+1)/2+2)
		}
		return latexCell{latexTexts(lines), longestLine(lines) * latexSign}
	}
	if math.IsNaN(cell.Value) {
		return latexCell{[]string{"--"}, 2 * latexSign}
	}
	number := c.format(cell.Value, "-")
	out := latexCell{[]string{"$" + number + "$"}, float64(len(number)) * latexSign}
	if cell.hasInterval() {
		text := c.format(cell.Low, "-") + ", " + c.format(cell.High, "-")
		interval, width := "{\\scriptsize $["+text+"]$}", float64(len(text)+2)*latexSmallSign
		if l.stacked {
			return latexCell{append(out.lines, interval), max(out.width, width)}
		}
		out.lines[0] += " " + interval
		out.width += latexSign + width
	}
	return out
}

// height of row i in points, with the rule above it.
func (l *latexLayout) height(t Table, i int) float64 {
	lines := 1
	for _, cell := range l.cells[i] {
		lines = max(lines, len(cell.lines))
	}
	height := 9.5 * float64(lines)
	if l.stacked {
		height += 2
	}
	if t.Rows[i].Rule {
		height += 5
	}
	return height * l.scale
}

// notesHeight estimates what the notes take.
func (l *latexLayout) notesHeight(t Table) float64 {
	width := float64(latexColumn)
	if l.wide {
		width = latexPage
	}
	texts, _ := t.footnotes()
	height := 0.0
	for _, note := range slices.Concat(t.Notes, texts) {
		height += 8 * math.Ceil(latexSmallSign*float64(utf8.RuneCountInString(note))/width)
	}
	return height
}

// parts divides the rows among floats that a page can hold, each a half-open range: between groups where it can, between rows where a
// group alone is too high. The last float has room for the notes.
func (l *latexLayout) parts(t Table) (parts [][2]int) {
	const frame = 50 // caption, headings and rules
	type block struct {
		end    int
		height float64
	}
	var blocks []block
	for i, row := range t.Rows {
		if i == 0 || row.Rule || blocks[len(blocks)-1].height+l.height(t, i) > latexHeight-frame {
			blocks = append(blocks, block{})
		}
		last := &blocks[len(blocks)-1]
		last.end, last.height = i+1, last.height+l.height(t, i)
	}
	begin, height := 0, float64(frame)
	for k, b := range blocks {
		need := b.height
		if k == len(blocks)-1 {
			need += l.notesHeight(t)
		}
		if k > 0 && height+need > latexHeight {
			end := blocks[k-1].end
			parts = append(parts, [2]int{begin, end})
			begin, height = end, frame
		}
		height += b.height
	}
	return append(parts, [2]int{begin, len(t.Rows)})
}

// tabular writes the rows of one float.
func (l *latexLayout) tabular(b *strings.Builder, t Table, rows [2]int) {
	closed := ""
	if l.wide {
		fmt.Fprintf(b, "\\setlength{\\tabcolsep}{%dpt}\n\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%%\n", latexGap/2)
		closed = "}"
	}
	b.WriteString("\\begin{tabular}{@{}")
	for _, c := range t.Columns {
		b.WriteString(c.latexSide())
	}
	b.WriteString("@{}}\n\\toprule\n")
	line := func(end string, cell func(j int) string) {
		for j := range t.Columns {
			if j > 0 {
				b.WriteString(" & ")
			}
			b.WriteString(cell(j))
		}
		b.WriteString(" " + end + "\n")
	}
	line(`\\`, func(j int) string { return makecell("b"+t.Columns[j].latexSide(), l.heads[j]) })
	b.WriteString("\\midrule\n")
	end := `\\`
	if l.stacked {
		end = `\\[2pt]` // so that it is seen which number an interval belongs to
	}
	for i := rows[0]; i < rows[1]; i++ {
		if t.Rows[i].Rule && i > rows[0] {
			b.WriteString("\\midrule\n")
		}
		line(end, func(j int) string { return makecell(t.Columns[j].latexSide(), l.cells[i][j].lines) })
	}
	b.WriteString("\\bottomrule\n\\end{tabular}" + closed + "\n")
}

func (c Column) latexSide() string {
	if c.Kind == KindText {
		return "l"
	}
	return "r"
}

// makecell stacks lines in a cell.
func makecell(place string, lines []string) string {
	if len(lines) == 1 {
		return lines[0]
	}
	return "\\makecell[" + place + "]{" + strings.Join(lines, "\\\\ ") + "}"
}

// wrapWords breaks a text between words into lines of at most n signs, or as many as the longest word has.
func wrapWords(s string, n int) []string {
	words := strings.Fields(s)
	if len(words) == 0 {
		return []string{s}
	}
	n = max(n, int(longestLine(words)))
	lines := words[:1:1]
	for i, word := range words[1:] {
		last := len(lines) - 1
		// The minus of "A − B" stays with B.
		if words[i] == "−" || word != "−" && utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) <= n ||
			word == "−" && i+2 < len(words) && utf8.RuneCountInString(lines[last])+3+utf8.RuneCountInString(words[i+2]) <= n {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

func longestLine(lines []string) float64 {
	return float64(utf8.RuneCountInString(slices.MaxFunc(lines, func(a, b string) int {
		return cmp.Compare(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
	})))
}

func latexTexts(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = latexText(line)
	}
	return out
}
