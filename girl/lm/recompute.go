package lm

import (
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
)

// recomputed is block(w, x) for the block with parameters "layers.l.", but keeps none of its activations for the backward pass beside x:
// they are computed a second time when the gradient arrives (gradient checkpointing; Chen et al. 2016, arXiv 1604.06174). x is
// [B,T,D], the result what block makes of it. On the pure-Go backend values and gradients have the bits of the plain block.
//
// GoMLX's own Node.Checkpoint does not fit: it computes again what a node's inputs were, while the gradients of product and
// productT look at the first computation; and it leaves open when gradients of weights are computed, which the pure-Go backend
// therefore does last, until when their activations are kept.
func (w *Weights) recomputed(l int, x *Node, block func(w *Weights, x *Node) *Node) *Node {
	var names []string
	inputs := []*Node{x}
	for _, p := range parameters(w.Config, w.Head) {
		if strings.HasPrefix(p.name, layerName(l, "")) {
			names = append(names, p.name)
			inputs = append(inputs, w.node(x.Graph(), "%s", p.name))
		}
	}
	run := func(inputs []*Node) *Node {
		inner := *w
		inner.bound = make(map[string]*Node, len(names))
		for i, name := range names {
			inner.bound[name] = inputs[1+i]
		}
		return block(&inner, inputs[0])
	}
	var gradients []*Node // of the inputs
	first := make([]*Node, len(inputs))
	for i, input := range inputs {
		first[i] = IdentityWithCustomGradient(input, func(_, _ *Node) *Node { return gradients[i] })
	}
	// Differentiation comes to the result before it comes to the inputs. What it makes of the operations between, from the first
	// activations, goes nowhere and is dropped when the graph is compiled.
	return IdentityWithCustomGradient(run(first), func(_, adjoint *Node) *Node {
		second := append([]*Node(nil), inputs...)
		// Not before the adjoint is there; and a barrier is a new node, so that no operation is taken for its like of the first pass.
		second[0] = SchedulingBarrier(x, adjoint)
		gradients = Gradient(ReduceAllSum(Mul(run(second), StopGradient(adjoint))), second...)
		// On to earlier blocks only when the weights have their gradients, with which the last activations go.
		gradients[0] = SchedulingBarrier(gradients[0], gradients[1:]...)
		return adjoint
	})
}
