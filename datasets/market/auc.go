package market

import (
	"fmt"
	"math"
	"slices"

	"genjobrec/datasets"
)

// Ceiling says how well the best possible matcher does on a set of pairs. Its information set is the latents of both
// sides: it knows what the texts leave out and misspell, and it knows the hidden taste; only the toss of each label is
// unknown to it. A matcher that reads texts cannot reach it.
type Ceiling struct {
	Pairs           int
	AUC             float64 // of the true probabilities against the drawn labels; NaN with one class only
	ExpectedAUC     float64 // the same without the noise of the draw, see ExpectedAUC
	LogLoss         float64 // of the true probabilities against the drawn labels, nats a pair
	ExpectedLogLoss float64 // mean entropy of the labels, nats a pair
}

// Ceiling computes the Bayes-optimal quality on the given pairs of this market.
func (m *Market) Ceiling(pairs []datasets.Pair) (Ceiling, error) {
	p, y := make([]float64, len(pairs)), make([]int, len(pairs))
	c := Ceiling{Pairs: len(pairs)}
	for i, pair := range pairs {
		v, err := m.Accept(pair.CVID, pair.JDID)
		if err != nil {
			return Ceiling{}, err
		}
		if pair.Label != 0 && pair.Label != 1 {
			return Ceiling{}, fmt.Errorf("market: label %d of pair %q, %q", pair.Label, pair.CVID, pair.JDID)
		}
		p[i], y[i] = v, pair.Label
		hit := v
		if pair.Label == 0 {
			hit = 1 - v
		}
		c.LogLoss -= math.Log(hit)
		c.ExpectedLogLoss -= v*math.Log(v) + (1-v)*math.Log(1-v)
	}
	c.AUC, c.ExpectedAUC = auc(p, y), ExpectedAUC(p)
	c.LogLoss /= float64(len(pairs))
	c.ExpectedLogLoss /= float64(len(pairs))
	return c, nil
}

// ExpectedAUC is the Bayes-optimal AUC of independent labels yᵢ ~ Bernoulli(pᵢ) scored by p itself:
//
//	Σ_{i≠j} pᵢ(1−pⱼ)·([pᵢ>pⱼ] + ½[pᵢ=pⱼ]) / Σ_{i≠j} pᵢ(1−pⱼ)
//
// It is the expected number of rightly ordered pairs over the expected number of pairs of a 1 and a 0. The mean of the
// AUC over draws of the labels differs from it only by O(1/n), the covariance of that ratio. No other score has a
// higher value. It sorts, so it costs O(n log n). It is NaN when no pair of a 1 and a 0 is possible, or a p is NaN.
func ExpectedAUC(p []float64) float64 {
	s := slices.Clone(p)
	slices.Sort(s)
	var sumP, sumQ, self float64
	for _, v := range s {
		if math.IsNaN(v) {
			return math.NaN()
		}
		sumP += v
		sumQ += 1 - v
		self += v * (1 - v)
	}
	right, below := 0.0, 0.0 // below: Σ(1−p) of the smaller values
	for i := 0; i < len(s); {
		j, tieP, tieQ, tieSelf := i, 0.0, 0.0, 0.0
		for ; j < len(s) && s[j] == s[i]; j++ {
			tieP += s[j]
			tieQ += 1 - s[j]
			tieSelf += s[j] * (1 - s[j])
		}
		right += tieP*below + 0.5*(tieP*tieQ-tieSelf)
		below += tieQ
		i = j
	}
	total := sumP*sumQ - self
	if total <= 1e-12*float64(len(s)) {
		return math.NaN()
	}
	return right / total
}

// auc is the share of pairs of a 1 and a 0 that the score orders rightly, ties as one half; NaN with one class only.
func auc(score []float64, label []int) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case score[a] < score[b]:
			return -1
		case score[a] > score[b]:
			return 1
		}
		return 0
	})
	var right, zeros, ones float64
	for i := 0; i < len(order); {
		j, tie0, tie1 := i, 0.0, 0.0
		for ; j < len(order) && score[order[j]] == score[order[i]]; j++ {
			if label[order[j]] == 1 {
				tie1++
			} else {
				tie0++
			}
		}
		right += tie1 * (zeros + 0.5*tie0)
		zeros, ones = zeros+tie0, ones+tie1
		i = j
	}
	if zeros == 0 || ones == 0 {
		return math.NaN()
	}
	return right / (zeros * ones)
}
