package ppo

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"genjobrec/girl/lm"
)

// Limits at which training warns; it goes on, and the best round by the validation objective is what it leaves. All are ours. They
// are constants because they change no number of a training, as settings in Config would.
const (
	// The mean per-sequence KL to the reference is an expectation of at least 0. Its estimate has a standard error of about √(2·KL/n) over
	// n episodes: from n = 8 on, chance alone does not bring it four errors below this.
	limitNegativeKL = -1.0 // nats

	// The variance of the ratio is the χ² divergence of the updated policy from the one that wrote: at 1 the effective sample size,
	// n/(1 + variance), is half the number of tokens.
	limitRatioVar = 1.0

	// The mean of the ratio is 1 but for noise. Far below, the updated policy has left the tokens that were written.
	limitRatioMean = 0.5 // distance from 1

	// The first minibatch of a round meets the very weights that wrote it: its ratio is exactly 1 on the Go backend, and within rounding on others.
	limitFirstRatio = 0.01 // distance from 1

	limitEOSRate       = 0.01 // share of responses
	limitPolicyClipped = 0.5  // share of tokens
	limitEntropyShare  = 0.2  // of the first round's entropy
)

// guard is one reason to warn: a metric outside low to high.
type guard struct {
	metric          string // its name in the glossary
	problem, causes string
	update          bool // measured by policy updates only
	value           func(it Iteration) float64
	bounds          func(first Iteration) (low, high float64)
}

func between(low, high float64) func(Iteration) (float64, float64) {
	return func(Iteration) (float64, float64) { return low, high }
}

// guards are what warnings looks for. KL above max_kl and numbers that are not finite are no warnings: they stop training.
var guards = []guard{
	{metric: "eos_rate", problem: "hardly any response ended", causes: "a writer that was fine-tuned too little, and too high a temperature",
		value: func(it Iteration) float64 { return it.EOSRate }, bounds: between(limitEOSRate, math.Inf(1))},
	{metric: "kl", problem: "the KL to the reference is negative beyond chance", causes: "responses sampled otherwise than they are scored (another temperature, a top-k or top-p) and wrong masks",
		value: func(it Iteration) float64 { return it.KL }, bounds: between(limitNegativeKL, math.Inf(1))},
	{metric: "entropy", problem: "the entropy collapsed, against that of the first round", causes: "too small a kl_coefficient, too high a policy_rate, and a reward model that a single text satisfies",
		value:  func(it Iteration) float64 { return it.Entropy },
		bounds: func(first Iteration) (float64, float64) { return limitEntropyShare * first.Entropy, math.Inf(1) }},
	{metric: "first_ratio", problem: "the ratio of the first minibatch is not 1", causes: "another temperature or other masks in the update than in the rollout", update: true,
		value: func(it Iteration) float64 { return it.FirstRatio }, bounds: between(1-limitFirstRatio, 1+limitFirstRatio)},
	{metric: "ratio_var", problem: "the probability ratios exploded", causes: "too high a policy_rate, too many epochs on the episodes of a round, and gradients that are not clipped (clip_norm)", update: true,
		value: func(it Iteration) float64 { return it.RatioVar }, bounds: between(0, limitRatioVar)},
	{metric: "ratio_mean", problem: "the mean probability ratio left 1", causes: "too high a policy_rate and too many epochs on the episodes of a round", update: true,
		value: func(it Iteration) float64 { return it.RatioMean }, bounds: between(1-limitRatioMean, 1+limitRatioMean)},
	{metric: "policy_clipped", problem: "most tokens are clipped, and those teach nothing", causes: "too high a policy_rate, too many epochs on the episodes of a round, and too small a policy_clip", update: true,
		value: func(it Iteration) float64 { return it.PolicyClipped }, bounds: between(0, limitPolicyClipped)},
}

// finding is what one guard found in a history.
type finding struct {
	guard
	first, worst Iteration
	rounds       int // with cause
}

// findings look through a history from its first round on: what they find after a resume is what they would have found without.
func findings(history []Iteration) []finding {
	var all []finding
	for _, g := range guards {
		f := finding{guard: g}
		for _, it := range history {
			if g.update && it.Warmup {
				continue
			}
			excess := f.excess(history, it)
			if !(excess > 0) {
				continue
			}
			if f.rounds == 0 {
				f.first, f.worst = it, it
			} else if excess > f.excess(history, f.worst) {
				f.worst = it
			}
			f.rounds++
		}
		if f.rounds > 0 {
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b finding) int { return cmp.Compare(a.first.Iteration, b.first.Iteration) })
	return all
}

// excess is how far a round is outside the bounds; 0 or less inside.
func (f finding) excess(history []Iteration, it Iteration) float64 {
	low, high := f.bounds(history[0])
	return max(low-f.value(it), f.value(it)-high)
}

// text names the round, the metric with its value and its limit, and the usual causes.
func (f finding) text(history []Iteration) string {
	x := f.value(f.first)
	low, high := f.bounds(history[0])
	side, limit := "above", high
	if x < low {
		side, limit = "below", low
	}
	s := fmt.Sprintf("round %d: %s: %s %.4g is %s %.4g", f.first.Iteration, f.problem, f.metric, x, side, limit)
	if f.rounds > 1 {
		s += fmt.Sprintf(" (in %d of %d rounds, worst %.4g in round %d)", f.rounds, len(history), f.value(f.worst), f.worst.Iteration)
	}
	return s + "; the usual causes are " + f.causes
}

// warnings are one sentence for each guard that found something.
func warnings(history []Iteration) []string {
	var all []string
	for _, f := range findings(history) {
		all = append(all, f.text(history))
	}
	return all
}

// newWarnings are those that the last round gave cause to for the first time.
func newWarnings(history []Iteration) []string {
	var fresh []string
	for _, f := range findings(history) {
		if f.first.Iteration == history[len(history)-1].Iteration {
			fresh = append(fresh, f.text(history))
		}
	}
	return fresh
}

// finite reports the first metric by name that is not a number or infinite.
func finite(metrics map[string]float64) error {
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		if x := metrics[name]; math.IsNaN(x) || math.IsInf(x, 0) {
			return &lm.NonFiniteError{Metric: name, Value: x}
		}
	}
	return nil
}
