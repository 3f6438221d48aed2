package results

import (
	"fmt"
	"math"

	"genjobrec/eval"
)

// Alpha is the level below which a corrected p-value counts as shown.
const Alpha = 0.05

// Claim is a tested difference that becomes a sentence: what was compared, by how much they differ, and whether that is shown.
type Claim struct {
	What          string // "GIRL − GIRL-SFT in gold reward"
	Difference    eval.Estimate
	P             float64 // corrected for multiple comparisons; NaN where nothing was tested
	Digits        int     // after the decimal point
	Seeds         int     // training runs that the difference is a mean of
	LowerIsBetter bool
}

// Shown reports whether the difference survives correction.
func (c Claim) Shown() bool { return c.P < Alpha }

// Better reports whether the difference is on the good side of zero.
func (c Claim) Better() bool {
	return c.Difference.Value != 0 && (c.Difference.Value < 0) == c.LowerIsBetter
}

// String is such as "GIRL − GIRL-SFT in gold reward: +0.032 [−0.001, +0.064], p = 0.060 (Holm), 5 seeds: not shown".
func (c Claim) String() string {
	return fmt.Sprintf("%s: %s, %s: %s", c.What, c.Numbers(), SeedCount(c.Seeds), c.Verdict())
}

// Numbers are the difference, its interval and its p-value.
func (c Claim) Numbers() string {
	return SignedInterval(c.Difference, c.Digits) + ", " + HolmText(c.P)
}

// Verdict is one of "not shown", "shown, better" and "shown, worse". One training run shows nothing about others.
func (c Claim) Verdict() string {
	of := ""
	if c.Seeds == 1 {
		of = " for this one training run"
	}
	switch {
	case math.IsNaN(c.P):
		return "not tested"
	case !c.Shown():
		return "not shown"
	case c.Better():
		return "shown" + of + ", better"
	}
	return "shown" + of + ", worse"
}

// SignedInterval writes a difference with its interval, "+0.032 [−0.001, +0.064]"; without one, the difference alone.
func SignedInterval(e eval.Estimate, digits int) string {
	return Column{Kind: KindSigned, Digits: digits, Interval: true}.text(WithInterval(e.Value, e.Low, e.High))
}

// PlainInterval writes a quantity with its interval, "0.739 [0.710, 0.767]".
func PlainInterval(e eval.Estimate, digits int) string {
	return Column{Kind: KindNumber, Digits: digits, Interval: true}.text(WithInterval(e.Value, e.Low, e.High))
}

// HolmText writes a corrected p-value, "p = 0.060 (Holm)".
func HolmText(p float64) string {
	switch {
	case math.IsNaN(p):
		return "no test"
	case p < 0.001:
		return "p < 0.001 (Holm)"
	}
	return fmt.Sprintf("p = %.3f (Holm)", p)
}

// SeedCount is "5 seeds" or "one seed".
func SeedCount(n int) string {
	if n == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%d seeds", n)
}

// text is a number of the column with its interval, unescaped.
func (c Column) text(cell Cell) string {
	const minus = "\u2212"
	if math.IsNaN(cell.Value) {
		return "–"
	}
	s := c.format(cell.Value, minus)
	if cell.hasInterval() {
		s += " [" + c.format(cell.Low, minus) + ", " + c.format(cell.High, minus) + "]"
	}
	return s
}
