package eval

import (
	"math/rand/v2"
	"testing"
)

// million are test pairs of 50,000 CVs with twenty pairs each, judged by two systems.
func million() (labels, clusters []int, systems [][]float64) {
	return clustered(rand.New(rand.NewPCG(1, 1)), 50_000, 20, 1, 1.1)
}

// scoresPerSecond reports how many of the n pairs of each call are judged in a second.
func scoresPerSecond(b *testing.B, n int) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "scores/s")
}

func BenchmarkAUC(b *testing.B) {
	labels, _, systems := million()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AUC(labels, systems[0]); err != nil {
			b.Fatal(err)
		}
	}
	scoresPerSecond(b, len(labels))
}

// BenchmarkDeLong tests the difference of two systems, as results do.
func BenchmarkDeLong(b *testing.B) {
	labels, clusters, systems := million()
	b.Run("rows", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DeLongDiffAUC(labels, systems[0], systems[1], 0); err != nil {
				b.Fatal(err)
			}
		}
		scoresPerSecond(b, len(labels))
	})
	b.Run("groups", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ClusterDeLongContrast(labels, clusters, []float64{1, -1}, 0, systems...); err != nil {
				b.Fatal(err)
			}
		}
		scoresPerSecond(b, len(labels))
	})
}

// BenchmarkBootstrap is the paired bootstrap by CV of the differences of two systems' AUC and LogLoss, with the default number of resamples.
func BenchmarkBootstrap(b *testing.B) {
	labels, clusters, systems := million()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Bootstrap{}).Diff(labels, clusters, systems[0], systems[1]); err != nil {
			b.Fatal(err)
		}
	}
	scoresPerSecond(b, len(labels))
}
