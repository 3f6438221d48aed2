package reward

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"

	"genjobrec/girl/lm"
)

// The tolerances of this package's tests.
const (
	exact  = 1e-12 // float64 arithmetic
	single = 2e-5  // float32 results that are equal but for the order of additions
	slope  = 5e-3  // central differences of a float32 loss, relative to the steepest gradient of their tensor
)

// sharedBackend is one for all tests: weights cannot move from one backend to another.
var sharedBackend = sync.OnceValues(func() (compute.Backend, error) { return compute.NewWithConfig("go:ops_sequential") })

func testBackend(t testing.TB) compute.Backend {
	t.Helper()
	return must(sharedBackend())(t)
}

// must fails the test on an error: must(f())(t).
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance*max(1, math.Abs(want)) {
		t.Errorf("%s: got %.10g, want %.10g", what, got, want)
	}
}

// steepest are the places of the n largest magnitudes, or of all.
func steepest(x []float32, n int) []int {
	at := make([]int, len(x))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(math.Abs(float64(x[b])), math.Abs(float64(x[a]))) })
	return at[:min(n, len(at))]
}

// vocab is small: token 1 ends texts, token 7 is the planted rule's.
const vocab = 16

// judge is a model with a scalar head, drawn far enough from a fresh start that scores differ.
func judge(t testing.TB) *lm.Weights {
	t.Helper()
	u := must(lm.NewWeights(lm.Config{Layers: 1, Dim: 16, Heads: 2, FFN: 24, Vocab: vocab, MaxLen: 128, RopeBase: 10000, NormEps: 1e-5}, lm.ScalarHead, 1))(t)
	s := must(u.Snapshot())(t)
	for _, name := range []string{"embed", "layers.0.wq", "layers.0.wk", "layers.0.wv", "layers.0.wo", "layers.0.w_gate", "layers.0.w_up", "layers.0.w_down"} {
		for i := range s[name] {
			s[name][i] *= 15
		}
	}
	must(0, u.Restore(s))(t)
	return u
}

// changed names a weight whose bits differ between a snapshot and u, or is empty.
func changed(t testing.TB, before map[string][]float32, u *lm.Weights) string {
	t.Helper()
	for name, after := range must(u.Snapshot())(t) {
		for i := range after {
			if math.Float32bits(before[name][i]) != math.Float32bits(after[i]) {
				return name
			}
		}
	}
	return ""
}

// planted are CVs whose matched JDs contain token 7 and whose mismatched ones do not.
func planted(n int, seed uint64) []Candidates {
	rng := rand.New(rand.NewPCG(seed, 1))
	jd := func(matched bool) []int32 {
		ids := make([]int32, 5)
		for i := range ids {
			for ids[i] < 2 || ids[i] == 7 {
				ids[i] = int32(rng.IntN(vocab))
			}
		}
		if matched {
			ids[rng.IntN(len(ids))] = 7
		}
		return append(ids, 1)
	}
	var all []Candidates
	for range n {
		c := Candidates{Prompt: []int32{2, int32(rng.IntN(vocab)), int32(rng.IntN(vocab)), 3}}
		for range 1 + rng.IntN(3) {
			c.Matched = append(c.Matched, jd(true))
		}
		for range rng.IntN(4) {
			c.Mismatched = append(c.Mismatched, jd(false))
		}
		all = append(all, c)
	}
	return all
}

func testConfig() Config {
	return Config{Epochs: 8, LearningRate: 0.01, Warmup: 2, WeightDecay: 0.01, ClipNorm: 1, BatchRows: 16, Patience: 3, Matched: 2, Mismatched: 2, Random: 1}
}
