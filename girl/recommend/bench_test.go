package recommend

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkScore scores pairs whose texts, of 400 words, a scorer meets for the first time, and again: with three generated JDs a CV. The
// difference is the encoding.
func BenchmarkScore(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	long := func(text string) string {
		words := []string{text}
		for range 400 {
			words = append(words, fmt.Sprintf("common%d", rng.IntN(1000)))
		}
		return strings.Join(words, " ")
	}
	d := plantedData(400, 200, 50, 1, func(_ *rand.Rand, liked string) []string {
		return []string{long(liked), long(liked), long(liked)}
	})
	for _, texts := range []map[string]string{d.CVs, d.JDs} {
		for _, id := range sortedKeys(texts) {
			texts[id] = long(texts[id])
		}
	}
	c := smallConfig()
	c.Dim = 64
	r, err := Run(b.Context(), newBackend(b), c, 1, d, nil)
	if err != nil {
		b.Fatal(err)
	}
	var queries []Query
	for _, p := range d.Test {
		queries = append(queries, d.query(p))
	}
	score := func(b *testing.B, s *Scorer) {
		if _, err := s.Score(b.Context(), queries); err != nil {
			b.Fatal(err)
		}
	}
	rate := func(b *testing.B) {
		b.ReportMetric(float64(len(queries))*float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			s := newScorer(b, r.Model)
			b.StartTimer()
			score(b, s)
		}
		rate(b)
	})
	b.Run("again", func(b *testing.B) {
		s := newScorer(b, r.Model)
		score(b, s)
		for b.Loop() {
			score(b, s)
		}
		rate(b)
	})
}
