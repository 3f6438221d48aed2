package lm

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
)

// withCheckpointing are w's weights a second time, trained with gradient checkpointing.
func withCheckpointing(t *testing.T, c Config, head Head) *Weights {
	w := tinyWeights(t, c, head)
	w.GradientCheckpointing = true
	return w
}

// everyScore is a loss of a scalar head at all positions and at the selected ones, through both ways of a trunk.
func everyScore(w *Weights) LossFn {
	return func(a []*Node) (*Node, []*Node) {
		all, some := w.Score(w.Hidden(a[0])), w.Score(w.HiddenAt(a[0], a[1]))
		return Add(ReduceAllMean(Square(all)), ReduceAllMean(Mul(some, a[3]))), []*Node{ReduceAllMax(all)}
	}
}

// TestCheckpointingKeepsBits: loss, every gradient and the weights after some steps have the bits that they have without it.
func TestCheckpointingKeepsBits(t *testing.T) {
	grouped := tinyConfig()
	plain := Config{Layers: 3, Dim: 8, Heads: 2, FFN: 12, Vocab: 23, MaxLen: 64, RopeBase: 100, NormEps: 1e-5}
	shallow := grouped
	shallow.Layers = 1
	for _, c := range []struct {
		name   string
		config Config
		head   Head
		loss   func(*Weights) LossFn
	}{
		{"tied, grouped, biases", grouped, TokenHead, meanLoss},
		{"plain", plain, TokenHead, meanLoss},
		{"one block", shallow, TokenHead, meanLoss},
		{"critic", grouped, ScalarHead, everyScore},
	} {
		rng := rand.New(rand.NewPCG(5, 5))
		batch := must(PackWeighted(trainingSeqs(rng, c.config.Vocab), 4, 0.1))(t)
		gradients := func(w *Weights) [][]float32 {
			return graphOf(t, w, func(a []*Node) []*Node {
				loss, _ := c.loss(w)(a)
				var weights []*Node
				for _, p := range parameters(w.Config, w.Head) {
					weights = append(weights, w.node(loss.Graph(), "%s", p.name))
				}
				return append([]*Node{loss}, Gradient(loss, weights...)...)
			}, argsOf(batch)...)
		}
		stored, recomputed := tinyWeights(t, c.config, c.head), withCheckpointing(t, c.config, c.head)
		want, got := gradients(stored), gradients(recomputed)
		for i, name := range append([]parameter{{name: "loss"}}, parameters(c.config, c.head)...) {
			if !equalBits(got[i], want[i]) {
				t.Errorf("%s: %s (or its gradient) has other bits", c.name, name.name)
			}
		}
		adam := steps["of fine-tuning"]
		a := must(NewTrainer(testBackend(t), stored, adam, c.loss(stored)))(t)
		b := must(NewTrainer(testBackend(t), recomputed, adam, c.loss(recomputed)))(t)
		for i := range 3 {
			x, y := must(a.Step(0.01, argsOf(batch)...))(t), must(b.Step(0.01, argsOf(batch)...))(t)
			if x.Loss != y.Loss || x.GradNorm != y.GradNorm || !slices.Equal(x.Metrics, y.Metrics) {
				t.Errorf("%s: step %d reports %+v, without checkpointing %+v", c.name, i, y, x)
			}
		}
		if name := changed(must(stored.Snapshot())(t), must(recomputed.Snapshot())(t)); name != "" {
			t.Errorf("%s: after three steps %s has other bits", c.name, name)
		}
	}
}

// TestCheckpointingIsOfOneTraining: a clone does not take it over; who trains it says anew how.
func TestCheckpointingIsOfOneTraining(t *testing.T) {
	w := withCheckpointing(t, tinyConfig(), TokenHead)
	if must(w.Clone(ScalarHead, 1))(t).GradientCheckpointing {
		t.Error("a clone has taken gradient checkpointing over")
	}
}

// TestCheckpointingTakesLessMemory compares what a first training step allocates when no garbage is collected: buffers are used again as
// soon as they are free, so that this is what it holds at its peak, on a new backend whose pools are empty.
func TestCheckpointingTakesLessMemory(t *testing.T) {
	c := Config{Layers: 8, Dim: 16, Heads: 2, FFN: 48, Vocab: 23, MaxLen: 256, RopeBase: 100, NormEps: 1e-5}
	rng := rand.New(rand.NewPCG(5, 5))
	seqs := make([]Sequence, 4)
	for i := range seqs {
		seqs[i] = Sequence{randomTokens(rng, 128, c.Vocab), randomTokens(rng, 128, c.Vocab)}
	}
	batch := must(Pack(seqs, len(seqs), Responses))(t)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // each processor has buffers of its own
	// With operations side by side, blocks would be computed again as soon as the first pass is through, were they not held back.
	for _, backend := range []string{"go:ops_sequential", "go:ops_parallel"} {
		peak := func(w *Weights) float64 {
			trainer := must(NewTrainer(must(compute.NewWithConfig(backend))(t), w, steps["of fine-tuning"], meanLoss(w)))(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			must(trainer.Step(0.01, argsOf(batch)...))(t)
			runtime.ReadMemStats(&after)
			return float64(after.TotalAlloc-before.TotalAlloc) / 1e6
		}
		stored, recomputed := peak(tinyWeights(t, c, TokenHead)), peak(withCheckpointing(t, c, TokenHead))
		t.Logf("%s: %.0f MB without, %.0f MB with checkpointing", backend, stored, recomputed)
		if recomputed > 0.6*stored {
			t.Errorf("%s: a training step takes %.0f MB with checkpointing, %.0f MB without", backend, recomputed, stored)
		}
	}
}
