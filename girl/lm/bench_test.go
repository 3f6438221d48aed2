package lm_test

import (
	"context"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"genjobrec/girl/internal/measure"
	"genjobrec/girl/lm"
)

// BenchmarkTrain is one SFT step: forward, loss on the response alone, backward, Adam. Tokens count prompts, too. With checkpointing the
// operations of MFU leave out what is computed a second time.
func BenchmarkTrain(b *testing.B) {
	for _, s := range measure.Shapes {
		b.Run(s.Name, func(b *testing.B) { benchTrain(b, s.Shape, false) })
	}
	b.Run("checkpointing/default", func(b *testing.B) { benchTrain(b, measure.Default(), true) })
	b.Run("checkpointing/length=x4", func(b *testing.B) { benchTrain(b, measure.Scaled(4, 1), true) })
}

func benchTrain(b *testing.B, s measure.Shape, checkpointing bool) {
	backend, err := measure.Backend()
	if err != nil {
		b.Fatal(err)
	}
	w, err := lm.NewWeights(s.Model, lm.TokenHead, 1)
	if err != nil {
		b.Fatal(err)
	}
	w.GradientCheckpointing = checkpointing
	batch, err := lm.Pack(s.Sequences(s.Rows), s.Rows, lm.Responses)
	if err != nil {
		b.Fatal(err)
	}
	trainer, err := lm.NewTrainer(backend, w, lm.AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}, func(a []*Node) (*Node, []*Node) {
		lp := lm.TokenLogProbs(w.Logits(w.HiddenAt(a[0], a[1])), a[2], 1)
		return Neg(Div(ReduceAllSum(Mul(lp, a[3])), ReduceAllSum(a[3]))), nil
	})
	if err != nil {
		b.Fatal(err)
	}
	measure.Run(b, s.Rows*(s.Prompt+s.Response), 3*s.Forward(s.Rows, s.Model.Vocab, s.Response), func() error {
		tokens, index, target, mask := batch.Args()
		_, err := trainer.Step(3e-4, tokens, index, target, mask)
		return err
	})
}

// BenchmarkGenerate samples a response of full length for each prompt at temperature 1. Tokens are new ones.
func BenchmarkGenerate(b *testing.B) {
	for _, s := range measure.Shapes {
		b.Run(s.Name, func(b *testing.B) { benchGenerate(b, s.Shape) })
	}
	b.Run("mixed", benchMixed)
}

// benchMixed samples as the method does: several responses of a prompt, prompts of all lengths and more than the batch holds, responses that end at any
// length. A small vocabulary lets untrained weights draw the end of text often enough.
func benchMixed(b *testing.B) {
	backend, err := measure.Backend()
	if err != nil {
		b.Fatal(err)
	}
	s := measure.Default()
	s.Model.Vocab = 128
	w, err := lm.NewWeights(s.Model, lm.TokenHead, 1)
	if err != nil {
		b.Fatal(err)
	}
	var prompts [][]int32
	var seeds []uint64
	for i, seq := range s.Sequences(64) {
		prompts, seeds = append(prompts, seq.Prompt[:s.Prompt-i*7/4]), append(seeds, uint64(i))
	}
	sampler, err := lm.NewSampler(backend, w, lm.SampleConfig{Samples: 3, MaxNew: s.Response, Temperature: 1, EOS: 5, BatchRows: s.Rollouts})
	if err != nil {
		b.Fatal(err)
	}
	out, err := sampler.Sample(context.Background(), prompts, seeds, nil)
	if err != nil {
		b.Fatal(err)
	}
	tokens := 0
	for _, samples := range out {
		for _, r := range samples {
			tokens += len(r.Tokens)
		}
	}
	for b.Loop() {
		if _, err := sampler.Sample(context.Background(), prompts, seeds, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(tokens*b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func benchGenerate(b *testing.B, s measure.Shape) {
	backend, err := measure.Backend()
	if err != nil {
		b.Fatal(err)
	}
	w, err := lm.NewWeights(s.Model, lm.TokenHead, 1)
	if err != nil {
		b.Fatal(err)
	}
	prompts, seeds := make([][]int32, s.Rollouts), make([]uint64, s.Rollouts)
	for i, seq := range s.Sequences(s.Rollouts) {
		prompts[i], seeds[i] = seq.Prompt, uint64(i)
	}
	sampler, err := lm.NewSampler(backend, w, lm.SampleConfig{Samples: 1, MaxNew: s.Response, Temperature: 1, EOS: -1, BatchRows: s.Rollouts})
	if err != nil {
		b.Fatal(err)
	}
	measure.Run(b, s.Rollouts*s.Response, s.Sampling(s.Rollouts), func() error {
		_, err := sampler.Sample(context.Background(), prompts, seeds, nil)
		return err
	})
}
