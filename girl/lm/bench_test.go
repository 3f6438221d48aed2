package lm

import (
	"context"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

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
		lp := TokenLogProbs(w.Logits(w.HiddenAt(a[0], a[1])), a[2], 1)
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
