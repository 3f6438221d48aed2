package matrix

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
)

func testBackend(t *testing.T) compute.Backend {
	t.Helper()
	b, err := compute.NewWithConfig("go:ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// The products have the values of plain ones, and the gradients of plain ones up to the order of their sums, whichever of their two
// ways is the shorter.
func TestProductsHaveTheGradientsOfPlainOnes(t *testing.T) {
	backend := testBackend(t)
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(dims ...int) *tensors.Tensor {
		n := 1
		for _, d := range dims {
			n *= d
		}
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(x, dims...)
	}
	for _, c := range []struct {
		name      string
		own, want func(a, b *Node) *Node
		a, b      []int
	}{
		{"tall times wide", Product, Multiply, []int{7, 2}, []int{2, 9}},
		{"wide times tall", Product, Multiply, []int{3, 40}, []int{40, 2}},
		{"batches", Product, Multiply, []int{2, 3, 5, 4}, []int{2, 3, 4, 6}},
		{"batches the other way", Product, Multiply, []int{2, 3, 5, 40}, []int{2, 3, 40, 2}},
		{"transposed", ProductT, MultiplyT, []int{7, 2}, []int{90, 2}},
		{"transposed, a short result", ProductT, MultiplyT, []int{3, 40}, []int{2, 40}},
		{"transposed batches", ProductT, MultiplyT, []int{2, 3, 5, 4}, []int{2, 3, 60, 4}},
		{"the backend's kernel for large products", Product, Multiply, []int{160, 192}, []int{192, 224}},
		{"the same, transposed", ProductT, MultiplyT, []int{160, 192}, []int{224, 192}},
		{"transposed batches, a short result", ProductT, MultiplyT, []int{2, 3, 5, 40}, []int{2, 3, 2, 40}},
	} {
		a, b := random(c.a...), random(c.b...)
		graph := func(f func(a, b *Node) *Node) []*tensors.Tensor {
			return MustNewExec(backend, func(a, b *Node) []*Node {
				y := f(a, b)
				// Every entry has another adjoint, and a is used twice.
				loss := Add(ReduceAllSum(Square(Sin(y))), ReduceAllSum(Mul(a, a)))
				return append([]*Node{y}, Gradient(loss, a, b)...)
			}).MustCall(a, b)
		}
		got, want := graph(c.own), graph(c.want)
		for i, name := range []string{"value", "gradient of a", "gradient of b"} {
			x, y := tensors.MustCopyFlatData[float32](got[i]), tensors.MustCopyFlatData[float32](want[i])
			if !got[i].Shape().Equal(want[i].Shape()) {
				t.Errorf("%s, %s: shape %s, want %s", c.name, name, got[i].Shape(), want[i].Shape())
				continue
			}
			for k := range x {
				if math.Abs(float64(x[k]-y[k])) > 1e-4*(1+math.Abs(float64(y[k]))) {
					t.Errorf("%s, %s: entry %d is %g, want %g", c.name, name, k, x[k], y[k])
					break
				}
			}
		}
	}
}

func TestSwapOfBatches(t *testing.T) {
	got := MustNewExec(testBackend(t), Swap).MustCall(
		tensors.FromValue([][][]float32{{{1, 2, 3}, {4, 5, 6}}, {{7, 8, 9}, {10, 11, 12}}}))[0]
	want := [][][]float32{{{1, 4}, {2, 5}, {3, 6}}, {{7, 10}, {8, 11}, {9, 12}}}
	if d := cmp.Diff(want, got.Value()); d != "" {
		t.Error(d)
	}
}
