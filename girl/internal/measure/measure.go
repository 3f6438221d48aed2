// Package measure is for benchmarks of models: tokens a second, peak memory, and the share of the backend's best matrix products (model
// FLOPs utilisation, MFU; Chowdhery et al. 2022, arXiv 2204.02311).
package measure

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // the backend that benchmarks run on
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"genjobrec/girl/internal/tune"
	"genjobrec/girl/lm"
)

// Backend is the one that the command trains on: pure Go, one operation after the other, each on all cores; with the command's memory settings.
var Backend = sync.OnceValues(func() (compute.Backend, error) {
	tune.Memory()
	return compute.NewWithConfig("go:ops_sequential")
})

// Shape is the work of a benchmark.
type Shape struct {
	Model            lm.Config
	Prompt, Response int // tokens
	Rows             int // sequences of an update step
	Rollouts         int // sequences sampled at once, and of a PPO round
	Epochs           int // of a PPO round
}

// Default is the shape at which PyTorch is the peer: 4 layers, width 256, 4 heads, feed-forward 688, vocabulary 8192, untied head,
// prompts and responses of 128 tokens.
func Default() Shape { return Scaled(1, 1) }

// Scaled is the default shape with sequences and widths times as long and wide.
func Scaled(length, width float64) Shape {
	times := func(n int, by float64) int { return int(float64(n) * by) }
	return Shape{
		Model:  lm.Config{Layers: 4, Dim: times(256, width), Heads: 4, FFN: times(688, width), Vocab: 8192, MaxLen: times(256, length), RopeBase: 10000, NormEps: 1e-5},
		Prompt: times(128, length), Response: times(128, length), Rows: 8, Rollouts: 32, Epochs: 4,
	}
}

// Shapes are the peer's and, to show how cost grows, a quarter and four times of its lengths and of its width.
var Shapes = []struct {
	Name  string
	Shape Shape
}{
	{"default", Default()},
	{"length=x0.25", Scaled(0.25, 1)}, {"length=x4", Scaled(4, 1)},
	{"width=x0.25", Scaled(1, 0.25)}, {"width=x4", Scaled(1, 4)},
}

// Sequences are n random prompts with responses.
func (s Shape) Sequences(n int) []lm.Sequence {
	rng := rand.New(rand.NewPCG(1, 1))
	tokens := func(n int) []int32 {
		out := make([]int32, n)
		for i := range out {
			out[i] = rng.Int32N(int32(s.Model.Vocab))
		}
		return out
	}
	out := make([]lm.Sequence, n)
	for i := range out {
		out[i] = lm.Sequence{Prompt: tokens(s.Prompt), Response: tokens(s.Response)}
	}
	return out
}

// Forward counts the floating-point operations of the matrix products of one pass over n sequences: blocks over all tokens, attention over
// whole squares, a head of the given width over the given number of positions of each.
func (s Shape) Forward(n, head, positions int) float64 {
	c, t := s.Model, float64(s.Prompt+s.Response)
	d := float64(c.Dim)
	block := 2*(4*d*d+3*d*float64(c.FFN)) + 4*t*d // a token
	return float64(n) * (t*float64(c.Layers)*block + 2*d*float64(head*positions))
}

// Sampling counts those of sampling n responses.
func (s Shape) Sampling(n int) float64 {
	c, d := s.Model, float64(s.Model.Dim)
	weights := 2 * (4*d*d + 3*d*float64(c.FFN)) * float64(c.Layers)
	p, r := float64(s.Prompt), float64(s.Response)
	attention := 4 * d * float64(c.Layers) * (p*p + r*p + r*r/2)
	return float64(n) * ((p+r)*weights + attention + r*2*d*float64(c.Vocab))
}

// Run measures step, which processes so many tokens with so many floating-point operations: tokens/s, MFU in percent of the backend's best products and the peak of the
// process's memory in MB. The first call, which compiles, is not measured.
func Run(b *testing.B, tokens int, flops float64, step func() error) {
	peak, err := matrixPeak()
	if err != nil {
		b.Fatal(err)
	}
	counted := startPeak()
	if err := step(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := step(); err != nil {
			b.Fatal(err)
		}
	}
	a := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(float64(tokens)/a, "tokens/s")
	b.ReportMetric(100*flops/a/peak, "MFU-%")
	reportPeak(b, counted)
}

// matrixPeak is the best rate of square products that the backend reaches on this machine, in floating-point operations a second. Another library may reach more.
var matrixPeak = sync.OnceValues(func() (float64, error) {
	backend, err := Backend()
	if err != nil {
		return 0, err
	}
	const n = 1024
	exec, err := NewExec(backend, func(a, b *Node) *Node { return MatMul(a, b) })
	if err != nil {
		return 0, err
	}
	numbers := make([]float32, n*n)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range numbers {
		numbers[i] = rng.Float32() - 0.5
	}
	a := tensors.FromFlatDataAndDimensions(numbers, n, n)
	best := time.Duration(1 << 62)
	for range 10 {
		start := time.Now()
		out, err := exec.Call(a, a)
		if err != nil {
			return 0, err
		}
		best = min(best, time.Since(start))
		out[0].MustFinalizeAll()
	}
	return 2 * n * n * n / best.Seconds(), nil
})
