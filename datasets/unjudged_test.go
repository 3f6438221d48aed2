package datasets

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"
)

func TestOpenUnjudged(t *testing.T) {
	type bare struct {
		CVID string `parquet:"cv_id"`
		JDID string `parquet:"jd_id"`
		CV   string `parquet:"cv"`
		JD   string `parquet:"jd"`
	}
	type some struct {
		bare
		Label *int32 `parquet:"label,optional"`
	}
	one, three := int32(1), int32(3)
	dir := t.TempDir()
	noColumn, nulls, wrong := filepath.Join(dir, "bare.parquet"), filepath.Join(dir, "some.parquet"), filepath.Join(dir, "wrong.parquet")
	a, b := bare{"c1", "j1", "a cv", "a jd"}, bare{"c1", "j2", "a cv", "another jd"}
	for _, err := range []error{
		parquet.WriteFile(noColumn, []bare{a, b}),
		parquet.WriteFile(nulls, []some{{a, nil}, {b, &one}}),
		parquet.WriteFile(wrong, []some{{a, &three}, {b, &one}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string][2]int{noColumn: {Unjudged, Unjudged}, nulls: {Unjudged, 1}} {
		ds, err := OpenUnjudged(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]int{ds.Pairs[0].Label, ds.Pairs[1].Label}; got != want {
			t.Errorf("%s: labels %v, want %v", path, got, want)
		}
		if _, err := Open(context.Background(), path); err == nil {
			t.Errorf("%s: Open took pairs without labels", path)
		}
	}
	var fault *DataError
	if _, err := OpenUnjudged(context.Background(), wrong); !errors.As(err, &fault) || fault.Column != "label" || fault.Row != 1 {
		t.Errorf("a label of 3: got %v, want an error in column label, row 1", err)
	}
}
