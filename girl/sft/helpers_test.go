package sft

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
	single = 2e-5 // float32 results that are equal but for the order of additions
	slope  = 5e-3 // central differences of a float32 loss, relative to the steepest gradient of their tensor
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

const vocab = 12

func writer(t testing.TB) *lm.Weights {
	t.Helper()
	return must(lm.NewWeights(lm.Config{Layers: 1, Dim: 16, Heads: 2, FFN: 24, Vocab: vocab, MaxLen: 64, RopeBase: 10000, NormEps: 1e-5, TiedHead: true}, lm.TokenHead, 1))(t)
}

// changed names a weight whose bits differ between a snapshot and w, or is empty.
func changed(t testing.TB, before map[string][]float32, w *lm.Weights) string {
	t.Helper()
	for name, after := range must(w.Snapshot())(t) {
		for i := range after {
			if math.Float32bits(before[name][i]) != math.Float32bits(after[i]) {
				return name
			}
		}
	}
	return ""
}

// copies are pairs that follow a rule: the response repeats the prompt's last token and ends with token 1.
func copies(n int, seed uint64) []lm.Sequence {
	rng := rand.New(rand.NewPCG(seed, 1))
	var seqs []lm.Sequence
	for range n {
		last := int32(4 + rng.IntN(8))
		seqs = append(seqs, lm.Sequence{Prompt: []int32{2, int32(4 + rng.IntN(8)), last}, Response: []int32{last, last, 1}})
	}
	return seqs
}

// noise are pairs without a rule, which can be learnt by heart only.
func noise(n int, seed uint64) []lm.Sequence {
	rng := rand.New(rand.NewPCG(seed, 2))
	var seqs []lm.Sequence
	for range n {
		s := lm.Sequence{Prompt: []int32{2, int32(4 + rng.IntN(8)), int32(4 + rng.IntN(8))}}
		for range 3 {
			s.Response = append(s.Response, int32(4+rng.IntN(8)))
		}
		seqs = append(seqs, s)
	}
	return seqs
}

func testConfig() Config {
	return Config{Epochs: 12, LearningRate: 0.01, Warmup: 2, WeightDecay: 0.01, ClipNorm: 1, BatchTokens: 128, Patience: 2, PromptLoss: 0.1}
}
