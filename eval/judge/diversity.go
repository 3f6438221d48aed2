package judge

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"genjobrec/eval"
)

// DiversityEstimate is the mean over seeds of [Diversity], with an interval: texts holds one slice a seed, each with the JD of one
// system for every CV; groups gives the CV group of each. The standard error is the jackknife's over groups,
//
//	SE² = (G−1)/G · Σ (θ₋g − mean θ₋)²,   θ₋g without the texts of group g,
//
// with Student's t and G−1 degrees of freedom, from two seeds on widened by [eval.WithSeedVariance]. A bootstrap would not do: a
// resample holds some texts twice, and is less diverse for that alone.
//
// Errors: no seeds, slices of unequal length, n < 1. With fewer than two groups, or where one group holds all n-grams, there is no
// interval.
//
// Source: Efron and Stein (1981), doi:10.1214/aos/1176345462.
func DiversityEstimate(texts [][]string, groups []string, n int, level float64) (eval.Estimate, error) {
	if len(texts) == 0 || n < 1 {
		return eval.Estimate{}, errors.New("judge: diversity needs a seed and n-grams of at least one token")
	}
	cluster := eval.ClusterIDs(groups)
	size := 0
	for _, g := range cluster {
		size = max(size, g+1)
	}
	without, bySeed := make([]float64, size), make([]float64, len(texts))
	value := 0.0
	for s, list := range texts {
		if len(list) != len(groups) {
			return eval.Estimate{}, fmt.Errorf("judge: diversity: %d texts of seed number %d, %d groups", len(list), s, len(groups))
		}
		bySeed[s] = Diversity(list, n)
		value += bySeed[s] / float64(len(texts))
		own, all := make([]int, size), make([]int, size) // a group's n-grams: kinds that no other group has, and all of them
		only, total := map[string]int{}, 0               // n-gram → the one group that has it, or several
		const several = -1
		for i, text := range list {
			tokens := Tokens(text)
			for k := 0; k+n <= len(tokens); k++ {
				gram := strings.Join(tokens[k:k+n], " ") // words hold no space
				if g, ok := only[gram]; !ok {
					only[gram] = cluster[i]
				} else if g != cluster[i] {
					only[gram] = several
				}
				all[cluster[i]]++
				total++
			}
		}
		for _, g := range only {
			if g != several {
				own[g]++
			}
		}
		for g := range without { // NaN where the group has all n-grams
			without[g] += float64(len(only)-own[g]) / float64(total-all[g]) / float64(len(texts))
		}
	}
	centre, ss := mean(without), 0.0
	for _, v := range without {
		ss += (v - centre) * (v - centre)
	}
	if size < 2 || math.IsNaN(ss) {
		return pointOnly(value, size), nil
	}
	if level == 0 {
		level = 0.95
	}
	g := float64(size)
	e := eval.Estimate{Value: value, SE: math.Sqrt((g - 1) / g * ss), P: math.NaN()}
	half := distuv.StudentsT{Sigma: 1, Nu: g - 1}.Quantile((1+level)/2) * e.SE
	e.Low, e.High = value-half, value+half
	return eval.WithSeedVariance(e, size, level, bySeed)
}
