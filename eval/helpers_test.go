package eval

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// exact is the tolerance for results that differ from the expected value by rounding only.
const exact = 1e-12

func near(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	// The negated comparison also fails on NaN.
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %.15g, want %.15g ± %g", name, got, want, tol)
	}
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// genRows draws 2 to 40 rows with both classes and scores on a coarse grid, so that ties are common.
func genRows(t *rapid.T) (labels []int, probs []float64) {
	n := rapid.IntRange(2, 40).Draw(t, "n")
	labels = rapid.SliceOfN(rapid.IntRange(0, 1), n, n).Draw(t, "labels")
	at := rapid.IntRange(0, n-2).Draw(t, "at")
	labels[at], labels[at+1] = 0, 1
	grid := rapid.SliceOfN(rapid.IntRange(0, 20), n, n).Draw(t, "grid")
	for _, g := range grid {
		probs = append(probs, float64(g)/20)
	}
	return labels, probs
}

// clustered simulates test pairs: clusters of rows whose scores share a random effect. All systems
// see the same labels; each has strength mu[k] and its own noise. Scores are probabilities.
func clustered(rng *rand.Rand, clusters, size int, mu ...float64) (labels, cluster []int, systems [][]float64) {
	systems = make([][]float64, len(mu))
	for c := range clusters {
		effect := make([]float64, len(mu))
		for k := range effect {
			effect[k] = rng.NormFloat64()
		}
		// A cluster leans to one class, as CVs of strong candidates do.
		lean := 0.2 + 0.6*rng.Float64()
		for range size {
			y := 0
			if rng.Float64() < lean {
				y = 1
			}
			labels, cluster = append(labels, y), append(cluster, c)
			for k, m := range mu {
				systems[k] = append(systems[k], sigmoid(m*(float64(y)-0.5)+effect[k]+rng.NormFloat64()))
			}
		}
	}
	return labels, cluster, systems
}
