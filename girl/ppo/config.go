package ppo

import "fmt"

// Config holds the hyper-parameters, each with its source: the paper's own are not known to us. Limits at which training warns are no
// settings but constants, beside guards.
type Config struct {
	Iterations    int     `default:"30" min:"1" max:"1000000" doc:"rollout-and-update rounds (ours)"`
	Rollouts      int     `default:"192" min:"2" max:"65536" doc:"episodes (one response to one CV) a round (ours)"`
	MinibatchRows int     `default:"24" min:"1" max:"65536" doc:"episodes an update step; divides rollouts (ours)"`
	CriticWarmup  int     `default:"3" min:"0" max:"1000000" doc:"first rounds that train the critic alone: advantages of an untrained critic push the policy at random (ours)"`
	Epochs        int     `default:"1" min:"1" max:"100" doc:"passes over a round's episodes (OpenRLHF: 1; TL;DR: 4; fresh episodes teach more here than repeated ones)"`
	PolicyRate    float64 `default:"0.0002" min:"0" max:"1" doc:"policy learning rate, decayed linearly to 0 (ours: small models need a larger one than the 3e-6 of billion-parameter models)"`
	ValueRate     float64 `default:"0.001" min:"0" max:"1" doc:"critic learning rate, decayed linearly to 0 (ours)"`
	AdamEps       float64 `default:"1e-5" min:"1e-12" max:"1" doc:"Adam's epsilon (TL;DR: 1e-5)"`
	ClipNorm      float64 `default:"1" min:"0" max:"1000" doc:"largest global gradient norm, 0 for no clipping (ours)"`
	Gamma         float64 `default:"1" min:"0" max:"1" doc:"discount (TL;DR: 1)"`
	Lambda        float64 `default:"1" min:"0" max:"1" doc:"GAE decay (OpenRLHF: 1; TL;DR: 0.95)"`
	PolicyClip    float64 `default:"0.2" min:"0.001" max:"10" doc:"clip range of the probability ratio (TL;DR: 0.2)"`
	ValueClip     float64 `default:"0.2" min:"0.001" max:"1000" doc:"clip range of the value around its old one (TL;DR: 0.2)"`
	KLCoefficient float64 `default:"0.05" min:"0" max:"100" doc:"β, weight of the per-token KL penalty to the reference (TL;DR: 0.05)"`
	AdaptiveKL    bool    `default:"false" doc:"steer β towards kl_target (Ziegler et al. 2019)"`
	KLTarget      float64 `default:"6" min:"1e-6" max:"1000" doc:"target of the per-sequence KL in nats for adaptive β (Ziegler et al. 2019: 6)"`
	KLHorizon     float64 `default:"10000" min:"1" max:"1e9" doc:"episodes over which adaptive β reacts (Ziegler et al. 2019: 10000)"`
	Temperature   float64 `default:"0.7" min:"0.01" max:"10" doc:"sampling temperature (TL;DR: 0.7); logits are divided by it in rollout, reference and update alike"`
	EOSPenalty    float64 `default:"-3" min:"-1000" max:"1000" doc:"normalised score of a response that does not end, in place of its own (the trick is TL;DR's, the value ours)"`
	WhitenRewards bool    `default:"false" doc:"scale rewards to unit variance, keeping their mean (2019 port: on; TL;DR: off)"`
	EvalEvery     int     `default:"5" min:"1" max:"100000" doc:"rounds between evaluations on validation CVs, of which some responses are kept to be read (ours)"`
	EvalPrompts   int     `default:"192" min:"1" max:"100000" doc:"validation CVs an evaluation writes for (ours)"`
	MaxKL         float64 `default:"200" min:"0.1" max:"1e9" doc:"mean per-sequence KL in nats above which training stops (ours)"`
}

// Validate reports settings that contradict each other.
func (c Config) Validate() error {
	if c.Rollouts%c.MinibatchRows != 0 {
		return fmt.Errorf("ppo.rollouts=%d is not a multiple of ppo.minibatch_rows=%d", c.Rollouts, c.MinibatchRows)
	}
	if c.CriticWarmup >= c.Iterations {
		return fmt.Errorf("ppo.critic_warmup=%d leaves none of ppo.iterations=%d to the policy", c.CriticWarmup, c.Iterations)
	}
	// Else the first round whose KL is well below its target turns β to 0 or below: distance from the reference would be rewarded.
	if c.AdaptiveKL && klErrorClip*float64(c.Rollouts) >= c.KLHorizon {
		return fmt.Errorf("ppo.kl_horizon=%g is too short for ppo.rollouts=%d: adaptive_kl can shrink β by %g·rollouts/kl_horizon a round, which must be below 1", c.KLHorizon, c.Rollouts, klErrorClip)
	}
	return nil
}
