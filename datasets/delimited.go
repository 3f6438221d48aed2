package datasets

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// scanFields reads columns of any tabular file as strings: CSV, TSV, a Parquet file or a folder of
// Parquet parts. It calls fn with file, 1-based row and one field a columnSpec; an absent optional
// column and a null are empty. Fields of a row that fn keeps need no copy.
func scanFields(ctx context.Context, path string, want []columnSpec, fn func(file string, row int, fields []string) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return fileError(path, err)
	}
	parts := []string{path}
	if info.IsDir() {
		if parts, err = listParts(path); err != nil {
			return err
		}
	} else if !isParquet(path) {
		return scanDelimited(ctx, path, want, fn)
	}
	for _, part := range parts {
		err := scanParquet(ctx, part, want, func(rows *batch) error {
			for i := range rows.n {
				fields := make([]string, len(want))
				for c, values := range rows.cols {
					if values == nil || values[i].IsNull() {
						continue
					}
					if fields[c], err = fieldValue(values[i], rows.types[c]); err != nil {
						return &DataError{File: part, Column: rows.names[c], Row: rows.row + i, Msg: err.Error()}
					}
				}
				if err := fn(part, rows.row+i, fields); err != nil {
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

// isParquet goes by the extension, then by the first bytes.
func isParquet(path string) bool {
	if strings.EqualFold(filepath.Ext(path), ".parquet") {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [4]byte
	_, err = io.ReadFull(f, magic[:])
	return err == nil && string(magic[:]) == "PAR1"
}

// fieldValue writes a Parquet value as the string a CSV would hold.
func fieldValue(v parquet.Value, t parquet.Type) (string, error) {
	if readableAs(t, timeKind) {
		return timeValue(v, t).Format(time.RFC3339Nano), nil
	}
	switch t.Kind() {
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return string(v.ByteArray()), nil
	case parquet.Boolean:
		return strconv.FormatBool(v.Boolean()), nil
	case parquet.Int32, parquet.Int64:
		return strconv.FormatInt(labelValue(v), 10), nil
	case parquet.Double:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64), nil
	case parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32), nil
	}
	return "", fmt.Errorf("mistyped column: cannot read %v", t)
}

// scanDelimited reads a file with a header line and fields separated by commas, tabs or semicolons, quoted
// as RFC 4180 says; quoted fields may hold line breaks. Every row must have as many fields as the header.
func scanDelimited(ctx context.Context, path string, want []columnSpec, fn func(file string, row int, fields []string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fileError(path, err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	if err := skipBOM(path, in); err != nil {
		return err
	}
	r := csv.NewReader(in)
	r.Comma = sniffComma(in)
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return &DataError{File: path, Msg: "empty file: expected a header line"}
	}
	if err != nil {
		return csvError(path, 0, err)
	}
	at, err := findFields(path, header, want)
	if err != nil {
		return err
	}
	for row := 1; ; row++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvError(path, row, err)
		}
		fields := make([]string, len(want))
		for i, c := range at {
			if c >= 0 {
				fields[i] = record[c]
			}
		}
		if err := fn(path, row, fields); err != nil {
			return err
		}
	}
}

// csvError gives row and line of a malformed record.
func csvError(path string, row int, err error) error {
	e := &DataError{File: path, Row: row, Msg: "malformed row", Err: err}
	if p := (*csv.ParseError)(nil); errors.As(err, &p) {
		e.Msg, e.Err = fmt.Sprintf("malformed row (line %d)", p.StartLine), p.Err
	}
	return e
}

// skipBOM drops a UTF-8 byte order mark and refuses UTF-16.
func skipBOM(path string, in *bufio.Reader) error {
	head, _ := in.Peek(3)
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = in.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return &DataError{File: path, Msg: "the file is UTF-16: save it as UTF-8"}
	}
	return nil
}

// sniffComma is the separator that occurs most in the first line; a comma if none does.
func sniffComma(in *bufio.Reader) rune {
	head, _ := in.Peek(64 << 10)
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best := ','
	for _, sep := range "\t;" {
		if bytes.Count(line, []byte(string(sep))) > bytes.Count(line, []byte(string(best))) {
			best = sep
		}
	}
	return best
}

// findFields resolves column names in a header; -1 stands for an absent optional column.
func findFields(path string, header []string, want []columnSpec) ([]int, error) {
	at := make([]int, len(want))
	for i, w := range want {
		at[i] = -1
		for _, name := range w.names {
			for c, h := range header {
				if strings.TrimSpace(h) != name {
					continue
				}
				if at[i] >= 0 {
					return nil, &DataError{File: path, Column: name, Msg: "the header has this column twice"}
				}
				at[i] = c
			}
			if at[i] >= 0 {
				break
			}
		}
		if at[i] < 0 && !w.optional {
			var have []string
			for _, h := range header {
				have = append(have, clip(h, 40))
			}
			return nil, &DataError{File: path, Column: w.names[0], Msg: "missing column; the header has " + strings.Join(have, ", ")}
		}
	}
	return at, nil
}
