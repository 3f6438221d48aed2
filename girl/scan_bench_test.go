package girl

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genjobrec/datasets"
	bench "genjobrec/girl/internal/measure"
)

// BenchmarkScan reads Parquet tables from one end to the other: CVs of some 5,000 characters, and pairs. MB/s counts decoded bytes (the
// texts and ids, and four a label), file-MB/s those of the files. Ten times the CVs should take no more memory.
func BenchmarkScan(b *testing.B) {
	for _, n := range []int{4000, 40_000} {
		b.Run(fmt.Sprintf("cvs=%d", n), func(b *testing.B) {
			dir := b.TempDir()
			decoded := writeScanned(b, dir, n, 1)
			scan(b, filepath.Join(dir, "cvs.parquet"), decoded.cvs, n, func() error {
				return datasets.ScanCVs(b.Context(), dir, func([]datasets.CV) error { return nil })
			})
		})
	}
	b.Run("pairs=1000000", func(b *testing.B) {
		dir := b.TempDir()
		decoded := writeScanned(b, dir, 2000, 500)
		scan(b, filepath.Join(dir, "pairs.parquet"), decoded.pairs, 1_000_000, func() error {
			return datasets.ScanPairs(b.Context(), dir, func([]datasets.Pair) error { return nil })
		})
	})
}

func scan(b *testing.B, file string, decoded, rows int, read func() error) {
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(decoded))
	bench.Peak(b, rows, read)
	b.ReportMetric(float64(info.Size())*float64(b.N)/b.Elapsed().Seconds()/1e6, "file-MB/s")
}

// writeScanned writes n CVs of words drawn from 20,000, with so many pairs each, and tells the decoded bytes of the tables.
func writeScanned(b *testing.B, dir string, n, perCV int) (decoded struct{ cvs, pairs int }) {
	rng := rand.New(rand.NewPCG(1, 1))
	words := make([]string, 20_000)
	for i := range words {
		word := make([]byte, 3+rng.IntN(8))
		for j := range word {
			word[j] = byte('a' + rng.IntN(26))
		}
		words[i] = string(word)
	}
	ds := &datasets.Dataset{Name: "scanned"}
	for j := range max(perCV, 2) {
		ds.JDs = append(ds.JDs, datasets.JD{ID: fmt.Sprintf("j%06d", j), Text: words[j]})
	}
	for i := range n {
		var text strings.Builder
		for text.Len() < 5000 {
			text.WriteString(words[rng.IntN(len(words))] + " ")
		}
		cv := datasets.CV{ID: fmt.Sprintf("c%06d", i), Text: text.String()}
		ds.CVs = append(ds.CVs, cv)
		decoded.cvs += len(cv.ID) + len(cv.Text)
		for j := range perCV {
			pair := datasets.Pair{CVID: cv.ID, JDID: ds.JDs[j].ID, Label: (i + j) % 2}
			ds.Pairs = append(ds.Pairs, pair)
			decoded.pairs += len(pair.CVID) + len(pair.JDID) + 4
		}
	}
	if err := datasets.Write(dir, ds); err != nil {
		b.Fatal(err)
	}
	return decoded
}
