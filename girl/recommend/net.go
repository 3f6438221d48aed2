package recommend

import (
	"fmt"
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"

	"genjobrec/girl/internal/matrix"
)

// Dimension letters: M members trained side by side, B pairs of a batch, D width of the encodings, W hidden width, S side features.
// Members never mix: M is a batch axis of every product, so each is the network it would be alone. Activations are kept with
// the pairs last, [M, W, B]: the gradients of the weights are then plain products, without transposing the batch.

// arch is the shape of a network.
type arch struct {
	predictor           string // MLPPredictor or DotPredictor
	model               string // Base, GIRLSFT or GIRL
	members, dim, width int
}

func (a arch) generated() bool { return a.model != Base }

// sides is S: the cosine of CV and JD and a constant 1, then best and mean cosine of the generated JDs, and 1 where there
// are any.
func (a arch) sides() int {
	if a.generated() {
		return 5
	}
	return 2
}

// inputs is D+1: an encoding and a constant 1, whose weights are the bias.
func (a arch) inputs() int { return a.dim + 1 }

// weight is a trainable tensor with a leading axis M.
type weight struct {
	name  string
	shape []int   // without M
	init  float64 // initial values are uniform in ±init
	decay bool    // AdamW's decay applies
}

// weights lists the trainable tensors. What reads generated JDs starts at zero: a GIRL matcher begins as its Base.
func (a arch) weights() []weight {
	d, w := a.inputs(), a.width
	in := 1 / math.Sqrt(float64(a.dim))
	var out []weight
	switch a.predictor {
	case MLPPredictor:
		mix := 1 / math.Sqrt(float64(3*w+1))
		out = []weight{{"cv", []int{w, d}, in, true}, {"jd", []int{w, d}, in, true}, {"mix_cv", []int{w, w}, mix, true}, {"mix_jd", []int{w, w}, mix, true},
			{"mix_product", []int{w, w}, mix, true}, {"mix_sides", []int{w, 2}, mix, false}, {"out", []int{1, w}, 1 / math.Sqrt(float64(w)), true}, {"out_bias", []int{1}, 0, false}}
		if a.generated() {
			out = append(out, weight{"mix_generated", []int{w, w}, 0, true}, weight{"mix_generated_product", []int{w, w}, 0, true},
				weight{"mix_generated_sides", []int{w, a.sides() - 2}, 0, false})
		}
	case DotPredictor:
		out = []weight{{"cv", []int{w, d}, in, true}, {"jd", []int{w, d}, in, true}, {"cosine", []int{1, 2}, 0, false}}
		if a.generated() {
			out = append(out, weight{"generated", []int{w, d}, 0, true}, weight{"generated_cosine", []int{1, 1}, 0, false})
		}
	}
	return out
}

// initial draws the weights of one member.
func (a arch) initial(seed uint64) map[string][]float32 {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	out := make(map[string][]float32)
	for _, w := range a.weights() {
		size := 1
		for _, n := range w.shape {
			size *= n
		}
		values := make([]float32, size)
		for i := range values {
			if w.init > 0 {
				values[i] = float32(w.init * (2*rng.Float64() - 1))
			}
		}
		out[w.name] = values
	}
	return out
}

// inputs of a graph.
type inputs struct {
	x, z *Node   // [M, D+1, B] sharpened encodings of CV and JD, and 1
	g    *Node   // [M, D+1, B] mean encoding of the generated JDs, and 1; all 0 without any; nil for Base
	s    *Node   // [M, S, B] side features
	keep []*Node // masks: [M, W, B] each, hidden units times 0 or 1/(1-dropout); nil for none
}

// masks is how many hidden masks training takes.
func (a arch) masks() int {
	switch {
	case a.predictor == DotPredictor:
		return 0
	case a.generated():
		return 5
	}
	return 3
}

// assert panics unless the shapes are those of the architecture.
func (a arch) assert(in inputs) {
	batch := in.x.Shape().Dim(2)
	in.x.AssertDims(a.members, a.inputs(), batch)
	in.z.AssertDims(a.members, a.inputs(), batch)
	in.s.AssertDims(a.members, a.sides(), batch)
	if a.generated() {
		in.g.AssertDims(a.members, a.inputs(), batch)
	}
	for _, k := range in.keep {
		k.AssertDims(a.members, a.width, batch)
	}
}

// logits: [M, B], larger for a match. w gives a weight by name, with its leading axis M.
//
//	MLP: wᵀ·relu(A·[u, v, u⊙v, cos, 1] + B·[t, t⊙v, best cos, mean cos, p]) + c
//	     with u = relu(P·[x, 1]), v = relu(Q·[z, 1]), t = relu(Q·[g, p]): a generated JD is read as a JD is
//	Dot: ⟨tanh(P·[x, 1] + G·[g, p]), tanh(Q·[z, 1])⟩/√W + α·cos + β·mean cos + c
//
// x, z, g are the sharpened encodings of CV, JD and the mean generated JD; p is 1 where there are generated JDs, and g and
// its cosines are 0 where there are none, so that all their terms vanish. Dot's cosines are products of TF-IDF vectors, and
// thus more components of its two vectors: ⟨α·cv + β·mean generated, jd⟩.
func (a arch) logits(w func(string) *Node, in inputs) *Node {
	a.assert(in)
	product := func(t *Node, name string) *Node { return matrix.Product(w(name), t) }
	side := func(from, to int) *Node { return SliceAxis(in.s, 1, AxisRange(from, to)) }
	switch a.predictor {
	case MLPPredictor:
		relu := func(t *Node) *Node { return MaxScalar(t, 0) }
		mix := func(t *Node, mask int, name string) *Node {
			if in.keep != nil {
				t = Mul(t, in.keep[mask])
			}
			return product(t, name)
		}
		u, v := relu(product(in.x, "cv")), relu(product(in.z, "jd"))
		h := Add(Add(mix(u, 0, "mix_cv"), mix(v, 1, "mix_jd")), Add(mix(Mul(u, v), 2, "mix_product"), product(side(0, 2), "mix_sides")))
		if a.generated() {
			t := relu(product(in.g, "jd"))
			h = Add(h, Add(Add(mix(t, 3, "mix_generated"), mix(Mul(t, v), 4, "mix_generated_product")), product(side(2, 5), "mix_generated_sides")))
		}
		out := Squeeze(product(relu(h), "out"), 1)
		return Add(out, BroadcastToShape(w("out_bias"), out.Shape()))
	case DotPredictor:
		u, v := product(in.x, "cv"), product(in.z, "jd")
		out := product(side(0, 2), "cosine")
		if a.generated() {
			u = Add(u, product(in.g, "generated"))
			out = Add(out, product(side(3, 4), "generated_cosine"))
		}
		return Add(Squeeze(out, 1), MulScalar(ReduceSum(Mul(Tanh(u), Tanh(v)), 1), 1/math.Sqrt(float64(a.width))))
	}
	panic(fmt.Errorf("recommend: unknown predictor %q", a.predictor))
}

// bce is the mean binary cross-entropy of each member, [M], from logits and labels: [M, B]:
//
//	max(l, 0) - l·y + ln(1 + exp(-|l|))
func bce(logits, labels *Node) *Node {
	labels.AssertDims(logits.Shape().Dimensions...)
	each := Add(Sub(MaxScalar(logits, 0), Mul(logits, labels)), Log1P(Exp(Neg(Abs(logits)))))
	return ReduceMean(each, -1)
}
