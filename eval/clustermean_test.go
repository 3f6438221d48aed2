package eval

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// Two clusters of sizes 1 and 3 have four equally likely resamples, so that every number is known.
func TestMeanByHand(t *testing.T) {
	e, err := Bootstrap{Resamples: 40000, Seed: 1}.Mean([]int{7, 9, 9, 9}, []float64{1, 2, 3, 4})
	if err != nil {
		t.Fatal(err)
	}
	if e.Value != 2.5 {
		t.Errorf("mean %g, want 2.5", e.Value)
	}
	// Means of the resamples 77, 79, 97, 99: 1, 2.5, 2.5, 3.
	if want := math.Sqrt((1.25*1.25 + 0.25*0.25*2 + 0.75*0.75) / 4); math.Abs(e.SE-want) > 0.01 {
		t.Errorf("SE %g, want %g", e.SE, want)
	}
	if e.Low != 1 || e.High != 3 {
		t.Errorf("interval [%g, %g], want [1, 3]", e.Low, e.High)
	}
}

func TestMeanAddsTheSpreadOfSeeds(t *testing.T) {
	clusters := []int{1, 2, 3, 4}
	flat := func(x float64) []float64 { return []float64{x, x, x, x} } // no spread between rows at all
	e, err := Bootstrap{Resamples: 100, Seed: 1}.Mean(clusters, flat(1), flat(2), flat(3))
	if err != nil {
		t.Fatal(err)
	}
	want, err := MeanOverSeeds([]float64{1, 2, 3}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(e.Value-2) > 1e-12 || math.Abs(e.Low-want.Low) > 1e-9 || math.Abs(e.High-want.High) > 1e-9 {
		t.Errorf("%g [%g, %g], want Student's %g [%g, %g]", e.Value, e.Low, e.High, want.Mean, want.Low, want.High)
	}
}

// A 95 % interval holds the truth in about 95 % of simulated studies, with rows that are alike within a cluster and
// seeds that differ.
func TestMeanCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const studies, groups, seeds = 300, 40, 4
	held := 0
	for study := range studies {
		var clusters []int
		var common []float64
		for g := range groups {
			shared := rng.NormFloat64()
			for range 1 + g%3 {
				clusters, common = append(clusters, g), append(common, shared+rng.NormFloat64())
			}
		}
		values := make([][]float64, seeds)
		for s := range values {
			effect := 0.3 * rng.NormFloat64()
			for _, x := range common {
				values[s] = append(values[s], x+effect)
			}
		}
		e, err := Bootstrap{Resamples: 300, Seed: uint64(study)}.Mean(clusters, values...)
		if err != nil {
			t.Fatal(err)
		}
		if e.Low <= 0 && 0 <= e.High {
			held++
		}
	}
	if share := float64(held) / studies; share < 0.91 || share > 0.99 {
		t.Errorf("intervals held the truth in %.3f of the studies, want about 0.95", share)
	}
}

// P is two-sided against nought: below 0.05 just where a 95 % interval leaves it out, and the same for −x.
func TestMeanTestsAgainstNought(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	clusters := make([]int, 60)
	noise := make([]float64, 60)
	for i := range clusters {
		clusters[i], noise[i] = i, rng.NormFloat64()
	}
	for shift, small := range map[float64]bool{0: false, 1: true} {
		up, down := make([]float64, 60), make([]float64, 60)
		for i, x := range noise {
			up[i], down[i] = x+shift, -x-shift
		}
		a, errA := Bootstrap{Resamples: 1000, Seed: 1}.Mean(clusters, up)
		b, errB := Bootstrap{Resamples: 1000, Seed: 1}.Mean(clusters, down)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if (a.P < 0.05) != small || math.Abs(a.P-b.P) > 1e-12 || (a.Low > 0) != small {
			t.Errorf("shift %g: P %g, %g of the opposite, interval [%g, %g]", shift, a.P, b.P, a.Low, a.High)
		}
	}
	if _, err := (Bootstrap{Resamples: -1}).Mean([]int{1, 2}, []float64{1, 2}); !errors.Is(err, ErrRange) {
		t.Errorf("-1 resamples: %v", err)
	}
}

func TestMeanErrors(t *testing.T) {
	b := Bootstrap{Resamples: 10}
	for name, c := range map[string]struct {
		clusters []int
		values   [][]float64
		want     error
	}{
		"no seeds":     {[]int{1, 2}, nil, ErrEmpty},
		"one cluster":  {[]int{1, 1}, [][]float64{{1, 2}}, ErrRange},
		"short":        {[]int{1, 2}, [][]float64{{1, 2}, {1}}, ErrLength},
		"not a number": {[]int{1, 2}, [][]float64{{1, math.NaN()}}, ErrRange},
	} {
		if _, err := b.Mean(c.clusters, c.values...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
