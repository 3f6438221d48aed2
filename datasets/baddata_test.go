package datasets

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// want is what an error must say: its fields, and a part of its message.
type want struct {
	file, column string // file: relative to the dataset
	row          int
	id, msg      string
}

// checkFault compares an error with what it must say.
func checkFault(t *testing.T, err error, dir string, w want) {
	t.Helper()
	var e *DataError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *DataError", err)
	}
	if rel, relErr := filepath.Rel(dir, e.File); relErr == nil && !strings.HasPrefix(rel, "..") {
		e.File = rel
	}
	got := want{e.File, e.Column, e.Row, e.ID, e.Error()}
	if diff := cmp.Diff(w, got, cmp.AllowUnexported(want{}), cmpopts.IgnoreFields(want{}, "msg")); diff != "" {
		t.Errorf("%v\n(-want +got):\n%s", err, diff)
	}
	if !strings.Contains(e.Error(), w.msg) {
		t.Errorf("got %q, want it to contain %q", e.Error(), w.msg)
	}
}

func TestOpenBadInput(t *testing.T) {
	type noLabel struct {
		CV string `parquet:"cv_id"`
		JD string `parquet:"jd_id"`
	}
	type textLabel struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label string `parquet:"label"`
	}
	type floatLabel struct {
		CV    string  `parquet:"cv_id"`
		JD    string  `parquet:"jd_id"`
		Label float64 `parquet:"label"`
	}
	type decimalLabel struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label int64  `parquet:"label,decimal(1:18)"`
	}
	type nullLabel struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label *int64 `parquet:"label"`
	}
	type plainTime struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label int64  `parquet:"label"`
		Time  int64  `parquet:"time"`
	}
	type intSplit struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label int64  `parquet:"label"`
		Split int64  `parquet:"split"`
	}
	type intID struct {
		ID   int64  `parquet:"cv_id"`
		Text string `parquet:"text"`
	}
	type listText struct {
		ID   string   `parquet:"jd_id"`
		Text []string `parquet:"text"`
	}
	type groupText struct {
		ID   string `parquet:"cv_id"`
		Text struct {
			Body string `parquet:"body"`
		} `parquet:"text"`
	}
	type nullText struct {
		ID   *string `parquet:"cv_id"`
		Text *string `parquet:"text"`
	}
	type noText struct {
		ID string `parquet:"cv_id"`
	}
	c1, c2, text := "c1", "c2", "a text"
	one, zero := int64(1), int64(0)

	tests := []struct {
		name string
		make func(dir string)
		want want
	}{
		{"missing folder", func(dir string) { _ = os.RemoveAll(dir) }, want{".", "", 0, "", "cannot be read: no such file or directory"}},
		{"no pairs", func(dir string) { _ = os.Remove(dir + "/pairs.parquet") },
			want{".", "", 0, "", "no pairs table: expected pairs.parquet or a folder pairs/ of part files; found cvs.parquet, jds.parquet"}},
		{"no CVs and none in the pairs", func(dir string) { _ = os.Remove(dir + "/cvs.parquet") },
			want{"pairs.parquet", "cv", 0, "", "missing column (also looked for cv_text); the file has cv_id, jd_id, label"}},
		{"two pairs tables", func(dir string) { put(t, dir+"/pairs/a.parquet", goodPairs) },
			want{".", "", 0, "", "both pairs.parquet and pairs are there"}},
		{"folder of parts without parts", func(dir string) {
			_ = os.Remove(dir + "/jds.parquet")
			putText(t, dir+"/jds/_SUCCESS", "")
		}, want{"jds", "", 0, "", "no .parquet part file"}},
		{"partitioned folder", func(dir string) {
			_ = os.Remove(dir + "/jds.parquet")
			put(t, dir+"/jds/lang=en/a.parquet", goodJDs)
		}, want{"jds/lang=en", "", 0, "", "folder among the part files"}},
		{"stray file among parts", func(dir string) {
			_ = os.Remove(dir + "/jds.parquet")
			put(t, dir+"/jds/a.parquet", goodJDs)
			putText(t, dir+"/jds/data_1", "x")
		}, want{"jds/data_1", "", 0, "", "not a .parquet file"}},

		{"missing label", func(dir string) { put(t, dir+"/pairs.parquet", []noLabel{{"c1", "j1"}}) },
			want{"pairs.parquet", "label", 0, "", "missing column; the file has cv_id, jd_id"}},
		{"missing text", func(dir string) { put(t, dir+"/cvs.parquet", []noText{{"c1"}}) },
			want{"cvs.parquet", "text", 0, "", "missing column"}},
		{"label is a string", func(dir string) { put(t, dir+"/pairs.parquet", []textLabel{{"c1", "j1", "1"}}) },
			want{"pairs.parquet", "label", 0, "", "mistyped column: it is STRING, expected an integer (0 or 1) or a boolean"}},
		{"label is a float", func(dir string) { put(t, dir+"/pairs.parquet", []floatLabel{{"c1", "j1", 1}}) },
			want{"pairs.parquet", "label", 0, "", "mistyped column: it is DOUBLE"}},
		{"label is a decimal", func(dir string) { put(t, dir+"/pairs.parquet", []decimalLabel{{"c1", "j1", 1}}) },
			want{"pairs.parquet", "label", 0, "", "mistyped column: it is DECIMAL"}},
		{"time is a bare integer", func(dir string) { put(t, dir+"/pairs.parquet", []plainTime{{"c1", "j1", 1, 7}}) },
			want{"pairs.parquet", "time", 0, "", "expected a timestamp"}},
		{"split is an integer", func(dir string) { put(t, dir+"/pairs.parquet", []intSplit{{"c1", "j1", 1, 7}}) },
			want{"pairs.parquet", "split", 0, "", "expected a string"}},
		{"id is an integer", func(dir string) { put(t, dir+"/cvs.parquet", []intID{{1, "a"}}) },
			want{"cvs.parquet", "cv_id", 0, "", "mistyped column: it is INT(64,true), expected a string"}},
		{"text is a list", func(dir string) { put(t, dir+"/jds.parquet", []listText{{"j1", []string{"a"}}}) },
			want{"jds.parquet", "text", 0, "", "mistyped column: it is nested"}},
		{"text is a group", func(dir string) { put(t, dir+"/cvs.parquet", []groupText{{ID: "c1"}}) },
			want{"cvs.parquet", "text", 0, "", "mistyped column: it is nested"}},

		{"empty text", func(dir string) {
			put(t, dir+"/cvs.parquet", []cvT{goodCVs[0], {"c2", " \n\t　"}})
		}, want{"cvs.parquet", "text", 2, "c2", "empty text"}},
		{"null text", func(dir string) {
			put(t, dir+"/cvs.parquet", []nullText{{&c1, &text}, {&c2, nil}})
		}, want{"cvs.parquet", "text", 2, "c2", "null"}},
		{"null id", func(dir string) { put(t, dir+"/cvs.parquet", []nullText{{nil, &text}}) },
			want{"cvs.parquet", "cv_id", 1, "", "null"}},
		{"empty id", func(dir string) { put(t, dir+"/cvs.parquet", []cvT{{"", "a"}}) },
			want{"cvs.parquet", "cv_id", 1, "", "empty id"}},
		{"text is not UTF-8", func(dir string) {
			put(t, dir+"/jds.parquet", []jdT{goodJDs[0], goodJDs[1], {"j3", "caf\xe9 wanted"}})
		}, want{"jds.parquet", "text", 3, "j3", "text is not UTF-8 (byte 3)"}},
		{"id is not UTF-8", func(dir string) { put(t, dir+"/jds.parquet", []jdT{{"j\xff", "a"}}) },
			want{"jds.parquet", "jd_id", 1, "j\xff", `(j\xff): id is not UTF-8`}},
		{"fault in the second part", func(dir string) {
			_ = os.Remove(dir + "/cvs.parquet")
			put(t, dir+"/cvs/a.parquet", goodCVs[:2])
			put(t, dir+"/cvs/b.parquet", []cvT{goodCVs[2], {"c9", ""}})
		}, want{"cvs/b.parquet", "text", 2, "c9", "empty text"}},
		{"one id with two texts", func(dir string) { put(t, dir+"/cvs.parquet", []cvT{goodCVs[0], goodCVs[1], {"c1", "another"}}) },
			want{"cvs.parquet", "cv_id", 3, "c1", "duplicate id with another text: the first is at row 1"}},
		{"one id with two texts in two parts", func(dir string) {
			_ = os.Remove(dir + "/cvs.parquet")
			put(t, dir+"/cvs/a.parquet", goodCVs)
			put(t, dir+"/cvs/b.parquet", []cvT{{"c2", "another"}})
		}, want{"cvs/b.parquet", "cv_id", 1, "c2", "cvs/a.parquet, row 2"}},
		{"one id with two texts in the pairs", func(dir string) {
			_ = os.RemoveAll(dir)
			put(t, dir+"/pairs.parquet", []fullT{{"c1", "j1", "a", "b", true}, {"c1", "j2", "A", "c", false}})
		}, want{"pairs.parquet", "cv_id", 2, "c1", "duplicate id with another text: the first is at row 1"}},

		{"label 2", func(dir string) { put(t, dir+"/pairs.parquet", []pairT{{"c1", "j1", 1}, {"c2", "j1", 2}}) },
			want{"pairs.parquet", "label", 2, "c2/j1", "label 2: expected 1 (matched) or 0 (mismatched)"}},
		{"label -1", func(dir string) { put(t, dir+"/pairs.parquet", []pairT{{"c1", "j1", -1}}) },
			want{"pairs.parquet", "label", 1, "c1/j1", "label -1"}},
		{"label 2^32 is not 0", func(dir string) { put(t, dir+"/pairs.parquet", []pairT{{"c1", "j1", 1 << 32}}) },
			want{"pairs.parquet", "label", 1, "c1/j1", "label 4294967296"}},
		{"null label", func(dir string) {
			put(t, dir+"/pairs.parquet", []nullLabel{{"c1", "j1", &one}, {"c1", "j2", &zero}, {"c2", "j2", nil}})
		}, want{"pairs.parquet", "label", 3, "c2/j2", "null label"}},
		{"only matches", func(dir string) { put(t, dir+"/pairs.parquet", []pairT{{"c1", "j1", 1}, {"c2", "j2", 1}}) },
			want{"pairs.parquet", "label", 0, "", "only one class: all 2 labels are 1"}},
		{"only mismatches", func(dir string) { put(t, dir+"/pairs.parquet", []pairT{{"c1", "j1", 0}}) },
			want{"pairs.parquet", "label", 0, "", "only one class: all 1 labels are 0"}},
		{"duplicate pair", func(dir string) {
			put(t, dir+"/pairs.parquet", []pairT{{"c1", "j1", 1}, {"c2", "j1", 0}, {"c1", "j1", 1}})
		},
			want{"pairs.parquet", "cv_id", 3, "c1/j1", "duplicate pair: the first is at row 1"}},
		{"conflicting pair", func(dir string) { put(t, dir+"/pairs.parquet", []pairT{{"c2", "j1", 0}, {"c2", "j1", 1}}) },
			want{"pairs.parquet", "label", 2, "c2/j1", "conflicting labels: 1 here, 0 at row 1"}},
		{"CV without a text", func(dir string) { put(t, dir+"/pairs.parquet", []pairT{{"c1", "j1", 1}, {"c7", "j1", 0}}) },
			want{"pairs.parquet", "cv_id", 2, "c7", "no CV has this id"}},
		{"JD without a text", func(dir string) { put(t, dir+"/pairs.parquet", []pairT{{"c1", "j9", 1}}) },
			want{"pairs.parquet", "jd_id", 1, "j9", "no JD has this id"}},
		{"unknown split", func(dir string) { put(t, dir+"/pairs.parquet", []splitT{{"c1", "j1", 1, "holdout"}}) },
			want{"pairs.parquet", "split", 1, "c1/j1", `unknown split "holdout"`}},
		{"split for some", func(dir string) {
			put(t, dir+"/pairs.parquet", []splitT{{"c1", "j1", 1, "train"}, {"c1", "j2", 0, ""}})
		}, want{"pairs.parquet", "split", 2, "", "empty split, while row 1 has one"}},

		{"no rows in pairs", func(dir string) { put(t, dir+"/pairs.parquet", goodPairs[:0]) },
			want{"pairs.parquet", "", 0, "", "empty table: no labelled pair"}},
		{"no rows in cvs", func(dir string) { put(t, dir+"/cvs.parquet", goodCVs[:0]) },
			want{"cvs.parquet", "", 0, "", "empty table: no CV"}},
		{"zero bytes", func(dir string) { putText(t, dir+"/cvs.parquet", "") },
			want{"cvs.parquet", "", 0, "", "0 bytes long: truncated, or no Parquet file"}},
		{"no Parquet", func(dir string) { putText(t, dir+"/cvs.parquet", "cv_id,text\nc1,hello world") },
			want{"cvs.parquet", "", 0, "", "does not end in PAR1"}},
		{"truncated", func(dir string) {
			b, _ := os.ReadFile(dir + "/jds.parquet")
			putText(t, dir+"/jds.parquet", string(b[:len(b)/2]))
		}, want{"jds.parquet", "", 0, "", "truncated"}},
		{"nonsense footer", func(dir string) {
			putText(t, dir+"/jds.parquet", "PAR1"+strings.Repeat("\xff", 40)+"\x10\x00\x00\x00PAR1")
		},
			want{"jds.parquet", "", 0, "", "corrupt or unsupported"}},
		{"footer longer than the file", func(dir string) { putText(t, dir+"/jds.parquet", "PAR1\xff\xff\xff\x7fPAR1") },
			want{"jds.parquet", "", 0, "", "its length exceeds the file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := putTables(t, filepath.Join(t.TempDir(), "d"), goodCVs, goodJDs, goodPairs)
			tt.make(dir)
			_, err := openBoth(t, dir)
			checkFault(t, err, dir, tt.want)
		})
	}
}

func TestMissingFileIsErrNotExist(t *testing.T) {
	_, err := Open(context.Background(), filepath.Join(t.TempDir(), "none.parquet"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist inside", err)
	}
}

// What Open refuses in a file, Validate refuses in memory, and Write does not write.
func TestValidateBadInput(t *testing.T) {
	tests := []struct {
		name string
		harm func(*Dataset)
		want want
	}{
		{"empty text", func(d *Dataset) { d.CVs[1].Text = "" }, want{"sample cvs", "text", 2, "c2", "empty text"}},
		{"not UTF-8", func(d *Dataset) { d.JDs[1].Text = "\xff" }, want{"sample jds", "text", 2, "j2", "not UTF-8"}},
		{"duplicate id", func(d *Dataset) { d.JDs[1] = d.JDs[0] }, want{"sample jds", "jd_id", 2, "j1", "duplicate id"}},
		{"unknown id", func(d *Dataset) { d.Pairs[2].CVID = "x" }, want{"sample pairs", "cv_id", 3, "x", "no CV has this id"}},
		{"label", func(d *Dataset) { d.Pairs[0].Label = 7 }, want{"sample pairs", "label", 1, "c1/j1", "label 7"}},
		{"duplicate pair", func(d *Dataset) { d.Pairs[2] = d.Pairs[0] }, want{"sample pairs", "cv_id", 3, "c1/j1", "duplicate pair: the first is at row 1"}},
		{"split", func(d *Dataset) { d.Pairs[1].Split = "" }, want{"sample pairs", "split", 2, "", "empty split"}},
		{"one class", func(d *Dataset) { d.Pairs[1].Label = 1 }, want{"sample", "label", 0, "", "only one class"}},
		{"no pairs", func(d *Dataset) { d.Pairs = nil }, want{"sample", "", 0, "", "empty table"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ds := sample()
			tt.harm(ds)
			checkFault(t, Validate(ds), "/nowhere", tt.want)
			dir := filepath.Join(t.TempDir(), "out")
			if Write(dir, ds) == nil || WriteArrow(dir, ds) == nil {
				t.Error("a bad dataset was written")
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder is there: %v", err)
			}
		})
	}
	if err := Validate(sample()); err != nil {
		t.Errorf("a good dataset: %v", err)
	}
}

func TestReadCVsBadInput(t *testing.T) {
	tests := []struct {
		name, file, content string
		want                want
	}{
		{"missing column", "a.csv", "id,text\n1,a\n", want{"a.csv", "cv_id", 0, "", "missing column; the header has id, text"}},
		{"column twice", "a.csv", "cv_id,text,text\n1,a,b\n", want{"a.csv", "text", 0, "", "twice"}},
		{"ragged", "a.csv", "cv_id,text\n1,a\n2,b,c\n", want{"a.csv", "", 2, "", "malformed row (line 3): wrong number of fields"}},
		{"open quote", "a.csv", "cv_id,text\n1,\"a\n2,b\n", want{"a.csv", "", 1, "", "malformed row (line 2)"}},
		{"empty text", "a.csv", "cv_id,text\n1,\"a\nb\"\n2,\n", want{"a.csv", "text", 2, "2", "empty text"}},
		{"not UTF-8", "a.csv", "cv_id,text\n1,caf\xe9\n", want{"a.csv", "text", 1, "1", "not UTF-8 (byte 3)"}},
		{"UTF-16", "a.csv", "\xff\xfec\x00v\x00", want{"a.csv", "", 0, "", "UTF-16"}},
		{"no rows", "a.csv", "cv_id,text\n", want{"a.csv", "", 0, "", "empty table: no CV"}},
		{"no header", "a.csv", "", want{"a.csv", "", 0, "", "empty file"}},
		{"two texts", "a.csv", "cv_id,text\n1,a\n1,b\n", want{"a.csv", "cv_id", 2, "1", "duplicate id with another text"}},
		{"no Parquet", "a.parquet", "cv_id,text\n1,aaaaaaaa\n", want{"a.parquet", "", 0, "", "no Parquet file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			putText(t, filepath.Join(dir, tt.file), tt.content)
			_, err := ReadCVs(filepath.Join(dir, tt.file))
			checkFault(t, err, dir, tt.want)
		})
	}
}

func TestDataErrorIsOneLine(t *testing.T) {
	e := &DataError{File: "pairs.parquet", Column: "label", Row: 7, ID: "c1\n\x1b[31m", Msg: "null label", Err: fs.ErrInvalid}
	if got, want := e.Error(), `pairs.parquet: column "label", row 7 (c1\n\x1b[31m): null label: invalid argument`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A disk that cannot be written to leaves the old tables alone.
func TestWriteFailureKeepsTheOldTables(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, sample()); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(dir + "/pairs.parquet")
	err := writeFiles(dir, []fileWriter{
		{"cvs.parquet", func(w io.WriteSeeker) error { _, err := w.Write([]byte("half")); return err }},
		{"pairs.parquet", func(io.WriteSeeker) error { return errors.New("no space left on device") }},
	})
	if err == nil || !strings.Contains(err.Error(), "pairs.parquet: no space left") {
		t.Errorf("got %v", err)
	}
	if after, _ := os.ReadFile(dir + "/pairs.parquet"); string(after) != string(before) {
		t.Error("pairs.parquet changed")
	}
	if _, err := Open(context.Background(), dir); err != nil {
		t.Errorf("the old dataset no longer opens: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("%d files left, want 3", len(entries))
	}
	putText(t, dir+"/x/cvs/part.parquet", "")
	if err := Write(dir+"/x", sample()); err == nil || !strings.Contains(err.Error(), "part files is already there") {
		t.Errorf("writing beside a folder of parts: got %v", err)
	}
}
