package eval

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A weighted metric is the metric of a table in which each row stands as often as its cluster was drawn.
func TestWeightedMetricsAgainstCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, probs := genRows(t)
		clusters := rapid.SliceOfN(rapid.IntRange(0, 4), len(labels), len(labels)).Draw(t, "clusters")
		clusters[0], clusters[1] = 0, 1
		s, err := newSample(labels, clusters, [][]float64{probs})
		if err != nil {
			t.Fatal(err)
		}
		// newSample numbers clusters in order of appearance.
		number := map[int]int{}
		for _, c := range clusters {
			if _, ok := number[c]; !ok {
				number[c] = len(number)
			}
		}
		// Every lane has counts of its own; one of them, any, is compared.
		all := make([][]uint32, rapid.IntRange(1, lanes).Draw(t, "lanes"))
		for l := range all {
			all[l] = make([]uint32, len(number))
			for i := range all[l] {
				all[l][i] = uint32(rapid.IntRange(0, 3).Draw(t, "count"))
			}
		}
		lane := rapid.IntRange(0, len(all)-1).Draw(t, "lane")
		counts, weights := all[lane], interleave(all)
		var copies []int
		var copied []float64
		for i, c := range clusters {
			for range counts[number[c]] {
				copies, copied = append(copies, labels[i]), append(copied, probs[i])
			}
		}
		want, err := AUC(copies, copied)
		if errors.Is(err, ErrOneClass) || errors.Is(err, ErrEmpty) {
			t.Skip("one class")
		}
		if got := s.weightedAUC(0, weights)[lane]; math.Abs(got-want) > exact {
			t.Fatalf("weighted AUC %v, of copies %v", got, want)
		}
		want, _ = LogLoss(copies, copied)
		if got := s.weightedMean(s.logLoss[0], weights)[lane]; math.Abs(got-want) > 1e-11 {
			t.Fatalf("weighted LogLoss %v, of copies %v", got, want)
		}
		want, _ = Brier(copies, copied)
		if got := s.weightedMean(s.brier[0], weights)[lane]; math.Abs(got-want) > exact {
			t.Fatalf("weighted Brier %v, of copies %v", got, want)
		}
	})
}

func TestBootstrapDoesNotDependOnCores(t *testing.T) {
	labels, clusters, systems := clustered(rand.New(rand.NewPCG(5, 5)), 40, 4, 1, 1.5)
	boot := Bootstrap{Resamples: 300, Seed: 7}
	many, err := boot.Draw(labels, clusters, systems...)
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one, err := boot.Draw(labels, clusters, systems...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(many, one); diff != "" {
		t.Errorf("draws on many cores and on one differ:\n%s", diff)
	}
	other, err := Bootstrap{Resamples: 300, Seed: 8}.Draw(labels, clusters, systems...)
	if err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(many.AUC, other.AUC) {
		t.Error("another seed gave the same draws")
	}
	// A system's draws do not depend on which others are judged beside it.
	alone, err := boot.Draw(labels, clusters, systems[1])
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(alone.AUC[0], many.AUC[1]) {
		t.Error("draws of a system depend on its company")
	}
}

func TestBootstrapDirections(t *testing.T) {
	labels, clusters, systems := clustered(rand.New(rand.NewPCG(6, 6)), 100, 4, 2.5, 0.5)
	good, bad := systems[0], systems[1]
	d, err := Bootstrap{Resamples: 500}.Diff(labels, clusters, good, bad)
	if err != nil {
		t.Fatal(err)
	}
	if d.DiffAUC.Value <= 0 || d.DiffAUC.Low <= 0 || d.DiffAUC.P > 0.01 {
		t.Errorf("AUC(good) − AUC(bad) = %+v, want clearly positive", d.DiffAUC)
	}
	if d.DiffLogLoss.Value >= 0 || d.DiffLogLoss.High >= 0 || d.DiffLogLoss.P > 0.01 {
		t.Errorf("LogLoss(good) − LogLoss(bad) = %+v, want clearly negative", d.DiffLogLoss)
	}
	r, err := Bootstrap{Resamples: 500}.Diff(labels, clusters, bad, good)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mirrored low", r.DiffAUC.Low, -d.DiffAUC.High, exact)
	near(t, "mirrored p", r.DiffAUC.P, d.DiffAUC.P, exact)
	same, err := Bootstrap{Resamples: 50}.Diff(labels, clusters, good, good)
	if err != nil {
		t.Fatal(err)
	}
	if same.DiffAUC.P != 1 || same.DiffAUC.SE != 0 {
		t.Errorf("a system against itself: %+v", same.DiffAUC)
	}
}

func TestSummariseByHand(t *testing.T) {
	// Draws −1, 0, 1, 2, 3: #{≤ 0} = 2, #{≥ 0} = 4, p = 2·min(3/6, 5/6) = 1. Quartiles (type 7) 0 and 2.
	e, err := Bootstrap{Level: 0.5}.Summarise(1.5, []float64{3, -1, 0, 2, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p", e.P, 1, exact)
	near(t, "low", e.Low, 0, exact)
	near(t, "high", e.High, 2, exact)
	near(t, "SE", e.SE, math.Sqrt((4.0+1+0+1+4)/4), exact)
	near(t, "value", e.Value, 1.5, 0)
	// All five above zero: p = 2·min((1+0)/6, (1+5)/6) = 1/3. The 0.4-quantile interval edges interpolate:
	// level 0.9 → 5 % of the way over four gaps: 1 + 0.05·4 = 1.2.
	e, err = Bootstrap{Level: 0.9}.Summarise(3, []float64{1, 2, 3, 4, 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p", e.P, 1.0/3, exact)
	near(t, "low", e.Low, 1.2, exact)
	near(t, "high", e.High, 4.8, exact)
}

func TestBootstrapErrorsAndWarnings(t *testing.T) {
	labels, probs := []int{0, 1, 0, 1}, []float64{0.1, 0.9, 0.4, 0.3}
	for _, tc := range []struct {
		name     string
		boot     Bootstrap
		labels   []int
		clusters []int
		probs    []float64
		want     error
	}{
		{"one cluster", Bootstrap{}, labels, []int{1, 1, 1, 1}, probs, ErrRange},
		{"cluster length", Bootstrap{}, labels, []int{1}, probs, ErrLength},
		{"negative resamples", Bootstrap{Resamples: -1}, labels, []int{1, 2, 3, 4}, probs, ErrRange},
		{"one class", Bootstrap{}, []int{1, 1, 1, 1}, []int{1, 2, 3, 4}, probs, ErrOneClass},
		{"no probability", Bootstrap{}, labels, []int{1, 2, 3, 4}, []float64{1, 2, 3, 4}, ErrRange},
	} {
		if _, err := tc.boot.Draw(tc.labels, tc.clusters, tc.probs); !errors.Is(err, tc.want) {
			t.Errorf("%s: error = %v, want %v", tc.name, err, tc.want)
		}
	}
	// Two clusters of one class each: half of the resamples must be drawn again, and say so.
	d, err := Bootstrap{Resamples: 100}.Draw(labels, []int{0, 1, 0, 1}, probs)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Warnings) != 2 {
		t.Errorf("warnings = %q, want one about few clusters and one about redraws", d.Warnings)
	}
	for _, v := range d.AUC[0] {
		if math.IsNaN(v) {
			t.Fatal("a resample of one class was kept")
		}
	}
}

// Rows of one cluster lean the same way: resampling rows instead of clusters would claim too much.
func TestClustersWidenTheInterval(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var labels, clusters []int
	var probs []float64
	for c := range 60 {
		y, p := c%2, sigmoid(1.2*(float64(c%2)-0.5)+rng.NormFloat64())
		for range 8 { // eight copies carry no more information than one
			labels, clusters, probs = append(labels, y), append(clusters, c), append(probs, p)
		}
	}
	byCluster, err := Bootstrap{Resamples: 1000}.Draw(labels, clusters, probs)
	if err != nil {
		t.Fatal(err)
	}
	byRow, err := Bootstrap{Resamples: 1000}.Draw(labels, indices(len(labels)), probs)
	if err != nil {
		t.Fatal(err)
	}
	_, sdCluster := meanSD(byCluster.AUC[0])
	_, sdRow := meanSD(byRow.AUC[0])
	near(t, "ratio of the standard errors", sdCluster/sdRow, math.Sqrt(8), 0.4)
}

// The bootstrap's standard error agrees with the delta method on clusters: the sum over a cluster of
// the rows' influence, (V10 − AUC)/P and (V01 − AUC)/N, has the variance of AUC.
func TestBootstrapAgainstInfluence(t *testing.T) {
	labels, clusters, systems := clustered(rand.New(rand.NewPCG(10, 10)), 300, 5, 1.2)
	d, err := Bootstrap{Resamples: 3000, Seed: 1}.Draw(labels, clusters, systems[0])
	if err != nil {
		t.Fatal(err)
	}
	_, got := meanSD(d.AUC[0])
	pos := 0
	for _, y := range labels {
		pos += y
	}
	neg := len(labels) - pos
	part := components(labels, systems[0], pos, neg)
	auc, v10, v01 := part.auc, part.v10, part.v01
	influence := make([]float64, 300)
	for i, y := range labels {
		if y == 1 {
			influence[clusters[i]] += (v10[0] - auc) / float64(pos)
			v10 = v10[1:]
		} else {
			influence[clusters[i]] += (v01[0] - auc) / float64(neg)
			v01 = v01[1:]
		}
	}
	variance := 0.0
	for _, v := range influence {
		variance += v * v
	}
	near(t, "SE of AUC over SE by influence", got/math.Sqrt(variance), 1, 0.05)
}

// TestBootstrapCoverage simulates clustered pairs and two systems of equal strength: the interval of the
// difference should hold zero 95 times in 100 and p-values should be about uniform.
func TestBootstrapCoverage(t *testing.T) {
	const sims = 400
	rng := rand.New(rand.NewPCG(21, 22))
	var holdAUC, holdLoss, small, lower, sumP float64
	for s := range sims {
		labels, clusters, systems := clustered(rng, 60, 4, 1, 1)
		d, err := Bootstrap{Resamples: 300, Seed: uint64(s)}.Diff(labels, clusters, systems[0], systems[1])
		if err != nil {
			t.Fatal(err)
		}
		if d.DiffAUC.Low <= 0 && 0 <= d.DiffAUC.High {
			holdAUC += 1.0 / sims
		}
		if d.DiffLogLoss.Low <= 0 && 0 <= d.DiffLogLoss.High {
			holdLoss += 1.0 / sims
		}
		sumP += d.DiffAUC.P / sims
		if d.DiffAUC.P < 0.05 {
			small += 1.0 / sims
		}
		if d.DiffAUC.P < 0.5 {
			lower += 1.0 / sims
		}
	}
	near(t, "coverage of the AUC difference", holdAUC, 0.95, 0.035)
	near(t, "coverage of the LogLoss difference", holdLoss, 0.95, 0.035)
	near(t, "share of null p-values below 0.05", small, 0.05, 0.035)
	near(t, "share of null p-values below 0.5", lower, 0.5, 0.08)
	near(t, "mean null p-value", sumP, 0.5, 0.045)
}
