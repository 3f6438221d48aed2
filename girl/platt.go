package girl

import (
	"cmp"
	"maps"
	"slices"

	"genjobrec/datasets"
	"genjobrec/eval"
	"genjobrec/girl/lm"
	"genjobrec/girl/recommend"
)

// candidateSequences are pairs of any label as template sequences.
func (s *seedRun) candidateSequences(pairs []datasets.Pair) []lm.Sequence {
	out := make([]lm.Sequence, len(pairs))
	for i, p := range pairs {
		out[i] = s.template.Sequence(s.data.cv[p.CVID], s.data.jd[p.JDID])
	}
	return out
}

// plattScaled fits a logistic map from raw scores to labels on the validation pairs and applies it to both splits.
func plattScaled(valid []datasets.Pair, rawValid, rawTest []float64) (validTest, error) {
	labels := make([]int, len(valid))
	for i, p := range valid {
		labels[i] = p.Label
	}
	platt, err := eval.FitPlatt(labels, rawValid)
	if err != nil {
		return validTest{}, err
	}
	apply := func(raw []float64) []float64 {
		out := make([]float64, len(raw))
		for i, x := range raw {
			out[i] = platt.Prob(x)
		}
		return out
	}
	return validTest{apply(rawValid), apply(rawTest)}, nil
}

// sortedScoreKeys orders matchers by name: maps have no order of their own.
func sortedScoreKeys(scores map[recommend.Key][]float64) []recommend.Key {
	return slices.SortedFunc(maps.Keys(scores), func(a, b recommend.Key) int { return cmp.Compare(a.String(), b.String()) })
}
