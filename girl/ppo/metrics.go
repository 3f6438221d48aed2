package ppo

import (
	"context"
	"math/rand/v2"

	"genjobrec/girl/lm"
)

// Iteration is the log line of one round. Means over tokens are over every real response token of the round, means
// over episodes over its responses; update metrics are means over the round's update steps. Glossary has formulas and healthy values.
type Iteration struct {
	Iteration         int     `json:"iteration"`
	Warmup            bool    `json:"warmup,omitempty"`      // the critic's warm-up: no policy step, so that nothing of one was measured and its metrics are 0 or left out
	Score             float64 `json:"score"`                 // mean normalised proxy score
	Reward            float64 `json:"reward"`                // mean of score − β·KL, what PPO maximises
	KL                float64 `json:"kl"`                    // mean per-sequence Σ(log π − log π_ref), nats
	Entropy           float64 `json:"entropy"`               // −mean log π of sampled tokens, nats
	EOSRate           float64 `json:"eos_rate"`              // share of responses that end
	Length            float64 `json:"length"`                // mean response tokens
	Beta              float64 `json:"beta"`                  // β in force
	PolicyLoss        float64 `json:"policy_loss"`           // clipped surrogate
	ValueLoss         float64 `json:"value_loss"`            // ½ mean of the clipped squared error
	ApproxKL          float64 `json:"approx_kl"`             // k3 estimate of KL(π_old‖π) during updates, nats a token
	PolicyClipped     float64 `json:"policy_clipped"`        // share of tokens clipped
	ValueClipped      float64 `json:"value_clipped"`         // share of values clipped
	RatioMean         float64 `json:"ratio_mean,omitempty"`  // of π/π_old during updates
	RatioVar          float64 `json:"ratio_var"`             // variance of the same
	FirstRatio        float64 `json:"first_ratio,omitempty"` // mean ratio of the round's first minibatch: exactly 1
	PolicyGradNorm    float64 `json:"policy_grad_norm"`      // before clipping
	ValueGradNorm     float64 `json:"value_grad_norm"`       // before clipping
	ExplainedVariance float64 `json:"explained_variance"`    // of returns by values
	Tokens            int     `json:"tokens"`                // response tokens sampled
}

func summarise(episodes []*episode, beta float64, number int) Iteration {
	it := Iteration{Iteration: number, Beta: beta}
	n := float64(len(episodes))
	for _, e := range episodes {
		kl := 0.0
		for t := range e.old {
			kl += e.old[t] - e.ref[t]
			it.Entropy -= e.old[t]
		}
		it.KL += kl / n
		it.Score += e.score / n
		it.Reward += (e.score - beta*kl) / n
		it.Length += float64(len(e.old)) / n
		it.Tokens += len(e.old)
		if e.ended {
			it.EOSRate += 1 / n
		}
	}
	it.Entropy /= float64(it.Tokens)
	return it
}

func (it *Iteration) add(p, v lm.StepResult) {
	it.PolicyLoss += p.Loss
	it.PolicyGradNorm += p.GradNorm
	it.PolicyClipped += p.Metrics[0]
	it.ApproxKL += p.Metrics[1]
	it.RatioMean += p.Metrics[2]
	it.RatioVar += p.Metrics[3]
	it.ValueLoss += v.Loss
	it.ValueGradNorm += v.GradNorm
	it.ValueClipped += v.Metrics[0]
}

func (it *Iteration) divide(n float64) {
	for _, x := range []*float64{&it.PolicyLoss, &it.PolicyGradNorm, &it.PolicyClipped, &it.ApproxKL, &it.RatioMean, &it.RatioVar,
		&it.ValueLoss, &it.ValueGradNorm, &it.ValueClipped} {
		*x /= n
	}
}

// Evaluation measures the policy on validation CVs, with the same random numbers each time.
type Evaluation struct {
	Iteration int     `json:"iteration"`
	Score     float64 `json:"score"`          // mean normalised proxy score, on the scale of Input.Report
	KL        float64 `json:"kl"`             // mean per-sequence KL to the reference, nats
	Objective float64 `json:"objective"`      // score on the training's own scale − β₀·KL with the configured β₀: chooses the best checkpoint
	Gold      float64 `json:"gold,omitempty"` // mean true value, where an oracle knows it
	EOSRate   float64 `json:"eos_rate"`
	Length    float64 `json:"length"`
	Entropy   float64 `json:"entropy"`

	Samples []EvaluationSample `json:"-"`
}

// EvaluationSample is one response of an evaluation, to be read by a person.
type EvaluationSample struct {
	Prompt   int // index into the validation prompts
	Response []int32
	Score    float64
}

// samplesKept is how many responses an evaluation keeps for reading.
const samplesKept = 4

// evaluate writes one response for each validation prompt, from seeds that do not change between evaluations.
func (t *trainer) evaluate(ctx context.Context, iteration int) (Evaluation, error) {
	prompts := t.in.ValidPrompts[:min(t.c.EvalPrompts, len(t.in.ValidPrompts))]
	rng := rand.New(rand.NewPCG(t.in.Seed, 0x6576616c)) // "eval"
	seeds := make([]uint64, len(prompts))
	for i := range seeds {
		seeds[i] = rng.Uint64()
	}
	samples, err := t.eval.Sample(ctx, prompts, seeds, nil)
	if err != nil {
		return Evaluation{}, err
	}
	seqs, ended := make([]lm.Sequence, len(prompts)), make([]bool, len(prompts))
	for i, s := range samples {
		seqs[i], ended[i] = lm.Sequence{Prompt: prompts[i], Response: s[0].Tokens}, s[0].Ended
	}
	raw, err := t.scorer.Scores(ctx, seqs)
	if err != nil {
		return Evaluation{}, err
	}
	own := t.normalised(t.in.Normalizer, raw, ended)
	scores := own
	if t.in.Report != nil {
		scores = t.normalised(*t.in.Report, raw, ended)
	}
	ref, err := t.ref.All(ctx, seqs)
	if err != nil {
		return Evaluation{}, err
	}
	e := Evaluation{Iteration: iteration}
	n, tokens := float64(len(prompts)), 0
	for i, s := range samples {
		for j, lp := range s[0].LogProbs {
			e.KL += float64(lp-ref[i][j]) / n
			e.Entropy -= float64(lp)
		}
		tokens += len(s[0].Tokens)
		e.Score += scores[i] / n
		e.Objective += own[i] / n
		if ended[i] {
			e.EOSRate += 1 / n
		}
		if t.in.Gold != nil {
			e.Gold += t.in.Gold(i, s[0].Tokens) / n
		}
		if i < samplesKept {
			e.Samples = append(e.Samples, EvaluationSample{i, s[0].Tokens, scores[i]})
		}
	}
	e.Length, e.Entropy = float64(tokens)/n, e.Entropy/float64(tokens)
	e.Objective -= t.c.KLCoefficient * e.KL
	return e, finite(map[string]float64{"score": e.Score, "kl": e.KL, "entropy": e.Entropy, "gold": e.Gold})
}
