package lm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
)

// sftLoss is what fine-tuning minimises, the weighted mean of −log π over tokens.
func (m slowModel) sftLoss(seqs []Sequence, promptWeight float64) float64 {
	sum, weight := 0.0, 0.0
	for _, s := range seqs {
		// From the second token on, every token is a response to its predecessors.
		for i, lp := range m.logProbs(Sequence{join(s)[:1], join(s)[1:]}, 1) {
			x := 1.0
			if i+1 < len(s.Prompt) {
				x = promptWeight
			}
			sum -= x * lp
			weight += x
		}
	}
	return sum / weight
}

// gradient is that of a loss of the model by central differences, whose error is of order h² = 1e-10, and its global norm.
func (m slowModel) gradient(loss func() float64) (slopes map[string][]float64, norm float64) {
	const h = 1e-5
	slopes = make(map[string][]float64)
	for name, weights := range m.w {
		slopes[name] = make([]float64, len(weights))
		for j, x := range weights {
			weights[j] = x + h
			up := loss()
			weights[j] = x - h
			slopes[name][j] = (up - loss()) / (2 * h)
			weights[j] = x
			norm += slopes[name][j] * slopes[name][j]
		}
	}
	return slopes, math.Sqrt(norm)
}

// adamStep makes one step of Adam by its definition, from moments of 0, with clipping and decoupled decay.
func (m slowModel) adamStep(gradient map[string][]float64, norm, rate float64, c AdamConfig) {
	scale := 1.0
	if c.ClipNorm > 0 && norm > c.ClipNorm {
		scale = c.ClipNorm / norm
	}
	for name, weights := range m.w {
		for j, g := range gradient[name] {
			g *= scale
			first, second := (1-c.Beta1)*g/(1-c.Beta1), (1-c.Beta2)*g*g/(1-c.Beta2)
			weights[j] -= rate * (first/(math.Sqrt(second)+c.Eps) + c.WeightDecay*weights[j])
		}
	}
}

// allLogits gives the logits of every position of every sequence, from one padded batch.
func allLogits(t *testing.T, w *Weights, seqs []Sequence) []float32 {
	t.Helper()
	b := must(Pack(seqs, len(seqs)+1, Responses))(t)
	tokens, _, _, _ := b.Args()
	flat := graphOf(t, w, func(a []*Node) []*Node { return []*Node{w.Logits(w.Hidden(a[0]))} }, tokens)[0]
	var out []float32
	for r, s := range seqs {
		from := r * b.T * w.Config.Vocab
		out = append(out, flat[from:from+s.Len()*w.Config.Vocab]...)
	}
	return out
}

// trainingSeqs are sequences of unequal lengths.
func trainingSeqs(rng *rand.Rand, vocab int) []Sequence {
	return []Sequence{{randomTokens(rng, 4, vocab), randomTokens(rng, 5, vocab)}, {randomTokens(rng, 1, vocab), randomTokens(rng, 3, vocab)}, {randomTokens(rng, 7, vocab), randomTokens(rng, 11, vocab)}}
}

// steps are optimizers to make a training step with. Where eps is small beside a gradient, Adam's first step is little but its sign,
// so that a gradient near 0 leaves its rounding in the weight: a large eps compares the size of every one.
var steps = map[string]AdamConfig{
	"of fine-tuning":   {Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.05, ClipNorm: 1},
	"of PPO":           {Beta1: 0.9, Beta2: 0.999, Eps: 1e-5, ClipNorm: 1},
	"with a large ε":   {Beta1: 0.9, Beta2: 0.99, Eps: largeEps, WeightDecay: 0.05, ClipNorm: 0.2},
	"without clipping": {Beta1: 0.9, Beta2: 0.99, Eps: largeEps, WeightDecay: 0.5},
}

// largeEps is an ε beside which gradients are small.
const largeEps = 0.05

// TestTrainingStepEqualsSlowReference makes one training step of the float64 reference, from its own gradient to its own Adam.
func TestTrainingStepEqualsSlowReference(t *testing.T) {
	const rate, promptWeight = 0.02, 0.1
	rng := rand.New(rand.NewPCG(12, 3))
	for _, tied := range []bool{true, false} {
		c := Config{Layers: 2, Dim: 8, Heads: 4, KVHeads: 2, FFN: 6, Vocab: 7, MaxLen: 32, RopeBase: 100, NormEps: 1e-5, QKVBias: true, TiedHead: tied}
		seqs := trainingSeqs(rng, c.Vocab)
		slow := newSlowModel(t, tinyWeights(t, c, TokenHead))
		gradient, norm := slow.gradient(func() float64 { return slow.sftLoss(seqs, promptWeight) })
		for name, adam := range steps {
			what := fmt.Sprintf("tied %t, step %s: ", tied, name)
			w := tinyWeights(t, c, TokenHead)
			trainer := must(NewTrainer(testBackend(t), w, adam, meanLoss(w)))(t)
			r := must(trainer.Step(rate, argsOf(must(PackWeighted(seqs, 4, promptWeight))(t))...))(t)
			want := newSlowModel(t, tinyWeights(t, c, TokenHead))
			near(t, what+"loss", r.Loss, want.sftLoss(seqs, promptWeight), reference)
			near(t, what+"gradient norm", r.GradNorm, norm, reference)
			want.adamStep(gradient, norm, rate, adam)
			for weight, data := range must(w.Snapshot())(t) {
				nearAll(t, what+weight, data, want.w[weight])
			}
			var logits []float64
			for _, s := range seqs {
				for _, h := range want.hidden(join(s)) {
					logits = append(logits, want.logits(h)...)
				}
			}
			nearAll(t, what+"logits after it", allLogits(t, w, seqs), logits)
		}
	}
}

// pythonWithTorch names a Python that has PyTorch, or skips the test.
func pythonWithTorch(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import torch").Run() == nil {
			return python
		}
	}
	t.Skip("no python3 with PyTorch (pip install torch): the decoder is not compared with a second implementation")
	return ""
}

// torchJob and torchResult are the input and the output of testdata/decoder.py.
type torchJob struct {
	Weights      string          `json:"weights"`
	DType        string          `json:"dtype"`
	Sequences    []torchSequence `json:"sequences"`
	PromptWeight float64         `json:"prompt_weight"`
	Rate         float64         `json:"rate"`
	Steps        int             `json:"steps"`
	Beta1        float64         `json:"beta1"`
	Beta2        float64         `json:"beta2"`
	Eps          float64         `json:"eps"`
	WeightDecay  float64         `json:"weight_decay"`
	ClipNorm     float64         `json:"clip_norm"`
}

type torchSequence struct {
	Prompt   []int32 `json:"prompt"`
	Response []int32 `json:"response"`
}

type torchResult struct {
	Logits      [][]float64          `json:"logits"`
	LogitsAfter [][]float64          `json:"logits_after"`
	Loss        float64              `json:"loss"`
	GradNorm    float64              `json:"grad_norm"`
	Weights     map[string][]float64 `json:"weights"`
}

// TestDecoderEqualsPyTorch: logits, and logits and weights after training steps of the same weights, against a second implementation that
// reads our weights file.
func TestDecoderEqualsPyTorch(t *testing.T) {
	if testing.Short() {
		t.Skip("starting PyTorch takes seconds")
	}
	python := pythonWithTorch(t)
	const rate, promptWeight = 2.5e-3, 0.1
	rng := rand.New(rand.NewPCG(13, 3))
	configs := variants()
	configs["of the embedded default"] = Config{Layers: 2, Dim: 128, Heads: 4, FFN: 344, Vocab: 300, MaxLen: 240, RopeBase: 10000, NormEps: 1e-5, TiedHead: true}
	type side struct {
		what   string
		w      *Weights
		seqs   []Sequence
		adam   AdamConfig
		before []float32
		result StepResult
	}
	var own []side
	var jobs []torchJob
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		c := configs[name]
		for _, step := range slices.Sorted(maps.Keys(steps)) {
			adam := steps[step]
			if adam.ClipNorm == 0 || step == "of PPO" && !c.QKVBias { // the script always clips
				continue
			}
			w := tinyWeights(t, c, TokenHead)
			s := side{what: name + ", step " + step, w: w, seqs: trainingSeqs(rng, c.Vocab), adam: adam}
			path := filepath.Join(t.TempDir(), "w.safetensors")
			must(0, w.Save(path))(t)
			n := 1
			if adam.Eps >= largeEps {
				n = 3 // moments, too
			}
			job := torchJob{Weights: path, PromptWeight: promptWeight, Rate: rate, Steps: n, Beta1: adam.Beta1, Beta2: adam.Beta2, Eps: adam.Eps, WeightDecay: adam.WeightDecay, ClipNorm: adam.ClipNorm}
			for _, q := range s.seqs {
				job.Sequences = append(job.Sequences, torchSequence(q))
			}
			s.before = allLogits(t, w, s.seqs)
			trainer := must(NewTrainer(testBackend(t), w, adam, meanLoss(w)))(t)
			for range n {
				s.result = must(trainer.Step(rate, argsOf(must(PackWeighted(s.seqs, 4, promptWeight))(t))...))(t)
			}
			for _, dtype := range []string{"float32", "float64"} {
				job.DType = dtype
				jobs, own = append(jobs, job), append(own, s)
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, filepath.Join("testdata", "decoder.py"))
	cmd.Stdin = bytes.NewReader(must(json.Marshal(jobs))(t))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	var results []torchResult
	must(0, json.Unmarshal(out, &results))(t)
	if len(results) != len(jobs) {
		t.Fatalf("%d results of %d jobs", len(results), len(jobs))
	}
	worst, least := map[string]float64{}, 1.0
	compare := func(dtype, kind, what string, got []float32, want []float64) {
		t.Helper()
		nearAll(t, what+": "+kind, got, want)
		worst[dtype+" "+kind] = max(worst[dtype+" "+kind], apart(got, want))
	}
	for i, r := range results {
		s, dtype := own[i], jobs[i].DType
		what := s.what + ", " + dtype
		compare(dtype, "logits", what, s.before, flatten(r.Logits))
		after, want := allLogits(t, s.w, s.seqs), flatten(r.LogitsAfter)
		if s.adam.Eps >= largeEps {
			compare(dtype, "logits after training", what, after, want)
		} else if d := apart(after, want); !(d < 10*reference) { // the few weights below move them
			t.Errorf("%s: logits after training are %g apart", what, d)
		}
		near(t, what+": loss", s.result.Loss, r.Loss, reference)
		near(t, what+": gradient norm", s.result.GradNorm, r.GradNorm, reference)
		for name, data := range must(s.w.Snapshot())(t) {
			if s.adam.Eps >= largeEps {
				compare(dtype, "weights after training", what+", "+name, data, r.Weights[name])
				continue
			}
			within, off := 0, 0.0
			for j, want := range r.Weights[name] {
				d := math.Abs(float64(data[j]) - want)
				off = max(off, d)
				if d <= reference*rate {
					within++
				}
			}
			// A step is at most about the rate; few gradients are so near 0 that rounding turns theirs.
			if share := float64(within) / float64(len(data)); share < 0.95 || off > 2.1*rate {
				t.Errorf("%s, %s: %.4f of the weights are within %g of a step, the farthest is off by %g", what, name, share, reference, off)
			} else {
				least = min(least, share)
			}
		}
	}
	t.Logf("%d jobs, worst relative differences: %v; with small ε at least %.4f of a matrix's weights within %g of a step", len(jobs), worst, least, reference)
}

func flatten(rows [][]float64) (flat []float64) {
	for _, row := range rows {
		flat = append(flat, row...)
	}
	return flat
}

// apart is the largest difference relative to the largest wanted number.
func apart(got []float32, want []float64) float64 {
	largest, worst := 0.0, 0.0
	for i := range want {
		largest, worst = max(largest, math.Abs(want[i])), max(worst, math.Abs(float64(got[i])-want[i]))
	}
	return worst / largest
}
