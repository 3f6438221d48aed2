package judge

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Economy is how information and length go together in real JDs, the yardstick of conciseness:
//
//	ln(1 + information) ≈ Intercept + Slope·ln(length)
//
// Slope is the exchange rate: a text 1 % longer should say Slope % more. The line is the standardised major axis, Slope =
// sd(ln(1+information))/sd(ln length), through the means.
//
// Why not the simpler ways: information per token is Slope = 1, and since real texts give their first facts in few words
// and then elaborate, it makes the shorter text win whatever it says. The least-squares line, which would make conciseness
// uncorrelated with length, takes all variety of style for noise: on the synthetic market its slope is 0.11, so that of
// two texts with the same facts one would have to be more than a third shorter to be 5 % more concise. The major axis treats the
// two sides alike; on the market its slope is 0.43.
//
// Source of the major axis and its use: Warton, Wright, Falster and Westoby (2006), doi:10.1017/S1464793106007007.
type Economy struct {
	Slope, Intercept float64
	// Shortest is the length below which 5 % of the real JDs are, tokens. A text shorter than that counts as so long: a
	// stub earns nothing by leaving out what every JD has.
	Shortest float64
}

// FitEconomy fits the line to real JDs, one length (tokens) and one amount of information (any unit) each. Errors: fewer
// than 10 JDs, a length below 1, information that is negative or not finite, no variation, and information that does not
// grow with length, for which there is no exchange rate.
func FitEconomy(lengths []int, information []float64) (Economy, error) {
	if len(lengths) != len(information) {
		return Economy{}, fmt.Errorf("judge: economy: %d lengths, %d amounts of information", len(lengths), len(information))
	}
	if len(lengths) < 10 {
		return Economy{}, fmt.Errorf("judge: economy: %d JDs, want at least 10", len(lengths))
	}
	n := float64(len(lengths))
	x, y := make([]float64, len(lengths)), make([]float64, len(lengths))
	var mx, my float64
	for i, l := range lengths {
		if l < 1 {
			return Economy{}, fmt.Errorf("judge: economy: JD %d has %d tokens", i, l)
		}
		if v := information[i]; !(v >= 0) || math.IsInf(v, 0) {
			return Economy{}, fmt.Errorf("judge: economy: information of JD %d is %g, want a number from 0", i, v)
		}
		x[i], y[i] = math.Log(float64(l)), math.Log1p(information[i])
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	var sxx, sxy, syy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		sxx, sxy, syy = sxx+dx*dx, sxy+dx*dy, syy+dy*dy
	}
	if !(sxy > 0) {
		return Economy{}, errors.New("judge: economy: longer JDs do not say more, so conciseness has no yardstick")
	}
	slices.Sort(x)
	e := Economy{Slope: math.Sqrt(syy / sxx), Shortest: math.Exp(x[len(x)/20])}
	e.Intercept = my - e.Slope*mx
	return e, nil
}

// Conciseness is the log-ratio of what the text says to what a real JD of its length says: 0 as expected, 0.1 about 10 %
// more. Repetition and filler add length and no information, so they lower it.
func (e Economy) Conciseness(length int, information float64) float64 {
	return math.Log1p(max(0, information)) - e.Intercept - e.Slope*math.Log(max(float64(length), e.Shortest, 1))
}
