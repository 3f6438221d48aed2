package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Holm corrects p-values for multiple comparisons. With the p-values sorted, p₍₁₎ ≤ … ≤ p₍ₘ₎,
//
//	adjusted p₍ₖ₎ = max_{j ≤ k} min(1, (m − j + 1)·p₍ⱼ₎)
//
// Rejecting where the adjusted value is at most α keeps the chance of any false rejection at most
// α, whatever the dependence between the tests. The result is in the input's order. Errors: NaN or
// a value outside [0, 1].
//
// Source: Holm (1979), jstor.org/stable/4615733.
func Holm(p []float64) ([]float64, error) {
	order := make([]int, len(p))
	for i, v := range p {
		if math.IsNaN(v) {
			return nil, fmt.Errorf("eval: p-value %d is %w", i, ErrNaN)
		}
		if v < 0 || v > 1 {
			return nil, fmt.Errorf("eval: p-value %d is %g, want it in [0, 1]: %w", i, v, ErrRange)
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted := make([]float64, len(p))
	running := 0.0
	for k, i := range order {
		running = max(running, min(1, float64(len(p)-k)*p[i]))
		adjusted[i] = running
	}
	return adjusted, nil
}
