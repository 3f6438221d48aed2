package results

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Table is a table before it is rendered: numbers stay numbers, so that every format can round and
// write them in its own way.
type Table struct {
	Name    string // file stem and LaTeX label: letters, digits, dot, dash, underscore
	Title   string
	Columns []Column
	Rows    []TableRow
	Notes   []string // about the whole table
	Wide    bool     // spans both columns of a two-column LaTeX page even where one would hold it, see [Table.LaTeX]
}

// Column describes the cells under one heading.
type Column struct {
	Key      string // name in the CSV file, such as "auc"
	Name     string // heading
	Kind     Kind
	Digits   int  // after the decimal point, in Markdown and LaTeX; CSV keeps full precision
	Interval bool // cells carry an interval; CSV gives it two further columns, <key>_low and <key>_high
}

// Kind says how a column's cells are written.
type Kind int

// The kinds of columns.
const (
	KindText   Kind = iota
	KindNumber      // 0.6476
	KindSigned      // +0.0127, for differences
	KindPValue      // 0.031, <0.001
	KindCount       // 1250
)

// TableRow is one line of a table.
type TableRow struct {
	Cells []Cell
	Notes []string // become numbered footnotes; rows with the same note share its number
	Rule  bool     // a rule above the row opens a group
}

// Cell is a text, a number, a number with an interval, or nothing at all.
type Cell struct {
	Text      string
	Value     float64 // NaN: nothing to show
	Low, High float64 // NaN: no interval
}

// Text is a cell of a KindText column.
func Text(s string) Cell { return Cell{Text: s, Value: math.NaN(), Low: math.NaN(), High: math.NaN()} }

// Number is a number without an interval; NaN is shown as missing.
func Number(v float64) Cell { return Cell{Value: v, Low: math.NaN(), High: math.NaN()} }

// WithInterval is a number with its interval; NaN bounds show the number alone.
func WithInterval(v, low, high float64) Cell { return Cell{Value: v, Low: low, High: high} }

// Missing is a cell that has nothing to say, shown as a dash and empty in CSV.
func Missing() Cell { return Number(math.NaN()) }

func (c Cell) hasInterval() bool { return !math.IsNaN(c.Low) && !math.IsNaN(c.High) }

var safeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// maxDigits is more than a float64 has to show.
const maxDigits = 20

func (t Table) check() error {
	if !safeName.MatchString(t.Name) {
		return fmt.Errorf("results: table name %q, want letters, digits, dots, dashes and underscores", t.Name)
	}
	if len(t.Columns) == 0 {
		return fmt.Errorf("results: table %s has no columns", t.Name)
	}
	seen := map[string]bool{"notes": true}
	for _, c := range t.Columns {
		if c.Key == "" || seen[c.Key] {
			return fmt.Errorf("results: table %s: column key %q is empty, used twice or reserved", t.Name, c.Key)
		}
		if c.Kind < KindText || c.Kind > KindCount || c.Digits < 0 || c.Digits > maxDigits {
			return fmt.Errorf("results: table %s: column %s is of kind %d with %d digits, want a kind up to %d and 0 to %d digits", t.Name, c.Key, c.Kind, c.Digits, KindCount, maxDigits)
		}
		if c.Kind == KindText && c.Interval {
			return fmt.Errorf("results: table %s: column %s is of texts, which have no interval", t.Name, c.Key)
		}
		seen[c.Key] = true
	}
	for i, row := range t.Rows {
		if len(row.Cells) != len(t.Columns) {
			return fmt.Errorf("results: table %s: row %d has %d cells, want %d", t.Name, i+1, len(row.Cells), len(t.Columns))
		}
		for j, cell := range row.Cells {
			if math.IsInf(cell.Value, 0) || math.IsInf(cell.Low, 0) || math.IsInf(cell.High, 0) {
				return fmt.Errorf("results: table %s: row %d, column %s is infinite", t.Name, i+1, t.Columns[j].Key)
			}
		}
	}
	return nil
}

// footnotes numbers the rows' notes in order of first appearance. marks[i] holds the numbers, from 1
// up, of row i.
func (t Table) footnotes() (texts []string, marks [][]int) {
	for _, row := range t.Rows {
		var m []int
		for _, note := range row.Notes {
			i := slices.Index(texts, note)
			if i < 0 {
				texts = append(texts, note)
				i = len(texts) - 1
			}
			if !slices.Contains(m, i+1) {
				m = append(m, i+1)
			}
		}
		slices.Sort(m)
		marks = append(marks, m)
	}
	return texts, marks
}

// format writes a cell's number, or its parts, with the minus sign and the "missing" of a format.
func (c Column) format(v float64, minus string) string {
	switch c.Kind {
	case KindCount:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case KindPValue:
		if v < 0.001 {
			return "<0.001"
		}
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', c.Digits, 64)
	if strings.Trim(s, "0.") == "" { // rounded to zero: no sign
		return s
	}
	switch {
	case v < 0:
		return minus + s
	case c.Kind == KindSigned:
		return "+" + s
	}
	return s
}

// WriteTables renders each table to dir/<name>.md, .tex and .csv.
func WriteTables(dir string, tables ...Table) error {
	for _, t := range tables {
		if err := t.check(); err != nil {
			return err
		}
		err := errors.Join(
			writeAtomic(filepath.Join(dir, t.Name+".md"), t.Markdown),
			writeAtomic(filepath.Join(dir, t.Name+".tex"), t.LaTeX),
			writeAtomic(filepath.Join(dir, t.Name+".csv"), t.CSV))
		if err != nil {
			return err
		}
	}
	return nil
}
