package ppo

import (
	"context"
	"fmt"
	"math"

	"genjobrec/girl/lm"
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

// scores gives normalised scores of responses; one that does not end gets the penalty in place of its own.
func (t *trainer) scores(ctx context.Context, seqs []lm.Sequence, ended []bool) ([]float64, error) {
	raw, err := t.scorer.Scores(ctx, seqs)
	if err != nil {
		return nil, err
	}
	for i := range raw {
		raw[i] = t.in.Normalizer.Apply(raw[i])
		if !ended[i] {
			raw[i] = t.c.EOSPenalty
		}
	}
	return raw, nil
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
	if err := t.annotate(episodes, first); err != nil {
		return Iteration{}, err
	}
	it := t.advantages(episodes, number)
	it.FirstRatio = 1 // as long as the policy is not updated
	order := first
	for epoch := range t.c.Epochs {
		if epoch > 0 {
			order = t.rng.Perm(len(episodes))
		}
		for from := 0; from < len(order); from += t.c.MinibatchRows {
			if err := ctx.Err(); err != nil {
				return it, err
			}
			if err := t.update(episodes, order[from:from+t.c.MinibatchRows], epoch == 0 && from == 0, &it); err != nil {
				return it, err
			}
		}
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
	scores, err := t.scores(ctx, seqs, ended)
	if err != nil {
		return nil, err
	}
	for i, s := range scores {
		episodes[i].score = s
	}
	return episodes, nil
}

// annotate fills old and reference log-probabilities and values, minibatch by minibatch of the given order.
func (t *trainer) annotate(episodes []*episode, order []int) error {
	for from := 0; from < len(order); from += t.c.MinibatchRows {
		rows := order[from : from+t.c.MinibatchRows]
		batch, err := packEpisodes(episodes, rows)
		if err != nil {
			return err
		}
		for _, f := range []struct {
			forward *lm.Forward
			into    func(e *episode) *[]float64
		}{
			{t.old, func(e *episode) *[]float64 { return &e.old }},
			{t.ref, func(e *episode) *[]float64 { return &e.ref }},
			{t.val, func(e *episode) *[]float64 { return &e.values }},
		} {
			flat, err := f.forward.Batch(batch)
			if err != nil {
				return err
			}
			for i, row := range batch.Unflatten(flat) {
				*f.into(episodes[rows[i]]) = toFloat64(row)
			}
		}
	}
	return nil
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

// update makes one policy and one critic step on the given episodes.
func (t *trainer) update(episodes []*episode, rows []int, first bool, it *Iteration) error {
	batch, err := packEpisodes(episodes, rows)
	if err != nil {
		return err
	}
	flatten := func(of func(e *episode) []float64) (any, error) {
		numbers := make([][]float32, len(rows))
		for i, r := range rows {
			numbers[i] = toFloat32(of(episodes[r]))
		}
		return batch.Flatten(numbers)
	}
	old, err := flatten(func(e *episode) []float64 { return e.old })
	if err != nil {
		return err
	}
	adv, err := flatten(func(e *episode) []float64 { return e.advantages })
	if err != nil {
		return err
	}
	values, err := flatten(func(e *episode) []float64 { return e.values })
	if err != nil {
		return err
	}
	returns, err := flatten(func(e *episode) []float64 { return e.returns })
	if err != nil {
		return err
	}
	tokens, index, target, mask := batch.Args()
	p := lm.StepResult{Metrics: []float64{0, 0, 1, 0}} // of a policy that is left alone: nothing clipped, ratio 1
	if warm := t.c.CriticWarmup * t.perRound; t.step >= warm {
		rate := lm.LinearRate(t.c.PolicyRate, t.step-warm, t.c.Iterations*t.perRound-warm)
		if p, err = t.policy.Step(rate, tokens, index, target, mask, old, adv); err != nil {
			return fmt.Errorf("policy: %w", err)
		}
	}
	v, err := t.value.Step(lm.LinearRate(t.c.ValueRate, t.step, t.c.Iterations*t.perRound), tokens, index, mask, values, returns)
	if err != nil {
		return fmt.Errorf("critic: %w", err)
	}
	t.step++
	it.add(p, v)
	if first {
		it.FirstRatio = p.Metrics[2]
	}
	return nil
}

func packEpisodes(episodes []*episode, rows []int) (*lm.Batch, error) {
	seqs := make([]lm.Sequence, len(rows))
	for i, r := range rows {
		seqs[i] = episodes[r].seq
	}
	return lm.Pack(seqs, len(seqs), lm.Responses)
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
