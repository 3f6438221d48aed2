package datasets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// openBoth opens a dataset as a stream, too: there must be the same in it, or the same wrong with it.
func openBoth(t *testing.T, path string) (*Dataset, error) {
	t.Helper()
	ds, err := Open(context.Background(), path)
	s, streamErr := OpenStream(context.Background(), path)
	if err != nil || streamErr != nil {
		if fmt.Sprint(err) != fmt.Sprint(streamErr) {
			t.Errorf("Open says %v, OpenStream says %v", err, streamErr)
		}
		return ds, err
	}
	if s.Name != ds.Name || s.NumPairs != len(ds.Pairs) || !slices.Equal(s.CVs, ds.CVs) || !slices.Equal(s.JDs, ds.JDs) {
		t.Errorf("the stream %q of %d CVs, %d JDs and %d pairs is not the dataset %q", s.Name, len(s.CVs), len(s.JDs), s.NumPairs, ds.Name)
	}
	var pairs []Pair
	if err := s.Pairs(context.Background(), func(run []Pair) error { pairs = append(pairs, run...); return nil }); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(ds.Pairs, pairs); diff != "" {
		t.Errorf("streamed pairs (-Open +Stream):\n%s", diff)
	}
	return ds, err
}

// A stream is split as the dataset is, or for the same reason not at all.
func TestStreamAssign(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range 40 {
		ds := numbered("cv", 3+rng.IntN(40), 7)
		ds.CVs = append(ds.CVs, CV{"lone", "no pair names this one"})
		switch n % 4 {
		case 1, 2: // explicit splits; some leak
			for i := range ds.Pairs {
				at := i / 2
				if n%4 == 2 && rng.IntN(8) == 0 {
					at++
				}
				ds.Pairs[i].Split = [...]Split{Train, Test, Train, Valid, Train}[at%min(5, 2+n/4)]
			}
		case 3: // one class here and there
			for i := range ds.Pairs {
				ds.Pairs[i].Label = rng.IntN(9) / 8
			}
			ds.Pairs[0].Label, ds.Pairs[1].Label = 0, 1
		}
		dir := t.TempDir()
		if err := Write(dir, ds); err != nil {
			t.Fatal(err)
		}
		ds, err := openBoth(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		s, err := OpenStream(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		o := SplitOptions{Seed: uint64(n), ValidShare: 0.2, TestShare: 0.2, GeneratorShare: 0.5}
		want, wantErr := Assign(ds, nil, o)
		got, err := s.Assign(o)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("dataset %d: Assign says %v, of the stream %v", n, wantErr, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("dataset %d (-Assign +Stream.Assign):\n%s", n, diff)
		}
	}
}

// Files that change while a stream is in use are noticed: by size and time, and where these tell nothing by ids and the number of rows.
func TestStreamOfChangedFile(t *testing.T) {
	other := slices.Clone(goodPairs)
	other[2].JD = "other"
	touch := func(was part) error { return os.Chtimes(was.path, time.Time{}, was.modified.Add(time.Second)) }
	backdate := func(was part) error { return os.Chtimes(was.path, time.Time{}, was.modified) }
	remove := func(was part) error { return os.Remove(was.path) }
	for _, tc := range []struct {
		name   string
		pairs  []pairT
		change func(was part) error
		alike  bool // in size and time
		want   string
	}{
		{"another time", goodPairs, touch, false, "the file has changed since it was opened: start again"},
		{"another size", goodPairs[:2], backdate, false, "the file has changed since it was opened: start again"},
		{"no file", goodPairs, remove, false, "cannot be read"},
		{"another id", other, nil, true, "this pair was not there before"},
		{"fewer rows", goodPairs[:2], nil, true, "has 2 rows, and had 3"},
		{"none", goodPairs, nil, true, "<nil>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			putTables(t, dir, goodCVs, goodJDs, goodPairs)
			s, err := OpenStream(context.Background(), dir)
			if err != nil {
				t.Fatal(err)
			}
			path := s.parts[0].path
			put(t, path, tc.pairs)
			if tc.change != nil {
				if err := tc.change(s.parts[0]); err != nil {
					t.Fatal(err)
				}
			}
			if tc.alike {
				if s.parts[0], err = statPart(path); err != nil {
					t.Fatal(err)
				}
			}
			err = s.Pairs(context.Background(), func([]Pair) error { return nil })
			if !strings.Contains(fmt.Sprint(err), tc.want) || err != nil && !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one that names the file and says %q", err, tc.want)
			}
		})
	}
}

// Places are held by runs of rows; each comes back, also where rows are left out and where a file begins.
func TestPlaces(t *testing.T) {
	var p places
	var want []place
	rng := rand.New(rand.NewPCG(2, 2))
	at := place{0, 1}
	for i := range 1000 {
		p.add(i, at)
		want = append(want, at)
		switch at.row++; rng.IntN(50) {
		case 0:
			at.row += 3
		case 1:
			at = place{at.file + 1, 1}
		}
	}
	for i, w := range want {
		if got := p.at(i); got != w {
			t.Fatalf("pair %d is at %v, want %v", i, got, w)
		}
	}
	if len(p.runs) > 100 {
		t.Errorf("%d runs hold 1,000 places", len(p.runs))
	}
}

// CVs come in runs of a mebibyte, so that a scan's memory does not depend on the rows of a row group.
func TestScanCVsInRuns(t *testing.T) {
	dir := t.TempDir()
	var cvs []CV
	for i := range 7 {
		cvs = append(cvs, CV{fmt.Sprint("c", i), strings.Repeat("word ", scanBytes/10+1)})
	}
	put(t, dir+"/cvs.parquet", cvs)
	var sizes []int
	if err := ScanCVs(context.Background(), dir+"/cvs.parquet", func(run []CV) error { sizes = append(sizes, len(run)); return nil }); err != nil {
		t.Fatal(err)
	}
	if want := []int{2, 2, 2, 1}; !slices.Equal(sizes, want) {
		t.Errorf("runs of %v CVs, want %v", sizes, want)
	}
}
