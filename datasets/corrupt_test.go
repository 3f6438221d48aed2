package datasets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// openBytes opens a dataset whose pairs file, with the texts, holds the bytes given.
func openBytes(t testing.TB, dir string, b []byte) (*Dataset, error) {
	t.Helper()
	path := filepath.Join(dir, "pairs.parquet")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return Open(context.Background(), path)
}

// goodFile is a small pairs file with texts.
func goodFile(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "good.parquet")
	put(t, path, []fullT{
		{"c1", "j1", goodCVs[0].Text, goodJDs[0].Text, true},
		{"c2", "j1", goodCVs[1].Text, goodJDs[0].Text, false},
		{"c2", "j2", goodCVs[1].Text, goodJDs[1].Text, true},
	})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A file cut anywhere is a *DataError.
func TestTruncatedAnywhere(t *testing.T) {
	good, dir := goodFile(t), t.TempDir()
	for n := range good {
		_, err := openBytes(t, dir, good[:n])
		var e *DataError
		if !errors.As(err, &e) || e.File == "" {
			t.Fatalf("cut after %d of %d bytes: got %v, want a *DataError with a file", n, len(good), err)
		}
	}
}

// A file with one byte changed is an error or a valid dataset, never a panic.
func TestEveryByteFlipped(t *testing.T) {
	good, dir := goodFile(t), t.TempDir()
	want, err := openBytes(t, dir, good)
	if err != nil {
		t.Fatal(err)
	}
	refused, unnoticed := 0, 0
	for i := range good {
		for _, mask := range []byte{0x01, 0xff} {
			bad := append([]byte(nil), good...)
			bad[i] ^= mask
			got, err := openBytes(t, dir, bad)
			var e *DataError
			switch {
			case err != nil && !errors.As(err, &e):
				t.Fatalf("byte %d: got %v (%T), want a *DataError", i, err, err)
			case err != nil:
				refused++
			case !cmp.Equal(got, want):
				t.Errorf("byte %d ^ %#x: a changed dataset was read without an error", i, mask)
			default:
				unnoticed++
			}
		}
	}
	t.Logf("%d corruptions refused, %d without consequence", refused, unnoticed)
	if refused == 0 {
		t.Error("no corruption was noticed")
	}
}

func FuzzOpenParquet(f *testing.F) {
	good := goodFile(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(append([]byte("PAR1"), good[len(good)/2:]...))
	f.Add([]byte("PAR1\x15\x00\x15\x00\x00\x00\x04\x00\x00\x00PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ds, err := openBytes(t, t.TempDir(), b)
		if (ds == nil) == (err == nil) {
			t.Fatalf("got %v and %v", ds, err)
		}
		if ds != nil {
			if err := Validate(ds); err != nil {
				t.Fatalf("Open returned what Validate refuses: %v", err)
			}
		}
	})
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("cv_id,text\n1,a\n2,\"b\nc\"\n"))
	f.Add([]byte("cv_id\ttext\r\n1\ta\r\n"))
	f.Add([]byte("\xef\xbb\xbfcv_id;text\n1;\"\n"))
	f.Add([]byte("cv_id,text\n1\n\x00\xff,\"\"\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "cvs.csv")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		cvs, err := ReadCVs(path)
		var e *DataError
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("got %v (%T), want a *DataError", err, err)
		}
		if err == nil && len(cvs) == 0 {
			t.Fatal("no CV and no error")
		}
	})
}

func FuzzImportPairs(f *testing.F) {
	f.Add([]byte("cv,jd,label\na,b,1\na,c,0\n"))
	f.Add([]byte("cv,jd,label\na,b,true\na,b,false\n\"x\ny\",z,0\n"))
	f.Add([]byte("cv\tjd\tlabel\na\tb\t2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in.csv"), filepath.Join(dir, "out")
		if err := os.WriteFile(in, b, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := ImportPairs(in, out, PairColumns{CV: "cv", JD: "jd", Label: "label"})
		if err != nil {
			if _, statErr := os.Stat(out); statErr == nil {
				t.Fatalf("output left behind after %v", err)
			}
			return
		}
		ds, err := Open(context.Background(), out)
		if err != nil || len(ds.Pairs) != s.Pairs {
			t.Fatalf("imported %v, opened %v", s, err)
		}
	})
}

func FuzzImportZhaopin(f *testing.F) {
	f.Add([]byte(zhaopinUsers), []byte(zhaopinJobs), []byte(zhaopinActions))
	f.Add([]byte("user_id\tdesire_jd_type_id\texperience\n1\ta\tb\n"), []byte("jd_no,jd_title,job_description\n1,\"a,b\n"), []byte("user_id,jd_no,delivered,satisfied\n1,1,1,1\n1\n"))
	f.Fuzz(func(t *testing.T, users, jobs, actions []byte) {
		dir := t.TempDir()
		for name, b := range map[string][]byte{"table1_user": users, "table2_jd": jobs, "table3_action": actions} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out := filepath.Join(dir, "out")
		if _, err := ImportZhaopin(dir, out); err != nil {
			if _, statErr := os.Stat(out); statErr == nil {
				t.Fatalf("output left behind after %v", err)
			}
		} else if _, err := Open(context.Background(), out); err != nil {
			t.Fatal(err)
		}
	})
}

// Files as writers of the trade make them, with bytes replaced: several row groups and pages, dictionaries, three codecs, nulls, texts of
// some length. edits holds a place in three bytes, then the new byte.
func FuzzOpenMutatedParquet(f *testing.F) {
	var rows []fullT
	for i := range 60 {
		rows = append(rows, fullT{fmt.Sprintf("c%d", i/2), fmt.Sprintf("j%d", i%7), fmt.Sprintf("CV %d %s", i/2, strings.Repeat("welder ", i/2%3)), fmt.Sprintf("JD %d 招聘", i%7), i%3 == 0})
	}
	var files [][]byte
	for _, options := range [][]parquet.WriterOption{
		{parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(25)},
		{parquet.Compression(&parquet.Snappy), parquet.PageBufferSize(64)},
		{parquet.Compression(&parquet.Gzip), parquet.DataPageVersion(1)},
	} {
		path := filepath.Join(f.TempDir(), "good.parquet")
		if err := parquet.WriteFile(path, rows, options...); err != nil {
			f.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := openBytes(f, f.TempDir(), b); err != nil {
			f.Fatal(err)
		}
		files = append(files, b)
	}
	f.Add(byte(0), []byte{0, 0, 9, 0xff, 0, 0, 40, 1})
	f.Add(byte(1), []byte{0, 1, 0, 0})
	f.Add(byte(2), []byte{})
	f.Fuzz(func(t *testing.T, which byte, edits []byte) {
		b := bytes.Clone(files[int(which)%len(files)])
		for ; len(edits) >= 4; edits = edits[4:] {
			b[(int(edits[0])<<16|int(edits[1])<<8|int(edits[2]))%len(b)] = edits[3]
		}
		ds, err := openBytes(t, t.TempDir(), b)
		var e *DataError
		switch {
		case err != nil && !errors.As(err, &e):
			t.Fatalf("got %v (%T), want a *DataError", err, err)
		case err == nil:
			if err := Validate(ds); err != nil {
				t.Fatalf("Open returned what Validate refuses: %v", err)
			}
		}
	})
}

func FuzzImportResumeJDFit(f *testing.F) {
	f.Add([]byte("resume_text,job_description_text,label\ncv one,jd one,No Fit\ncv one,jd two,Potential Fit\n\"cv\n two\",jd one,good  fit\n"), false)
	f.Add([]byte("resume_text,job_description_text,label\na,b,Good Fit\na,b,No Fit\n,b,No Fit\n"), true)
	f.Add([]byte("resume_text;job_description_text;label\r\n\xff;b;Good Fit\r\n"), false)
	f.Fuzz(func(t *testing.T, b []byte, onlyGood bool) {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in.csv"), filepath.Join(dir, "out")
		if err := os.WriteFile(in, b, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := ImportResumeJDFit(in, out, FitOptions{OnlyGood: onlyGood})
		if err != nil {
			if _, statErr := os.Stat(out); statErr == nil {
				t.Fatalf("output left behind after %v", err)
			}
			return
		}
		ds, err := Open(context.Background(), out)
		if err != nil || len(ds.Pairs) != s.Pairs {
			t.Fatalf("imported %v, opened %v", s, err)
		}
	})
}
