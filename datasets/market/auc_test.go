package market

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

const exact = 1e-12

// slowExpectedAUC is the formula of ExpectedAUC written as two loops.
func slowExpectedAUC(p []float64) float64 {
	right, total := 0.0, 0.0
	for i := range p {
		for j := range p {
			if i == j {
				continue
			}
			w := p[i] * (1 - p[j])
			total += w
			switch {
			case p[i] > p[j]:
				right += w
			case p[i] == p[j]:
				right += w / 2
			}
		}
	}
	return right / total
}

func TestExpectedAUCByHand(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		p    []float64
		want float64
	}{
		{[]float64{1, 0}, 1},
		{[]float64{0.5, 0.5, 0.5}, 0.5},
		{[]float64{0.8, 0.4}, 0.48 / (0.48 + 0.08)}, // 0.8·0.6 right, 0.4·0.2 wrong
		{[]float64{0.9, 0.5, 0.5}, (2*0.45 + 0.25) / (2*0.45 + 2*0.05 + 2*0.25)},
		{nil, nan},
		{[]float64{0.5}, nan},
		{[]float64{1, 1, 1}, nan},
		{[]float64{0, 0}, nan},
		{[]float64{0.5, nan}, nan},
	} {
		got := ExpectedAUC(c.p)
		if math.IsNaN(c.want) != math.IsNaN(got) || math.Abs(got-c.want) > exact {
			t.Errorf("ExpectedAUC(%v) = %v, want %v", c.p, got, c.want)
		}
	}
}

func TestExpectedAUCAgainstLoops(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A coarse grid makes ties common.
		steps := rapid.SliceOfN(rapid.IntRange(1, 9), 2, 40).Draw(t, "steps")
		p := make([]float64, len(steps))
		for i, s := range steps {
			p[i] = float64(s) / 10
		}
		if got, want := ExpectedAUC(p), slowExpectedAUC(p); math.Abs(got-want) > exact {
			t.Fatalf("ExpectedAUC = %v, loops give %v", got, want)
		}
	})
}

// The mean AUC over draws of the labels tends to ExpectedAUC: with n = 400 within 0.003 (three standard errors of the
// Monte Carlo mean and the O(1/n) of the ratio).
func TestExpectedAUCAgainstDraws(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	p := make([]float64, 400)
	for i := range p {
		p[i] = sigmoid(2.5*r.NormFloat64() - 0.5)
	}
	sum, n := 0.0, 600
	y := make([]int, len(p))
	for range n {
		for i := range p {
			y[i] = 0
			if r.Float64() < p[i] {
				y[i] = 1
			}
		}
		sum += auc(p, y)
	}
	if got, want := ExpectedAUC(p), sum/float64(n); math.Abs(got-want) > 0.003 {
		t.Errorf("ExpectedAUC = %.4f, the mean over %d draws is %.4f", got, n, want)
	}
}

func TestAUC(t *testing.T) {
	for _, c := range []struct {
		score []float64
		label []int
		want  float64
	}{
		{[]float64{0.1, 0.4, 0.35, 0.8}, []int{0, 0, 1, 1}, 0.75},
		{[]float64{1, 1, 1}, []int{0, 1, 1}, 0.5},
		{[]float64{3, 2, 1}, []int{0, 1, 1}, 0},
		{[]float64{1, 2}, []int{1, 1}, math.NaN()},
	} {
		got := auc(c.score, c.label)
		if math.IsNaN(c.want) != math.IsNaN(got) || math.Abs(got-c.want) > exact {
			t.Errorf("auc(%v, %v) = %v, want %v", c.score, c.label, got, c.want)
		}
	}
}
