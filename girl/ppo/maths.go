package ppo

import "math"

// Episodes are ragged: each row of the slices below holds the numbers of one response's real tokens, so padding
// enters no mean by construction.

// TokenRewards gives −β(log π − log π_ref) at every token plus the score once, at the last.
func TokenRewards(logProbs, refLogProbs []float64, score, beta float64) []float64 {
	r := make([]float64, len(logProbs))
	for t := range r {
		r[t] = -beta * (logProbs[t] - refLogProbs[t])
	}
	r[len(r)-1] += score
	return r
}

// GAE computes generalised advantage estimates (Schulman et al. 2016) with a terminal next value of 0, and the returns
// advantages + values:
//
//	δₜ = rₜ + γV₍ₜ₊₁₎ − Vₜ,  Aₜ = δₜ + γλA₍ₜ₊₁₎.
func GAE(rewards, values []float64, gamma, lambda float64) (advantages, returns []float64) {
	advantages, returns = make([]float64, len(rewards)), make([]float64, len(rewards))
	next, last := 0.0, 0.0
	for t := len(rewards) - 1; t >= 0; t-- {
		last = rewards[t] + gamma*next - values[t] + gamma*lambda*last
		advantages[t], returns[t] = last, last+values[t]
		next = values[t]
	}
	return advantages, returns
}

// Whiten scales all numbers to unit population variance, 1e-8 added under the root, centred or keeping their mean.
func Whiten(rows [][]float64, keepMean bool) {
	mean, variance := meanVariance(rows)
	scale := 1 / math.Sqrt(variance+1e-8)
	for _, row := range rows {
		for t := range row {
			row[t] = (row[t] - mean) * scale
			if keepMean {
				row[t] += mean
			}
		}
	}
}

// meanVariance is over every number of every row; the variance is the population's.
func meanVariance(rows [][]float64) (mean, variance float64) {
	n := 0.0
	for _, row := range rows {
		n += float64(len(row))
		for _, x := range row {
			mean += x
		}
	}
	mean /= n
	for _, row := range rows {
		for _, x := range row {
			variance += (x - mean) * (x - mean)
		}
	}
	return mean, variance / n
}

// klErrorClip bounds the relative error of the KL that β follows.
const klErrorClip = 0.2

// AdaptiveBeta is the controller of Ziegler et al. 2019, applied after the update:
//
//	β ← β·(1 + clip(KL/target − 1, ±klErrorClip)·episodes/horizon), KL the mean per-sequence sum.
func AdaptiveBeta(beta, kl, target, horizon float64, episodes int) float64 {
	err := min(klErrorClip, max(-klErrorClip, kl/target-1))
	return beta * (1 + err*float64(episodes)/horizon)
}

// ExplainedVariance is 1 − Var(returns − values)/Var(returns): 1 is a perfect critic, 0 one no better than the mean,
// below 0 worse. It is NaN where returns do not vary.
func ExplainedVariance(values, returns [][]float64) float64 {
	diff := make([][]float64, len(values))
	for i := range values {
		diff[i] = make([]float64, len(values[i]))
		for t := range values[i] {
			diff[i][t] = returns[i][t] - values[i][t]
		}
	}
	_, v := meanVariance(returns)
	if v == 0 {
		return math.NaN()
	}
	_, d := meanVariance(diff)
	return 1 - d/v
}
