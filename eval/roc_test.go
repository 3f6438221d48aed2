package eval

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// Six scores with two ties, and a perfect matcher of the same rows; worked out by hand.
var (
	sixLabels  = []int{1, 1, 0, 0, 1, 0}
	sixScores  = []float64{0.9, 0.8, 0.8, 0.6, 0.6, 0.2}
	sixPerfect = []float64{0.9, 0.8, 0.3, 0.2, 0.7, 0.1}
)

func rocOf(t interface{ Fatal(...any) }, labels []int, scores []float64) []ROCPoint {
	curve, err := ROC(labels, scores)
	if err != nil {
		t.Fatal(err)
	}
	return curve
}

func TestMeanROCByHand(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	own := rocOf(t, sixLabels, sixScores)
	approx := cmpopts.EquateApprox(0, exact)
	if diff := cmp.Diff([]ROCPoint{{inf, 0, 0}, {0.9, 0, 1. / 3}, {0.8, 1. / 3, 2. / 3}, {0.6, 2. / 3, 1}, {0.2, 1, 1}}, own, approx); diff != "" {
		t.Errorf("ROC (-want +got):\n%s", diff)
	}
	mean, err := MeanROC(own, rocOf(t, sixLabels, sixPerfect))
	if err != nil {
		t.Fatal(err)
	}
	// At 0 the curves end their steps at 1/3 and 1; at 1/3 they stand at 2/3 and 1.
	want := []ROCPoint{{nan, 0, 0}, {nan, 0, 2. / 3}, {nan, 1. / 3, 5. / 6}, {nan, 2. / 3, 1}, {nan, 1, 1}}
	if diff := cmp.Diff(want, mean, approx, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("mean (-want +got):\n%s", diff)
	}
	near(t, "area", ROCArea(mean), (7./9+1)/2, exact)
}

// The area under the vertical average is the mean of the AUCs, and the average of equal curves is the curve.
func TestMeanROCKeepsTheArea(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, first := genRows(t)
		curves, sum := [][]ROCPoint{}, 0.0
		runs := rapid.IntRange(1, 4).Draw(t, "runs")
		for run := range runs {
			scores := slices.Clone(first)
			if run > 0 {
				for i := range scores {
					scores[i] = float64(rapid.IntRange(0, 9).Draw(t, "score"))
				}
			}
			auc, err := AUC(labels, scores)
			if err != nil {
				t.Fatal(err)
			}
			curves, sum = append(curves, rocOf(t, labels, scores)), sum+auc
		}
		mean, err := MeanROC(curves...)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := ROCArea(mean), sum/float64(runs); math.Abs(got-want) > exact {
			t.Fatalf("area %.15g, mean AUC %.15g", got, want)
		}
		same, err := MeanROC(curves[0], curves[0], curves[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range curves[0] {
			if low, high := tprAt(same, p.FPR); p.TPR < low-exact || p.TPR > high+exact {
				t.Fatalf("the average of a curve with itself runs from %g to %g at %g, the curve is at %g", low, high, p.FPR, p.TPR)
			}
		}
	})
}

func TestROCErrors(t *testing.T) {
	good := rocOf(t, sixLabels, sixScores)
	for name, curves := range map[string][][]ROCPoint{
		"none": nil, "empty": {good, {}}, "cut short": {good[:3]}, "falling": {{{0, 0, 0}, {0, 0.5, 0.5}, {0, 0.4, 0.6}, {0, 1, 1}}}, "NaN": {{{0, 0, 0}, {0, math.NaN(), 1}, {0, 1, 1}}},
	} {
		if _, err := MeanROC(curves...); !errors.Is(err, ErrRange) && !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for name, probs := range map[string][]float64{"none": nil, "all 1": {1, 1}, "all 0": {0}, "beyond 1": {0.5, 1.5}, "NaN": {0.5, math.NaN()}} {
		if _, err := ExpectedROC(probs); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	b := Bootstrap{Resamples: 10}
	for _, fprs := range [][]float64{{0.2, 0.1}, {-0.1}, {1.1}, {math.NaN()}} {
		if _, err := b.DrawTPR(sixLabels, []int{0, 0, 0, 1, 1, 1}, fprs, sixScores); !errors.Is(err, ErrRange) {
			t.Errorf("rates %v: error %v", fprs, err)
		}
	}
}

func TestExpectedROCByHand(t *testing.T) {
	got, err := ExpectedROC([]float64{0.2, 0.5, 0.8, 0.5})
	if err != nil {
		t.Fatal(err)
	}
	// Two expected positives and two negatives; the tie is one slanted step.
	want := []ROCPoint{{math.Inf(1), 0, 0}, {0.8, 0.1, 0.4}, {0.5, 0.6, 0.9}, {0.2, 1, 1}}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, exact)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Labels drawn often from the probabilities have, on average, the expected curve's area.
func TestExpectedROCIsTheMeanOverLabels(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	probs, labels := make([]float64, 300), make([]int, 300)
	for i := range probs {
		probs[i] = sigmoid(2 * rng.NormFloat64())
	}
	expected, err := ExpectedROC(probs)
	if err != nil {
		t.Fatal(err)
	}
	const draws = 400
	sum, high := 0.0, 0.0
	for range draws {
		for i, p := range probs {
			labels[i] = 0
			if rng.Float64() < p {
				labels[i] = 1
			}
		}
		curve := rocOf(t, labels, probs)
		_, y := tprAt(curve, 0.2)
		sum, high = sum+ROCArea(curve)/draws, high+y/draws
	}
	near(t, "area", ROCArea(expected), sum, 0.005)
	low, _ := tprAt(expected, 0.2)
	near(t, "TPR at 0.2", low, high, 0.015)
}

// A resample's curve is the ROC curve of the rows repeated as often as their cluster was drawn.
func TestWeightedTPRIsThatOfRepeatedRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, scores := genRows(t)
		clusters := make([]int, len(labels))
		for i := range clusters {
			clusters[i] = i % max(2, len(labels)/2)
		}
		s, err := newSample(labels, clusters, [][]float64{scores})
		if err != nil {
			t.Fatal(err)
		}
		counts := make([]uint32, len(s.size))
		for i := range counts {
			counts[i] = uint32(rapid.IntRange(0, 3).Draw(t, "count"))
		}
		var ys []int
		var xs []float64
		for i := range labels {
			for range counts[clusters[i]] {
				ys, xs = append(ys, labels[i]), append(xs, scores[i])
			}
		}
		curve, err := ROC(ys, xs)
		if err != nil {
			t.Skip("one class")
		}
		fprs := []float64{0, 0.1, 0.25, 1. / 3, 0.5, 0.75, 0.999, 1}
		rates := make([]float64, len(fprs))
		weightedTPR(s.codes[0], counts, fprs, rates)
		for i, x := range fprs {
			if _, want := tprAt(curve, x); math.Abs(rates[i]-want) > exact {
				t.Fatalf("TPR at %g is %g, want %g", x, rates[i], want)
			}
		}
	})
}

// The area under the drawn curves is the drawn AUC: the resamples are the same.
func TestDrawTPRAgreesWithDraw(t *testing.T) {
	labels, clusters, systems := clustered(rand.New(rand.NewPCG(5, 6)), 40, 5, 1, 2)
	b := Bootstrap{Resamples: 50, Seed: 3}
	d, err := b.Draw(labels, clusters, systems...)
	if err != nil {
		t.Fatal(err)
	}
	var fprs []float64
	for i := range 2001 {
		fprs = append(fprs, float64(i)/2000)
	}
	tpr, err := b.DrawTPR(labels, clusters, fprs, systems...)
	if err != nil {
		t.Fatal(err)
	}
	for k := range systems {
		for r := range b.Resamples {
			area := 0.0
			for i := 1; i < len(fprs); i++ {
				area += (tpr[k][i-1][r] + tpr[k][i][r]) / 2 / 2000
			}
			near(t, "area", area, d.AUC[k][r], 1e-3)
		}
	}
}
