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

func TestLogLossAndBrierByHand(t *testing.T) {
	labels, probs := []int{1, 0, 1}, []float64{0.9, 0.2, 0.5}
	loss, err := LogLoss(labels, probs)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "LogLoss", loss, -(math.Log(0.9)+math.Log(1-0.2)+math.Log(0.5))/3, exact)
	brier, err := Brier(labels, probs)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Brier", brier, (0.1*0.1+0.2*0.2+0.5*0.5)/3, exact)

	// A certain, wrong prediction costs −log(1e−15) = 15 log 10 whichever the class; a certain, right
	// one costs about 1e−15. (1 − 1e−15 is rounded to a multiple of 2⁻⁵³, hence the wider tolerance.)
	loss, err = LogLoss([]int{1, 0}, []float64{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "clipped LogLoss", loss, 15*math.Ln10, 0.01)
	if loss, _ = LogLoss([]int{1, 0}, []float64{1, 0}); loss < 0 || loss > 2e-15 {
		t.Errorf("LogLoss of perfect certainty = %g", loss)
	}
	// One class is fine here.
	loss, err = LogLoss([]int{1}, []float64{0.5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one row", loss, math.Ln2, exact)
}

func TestProbabilityErrors(t *testing.T) {
	for _, tc := range []struct {
		name   string
		labels []int
		probs  []float64
		want   error
	}{
		{"empty", nil, nil, ErrEmpty},
		{"above 1", []int{0, 1}, []float64{0.1, 1.0000001}, ErrRange},
		{"below 0", []int{0, 1}, []float64{-0.1, 1}, ErrRange},
		{"infinite", []int{0, 1}, []float64{math.Inf(1), 1}, ErrRange},
		{"NaN", []int{0, 1}, []float64{math.NaN(), 1}, ErrNaN},
		{"length", []int{0, 1}, []float64{0.5}, ErrLength},
		{"label", []int{0, -1}, []float64{0.5, 0.5}, ErrLabel},
	} {
		if _, err := LogLoss(tc.labels, tc.probs); !errors.Is(err, tc.want) {
			t.Errorf("%s: LogLoss error = %v, want %v", tc.name, err, tc.want)
		}
		if _, err := Brier(tc.labels, tc.probs); !errors.Is(err, tc.want) {
			t.Errorf("%s: Brier error = %v, want %v", tc.name, err, tc.want)
		}
		if _, err := ECE(tc.labels, tc.probs); !errors.Is(err, tc.want) {
			t.Errorf("%s: ECE error = %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := Reliability([]int{0, 1}, []float64{0, 1}, 0, EqualWidth); !errors.Is(err, ErrRange) {
		t.Errorf("0 bins: error = %v, want %v", err, ErrRange)
	}
	if _, err := Reliability([]int{0, 1}, []float64{0, 1}, 3, Binning(9)); !errors.Is(err, ErrRange) {
		t.Errorf("unknown binning: error = %v, want %v", err, ErrRange)
	}
}

func TestReliabilityByHand(t *testing.T) {
	labels := []int{0, 1, 1, 1, 0, 1}
	probs := []float64{0.1, 0.3, 0.6, 0.7, 0.9, 1}
	for _, tc := range []struct {
		name string
		bins int
		how  Binning
		want []Bin
		ece  float64
	}{
		{
			// [0, ½): 0.1, 0.3 with labels 0, 1. [½, 1]: 0.6, 0.7, 0.9, 1 with labels 1, 1, 0, 1.
			"two wide", 2, EqualWidth,
			[]Bin{{0, 0.5, 2, 0.4 / 2, 1.0 / 2}, {0.5, 1, 4, 3.2 / 4, 3.0 / 4}},
			2.0/6*math.Abs(0.2-0.5) + 4.0/6*math.Abs(0.8-0.75),
		},
		{
			// quarters; [0.25, 0.5) holds 0.3 only, [0.5, 0.75) holds 0.6 and 0.7
			"four wide", 4, EqualWidth,
			[]Bin{{0, 0.25, 1, 0.1, 0}, {0.25, 0.5, 1, 0.3, 1}, {0.5, 0.75, 2, 0.65, 1}, {0.75, 1, 2, 0.95, 0.5}},
			(1*0.1 + 1*0.7 + 2*0.35 + 2*0.45) / 6,
		},
		{
			"three of two rows each", 3, EqualMass,
			[]Bin{{0.1, 0.3, 2, 0.2, 0.5}, {0.6, 0.7, 2, 0.65, 1}, {0.9, 1, 2, 0.95, 0.5}},
			(2*0.3 + 2*0.35 + 2*0.45) / 6,
		},
	} {
		got, err := Reliability(labels, probs, tc.bins, tc.how)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, tc.want, cmpopts.EquateApprox(0, exact)); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tc.name, diff)
		}
		ece, err := ECEWith(labels, probs, tc.bins, tc.how)
		if err != nil {
			t.Fatal(err)
		}
		near(t, tc.name+": ECE", ece, tc.ece, exact)
	}
}

// Equal predictions stay in one bin, so their order in the input cannot matter.
func TestEqualMassKeepsTiesTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, probs := genRows(t)
		bins := rapid.IntRange(1, 12).Draw(t, "bins")
		perm := rapid.Permutation(indices(len(labels))).Draw(t, "perm")
		for _, how := range []Binning{EqualWidth, EqualMass} {
			a, err := Reliability(labels, probs, bins, how)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := Reliability(at(labels, perm), at(probs, perm), bins, how)
			if diff := cmp.Diff(a, b, cmpopts.EquateApprox(0, exact)); diff != "" {
				t.Fatalf("order of the input matters:\n%s", diff)
			}
			rows := 0
			for i, bin := range a {
				rows += bin.Count
				if how == EqualMass && i > 0 && bin.Low <= a[i-1].High {
					t.Fatalf("prediction %v stands in two bins", bin.Low)
				}
			}
			if rows != len(labels) {
				t.Fatalf("bins hold %d rows, want %d", rows, len(labels))
			}
		}
	})
}

func TestFitPlattReachesTheMinimum(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	labels, x := make([]int, 400), make([]float64, 400)
	pos := 0
	for i := range x {
		x[i] = 1e4 * rng.NormFloat64() // an awkward unit
		if rng.Float64() < sigmoid(2e-4*x[i]-1) {
			labels[i] = 1
			pos++
		}
	}
	p, err := FitPlatt(labels, x)
	if err != nil {
		t.Fatal(err)
	}
	// At the minimum both derivatives of the smoothed cross-entropy vanish: Σ(σ−t) = Σ(σ−t)x = 0.
	high, low := (float64(pos)+1)/(float64(pos)+2), 1/(float64(400-pos)+2)
	var ga, gb float64
	for i, v := range x {
		target := low
		if labels[i] == 1 {
			target = high
		}
		ga += (p.Prob(v) - target) * v / 1e4 / 400
		gb += (p.Prob(v) - target) / 400
	}
	near(t, "slope's derivative", ga, 0, 1e-9)
	near(t, "intercept's derivative", gb, 0, 1e-9)
	// The truth lies within a few standard errors.
	near(t, "slope·1e4", p.Slope*1e4, 2, 0.6)
	near(t, "intercept", p.Intercept, -1, 0.5)
}

func TestFitPlattCorners(t *testing.T) {
	// Separated classes: the smoothed targets are 2/3 and 1/3 for one row each, so two points fix the line
	// σ(a·0 + b) = 1/3, σ(a·1 + b) = 2/3: b = −log 2, a = 2 log 2.
	p, err := FitPlatt([]int{0, 1}, []float64{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", p.Slope, 2*math.Ln2, 1e-8)
	near(t, "intercept", p.Intercept, -math.Ln2, 1e-8)

	// Constant scores: slope 0 and the mean target, here ((2/3)·1 + 2·(1/4))/3 for 1 positive, 2 negatives.
	p, err = FitPlatt([]int{1, 0, 0}, []float64{5, 5, 5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", p.Slope, 0, 0)
	near(t, "prob", p.Prob(5), (2.0/3+2*0.25)/3, exact)

	if _, err = FitPlatt([]int{1, 1}, []float64{1, 2}); !errors.Is(err, ErrOneClass) {
		t.Errorf("one class: error = %v", err)
	}
	if _, err = FitPlatt([]int{0, 1}, []float64{1, math.Inf(1)}); !errors.Is(err, ErrRange) {
		t.Errorf("infinite score: error = %v", err)
	}
	// A far outlier must not throw Newton off.
	p, err = FitPlatt([]int{0, 1, 0, 1, 1}, []float64{0, 1, 2, 3, 1e9})
	if err != nil || math.IsNaN(p.Slope) || math.IsInf(p.Slope, 0) {
		t.Errorf("outlier: %+v, %v", p, err)
	}
}

func TestCalibrationRecoversDistortion(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	labels, honest, sharp := make([]int, 20_000), make([]float64, 20_000), make([]float64, 20_000)
	for i := range labels {
		z := 1.5 * rng.NormFloat64()
		honest[i] = sigmoid(z)
		sharp[i] = sigmoid(2*z + 1) // logit(y) = z = ½·logit(sharp) − ½
		if rng.Float64() < honest[i] {
			labels[i] = 1
		}
	}
	slope, intercept, err := Calibration(labels, honest)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "honest slope", slope, 1, 0.06)
	near(t, "honest intercept", intercept, 0, 0.06)
	slope, intercept, err = Calibration(labels, sharp)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "sharp slope", slope, 0.5, 0.03)
	near(t, "sharp intercept", intercept, -0.5, 0.06)

	if _, _, err = Calibration([]int{0, 1, 0, 1}, []float64{0.1, 0.5, 0.5, 0.9}); !errors.Is(err, ErrSeparated) {
		t.Errorf("quasi-separation: error = %v, want %v", err, ErrSeparated)
	}
	if _, _, err = Calibration([]int{1, 0}, []float64{0.1, 0.9}); !errors.Is(err, ErrSeparated) {
		t.Errorf("reversed separation: error = %v, want %v", err, ErrSeparated)
	}
	if _, _, err = Calibration([]int{0, 1}, []float64{0.4, 0.4}); !errors.Is(err, ErrConstant) {
		t.Errorf("constant: error = %v, want %v", err, ErrConstant)
	}
}

// Recalibrating by Platt never changes the order, so AUC stays (or mirrors, where the slope is negative).
func TestPlattKeepsAUC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, scores := genRows(t)
		p, err := FitPlatt(labels, scores)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(p.Slope) < 1e-6 {
			t.Skip("flat")
		}
		probs := make([]float64, len(scores))
		for i, s := range scores {
			probs[i] = p.Prob(s)
		}
		if slices.ContainsFunc(probs, func(v float64) bool { return !(v >= 0 && v <= 1) }) {
			t.Fatalf("probabilities %v", probs)
		}
		want, _ := AUC(labels, scores)
		if p.Slope < 0 {
			want = 1 - want
		}
		if got, _ := AUC(labels, probs); math.Abs(got-want) > exact {
			t.Fatalf("AUC after Platt %v, want %v", got, want)
		}
	})
}
