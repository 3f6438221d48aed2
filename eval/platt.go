package eval

import (
	"errors"
	"fmt"
	"math"
)

// ErrSeparated says that the scores separate the classes, so that a logistic slope has no maximum.
var ErrSeparated = errors.New("the scores separate the classes: the slope has no finite maximum")

// ErrConstant says that all scores are equal, so that a slope cannot be estimated.
var ErrConstant = errors.New("all scores are equal: the slope is not identified")

// Platt maps a score x to the probability σ(Slope·x + Intercept). The zero value maps all to ½.
type Platt struct {
	Slope, Intercept float64
}

// Prob is σ(Slope·x + Intercept).
func (p Platt) Prob(x float64) float64 { return sigmoid(p.Slope*x + p.Intercept) }

// FitPlatt fits a [Platt] map of raw scores (logits, cosines, rewards) to labels by maximum
// likelihood with Platt's smoothed targets,
//
//	t = (P+1)/(P+2) for positives, 1/(N+2) for negatives,
//
// which keep the fit finite even where the scores separate the classes. Fit it on validation pairs,
// never on the pairs that are then judged. A constant score gives slope 0. The slope may be
// negative, where high scores go with mismatches. Errors: one class, NaN or infinite scores.
//
// Source: Platt (1999), "Probabilistic outputs for support vector machines"; Newton's method with
// step halving after Lin, Lin and Weng (2007), doi:10.1007/s10994-007-5018-6.
func FitPlatt(labels []int, scores []float64) (Platt, error) {
	pos, neg, err := checkFinite(labels, scores)
	if err != nil {
		return Platt{}, err
	}
	high, low := (float64(pos)+1)/(float64(pos)+2), 1/(float64(neg)+2)
	targets := make([]float64, len(labels))
	for i, y := range labels {
		targets[i] = low
		if y == 1 {
			targets[i] = high
		}
	}
	p, err := fitLogistic(targets, scores)
	if errors.Is(err, ErrConstant) {
		mean := (high*float64(pos) + low*float64(neg)) / float64(pos+neg)
		return Platt{Intercept: logit(mean)}, nil
	}
	return p, err
}

// Calibration is the logistic recalibration of probabilities, log-odds(y) = Intercept + Slope·logit(p):
// slope 1 and intercept 0 are perfect, a slope below 1 means over-confident, a negative intercept
// (at slope 1) means predictions that are too high on average. It is the plain maximum-likelihood
// fit, without Platt's smoothing; probabilities are clipped as in [LogLoss]. Errors: those of
// [FitPlatt], [ErrSeparated], [ErrConstant].
//
// Source: Cox (1958), doi:10.1093/biomet/45.3-4.562.
func Calibration(labels []int, probs []float64) (slope, intercept float64, err error) {
	if _, _, err := checkTwoClasses(labels, probs); err != nil {
		return 0, 0, err
	}
	if err := checkProbs(labels, probs); err != nil {
		return 0, 0, err
	}
	targets, logits := make([]float64, len(labels)), make([]float64, len(labels))
	var lowPos, highNeg, highPos, lowNeg = math.Inf(1), math.Inf(-1), math.Inf(-1), math.Inf(1)
	for i, y := range labels {
		targets[i], logits[i] = float64(y), logit(clipProb(probs[i]))
		if y == 1 {
			lowPos, highPos = min(lowPos, logits[i]), max(highPos, logits[i])
		} else {
			lowNeg, highNeg = min(lowNeg, logits[i]), max(highNeg, logits[i])
		}
	}
	// Complete or quasi-complete separation, in either direction; a constant score is told apart.
	constant := min(lowPos, lowNeg) == max(highPos, highNeg)
	if !constant && (lowPos >= highNeg || highPos <= lowNeg) {
		return 0, 0, fmt.Errorf("eval: calibration: %w", ErrSeparated)
	}
	p, err := fitLogistic(targets, logits)
	return p.Slope, p.Intercept, err
}

func checkFinite(labels []int, scores []float64) (pos, neg int, err error) {
	if pos, neg, err = checkTwoClasses(labels, scores); err != nil {
		return 0, 0, err
	}
	for i, s := range scores {
		if math.IsInf(s, 0) {
			return 0, 0, fmt.Errorf("eval: score %d is %g, want it finite: %w", i, s, ErrRange)
		}
	}
	return pos, neg, nil
}

// fitLogistic minimises −Σ [t log σ(z) + (1−t) log(1−σ(z))], z = slope·x + intercept, over slope and
// intercept by Newton's method. The scores are standardised first, so that the Hessian is well
// conditioned whatever their unit.
func fitLogistic(targets, x []float64) (Platt, error) {
	n := float64(len(x))
	mean, sd := 0.0, 0.0
	lo, hi := x[0], x[0]
	for _, v := range x {
		mean += v / n
		lo, hi = min(lo, v), max(hi, v)
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean) / n
	}
	sd = math.Sqrt(sd)
	if lo == hi || sd == 0 {
		return Platt{}, fmt.Errorf("eval: logistic fit: %w", ErrConstant)
	}
	if math.IsInf(sd, 0) || math.IsInf(mean, 0) {
		return Platt{}, fmt.Errorf("eval: logistic fit: scores from %g to %g are too large: %w", lo, hi, ErrRange)
	}

	value := func(a, b float64) float64 {
		sum := 0.0
		for i, v := range x {
			z := a*(v-mean)/sd + b
			sum += softplus(z) - targets[i]*z
		}
		return sum
	}
	a, b := 0.0, 0.0
	f := value(a, b)
	const maxSteps = 100
	for range maxSteps {
		var ga, gb, haa, hab, hbb float64
		for i, v := range x {
			u := (v - mean) / sd
			p := sigmoid(a*u + b)
			ga += (p - targets[i]) * u
			gb += p - targets[i]
			w := p * (1 - p)
			haa, hab, hbb = haa+w*u*u, hab+w*u, hbb+w
		}
		if math.Abs(ga)+math.Abs(gb) <= 1e-10*n {
			break
		}
		haa, hbb = haa+1e-12*n, hbb+1e-12*n
		det := haa*hbb - hab*hab
		da, db := -(hbb*ga-hab*gb)/det, -(haa*gb-hab*ga)/det
		step := 1.0
		for ; step > 1e-12; step /= 2 {
			if next := value(a+step*da, b+step*db); next < f+1e-4*step*(ga*da+gb*db) {
				f = next
				break
			}
		}
		if step <= 1e-12 { // no descent left in float64: the minimum is reached
			break
		}
		a, b = a+step*da, b+step*db
	}
	return Platt{Slope: a / sd, Intercept: b - a*mean/sd}, nil
}

// sigmoid is 1/(1+e⁻ᶻ), without overflow.
func sigmoid(z float64) float64 {
	if z >= 0 {
		return 1 / (1 + math.Exp(-z))
	}
	e := math.Exp(z)
	return e / (1 + e)
}

// softplus is log(1+eᶻ), without overflow.
func softplus(z float64) float64 {
	return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
}

func logit(p float64) float64 { return math.Log(p) - math.Log1p(-p) }
