package datasets

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

func TestOpenUnjudgedStream(t *testing.T) {
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
		s, err := OpenUnjudgedStream(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		if err := s.Pairs(context.Background(), func(run []Pair) error {
			for _, p := range run {
				got = append(got, p.Label)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want[:]) {
			t.Errorf("%s: labels %v, want %v", path, got, want)
		}
		// Nothing can be learned or judged without labels: the message names the pair.
		if _, err := s.Assign(SplitOptions{}); err == nil || !strings.Contains(err.Error(), "(c1/j1)") {
			t.Errorf("%s: splitting it: error %v does not name the pair", path, err)
		}
		if _, err := Open(context.Background(), path); err == nil {
			t.Errorf("%s: Open took pairs without labels", path)
		}
	}
	var fault *DataError
	if _, err := OpenUnjudgedStream(context.Background(), wrong); !errors.As(err, &fault) || fault.Column != "label" || fault.Row != 1 {
		t.Errorf("a label of 3: got %v, want an error in column label, row 1", err)
	}
}
