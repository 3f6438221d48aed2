package datasets

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// ragged is a table of a public dump whose lines may have too few or too many fields.
type ragged struct {
	path      string
	rows      []raggedRow
	at        map[string]int // column name → field
	converted bool           // from GB 18030 to UTF-8
	joined    int            // lines that were the rest of a text with a line break in it
	malformed int            // lines left out: their fields cannot be told apart
}

// raggedRow is a row with its line in the file (the header is line 1); a row has a field for each column.
type raggedRow struct {
	line   int
	fields []string
}

// get returns a field by column name, "" where it is absent or marked as unknown (\N, - or blank).
func (t *ragged) get(r raggedRow, column string) string {
	i, ok := t.at[column]
	if !ok {
		return ""
	}
	switch s := strings.TrimSpace(r.fields[i]); s {
	case `\N`, "-", "NULL", "null":
		return ""
	default:
		return s
	}
}

// readRagged reads the table NAME, NAME.csv, NAME.tsv or NAME.txt of a folder: comma- or tab-separated,
// UTF-8 or GB 18030 (which includes GBK). With freeText the last column is a text that may hold separators and line
// breaks: surplus fields and lines without an id are given back to it. Otherwise such lines are left
// out and counted. Lines that end early are filled up when filled is true, else left out too.
func readRagged(dir, name string, required []string, freeText, filled bool) (*ragged, error) {
	path, err := raggedPath(dir, name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	t := &ragged{path: path, at: map[string]int{}}
	if data, err = t.decode(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))); err != nil {
		return nil, err
	}
	comma := ","
	if head, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(head, []byte("\t")) > bytes.Count(head, []byte(",")) {
		comma = "\t"
	}
	records, err := splitRecords(path, data, comma)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, &DataError{File: path, Msg: "empty file: expected a header line"}
	}
	header := records[0].fields
	for i, h := range header {
		t.at[strings.TrimSpace(h)] = i
	}
	for _, c := range required {
		if _, ok := t.at[c]; !ok {
			return nil, &DataError{File: path, Column: c, Msg: "missing column; the header has " + clip(strings.Join(header, ", "), 300)}
		}
	}
	if freeText && t.at[required[len(required)-1]] != len(header)-1 {
		freeText = false
	}
	t.repair(records[1:], len(header), comma, freeText, filled)
	return t, nil
}

// repair gives every row as many fields as the header has, or leaves it out.
func (t *ragged) repair(records []raggedRow, n int, comma string, freeText, filled bool) {
	idLength := 0
	for _, r := range records {
		isID := looksLikeID(r.fields[0], idLength)
		switch {
		case len(r.fields) < n && !isID && freeText && len(t.rows) > 0:
			last := t.rows[len(t.rows)-1].fields
			last[n-1] += "\n" + strings.Join(r.fields, comma)
			t.joined++
			continue
		case !isID, len(r.fields) > n && !freeText, len(r.fields) < n && !filled:
			t.malformed++
			continue
		case len(r.fields) > n:
			r.fields = append(r.fields[:n-1:n-1], strings.Join(r.fields[n-1:], comma))
		}
		for len(r.fields) < n {
			r.fields = append(r.fields, "")
		}
		if idLength == 0 {
			idLength = len(strings.TrimSpace(r.fields[0]))
		}
		t.rows = append(t.rows, r)
	}
}

// looksLikeID accepts words of ASCII letters and digits as long as the first id of the file (0: not yet
// known), and whole numbers of any length.
func looksLikeID(s string, length int) bool {
	s = strings.TrimSpace(s)
	digits := true
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', r == '-':
			digits = false
		default:
			return false
		}
	}
	return s != "" && (digits || length == 0 || len(s) == length)
}

// raggedPath finds the file of a table.
func raggedPath(dir, name string) (string, error) {
	found := ""
	for _, ext := range []string{"", ".csv", ".tsv", ".txt"} {
		p := filepath.Join(dir, name+ext)
		info, err := os.Stat(p)
		if err != nil || info.IsDir() {
			continue
		}
		if found != "" {
			return "", &DataError{File: dir, Msg: fmt.Sprintf("both %s and %s are there: keep one", filepath.Base(found), filepath.Base(p))}
		}
		found = p
	}
	if found == "" {
		return "", &DataError{File: filepath.Join(dir, name), Msg: "no such table: expected " + name + ".csv, .tsv, .txt or no extension", Err: os.ErrNotExist}
	}
	return found, nil
}

// decode returns the text as UTF-8. The first line that is not ASCII tells the encoding.
func (t *ragged) decode(data []byte) ([]byte, error) {
	if utf8.Valid(data) {
		return data, nil
	}
	for row, line := range bytes.Split(data, []byte("\n")) {
		if isASCII(line) {
			continue
		}
		if utf8.Valid(line) {
			return nil, notUTF8(t.path, data)
		}
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return nil, &DataError{File: t.path, Row: row, Msg: "neither UTF-8 nor GB 18030 (GBK)", Err: err}
		}
		t.converted = true
		return out, nil
	}
	return data, nil
}

// notUTF8 names the first line that is not UTF-8.
func notUTF8(path string, data []byte) error {
	for row, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return &DataError{File: path, Row: row, Msg: fmt.Sprintf("text is not UTF-8 (line %d, byte %d)", row+1, firstInvalid(string(line)))}
		}
	}
	return nil
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// splitRecords cuts a file into records. Commas may be quoted; tab-separated dumps do not quote, and a
// quotation mark there is a character like any other unless it encloses a whole field.
func splitRecords(path string, data []byte, comma string) ([]raggedRow, error) {
	var records []raggedRow
	if comma == "\t" {
		for i, line := range strings.Split(string(data), "\n") {
			line = strings.TrimSuffix(line, "\r")
			if strings.TrimSpace(line) == "" {
				continue
			}
			fields := strings.Split(line, "\t")
			for j, f := range fields {
				if len(f) >= 2 && f[0] == '"' && f[len(f)-1] == '"' {
					fields[j] = strings.ReplaceAll(f[1:len(f)-1], `""`, `"`)
				}
			}
			records = append(records, raggedRow{i + 1, fields})
		}
		return records, nil
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, csvError(path, len(records), err)
		}
		line, _ := r.FieldPos(0)
		records = append(records, raggedRow{line, fields})
	}
}
