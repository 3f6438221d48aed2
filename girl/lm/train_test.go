package lm

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// TestGradientEqualsFiniteDifferences compares every number of the float32 gradient of fine-tuning's loss with central
// differences of the float64 reference, whose own error is far below that of float32.
func TestGradientEqualsFiniteDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, tied := range []bool{true, false} {
		c := Config{Layers: 2, Dim: 8, Heads: 4, KVHeads: 2, FFN: 6, Vocab: 7, MaxLen: 32, RopeBase: 100, NormEps: 1e-5, QKVBias: true, TiedHead: tied}
		w := tinyWeights(t, c, TokenHead)
		const promptWeight = 0.25
		seqs := []Sequence{{randomTokens(rng, 3, 7), randomTokens(rng, 4, 7)}, {randomTokens(rng, 1, 7), randomTokens(rng, 2, 7)}}
		args := argsOf(must(PackWeighted(seqs, 3, promptWeight))(t))
		ps := parameters(c, TokenHead)
		got := graphOf(t, w, func(a []*Node) []*Node {
			loss, _ := meanLoss(w)(a)
			var weights []*Node
			for _, p := range ps {
				weights = append(weights, w.node(loss.Graph(), "%s", p.name))
			}
			return append([]*Node{loss}, Gradient(loss, weights...)...)
		}, args...)
		slow := newSlowModel(t, w)
		near(t, "loss", float64(got[0][0]), slow.sftLoss(seqs, promptWeight), single)
		slopes, norm := slow.gradient(func() float64 { return slow.sftLoss(seqs, promptWeight) })
		for i, p := range ps {
			nearAll(t, fmt.Sprintf("tied %t: gradient of %s", tied, p.name), got[i+1], slopes[p.name])
		}
		trainer := must(NewTrainer(testBackend(t), w, AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, ClipNorm: 1e-3}, meanLoss(w)))(t)
		r := must(trainer.Step(0.01, argsOf(must(PackWeighted(seqs, 3, promptWeight))(t))...))(t)
		near(t, "reported loss", r.Loss, float64(got[0][0]), single)
		near(t, "reported gradient norm", r.GradNorm, norm, reference)
	}
}

// slopes is a loss whose gradient is chosen: a[0] on the scalar head's bias (0 at the start), a[1] on the final norm's
// first gain (1 at the start) and 0 on its others.
func slopes(w *Weights) LossFn {
	return func(a []*Node) (*Node, []*Node) {
		g := a[0].Graph()
		bias := Reshape(w.node(g, "score_b"))
		gain := Reshape(SliceAxis(w.node(g, "norm"), 0, AxisElem(0)))
		return Add(Mul(a[0], bias), Mul(a[1], gain)), []*Node{a[0], MulScalar(a[1], 2)}
	}
}

func biasAndGain(t *testing.T, w *Weights) (bias, gain, otherGain float64) {
	t.Helper()
	s := must(w.Snapshot())(t)
	return float64(s["score_b"][0]), float64(s["norm"][0]), float64(s["norm"][1])
}

func TestGoldenAdamFirstStep(t *testing.T) {
	// adam_first_step of the golden vectors computed in float64 from the definition: eps is added outside the root.
	const grad, rate, eps, want = 1e-7, 1e-5, 1e-5, 9.900990099009899e-8
	w := must(NewWeights(minute(), ScalarHead, 1))(t)
	trainer := must(NewTrainer(testBackend(t), w, AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: eps}, slopes(w)))(t)
	must(trainer.Step(rate, float32(grad), float32(0)))(t)
	bias, _, _ := biasAndGain(t, w)
	near(t, "first step in units of the golden one", -bias/want, 1, single)
}

// TestAdamEqualsDefinition follows several steps with changing gradients and rates: bias corrections and decoupled decay.
func TestAdamEqualsDefinition(t *testing.T) {
	const beta1, beta2, eps, decay = 0.8, 0.95, 1e-3, 0.1
	w := must(NewWeights(minute(), ScalarHead, 1))(t)
	trainer := must(NewTrainer(testBackend(t), w, AdamConfig{Beta1: beta1, Beta2: beta2, Eps: eps, WeightDecay: decay}, slopes(w)))(t)
	type state struct{ x, m, v float64 }
	step := func(s *state, n int, rate, g float64) {
		s.m = beta1*s.m + (1-beta1)*g
		s.v = beta2*s.v + (1-beta2)*g*g
		mHat, vHat := s.m/(1-math.Pow(beta1, float64(n))), s.v/(1-math.Pow(beta2, float64(n)))
		s.x -= rate * (mHat/(math.Sqrt(vHat)+eps) + decay*s.x)
	}
	bias, gain, other := state{}, state{x: 1}, state{x: 1}
	for i, g := range [][2]float64{{0.5, -2}, {0.01, -1}, {-3, 0}, {0, 0.001}, {0.2, 4}} {
		rate := 0.1 / float64(i+1)
		r := must(trainer.Step(rate, float32(g[0]), float32(g[1])))(t)
		near(t, "norm", r.GradNorm, math.Hypot(g[0], g[1]), single)
		near(t, "first metric", r.Metrics[0], g[0], single)
		near(t, "second metric", r.Metrics[1], 2*g[1], single)
		step(&bias, i+1, rate, g[0])
		step(&gain, i+1, rate, g[1])
		step(&other, i+1, rate, 0)
		gotBias, gotGain, gotOther := biasAndGain(t, w)
		near(t, fmt.Sprintf("step %d: bias", i+1), gotBias, bias.x, single)
		near(t, fmt.Sprintf("step %d: gain", i+1), gotGain, gain.x, single)
		near(t, fmt.Sprintf("step %d: gain without gradient", i+1), gotOther, other.x, single)
	}
}

// TestNewTrainerStartsAfresh: moments of an earlier trainer must not push the first step of the next.
func TestNewTrainerStartsAfresh(t *testing.T) {
	w := must(NewWeights(minute(), ScalarHead, 1))(t)
	before := must(w.Snapshot())(t)
	adam := AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	first := must(NewTrainer(testBackend(t), w, adam, slopes(w)))(t)
	for range 5 {
		must(first.Step(0.1, float32(1), float32(1)))(t)
	}
	must(0, w.Restore(before))(t)
	must(must(NewTrainer(testBackend(t), w, adam, slopes(w)))(t).Step(0.1, float32(-1), float32(1)))(t)
	bias, gain, _ := biasAndGain(t, w)
	near(t, "bias", bias, 0.1, single) // Adam's first step is the rate against the gradient's sign
	near(t, "gain", gain, 0.9, single)
}

// TestClippingIsGlobal makes Adam's first step nearly proportional to the gradient by a large eps.
func TestClippingIsGlobal(t *testing.T) {
	const rate, eps = 1.0, 1.0
	for _, c := range []struct{ clip, scale float64 }{{0, 1}, {1, 0.2}, {2.5, 0.5}, {5, 1}, {7, 1}} {
		w := must(NewWeights(minute(), ScalarHead, 1))(t)
		trainer := must(NewTrainer(testBackend(t), w, AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: eps, ClipNorm: c.clip}, slopes(w)))(t)
		r := must(trainer.Step(rate, float32(3), float32(-4)))(t)
		bias, gain, _ := biasAndGain(t, w)
		near(t, fmt.Sprintf("clip %g: norm before clipping", c.clip), r.GradNorm, 5, single)
		near(t, fmt.Sprintf("clip %g: bias", c.clip), bias, -3*c.scale/(3*c.scale+eps), single)
		near(t, fmt.Sprintf("clip %g: gain", c.clip), gain, 1+4*c.scale/(4*c.scale+eps), single)
	}
}

func TestNonFiniteStepIsAnError(t *testing.T) {
	for _, c := range []struct {
		name string
		loss func(x *Node) *Node
		at   float32
	}{
		{"NaN", func(x *Node) *Node { return Log(x) }, -1},
		{"infinite loss", func(x *Node) *Node { return Neg(Log(x)) }, 0},
		{"finite loss with an infinite gradient", func(x *Node) *Node { return Sqrt(x) }, 0},
	} {
		w := must(NewWeights(minute(), ScalarHead, 1))(t)
		trainer := must(NewTrainer(testBackend(t), w, AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}, func(a []*Node) (*Node, []*Node) {
			return c.loss(Add(a[0], Reshape(w.node(a[0].Graph(), "score_b")))), nil
		}))(t)
		_, err := trainer.Step(0.1, c.at)
		var diverged *NonFiniteError
		if !errors.As(err, &diverged) {
			t.Errorf("%s: got error %v", c.name, err)
		}
	}
}

func trainingBatch(t *testing.T, c Config) []any {
	rng := rand.New(rand.NewPCG(11, 3))
	var seqs []Sequence
	for i := range 4 {
		seqs = append(seqs, Sequence{append([]int32{int32(i)}, randomTokens(rng, 2, c.Vocab)...), randomTokens(rng, 6, c.Vocab)})
	}
	return argsOf(must(Pack(seqs, 4, Responses))(t))
}

func TestLearningRateZeroLeavesEveryBit(t *testing.T) {
	w := tinyWeights(t, tinyConfig(), TokenHead)
	before := must(w.Snapshot())(t)
	trainer := must(NewTrainer(testBackend(t), w, AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.1, ClipNorm: 1}, meanLoss(w)))(t)
	for range 3 {
		must(trainer.Step(0, trainingBatch(t, w.Config)...))(t)
	}
	if at := changed(before, must(w.Snapshot())(t)); at != "" {
		t.Errorf("%s changed", at)
	}
	must(trainer.Step(1e-3, trainingBatch(t, w.Config)...))(t)
	after := must(w.Snapshot())(t)
	for name := range before {
		if equalBits(before[name], after[name]) {
			t.Errorf("a step at a rate above 0 left %s", name)
		}
	}
}

func TestOverfitsOneBatch(t *testing.T) {
	w := must(NewWeights(tinyConfig(), TokenHead, 1))(t)
	trainer := must(NewTrainer(testBackend(t), w, AdamConfig{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, ClipNorm: 1}, meanLoss(w)))(t)
	var first, last float64
	for i := range 150 {
		r := must(trainer.Step(0.01, trainingBatch(t, w.Config)...))(t)
		if i == 0 {
			first = r.Loss
		}
		last = r.Loss
	}
	if uniform := math.Log(40); math.Abs(first-uniform) > 0.1 {
		t.Errorf("the first loss is %g, of a fresh model about %g", first, uniform)
	}
	if last > 0.02 {
		t.Errorf("after 150 steps on one batch the loss is %g", last)
	}
}

// TestSameSeedSameBytes trains twice from one seed and once from another.
func TestSameSeedSameBytes(t *testing.T) {
	train := func(seed uint64) []byte {
		w := must(NewWeights(tinyConfig(), TokenHead, seed))(t)
		trainer := must(NewTrainer(testBackend(t), w, AdamConfig{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1, ClipNorm: 1}, meanLoss(w)))(t)
		for range 5 {
			must(trainer.Step(0.01, trainingBatch(t, w.Config)...))(t)
		}
		return saved(t, w)
	}
	first := train(1)
	for range 3 {
		if !bytes.Equal(first, train(1)) {
			t.Fatal("one seed gives two sets of weights")
		}
	}
	if bytes.Equal(first, train(2)) {
		t.Error("two seeds give one set of weights")
	}
}
