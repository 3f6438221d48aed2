package ppo

import (
	"context"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
)

// episode is one rollout with its per-token numbers, all of the response's length.
type episode struct {
	seq                 lm.Sequence
	ended               bool
	score               float64
	old, ref, values    []float64
	advantages, returns []float64
}

// nextPrompts takes the next n prompts of an endless sequence of reshuffled passes.
func (t *trainer) nextPrompts(n int) [][]int32 {
	out := make([][]int32, 0, n)
	for len(out) < n {
		if len(t.order) == 0 {
			t.order = t.rng.Perm(len(t.in.Prompts))
		}
		out = append(out, t.in.Prompts[t.order[0]])
		t.order = t.order[1:]
	}
	return out
}

// normalised puts raw scores of responses on a scale; one that does not end gets the penalty in place of its own.
func (t *trainer) normalised(n reward.Normalizer, raw []float64, ended []bool) []float64 {
	out := make([]float64, len(raw))
	for i := range raw {
		out[i] = n.Apply(raw[i])
		if !ended[i] {
			out[i] = t.c.EOSPenalty
		}
	}
	return out
}

// iterate does one round: rollout, rewards, advantages, then epochs of minibatch updates.
func (t *trainer) iterate(ctx context.Context, number int) (Iteration, error) {
	episodes, err := t.rollout(ctx)
	if err != nil {
		return Iteration{}, err
	}
	first := t.rng.Perm(len(episodes))
	// Old log-probabilities and values are computed in the very minibatches of the first epoch, so that
	// the ratio there is exactly 1.
	if err := t.annotate(ctx, episodes, first); err != nil {
		return Iteration{}, err
	}
	it := t.advantages(episodes, number)
	if err := finite(map[string]float64{"score": it.Score, "kl": it.KL, "entropy": it.Entropy}); err != nil {
		return it, err
	}
	if err := t.updates(ctx, episodes, first, &it); err != nil {
		return it, err
	}
	it.divide(float64(t.perRound))
	if t.c.AdaptiveKL {
		t.beta = AdaptiveBeta(t.beta, it.KL, t.c.KLTarget, t.c.KLHorizon, len(episodes))
	}
	return it, nil
}

// rollout samples one response for each of the next prompts and scores it.
func (t *trainer) rollout(ctx context.Context) ([]*episode, error) {
	prompts := t.nextPrompts(t.c.Rollouts)
	seeds := make([]uint64, len(prompts))
	for i := range seeds {
		seeds[i] = t.rng.Uint64()
	}
	samples, err := t.sampler.Sample(ctx, prompts, seeds, nil)
	if err != nil {
		return nil, err
	}
	episodes := make([]*episode, len(prompts))
	seqs, ended := make([]lm.Sequence, len(prompts)), make([]bool, len(prompts))
	for i, s := range samples {
		seqs[i], ended[i] = lm.Sequence{Prompt: prompts[i], Response: s[0].Tokens}, s[0].Ended
		episodes[i] = &episode{seq: seqs[i], ended: ended[i]}
	}
	raw, err := t.scorer.Scores(ctx, seqs)
	if err != nil {
		return nil, err
	}
	for i, s := range t.normalised(t.in.Normalizer, raw, ended) {
		episodes[i].score = s
	}
	return episodes, nil
}

// annotate fills old and reference log-probabilities and values, minibatch by minibatch of the given order, the three
// models side by side.
//
// The log-probabilities that sampling found are not taken for the old ones: they are equal up to rounding only, since sampling adds its products up in
// another order, and the first minibatch's ratio would not be exactly 1. A pass over the same minibatches makes the same products as the update, which gives the same bits.
func (t *trainer) annotate(ctx context.Context, episodes []*episode, order []int) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range []struct {
		forward *lm.Forward
		into    func(e *episode) *[]float64
	}{
		{t.old, func(e *episode) *[]float64 { return &e.old }},
		{t.ref, func(e *episode) *[]float64 { return &e.ref }},
		{t.val, func(e *episode) *[]float64 { return &e.values }},
	} {
		group.Go(func() error {
			for rows := range slices.Chunk(order, t.c.MinibatchRows) {
				if err := ctx.Err(); err != nil {
					return err
				}
				own := pick(episodes, rows)
				batch, err := packEpisodes(own)
				if err != nil {
					return err
				}
				flat, err := f.forward.Batch(batch)
				if err != nil {
					return err
				}
				for i, row := range batch.Unflatten(flat) {
					*f.into(own[i]) = toFloat64(row)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// advantages fills rewards into whitened advantages and returns, and starts the round's log line.
func (t *trainer) advantages(episodes []*episode, number int) Iteration {
	it := summarise(episodes, t.beta, number)
	rewards := make([][]float64, len(episodes))
	for i, e := range episodes {
		rewards[i] = TokenRewards(e.old, e.ref, e.score, t.beta)
	}
	if t.c.WhitenRewards {
		Whiten(rewards, true)
	}
	advantages, returns, values := make([][]float64, len(episodes)), make([][]float64, len(episodes)), make([][]float64, len(episodes))
	for i, e := range episodes {
		e.advantages, e.returns = GAE(rewards[i], e.values, t.c.Gamma, t.c.Lambda)
		advantages[i], returns[i], values[i] = e.advantages, e.returns, e.values
	}
	it.ExplainedVariance = ExplainedVariance(values, returns)
	if math.IsNaN(it.ExplainedVariance) {
		it.ExplainedVariance = 0
	}
	Whiten(advantages, false)
	return it
}

// minibatches cuts the round's episodes into those of each update step: in the given order for the first epoch, in a fresh one for every
// further epoch.
func (t *trainer) minibatches(first []int) (all [][]int) {
	order := first
	for epoch := range t.c.Epochs {
		if epoch > 0 {
			order = t.rng.Perm(len(first))
		}
		all = slices.AppendSeq(all, slices.Chunk(order, t.c.MinibatchRows))
	}
	return all
}

// updates makes the round's update steps, the first epoch in the given order. Policy and critic are two models with losses
// of their own, so they are updated side by side, which changes no number.
func (t *trainer) updates(ctx context.Context, episodes []*episode, first []int, it *Iteration) error {
	minibatches := t.minibatches(first)
	policy, critic := make([]lm.StepResult, len(minibatches)), make([]lm.StepResult, len(minibatches))
	group, ctx := errgroup.WithContext(ctx)
	each := func(name string, into []lm.StepResult, update func(step int, episodes []*episode) (lm.StepResult, error)) {
		group.Go(func() error {
			for i, rows := range minibatches {
				if err := ctx.Err(); err != nil {
					return err
				}
				var err error
				if into[i], err = update(t.step+i, pick(episodes, rows)); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			return nil
		})
	}
	each("policy", policy, t.updatePolicy)
	each("critic", critic, t.updateCritic)
	if err := group.Wait(); err != nil {
		return err
	}
	it.Warmup = t.step < t.warmSteps()
	t.step += len(minibatches)
	it.FirstRatio = policy[0].Metrics[2]
	for i := range minibatches {
		it.add(policy[i], critic[i])
	}
	return nil
}

// updatePolicy makes one policy step, or none as long as the critic warms up.
func (t *trainer) updatePolicy(step int, episodes []*episode) (lm.StepResult, error) {
	if step < t.warmSteps() {
		return lm.StepResult{Metrics: make([]float64, 4)}, nil // nothing is measured
	}
	batch, err := packEpisodes(episodes)
	if err != nil {
		return lm.StepResult{}, err
	}
	old, err := flatten(batch, episodes, func(e *episode) []float64 { return e.old })
	if err != nil {
		return lm.StepResult{}, err
	}
	advantages, err := flatten(batch, episodes, func(e *episode) []float64 { return e.advantages })
	if err != nil {
		return lm.StepResult{}, err
	}
	tokens, index, target, mask := batch.Args()
	return t.policy.Step(t.policyRate(step), tokens, index, target, mask, old, advantages)
}

// warmSteps are the critic's alone.
func (t *trainer) warmSteps() int { return t.c.CriticWarmup * t.perRound }

// policyRate is the policy's learning rate in an update step after the warm-up, of which its decay knows nothing.
func (t *trainer) policyRate(step int) float64 {
	warm := t.warmSteps()
	return lm.LinearRate(t.c.PolicyRate, step-warm, t.c.Iterations*t.perRound-warm)
}

// valueRate is the critic's learning rate in an update step.
func (t *trainer) valueRate(step int) float64 {
	return lm.LinearRate(t.c.ValueRate, step, t.c.Iterations*t.perRound)
}

// updateCritic makes one critic step.
func (t *trainer) updateCritic(step int, episodes []*episode) (lm.StepResult, error) {
	batch, err := packEpisodes(episodes)
	if err != nil {
		return lm.StepResult{}, err
	}
	values, err := flatten(batch, episodes, func(e *episode) []float64 { return e.values })
	if err != nil {
		return lm.StepResult{}, err
	}
	returns, err := flatten(batch, episodes, func(e *episode) []float64 { return e.returns })
	if err != nil {
		return lm.StepResult{}, err
	}
	tokens, index, _, mask := batch.Args()
	return t.value.Step(t.valueRate(step), tokens, index, mask, values, returns)
}

func pick(episodes []*episode, rows []int) []*episode {
	out := make([]*episode, len(rows))
	for i, r := range rows {
		out[i] = episodes[r]
	}
	return out
}

func packEpisodes(episodes []*episode) (*lm.Batch, error) {
	seqs := make([]lm.Sequence, len(episodes))
	for i, e := range episodes {
		seqs[i] = e.seq
	}
	return lm.Pack(seqs, len(seqs), lm.Responses)
}

// flatten lays out one number a response token as the batch does.
func flatten(batch *lm.Batch, episodes []*episode, of func(e *episode) []float64) (any, error) {
	numbers := make([][]float32, len(episodes))
	for i, e := range episodes {
		numbers[i] = toFloat32(of(e))
	}
	return batch.Flatten(numbers)
}

func toFloat64(x []float32) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = float64(x[i])
	}
	return y
}

func toFloat32(x []float64) []float32 {
	y := make([]float32, len(x))
	for i := range x {
		y[i] = float32(x[i])
	}
	return y
}
