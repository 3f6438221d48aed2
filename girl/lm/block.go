package lm

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"genjobrec/girl/internal/matrix"
)

// masked stands for minus infinity in attention scores: exp of it is exactly 0 in float32, and unlike an
// infinity it survives a subtraction.
const masked = -1e9

// Hidden runs the decoder over whole sequences: tokens [B,T] int32 → normalised hidden states [B,T,D].
//
// Sequences are padded on the right only. Attention is causal, so no real token ever sees padding and no
// padding mask is needed; positions start at 0 with a row's first token.
func (w *Weights) Hidden(tokens *Node) *Node {
	return w.rmsNorm(w.trunk(tokens, func(y *Node) *Node { return y }), "norm")
}

// HiddenAt gives the hidden states at the positions with flat index b·T+t: tokens [B,T] and index [N], both int32 → [N,D].
// It is Hidden followed by a selection, but leaves out the last block's output projection and feed-forward, and
// whatever a head would add to them, at positions that nobody reads: prompts and padding.
func (w *Weights) HiddenAt(tokens, index *Node) *Node {
	return w.rmsNorm(w.trunk(tokens, func(y *Node) *Node { return selectRows(y, index) }), "norm")
}

// trunk runs all blocks: tokens [B,T] → the residual stream after the last, of which pick keeps some positions: it is given [B,T,D]
// between that block's attention and its output projection.
func (w *Weights) trunk(tokens *Node, pick func(*Node) *Node) *Node {
	tokens.AssertRank(2)
	g := tokens.Graph()
	c := w.Config
	b, t := tokens.Shape().Dimensions[0], tokens.Shape().Dimensions[1]
	rot := rotaryAt(Iota(g, shapes.Make(dtypes.Float32, t), 0), c)
	bias := causalBias(g, t)
	x := w.embed(tokens)
	x.AssertDims(b, t, c.Dim)
	for l := range c.Layers {
		block := func(w *Weights, x *Node) *Node {
			q, k, v := w.qkv(l, x, rot)
			attention := causalAttention(q, k, v, bias)
			if l == c.Layers-1 {
				x, attention = pick(x), pick(attention)
			}
			return w.finishBlock(l, x, attention)
		}
		if w.GradientCheckpointing {
			x = w.recomputed(l, x, block)
		} else {
			x = block(w, x)
		}
	}
	return x
}

// selectRows picks rows of x [B,T,D] by flat index b·T+t: index [N] int32 → [N,D].
func selectRows(x, index *Node) *Node {
	d := x.Shape().Dimensions
	return Gather(Reshape(x, d[0]*d[1], d[2]), ExpandAxes(index, -1))
}

// embed looks tokens up: [...] int32 → [...,D].
func (w *Weights) embed(tokens *Node) *Node {
	return Gather(w.node(tokens.Graph(), "embed"), ExpandAxes(tokens, -1))
}

// rmsNorm scales x [...,D] to unit root mean square and multiplies the learned gain (Zhang and Sennrich 2019).
func (w *Weights) rmsNorm(x *Node, name string) *Node {
	gain := w.node(x.Graph(), "%s", name)
	inv := Reciprocal(Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceMean, -1), w.Config.NormEps)))
	return Mul(Mul(x, inv), ExpandLeftToRank(gain, x.Rank()))
}

// times is x·m for a weight m.
func (w *Weights) times(x, m *Node) *Node {
	if w.inference {
		return matrix.Multiply(x, m)
	}
	return matrix.Product(x, m)
}

// linear multiplies x [...,I] with a weight [I,O] and adds the bias where the model has one.
func (w *Weights) linear(x *Node, l int, name, bias string) *Node {
	g := x.Graph()
	m := w.node(g, "layers.%d.%s", l, name)
	dims := x.Shape().Dimensions
	out := append(append([]int(nil), dims[:len(dims)-1]...), m.Shape().Dimensions[1])
	y := Reshape(w.times(Reshape(x, -1, dims[len(dims)-1]), m), out...)
	if bias != "" && w.Config.QKVBias {
		y = Add(y, ExpandLeftToRank(w.node(g, "layers.%d.%s", l, bias), y.Rank()))
	}
	return y
}

// qkv projects the normalised x [B,T,D] to queries [B,H,T,E], keys and values [B,G,T,E], rotated.
func (w *Weights) qkv(l int, x *Node, rot rotary) (q, k, v *Node) {
	c := w.Config
	b, t := x.Shape().Dimensions[0], x.Shape().Dimensions[1]
	h := w.rmsNorm(x, layerName(l, "attn_norm"))
	heads := func(y *Node, n int) *Node {
		return TransposeAllAxes(Reshape(y, b, t, n, c.headDim()), 0, 2, 1, 3)
	}
	q = rot.apply(heads(w.linear(h, l, "wq", "bq"), c.Heads))
	k = rot.apply(heads(w.linear(h, l, "wk", "bk"), c.kvHeads()))
	v = heads(w.linear(h, l, "wv", "bv"), c.kvHeads())
	return q, k, v
}

// causalAttention mixes values by softmax(q·kᵀ/√E + bias): q [B,H,T,E], k and v [B,G,T,E], bias [T,T] → [B,T,D].
func causalAttention(q, k, v, bias *Node) *Node {
	d := q.Shape().Dimensions
	b, h, t, e := d[0], d[1], d[2], d[3]
	groups := k.Shape().Dimensions[1]
	// Heads of one group share keys: fold them into the rows of one matrix product.
	q = Reshape(MulScalar(q, 1/math.Sqrt(float64(e))), b, groups, h/groups*t, e)
	scores := matrix.ProductT(q, k)
	scores = Add(Reshape(scores, b, h, t, t), ExpandLeftToRank(bias, 4))
	// The softmax with its division at the end, where there are fewest numbers.
	weights := Exp(Sub(scores, StopGradient(ReduceAndKeep(scores, ReduceMax, -1))))
	mixed := matrix.Product(Reshape(weights, b, groups, h/groups*t, t), v)
	attention := Div(Reshape(mixed, b, h, t, e), ReduceAndKeep(weights, ReduceSum, -1))
	return Reshape(TransposeAllAxes(attention, 0, 2, 1, 3), b, t, h*e)
}

// causalBias is 0 where row i may see column j ≤ i and masked elsewhere: [T,T].
func causalBias(g *Graph, t int) *Node {
	return Where(LowerTriangular(g, t), Zeros(g, shapes.Make(dtypes.Float32, t, t)),
		FillScalar(g, shapes.Make(dtypes.Float32, t, t), masked))
}

// finishBlock adds the attention output and the SwiGLU feed-forward (Shazeer 2020) to the residual stream x [...,D].
func (w *Weights) finishBlock(l int, x, attention *Node) *Node {
	x = Add(x, w.linear(attention, l, "wo", ""))
	h := w.rmsNorm(x, layerName(l, "ffn_norm"))
	gate := w.linear(h, l, "w_gate", "")
	hidden := Mul(Mul(gate, Sigmoid(gate)), w.linear(h, l, "w_up", ""))
	return Add(x, w.linear(hidden, l, "w_down", ""))
}

// rotary holds the cosines and sines of positions, broadcastable to [...,T,E/2].
type rotary struct{ cos, sin *Node }

// rotaryAt evaluates the angles pos·base^(−2i/E) (Su et al. 2021) at float positions [T...]: → [T...,E/2].
func rotaryAt(positions *Node, c Config) rotary {
	g := positions.Graph()
	half := c.headDim() / 2
	freqs := make([]float32, half)
	for i := range freqs {
		freqs[i] = float32(math.Pow(c.RopeBase, -2*float64(i)/float64(c.headDim())))
	}
	f := Const(g, freqs)
	angles := Mul(ExpandAxes(positions, -1), ExpandLeftToRank(f, positions.Rank()+1))
	return rotary{Cos(angles), Sin(angles)}
}

// apply turns x [...,T,E], the two halves of E being the real and imaginary parts.
func (r rotary) apply(x *Node) *Node {
	half := x.Shape().Dimensions[x.Rank()-1] / 2
	re := SliceAxis(x, -1, AxisRangeFromStart(half))
	im := SliceAxis(x, -1, AxisRangeToEnd(half))
	cos, sin := ExpandLeftToRank(r.cos, x.Rank()), ExpandLeftToRank(r.sin, x.Rank())
	return Concatenate([]*Node{
		Sub(Mul(re, cos), Mul(im, sin)),
		Add(Mul(im, cos), Mul(re, sin)),
	}, -1)
}

// dim is the size of an axis, which counts from the end where it is negative.
func dim(x *Node, axis int) int { return x.Shape().Dim(axis) }
