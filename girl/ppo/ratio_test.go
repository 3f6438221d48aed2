package ppo

import (
	"context"
	"math/rand/v2"
	"testing"

	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
)

// TestFirstRatioIsOneWithLargeProducts: old log-probabilities come from a graph without gradients and those of the update from one with them, and the
// backend has another kernel for products of over 4 Mi multiplications than for those of the other tests' models.
func TestFirstRatioIsOneWithLargeProducts(t *testing.T) {
	const rows, length = 8, 32
	c := lm.Config{Layers: 2, Dim: 128, Heads: 4, FFN: 344, Vocab: 1024, MaxLen: 2 * length, RopeBase: 10000, NormEps: 1e-5, TiedHead: true}
	if rows*length*c.Dim*c.Vocab < 4<<20 || rows*2*length*c.Dim*c.FFN < 4<<20 {
		t.Fatal("the products of this test are small")
	}
	in := Input{Normalizer: reward.Normalizer{Gain: 1}, EOS: -1, MaxNew: length, Seed: 1}
	for _, m := range []struct {
		into **lm.Weights
		head lm.Head
	}{{&in.Policy, lm.TokenHead}, {&in.Reference, lm.TokenHead}, {&in.Critic, lm.ScalarHead}, {&in.Reward, lm.ScalarHead}} {
		w, err := lm.NewWeights(c, m.head, 1)
		if err != nil {
			t.Fatal(err)
		}
		*m.into = w
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 2 * rows {
		prompt := make([]int32, length-i)
		for j := range prompt {
			prompt[j] = rng.Int32N(int32(c.Vocab))
		}
		in.Prompts = append(in.Prompts, prompt)
	}
	in.ValidPrompts = in.Prompts
	tr, err := newTrainer(testBackend(t), Config{Iterations: 4, Rollouts: 2 * rows, MinibatchRows: rows, Epochs: 1, PolicyRate: 1e-3, ValueRate: 1e-3, AdamEps: 1e-5,
		Gamma: 1, Lambda: 0.95, PolicyClip: 0.2, ValueClip: 0.2, KLCoefficient: 0.05, Temperature: 0.7, EvalEvery: 4, EvalPrompts: 1, MaxKL: 1e9}, in)
	if err != nil {
		t.Fatal(err)
	}
	for round := 1; round <= 2; round++ {
		it, err := tr.iterate(context.Background(), round)
		if err != nil {
			t.Fatal(err)
		}
		if it.FirstRatio != 1 || it.PolicyGradNorm == 0 {
			t.Errorf("round %d: the first minibatch's ratio is %.9g, want exactly 1; gradient norm %g", round, it.FirstRatio, it.PolicyGradNorm)
		}
	}
}
