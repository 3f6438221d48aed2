package recommend

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	. "github.com/gomlx/gomlx/core/graph"
)

// reference computes the logit of one pair by loops in float64. x, z, g end in their constants; keep are the hidden masks or nil.
func reference(a arch, w map[string][]float64, x, z, g, s []float64, keep [][]float64) float64 {
	times := func(name string, v []float64) []float64 { // W·v, W: [len(out), len(v)]
		m := w[name]
		out := make([]float64, len(m)/len(v))
		for i := range out {
			for j := range v {
				out[i] += m[i*len(v)+j] * v[j]
			}
		}
		return out
	}
	add := func(a, b []float64) {
		for i := range a {
			a[i] += b[i]
		}
	}
	each := func(a, b []float64) []float64 {
		out := slices.Clone(a)
		for i := range out {
			out[i] *= b[i]
		}
		return out
	}
	relu := func(a []float64) []float64 {
		for i := range a {
			a[i] = max(a[i], 0)
		}
		return a
	}
	if a.predictor == MLPPredictor {
		masked := func(v []float64, i int) []float64 {
			if keep == nil {
				return v
			}
			return each(v, keep[i])
		}
		u, v := relu(times("cv", x)), relu(times("jd", z))
		h := times("mix_cv", masked(u, 0))
		add(h, times("mix_jd", masked(v, 1)))
		add(h, times("mix_product", masked(each(u, v), 2)))
		add(h, times("mix_sides", s[:2]))
		if a.generated() {
			tower := relu(times("jd", g))
			add(h, times("mix_generated", masked(tower, 3)))
			add(h, times("mix_generated_product", masked(each(tower, v), 4)))
			add(h, times("mix_generated_sides", s[2:]))
		}
		return times("out", relu(h))[0] + w["out_bias"][0]
	}
	u, v := times("cv", x), times("jd", z)
	out := w["cosine"][0]*s[0] + w["cosine"][1]*s[1]
	if a.generated() {
		add(u, times("generated", g))
		out += w["generated_cosine"][0] * s[3]
	}
	for i := range u {
		out += math.Tanh(u[i]) * math.Tanh(v[i]) / math.Sqrt(float64(a.width))
	}
	return out
}

// randomCase draws all weights and inputs of an architecture, M=2, B=3.
type randomCase struct {
	arch
	weights    []map[string][]float64
	x, z, g, s [][][]float64 // [M][B][...]
	keep       [][][][]float64
	y          [][]float64
	batch      *batch
	pairs      int
	weights32  []map[string][]float32
}

func newRandomCase(predictor, modelName string) *randomCase {
	c := &randomCase{arch: arch{predictor, modelName, 2, 5, 4}, pairs: 3}
	rng := rand.New(rand.NewPCG(11, 12))
	draw := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = float64(float32(rng.NormFloat64()))
		}
		return out
	}
	c.batch = newBatch(c.arch, c.pairs, true)
	for m := range c.members {
		w, w32 := map[string][]float64{}, map[string][]float32{}
		for _, t := range c.arch.weights() {
			n := 1
			for _, d := range t.shape {
				n *= d
			}
			w[t.name] = draw(n)
			for _, v := range w[t.name] {
				w32[t.name] = append(w32[t.name], float32(v))
			}
		}
		c.weights, c.weights32 = append(c.weights, w), append(c.weights32, w32)
		var x, z, g, s [][]float64
		var keep [][][]float64
		var y []float64
		for b := range c.pairs {
			put := func(dst []float32, v []float64) {
				for j := range v {
					dst[(m*len(v)+j)*c.pairs+b] = float32(v[j])
				}
			}
			row := func(all *[][]float64, dst []float32, n int) {
				*all = append(*all, draw(n))
				put(dst, (*all)[b])
			}
			row(&x, c.batch.x, c.inputs())
			row(&z, c.batch.z, c.inputs())
			row(&s, c.batch.s, c.sides())
			if c.generated() {
				row(&g, c.batch.g, c.inputs())
			} else {
				g = append(g, nil)
			}
			var k [][]float64
			for i := range c.masks() {
				mask := make([]float64, c.width)
				for j := range mask {
					mask[j] = 2 * float64(rng.IntN(2))
				}
				k = append(k, mask)
				put(c.batch.keep[i], mask)
			}
			keep = append(keep, k)
			y = append(y, float64(rng.IntN(2)))
			c.batch.y[m*c.pairs+b] = float32(y[b])
		}
		c.x, c.z, c.g, c.s, c.keep, c.y = append(c.x, x), append(c.z, z), append(c.g, g), append(c.s, s), append(c.keep, keep), append(c.y, y)
	}
	return c
}

// loss of member m by the reference.
func (c *randomCase) loss(m int) float64 {
	var sum float64
	for b := range c.pairs {
		keep := c.keep[m][b]
		if c.masks() == 0 {
			keep = nil
		}
		l := reference(c.arch, c.weights[m], c.x[m][b], c.z[m][b], c.g[m][b], c.s[m][b], keep)
		sum += math.Log1p(math.Exp(l)) - l*c.y[m][b]
	}
	return sum / float64(c.pairs)
}

var allArchs = []Key{{Base, MLPPredictor}, {GIRL, MLPPredictor}, {Base, DotPredictor}, {GIRL, DotPredictor}}

// The loss and its gradient in the graph against loops and central differences in float64.
func TestGradientAgainstFiniteDifferences(t *testing.T) {
	backend := newBackend(t)
	for _, k := range allArchs {
		c := newRandomCase(k.Predictor, k.Model)
		n, err := newNetwork(backend, c.arch, c.weights32, nil)
		if err != nil {
			t.Fatal(err)
		}
		exec, err := model.NewExec(backend, n.store, func(scope *model.Scope, args []*Node) []*Node {
			value := n.node(args[0].Graph())
			loss := bce(n.logits(value, n.take(args[1:])), args[0])
			var nodes []*Node
			for _, w := range n.weights() {
				nodes = append(nodes, value(w.name))
			}
			return append([]*Node{loss}, Gradient(ReduceAllSum(loss), nodes...)...)
		})
		if err != nil {
			t.Fatal(err)
		}
		outs, err := exec.Call(append([]any{tensors.FromFlatDataAndDimensions(c.batch.y, c.members, c.pairs)}, c.batch.tensors()...)...)
		if err != nil {
			t.Fatal(err)
		}
		losses := tensors.MustCopyFlatData[float32](outs[0])
		for m := range c.members {
			if got, want := float64(losses[m]), c.loss(m); !near(got, want, float32ish*max(1, want)) {
				t.Errorf("%v: loss of member %d is %v, want %v", k, m, got, want)
			}
		}
		for i, w := range n.weights() {
			gradient := tensors.MustCopyFlatData[float32](outs[i+1])
			size := len(gradient) / c.members
			for m := range c.members {
				for j := range size {
					const h = 1e-5
					at := &c.weights[m][w.name][j]
					old := *at
					*at = old + h
					up := c.loss(m)
					*at = old - h
					down := c.loss(m)
					*at = old
					if got, want := float64(gradient[m*size+j]), (up-down)/(2*h); !near(got, want, 1e-4*max(1, math.Abs(want))) {
						t.Errorf("%v: gradient of %s[%d] of member %d is %v, want %v", k, w.name, j, m, got, want)
					}
				}
			}
		}
		n.close()
	}
}

// One step of AdamW from zero moments: m̂ = g and v̂ = g², so that w becomes w - rate·(g/(|g|+ε) + decay·w). The second
// evaluation must see the new weights.
func TestStepAndFreshEvaluation(t *testing.T) {
	backend := newBackend(t)
	for _, k := range allArchs {
		c := newRandomCase(k.Predictor, k.Model)
		tasks := []task{{trial: Trial{LearningRate: 0.01, WeightDecay: 0.5}}, {trial: Trial{LearningRate: 0.003}}}
		n, err := newNetwork(backend, c.arch, c.weights32, tasks)
		if err != nil {
			t.Fatal(err)
		}
		evaluate := func() []float32 {
			plain := *c.batch
			plain.keep = nil
			outs, err := n.eval.Call(plain.tensors()...)
			if err != nil {
				t.Fatal(err)
			}
			return tensors.MustCopyFlatData[float32](outs[0])
		}
		before := evaluate()
		if _, err := n.train.Call(append([]any{tensors.FromFlatDataAndDimensions(c.batch.y, c.members, c.pairs)}, c.batch.tensors()...)...); err != nil {
			t.Fatal(err)
		}
		for m := range c.members {
			after, err := n.member(m)
			if err != nil {
				t.Fatal(err)
			}
			trial := tasks[m].trial
			for _, w := range n.weights() {
				for j := range after[w.name] {
					const h = 1e-5
					at := &c.weights[m][w.name][j]
					old := *at
					*at = old + h
					up := c.loss(m)
					*at = old - h
					slope := (up - c.loss(m)) / (2 * h)
					*at = old
					if math.Abs(slope) < 1e-4 && slope != 0 {
						continue // too close to ε for float32
					}
					want := old - trial.LearningRate*slope/(math.Abs(slope)+adamEps)
					if w.decay {
						want -= trial.LearningRate * trial.WeightDecay * old
					}
					if got := float64(after[w.name][j]); !near(got, want, float32ish) {
						t.Errorf("%v: %s[%d] of member %d became %v, want %v", k, w.name, j, m, got, want)
					}
				}
			}
			for name, v := range after {
				for j := range v {
					c.weights[m][name][j] = float64(v[j])
				}
			}
		}
		now := evaluate()
		for m := range c.members {
			for b := range c.pairs {
				want := reference(c.arch, c.weights[m], c.x[m][b], c.z[m][b], c.g[m][b], c.s[m][b], nil)
				got := float64(now[m*c.pairs+b])
				if !near(got, want, 10*float32ish*max(1, math.Abs(want))) {
					t.Errorf("%v: logit after the step is %v, want %v (%v before it)", k, got, want, before[m*c.pairs+b])
				}
			}
		}
		n.close()
	}
}

// A network that can be trained at all can learn a few pairs by heart.
func TestOverfitsOneBatch(t *testing.T) {
	backend := newBackend(t)
	d := plantedData(20, 10, 3, 5, func(rng *rand.Rand, liked string) []string { return []string{liked} })
	c := smallConfig()
	c.MaxSteps, c.EvalEvery, c.Patience, c.DropGenerated = 400, 100, 100, 0
	for _, k := range allArchs {
		s := newExperiment(c, 1, &d)
		if err := s.encode(context.Background()); err != nil {
			t.Fatal(err)
		}
		f := s.tuning
		f.valid = f.train[:16]
		f.train = f.valid
		ta := s.task(&f, Trial{LearningRate: 0.01, Sharpen: 0}, k.Model, 0)
		fits, err := fit(context.Background(), backend, c, arch{k.Predictor, k.Model, 1, f.enc.Dim, 16}, []task{ta}, s.labels, 1)
		if err != nil {
			t.Fatal(err)
		}
		if fits[0].logLoss > 0.05 {
			t.Errorf("%v: LogLoss %.3f on 16 pairs learnt by heart, want less than 0.05", k, fits[0].logLoss)
		}
	}
}

func TestLogLossByHand(t *testing.T) {
	// σ(0) = 1/2 whatever the label; σ(ln 3) = 3/4, right for label 1 and wrong for label 0.
	got := logLoss([]float64{0, math.Log(3), math.Log(3)}, []int{0, 1, 2}, []int{1, 1, 0})
	if want := (math.Log(2) - math.Log(0.75) - math.Log(0.25)) / 3; !near(got, want, exact) {
		t.Errorf("logLoss %v, want %v", got, want)
	}
	if got := logLoss([]float64{1000, -1000}, []int{0, 1}, []int{0, 1}); got != 1000 {
		t.Errorf("logLoss %v of hopeless logits, want 1000", got)
	}
}
