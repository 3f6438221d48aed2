// Package matrix has matrix products whose gradients fit the backend. GoMLX's pure-Go backend multiplies row-major matrices as they lie only in two
// forms, A·B and A·Bᵀ; for the gradient of a weight, Aᵀ·V, the automatic differentiation asks for a form that costs it three
// transposes, of both factors and of the result. These products have the same gradients with one small transpose or two. The
// automatic ones are still built, and dropped when the graph is compiled, as nobody uses them.
package matrix

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Product is a·b over leading batch axes: a [...,M,K] and b [...,K,N] → [...,M,N].
func Product(a, b *Node) *Node {
	var v *Node // the adjoint of the product
	left, right := a, b
	a = IdentityWithCustomGradient(a, func(_, _ *Node) *Node { return MultiplyT(v, right) })
	b = IdentityWithCustomGradient(b, func(_, _ *Node) *Node {
		m, k, n := dim(left, -2), dim(left, -1), dim(right, -1)
		if m*k <= m*n+n*k {
			return Multiply(Swap(left), v)
		}
		return Swap(Multiply(Swap(v), left))
	})
	return withAdjoint(Multiply(a, b), &v)
}

// ProductT is a·bᵀ over leading batch axes: a [...,M,K] and b [...,N,K] → [...,M,N].
func ProductT(a, b *Node) *Node {
	var v *Node
	left, right := a, b
	a = IdentityWithCustomGradient(a, func(_, _ *Node) *Node { return Multiply(v, right) })
	b = IdentityWithCustomGradient(b, func(_, _ *Node) *Node {
		m, k, n := dim(left, -2), dim(left, -1), dim(right, -2)
		if m*n <= m*k+k*n {
			return Multiply(Swap(v), left)
		}
		return Swap(Multiply(Swap(left), v))
	})
	return withAdjoint(MultiplyT(a, b), &v)
}

// withAdjoint keeps the adjoint of y, with which differentiation begins before it comes to what y was made of.
func withAdjoint(y *Node, v **Node) *Node {
	return IdentityWithCustomGradient(y, func(_, adjoint *Node) *Node {
		*v = adjoint
		return adjoint
	})
}

// Multiply is a·b with the gradients of the library.
func Multiply(a, b *Node) *Node {
	last := a.Rank() - 1
	return DotGeneral(a, []int{last}, batchAxes(a), b, []int{last - 1}, batchAxes(b))
}

// MultiplyT is a·bᵀ with the gradients of the library.
func MultiplyT(a, b *Node) *Node {
	last := a.Rank() - 1
	return DotGeneral(a, []int{last}, batchAxes(a), b, []int{last}, batchAxes(b))
}

// batchAxes are all axes but the last two.
func batchAxes(x *Node) []int {
	axes := make([]int, x.Rank()-2)
	for i := range axes {
		axes[i] = i
	}
	return axes
}

// dim is the size of an axis, which counts from the end where it is negative.
func dim(x *Node, axis int) int { return x.Shape().Dim(axis) }

// Swap exchanges the last two axes. Batches take two steps, each of which the backend has a fast way for: element by element
// it takes several times as long.
func Swap(x *Node) *Node {
	if x.Rank() == 2 {
		return Transpose(x, 0, 1)
	}
	dims := append([]int(nil), x.Shape().Dimensions...)
	r := len(dims)
	m, n := dims[r-2], dims[r-1]
	batch := x.Shape().Size() / (m * n)
	dims[r-2], dims[r-1] = n, m
	columns := Reshape(Transpose(Reshape(x, batch*m, n), 0, 1), n, batch, m)
	return Reshape(TransposeAllAxes(columns, 1, 0, 2), dims...)
}
