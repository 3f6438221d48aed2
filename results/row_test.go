package results

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

var someRows = []Row{
	{"rq2", "market, \"small\"", "GIRL-SFT", "MLP", "test", "auc", 42, 0.1 + 0.2},
	{"rq2", "招聘", "GIRL", "Dot", "test", "logloss", 0, 1e-300},
	{"rq2", "d", "GIRL - Base", "Dot", "test", "diff_auc_low", Aggregate, -0.25},
	{"rq2", "d", "Base", "", "valid", "auc", math.MaxInt64, 1},
}

func TestRowsRoundTrip(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name  string
		write func(string, []Row) error
		read  func(string) ([]Row, error)
	}{
		{"results.csv", WriteCSV, ReadCSV},
		{"results.parquet", WriteParquet, ReadParquet},
		{"results.arrow", WriteArrow, readArrow},
	} {
		path := filepath.Join(dir, tc.name)
		if err := tc.write(path, someRows); err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got, err := tc.read(path)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if diff := cmp.Diff(got, someRows); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tc.name, diff)
		}
		first, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := tc.write(path, someRows); err != nil {
			t.Fatal(err)
		}
		if again, _ := os.ReadFile(path); !bytes.Equal(first, again) {
			t.Errorf("%s: the same rows gave other bytes", tc.name)
		}
		// No rows at all is a file with a header.
		if err := tc.write(path, nil); err != nil {
			t.Fatalf("%s, no rows: %v", tc.name, err)
		}
		if got, err = tc.read(path); err != nil || len(got) != 0 {
			t.Errorf("%s, no rows: %v, %v", tc.name, got, err)
		}
		for _, bad := range []Row{
			{Metric: "auc", Value: math.NaN()}, {Metric: "auc", Value: math.Inf(-1)}, {Value: 1}, {Metric: "auc", Seed: -2},
		} {
			missing := filepath.Join(dir, "never"+tc.name)
			err := tc.write(missing, []Row{someRows[0], bad})
			if err == nil || !strings.Contains(err.Error(), "row 2") {
				t.Errorf("%s: writing %+v: error = %v, want one naming row 2", tc.name, bad, err)
			}
			if _, err := os.Stat(missing); err == nil {
				t.Errorf("%s: a refused row left a file", tc.name)
			}
		}
	}
}

// In the file an aggregate has no seed; −1 is Go's business alone.
func TestAggregateIsNullInParquet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.parquet")
	if err := WriteParquet(path, someRows); err != nil {
		t.Fatal(err)
	}
	records, err := parquet.ReadFile[rowRecord](path)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range records {
		if got, want := r.Seed == nil, someRows[i].Seed == Aggregate; got != want {
			t.Errorf("row %d: seed is null: %v, want %v", i+1, got, want)
		}
	}
}

func readArrow(path string) ([]Row, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := ipc.NewFileReader(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	var rows []Row
	for b := range r.NumRecords() {
		record, err := r.Record(b)
		if err != nil {
			return nil, err
		}
		text := func(col, row int) string { return record.Column(col).(*array.String).Value(row) }
		for i := range int(record.NumRows()) {
			row := Row{text(0, i), text(1, i), text(2, i), text(3, i), text(4, i), text(5, i), Aggregate, record.Column(7).(*array.Float64).Value(i)}
			if seeds := record.Column(6).(*array.Int64); !seeds.IsNull(i) {
				row.Seed = seeds.Value(i)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func TestCSVKeepsEveryBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64().Draw(t, "v")
		want := []Row{{
			Metric: rapid.StringMatching(`[a-z_",é]{1,8}`).Draw(t, "metric"), Model: rapid.StringMatching(`[A-Z ,"']{0,8}`).Draw(t, "model"),
			Seed: rapid.Int64Range(Aggregate, 1000).Draw(t, "seed"), Value: v,
		}}
		if err := WriteCSV(path, want); err != nil {
			t.Fatal(err)
		}
		got, err := ReadCSV(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestCSVLayout(t *testing.T) {
	golden(t, "results.csv", func(w io.Writer) error {
		path := filepath.Join(t.TempDir(), "results.csv")
		if err := WriteCSV(path, someRows); err != nil {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = w.Write(raw)
		return err
	})
}

func TestReadCSVErrors(t *testing.T) {
	header := strings.Join(rowColumns, ",") + "\n"
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "empty"},
		{"header", "a,b\n", "header"},
		{"column order", "dataset,experiment,model,predictor,split,metric,seed,value\n", "header"},
		{"value", header + "e,d,m,p,s,auc,1,0.5\ne,d,m,p,s,auc,1,half\n", "line 3, column value"},
		{"NaN", header + "e,d,m,p,s,auc,1,NaN\n", "line 2"},
		{"seed", header + "e,d,m,p,s,auc,1.5,0.5\n", "line 2, column seed"},
		{"negative seed", header + "e,d,m,p,s,auc,-1,0.5\n", "line 2, column seed"},
		{"metric", header + "e,d,m,p,s,,1,0.5\n", "line 2"},
		{"cut short", header + "e,d,m,p,s,auc,1\n", "line 2"},
		{"quote", header + "\"e,d,m,p,s,auc,1,2\n", "line 2"},
	} {
		path := filepath.Join(t.TempDir(), "x.csv")
		if err := os.WriteFile(path, []byte(tc.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadCSV(path)
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error = %v, want it to name the file and %q", tc.name, err, tc.want)
		}
	}
	if _, err := ReadCSV(filepath.Join(t.TempDir(), "absent.csv")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: error = %v", err)
	}
}
