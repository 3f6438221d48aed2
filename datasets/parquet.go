package datasets

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// kind is what a column is read as.
type kind int

const (
	textKind  kind = iota // UTF-8 bytes
	labelKind             // an integer of any width, or a boolean
	timeKind              // a timestamp or a date
	anyKind               // any flat column, for importers
)

func (k kind) String() string {
	return [...]string{"a string", "an integer (0 or 1) or a boolean", "a timestamp", "a flat column"}[k]
}

// columnSpec asks for one column of a Parquet file.
type columnSpec struct {
	names    []string // accepted names, the preferred one first
	kind     kind
	optional bool // absent columns are no error
}

// batch is a run of rows of one file. Its values are views into buffers that the next batch reuses.
type batch struct {
	file  string
	row   int // 1-based row of the first value
	n     int // rows
	names []string
	types []parquet.Type
	cols  [][]parquet.Value // one slice of n values a columnSpec; nil: the file has no such column
}

// batchRows bounds a batch: large enough to amortise calls, small enough to stay in the cache.
const batchRows = 1024

// scanParquet reads the wanted columns of one file row group by row group and calls rows for every
// batch. It holds one page a column in memory. Whatever is wrong
// with the file, panics of the decoder included, comes back as a *DataError; errors of the callbacks
// and of ctx come back as they are.
func scanParquet(ctx context.Context, path string, want []columnSpec, rows func(*batch) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fileError(path, err)
	}
	defer f.Close()
	pf, err := openParquet(path, f)
	if err != nil {
		return err
	}
	b := &batch{file: path, row: 1, names: make([]string, len(want)), types: make([]parquet.Type, len(want)), cols: make([][]parquet.Value, len(want))}
	leaf := make([]int, len(want))
	for i, w := range want {
		if leaf[i], b.names[i], b.types[i], err = findColumn(path, pf, w); err != nil {
			return err
		}
	}
	for _, group := range pf.RowGroups() {
		if err := scanGroup(ctx, b, group, leaf, rows); err != nil {
			return err
		}
	}
	return nil
}

// openParquet reads and checks the footer.
func openParquet(path string, f *os.File) (pf *parquet.File, err error) {
	defer caught(path, &err)
	info, err := f.Stat()
	if err != nil {
		return nil, fileError(path, err)
	}
	if info.IsDir() {
		return nil, &DataError{File: path, Msg: "is a folder, expected a Parquet file"}
	}
	var tail [8]byte
	if info.Size() < 12 {
		return nil, &DataError{File: path, Msg: fmt.Sprintf("%d bytes long: truncated, or no Parquet file", info.Size())}
	}
	if _, err := f.ReadAt(tail[:], info.Size()-8); err != nil {
		return nil, fileError(path, err)
	}
	if magic := string(tail[4:]); magic != "PAR1" && magic != "PARE" {
		return nil, &DataError{File: path, Msg: "truncated, or no Parquet file: it does not end in PAR1"}
	}
	if n := binary.LittleEndian.Uint32(tail[:4]); int64(n) > info.Size()-12 {
		return nil, &DataError{File: path, Msg: "corrupt Parquet footer: its length exceeds the file"}
	}
	pf, err = parquet.OpenFile(f, info.Size(), &parquet.FileConfig{SkipPageIndex: true, SkipBloomFilters: true, ReadBufferSize: 256 << 10})
	if err != nil {
		return nil, &DataError{File: path, Msg: "corrupt or unsupported Parquet file", Err: err}
	}
	return pf, nil
}

// findColumn resolves a columnSpec to a leaf index and its type; -1 when an optional column is absent.
func findColumn(path string, pf *parquet.File, w columnSpec) (leaf int, name string, typ parquet.Type, err error) {
	defer caught(path, &err)
	for _, name := range w.names {
		c := pf.Root().Column(name)
		if c == nil {
			continue
		}
		if !c.Leaf() || c.Repeated() {
			return 0, "", nil, &DataError{File: path, Column: name, Msg: fmt.Sprintf("mistyped column: it is nested, expected %v", w.kind)}
		}
		if !readableAs(c.Type(), w.kind) {
			return 0, "", nil, &DataError{File: path, Column: name, Msg: fmt.Sprintf("mistyped column: it is %v, expected %v", c.Type(), w.kind)}
		}
		return c.Index(), name, c.Type(), nil
	}
	if w.optional {
		return -1, w.names[0], nil, nil
	}
	var have []string
	for _, c := range pf.Root().Columns() {
		have = append(have, clip(c.Name(), 40))
	}
	msg := "missing column"
	if len(w.names) > 1 {
		msg += fmt.Sprintf(" (also looked for %s)", strings.Join(w.names[1:], ", "))
	}
	return 0, "", nil, &DataError{File: path, Column: w.names[0], Msg: msg + "; the file has " + strings.Join(have, ", ")}
}

// readableAs reports whether a physical and logical Parquet type holds what is asked for.
func readableAs(t parquet.Type, k kind) bool {
	logical := t.LogicalType()
	switch k {
	case textKind:
		return t.Kind() == parquet.ByteArray && (logical == nil || logical.UTF8 != nil || logical.Enum != nil || logical.Json != nil)
	case labelKind:
		switch t.Kind() {
		case parquet.Boolean:
			return true
		case parquet.Int32, parquet.Int64:
			return logical == nil || logical.Integer != nil
		}
		return false
	case timeKind:
		return t.Kind() == parquet.Int96 || logical != nil && (logical.Timestamp != nil || logical.Date != nil)
	}
	return true
}

// scanGroup reads one row group in batches that cross no page boundary of any column.
func scanGroup(ctx context.Context, b *batch, group parquet.RowGroup, leaf []int, rows func(*batch) error) error {
	left := group.NumRows()
	chunks := group.ColumnChunks()
	cursors := make([]*cursor, len(leaf))
	defer func() {
		for _, c := range cursors {
			if c != nil {
				c.close()
			}
		}
	}()
	for i, l := range leaf {
		if l < 0 {
			b.cols[i] = nil
			continue
		}
		if l >= len(chunks) {
			return &DataError{File: b.file, Column: b.names[i], Msg: "corrupt Parquet file: a row group lacks this column"}
		}
		cursors[i] = &cursor{file: b.file, column: b.names[i], chunk: chunks[l]}
	}
	for left > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(left, batchRows)
		for _, c := range cursors {
			if c != nil {
				if err := c.load(b.row); err != nil {
					return err
				}
				n = min(n, c.left)
			}
		}
		for i, c := range cursors {
			if c != nil {
				values, err := c.take(int(n), b.row)
				if err != nil {
					return err
				}
				b.cols[i] = values
			}
		}
		b.n = int(n)
		if err := rows(b); err != nil {
			return err
		}
		b.row += b.n
		left -= n
	}
	return nil
}

// cursor reads the values of one column chunk.
type cursor struct {
	file, column string
	chunk        parquet.ColumnChunk
	pages        parquet.Pages
	page         parquet.Page
	values       parquet.ValueReader
	left         int64 // values left in page
	buf          [batchRows]parquet.Value
}

// load makes sure that the current page has values left.
func (c *cursor) load(row int) (err error) {
	defer caught(c.file, &err)
	if c.pages == nil {
		c.pages = c.chunk.Pages()
	}
	for c.left == 0 {
		if c.page != nil {
			parquet.Release(c.page)
			c.page = nil
		}
		page, err := c.pages.ReadPage()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return &DataError{File: c.file, Column: c.column, Row: row, Msg: "corrupt Parquet file: the column cannot be read on from here", Err: err}
		}
		c.page, c.values, c.left = page, page.Values(), page.NumValues()
	}
	return nil
}

// take returns the next n values of the current page, valid until the next load.
func (c *cursor) take(n, row int) (values []parquet.Value, err error) {
	defer caught(c.file, &err)
	for got := 0; got < n; {
		m, err := c.values.ReadValues(c.buf[got:n])
		if got += m; got < n && (err != nil || m == 0) {
			return nil, &DataError{File: c.file, Column: c.column, Row: row + got, Msg: "corrupt Parquet file: a page holds fewer values than it says", Err: err}
		}
	}
	c.left -= int64(n)
	return c.buf[:n], nil
}

func (c *cursor) close() {
	defer func() { _ = recover() }() // buffers of a page that failed to decode
	if c.page != nil {
		parquet.Release(c.page)
	}
	if c.pages != nil {
		_ = c.pages.Close() // read only
	}
}

// textView is the text of a value without a copy, valid as long as the batch; clone what is kept.
func textView(v parquet.Value) string {
	b := v.ByteArray()
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// julianEpoch is the Julian day number of 1970-01-01, which INT96 timestamps count from.
const julianEpoch = 2440588

// timeValue converts a value of a timeKind column to UTC.
func timeValue(v parquet.Value, t parquet.Type) time.Time {
	if t.Kind() == parquet.Int96 {
		x := v.Int96()
		nanos := int64(uint64(x[1])<<32 | uint64(x[0]))
		return time.Unix((int64(x[2])-julianEpoch)*86400, nanos).UTC()
	}
	logical := t.LogicalType()
	if logical.Date != nil {
		return time.Unix(int64(v.Int32())*86400, 0).UTC()
	}
	switch unit := logical.Timestamp.Unit; {
	case unit.Millis != nil:
		return time.UnixMilli(v.Int64()).UTC()
	case unit.Micros != nil:
		return time.UnixMicro(v.Int64()).UTC()
	}
	return time.Unix(0, v.Int64()).UTC()
}
