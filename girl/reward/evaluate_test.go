package reward

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"genjobrec/girl/lm"
)

func TestGoldenMinusLogSigmoid(t *testing.T) {
	// minus_log_sigmoid of the golden vectors computed in float64 from the definition, and its symmetry.
	for _, c := range [][2]float64{{0, 0.6931471805599453}, {100, 3.720075976020836e-44}, {-1000, 1000}} {
		if got := minusLogSigmoid(c[0]); math.Abs(got-c[1]) > exact*c[1] {
			t.Errorf("−log σ(%g) = %.17g, want %.17g", c[0], got, c[1])
		}
	}
	for x := -30.0; x <= 30; x += 0.25 {
		near(t, fmt.Sprintf("−log σ(%g)", x), minusLogSigmoid(x), -math.Log(1/(1+math.Exp(-x))), 1e-9) // the naive form loses digits
		near(t, fmt.Sprintf("difference to −log σ(%g)", -x), minusLogSigmoid(-x)-minusLogSigmoid(x), x, exact)
	}
}

func TestMeasureByHand(t *testing.T) {
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for _, c := range []struct {
		name             string
		chosen, rejected []float64
		want             Metrics
	}{
		{"no pairs", nil, nil, Metrics{}},
		{"one right", []float64{3}, []float64{1}, Metrics{CVs: 1, Pairs: 1, Accuracy: 1, PairAccuracy: 1, Loss: -math.Log(sigma(2)), ChosenMean: 3, RejectedMean: 1, Calibration: sigma(2) - 1}},
		{"one wrong", []float64{1}, []float64{3}, Metrics{CVs: 1, Pairs: 1, Accuracy: 0, PairAccuracy: 0, Loss: -math.Log(sigma(-2)), ChosenMean: 1, RejectedMean: 3, Calibration: sigma(2)}},
		{"one tie", []float64{2}, []float64{2}, Metrics{CVs: 1, Pairs: 1, Accuracy: 0.5, PairAccuracy: 0.5, Loss: math.Ln2, ChosenMean: 2, RejectedMean: 2, Calibration: 0}},
		{"right, wrong, tie, right", []float64{1, 0, 5, -1}, []float64{0, 2, 5, -4}, Metrics{CVs: 1, Pairs: 4, Accuracy: 0.625, PairAccuracy: 0.625,
			Loss: -math.Log(sigma(1)*sigma(-2)*sigma(0)*sigma(3)) / 4, ChosenMean: 1.25, RejectedMean: 0.75, Calibration: (sigma(1)+sigma(2)+0.5+sigma(3))/4 - 0.625}},
		{"huge margins", []float64{1e6, 0}, []float64{0, 1e6}, Metrics{CVs: 1, Pairs: 2, Accuracy: 0.5, PairAccuracy: 0.5, Loss: 5e5, ChosenMean: 5e5, RejectedMean: 5e5, Calibration: 0.5}},
	} {
		got := measure(c.chosen, c.rejected, make([]int, len(c.chosen)))
		if diff := cmp.Diff(c.want, got, cmpopts.EquateApprox(exact, exact)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestAllPairsStaysWithinCVs(t *testing.T) {
	all := planted(30, 1)
	want := 0
	for _, c := range all {
		want += len(c.Matched) * len(c.Mismatched)
	}
	pairs := AllPairs(all)
	if len(pairs) != want || want == 0 {
		t.Fatalf("%d pairs, want %d", len(pairs), want)
	}
	i := 0
	for _, c := range all {
		for range len(c.Matched) * len(c.Mismatched) {
			p := pairs[i]
			if string32(p.Chosen.Prompt) != string32(c.Prompt) || string32(p.Rejected.Prompt) != string32(c.Prompt) ||
				!has(c.Matched, p.Chosen.Response) || !has(c.Mismatched, p.Rejected.Response) {
				t.Fatalf("pair %d of CV %v is %v", i, c.Prompt, p)
			}
			i++
		}
	}
}

// TestEvaluateEqualsBruteForce scores every sequence of every pair by itself.
func TestEvaluateEqualsBruteForce(t *testing.T) {
	ctx := context.Background()
	s := must(NewScorer(testBackend(t), judge(t)))(t)
	pairs := AllPairs(planted(20, 2))
	pairs = append(pairs, pairs[0], Comparison{pairs[1].Rejected, pairs[1].Chosen, 1}, Comparison{pairs[2].Chosen, pairs[2].Chosen, 2})
	for _, cv := range [][]int32{{2, 4, 3}, {2, 9, 9, 3}} { // one JD for two CVs has two scores
		pairs = append(pairs, Comparison{lm.Sequence{Prompt: cv, Response: []int32{7, 1}}, lm.Sequence{Prompt: cv, Response: []int32{8, 1}}, 900})
	}
	for i := range pairs { // all of one CV: pairs weigh alike
		pairs[i].CV = 7
	}
	var right, loss, chosen, rejected, confidence float64
	for _, p := range pairs {
		up, down := must(s.Scores(ctx, []lm.Sequence{p.Chosen}))(t)[0], must(s.Scores(ctx, []lm.Sequence{p.Rejected}))(t)[0]
		if up > down {
			right++
		} else if up == down {
			right += 0.5
		}
		loss += math.Log(1 + math.Exp(down-up))
		chosen += up
		rejected += down
		confidence += max(1/(1+math.Exp(down-up)), 1/(1+math.Exp(up-down)))
	}
	n := float64(len(pairs))
	if right < 0.1*n || right > 0.9*n {
		t.Errorf("%g of %g pairs are right: the test shows little", right, n)
	}
	m := must(Evaluate(ctx, s, pairs))(t)
	near(t, "pairs", float64(m.Pairs), n, 0)
	near(t, "accuracy", m.Accuracy, right/n, exact)
	near(t, "pair accuracy", m.PairAccuracy, right/n, exact)
	near(t, "loss", m.Loss, loss/n, single)
	near(t, "mean of chosen", m.ChosenMean, chosen/n, single)
	near(t, "mean of rejected", m.RejectedMean, rejected/n, single)
	near(t, "calibration", m.Calibration, (confidence-right)/n, single)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Evaluate(cancelled, s, pairs); err == nil {
		t.Error("cancelled: no error")
	}
}

// One CV with three pairs and one with a single pair weigh the same.
func TestEveryCVWeighsTheSame(t *testing.T) {
	m := measure([]float64{1, 1, 1, 0}, []float64{0, 0, 2, 3}, []int{5, 5, 5, 8})
	if m.CVs != 2 || m.Pairs != 4 {
		t.Errorf("%d CVs, %d pairs", m.CVs, m.Pairs)
	}
	near(t, "accuracy", m.Accuracy, (2.0/3+0)/2, exact)
	near(t, "pair accuracy", m.PairAccuracy, 0.5, exact)
	near(t, "mean of chosen", m.ChosenMean, (1.0+0)/2, exact)
	near(t, "mean of rejected", m.RejectedMean, (2.0/3+3)/2, exact)
	near(t, "loss", m.Loss, ((2*minusLogSigmoid(1)+minusLogSigmoid(-1))/3+minusLogSigmoid(-3))/2, exact)

	ctx := context.Background()
	s := must(NewScorer(testBackend(t), judge(t)))(t)
	pairs := AllPairs(planted(20, 2))
	byCV := must(AccuracyByCV(ctx, s, pairs))(t)
	sum := 0.0
	for _, a := range byCV {
		sum += a
	}
	near(t, "mean of the CVs' accuracies", sum/float64(len(byCV)), must(Evaluate(ctx, s, pairs))(t).Accuracy, exact)
}

// TestPaddedAndUnpaddedScoresAreEqual: the difference must be nought, but for the order of additions in larger products.
func TestPaddedAndUnpaddedScoresAreEqual(t *testing.T) {
	ctx, rng := context.Background(), rand.New(rand.NewPCG(1, 3))
	s := must(NewScorer(testBackend(t), judge(t)))(t)
	var seqs []lm.Sequence
	for _, n := range []int{2, 31, 32, 33, 64, 90, 5, 1} {
		q := lm.Sequence{Prompt: []int32{2}}
		for range n {
			q.Response = append(q.Response, int32(rng.IntN(vocab)))
		}
		seqs = append(seqs, q)
	}
	together := must(s.Scores(ctx, seqs))(t)
	for i, q := range seqs {
		alone := must(s.Scores(ctx, []lm.Sequence{q}))(t)[0]
		near(t, fmt.Sprintf("%d tokens, in a batch padded to 96", q.Len()), together[i], alone, single)
		for j := range i {
			if together[j] == together[i] {
				t.Errorf("sequences %d and %d have one score", i, j)
			}
		}
	}
}

// TestPaddingDifferenceIsFound: a score that is nothing but the padded length differs by what the shortest sequence is padded with.
func TestPaddingDifferenceIsFound(t *testing.T) {
	ctx := context.Background()
	pair := func(chosen, rejected int) Comparison {
		return Comparison{Chosen: lm.Sequence{Prompt: []int32{2}, Response: make([]int32, chosen)}, Rejected: lm.Sequence{Prompt: []int32{2}, Response: make([]int32, rejected)}}
	}
	scored := 0
	padded := func(_ context.Context, seqs []lm.Sequence) ([]float64, error) {
		longest := 0
		for _, q := range seqs {
			longest = max(longest, q.Len())
		}
		scored += len(seqs)
		return slices.Repeat([]float64{float64(longest)}, len(seqs)), nil
	}
	for _, c := range []struct {
		pairs  []Comparison
		want   float64
		scored int
	}{
		{nil, 0, 0},
		{[]Comparison{pair(7, 7)}, 0, 0}, // one sequence

		{[]Comparison{pair(9, 4)}, 5, 3},
		{[]Comparison{pair(30, 12), pair(3, 8), pair(3, 5), pair(20, 5)}, 27, 9}, // 3, 5, 8 and 12 beside 30
	} {
		scored = 0
		near(t, "difference", must(paddingDifference(ctx, padded, c.pairs))(t), c.want, 0)
		if scored != c.scored {
			t.Errorf("%d sequences were scored, want %d", scored, c.scored)
		}
	}
	// It is logged.
	if got := must(evaluate(ctx, padded, []Comparison{pair(9, 4)}))(t).PaddingDifference; got != 5 {
		t.Errorf("a difference of 5 is logged as %g", got)
	}
	// The model's own scores differ by rounding at most.
	long := planted(20, 2)
	long[0].Matched = append(long[0].Matched, slices.Repeat([]int32{7}, 90))
	long[0].Mismatched = append(long[0].Mismatched, []int32{4, 1})
	m := must(Evaluate(ctx, must(NewScorer(testBackend(t), judge(t)))(t), AllPairs(long)))(t)
	if !(m.PaddingDifference <= single) {
		t.Errorf("padding changes scores by %g", m.PaddingDifference)
	}
}

func TestScorerNeedsScalarHead(t *testing.T) {
	w := must(lm.NewWeights(judge(t).Config, lm.TokenHead, 1))(t)
	if s, err := NewScorer(testBackend(t), w); err == nil || s != nil {
		t.Errorf("got %v, error %v", s, err)
	}
}

func TestFitNormalizer(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, c := range []struct{ mean, deviation float64 }{{0, 1}, {-7, 0.01}, {300, 12}, {1e4, 1e3}} {
		raw := make([]float64, 200)
		for i := range raw {
			raw[i] = c.mean + c.deviation*rng.NormFloat64()
		}
		n := must(FitNormalizer(raw))(t)
		mean, variance := 0.0, 0.0
		for _, x := range raw {
			mean += n.Apply(x) / 200
		}
		for _, x := range raw {
			variance += (n.Apply(x) - mean) * (n.Apply(x) - mean) / 200
		}
		near(t, "mean", mean, 0, 1e-9)
		near(t, "variance", variance, 1, 1e-9)
		if n.Gain <= 0 {
			t.Errorf("gain %g turns the order of scores round", n.Gain)
		}
	}
	n := must(FitNormalizer([]float64{1, 3}))(t) // mean 2, population deviation 1
	near(t, "gain", n.Gain, 1, exact)
	near(t, "bias", n.Bias, -2, exact)
	for name, raw := range map[string][]float64{"no scores": nil, "one score": {3}, "constants": {0.1, 0.1, 0.1}, "large constants": {1e6, 1e6, 1e6},
		"NaN": {1, math.NaN()}, "infinity": {1, math.Inf(1)}} {
		if n, err := FitNormalizer(raw); err == nil {
			t.Errorf("%s: got %+v", name, n)
		}
	}
}
