package lm

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"genjobrec/girl/internal/matrix"
)

// prefill encodes prompts: [F,T] int32 right-padded and lengths [F] int32 → last hidden states [F,D], then each layer's rotated keys
// [F,B,nE,T] and values [F,B,T,nE] in turn, for B bundles of n groups of heads. Keys lie transposed, so that a step's products A·B run along rows of memory.
func (w *Weights) prefill(prompts, lengths *Node) []*Node {
	c, g := w.Config, prompts.Graph()
	f, t, e := dim(prompts, 0), dim(prompts, 1), c.headDim()
	bundles, n := c.bundles()
	rot := rotaryAt(Iota(g, shapes.Make(dtypes.Float32, t), 0), c)
	bias := causalBias(g, t)
	x := w.embed(prompts)
	out := []*Node{nil}
	index := Add(MulScalar(Iota(g, shapes.Make(dtypes.Int32, f), 0), t), AddScalar(lengths, -1))
	for l := range c.Layers {
		q, k, v := w.qkv(l, x, rot)
		byPosition := TransposeAllAxes(Reshape(v, f, bundles, n, t, e), 0, 1, 3, 2, 4)
		out = append(out, Reshape(matrix.Swap(k), f, bundles, n*e, t), Reshape(byPosition, f, bundles, t, n*e))
		attention := causalAttention(q, k, v, bias)
		if l == c.Layers-1 {
			x, attention = selectRows(x, index), selectRows(attention, index)
		}
		x = w.finishBlock(l, x, attention)
	}
	out[0] = w.rmsNorm(x, "norm")
	return out
}

// decoding is the graph's view of some steps of sampling for P prompts, the slots, with K samples each.
type decoding struct {
	w *Weights
	c SampleConfig
	slotLayout
	args       []*Node // as the constants name them
	prompts    []*Node // keys and values of prompts, each at its place slotLayout.at
	ring       []*Node // likewise, of the responses so far
	promptBias *Node   // [P,1,1,1,T], hides padding
	ownGroups  []*Node // of each part: [S,K,B,nM,nE]
}

// newDecoding learns the layout from the shapes of the arguments.
func newDecoding(w *Weights, c SampleConfig, args []*Node) *decoding {
	caches := args[argCaches:]
	half := len(caches) / 2
	d := &decoding{w: w, c: c, args: args, prompts: caches[:half], ring: caches[half:]}
	d.slotLayout = slotLayout{slots: dim(args[argLengths], 0), samples: c.Samples, parts: half / (2 * w.Config.Layers),
		perPart: dim(caches[0], 0), t: dim(caches[0], -1), r: dim(caches[half], -1)}
	g := caches[0].Graph()
	inPrompt := LessThan(Iota(g, shapes.Make(dtypes.Int32, d.slots, d.t), 1), ExpandAxes(args[argLengths], -1))
	d.promptBias = Reshape(biasOf(inPrompt), d.slots, 1, 1, 1, d.t)
	for part := range d.parts {
		d.ownGroups = append(d.ownGroups, ownGroups(g, w.Config, d.size(part), d.samples))
	}
	return d
}

// decode draws up to N tokens for each row, and gives the results that the constants name.
//
// It ends early when all rows are done: have drawn EOS, or what they may. Until then rows that are done draw on; nobody reads it.
func (d *decoding) decode() []*Node {
	left, uniforms := d.args[argLeft], d.args[argUniforms]
	g := left.Graph()
	for _, q := range parameters(d.w.Config, d.w.Head) {
		d.w.node(g, "%s", q.name) // a variable first read inside a loop's body would become one of its parameters
	}
	n, rows := dim(uniforms, 0), d.slots*d.samples
	uniforms.AssertDims(n, rows)
	const outDone = outRing // of the loop's state only; the ring comes after it there
	state := append([]*Node{
		outSteps:    Const(g, int32(0)),
		outTokens:   Zeros(g, shapes.Make(dtypes.Int32, rows, n)),
		outLogProbs: Zeros(g, shapes.Make(dtypes.Float32, rows, n)),
		outHidden:   d.args[argHidden],
		outDone:     ConvertDType(LessOrEqual(left, ZerosLike(left)), dtypes.Int32), // 1: done
	}, d.ring...)
	shapesOf := make([]shapes.Shape, len(state))
	for i, s := range state {
		shapesOf[i] = s.Shape()
	}
	params := func(g *Graph) []*Node {
		ps := make([]*Node, len(shapesOf))
		for i, s := range shapesOf {
			ps[i] = Parameter(g, "", s)
		}
		return ps
	}
	cond := NewClosure(g, func(g *Graph) []*Node {
		s := params(g)
		unfinished := LessThan(ReduceAllSum(s[outDone]), Const(g, int32(rows)))
		return []*Node{LogicalAnd(LessThan(s[outSteps], Const(g, int32(n))), unfinished)}
	})
	body := NewClosure(g, func(g *Graph) []*Node {
		s := params(g)
		t, zero := s[outSteps], Const(g, int32(0))
		u := Reshape(Gather(uniforms, Reshape(t, 1, 1)), rows)
		token, logProb := draw(d.w.Logits(s[outHidden]), u, d.c.Temperature)
		ended := LogicalOr(Equal(token, Const(g, d.c.EOS)), LessOrEqual(left, AddScalar(t, 1)))
		hidden, ring := d.step(token, t, s[outDone+1:])
		return append([]*Node{
			outSteps:    AddScalar(t, 1),
			outTokens:   DynamicUpdateSlice(s[outTokens], ExpandAxes(token, -1), []*Node{zero, t}),
			outLogProbs: DynamicUpdateSlice(s[outLogProbs], ExpandAxes(logProb, -1), []*Node{zero, t}),
			outHidden:   hidden,
			outDone:     Max(s[outDone], ConvertDType(ended, dtypes.Int32)),
		}, ring...)
	})
	final := While(cond, body, state...)
	return append(append([]*Node{}, final[:outDone]...), final[outDone+1:]...)
}

// biasOf is 0 where visible and masked elsewhere.
func biasOf(visible *Node) *Node {
	g, s := visible.Graph(), visible.Shape().Clone()
	s.DType = dtypes.Float32
	return Where(visible, Zeros(g, s), FillScalar(g, s, masked))
}

// step feeds one drawn token a row through the decoder: token [P·K], t the number of steps before it, the ring → hidden [P·K,D] and
// the updated ring.
func (d *decoding) step(token, t *Node, ring []*Node) (hidden *Node, newRing []*Node) {
	w, c, g := d.w, d.w.Config, token.Graph()
	p, k, e := d.slots, d.samples, c.headDim()
	bundles, n := c.bundles()
	zero, size := Const(g, int32(0)), Const(g, int32(d.r))
	age := Add(d.args[argAges], t) // the token is its slot's number age
	rot := rotaryAt(Reshape(ConvertDType(Add(d.args[argLengths], age), dtypes.Float32), p, 1, 1), c)
	column := wrap(Sub(Add(d.args[argColumn], t), size), size)
	// A column is as many steps old as it lies before the one filled now. A slot sees those filled since it began.
	old := wrap(Sub(column, Iota(g, shapes.Make(dtypes.Int32, 1, d.r), 1)), size)
	bias := Reshape(biasOf(LessOrEqual(old, ExpandAxes(age, -1))), p, 1, 1, 1, d.r)
	x := w.embed(token)
	for l := range c.Layers {
		h := w.rmsNorm(x, layerName(l, "attn_norm"))
		q := MulScalar(rot.apply(Reshape(w.linear(h, l, "wq", "bq"), p, k, c.Heads, e)), 1/math.Sqrt(float64(e)))
		key := Reshape(rot.apply(Reshape(w.linear(h, l, "wk", "bk"), p, k, c.kvHeads(), e)), p, k, bundles, n*e, 1)
		value := Reshape(w.linear(h, l, "wv", "bv"), p, k, bundles, 1, n*e)
		var attention []*Node
		for part := range d.parts {
			first := part * d.perPart
			at := d.at(l, first, keyCache)
			of := func(x *Node) *Node { return SliceAxis(x, 0, AxisRange(first, first+d.size(part))) }
			keys := DynamicUpdateSlice(ring[at], of(key), []*Node{zero, zero, zero, zero, column})
			values := DynamicUpdateSlice(ring[at+1], of(value), []*Node{zero, zero, zero, column, zero})
			newRing = append(newRing, keys, values)
			attention = append(attention, cachedAttention(of(q), d.ownGroups[part], d.prompts[at], d.prompts[at+1], of(d.promptBias), keys, values, of(bias)))
		}
		x = w.finishBlock(l, x, Concatenate(attention, 0))
	}
	return w.rmsNorm(x, "norm"), newRing
}

// wrap adds size where x is below 0.
func wrap(x, size *Node) *Node {
	return Where(LessThan(x, ZerosLike(x)), Add(x, size), x)
}

// rowTile is the number of rows that the backend's kernels for small matrix products take at once; what is left over they multiply
// number by number, which takes many times as long as a whole tile.
const rowTile = 4

// bundles says how many bundles B of how many groups n of heads attend in one product: the smallest bundles of which a row's queries
// fill whole tiles, if there are any. Queries then hold zeros where the other groups of the bundle have their numbers, which
// costs multiplications, but fewer than tiles that are not full.
func (c Config) bundles() (b, n int) {
	groups := c.kvHeads()
	for n := 1; n <= groups; n++ {
		if groups%n == 0 && n*(c.Heads/groups)%rowTile == 0 {
			return groups / n, n
		}
	}
	return groups, 1
}

// cachedAttention attends from one new position a row to its prompt and its response so far, for B bundles of n groups of M heads:
// q [S,K,H,E], scaled, ownGroups as the function gives it, the prompts' keys [S,B,nE,T], values [S,B,T,nE] and bias [S,1,1,1,T], the responses' keys [S,K,B,nE,R],
// values [S,K,B,R,nE] and bias [S,1,1,1,R] → [S·K,D].
func cachedAttention(q, ownGroups, promptKeys, promptValues, promptBias, keys, values, bias *Node) *Node {
	d := q.Shape().Dimensions
	p, k, heads, e := d[0], d[1], d[2], d[3]
	bundles, n := dim(keys, 2), dim(keys, 3)/e
	rows := heads / bundles // of a bundle: n·M
	q = spread(Reshape(q, p, k, bundles, rows, e), ownGroups)
	// The samples of a prompt are the rows of one product with its keys.
	shared := func(x *Node) *Node {
		return Reshape(TransposeAllAxes(x, 0, 2, 1, 3, 4), p, bundles, k*rows, dim(x, -1))
	}
	own := func(x *Node) *Node {
		return TransposeAllAxes(Reshape(x, p, bundles, k, rows, dim(x, -1)), 0, 2, 1, 3, 4)
	}
	onPrompt := Add(own(rowsTimes(shared(q), promptKeys)), promptBias) // [S,K,B,nM,T]
	onResponse := Add(rowsTimes(q, keys), bias)                        // [S,K,B,nM,R]
	// The softmax over both, with its division at the end, where there are fewest numbers.
	most := Max(ReduceAndKeep(onPrompt, ReduceMax, -1), ReduceAndKeep(onResponse, ReduceMax, -1))
	onPrompt, onResponse = Exp(Sub(onPrompt, most)), Exp(Sub(onResponse, most))
	total := Add(ReduceAndKeep(onPrompt, ReduceSum, -1), ReduceAndKeep(onResponse, ReduceSum, -1))
	mixed := Add(own(rowsTimes(shared(onPrompt), promptValues)), rowsTimes(onResponse, values))
	return Reshape(gathered(Div(mixed, total), n), p*k, heads*e)
}

// ownGroups is 1 where the numbers of a query's own group lie in a bundle, for a batch of rows: [S,K,B,nM,nE].
func ownGroups(g *Graph, c Config, slots, samples int) *Node {
	bundles, n := c.bundles()
	rows, e := c.Heads/bundles, c.headDim()
	mask := make([]float32, rows*n*e)
	for row := range rows {
		own := row / (rows / n)
		for i := range e {
			mask[row*n*e+own*e+i] = 1
		}
	}
	// As large as the queries: that is what the backend multiplies fast.
	return BroadcastToDims(Reshape(Const(g, mask), 1, 1, 1, rows, n*e), slots, samples, bundles, rows, n*e)
}

// spread puts the queries of a bundle where their groups' keys are: [...,nM,E] → [...,nM,nE] with zeros elsewhere.
func spread(q, own *Node) *Node {
	n := dim(own, -1) / dim(q, -1)
	if n == 1 {
		return q
	}
	copies := make([]*Node, n)
	for i := range copies {
		copies[i] = q
	}
	return Mul(Concatenate(copies, -1), own)
}

// gathered takes each query's own group out of what it mixed: [...,nM,nE] → [...,nM,E].
func gathered(x *Node, n int) *Node {
	if n == 1 {
		return x
	}
	m, e := dim(x, -2)/n, dim(x, -1)/n
	parts := make([]*Node, n)
	for i := range parts {
		parts[i] = SliceAxis(SliceAxis(x, -2, AxisRange(i*m, (i+1)*m)), -1, AxisRange(i*e, (i+1)*e))
	}
	return Concatenate(parts, -2)
}

// rowsTimes is a·b over leading batch axes, for few rows: a [...,M,K] and b [...,K,N] → [...,M,N].
func rowsTimes(a, b *Node) *Node {
	rows := dim(a, -2)
	if missing := roundUp(rows, rowTile) - rows; missing > 0 {
		dims := append([]int(nil), a.Shape().Dimensions...)
		dims[len(dims)-2] = missing
		a = Concatenate([]*Node{a, Zeros(a.Graph(), shapes.Make(a.DType(), dims...))}, -2)
		return SliceAxis(matrix.Multiply(a, b), -2, AxisRangeFromStart(rows))
	}
	return matrix.Multiply(a, b)
}

// draw picks a token of each row by inverting the cumulative distribution at u: logits [N,V], u [N] → token [N] int32,
// log-probability [N] under softmax(logits/temperature). Temperature 0 takes the most probable token, whose log-probability
// is then that of softmax(logits).
func draw(logits, u *Node, temperature float64) (token, logProb *Node) {
	g := logits.Graph()
	vocab := logits.Shape().Dimensions[1]
	if temperature == 0 {
		token = ArgMax(logits, -1, dtypes.Int32)
		return token, TokenLogProbs(logits, token, 1)
	}
	_, exps := shiftedExp(logits, temperature)
	cumulative := CumSum(exps, -1)
	// The last cumulative value, not a separate sum: rounding must not leave u beyond the end.
	total := SliceAxis(cumulative, -1, AxisElem(vocab-1))
	below := LessOrEqual(cumulative, Mul(ExpandAxes(u, -1), total))
	token = ReduceSum(ConvertDType(below, dtypes.Int32), -1)
	token = Min(token, Const(g, int32(vocab-1)))
	return token, TokenLogProbs(logits, token, temperature)
}
