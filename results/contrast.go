package results

import (
	"slices"

	"genjobrec/eval"
)

// test computes the contrasts whose two sides were judged, and corrects their p-values together.
func (c *Comparison) test(contrasts []Contrast, boot eval.Bootstrap) error {
	for _, k := range contrasts {
		a, okA := c.System(k.A)
		b, okB := c.System(k.B)
		if !okA || !okB {
			continue
		}
		r := ContrastResult{Contrast: k}
		var err error
		r.DiffAUCTestOnly, r.DiffAUC, err = difference(a, b, a.aucDraws, b.aucDraws, pickAUC, c.Groups, boot)
		if err != nil {
			return err
		}
		r.DiffLogLossTestOnly, r.DiffLogLoss, err = difference(a, b, a.logLossDraws, b.logLossDraws, pickLogLoss, c.Groups, boot)
		if err != nil {
			return err
		}
		c.Contrasts = append(c.Contrasts, r)
	}
	return CorrectTogether(c)
}

// CorrectTogether corrects the p-values of comparisons that one table shows as one family: Holm over all their contrasts and both
// metrics.
func CorrectTogether(family ...*Comparison) error {
	var p []float64
	for _, c := range family {
		for _, k := range c.Contrasts {
			p = append(p, k.DiffAUC.P, k.DiffLogLoss.P)
		}
	}
	adjusted, err := eval.Holm(p)
	if err != nil {
		return err
	}
	for _, c := range family {
		c.Tests = len(adjusted)
	}
	i := 0
	for _, c := range family {
		for j := range c.Contrasts {
			c.Contrasts[j].HolmAUC, c.Contrasts[j].HolmLogLoss = adjusted[i], adjusted[i+1]
			i += 2
		}
	}
	return nil
}

// difference is the estimate of mean(a) − mean(b) with the uncertainty of the test pairs, and then with
// that of the seeds too.
func difference(a, b *SystemResult, drawsA, drawsB []float64, pick func(RunMetrics) float64, groups int, boot eval.Bootstrap) (testOnly, all eval.Estimate, err error) {
	draws := make([]float64, len(drawsA))
	for i := range draws {
		draws[i] = drawsA[i] - drawsB[i]
	}
	if testOnly, err = boot.Summarise(mean(a.values(pick))-mean(b.values(pick)), draws, nil); err != nil {
		return testOnly, all, err
	}
	all, err = eval.WithSeedVariance(testOnly, groups, boot.Level, seedDifferences(a, b, pick)...)
	return testOnly, all, err
}

// seedDifferences are the values whose spread is the seeds' part in a difference. Where both systems ran with the same seeds, the
// seeds are pairs: a seed also decides what the two runs share, such as the order of training.
func seedDifferences(a, b *SystemResult, pick func(RunMetrics) float64) [][]float64 {
	valuesA, valuesB := a.values(pick), b.values(pick)
	if !slices.Equal(a.Seeds, b.Seeds) {
		return [][]float64{valuesA, valuesB}
	}
	paired := make([]float64, len(valuesA))
	for i := range paired {
		paired[i] = valuesA[i] - valuesB[i]
	}
	return [][]float64{paired}
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
