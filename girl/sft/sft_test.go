package sft

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"genjobrec/girl/lm"
)

func validLoss(t *testing.T, w *lm.Weights, valid []lm.Sequence) float64 {
	t.Helper()
	return must(MeanLoss(context.Background(), must(lm.NewLogProbs(testBackend(t), w, 1, 32))(t), valid))(t)
}

func TestRunLearnsARule(t *testing.T) {
	w := writer(t)
	train, valid := copies(160, 1), copies(40, 2)
	first := validLoss(t, w, valid)
	var dones []int
	c := testConfig()
	r := must(Run(context.Background(), testBackend(t), c, w, train, valid, 3, nil, func(done, total int, _ string) {
		if total != c.Epochs*20 { // 160 rows of 16 tokens in batches of 128
			t.Fatalf("%d steps in all", total)
		}
		dones = append(dones, done)
	}))(t)
	if math.Abs(first-math.Log(vocab)) > 0.3 || r.BestLoss > 0.1 {
		t.Errorf("validation loss fell from %g (uniform: %g) to %g", first, math.Log(vocab), r.BestLoss)
	}
	if h := r.History; h[len(h)-1].TrainLoss > 0.5*h[0].TrainLoss {
		t.Errorf("training loss went from %g to %g", h[0].TrainLoss, h[len(h)-1].TrainLoss)
	}
	if got := validLoss(t, w, valid); got != r.BestLoss {
		t.Errorf("the weights left have validation loss %g, the best was %g", got, r.BestLoss)
	}
	for i, e := range r.History {
		if e.Epoch != i+1 || e.Tokens != (i+1)*160*6 {
			t.Errorf("entry %d of the history is of epoch %d after %d tokens", i, e.Epoch, e.Tokens)
		}
	}
	if r.Tokens != len(r.History)*160*6 {
		t.Errorf("%d tokens in all", r.Tokens)
	}
	if len(dones) != 20*len(r.History) || !slices.IsSorted(dones) || dones[0] != 1 {
		t.Errorf("progress heard %v", dones)
	}
}

// TestWriterLearnsToEnd: end-of-text is learnt like any other token, so that what the writer samples ends where the texts do.
func TestWriterLearnsToEnd(t *testing.T) {
	w := writer(t)
	must(Run(context.Background(), testBackend(t), testConfig(), w, copies(160, 1), copies(40, 2), 3, nil, nil))(t)
	sampler := must(lm.NewSampler(testBackend(t), w, lm.SampleConfig{Samples: 1, MaxNew: 8, Temperature: 1, EOS: 1, BatchRows: 32}))(t)
	var prompts [][]int32
	for _, s := range copies(32, 4) {
		prompts = append(prompts, s.Prompt)
	}
	ended := 0
	for _, s := range must(sampler.Sample(context.Background(), prompts, make([]uint64, 32), nil))(t) {
		if s[0].Ended && len(s[0].Tokens) == 3 {
			ended++
		}
	}
	if ended < 29 { // nine in ten
		t.Errorf("%d of 32 responses end with their third token, as all texts do", ended)
	}
}

// TestEarlyStoppingRestoresBestEpoch learns noise by heart, which makes validation worse after a few epochs.
func TestEarlyStoppingRestoresBestEpoch(t *testing.T) {
	w := writer(t)
	train, valid := noise(24, 1), noise(24, 2)
	c := testConfig()
	c.Epochs, c.Patience = 60, 3
	r := must(Run(context.Background(), testBackend(t), c, w, train, valid, 3, nil, nil))(t)
	if len(r.History) != r.BestEpoch+c.Patience || len(r.History) >= c.Epochs {
		t.Errorf("%d epochs with the best at %d and a patience of %d", len(r.History), r.BestEpoch, c.Patience)
	}
	least := math.Inf(1)
	for _, e := range r.History {
		least = min(least, e.ValidLoss)
	}
	if r.BestLoss != least || r.History[r.BestEpoch-1].ValidLoss != least {
		t.Errorf("best loss %g at epoch %d, the least is %g", r.BestLoss, r.BestEpoch, least)
	}
	if last := r.History[len(r.History)-1].ValidLoss; last <= least {
		t.Errorf("the last epoch's loss %g is the best: the test shows nothing", last)
	}
	if got := validLoss(t, w, valid); got != r.BestLoss {
		t.Errorf("the weights left have validation loss %g, the best was %g", got, r.BestLoss)
	}
}

func TestCancelLeavesBestWeights(t *testing.T) {
	valid := copies(20, 2)
	for _, at := range []int{1, 7} { // steps; an epoch has 3
		w := writer(t)
		first := validLoss(t, w, valid)
		ctx, cancel := context.WithCancel(context.Background())
		r, err := Run(ctx, testBackend(t), testConfig(), w, copies(24, 1), valid, 3, nil, func(done, _ int, _ string) {
			if done == at {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || r == nil {
			t.Fatalf("cancelled at step %d: result %v, error %v", at, r, err)
		}
		if len(r.History) != at/3 {
			t.Errorf("cancelled at step %d: %d epochs", at, len(r.History))
		}
		want := min(first, r.BestLoss)
		if got := validLoss(t, w, valid); got != want {
			t.Errorf("cancelled at step %d: the weights left have loss %g, the best was %g", at, got, want)
		}
	}
}

func TestErrorsLeaveTheWeights(t *testing.T) {
	good := copies(24, 1)
	diverging := testConfig()
	diverging.LearningRate, diverging.Warmup = 1e300, 0 // infinite in float32
	oneStep := diverging
	oneStep.Epochs, oneStep.BatchTokens = 1, 1024
	for _, c := range []struct {
		name         string
		config       Config
		train, valid []lm.Sequence
	}{
		{"no training pairs", testConfig(), nil, good},
		{"no validation pairs", testConfig(), good, nil},
		{"empty prompt in training", testConfig(), append(copies(24, 1), lm.Sequence{Response: []int32{5}}), good},
		{"empty sequence in training", testConfig(), append(copies(24, 1), lm.Sequence{}), good},
		{"empty prompt in validation", testConfig(), good, []lm.Sequence{{Response: []int32{5}}}},
		{"nothing to predict in validation", testConfig(), good, []lm.Sequence{{Prompt: []int32{5}}}},
		{"unknown token in validation", testConfig(), good, []lm.Sequence{{Prompt: []int32{5}, Response: []int32{vocab}}}},
		{"divergence", diverging, good, good},
		{"divergence in the last step", oneStep, good, good},
	} {
		w := writer(t)
		before := must(w.Snapshot())(t)
		_, err := Run(context.Background(), testBackend(t), c.config, w, c.train, c.valid, 3, nil, nil)
		if err == nil {
			t.Errorf("%s: no error", c.name)
		}
		if named := err != nil && strings.Contains(err.Error(), "needs training and validation pairs"); named != (len(c.train)*len(c.valid) == 0) {
			t.Errorf("%s: error %v", c.name, err)
		}
		var nonFinite *lm.NonFiniteError
		if errors.As(err, &nonFinite) != (c.name == "divergence") {
			t.Errorf("%s: error %v", c.name, err)
		}
		if at := changed(t, before, w); at != "" {
			t.Errorf("%s: %s changed", c.name, at)
		}
	}
}

func TestRunIsRepeatable(t *testing.T) {
	run := func(seed uint64) *lm.Weights {
		c := testConfig()
		c.Epochs = 2
		w := writer(t)
		must(Run(context.Background(), testBackend(t), c, w, copies(24, 1), copies(8, 2), seed, nil, nil))(t)
		return w
	}
	first := must(run(3).Snapshot())(t)
	if at := changed(t, first, run(3)); at != "" {
		t.Errorf("the same seed gives another %s", at)
	}
	if at := changed(t, first, run(4)); at == "" {
		t.Error("another seed gives the same weights")
	}
}

// lossGraph evaluates Loss on a batch, and its gradient with respect to the named weights.
func lossGraph(t *testing.T, w *lm.Weights, b *lm.Batch, names ...string) [][]float32 {
	t.Helper()
	exec := must(model.NewExec(testBackend(t), w.Store, func(_ *model.Scope, a []*Node) []*Node {
		loss := Loss(w, a[0], a[1], a[2], a[3])
		if len(names) == 0 {
			return []*Node{loss}
		}
		var weights []*Node
		for _, name := range names {
			weights = append(weights, w.Store.GetVariable("/"+name).NodeValue(loss.Graph()))
		}
		return append([]*Node{loss}, Gradient(loss, weights...)...)
	}))(t)
	tokens, index, target, mask := b.Args()
	var out [][]float32
	for _, o := range must(exec.Call(tokens, index, target, mask))(t) {
		out = append(out, must(tensors.CopyFlatData[float32](o))(t))
	}
	return out
}

// TestPromptWeightsEnterTheLoss checks the weighted mean by hand, from log-probabilities evaluated one sequence at a time.
func TestPromptWeightsEnterTheLoss(t *testing.T) {
	w := writer(t)
	must(Run(context.Background(), testBackend(t), testConfig(), w, copies(24, 1), copies(8, 2), 1, nil, nil))(t) // away from uniform
	seqs := []lm.Sequence{{Prompt: []int32{2, 4, 5}, Response: []int32{5, 6, 1}}, {Prompt: []int32{2}, Response: []int32{7, 1}}, {Prompt: []int32{2, 9, 9, 8}, Response: []int32{1}}}
	forward := must(lm.NewLogProbs(testBackend(t), w, 1, 1))(t)
	var prompt, response, prompts, responses float64
	for _, s := range seqs {
		all := slices.Concat(s.Prompt, s.Response)
		row := must(forward.All(context.Background(), []lm.Sequence{{Prompt: all[:1], Response: all[1:]}}))(t)[0]
		for i, lp := range row {
			if i+1 < len(s.Prompt) {
				prompt -= float64(lp)
				prompts++
			} else {
				response -= float64(lp)
				responses++
			}
		}
	}
	if prompts != 5 || responses != 6 {
		t.Fatalf("%g prompt tokens are predicted and %g response tokens", prompts, responses)
	}
	plan := lm.BatchPlan{Index: []int{2, 0, 1}, Rows: 4}
	for _, weight := range []float64{0, 0.25, 1} {
		b := must(pick(seqs, plan, weight))(t)
		want := (response + weight*prompt) / (responses + weight*prompts)
		near(t, "loss", float64(lossGraph(t, w, b)[0][0]), want, single)
	}
	near(t, "mean loss", must(MeanLoss(context.Background(), forward, seqs))(t), response/responses, single)
}

func TestLossGradientEqualsFiniteDifferences(t *testing.T) {
	w := writer(t)
	must(Run(context.Background(), testBackend(t), testConfig(), w, copies(24, 1), copies(8, 2), 1, nil, nil))(t)
	seqs := noise(3, 5)
	b := must(pick(seqs, lm.BatchPlan{Index: []int{0, 1, 2}, Rows: 3}, 0.5))(t)
	names := []string{"embed", "norm", "layers.0.wq", "layers.0.wv", "layers.0.w_gate", "layers.0.attn_norm"}
	got := lossGraph(t, w, b, names...)
	before := must(w.Snapshot())(t)
	const h = 1e-2
	for i, name := range names {
		probes := append(steepest(got[i+1], 4), len(before[name])-1, len(before[name])/2)
		scale := math.Abs(float64(got[i+1][probes[0]]))
		if scale == 0 {
			t.Errorf("no gradient on %s", name)
		}
		for _, at := range probes {
			shifted := func(by float32) float64 {
				s := must(w.Snapshot())(t)
				s[name][at] += by
				if err := w.Restore(s); err != nil {
					t.Fatal(err)
				}
				defer func() { must(0, w.Restore(before))(t) }()
				return float64(lossGraph(t, w, b)[0][0])
			}
			if want := (shifted(h) - shifted(-h)) / (2 * h); !(math.Abs(float64(got[i+1][at])-want) <= slope*scale) {
				t.Errorf("%s[%d]: got %.6g, want %.6g, where the steepest is %.6g", name, at, got[i+1][at], want, scale)
			}
		}
	}
}
