package ppo

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
)

// Input is everything PPO works on. Reference and Reward are never changed; Policy and Critic are trained in place.
type Input struct {
	Policy, Reference *lm.Weights // writers; Policy usually starts as a clone of Reference
	Critic, Reward    *lm.Weights // scalar heads; see NewCritic
	Normalizer        reward.Normalizer
	Prompts           [][]int32 // training CVs, labelled or not
	ValidPrompts      [][]int32 // CVs that choose the best checkpoint
	EOS               int32
	MaxNew            int // longest response in tokens
	Seed              uint64

	// Report is the scale on which evaluations report scores; nil for Normalizer's own. What chooses the best checkpoint is on the
	// training's own scale.
	Report *reward.Normalizer

	// Gold, if known, is the true value of a response to validation prompt i. It is logged beside the proxy to show
	// over-optimisation; it trains nothing and chooses no checkpoint.
	Gold func(i int, response []int32) float64

	Checkpoint *lm.Checkpoint // nil: an interrupted call starts again from the beginning
	Progress   lm.Progress
	Warn       func(warning string) // nil, or hears each kind of warning once, in the round that gives cause to it
}

// Result is what PPO leaves behind beside the policy, which holds the best evaluated weights.
type Result struct {
	History     []Iteration
	Evaluations []Evaluation
	Best        Evaluation // by validation objective: normalised score − β·KL
	FinalBeta   float64
	Tokens      int      // response tokens sampled in rollouts
	Stopped     string   // why training ended early, if it did
	Warnings    []string // at most one of each of guards, in the order of the first rounds that gave cause to them
}

func (in Input) warn(text string) {
	if in.Warn != nil {
		in.Warn(text)
	}
}

// NewCritic clones the reward model and folds the normaliser into its head, so that the critic's first values are
// normalised scores.
func NewCritic(u *lm.Weights, n reward.Normalizer) (*lm.Weights, error) {
	critic, err := u.Clone(lm.ScalarHead, 0)
	if err != nil {
		return nil, err
	}
	snapshot, err := critic.Snapshot()
	if err != nil {
		return nil, err
	}
	for i := range snapshot["score_w"] {
		snapshot["score_w"][i] *= float32(n.Gain)
	}
	snapshot["score_b"][0] = float32(n.Apply(float64(snapshot["score_b"][0])))
	return critic, critic.Restore(snapshot)
}

// trainer holds the compiled parts that every round uses.
type trainer struct {
	c             Config
	in            Input
	sampler, eval *lm.Sampler
	old, ref, val *lm.Forward
	scorer        *reward.Scorer
	policy, value *lm.Trainer
	source        *rand.PCG
	rng           *rand.Rand // draws from source
	order         []int      // prompts still to be visited in this pass
	beta          float64
	step          int // update steps done
	perRound      int // update steps of a round
}

// loop is where a training that was interrupted goes on: after a round.
type loop struct {
	Random      []byte // state of the random numbers
	Order       []int  // prompts still to be visited in this pass
	Beta        float64
	Step        int
	History     []Iteration
	Evaluations []Evaluation
	Samples     [][]EvaluationSample // of the evaluations
	Tokens      int
}

// Run trains in.Policy and in.Critic. On an error or a cancelled context the policy holds the best evaluated weights. With a checkpoint it
// goes on where an interrupted call with the same arguments stopped, and ends with the same bits as one that was not.
func Run(ctx context.Context, backend compute.Backend, c Config, in Input) (*Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if len(in.Prompts) == 0 || len(in.ValidPrompts) == 0 {
		return nil, fmt.Errorf("ppo: needs training and validation CVs, got %d and %d", len(in.Prompts), len(in.ValidPrompts))
	}
	t, err := newTrainer(backend, c, in)
	if err != nil {
		return nil, err
	}
	return t.run(ctx)
}

// run makes all rounds.
func (t *trainer) run(ctx context.Context) (*Result, error) {
	c, in := t.c, t.in
	r := &Result{FinalBeta: c.KLCoefficient}
	best, err := in.Policy.Snapshot()
	if err != nil {
		return nil, err
	}
	evaluate := func(iteration int) error {
		e, err := t.evaluate(ctx, iteration)
		if err != nil {
			return err
		}
		if r.add(e) {
			if best, err = in.Policy.Snapshot(); err != nil {
				return err
			}
		}
		return nil
	}
	snapshot, err := t.resume(r)
	if err != nil {
		return nil, err
	}
	if snapshot != nil {
		best = snapshot
	} else if err := evaluate(0); err != nil {
		return r, in.Policy.RestoreAfter(best, err)
	}
	for i := len(r.History) + 1; i <= c.Iterations && r.Stopped == ""; i++ {
		it, err := t.iterate(ctx, i)
		if err != nil {
			return r, in.Policy.RestoreAfter(best, fmt.Errorf("ppo: round %d: %w", i, err))
		}
		r.History = append(r.History, it)
		r.Tokens += it.Tokens
		r.FinalBeta = t.beta
		for _, w := range newWarnings(r.History) {
			in.warn(w)
		}
		if it.KL > c.MaxKL {
			r.Stopped = fmt.Sprintf("round %d: KL %.1f nats a sequence is above max_kl %g; the usual causes are too high a policy_rate or too small a kl_coefficient", i, it.KL, c.MaxKL)
		}
		if i%c.EvalEvery == 0 || i == c.Iterations || r.Stopped != "" {
			if err := evaluate(i); err != nil {
				return r, in.Policy.RestoreAfter(best, err)
			}
		}
		e := r.Evaluations[len(r.Evaluations)-1]
		in.Progress.At(i, c.Iterations, fmt.Sprintf("score %.2f, KL %.2f, best validation score %.2f (round %d), last %.2f", it.Score, it.KL, r.Best.Score, r.Best.Iteration, e.Score))
		if in.Checkpoint.Due() && r.Stopped == "" {
			if err := t.save(r, best); err != nil {
				return r, in.Policy.RestoreAfter(best, err)
			}
		}
	}
	r.Warnings = warnings(r.History)
	return r, in.Policy.Restore(best)
}

// add takes an evaluation over and says whether it is the best so far.
func (r *Result) add(e Evaluation) bool {
	better := len(r.Evaluations) == 0 || e.Objective > r.Best.Objective
	if better {
		r.Best = e
	}
	r.Evaluations = append(r.Evaluations, e)
	return better
}

// save keeps the state after a round.
func (t *trainer) save(r *Result, best map[string][]float32) error {
	random, err := t.source.MarshalBinary()
	if err != nil {
		return fmt.Errorf("ppo: %w", err)
	}
	at := loop{Random: random, Order: t.order, Beta: t.beta, Step: t.step, History: r.History, Evaluations: r.Evaluations, Tokens: r.Tokens}
	for _, e := range r.Evaluations {
		at.Samples = append(at.Samples, e.Samples)
	}
	return t.in.Checkpoint.Save(lm.State{Loop: at, Trainers: t.trainers(), Best: best})
}

func (t *trainer) trainers() map[string]*lm.Trainer {
	return map[string]*lm.Trainer{"policy": t.policy, "critic": t.value}
}

// resume goes back to the round after which the last checkpoint was kept, and gives the best weights of then; nil where there is none.
func (t *trainer) resume(r *Result) (best map[string][]float32, err error) {
	var at loop
	state := lm.State{Loop: &at, Trainers: t.trainers()}
	resumed, err := t.in.Checkpoint.Load(&state)
	if err != nil || !resumed {
		return nil, err
	}
	if len(at.Samples) != len(at.Evaluations) {
		return nil, fmt.Errorf("ppo: the checkpoint has samples of %d evaluations out of %d", len(at.Samples), len(at.Evaluations))
	}
	if err := t.source.UnmarshalBinary(at.Random); err != nil {
		return nil, fmt.Errorf("ppo: checkpoint: %w", err)
	}
	t.order, t.beta, t.step = at.Order, at.Beta, at.Step
	r.History, r.Tokens, r.FinalBeta = at.History, at.Tokens, at.Beta
	for i, e := range at.Evaluations {
		e.Samples = at.Samples[i]
		r.add(e)
	}
	return state.Best, nil
}

func newTrainer(backend compute.Backend, c Config, in Input) (*trainer, error) {
	t := &trainer{c: c, in: in, beta: c.KLCoefficient, source: rand.NewPCG(in.Seed, 0x70706f)} // "ppo"
	t.rng = rand.New(t.source)
	t.perRound = c.Epochs * (c.Rollouts / c.MinibatchRows)
	var err error
	try := func(build func() error) {
		if err == nil {
			err = build()
		}
	}
	sampling := lm.SampleConfig{Samples: 1, MaxNew: in.MaxNew, Temperature: c.Temperature, EOS: in.EOS, BatchRows: c.Rollouts}
	try(func() (e error) { t.sampler, e = lm.NewSampler(backend, in.Policy, sampling); return })
	evalSampling := sampling
	evalSampling.BatchRows = min(64, len(in.ValidPrompts))
	try(func() (e error) { t.eval, e = lm.NewSampler(backend, in.Policy, evalSampling); return })
	try(func() (e error) {
		t.old, e = lm.NewLogProbs(backend, in.Policy, c.Temperature, c.MinibatchRows)
		return
	})
	try(func() (e error) {
		t.ref, e = lm.NewLogProbs(backend, in.Reference, c.Temperature, c.MinibatchRows)
		return
	})
	try(func() (e error) {
		t.val, e = lm.NewScores(backend, in.Critic, lm.Responses, c.MinibatchRows)
		return
	})
	try(func() (e error) { t.scorer, e = reward.NewScorer(backend, in.Reward); return })
	adam := lm.AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: c.AdamEps, ClipNorm: c.ClipNorm}
	try(func() (e error) {
		t.policy, e = lm.NewTrainer(backend, in.Policy, adam, policyStep(in.Policy, c))
		return
	})
	try(func() (e error) {
		t.value, e = lm.NewTrainer(backend, in.Critic, adam, valueStep(in.Critic, c))
		return
	})
	return t, err
}

// policyStep is the loss of a policy update over tokens [B,T], index, target, mask, old and advantages [N], with PolicyLoss's measurements.
func policyStep(policy *lm.Weights, c Config) lm.LossFn {
	return func(a []*Node) (*Node, []*Node) {
		tokens, index, target, mask, old, adv := a[0], a[1], a[2], a[3], a[4], a[5]
		logProbs := lm.TokenLogProbs(policy.Logits(policy.HiddenAt(tokens, index)), target, c.Temperature)
		loss, clipped, kl, ratio, ratioVar := PolicyLoss(logProbs, old, adv, mask, c.PolicyClip)
		return loss, []*Node{clipped, kl, ratio, ratioVar}
	}
}

// valueStep is the loss of a critic update over tokens [B,T], index, mask, old and returns [N], with the clipped share.
func valueStep(critic *lm.Weights, c Config) lm.LossFn {
	return func(a []*Node) (*Node, []*Node) {
		tokens, index, mask, old, returns := a[0], a[1], a[2], a[3], a[4]
		values := critic.Score(critic.HiddenAt(tokens, index))
		loss, clipped := ValueLoss(values, old, returns, mask, c.ValueClip)
		return loss, []*Node{clipped}
	}
}
