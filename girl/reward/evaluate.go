package reward

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute"

	"genjobrec/girl/lm"
)

// AllPairs lists every (matched, mismatched) pair within each CV, the held-out set of pair accuracy.
func AllPairs(all []Candidates) []Comparison {
	var pairs []Comparison
	for _, c := range all {
		for _, m := range c.Matched {
			for _, x := range c.Mismatched {
				pairs = append(pairs, Comparison{lm.Sequence{Prompt: c.Prompt, Response: m}, lm.Sequence{Prompt: c.Prompt, Response: x}})
			}
		}
	}
	return pairs
}

// Scorer reads U at the last real token of each sequence.
type Scorer struct{ forward *lm.Forward }

// NewScorer prepares scoring with u's current weights.
func NewScorer(backend compute.Backend, u *lm.Weights) (*Scorer, error) {
	if u.Head != lm.ScalarHead {
		return nil, fmt.Errorf("reward: a model with a %s head cannot score", u.Head)
	}
	f, err := lm.NewScores(backend, u, lm.LastToken, 32)
	return &Scorer{f}, err
}

// Scores gives U, unnormalised, for each sequence.
func (s *Scorer) Scores(ctx context.Context, seqs []lm.Sequence) ([]float64, error) {
	rows, err := s.forward.All(ctx, seqs)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(rows))
	for i, row := range rows {
		scores[i] = float64(row[0])
	}
	return scores, nil
}

// Evaluate measures pair accuracy and its companions. A sequence that occurs in several pairs is scored once.
func Evaluate(ctx context.Context, s *Scorer, pairs []Comparison) (Metrics, error) {
	var seqs []lm.Sequence
	at := map[string]int{}
	index := func(q lm.Sequence) int {
		key := string32(q.Prompt) + "|" + string32(q.Response)
		i, ok := at[key]
		if !ok {
			i = len(seqs)
			at[key] = i
			seqs = append(seqs, q)
		}
		return i
	}
	type pair struct{ chosen, rejected int }
	ids := make([]pair, len(pairs))
	for i, p := range pairs {
		ids[i] = pair{index(p.Chosen), index(p.Rejected)}
	}
	scores, err := s.Scores(ctx, seqs)
	if err != nil {
		return Metrics{}, err
	}
	chosen, rejected := make([]float64, len(ids)), make([]float64, len(ids))
	for i, p := range ids {
		chosen[i], rejected[i] = scores[p.chosen], scores[p.rejected]
	}
	return measure(chosen, rejected), nil
}

// measure computes the metrics from the scores of each pair; without pairs all of them are 0.
func measure(chosen, rejected []float64) Metrics {
	n := float64(len(chosen))
	m := Metrics{Pairs: len(chosen)}
	confidence := 0.0
	for i := range chosen {
		margin := chosen[i] - rejected[i]
		switch {
		case margin > 0:
			m.Accuracy += 1 / n
		case margin == 0:
			m.Accuracy += 0.5 / n
		}
		m.Loss += minusLogSigmoid(margin) / n
		m.ChosenMean += chosen[i] / n
		m.RejectedMean += rejected[i] / n
		confidence += 1 / (1 + math.Exp(-math.Abs(margin))) / n
	}
	m.Calibration = confidence - m.Accuracy
	return m
}

// minusLogSigmoid is −log σ(x) without overflow at either end.
func minusLogSigmoid(x float64) float64 {
	if x > 0 {
		return math.Log1p(math.Exp(-x))
	}
	return -x + math.Log1p(math.Exp(x))
}

// string32 makes a map key of tokens.
func string32(ids []int32) string {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = append(b, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
	}
	return string(b)
}

// Normalizer maps raw scores to gain·U + bias, so that samples of the reference writer have mean 0 and variance 1.
type Normalizer struct {
	Gain float64 `json:"gain"`
	Bias float64 `json:"bias"`
}

// FitNormalizer computes gain and bias from raw scores of reference samples (population variance). Scores that are all
// equal are an error: dividing by their deviation would be silently the identity or infinite.
func FitNormalizer(raw []float64) (Normalizer, error) {
	if len(raw) < 2 {
		return Normalizer{}, fmt.Errorf("reward: normalising needs at least 2 scores, got %d", len(raw))
	}
	n := float64(len(raw))
	mean, variance := 0.0, 0.0
	for _, x := range raw {
		mean += x / n
	}
	for _, x := range raw {
		variance += (x - mean) * (x - mean) / n
	}
	if !(variance > 1e-12) {
		return Normalizer{}, fmt.Errorf("reward: scores of %d reference samples have variance %g: the reward model does not tell them apart", len(raw), variance)
	}
	gain := 1 / math.Sqrt(variance)
	return Normalizer{Gain: gain, Bias: -mean * gain}, nil
}

// Apply normalises one raw score.
func (n Normalizer) Apply(raw float64) float64 { return n.Gain*raw + n.Bias }
