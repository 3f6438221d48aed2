package lm

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
)

// tolerance for float32 results that are equal but for the order of additions.
const tolerance = 2e-5

func testBackend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := compute.NewWithConfig("go:ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func tinyConfig() Config {
	return Config{Layers: 2, Dim: 16, Heads: 4, KVHeads: 2, FFN: 24, Vocab: 40, MaxLen: 128, RopeBase: 10000, NormEps: 1e-5, TiedHead: true, QKVBias: true}
}

func tinyWeights(t testing.TB, c Config, head Head) *Weights {
	t.Helper()
	w, err := NewWeights(c, head, 7)
	if err != nil {
		t.Fatal(err)
	}
	// Larger weights than a start from scratch has, so that differences show.
	snap, err := w.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range snap {
		for i := range data {
			data[i] *= 6
		}
	}
	if err := w.Restore(snap); err != nil {
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

func TestSamplingLogProbsEqualTeacherForced(t *testing.T) {
	backend := testBackend(t)
	w := tinyWeights(t, tinyConfig(), TokenHead)
	rng := rand.New(rand.NewPCG(1, 1))
	prompts := [][]int32{randomTokens(rng, 3, 40), randomTokens(rng, 17, 40), randomTokens(rng, 40, 40), randomTokens(rng, 1, 40)}
	for _, temperature := range []float64{1, 0.7} {
		s, err := NewSampler(backend, w, SampleConfig{Samples: 3, MaxNew: 12, Temperature: temperature, EOS: 5, BatchRows: 6})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Sample(context.Background(), prompts, []uint64{1, 2, 3, 4}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var seqs []Sequence
		var want [][]float32
		for i, samples := range got {
			for _, smp := range samples {
				seqs = append(seqs, Sequence{prompts[i], smp.Tokens})
				want = append(want, smp.LogProbs)
			}
		}
		f, err := NewLogProbs(backend, w, temperature, 5)
		if err != nil {
			t.Fatal(err)
		}
		all, err := f.All(context.Background(), seqs)
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		for i := range all {
			for j := range all[i] {
				if d := math.Abs(float64(all[i][j] - want[i][j])); d > tolerance {
					t.Errorf("temperature %g, response %d, token %d: sampled at %g, teacher-forced %g", temperature, i, j, want[i][j], all[i][j])
				}
			}
			if n := len(seqs[i].Response); seqs[i].Response[n-1] == 5 {
				ended++
			}
		}
		if ended == 0 || ended == len(seqs) {
			t.Errorf("%d of %d responses ended: the test needs both kinds", ended, len(seqs))
		}
	}
}

func benchmarkConfig() Config {
	return Config{Layers: 4, Dim: 256, Heads: 4, FFN: 688, Vocab: 8192, MaxLen: 256, RopeBase: 10000, NormEps: 1e-5}
}

func smallConfig() Config {
	return Config{Layers: 3, Dim: 128, Heads: 4, FFN: 344, Vocab: 2048, MaxLen: 256, RopeBase: 10000, NormEps: 1e-5, TiedHead: true}
}

func benchTrain(b *testing.B, c Config, rows, prompt, response int) {
	backend := testBackend(b)
	w, err := NewWeights(c, TokenHead, 1)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var seqs []Sequence
	for range rows {
		seqs = append(seqs, Sequence{randomTokens(rng, prompt, c.Vocab), randomTokens(rng, response, c.Vocab)})
	}
	batch, err := Pack(seqs, rows, Responses)
	if err != nil {
		b.Fatal(err)
	}
	trainer, err := NewTrainer(backend, w, AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, ClipNorm: 1}, func(a []*Node) (*Node, []*Node) {
		lp := TokenLogProbs(w.Logits(Select(w.Hidden(a[0]), a[1])), a[2], 1)
		return Neg(Div(ReduceAllSum(Mul(lp, a[3])), ReduceAllSum(a[3]))), nil
	})
	if err != nil {
		b.Fatal(err)
	}
	step := func() {
		tokens, index, target, mask := batch.Args()
		if _, err := trainer.Step(3e-4, tokens, index, target, mask); err != nil {
			b.Fatal(err)
		}
	}
	step()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(rows*(prompt+response)*b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkTrain(b *testing.B)      { benchTrain(b, benchmarkConfig(), 8, 128, 128) }
func BenchmarkTrainSmall(b *testing.B) { benchTrain(b, smallConfig(), 16, 96, 64) }

func benchGenerate(b *testing.B, c Config, prompts, k, prompt, response int) {
	backend := testBackend(b)
	w, err := NewWeights(c, TokenHead, 1)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var ps [][]int32
	var seeds []uint64
	for i := range prompts {
		ps = append(ps, randomTokens(rng, prompt, c.Vocab))
		seeds = append(seeds, uint64(i))
	}
	s, err := NewSampler(backend, w, SampleConfig{Samples: k, MaxNew: response, Temperature: 1, EOS: -1, BatchRows: prompts * k})
	if err != nil {
		b.Fatal(err)
	}
	step := func() {
		if _, err := s.Sample(context.Background(), ps, seeds, nil); err != nil {
			b.Fatal(err)
		}
	}
	step()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(prompts*k*response*b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkGenerate(b *testing.B)      { benchGenerate(b, benchmarkConfig(), 32, 1, 128, 128) }
func BenchmarkGenerateSmall(b *testing.B) { benchGenerate(b, smallConfig(), 32, 4, 96, 64) }
