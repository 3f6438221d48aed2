package lm

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The tolerances of this package's tests.
const (
	exact     = 1e-12 // float64 arithmetic
	single    = 2e-5  // float32 results that are equal but for the order of additions
	reference = 1e-4  // a whole float32 decoder, or its gradient, against float64, relative to the largest number
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

// near compares within the tolerance, relative where the wanted number exceeds 1.
func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance*max(1, math.Abs(want)) {
		t.Errorf("%s: got %.10g, want %.10g", what, got, want)
	}
}

// nearAll compares vectors, relative to the largest wanted number.
func nearAll(t testing.TB, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	largest, worst, at := 0.0, 0.0, 0
	for i := range want {
		largest = max(largest, math.Abs(want[i]))
		if d := math.Abs(float64(got[i]) - want[i]); math.IsNaN(d) || d > worst {
			worst, at = d, i
		}
	}
	if math.IsNaN(worst) || worst > reference*largest {
		t.Errorf("%s: number %d is %g, want %g (largest %g)", what, at, got[at], want[at], largest)
	}
}

func equalBits(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}

// changed names a weight whose bits differ between two snapshots, or is empty.
func changed(a, b map[string][]float32) string {
	for name := range a {
		if !equalBits(a[name], b[name]) {
			return name
		}
	}
	return ""
}

func tinyConfig() Config {
	return Config{Layers: 2, Dim: 16, Heads: 4, KVHeads: 2, FFN: 24, Vocab: 40, MaxLen: 128, RopeBase: 10000, NormEps: 1e-5, TiedHead: true, QKVBias: true}
}

// tinyWeights draws weights far from a start from scratch, gains and biases included, so that a part left out shows.
func tinyWeights(t testing.TB, c Config, head Head) *Weights {
	t.Helper()
	w := must(NewWeights(c, head, 7))(t)
	rng := rand.New(rand.NewPCG(7, 7))
	snapshot := make(map[string][]float32)
	for _, p := range parameters(c, head) {
		mean, std := 0.0, 0.3
		switch {
		case p.std < 0:
			mean = 1
		case len(p.dims) == 2 && p.name != "embed":
			std = 1 / math.Sqrt(float64(p.dims[0]))
		}
		data := must(w.flat(p.name))(t)
		for i := range data {
			data[i] = float32(mean + std*rng.NormFloat64())
		}
		snapshot[p.name] = data
	}
	if err := w.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	return w
}

func randomTokens(rng *rand.Rand, n, vocab int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(rng.IntN(vocab))
	}
	return ids
}

// graphOf runs a graph that reads w's weights and returns the flat float32 outputs.
func graphOf(t testing.TB, w *Weights, fn func(a []*Node) []*Node, args ...any) [][]float32 {
	t.Helper()
	exec := must(model.NewExec(testBackend(t), w.Store, func(_ *model.Scope, a []*Node) []*Node { return fn(a) }))(t)
	var flat [][]float32
	for _, out := range must(exec.Call(args...))(t) {
		flat = append(flat, must(tensors.CopyFlatData[float32](out))(t))
	}
	return flat
}

// meanLoss is the masked mean of −log π over a batch's arguments: what fine-tuning minimises.
func meanLoss(w *Weights) LossFn {
	return func(a []*Node) (*Node, []*Node) {
		logProbs := TokenLogProbs(w.Logits(w.HiddenAt(a[0], a[1])), a[2], 1)
		return Neg(Div(ReduceAllSum(Mul(logProbs, a[3])), ReduceAllSum(a[3]))), nil
	}
}

func argsOf(b *Batch) []any {
	tokens, index, target, mask := b.Args()
	return []any{tokens, index, target, mask}
}
