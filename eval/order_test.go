package eval

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Sorting by digits against sorting by comparison, with ties, both zeros, infinities and the smallest numbers.
func TestAscendingAgainstComparison(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		special := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, 0.5, math.Inf(1), math.Inf(-1), 5e-324, -5e-324, math.MaxFloat64})
		any := rapid.Float64().Filter(func(x float64) bool { return !math.IsNaN(x) })
		scores := rapid.SliceOfN(rapid.OneOf(special, any, rapid.Float64Range(0, 1)), 0, 300).Draw(t, "scores")
		want := make([]uint32, len(scores))
		for i := range want {
			want[i] = uint32(i)
		}
		slices.SortStableFunc(want, func(i, j uint32) int { return cmp.Compare(scores[i], scores[j]) })
		if got := ascending(scores); !slices.Equal(got, want) {
			t.Fatalf("order of %v is %v, want %v", scores, got, want)
		}
	})
}
