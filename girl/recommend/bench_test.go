package recommend

import (
	"testing"
)

// BenchmarkScore scores pairs whose texts a scorer meets for the first time, and again. The difference is the encoding.
func BenchmarkScore(b *testing.B) {
	d := plantedData(400, 200, 50, 1, noGenerated)
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
