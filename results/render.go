package results

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strings"
)

// Markdown writes the table in GitHub's dialect: title in bold, numbers right-aligned, footnotes
// numbered below. Texts are escaped, so that no text can break out of its cell.
func (t Table) Markdown(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	texts, marks := t.footnotes()
	var b strings.Builder
	if t.Title != "" {
		fmt.Fprintf(&b, "**%s**\n\n", markdownText(t.Title))
	}
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "| %s ", markdownText(c.Name))
	}
	b.WriteString("|\n")
	for _, c := range t.Columns {
		if c.Kind == KindText {
			b.WriteString("|:---")
		} else {
			b.WriteString("|---:")
		}
	}
	b.WriteString("|\n")
	for i, row := range t.Rows {
		for j, cell := range row.Cells {
			text := t.Columns[j].plain(cell)
			if j == 0 && len(marks[i]) > 0 {
				text += "<sup>" + joinInts(marks[i], ",") + "</sup>"
			}
			fmt.Fprintf(&b, "| %s ", text)
		}
		b.WriteString("|\n")
	}
	if len(t.Notes)+len(texts) > 0 {
		b.WriteString("\n")
	}
	for _, note := range t.Notes {
		fmt.Fprintf(&b, "- %s\n", markdownText(note))
	}
	for i, note := range texts {
		fmt.Fprintf(&b, "- <sup>%d</sup> %s\n", i+1, markdownText(note))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// plain is a cell as Markdown shows it.
func (c Column) plain(cell Cell) string {
	if c.Kind == KindText {
		return markdownText(cell.Text)
	}
	return strings.ReplaceAll(c.text(cell), "<", "&lt;")
}

var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, `|`, `\|`, `*`, `\*`, `_`, `\_`, "`", "\\`", `[`, `\[`, `]`, `\]`, `#`, `\#`, `~`, `\~`,
	`<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`, "\r\n", " ", "\n", " ", "\r", " ")

func markdownText(s string) string { return markdownEscaper.Replace(s) }

// CSV writes the table for machines: full precision, intervals in columns of their own, the notes of a
// row spelled out in the last column, the table's own notes left to the other formats.
func (t Table) CSV(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	var header []string
	for _, c := range t.Columns {
		header = append(header, c.Key)
		if c.Interval {
			header = append(header, c.Key+"_low", c.Key+"_high")
		}
	}
	if err := out.Write(append(header, "notes")); err != nil {
		return err
	}
	number := func(v float64) string {
		if math.IsNaN(v) {
			return ""
		}
		return formatFloat(v)
	}
	for _, row := range t.Rows {
		var record []string
		for j, cell := range row.Cells {
			if t.Columns[j].Kind == KindText {
				record = append(record, cell.Text)
				continue
			}
			record = append(record, number(cell.Value))
			if t.Columns[j].Interval {
				record = append(record, number(cell.Low), number(cell.High))
			}
		}
		if err := out.Write(append(record, strings.Join(row.Notes, "; "))); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func joinInts(values []int, sep string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, sep)
}
