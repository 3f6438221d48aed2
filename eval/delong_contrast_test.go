package eval

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A mean over runs: equal runs are one run, whatever the weights' number.
func TestDeLongContrastOfEqualRuns(t *testing.T) {
	labels, clusters, s := clustered(rand.New(rand.NewPCG(1, 7)), 50, 4, 1, 1.5)
	a, b := s[0], s[1]
	thirds := []float64{1. / 3, 1. / 3, 1. / 3, -0.5, -0.5}
	for name, f := range map[string]func(weights []float64, systems ...[]float64) (Estimate, error){
		"DeLong": func(w []float64, x ...[]float64) (Estimate, error) { return DeLongContrast(labels, w, 0, x...) },
		"by cluster": func(w []float64, x ...[]float64) (Estimate, error) {
			return ClusterDeLongContrast(labels, clusters, w, 0, x...)
		},
	} {
		want, err := f([]float64{1, -1}, a, b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f(thirds, a, a, a, b, b)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+" value", got.Value, want.Value, exact)
		near(t, name+" SE", got.SE, want.SE, exact)
		near(t, name+" p", got.P, want.P, 1e-9)
		if none, err := f(thirds, a, a, a, a, a); err != nil || none.P != 1 || none.SE != 0 || len(none.Warnings) != 0 {
			t.Errorf("%s: no difference gives %+v, error %v", name, none, err)
		}
	}
}

// With one row a cluster the test is DeLong's; with every row copied within its cluster nothing new is known, which DeLong's
// test does not see.
func TestClusterDeLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, a := genRows(t)
		b := make([]float64, len(a))
		for i := range b {
			b[i] = float64(rapid.IntRange(0, 20).Draw(t, "b"))
		}
		weights := []float64{1, -1}
		want, err := DeLongContrast(labels, weights, 0, a, b)
		if err != nil {
			t.Skip("too few of a class")
		}
		alone := make([]int, len(labels))
		for i := range alone {
			alone[i] = 100 - i
		}
		got, err := ClusterDeLongContrast(labels, alone, weights, 0, a, b)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.SE-want.SE) > exact || math.Abs(got.Value-want.Value) > exact {
			t.Fatalf("one row a cluster: %g ± %g, DeLong %g ± %g", got.Value, got.SE, want.Value, want.SE)
		}
		twice := func(x []float64) []float64 { return slices.Concat(x, x) }
		copied, err := ClusterDeLongContrast(slices.Concat(labels, labels), slices.Concat(alone, alone), weights, 0, twice(a), twice(b))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(copied.SE-want.SE) > 1e-9 {
			t.Fatalf("copied rows: SE %g, want %g as before", copied.SE, want.SE)
		}
	})
}

// By hand: two clusters of a match and a mismatch each, one ordered rightly, and matches of either cluster above the other's mismatch.
func TestClusterDeLongByHand(t *testing.T) {
	labels, clusters, scores := []int{1, 0, 1, 0}, []int{0, 0, 1, 1}, []float64{3, 1, 2, 2.5}
	got, err := ClusterDeLongContrast(labels, clusters, []float64{1}, 0, scores)
	if err != nil {
		t.Fatal(err)
	}
	// V10 = 1, ½; V01 = 1, ½; θ = ¾. A = ¼, −¼; B = ¼, −¼. Var = 2·(1/8)/4 + 2·(1/8)/4 + 2·2·(1/8)/4 = ¼.
	near(t, "value", got.Value, 0.75, exact)
	near(t, "SE", got.SE, 0.5, exact)
}

// Where rows of a cluster share an effect on the difference and lean to one class, DeLong's test rejects true hypotheses too
// often; the test by cluster keeps its level.
func TestClusterDeLongKeepsItsLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	const sims = 400
	naive, byCluster := 0, 0
	for range sims {
		labels, clusters, s := clustered(rng, 60, 20, 1, 1)
		d, err := DeLongDiffAUC(labels, s[0], s[1], 0)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ClusterDeLongContrast(labels, clusters, []float64{1, -1}, 0, s...)
		if err != nil {
			t.Fatal(err)
		}
		if d.P < 0.05 {
			naive++
		}
		if c.P < 0.05 {
			byCluster++
		}
	}
	t.Logf("rejected of %d: DeLong %d, by cluster %d", sims, naive, byCluster)
	if byCluster < sims/50 || byCluster > sims/10 {
		t.Errorf("by cluster %d of %d true hypotheses are rejected at 5 %%", byCluster, sims)
	}
	if naive < byCluster+sims/20 {
		t.Errorf("DeLong's test rejects %d, the one by cluster %d: the simulation does not show what clusters do", naive, byCluster)
	}
}

func TestContrastErrors(t *testing.T) {
	for name, err := range map[string]error{
		"weights":    second(DeLongContrast(sixLabels, []float64{1}, 0, sixScores, sixScores)),
		"by cluster": second(ClusterDeLongContrast(sixLabels, sixLabels, []float64{1}, 0, sixScores, sixScores)),
		"clusters":   second(ClusterDeLongContrast(sixLabels, sixLabels[1:], []float64{1}, 0, sixScores)),
	} {
		if !errors.Is(err, ErrLength) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if err := second(ClusterDeLongContrast(sixLabels, []int{1, 1, 2, 3, 1, 3}, []float64{1}, 0, sixScores)); !errors.Is(err, ErrRange) {
		t.Errorf("all matches in one cluster: error %v", err)
	}
}

func second(_ Estimate, err error) error { return err }
