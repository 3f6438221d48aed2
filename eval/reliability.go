package eval

import (
	"fmt"
	"math"
	"slices"
)

// RateBin is one bin of a reliability diagram over several training runs.
type RateBin struct {
	Bin          // Count is summed over runs, the means are over all of them
	Runs     int // that have predictions in the bin
	Clusters int // that have rows in the bin
	// Rate is the observed share of positives with its interval by the bootstrap over clusters. Its bounds are NaN where fewer than
	// five clusters have rows in the bin, and where all rows or none are positive: there resampling says nothing.
	Rate Estimate
}

// minRateClusters is the number of clusters in a bin below which resampling them says nothing.
const minRateClusters = 5

// Reliability sorts the predictions of training runs on the same rows into bins of equal width, see the function [Reliability],
// and gives the non-empty ones with intervals of the observed rates. Runs are pooled within a bin, as all their predictions make
// the same claim; a resample takes a cluster's rows in all runs together, so that pooling does not narrow the intervals. They say
// nothing about other runs. Errors as in [Reliability], no runs, fewer than two clusters.
func (b Bootstrap) Reliability(labels, clusters []int, bins int, runs ...[]float64) ([]RateBin, error) {
	if len(runs) == 0 {
		return nil, fmt.Errorf("eval: reliability: %w", ErrEmpty)
	}
	pooledLabels, pooledProbs := slices.Repeat(labels, len(runs)), slices.Concat(runs...)
	for _, probs := range runs {
		if err := checkProbs(labels, probs); err != nil {
			return nil, err
		}
	}
	all, err := Reliability(pooledLabels, pooledProbs, bins, EqualWidth)
	if err != nil {
		return nil, err
	}
	s, err := newSample(labels, clusters, nil)
	if err != nil {
		return nil, err
	}
	out := make([]RateBin, len(all))
	place := make([]int, bins) // bin → its place among the non-empty
	hits, rows, draws := make([][]float64, len(all)), make([][]float64, len(all)), make([][]float64, len(all))
	for i, bin := range all {
		out[i].Bin = bin
		place[int(math.Round(bin.Low*float64(bins)))] = i
		hits[i], rows[i] = make([]float64, len(s.size)), make([]float64, len(s.size))
	}
	ids := ClusterIDs(clusters)
	for _, probs := range runs {
		seen := make([]bool, len(all))
		for j, p := range probs {
			i := place[equalWidthBin(p, bins)]
			hits[i][ids[j]] += float64(labels[j])
			rows[i][ids[j]]++
			seen[i] = true
		}
		for i := range out {
			if seen[i] {
				out[i].Runs++
			}
		}
	}
	if b.Resamples == 0 {
		b.Resamples = 2000
	}
	for i := range draws {
		draws[i] = make([]float64, b.Resamples)
		for _, n := range rows[i] {
			if n > 0 {
				out[i].Clusters++
			}
		}
	}
	if _, err := s.eachResample(b, func(r int, counts []uint32) {
		for i := range draws {
			up, down := 0.0, 0.0
			for c, w := range counts {
				up, down = up+float64(w)*hits[i][c], down+float64(w)*rows[i][c]
			}
			draws[i][r] = up / down // NaN where none of the bin's clusters was drawn
		}
	}); err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Rate = Estimate{Value: out[i].PosRate, SE: math.NaN(), Low: math.NaN(), High: math.NaN(), P: math.NaN()}
		if out[i].Clusters < minRateClusters || out[i].PosRate == 0 || out[i].PosRate == 1 {
			continue
		}
		if out[i].Rate, err = b.Summarise(out[i].PosRate, slices.DeleteFunc(draws[i], math.IsNaN), nil); err != nil {
			return nil, err
		}
		out[i].Rate.P = math.NaN()
	}
	return out, nil
}
