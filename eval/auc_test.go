package eval

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/integrate"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

func TestAUCByHand(t *testing.T) {
	inf := math.Inf(1)
	for _, tc := range []struct {
		name   string
		labels []int
		scores []float64
		want   float64
	}{
		// pairs (0.8 > 0.5), (0.8 > 0.1), (0.3 < 0.5), (0.3 > 0.1): 3 of 4
		{"one inversion", []int{1, 0, 1, 0}, []float64{0.8, 0.5, 0.3, 0.1}, 3.0 / 4},
		// (2 = 2) counts ½, (2 > 1) counts 1: 1.5 of 2
		{"one tie", []int{1, 0, 0}, []float64{2, 2, 1}, 1.5 / 2},
		{"all tied", []int{1, 0, 1, 0, 0}, []float64{7, 7, 7, 7, 7}, 0.5},
		{"perfect", []int{0, 0, 1}, []float64{-1, 0, 1}, 1},
		{"reversed", []int{1, 0}, []float64{0, 1}, 0},
		{"infinite scores order", []int{1, 0, 0}, []float64{inf, -inf, inf}, 1.5 / 2},
		{"zeros of both signs tie", []int{1, 0}, []float64{math.Copysign(0, -1), 0}, 0.5},
	} {
		got, err := AUC(tc.labels, tc.scores)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		near(t, tc.name, got, tc.want, 0)
	}
}

// TestAUCGolden holds the value an R package gives, recomputed; the file names it.
func TestAUCGolden(t *testing.T) {
	raw, err := os.ReadFile("testdata/auc.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Label []int
		Score []float64
		AUC   float64
	}
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	got, err := AUC(golden.Label, golden.Score)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "AUC", got, golden.AUC, 1e-9) // the file holds ten digits
	near(t, "AUC", got, 25.5/36, exact)   // 6 positives × 6 negatives, one tie
}

func TestAUCErrors(t *testing.T) {
	for _, tc := range []struct {
		name   string
		labels []int
		scores []float64
		want   error
	}{
		{"no rows", nil, nil, ErrEmpty},
		{"only positives", []int{1, 1}, []float64{1, 2}, ErrOneClass},
		{"only negatives", []int{0, 0}, []float64{1, 2}, ErrOneClass},
		{"NaN", []int{0, 1}, []float64{1, math.NaN()}, ErrNaN},
		{"length", []int{0, 1}, []float64{1}, ErrLength},
		{"label", []int{0, 2}, []float64{1, 1}, ErrLabel},
	} {
		if _, err := AUC(tc.labels, tc.scores); !errors.Is(err, tc.want) {
			t.Errorf("%s: AUC error = %v, want %v", tc.name, err, tc.want)
		}
		if _, err := ROC(tc.labels, tc.scores); !errors.Is(err, tc.want) {
			t.Errorf("%s: ROC error = %v, want %v", tc.name, err, tc.want)
		}
	}
}

// bruteAUC is the definition, pair by pair.
func bruteAUC(labels []int, scores []float64) float64 {
	var sum, pairs float64
	for i, yi := range labels {
		for j, yj := range labels {
			if yi == 1 && yj == 0 {
				pairs++
				sum += psi(scores[i], scores[j])
			}
		}
	}
	return sum / pairs
}

func psi(x, y float64) float64 {
	switch {
	case x > y:
		return 1
	case x == y:
		return 0.5
	}
	return 0
}

func TestAUCAgainstBruteForceAndGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, scores := genRows(t)
		got, err := AUC(labels, scores)
		if err != nil {
			t.Fatal(err)
		}
		if want := bruteAUC(labels, scores); math.Abs(got-want) > exact {
			t.Fatalf("AUC = %v, brute force %v", got, want)
		}
		curve, err := ROC(labels, scores)
		if err != nil {
			t.Fatal(err)
		}
		var fpr, tpr []float64
		for _, p := range curve {
			fpr, tpr = append(fpr, p.FPR), append(tpr, p.TPR)
		}
		if area := integrate.Trapezoidal(fpr, tpr); math.Abs(got-area) > exact {
			t.Fatalf("AUC = %v, area under ROC %v", got, area)
		}
		y, classes := slices.Clone(scores), make([]bool, len(labels))
		for i, l := range labels {
			classes[i] = l == 1
		}
		stat.SortWeightedLabeled(y, classes, nil)
		gonumTPR, gonumFPR, _ := stat.ROC(nil, y, classes, nil)
		if area := integrate.Trapezoidal(gonumFPR, gonumTPR); math.Abs(got-area) > exact {
			t.Fatalf("AUC = %v, gonum %v", got, area)
		}
	})
}

func TestAUCProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, scores := genRows(t)
		auc, err := AUC(labels, scores)
		if err != nil {
			t.Fatal(err)
		}
		mapped, swapped := make([]float64, len(scores)), make([]int, len(labels))
		for i := range scores {
			mapped[i] = math.Exp(3*scores[i]) - 7
			swapped[i] = 1 - labels[i]
		}
		if got, _ := AUC(labels, mapped); got != auc {
			t.Fatalf("a rising map moved AUC from %v to %v", auc, got)
		}
		if got, _ := AUC(swapped, scores); math.Abs(got-(1-auc)) > exact {
			t.Fatalf("swapped labels: AUC %v, want 1 − %v", got, auc)
		}
		perm := rapid.Permutation(indices(len(labels))).Draw(t, "perm")
		if got, _ := AUC(at(labels, perm), at(scores, perm)); got != auc {
			t.Fatalf("reordering moved AUC from %v to %v", auc, got)
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func at[T any](values []T, perm []int) []T {
	out := make([]T, len(perm))
	for i, p := range perm {
		out[i] = values[p]
	}
	return out
}

func TestROCByHand(t *testing.T) {
	// Falling thresholds: 3 takes the positive; 2 takes a positive and a negative at once; 1 the rest.
	got, err := ROC([]int{0, 1, 1, 0}, []float64{1, 2, 3, 2})
	if err != nil {
		t.Fatal(err)
	}
	want := []ROCPoint{{math.Inf(1), 0, 0}, {3, 0, 0.5}, {2, 0.5, 1}, {1, 1, 1}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("ROC (-got +want):\n%s", diff)
	}
}
