package lm

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// prefill encodes prompts: [F,T] int32 right-padded and lengths [F] int32 → last hidden states [F,D], then each layer's rotated keys
// [F,B,nE,T] and values [F,B,T,nE] in turn, for B bundles of n groups of heads. Keys lie transposed, so that a step's products A·B run along rows of memory.
func (w *Weights) prefill(prompts, lengths *Node) []*Node {
	c, g := w.Config, prompts.Graph()
	f, t, e := dim(prompts, 0), dim(prompts, 1), c.headDim()
	bundles, groups := c.bundles()
	rot := rotaryAt(Iota(g, shapes.Make(dtypes.Float32, t), 0), c)
	bias := causalBias(g, t)
	x := w.embed(prompts)
	out := []*Node{nil}
	for l := range c.Layers {
		q, k, v := w.qkv(l, x, rot)
		byPosition := TransposeAllAxes(Reshape(v, f, bundles, groups, t, e), 0, 1, 3, 2, 4)
		out = append(out, Reshape(swap(k), f, bundles, groups*e, t), Reshape(byPosition, f, bundles, t, groups*e))
		x = w.finishBlock(l, x, causalAttention(q, k, v, bias))
	}
	index := Add(MulScalar(Iota(g, shapes.Make(dtypes.Int32, f), 0), t), AddScalar(lengths, -1))
	out[0] = selectRows(w.rmsNorm(x, "norm"), index)
	return out
}

// decoding is the graph's view of some steps of sampling for P prompts, the slots, with K samples each.
type decoding struct {
	w *Weights
	slotLayout
	lengths    *Node   // [P] int32, of the prompts
	ages       *Node   // [P] int32, tokens each slot had drawn before
	column     *Node   // [] int32, of the ring, that the first of these steps fills
	prompts    []*Node // of each layer and part, in turn: the prompts' keys [S,B,nE,T] and values [S,B,T,nE]
	promptBias *Node   // [P,1,1,1,T], hides padding
	ownGroups  *Node   // [S,K,B,nM,nE]
	ring       []*Node // likewise, of the responses so far: [S,K,B,nE,R] and [S,K,B,R,nE]
}

// newDecoding takes lengths, ages and column, passes over three arguments, and takes the caches, whose shapes tell the layout.
func newDecoding(w *Weights, c SampleConfig, args []*Node) *decoding {
	caches := args[6:]
	half := len(caches) / 2
	d := &decoding{w: w, lengths: args[0], ages: args[1], column: args[2], prompts: caches[:half], ring: caches[half:]}
	d.slots, d.samples, d.parts = dim(d.lengths, 0), c.Samples, half/(2*w.Config.Layers)
	d.perPart, d.t, d.r = d.slots/d.parts, dim(d.prompts[0], -1), dim(d.ring[0], -1)
	g := d.lengths.Graph()
	real := LessThan(Iota(g, shapes.Make(dtypes.Int32, d.slots, d.t), 1), ExpandAxes(d.lengths, -1))
	d.promptBias = Reshape(biasOf(real), d.slots, 1, 1, 1, d.t)
	d.ownGroups = ownGroups(g, w.Config, d.perPart, d.samples)
	return d
}

// decode draws up to N tokens for each row: hidden [P·K,D], from which the first is drawn, left [P·K] int32, how many it may still
// draw, uniforms [N,P·K] in [0,1) → steps taken [], tokens [P·K,N] int32, log-probabilities [P·K,N], hidden, and the new ring.
//
// It ends early when all rows are done: have drawn EOS, or what they may. Until then rows that are done draw on; nobody reads it.
func (d *decoding) decode(hidden, left, uniforms *Node, sc SampleConfig) []*Node {
	g := hidden.Graph()
	for _, q := range parameters(d.w.Config, d.w.Head) {
		d.w.node(g, "%s", q.name) // a variable first read inside a loop's body would become one of its parameters
	}
	n, rows := dim(uniforms, 0), d.slots*d.samples
	uniforms.AssertDims(n, rows)
	state := append([]*Node{
		Const(g, int32(0)),
		Zeros(g, shapes.Make(dtypes.Int32, rows, n)),
		Zeros(g, shapes.Make(dtypes.Float32, rows, n)),
		hidden,
		ConvertDType(LessOrEqual(left, ZerosLike(left)), dtypes.Int32), // 1: done
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
		unfinished := LessThan(ReduceAllSum(s[4]), Const(g, int32(rows)))
		return []*Node{LogicalAnd(LessThan(s[0], Const(g, int32(n))), unfinished)}
	})
	body := NewClosure(g, func(g *Graph) []*Node {
		s := params(g)
		t, zero := s[0], Const(g, int32(0))
		u := Reshape(Gather(uniforms, Reshape(t, 1, 1)), rows)
		token, logProb := draw(d.w.Logits(s[3]), u, sc.Temperature)
		ended := LogicalOr(Equal(token, Const(g, sc.EOS)), LessOrEqual(left, AddScalar(t, 1)))
		next := []*Node{
			AddScalar(t, 1),
			DynamicUpdateSlice(s[1], ExpandAxes(token, -1), []*Node{zero, t}),
			DynamicUpdateSlice(s[2], ExpandAxes(logProb, -1), []*Node{zero, t}),
			nil,
			Max(s[4], ConvertDType(ended, dtypes.Int32)),
		}
		h, newRing := d.step(token, t, s[5:])
		next[3] = h
		return append(next, newRing...)
	})
	final := While(cond, body, state...)
	return append(append([]*Node{}, final[:4]...), final[5:]...)
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
	p, k, groups, e := d.slots, d.samples, c.kvHeads(), c.headDim()
	bundles, n := c.bundles()
	zero, size := Const(g, int32(0)), Const(g, int32(d.r))
	age := Add(d.ages, t) // the token is its slot's number age
	rot := rotaryAt(Reshape(ConvertDType(Add(d.lengths, age), dtypes.Float32), p, 1, 1), c)
	column := wrap(Sub(Add(d.column, t), size), size)
	// A column is as many steps old as it lies before the one filled now. A slot sees those filled since it began.
	old := wrap(Sub(column, Iota(g, shapes.Make(dtypes.Int32, 1, d.r), 1)), size)
	bias := Reshape(biasOf(LessOrEqual(old, ExpandAxes(age, -1))), p, 1, 1, 1, d.r)
	x := w.embed(token)
	for l := range c.Layers {
		h := w.rmsNorm(x, layerName(l, "attn_norm"))
		q := MulScalar(rot.apply(Reshape(w.linear(h, l, "wq", "bq"), p, k, c.Heads, e)), 1/math.Sqrt(float64(e)))
		key := Reshape(rot.apply(Reshape(w.linear(h, l, "wk", "bk"), p, k, groups, e)), p, k, bundles, n*e, 1)
		value := Reshape(w.linear(h, l, "wv", "bv"), p, k, bundles, 1, n*e)
		var attention []*Node
		for part := range d.parts {
			at := 2 * (l*d.parts + part)
			of := func(x *Node) *Node { return SliceAxis(x, 0, AxisRange(part*d.perPart, (part+1)*d.perPart)) }
			keys := DynamicUpdateSlice(ring[at], of(key), []*Node{zero, zero, zero, zero, column})
			values := DynamicUpdateSlice(ring[at+1], of(value), []*Node{zero, zero, zero, column, zero})
			newRing = append(newRing, keys, values)
			attention = append(attention, cachedAttention(of(q), d.ownGroups, d.prompts[at], d.prompts[at+1], of(d.promptBias), keys, values, of(bias)))
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
		return SliceAxis(multiply(a, b), -2, AxisRangeFromStart(rows))
	}
	return multiply(a, b)
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
