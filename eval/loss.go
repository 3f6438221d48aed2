package eval

import "math"

// LogLossClip keeps probabilities inside [LogLossClip, 1−LogLossClip] before the logarithm, so that
// one certain and wrong prediction costs −log(1e−15) ≈ 34.5 nats instead of infinity. 1e−15 was
// scikit-learn's value up to version 1.2; from 1.3 on it clips at the float's epsilon, which differs
// only for predictions closer than 1e−15 to 0 or 1.
const LogLossClip = 1e-15

// LogLoss is the mean binary cross-entropy in nats:
//
//	LogLoss = −1/n Σᵢ [ yᵢ log pᵢ + (1−yᵢ) log(1−pᵢ) ]
//
// with pᵢ clipped as [LogLossClip] says. It is defined for a single class. Errors: NaN or a
// probability outside [0, 1] (a raw score must go through [FitPlatt] first), labels outside {0, 1}.
//
// Source: Good (1952), doi:10.1111/j.2517-6161.1952.tb00104.x.
func LogLoss(labels []int, probs []float64) (float64, error) {
	return meanLoss(labels, probs, logLoss)
}

// Brier is the mean squared error of the probabilities, 1/n Σᵢ (pᵢ − yᵢ)². Errors as in [LogLoss].
//
// Source: Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
func Brier(labels []int, probs []float64) (float64, error) {
	return meanLoss(labels, probs, brierLoss)
}

// meanLoss checks its inputs and averages a loss over the rows.
func meanLoss(labels []int, probs []float64, loss func(label int, p float64) float64) (float64, error) {
	if _, _, err := checkLabels(labels); err != nil {
		return 0, err
	}
	if err := checkProbs(labels, probs); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, y := range labels {
		sum += loss(y, probs[i])
	}
	return sum / float64(len(labels)), nil
}

func logLoss(label int, p float64) float64 {
	p = clipProb(p)
	if label == 1 {
		return -math.Log(p)
	}
	return -math.Log1p(-p)
}

func brierLoss(label int, p float64) float64 {
	d := p - float64(label)
	return d * d
}

func clipProb(p float64) float64 {
	return min(max(p, LogLossClip), 1-LogLossClip)
}
