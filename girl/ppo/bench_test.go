package ppo

import (
	"context"
	"testing"

	"genjobrec/girl/internal/measure"
	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
)

// BenchmarkPPO is one round: sampling, log-probabilities under policy and reference, values, scores, advantages, and four epochs of updates
// of policy and critic, which share nothing. Tokens are those of the responses, once a round.
func BenchmarkPPO(b *testing.B) {
	for _, s := range measure.Shapes {
		b.Run(s.Name, func(b *testing.B) { benchPPO(b, s.Shape) })
	}
}

func benchPPO(b *testing.B, s measure.Shape) {
	backend, err := measure.Backend()
	if err != nil {
		b.Fatal(err)
	}
	in := Input{Normalizer: reward.Normalizer{Gain: 1}, EOS: -1, MaxNew: s.Response, Seed: 1}
	for _, m := range []struct {
		into **lm.Weights
		head lm.Head
	}{{&in.Policy, lm.TokenHead}, {&in.Reference, lm.TokenHead}, {&in.Critic, lm.ScalarHead}, {&in.Reward, lm.ScalarHead}} {
		if *m.into, err = lm.NewWeights(s.Model, m.head, 1); err != nil {
			b.Fatal(err)
		}
	}
	for _, seq := range s.Sequences(s.Rollouts) {
		in.Prompts = append(in.Prompts, seq.Prompt)
	}
	in.ValidPrompts = in.Prompts
	c := Config{Iterations: 1 << 20, Rollouts: s.Rollouts, MinibatchRows: s.Rows, Epochs: s.Epochs, PolicyRate: 3e-6, ValueRate: 3e-6, AdamEps: 1e-5,
		Gamma: 1, Lambda: 0.95, PolicyClip: 0.2, ValueClip: 0.2, KLCoefficient: 0.05, Temperature: 1, EvalEvery: 1 << 20, EvalPrompts: 1, MaxKL: 1e9}
	t, err := newTrainer(backend, c, in)
	if err != nil {
		b.Fatal(err)
	}
	writer, scalar := s.Forward(s.Rollouts, s.Model.Vocab, s.Response), s.Forward(s.Rollouts, 1, s.Response)
	flops := s.Sampling(s.Rollouts) + 2*writer + 2*scalar + 3*float64(s.Epochs)*(writer+scalar)
	measure.Run(b, s.Rollouts*s.Response, flops, func() error {
		_, err := t.iterate(context.Background(), 1)
		return err
	})
}
