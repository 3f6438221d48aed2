// Package eval judges scores and texts: AUC, LogLoss, calibration, confidence intervals,
// significance tests, within-CV ranking and the surface quality of generated text.
//
// Everything here is plain mathematics over slices; nothing knows what produced the numbers.
//
// Conventions, kept by every function:
//
//   - labels are 0 (mismatched, negative) or 1 (matched, positive);
//   - a score is any number that grows with the belief in a match, a prob is a score in [0, 1];
//   - tied scores count half, never by the order of the input;
//   - NaN is an error that names its index, never a silently skipped row;
//   - a difference is a − b, and its name says so: DiffAUC is positive when a is better, DiffLogLoss
//     is negative when a is better;
//   - what weakens a number but does not forbid it (few seeds, few clusters) is a [Warning] that
//     travels in the result.
package eval

import (
	"errors"
	"fmt"
	"math"
)

// Errors that a caller may want to tell apart with errors.Is.
var (
	ErrEmpty    = errors.New("no rows")
	ErrLength   = errors.New("slices differ in length")
	ErrLabel    = errors.New("label is neither 0 nor 1")
	ErrOneClass = errors.New("only one class among the labels")
	ErrNaN      = errors.New("NaN")
	ErrRange    = errors.New("value out of range")
)

// Warning is one sentence about a number that may be used but should not be trusted blindly. It
// travels with the number into tables.
type Warning string

// checkLabels counts the classes and reports the first label outside {0, 1}. A slice of one class
// is not an error here, as LogLoss and Brier are defined for it.
func checkLabels(labels []int) (pos, neg int, err error) {
	if len(labels) == 0 {
		return 0, 0, fmt.Errorf("eval: %w", ErrEmpty)
	}
	for i, y := range labels {
		switch y {
		case 0:
			neg++
		case 1:
			pos++
		default:
			return 0, 0, fmt.Errorf("eval: label %d is %d: %w", i, y, ErrLabel)
		}
	}
	return pos, neg, nil
}

// checkTwoClasses is checkLabels for statistics that need both classes and scores that order
// them: lengths must agree and no score may be NaN. ±Inf orders well and is accepted.
func checkTwoClasses(labels []int, systems ...[]float64) (pos, neg int, err error) {
	pos, neg, err = checkLabels(labels)
	if err != nil {
		return 0, 0, err
	}
	for _, scores := range systems {
		if len(scores) != len(labels) {
			return 0, 0, fmt.Errorf("eval: %d labels, %d scores: %w", len(labels), len(scores), ErrLength)
		}
		for i, s := range scores {
			if math.IsNaN(s) {
				return 0, 0, fmt.Errorf("eval: score %d is %w", i, ErrNaN)
			}
		}
	}
	if pos == 0 || neg == 0 {
		return 0, 0, fmt.Errorf("eval: %d positive and %d negative labels: %w", pos, neg, ErrOneClass)
	}
	return pos, neg, nil
}

// checkProbs reports the first prob that is NaN or outside [0, 1], and a wrong length.
func checkProbs(labels []int, probs []float64) error {
	if len(probs) != len(labels) {
		return fmt.Errorf("eval: %d labels, %d probabilities: %w", len(labels), len(probs), ErrLength)
	}
	for i, p := range probs {
		if math.IsNaN(p) {
			return fmt.Errorf("eval: probability %d is %w", i, ErrNaN)
		}
		if p < 0 || p > 1 {
			return fmt.Errorf("eval: probability %d is %g, want it in [0, 1]: %w", i, p, ErrRange)
		}
	}
	return nil
}

// checkLevel maps the zero value of a confidence level to 0.95 and refuses what is not in (0, 1).
func checkLevel(level float64) (float64, error) {
	if level == 0 {
		return 0.95, nil
	}
	if !(level > 0 && level < 1) {
		return 0, fmt.Errorf("eval: confidence level %g, want it in (0, 1): %w", level, ErrRange)
	}
	return level, nil
}
