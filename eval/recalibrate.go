package eval

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
