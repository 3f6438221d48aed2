package judge

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"genjobrec/eval"
)

func TestKappaByHand(t *testing.T) {
	// Cohen's two-category case in the corners: 20 + 15 equal of 50, p₀ = 0.7; margins 25/25 and 30/20:
	// pₑ = (25·30 + 25·20)/2500 = 0.5; κ = 0.2/0.5 = 0.4.
	raw, k := kappa([3][3]int{{20, 0, 5}, {0, 0, 0}, {10, 0, 15}})
	near(t, "raw", raw, 0.7, exact)
	near(t, "κ", k, 0.4, exact)
	// Three categories: diagonal 4 + 3 + 2 of 12; rows 5, 4, 3; columns 6, 4, 2: Σ = 30 + 16 + 6 = 52; pₑ = 52/144,
	// κ = (9/12 − 52/144)/(1 − 52/144) = (108 − 52)/(144 − 52) = 56/92.
	raw, k = kappa([3][3]int{{4, 1, 0}, {1, 3, 0}, {1, 0, 2}})
	near(t, "raw", raw, 0.75, exact)
	near(t, "κ", k, 56.0/92, exact)
	// Opposite: two categories always crossed, κ = −1.
	_, k = kappa([3][3]int{{0, 0, 5}, {0, 0, 0}, {5, 0, 0}})
	near(t, "κ", k, -1, exact)
	if raw, k = kappa([3][3]int{{7}}); raw != 1 || !math.IsNaN(k) {
		t.Errorf("one category: %g, %g, want 1 and NaN", raw, k)
	}
	if raw, _ = kappa([3][3]int{}); !math.IsNaN(raw) {
		t.Errorf("nothing: %g", raw)
	}
}

func TestAgree(t *testing.T) {
	first := []Judgement{
		judged("c1", "x", "y", Win), judged("c2", "x", "y", Win), judged("c3", "x", "y", Lose), judged("c4", "x", "y", Tie),
		judged("c5", "x", "y", Win), judged("c6", "x", "y", Win),
	}
	second := []Judgement{
		judged("c1", "x", "y", Win),
		judged("c2", "y", "x", Lose), // y lost, so x won
		judged("c3", "x", "y", Win),
		judged("c4", "x", "y", Tie),
		judged("c5", "x", "y", Invalid),
		judged("c7", "x", "y", Win),
	}
	a, err := Agree(first, second, eval.Bootstrap{Resamples: 200, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r := a[Relevance]
	if r.N != 4 || r.Invalid != 1 || r.OnlyOne != 2 || r.Criterion != Relevance {
		t.Errorf("%+v", r)
	}
	if want := [3][3]int{{0, 0, 1}, {0, 1, 0}, {0, 0, 2}}; r.Confusion != want {
		t.Errorf("%v, want %v", r.Confusion, want)
	}
	// 3 of 4 equal; rows 1, 1, 2, columns 0, 1, 3: Σ = 7; κ = (12 − 7)/(16 − 7) = 5/9.
	near(t, "raw", r.Raw.Value, 0.75, exact)
	near(t, "κ", r.Kappa.Value, 5.0/9, exact)
	if !(r.Raw.Low < 0.75 && r.Raw.High == 1) || !strings.Contains(fmt.Sprint(r.Kappa.Warnings), "CV groups") {
		t.Errorf("%+v, %+v", r.Raw, r.Kappa)
	}
	for i, js := range [][2][]Judgement{{append(first, first[0]), second}, {first, append(second, second[0])}} {
		if _, err := Agree(js[0], js[1], eval.Bootstrap{}); err == nil || !strings.Contains(err.Error(), "judged twice") {
			t.Errorf("judge %d judged twice: %v", i, err)
		}
	}
	// The same ids with another text are another contest.
	other := judged("c1", "x", "y", Win)
	other.Contest.A += "!"
	if a, err = Agree(first[:1], []Judgement{other}, eval.Bootstrap{Resamples: 10}); err != nil || a[0].N != 0 || a[0].OnlyOne != 2 || !math.IsNaN(a[0].Raw.Value) {
		t.Errorf("%+v, %v", a, err)
	}
}
