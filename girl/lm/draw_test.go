package lm

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// At both ends of [0, 1) a token of probability 0 is never drawn: the first with a positive one at 0, the last with one just
// below 1.
func TestDrawAtTheEnds(t *testing.T) {
	const never = -1e9 // its exponential is 0 in float32
	for _, c := range []struct {
		name        string
		logits      []float32
		first, last int32
	}{
		{"never at both ends", []float32{never, 0.3, never, -1, never, never}, 1, 3},
		{"one possible token", []float32{never, never, 2, never, never, never}, 2, 2},
		{"all possible", []float32{0, 1, 2, 1, 0, -3}, 0, 5},
		{"hardly ever at the end", []float32{0, 1, 2, 1, 0, -60}, 0, 4}, // e⁻⁶⁰ is below float32's last digit of the sum
	} {
		for _, temperature := range []float64{1, 0.5} {
			outs := must(MustNewExec(testBackend(t), func(logits, u *Node) (token, logProb *Node) { return draw(logits, u, temperature) }).
				Call([][]float32{c.logits, c.logits}, []float32{0, math.Nextafter32(1, 0)}))(t)
			got := must(tensors.CopyFlatData[int32](outs[0]))(t)
			if got[0] != c.first || got[1] != c.last {
				t.Errorf("%s, temperature %g: drew tokens %v, want %d and %d", c.name, temperature, got, c.first, c.last)
			}
			for i, lp := range must(tensors.CopyFlatData[float32](outs[1]))(t) {
				if !(lp > -20 && lp <= 0) {
					t.Errorf("%s, temperature %g: token %d has log-probability %g", c.name, temperature, got[i], lp)
				}
			}
		}
	}
}
