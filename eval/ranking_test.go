package eval

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestPairwiseAccuracyByHand(t *testing.T) {
	// CV a: positive 3 against negatives 1, 3, 5: right, tied, wrong = 1.5 of 3.
	// CV b: positives 2, 4 against negative 1: 2 of 2. CV c: one class, left out.
	cvs := []string{"a", "b", "a", "c", "a", "b", "a", "b", "c"}
	labels := []int{1, 1, 0, 1, 0, 1, 0, 0, 1}
	scores := []float64{3, 2, 1, 9, 3, 4, 5, 1, 0}
	got, err := PairwiseAccuracy(cvs, labels, scores)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "micro", got.Micro, (1.5+2)/5, exact)
	near(t, "macro", got.Macro, (1.5/3+2.0/2)/2, exact)
	if got.Pairs != 5 || got.CVs != 2 || len(got.Warnings) != 1 {
		t.Errorf("got %+v, want 5 pairs, 2 CVs, one warning", got)
	}
	if _, err = PairwiseAccuracy([]string{"a", "b"}, []int{0, 1}, []float64{1, 2}); !errors.Is(err, ErrOneClass) {
		t.Errorf("no CV with a pair: error = %v", err)
	}
	if _, err = PairwiseAccuracy([]string{"a"}, []int{0, 1}, []float64{1, 2}); !errors.Is(err, ErrLength) {
		t.Errorf("length: error = %v", err)
	}
}

// Adding a constant to all scores of a CV changes AUC but not the order within CVs.
func TestPairwiseAccuracyIgnoresCVOffsets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, scores := genRows(t)
		labels, scores = append(labels, 0, 1), append(scores, 0.25, 0.5)
		cvs, moved := make([]string, len(labels)), make([]float64, len(labels))
		for i := range labels {
			id := rapid.IntRange(0, 3).Draw(t, "cv")
			if i >= len(labels)-2 {
				id = 0
			}
			cvs[i] = string(rune('a' + id))
			moved[i] = scores[i] + 64*float64(id)
		}
		a, err := PairwiseAccuracy(cvs, labels, scores)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := PairwiseAccuracy(cvs, labels, moved)
		if a.Micro != b.Micro || a.Macro != b.Macro {
			t.Fatalf("%+v became %+v", a, b)
		}
		one := make([]string, len(labels))
		all, _ := PairwiseAccuracy(one, labels, scores)
		if auc, _ := AUC(labels, scores); math.Abs(all.Micro-auc) > exact {
			t.Fatalf("one CV: accuracy %v, AUC %v", all.Micro, auc)
		}
	})
}
