package results

import (
	"fmt"
	"math"
	"slices"
)

// Histogram is the outline of the shares of values in bins of equal width between low and high, as a curve for
// [CurvesFigure]; values outside count in the nearest bin. Errors: no values, NaN, fewer than one bin, an empty range.
func Histogram(values []float64, low, high float64, bins int) (Run, error) {
	if len(values) == 0 || bins < 1 || !(high > low) || math.IsInf(high-low, 0) {
		return Run{}, fmt.Errorf("results: a histogram of %d values in %d bins from %g to %g", len(values), bins, low, high)
	}
	if i := slices.IndexFunc(values, math.IsNaN); i >= 0 {
		return Run{}, fmt.Errorf("results: value %d of a histogram is NaN", i+1)
	}
	share, width := make([]float64, bins), (high-low)/float64(bins)
	for _, v := range values {
		bin := math.Floor((math.Min(math.Max(v, low), high) - low) / width)
		share[min(int(bin), bins-1)] += 1 / float64(len(values))
	}
	var r Run
	point := func(x, y float64) { r.Steps, r.Value = append(r.Steps, x), append(r.Value, y) }
	const side = 1e-6 // a side of a bar, as steps must rise
	for i, s := range share {
		left := low + float64(i)*width
		if i == 0 {
			point(left, 0)
		}
		point(left+side*width, s)
		point(left+(1-side)*width, s)
	}
	point(high, 0)
	return r, nil
}
