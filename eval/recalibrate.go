package eval

import "fmt"

// Recalibrate fits a [Platt] map from the log-odds of probabilities to labels and applies it to further probabilities:
// p′ = σ(Slope·logit(p) + Intercept). Labels and probs are of validation pairs, others of the pairs that are then judged. Where
// the slope is positive the order of the pairs, and so AUC, stays as it was. Probabilities are clipped as in [LogLoss]. Errors:
// those of [FitPlatt], probabilities outside [0, 1].
func Recalibrate(labels []int, probs, others []float64) (Platt, []float64, error) {
	if err := checkProbs(labels, probs); err != nil {
		return Platt{}, nil, err
	}
	if err := checkProbs(make([]int, len(others)), others); err != nil {
		return Platt{}, nil, err
	}
	logits := make([]float64, len(probs))
	for i, p := range probs {
		logits[i] = logit(clipProb(p))
	}
	platt, err := FitPlatt(labels, logits)
	if err != nil {
		return Platt{}, nil, err
	}
	out := make([]float64, len(others))
	for i, p := range others {
		out[i] = platt.Prob(logit(clipProb(p)))
	}
	return platt, out, nil
}

// CrossRecalibrate gives each row the probability by a map that was fitted, as in [Recalibrate], on the rows of other clusters:
// clusters are dealt into folds, in the order in which they first occur, and each fold is recalibrated by the others. It says what
// a score is worth apart from its calibration, where no other rows with scores of the same kind are at hand; it is a diagnosis, as
// it needs the labels of the rows that are judged, though never a row's own. Maps differ a little from fold to fold, so AUC may
// move a little. Errors: those of Recalibrate, fewer than two folds or clusters, folds without both classes in the others.
func CrossRecalibrate(labels, clusters []int, folds int, probs []float64) ([]float64, error) {
	if len(clusters) != len(labels) {
		return nil, fmt.Errorf("eval: %d labels, %d clusters: %w", len(labels), len(clusters), ErrLength)
	}
	if err := checkProbs(labels, probs); err != nil {
		return nil, err
	}
	ids := ClusterIDs(clusters)
	count := 0
	for _, id := range ids {
		count = max(count, id+1)
	}
	if folds = min(folds, count); folds < 2 {
		return nil, fmt.Errorf("eval: %d folds of %d clusters, want two: %w", folds, count, ErrRange)
	}
	out := make([]float64, len(probs))
	for fold := range folds {
		var fitLabels []int
		var fit, own []float64
		var at []int
		for i, id := range ids {
			if id%folds == fold {
				own, at = append(own, probs[i]), append(at, i)
			} else {
				fit, fitLabels = append(fit, probs[i]), append(fitLabels, labels[i])
			}
		}
		_, mapped, err := Recalibrate(fitLabels, fit, own)
		if err != nil {
			return nil, err
		}
		for j, i := range at {
			out[i] = mapped[j]
		}
	}
	return out, nil
}
