package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Mean is the mean over seeds of the mean of a per-row value (a reward, a difference of two writers' rewards), with the
// uncertainty of both the rows' clusters and the seeds: the bootstrap over clusters of the seed-averaged mean, widened by
// [WithSeedVariance]. values holds one slice a seed, each with one value a row; clusters gives the cluster of each row.
// With one seed the interval is the bootstrap's own and says nothing about other training runs. P is two-sided against 0.
//
// In simulated studies with 60 clusters the 95 % interval holds the truth in 97, 97 and 96 % with two, three and five seeds that spread as much
// as the standard error over clusters; see [WithSeedVariance] for seeds that spread more. The interval of one seed is one of percentiles: it holds
// what other rows would have given in 90 % of studies with 15 clusters, 93 % with 30 and 94.5 % with 120, and what other
// rows and another such seed would have given in 82 %.
//
// Errors: no seeds, slices of unequal length, values that are not finite, fewer than two clusters.
func (b Bootstrap) Mean(clusters []int, values ...[]float64) (Estimate, error) {
	if b.Resamples == 0 {
		b.Resamples = 2000
	}
	if b.Resamples < 2 {
		return Estimate{}, fmt.Errorf("eval: %d resamples, want at least 2: %w", b.Resamples, ErrRange)
	}
	if len(values) == 0 {
		return Estimate{}, fmt.Errorf("eval: mean over seeds: %w", ErrEmpty)
	}
	index, size := map[int]int{}, []float64{} // cluster → its place, and its rows
	for _, c := range clusters {
		if _, ok := index[c]; !ok {
			index[c] = len(size)
			size = append(size, 0)
		}
		size[index[c]]++
	}
	if len(size) < 2 {
		return Estimate{}, fmt.Errorf("eval: %d clusters, a bootstrap needs at least 2: %w", len(size), ErrRange)
	}
	sum := make([]float64, len(size)) // of a cluster's rows, averaged over seeds
	bySeed := make([]float64, len(values))
	for s, row := range values {
		if len(row) != len(clusters) {
			return Estimate{}, fmt.Errorf("eval: %d clusters, %d values of seed number %d: %w", len(clusters), len(row), s, ErrLength)
		}
		for i, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return Estimate{}, fmt.Errorf("eval: value %d of seed number %d is %g: %w", i, s, v, ErrRange)
			}
			sum[index[clusters[i]]] += v / float64(len(values))
			bySeed[s] += v / float64(len(row))
		}
	}
	draws := make([]float64, b.Resamples)
	for r := range draws {
		rng := rand.New(rand.NewPCG(b.Seed, splitMix(uint64(r))))
		total, n := 0.0, 0.0
		for range size {
			c := rng.IntN(len(size))
			total, n = total+sum[c], n+size[c]
		}
		draws[r] = total / n
	}
	var warnings []Warning
	if len(size) < minClusters {
		warnings = append(warnings, Warning(fmt.Sprintf("only %d clusters: bootstrap intervals are too narrow", len(size))))
	}
	mean, _ := meanSD(bySeed)
	e, err := b.Summarise(mean, draws, warnings)
	if err != nil {
		return e, err
	}
	return WithSeedVariance(e, len(size), b.Level, bySeed)
}
