package datasets

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Open reads a dataset into memory and validates it. The path is one of
//
//   - a folder with the tables cvs (cv_id, text), jds (jd_id, text) and pairs (cv_id, jd_id, label, and
//     optionally split and time), each a file NAME.parquet or a folder NAME or NAME.parquet of part
//     files, as Spark and DuckDB write them;
//   - a folder with pairs only, or a single pairs file, whose rows also carry the texts in the columns cv and jd
//     (or cv_text and jd_text).
//
// The label is an integer of any width or a boolean. Files are streamed row group by row group: only
// the distinct texts and ids and one page a column are held. The first fault of the data comes back
// as a *DataError that names file, column and row; an error of ctx as it is.
func Open(ctx context.Context, path string) (*Dataset, error) {
	l, err := findTables(path)
	if err != nil {
		return nil, err
	}
	return newBuilder(nameOf(path), strings.Clone).read(ctx, l)
}

// read adds all rows of the tables and returns the dataset.
func (b *builder) read(ctx context.Context, l layout) (*Dataset, error) {
	for _, table := range []struct {
		texts *texts
		parts []string
	}{{&b.cvs, l.cvs}, {&b.jds, l.jds}} {
		if err := b.readTexts(ctx, table.texts, table.parts); err != nil {
			return nil, err
		}
		if table.parts != nil && len(table.texts.ids) == 0 {
			return nil, &DataError{File: table.parts[0], Msg: "empty table: no " + table.texts.what}
		}
	}
	for _, part := range l.pairs {
		if err := b.readPairs(ctx, part, l.cvs == nil, l.jds == nil); err != nil {
			return nil, err
		}
	}
	return b.finish(l.pairsAt)
}

// nameOf is the dataset's name: the last element of its path without the extension.
func nameOf(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return strings.TrimSuffix(filepath.Base(path), ".parquet")
}

// textColumns are the accepted names of the text of table t in its own table; in a pairs table only
// the latter two stand for it.
func textColumns(t *texts) []string {
	if t.what == "CV" {
		return []string{"text", "cv", "cv_text"}
	}
	return []string{"text", "jd", "jd_text"}
}

// readTexts adds the rows of a table of texts.
func (b *builder) readTexts(ctx context.Context, t *texts, parts []string) error {
	want := []columnSpec{{names: []string{t.idColumn}}, {names: textColumns(t)}}
	for _, part := range parts {
		file := b.file(part)
		err := scanParquet(ctx, part, want, func(rows *batch) error {
			for i := range rows.n {
				at := place{file, int32(rows.row + i)}
				id, text, err := b.textAt(at, rows, i)
				if err != nil {
					return err
				}
				if _, _, err := b.addText(t, at, rows.names[1], id, text); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// textAt reads and null-checks row i of a batch of an id and a text column; the strings are views.
func (b *builder) textAt(at place, rows *batch, i int) (id, text string, err error) {
	if err := b.checkNull(at, rows.names[0], rows.cols[0][i], ""); err != nil {
		return "", "", err
	}
	id = textView(rows.cols[0][i])
	if err := b.checkNull(at, rows.names[1], rows.cols[1][i], id); err != nil {
		return "", "", err
	}
	return id, textView(rows.cols[1][i]), nil
}

// checkNull refuses a null.
func (b *builder) checkNull(at place, column string, v parquet.Value, id string) error {
	if v.IsNull() {
		return b.fault(at, column, id, "null")
	}
	return nil
}

// The columns of a pairs table, in the order that decision and readPairs ask for them.
const (
	colCVID = iota
	colJDID
	colLabel
	colSplit
	colTime
	colCV
	colJD
)

// pairColumns asks for the columns of a pairs table, with the texts it has to carry.
func pairColumns(withCV, withJD bool) []columnSpec {
	return []columnSpec{
		colCVID:  {names: []string{"cv_id"}},
		colJDID:  {names: []string{"jd_id"}},
		colLabel: {names: []string{"label"}, kind: labelKind},
		colSplit: {names: []string{"split"}, optional: true},
		colTime:  {names: []string{"time"}, kind: timeKind, optional: true},
		colCV:    {names: []string{"cv", "cv_text"}, optional: !withCV},
		colJD:    {names: []string{"jd", "jd_text"}, optional: !withJD},
	}
}

// decision is the part of a pair's row that is no text; its strings are views.
type decision struct {
	cvID, jdID, split string
	label             int64
	when              time.Time
}

// decisionAt reads and null-checks row i of a batch of pairColumns.
func (b *builder) decisionAt(at place, rows *batch, i int) (d decision, err error) {
	for _, c := range []int{colCVID, colJDID} {
		if err := b.checkNull(at, rows.names[c], rows.cols[c][i], ""); err != nil {
			return d, err
		}
	}
	d.cvID, d.jdID = textView(rows.cols[colCVID][i]), textView(rows.cols[colJDID][i])
	switch labels := rows.cols[colLabel]; {
	case labels != nil && !labels[i].IsNull():
		d.label = labelValue(labels[i])
	case b.unjudged:
		d.label = Unjudged
	default:
		return d, b.fault(at, rows.names[colLabel], d.cvID+"/"+d.jdID, "null label: expected 1 (matched) or 0 (mismatched)")
	}
	if c := rows.cols[colSplit]; c != nil && !c[i].IsNull() {
		d.split = textView(c[i])
	}
	if c := rows.cols[colTime]; c != nil && !c[i].IsNull() {
		d.when = timeValue(c[i], rows.types[colTime])
	}
	return d, nil
}

// labelValue is the number in a labelKind column; true is 1.
func labelValue(v parquet.Value) int64 {
	switch v.Kind() {
	case parquet.Boolean:
		if v.Boolean() {
			return 1
		}
		return 0
	case parquet.Int32:
		return int64(v.Int32())
	}
	return v.Int64()
}

// readPairs adds the rows of one pairs file, and the texts it carries where there is no table of them.
func (b *builder) readPairs(ctx context.Context, part string, withCV, withJD bool) error {
	file := b.file(part)
	row := func(rows *batch, i int) error {
		at := place{file, int32(rows.row + i)}
		d, err := b.decisionAt(at, rows, i)
		if err != nil {
			return err
		}
		cv, err := b.pairText(&b.cvs, at, rows, colCV, i, d.cvID, withCV)
		if err != nil {
			return err
		}
		jd, err := b.pairText(&b.jds, at, rows, colJD, i, d.jdID, withJD)
		if err != nil {
			return err
		}
		return b.addPair(at, cv, jd, d.label, d.split, d.when)
	}
	columns := pairColumns(withCV, withJD)
	columns[colLabel].optional = b.unjudged
	return scanParquet(ctx, part, columns, func(rows *batch) error {
		for i := range rows.n {
			if err := row(rows, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// pairText returns the index of a pair's text: added from the row when the row carries it, looked up
// otherwise.
func (b *builder) pairText(t *texts, at place, rows *batch, column, i int, id string, carried bool) (int32, error) {
	if !carried {
		return b.find(t, at, id)
	}
	text := rows.cols[column][i]
	if err := b.checkNull(at, rows.names[column], text, id); err != nil {
		return 0, err
	}
	index, _, err := b.addText(t, at, rows.names[column], id, textView(text))
	return index, err
}
