package reward

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"

	"genjobrec/girl/lm"
)

// AllPairs lists every (matched, mismatched) pair within each CV, the held-out set of pair accuracy, with the CVs numbered as given.
func AllPairs(all []Candidates) []Comparison {
	var pairs []Comparison
	for cv, c := range all {
		for _, m := range c.Matched {
			for _, x := range c.Mismatched {
				pairs = append(pairs, Comparison{lm.Sequence{Prompt: c.Prompt, Response: m}, lm.Sequence{Prompt: c.Prompt, Response: x}, cv})
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

// Evaluate measures pair accuracy and its companions.
func Evaluate(ctx context.Context, s *Scorer, pairs []Comparison) (Metrics, error) {
	return evaluate(ctx, s.Scores, pairs)
}

// scoring gives a score for each sequence, as Scorer.Scores does.
type scoring func(ctx context.Context, seqs []lm.Sequence) ([]float64, error)

func evaluate(ctx context.Context, score scoring, pairs []Comparison) (Metrics, error) {
	chosen, rejected, cvs, err := compare(ctx, score, pairs)
	if err != nil {
		return Metrics{}, err
	}
	m := measure(chosen, rejected, cvs)
	m.PaddingDifference, err = paddingDifference(ctx, score, pairs)
	return m, err
}

// paddingProbes is how many sequences are scored again to see whether padding changes their scores: the shortest, as they bear the most.
const paddingProbes = 4

// paddingDifference is the largest difference between the score of a short sequence by itself and beside the longest one, padded to its
// length. Padding must change no score; batches by like lengths would seldom show that it does.
func paddingDifference(ctx context.Context, score scoring, pairs []Comparison) (float64, error) {
	var seqs []lm.Sequence
	seen := map[string]bool{}
	for _, p := range pairs {
		for _, q := range []lm.Sequence{p.Chosen, p.Rejected} {
			if k := key(q); !seen[k] {
				seen[k] = true
				seqs = append(seqs, q)
			}
		}
	}
	if len(seqs) < 2 {
		return 0, nil
	}
	slices.SortStableFunc(seqs, func(a, b lm.Sequence) int { return cmp.Compare(a.Len(), b.Len()) })
	probes := min(paddingProbes, len(seqs)-1)
	padded, err := score(ctx, append(slices.Clone(seqs[:probes]), seqs[len(seqs)-1]))
	if err != nil {
		return 0, err
	}
	worst := 0.0
	for i, q := range seqs[:probes] {
		alone, err := score(ctx, []lm.Sequence{q})
		if err != nil {
			return 0, err
		}
		worst = max(worst, math.Abs(padded[i]-alone[0]))
	}
	return worst, nil
}

// AccuracyByCV is the share of right pairs of each CV that has any, by its number: what an interval over CVs needs.
func AccuracyByCV(ctx context.Context, s *Scorer, pairs []Comparison) (map[int]float64, error) {
	chosen, rejected, cvs, err := compare(ctx, s.Scores, pairs)
	if err != nil {
		return nil, err
	}
	sum, n := map[int]float64{}, map[int]float64{}
	for i, cv := range cvs {
		sum[cv] += right(chosen[i] - rejected[i])
		n[cv]++
	}
	for cv := range sum {
		sum[cv] /= n[cv]
	}
	return sum, nil
}

// compare scores both sides of each pair. A sequence that occurs in several pairs is scored once.
func compare(ctx context.Context, score scoring, pairs []Comparison) (chosen, rejected []float64, cvs []int, err error) {
	var seqs []lm.Sequence
	at := map[string]int{}
	index := func(q lm.Sequence) int {
		k := key(q)
		i, ok := at[k]
		if !ok {
			i = len(seqs)
			at[k] = i
			seqs = append(seqs, q)
		}
		return i
	}
	type pair struct{ chosen, rejected int }
	ids := make([]pair, len(pairs))
	for i, p := range pairs {
		ids[i] = pair{index(p.Chosen), index(p.Rejected)}
	}
	scores, err := score(ctx, seqs)
	if err != nil {
		return nil, nil, nil, err
	}
	for i, p := range ids {
		chosen, rejected, cvs = append(chosen, scores[p.chosen]), append(rejected, scores[p.rejected]), append(cvs, pairs[i].CV)
	}
	return chosen, rejected, cvs, nil
}

// right is 1 for a pair in the right order, ½ for a tie.
func right(margin float64) float64 {
	switch {
	case margin > 0:
		return 1
	case margin == 0:
		return 0.5
	}
	return 0
}

// measure computes the metrics from the scores of each pair and the CV it is of; without pairs all of them are 0.
func measure(chosen, rejected []float64, cvs []int) Metrics {
	pairs := map[int]float64{}
	for _, cv := range cvs {
		pairs[cv]++
	}
	m := Metrics{CVs: len(pairs), Pairs: len(chosen)}
	confidence := 0.0
	for i := range chosen {
		margin, weight := chosen[i]-rejected[i], 1/(pairs[cvs[i]]*float64(len(pairs)))
		m.Accuracy += weight * right(margin)
		m.PairAccuracy += right(margin) / float64(len(chosen))
		m.Loss += weight * minusLogSigmoid(margin)
		m.ChosenMean += weight * chosen[i]
		m.RejectedMean += weight * rejected[i]
		confidence += weight / (1 + math.Exp(-math.Abs(margin)))
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

// key tells sequences apart.
func key(q lm.Sequence) string { return string32(q.Prompt) + "|" + string32(q.Response) }

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
