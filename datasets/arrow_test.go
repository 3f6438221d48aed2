package datasets

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/google/go-cmp/cmp"
)

// readArrow reads the only record of an Arrow IPC file.
func readArrow(t *testing.T, path string) arrow.Record {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := ipc.NewFileReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if r.NumRecords() != 1 {
		t.Fatalf("%s has %d records, want 1", path, r.NumRecords())
	}
	rec, err := r.Record(0)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// fromArrow turns three records back into a dataset.
func fromArrow(cvs, jds, pairs arrow.Record) *Dataset {
	ds := &Dataset{Name: "sample"}
	text := func(r arrow.Record, column, row int) string { return r.Column(column).(*array.LargeString).Value(row) }
	for i := range int(cvs.NumRows()) {
		ds.CVs = append(ds.CVs, CV{text(cvs, 0, i), text(cvs, 1, i)})
	}
	for i := range int(jds.NumRows()) {
		ds.JDs = append(ds.JDs, JD{text(jds, 0, i), text(jds, 1, i)})
	}
	for i := range int(pairs.NumRows()) {
		p := Pair{CVID: text(pairs, 0, i), JDID: text(pairs, 1, i), Label: int(pairs.Column(2).(*array.Int32).Value(i))}
		if !pairs.Column(3).IsNull(i) {
			p.Split = Split(text(pairs, 3, i))
		}
		if !pairs.Column(4).IsNull(i) {
			p.Time = time.UnixMicro(int64(pairs.Column(4).(*array.Timestamp).Value(i))).UTC()
		}
		ds.Pairs = append(ds.Pairs, p)
	}
	return ds
}

func TestArrowRoundTrip(t *testing.T) {
	for name, harm := range map[string]func(*Dataset){
		"with splits and times": func(*Dataset) {},
		"without": func(d *Dataset) {
			for i := range d.Pairs {
				d.Pairs[i].Split, d.Pairs[i].Time = "", time.Time{}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := sample()
			harm(want)
			cvs, jds, pairs := ToArrow(want)
			defer cvs.Release()
			defer jds.Release()
			defer pairs.Release()
			if diff := cmp.Diff(want, fromArrow(cvs, jds, pairs)); diff != "" {
				t.Errorf("ToArrow (-want +got):\n%s", diff)
			}
			dir := filepath.Join(t.TempDir(), "out")
			if err := WriteArrow(dir, want); err != nil {
				t.Fatal(err)
			}
			got := fromArrow(readArrow(t, dir+"/cvs.arrow"), readArrow(t, dir+"/jds.arrow"), readArrow(t, dir+"/pairs.arrow"))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("WriteArrow (-want +got):\n%s", diff)
			}
		})
	}
}

// The names and types that readers of the files rely on.
func TestArrowSchema(t *testing.T) {
	cvs, jds, pairs := ToArrow(sample())
	defer cvs.Release()
	defer jds.Release()
	defer pairs.Release()
	if n := pairs.Column(4).NullN(); n != 1 {
		t.Errorf("%d times are null, want 1: unknown is null, not the year 1", n)
	}
	var got []string
	for _, r := range []arrow.Record{cvs, jds, pairs} {
		for _, f := range r.Schema().Fields() {
			got = append(got, f.Name+" "+f.Type.String())
		}
	}
	want := []string{
		"cv_id large_utf8", "text large_utf8", "jd_id large_utf8", "text large_utf8",
		"cv_id large_utf8", "jd_id large_utf8", "label int32", "split large_utf8", "time timestamp[us, tz=UTC]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
