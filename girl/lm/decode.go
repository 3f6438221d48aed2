package lm

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// decode draws K responses for each of P prompts in one graph: prompts [P,T] int32 right-padded, lengths [P]
// int32 (0: a dummy row), uniforms [R,P·K] in [0,1) → tokens [P,K,R] int32, log-probabilities [P,K,R], steps taken [].
//
// Each prompt is encoded once; its keys and values are shared by its K samples and never copied. Only the
// response's keys [P,K,G,R,E] and values [P,K,G,E,R] are loop state, which the backend updates in place. The loop ends
// when every row has drawn EOS; later positions of a finished row hold the EOS token.
func (w *Weights) decode(prompts, lengths, uniforms *Node, sc SampleConfig) (tokens, logProbs, steps *Node) {
	c, g := w.Config, prompts.Graph()
	p, k, r := prompts.Shape().Dimensions[0], sc.Samples, sc.MaxNew
	for _, q := range parameters(c, w.Head) {
		w.node(g, "%s", q.name) // a variable first read inside a loop's body would become one of its parameters
	}
	rows := p * k
	uniforms.AssertDims(r, rows)
	floats, ints := dtypes.Float32, dtypes.Int32
	// A prompt of length 0 is a dummy that fills the batch: its rows must not keep the loop going.
	finished := ConvertDType(Equal(lengths, Const(g, int32(0))), ints)
	finished = Reshape(BroadcastToDims(ExpandAxes(finished, 1), p, k), rows)
	lengths = MaxScalar(lengths, 1)
	cache, last := w.prefill(prompts, lengths)
	hidden := Reshape(BroadcastToDims(ExpandAxes(last, 1), p, k, c.Dim), rows, c.Dim)
	kv := shapes.Make(floats, p, k, c.kvHeads(), r, c.headDim())
	vk := shapes.Make(floats, p, k, c.kvHeads(), c.headDim(), r)
	state := []*Node{
		Const(g, int32(0)),
		hidden,
		FillScalar(g, shapes.Make(ints, rows, r), float64(sc.EOS)),
		Zeros(g, shapes.Make(floats, rows, r)),
		finished, // [P·K] int32, 1 where EOS has been drawn
	}
	for range c.Layers {
		state = append(state, Zeros(g, kv), Zeros(g, vk))
	}
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
		return []*Node{LogicalAnd(LessThan(s[0], Const(g, int32(r))), unfinished)}
	})
	body := NewClosure(g, func(g *Graph) []*Node {
		s := params(g)
		t, done := s[0], s[4]
		zero := Const(g, int32(0))
		u := Reshape(Gather(uniforms, Reshape(t, 1, 1)), rows)
		token, logProb := draw(w.Logits(s[1]), u, sc.Temperature)
		isDone := GreaterThan(done, zero)
		token = Where(isDone, FillScalar(g, token.Shape(), float64(sc.EOS)), token)
		logProb = Where(isDone, ZerosLike(logProb), logProb)
		next := []*Node{
			AddScalar(t, 1),
			nil,
			DynamicUpdateSlice(s[2], ExpandAxes(token, -1), []*Node{zero, t}),
			DynamicUpdateSlice(s[3], ExpandAxes(logProb, -1), []*Node{zero, t}),
			Max(done, ConvertDType(Equal(token, Const(g, sc.EOS)), ints)),
		}
		h, newKV := w.step(token, t, lengths, cache, s[5:], k)
		next[1] = h
		return append(next, newKV...)
	})
	final := While(cond, body, state...)
	return Reshape(final[2], p, k, r), Reshape(final[3], p, k, r), final[0]
}

// promptCache holds each layer's rotated keys [P,G,T,E] and values [P,G,E,T] of the prompts, and the bias that hides
// their padding, [P,1,1,1,T]. Values lie transposed so that every product of a step contracts last axes.
type promptCache struct {
	k, v []*Node
	bias *Node
}

// prefill encodes the prompts once and returns their cache and last real hidden state [P,D].
func (w *Weights) prefill(prompts, lengths *Node) (promptCache, *Node) {
	c, g := w.Config, prompts.Graph()
	p, t := prompts.Shape().Dimensions[0], prompts.Shape().Dimensions[1]
	rot := rotaryAt(Iota(g, shapes.Make(dtypes.Float32, t), 0), c)
	bias := causalBias(g, t)
	x := w.embed(prompts)
	var cache promptCache
	for l := range c.Layers {
		q, k, v := w.qkv(l, x, rot)
		cache.k, cache.v = append(cache.k, k), append(cache.v, Transpose(v, 2, 3))
		x = w.finishBlock(l, x, causalAttention(q, k, v, bias))
	}
	index := Add(MulScalar(Iota(g, shapes.Make(dtypes.Int32, p), 0), t), AddScalar(lengths, -1))
	last := selectRows(w.rmsNorm(x, "norm"), index)
	visible := LessThan(Iota(g, shapes.Make(dtypes.Int32, p, t), 1), ExpandAxes(lengths, -1))
	cache.bias = Reshape(Where(visible, Zeros(g, shapes.Make(dtypes.Float32, p, t)),
		FillScalar(g, shapes.Make(dtypes.Float32, p, t), masked)), p, 1, 1, 1, t)
	return cache, last
}

// step feeds one drawn token a row through the decoder: token [P·K], t the response position, kv the layers' keys
// [P,K,G,R,E] and values [P,K,G,E,R] in turn → hidden [P·K,D] and the updated kv.
func (w *Weights) step(token, t, lengths *Node, cache promptCache, kv []*Node, k int) (hidden *Node, newKV []*Node) {
	c, g := w.Config, token.Graph()
	p, r := lengths.Shape().Dimensions[0], kv[0].Shape().Dimensions[3]
	groups, e := c.kvHeads(), c.headDim()
	zero := Const(g, int32(0))
	position := ConvertDType(Add(lengths, t), dtypes.Float32)
	rot := rotaryAt(Reshape(position, p, 1, 1), c)
	past := LessOrEqual(Iota(g, shapes.Make(dtypes.Int32, r), 0), t)
	bias := Where(past, Zeros(g, shapes.Make(dtypes.Float32, r)), FillScalar(g, shapes.Make(dtypes.Float32, r), masked))
	x := w.embed(token)
	for l := range c.Layers {
		h := w.rmsNorm(x, layerName(l, "attn_norm"))
		q := rot.apply(Reshape(w.linear(h, l, "wq", "bq"), p, k, c.Heads, e))
		key := rot.apply(Reshape(w.linear(h, l, "wk", "bk"), p, k, groups, e))
		value := Reshape(w.linear(h, l, "wv", "bv"), p, k, groups, e, 1)
		keys := DynamicUpdateSlice(kv[2*l], Reshape(key, p, k, groups, 1, e), []*Node{zero, zero, zero, t, zero})
		values := DynamicUpdateSlice(kv[2*l+1], value, []*Node{zero, zero, zero, zero, t})
		newKV = append(newKV, keys, values)
		q = MulScalar(Reshape(q, p, k, groups, c.Heads/groups, e), 1/math.Sqrt(float64(e)))
		x = w.finishBlock(l, x, cachedAttention(q, cache, l, keys, values, bias))
	}
	return w.rmsNorm(x, "norm"), newKV
}

// cachedAttention attends from one new position a row to its prompt and its response so far: q [P,K,G,M,E]
// with M = H/G, scaled; keys [P,K,G,R,E]; values [P,K,G,E,R]; bias [R] → [P·K,D].
func cachedAttention(q *Node, cache promptCache, l int, keys, values, bias *Node) *Node {
	d := q.Shape().Dimensions
	p, k, groups, m, e := d[0], d[1], d[2], d[3], d[4]
	t := cache.k[l].Shape().Dimensions[2]
	onPrompt := DotGeneral(q, []int{4}, []int{0, 2}, cache.k[l], []int{3}, []int{0, 1}) // [P,G,K,M,T]
	onPrompt = Add(TransposeAllAxes(onPrompt, 0, 2, 1, 3, 4), cache.bias)
	onResponse := DotGeneral(q, []int{4}, []int{0, 1, 2}, keys, []int{4}, []int{0, 1, 2}) // [P,K,G,M,R]
	onResponse = Add(onResponse, ExpandLeftToRank(bias, 5))
	probs := Softmax(Concatenate([]*Node{onPrompt, onResponse}, -1), -1)
	fromPrompt := DotGeneral(SliceAxis(probs, -1, AxisRangeFromStart(t)), []int{4}, []int{0, 2}, cache.v[l], []int{3}, []int{0, 1})
	fromResponse := DotGeneral(SliceAxis(probs, -1, AxisRangeToEnd(t)), []int{4}, []int{0, 1, 2}, values, []int{4}, []int{0, 1, 2})
	mixed := Add(TransposeAllAxes(fromPrompt, 0, 2, 1, 3, 4), fromResponse)
	return Reshape(mixed, p*k, groups*m*e)
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
