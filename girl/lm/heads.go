package lm

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"genjobrec/girl/internal/matrix"
)

func layerName(l int, name string) string { return fmt.Sprintf("layers.%d.%s", l, name) }

// Logits multiplies hidden states [...,D] with the head: → [...,V].
func (w *Weights) Logits(hidden *Node) *Node {
	g := hidden.Graph()
	dims := hidden.Shape().Dimensions
	rows := Reshape(hidden, -1, w.Config.Dim)
	var logits *Node
	switch {
	case !w.Config.TiedHead:
		logits = w.times(rows, w.node(g, "head"))
	case w.inference:
		logits = matrix.MultiplyT(rows, w.node(g, "embed"))
	default:
		logits = matrix.ProductT(rows, w.node(g, "embed"))
	}
	return Reshape(logits, append(append([]int(nil), dims[:len(dims)-1]...), w.Config.Vocab)...)
}

// Score reads the scalar head off hidden states [...,D]: → [...].
func (w *Weights) Score(hidden *Node) *Node {
	g := hidden.Graph()
	dims := hidden.Shape().Dimensions
	s := w.times(Reshape(hidden, -1, w.Config.Dim), w.node(g, "score_w"))
	s = Add(s, ExpandLeftToRank(w.node(g, "score_b"), 2))
	return Reshape(s, dims[:len(dims)-1]...)
}

// TokenLogProbs gives log softmax(logits/temperature)[target] in nats: logits [N,V], target [N] int32 → [N].
//
// It is the gathered logit minus the log-sum-exp, so that neither a one-hot nor a log-softmax over V is kept
// for the backward pass.
func TokenLogProbs(logits, target *Node, temperature float64) *Node {
	logits.AssertRank(2)
	target.AssertDims(logits.Shape().Dimensions[0])
	shifted, exps := shiftedExp(logits, temperature)
	rows := Iota(logits.Graph(), target.Shape(), 0)
	picked := Gather(shifted, Stack([]*Node{rows, target}, -1))
	return Sub(picked, Log(ReduceSum(exps, -1)))
}

// Entropy gives H = log Σexp(s) − Σ s·exp(s)/Σexp(s) of softmax(logits/temperature) in nats: [N,V] → [N].
func Entropy(logits *Node, temperature float64) *Node {
	logits.AssertRank(2)
	shifted, exps := shiftedExp(logits, temperature)
	sum := ReduceSum(exps, -1)
	return Sub(Log(sum), Div(ReduceSum(Mul(exps, shifted), -1), sum))
}

// shiftedExp subtracts each row's maximum before exp, so that nothing overflows.
func shiftedExp(logits *Node, temperature float64) (shifted, exps *Node) {
	if temperature != 1 {
		logits = MulScalar(logits, 1/temperature)
	}
	shifted = Sub(logits, StopGradient(ReduceAndKeep(logits, ReduceMax, -1)))
	return shifted, Exp(shifted)
}
