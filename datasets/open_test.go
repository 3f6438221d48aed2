package datasets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

func TestWriteThenOpenGivesTheSameDataset(t *testing.T) {
	want := sample()
	dir := filepath.Join(t.TempDir(), "deep", "sample")
	if err := Write(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Open after Write (-want +got):\n%s", diff)
	}
	// Writing again replaces the tables and leaves nothing else.
	want.CVs[3].Text = "still no pairs"
	if err := Write(dir, want); err != nil {
		t.Fatal(err)
	}
	if got, err = Open(context.Background(), dir); err != nil || got.CVs[3].Text != "still no pairs" {
		t.Errorf("after the second Write: got %v, %v", got, err)
	}
	if got, want := listing(dir), "cvs.parquet, jds.parquet, pairs.parquet"; got != want {
		t.Errorf("folder holds %s, want %s", got, want)
	}
	if hidden, _ := filepath.Glob(filepath.Join(dir, ".tmp*")); len(hidden) > 0 {
		t.Errorf("temporary files left: %v", hidden)
	}
}

func TestWriteIsDeterministic(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, dir := range []string{a, b} {
		if err := Write(dir, sample()); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"cvs.parquet", "jds.parquet", "pairs.parquet"} {
		x, _ := os.ReadFile(filepath.Join(a, f))
		y, _ := os.ReadFile(filepath.Join(b, f))
		if string(x) != string(y) {
			t.Errorf("%s differs between two writes of one dataset", f)
		}
	}
}

// Every layout that Spark, DuckDB or a hand would make reads as the same dataset.
func TestOpenLayouts(t *testing.T) {
	full := []fullT{
		{"c1", "j1", goodCVs[0].Text, goodJDs[0].Text, true},
		{"c2", "j1", goodCVs[1].Text, goodJDs[0].Text, false},
		{"c2", "j2", goodCVs[1].Text, goodJDs[1].Text, true},
	}
	type otherNames struct {
		CVID  string  `parquet:"cv_id,optional,dict"`
		JDID  string  `parquet:"jd_id,optional,dict"`
		CV    *string `parquet:"cv_text,dict"`
		JD    string  `parquet:"jd_text"`
		Label *int8   `parquet:"label"`
		Extra float64 `parquet:"score"`
	}
	var other []otherNames
	for _, f := range full {
		label := int8(0)
		if f.Label {
			label = 1
		}
		other = append(other, otherNames{f.CVID, f.JDID, &f.CV, f.JD, &label, 0.5})
	}
	tests := []struct {
		name string
		make func(dir string) string
		cvs  int
	}{
		{"three files", func(dir string) string { return putTables(t, dir, goodCVs, goodJDs, goodPairs) }, 3},
		{"folders of parts", func(dir string) string {
			put(t, dir+"/cvs/part-00000.zstd.parquet", goodCVs[:2])
			put(t, dir+"/cvs/part-00001.zstd.parquet", goodCVs[2:])
			put(t, dir+"/cvs/part-00002.zstd.parquet", goodCVs[:0]) // Spark writes empty parts
			putText(t, dir+"/cvs/_SUCCESS", "")
			putText(t, dir+"/cvs/.part-00000.zstd.parquet.crc", "x")
			putText(t, dir+"/cvs/part-00000.zstd.parquet.crc", "x")
			put(t, dir+"/jds.parquet/data_0.parquet", goodJDs)
			put(t, dir+"/pairs/data_0.parquet", goodPairs[:1])
			put(t, dir+"/pairs/data_1.parquet", goodPairs[1:])
			return dir
		}, 3},
		{"pairs with texts, in a folder", func(dir string) string {
			put(t, dir+"/pairs.parquet", full)
			return dir
		}, 2},
		{"pairs with texts, a file", func(dir string) string {
			put(t, dir+"/mine.parquet", other)
			return dir + "/mine.parquet"
		}, 2},
		{"pairs with texts, a Spark folder", func(dir string) string {
			put(t, dir+"/mine.parquet/part-0.parquet", full[:2])
			put(t, dir+"/mine.parquet/part-1.parquet", full[2:])
			return dir + "/mine.parquet"
		}, 2},
		{"texts of CVs in a table, of JDs in the pairs", func(dir string) string {
			put(t, dir+"/cvs.parquet", goodCVs)
			put(t, dir+"/pairs.parquet", full)
			return dir
		}, 3},
		{"a CV twice with the same text", func(dir string) string {
			return putTables(t, dir, append(goodCVs[:3:3], goodCVs[0]), goodJDs, goodPairs)
		}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := openBoth(t, tt.make(filepath.Join(t.TempDir(), "d")))
			if err != nil {
				t.Fatal(err)
			}
			want := &Dataset{Name: got.Name, CVs: goodCVs[:tt.cvs], JDs: goodJDs}
			for _, p := range goodPairs {
				want.Pairs = append(want.Pairs, Pair{CVID: p.CV, JDID: p.JD, Label: int(p.Label)})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Labels and times come in every width that writers use.
func TestOpenColumnTypes(t *testing.T) {
	type row[L, T any] struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label L      `parquet:"label"`
		Time  T      `parquet:"time,optional"`
	}
	type millis struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label uint64 `parquet:"label"`
		Time  int64  `parquet:"time,timestamp(millisecond)"`
	}
	type date struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label int16  `parquet:"label"`
		Time  int32  `parquet:"time,date"`
	}
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	days := int32(day.Unix() / 86400)
	noon := day.Add(12 * time.Hour)
	nanos := uint64(12 * time.Hour)
	// INT96: nanoseconds of the day in the low 64 bits, Julian day in the high 32.
	int96 := deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(2440588 + days)}
	tests := []struct {
		name string
		put  func(path string)
		want time.Time
	}{
		{"int32 label, nanosecond time", func(p string) {
			put(t, p, []row[int32, time.Time]{{"c1", "j1", 1, noon}, {"c2", "j2", 0, noon}})
		}, noon},
		{"bool label, INT96 time", func(p string) {
			put(t, p, []row[bool, deprecated.Int96]{{"c1", "j1", true, int96}, {"c2", "j2", false, int96}})
		}, noon},
		{"uint64 label, millisecond time", func(p string) {
			put(t, p, []millis{{"c1", "j1", 1, noon.UnixMilli()}, {"c2", "j2", 0, noon.UnixMilli()}})
		}, noon},
		{"int16 label, date", func(p string) { put(t, p, []date{{"c1", "j1", 1, days}, {"c2", "j2", 0, days}}) }, day},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := putTables(t, t.TempDir(), goodCVs, goodJDs, goodPairs)
			tt.put(dir + "/pairs.parquet")
			ds, err := openBoth(t, dir)
			if err != nil {
				t.Fatal(err)
			}
			want := []Pair{{"c1", "j1", 1, "", tt.want}, {"c2", "j2", 0, "", tt.want}}
			if diff := cmp.Diff(want, ds.Pairs); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenSplitNames(t *testing.T) {
	dir := putTables(t, t.TempDir(), goodCVs, goodJDs, []splitT{
		{"c1", "j1", 1, "train"}, {"c1", "j2", 0, "dev"}, {"c2", "j1", 0, "validation"}, {"c2", "j2", 1, "valid"}, {"c3", "j1", 1, "test"},
	})
	ds, err := openBoth(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []Split
	for _, p := range ds.Pairs {
		got = append(got, p.Split)
	}
	if diff := cmp.Diff([]Split{Train, Valid, Valid, Valid, Test}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestVeryLongTexts(t *testing.T) {
	ds := sample()
	ds.CVs[0].Text = strings.Repeat("溶接工 ", 1<<20) // 10 MiB
	ds.JDs[0].Text = strings.Repeat("x", 2<<20)
	dir := t.TempDir()
	if err := Write(dir, ds); err != nil {
		t.Fatal(err)
	}
	got, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.CVs[0] != ds.CVs[0] || got.JDs[0] != ds.JDs[0] {
		t.Error("long texts came back changed")
	}
}

func TestScans(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		put(t, dir+"/pairs/part-"+string(rune('0'+i))+".parquet", goodPairs[i:i+1])
	}
	put(t, dir+"/cvs.parquet", goodCVs)
	var got []Pair
	if err := ScanPairs(context.Background(), dir, func(p []Pair) error {
		got = append(got, p...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Pair{{CVID: "c1", JDID: "j1", Label: 1}, {CVID: "c2", JDID: "j1"}, {CVID: "c2", JDID: "j2", Label: 1}}, got); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	var cvs []CV
	if err := ScanCVs(context.Background(), dir, func(c []CV) error { cvs = append(cvs, c...); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goodCVs, cvs); diff != "" {
		t.Errorf("CVs (-want +got):\n%s", diff)
	}
	stop := errors.New("enough")
	if err := ScanPairs(context.Background(), dir, func([]Pair) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error of fn: got %v, want %v", err, stop)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := ScanPairs(ctx, dir, func([]Pair) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled scan: got %v", err)
	}
	if _, err := Open(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Open: got %v", err)
	}
}

func TestReadCVs(t *testing.T) {
	type other struct {
		ID       string `parquet:"cv_id"`
		Category string `parquet:"category"`
		CV       string `parquet:"cv"`
	}
	dir := t.TempDir()
	var rows []other
	for _, cv := range goodCVs {
		rows = append(rows, other{cv.ID, "x", cv.Text})
	}
	put(t, dir+"/one.parquet", rows)
	put(t, dir+"/parts/a.parquet", rows[:1])
	put(t, dir+"/parts/b.parquet", rows[1:])
	putTables(t, dir+"/set", goodCVs, goodJDs, goodPairs)
	putText(t, dir+"/cvs.csv", "\xef\xbb\xbfcv_id,text\nc1,Welder in Bern\nc2,\"会计，五年经验\"\nc3,Nurse\x00 with a NUL byte\n")
	putText(t, dir+"/cvs.tsv", "text\tcv_id\r\nWelder in Bern\tc1\r\n会计，五年经验\tc2\r\nNurse\x00 with a NUL byte\tc3\r\n")
	for _, path := range []string{"/one.parquet", "/parts", "/set", "/cvs.csv", "/cvs.tsv"} {
		got, err := ReadCVs(dir + path)
		if err != nil {
			t.Errorf("ReadCVs(%s): %v", path, err)
			continue
		}
		if diff := cmp.Diff(goodCVs, got); diff != "" {
			t.Errorf("ReadCVs(%s) (-want +got):\n%s", path, diff)
		}
	}
}

// Columns whose pages begin at different rows, several row groups, and many batches.
func TestOpenManyPages(t *testing.T) {
	const n = 5000
	cvs := make([]CV, n)
	pairs := make([]pairT, n)
	for i := range cvs {
		cvs[i] = CV{fmt.Sprintf("c%d", i), strings.Repeat("x", i%700+1)}
		pairs[i] = pairT{cvs[i].ID, "j1", int64(i % 2)}
	}
	dir := t.TempDir()
	options := []parquet.WriterOption{parquet.PageBufferSize(3000), parquet.MaxRowsPerRowGroup(1700)}
	write := func() {
		t.Helper()
		putTables(t, dir, cvs[:1], goodJDs, goodPairs)
		if err := parquet.WriteFile(dir+"/cvs.parquet", cvs, options...); err != nil {
			t.Fatal(err)
		}
		if err := parquet.WriteFile(dir+"/pairs.parquet", pairs, options...); err != nil {
			t.Fatal(err)
		}
	}
	write()
	ds, err := openBoth(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ds.CVs, cvs) {
		t.Error("CVs came back changed")
	}
	for i, p := range ds.Pairs {
		if want := (Pair{CVID: cvs[i].ID, JDID: "j1", Label: i % 2}); p != want {
			t.Fatalf("pair %d: got %v, want %v", i, p, want)
		}
	}
	var scanned []Pair
	if err := ScanPairs(context.Background(), dir, func(run []Pair) error {
		if len(run) >= scanRun+batchRows {
			t.Errorf("a run of %d pairs", len(run))
		}
		scanned = append(scanned, run...)
		return nil
	}); err != nil || !slices.Equal(scanned, ds.Pairs) {
		t.Errorf("the scan gave %d pairs and %v, not those of Open", len(scanned), err)
	}
	pairs[4321].Label = 3
	write()
	_, err = openBoth(t, dir)
	checkFault(t, err, dir, want{"pairs.parquet", "label", 4322, "c4321/j1", "label 3"})
	pairs[4321].Label, cvs[3210].Text = 1, ""
	write()
	_, err = openBoth(t, dir)
	checkFault(t, err, dir, want{"cvs.parquet", "text", 3211, "c3210", "empty text"})
}
