package datasets

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Rows of well-formed tables; tests of bad input use types of their own.
type (
	cvT   = CV
	jdT   = JD
	pairT struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label int64  `parquet:"label"`
	}
	splitT struct {
		CV    string `parquet:"cv_id"`
		JD    string `parquet:"jd_id"`
		Label int64  `parquet:"label"`
		Split string `parquet:"split"`
	}
	fullT struct {
		CVID  string `parquet:"cv_id"`
		JDID  string `parquet:"jd_id"`
		CV    string `parquet:"cv"`
		JD    string `parquet:"jd"`
		Label bool   `parquet:"label"`
	}
)

var (
	goodCVs   = []cvT{{"c1", "Welder in Bern"}, {"c2", "会计，五年经验"}, {"c3", "Nurse\x00 with a NUL byte"}}
	goodJDs   = []jdT{{"j1", "We seek a welder"}, {"j2", "招聘会计"}}
	goodPairs = []pairT{{"c1", "j1", 1}, {"c2", "j1", 0}, {"c2", "j2", 1}}
)

// put writes rows to a Parquet file, making its folder.
func put[T any](t testing.TB, path string, rows []T) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
}

// putText writes a plain file, making its folder.
func putText(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// putTables writes the three tables of a dataset folder.
func putTables[C, J, P any](t testing.TB, dir string, cvs []C, jds []J, pairs []P) string {
	t.Helper()
	put(t, filepath.Join(dir, "cvs.parquet"), cvs)
	put(t, filepath.Join(dir, "jds.parquet"), jds)
	put(t, filepath.Join(dir, "pairs.parquet"), pairs)
	return dir
}

// sample is a valid dataset with every optional field.
func sample() *Dataset {
	return &Dataset{
		Name: "sample",
		CVs:  []CV{{"c1", "Welder in Bern"}, {"c2", "会计，五年经验"}, {"c3", "Nurse\x00 with a NUL byte"}, {"c4", "no pairs"}},
		JDs:  []JD{{"j1", "We seek a welder"}, {"j2", "招聘会计"}},
		Pairs: []Pair{
			{"c1", "j1", 1, Train, time.Date(2024, 2, 29, 12, 30, 0, 123456000, time.UTC)},
			{"c2", "j1", 0, Valid, time.Time{}},
			{"c3", "j2", 1, Test, time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)},
		},
	}
}

// numbered makes a dataset of n CVs with unlike texts and m JDs; CV i has a match and a mismatch.
func numbered(name string, n, m int) *Dataset {
	ds := &Dataset{Name: name}
	for i := range n {
		ds.CVs = append(ds.CVs, CV{fmt.Sprintf("%s%04d", name, i), unlike(name, i)})
	}
	for j := range m {
		ds.JDs = append(ds.JDs, JD{fmt.Sprintf("j%04d", j), unlike("job", j)})
	}
	for i := range n {
		ds.Pairs = append(ds.Pairs,
			Pair{CVID: ds.CVs[i].ID, JDID: ds.JDs[i%m].ID, Label: 1},
			Pair{CVID: ds.CVs[i].ID, JDID: ds.JDs[(i+1)%m].ID, Label: 0})
	}
	return ds
}

// unlike returns twenty words that share no shingle with those of other arguments.
func unlike(name string, i int) string {
	s := ""
	for w := range 20 {
		s += fmt.Sprintf("%s%dw%d ", name, i, w)
	}
	return s
}
