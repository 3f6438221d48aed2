package datasets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

// benchFolder writes a dataset of n CVs of some 5,000 characters with ten pairs each.
func benchFolder(b *testing.B, n int) (dir string, bytes int64) {
	rng := rand.New(rand.NewPCG(1, 1))
	ds := &Dataset{Name: "bench"}
	words := make([]string, 20000)
	for i := range words {
		w := make([]byte, 3+rng.IntN(8))
		for j := range w {
			w[j] = byte('a' + rng.IntN(26))
		}
		words[i] = string(w)
	}
	text := func(n int) string {
		var t []byte
		for range n {
			t = append(append(t, words[rng.IntN(len(words))]...), ' ')
		}
		bytes += int64(len(t))
		return string(t)
	}
	base := numbered("cv", n, 500)
	ds.JDs = base.JDs
	for _, cv := range base.CVs {
		ds.CVs = append(ds.CVs, CV{cv.ID, text(650)})
		for j := range 10 {
			ds.Pairs = append(ds.Pairs, Pair{CVID: cv.ID, JDID: ds.JDs[(rng.IntN(50)*10+j)%500].ID, Label: j % 2})
			bytes += 16
		}
	}
	dir = b.TempDir()
	if err := Write(dir, ds); err != nil {
		b.Fatal(err)
	}
	return dir, bytes
}

func BenchmarkOpen(b *testing.B) {
	dir, bytes := benchFolder(b, 4000)
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(context.Background(), dir); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpenPairs opens a million pairs of short texts, in the order of their CVs and shuffled: the search for duplicates must not
// depend on the order, nor grow faster than the pairs where there are many CVs.
func BenchmarkOpenPairs(b *testing.B) {
	const pairs = 1_000_000
	for _, cvs := range []int{2000, 200_000} {
		ds := numbered("cv", cvs, 2000)
		ds.Pairs = nil
		for i, cv := range ds.CVs {
			for j := range pairs / cvs {
				ds.Pairs = append(ds.Pairs, Pair{CVID: cv.ID, JDID: ds.JDs[(i+j)%len(ds.JDs)].ID, Label: j % 2})
			}
		}
		for _, order := range []string{"sorted", "shuffled"} {
			b.Run(fmt.Sprintf("cvs=%d/%s", cvs, order), func(b *testing.B) {
				if order == "shuffled" {
					rand.New(rand.NewPCG(1, 1)).Shuffle(len(ds.Pairs), func(i, j int) { ds.Pairs[i], ds.Pairs[j] = ds.Pairs[j], ds.Pairs[i] })
				}
				dir := b.TempDir()
				if err := Write(dir, ds); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := OpenStream(b.Context(), dir); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(pairs*float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
			})
		}
	}
}

func BenchmarkScanPairs(b *testing.B) {
	dir, _ := benchFolder(b, 4000)
	rows := 0
	for b.Loop() {
		rows = 0
		if err := ScanPairs(context.Background(), dir, func(p []Pair) error { rows += len(p); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkNearDuplicateGroups(b *testing.B) {
	dir, bytes := benchFolder(b, 4000)
	cvs, err := ReadCVs(dir)
	if err != nil {
		b.Fatal(err)
	}
	texts := make([]string, len(cvs))
	for i, cv := range cvs {
		texts[i] = cv.Text
	}
	b.SetBytes(bytes)
	for b.Loop() {
		NearDuplicateGroups(texts, DefaultNearDuplicate)
	}
}

func BenchmarkOpenRealResumeJDFit(b *testing.B) {
	in, out := realData(b, "resume-jd-fit", "pairs.parquet"), b.TempDir()
	if _, err := ImportResumeJDFit(in, out, FitOptions{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Open(context.Background(), out); err != nil {
			b.Fatal(err)
		}
	}
}
