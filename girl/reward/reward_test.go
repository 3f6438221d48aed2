package reward

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"genjobrec/girl/lm"
)

// lossGraph evaluates Loss on a batch, and its gradient with respect to the named weights.
func lossGraph(t *testing.T, u *lm.Weights, b *batch, rows int, names ...string) [][]float32 {
	t.Helper()
	exec := must(model.NewExec(testBackend(t), u.Store, func(_ *model.Scope, a []*Node) []*Node {
		loss := Loss(u, a[0], a[1], a[2], a[3], a[4])
		if len(names) == 0 {
			return []*Node{loss}
		}
		var weights []*Node
		for _, name := range names {
			weights = append(weights, u.Store.GetVariable("/"+name).NodeValue(loss.Graph()))
		}
		return append([]*Node{loss}, Gradient(loss, weights...)...)
	}))(t)
	var out [][]float32
	for _, o := range must(exec.Call(must(b.args(rows))(t)...))(t) {
		out = append(out, must(tensors.CopyFlatData[float32](o))(t))
	}
	return out
}

// twoCVs is a batch with 2·3 comparisons of one CV and 1·1 of another.
func twoCVs() *batch {
	all := planted(2, 9)
	b := &batch{}
	b.add(all[0].Prompt, [][]int32{{7, 4, 1}, {5, 7, 7, 1}}, [][]int32{{4, 1}, {5, 6, 4, 4, 1}, {8, 1}})
	b.add(all[1].Prompt, [][]int32{{9, 7, 1}}, [][]int32{{9, 9, 1}})
	return b
}

// TestLossByHand: within a CV the mean of −log σ over comparisons, then the mean over CVs.
func TestLossByHand(t *testing.T) {
	u, b := judge(t), twoCVs()
	s := must(must(NewScorer(testBackend(t), u))(t).Scores(context.Background(), b.seqs))(t)
	first := 0.0
	for _, up := range s[:2] {
		for _, down := range s[2:5] {
			first += math.Log(1+math.Exp(down-up)) / 6
		}
	}
	want := (first + math.Log(1+math.Exp(s[6]-s[5]))) / 2
	for _, rows := range []int{7, 12} {
		near(t, "loss", float64(lossGraph(t, u, b, rows)[0][0]), want, single)
	}
	if _, err := b.args(6); err == nil {
		t.Error("7 JDs in 6 rows: no error")
	}
}

// TestLossOfHugeMarginsIsFinite: exp(1000) is beyond float32 and float64.
func TestLossOfHugeMarginsIsFinite(t *testing.T) {
	u, b := judge(t), &batch{}
	b.add([]int32{2}, [][]int32{{4, 1}}, [][]int32{{5, 1}})
	b.add([]int32{2}, [][]int32{{5, 1}}, [][]int32{{4, 1}})
	snapshot := must(u.Snapshot())(t)
	for i := range snapshot["score_w"] {
		snapshot["score_w"][i] *= 1e5
	}
	must(0, u.Restore(snapshot))(t)
	s := must(must(NewScorer(testBackend(t), u))(t).Scores(context.Background(), b.seqs))(t)
	margin := math.Abs(s[0] - s[1])
	if margin < 1000 {
		t.Fatalf("the margin is %g: the test shows nothing", margin)
	}
	out := lossGraph(t, u, b, 4, "score_w", "embed")
	near(t, "loss", float64(out[0][0]), margin/2, single)
	for _, gradient := range out[1:] {
		for _, x := range gradient {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				t.Fatalf("gradient %g", x)
			}
		}
	}
}

func TestLossGradientEqualsFiniteDifferences(t *testing.T) {
	u, b := judge(t), twoCVs()
	names := []string{"score_w", "score_b", "norm", "embed", "layers.0.wq", "layers.0.wv", "layers.0.w_down"}
	got := lossGraph(t, u, b, 8, names...)
	before := must(u.Snapshot())(t)
	const h = 1e-2
	for i, name := range names {
		probes := append(steepest(got[i+1], 4), 0, len(before[name])/2)
		scale := math.Abs(float64(got[i+1][probes[0]]))
		if name == "score_b" {
			scale = 0.01 // the bias cancels in every margin: its gradient is 0
		} else if scale == 0 {
			t.Errorf("no gradient on %s", name)
		}
		for _, at := range probes {
			shifted := func(by float32) float64 {
				s := must(u.Snapshot())(t)
				s[name][at] += by
				must(0, u.Restore(s))(t)
				defer func() { must(0, u.Restore(before))(t) }()
				return float64(lossGraph(t, u, b, 8)[0][0])
			}
			if want := (shifted(h) - shifted(-h)) / (2 * h); !(math.Abs(float64(got[i+1][at])-want) <= slope*scale) {
				t.Errorf("%s[%d]: got %.6g, want %.6g, where the steepest is %.6g", name, at, got[i+1][at], want, scale)
			}
		}
	}
}

func TestRunLearnsAPlantedRule(t *testing.T) {
	u := must(lm.NewWeights(judge(t).Config, lm.ScalarHead, 3))(t)
	train, valid, test := planted(60, 1), planted(20, 2), planted(40, 3)
	scorer := must(NewScorer(testBackend(t), u))(t)
	before := must(Evaluate(context.Background(), scorer, AllPairs(test)))(t)
	last := 0
	r := must(Run(context.Background(), testBackend(t), testConfig(), u, train, valid, 5, nil, func(done, _ int, _ string) { last = done }))(t)
	after := must(Evaluate(context.Background(), scorer, AllPairs(test)))(t)
	if after.Accuracy < 0.9 || before.Accuracy > 0.8 {
		t.Errorf("accuracy on %d held-out pairs went from %.3f to %.3f", after.Pairs, before.Accuracy, after.Accuracy)
	}
	if after.ChosenMean <= after.RejectedMean || after.Loss >= before.Loss {
		t.Errorf("after training: %+v", after)
	}
	if got := must(Evaluate(context.Background(), scorer, AllPairs(valid)))(t); got != r.Best.Valid {
		t.Errorf("the weights left measure %+v, the best epoch %+v", got, r.Best.Valid)
	}
	borrowed := 0
	for _, c := range train {
		if len(c.Mismatched) == 0 {
			borrowed++
		}
	}
	if r.Borrowed != borrowed || borrowed == 0 {
		t.Errorf("%d CVs borrowed, want %d", r.Borrowed, borrowed)
	}
	if r.Tokens == 0 || last == 0 {
		t.Errorf("%d tokens, %d steps", r.Tokens, last)
	}
}

// TestEarlyStoppingRestoresBestEpoch trains on verdicts drawn by lot, which are learnt by heart or not at all.
func TestEarlyStoppingRestoresBestEpoch(t *testing.T) {
	u := must(lm.NewWeights(judge(t).Config, lm.ScalarHead, 3))(t)
	lot := func(seed uint64) []Candidates {
		all, rng := planted(12, seed), rand.New(rand.NewPCG(seed, 2))
		for i, c := range all {
			if rng.IntN(2) == 0 {
				all[i].Matched, all[i].Mismatched = c.Mismatched, c.Matched
			}
		}
		return all
	}
	c := testConfig()
	c.Epochs, c.Random = 40, 0
	valid := lot(2)
	r := must(Run(context.Background(), testBackend(t), c, u, lot(1), valid, 5, nil, nil))(t)
	if len(r.History) != r.Best.Epoch+c.Patience || len(r.History) >= c.Epochs {
		t.Errorf("%d epochs with the best at %d and a patience of %d", len(r.History), r.Best.Epoch, c.Patience)
	}
	for _, e := range r.History {
		if e.Valid.Loss < r.Best.Valid.Loss {
			t.Errorf("epoch %d has loss %g, the best is said to be %g", e.Epoch, e.Valid.Loss, r.Best.Valid.Loss)
		}
	}
	got := must(Evaluate(context.Background(), must(NewScorer(testBackend(t), u))(t), AllPairs(valid)))(t)
	if last := r.History[len(r.History)-1].Valid; got != r.Best.Valid || got == last {
		t.Errorf("the weights left measure %+v, the best epoch %+v, the last %+v", got, r.Best.Valid, last)
	}
}

func TestRunRefusesAndStops(t *testing.T) {
	good := planted(12, 1)
	onlyMatched := []Candidates{{Prompt: []int32{2}, Matched: [][]int32{{4, 1}}}}
	few, diverging := testConfig(), testConfig()
	few.BatchRows = 4
	diverging.LearningRate, diverging.Warmup = 1e300, 0 // infinite in float32
	oneStep := diverging
	oneStep.Epochs, oneStep.BatchRows = 1, 64
	for _, c := range []struct {
		name         string
		config       Config
		train, valid []Candidates
	}{
		{"no training CVs", testConfig(), nil, good},
		{"no validation CVs", testConfig(), good, nil},
		{"nothing to compare in training", testConfig(), onlyMatched, good},
		{"nothing to compare in validation", testConfig(), good, onlyMatched},
		{"a CV brings more than a batch", few, good, good},
		{"empty prompt", testConfig(), append(planted(12, 1), Candidates{Matched: [][]int32{{4}}, Mismatched: [][]int32{{5}}}), good},
		{"divergence", diverging, good, good},
		{"divergence in the last step", oneStep, good, good},
	} {
		u := judge(t)
		before := must(u.Snapshot())(t)
		_, err := Run(context.Background(), testBackend(t), c.config, u, c.train, c.valid, 5, nil, nil)
		if err == nil {
			t.Errorf("%s: no error", c.name)
		}
		if named := err != nil && strings.Contains(err.Error(), "batch_rows"); named != (c.config.BatchRows == few.BatchRows) {
			t.Errorf("%s: error %v", c.name, err)
		}
		var nonFinite *lm.NonFiniteError
		if errors.As(err, &nonFinite) != (c.name == "divergence") {
			t.Errorf("%s: error %v", c.name, err)
		}
		if at := changed(t, before, u); at != "" {
			t.Errorf("%s: %s changed", c.name, at)
		}
	}
	if _, err := Run(context.Background(), testBackend(t), testConfig(), must(lm.NewWeights(judge(t).Config, lm.TokenHead, 1))(t), good, good, 5, nil, nil); err == nil {
		t.Error("a token head: no error")
	}
	u := judge(t)
	before := must(u.Snapshot())(t)
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := Run(ctx, testBackend(t), testConfig(), u, good, good, 5, nil, func(int, int, string) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
	if at := changed(t, before, u); at != "" {
		t.Errorf("cancelled in the first epoch: %s changed", at)
	}
}

func TestRunIsRepeatable(t *testing.T) {
	c := testConfig()
	c.Epochs = 2
	run := func(seed uint64) *lm.Weights {
		u := judge(t)
		must(Run(context.Background(), testBackend(t), c, u, planted(12, 1), planted(6, 2), seed, nil, nil))(t)
		return u
	}
	first := must(run(3).Snapshot())(t)
	if at := changed(t, first, run(3)); at != "" {
		t.Errorf("the same seed gives another %s", at)
	}
	if at := changed(t, first, run(4)); at == "" {
		t.Error("another seed gives the same weights")
	}
}
