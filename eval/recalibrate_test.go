package eval

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// calibrated draws rows whose labels follow their probabilities.
func calibrated(rng *rand.Rand, n int) (labels []int, probs []float64) {
	for range n {
		p := sigmoid(1.5 * rng.NormFloat64())
		y := 0
		if rng.Float64() < p {
			y = 1
		}
		labels, probs = append(labels, y), append(probs, p)
	}
	return labels, probs
}

func TestRecalibrationLeavesCalibratedProbabilitiesAlone(t *testing.T) {
	labels, probs := calibrated(rand.New(rand.NewPCG(1, 2)), 20000)
	platt, got, err := Recalibrate(labels, probs, []float64{0.05, 0.5, 0.9})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", platt.Slope, 1, 0.04)
	near(t, "intercept", platt.Intercept, 0, 0.04)
	for i, want := range []float64{0.05, 0.5, 0.9} {
		near(t, "probability", got[i], want, 0.01)
	}
}

// Whatever affine distortion of the log-odds came before, recalibration gives the same probabilities: it takes it out.
func TestRecalibrationTakesDistortionOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	labels, probs := calibrated(rng, 800)
	_, others := calibrated(rng, 200)
	_, want, err := Recalibrate(labels, probs, others)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []Platt{{2.5, 0}, {0.3, 1}, {-1, -0.5}} { // over-confident, timid and too high, upside down
		distort := func(in []float64) []float64 {
			out := make([]float64, len(in))
			for i, p := range in {
				out[i] = d.Prob(logit(p))
			}
			return out
		}
		platt, got, err := Recalibrate(labels, distort(probs), distort(others))
		if err != nil {
			t.Fatal(err)
		}
		near(t, "sign of the slope", math.Copysign(1, platt.Slope), math.Copysign(1, d.Slope), 0)
		for i := range want {
			near(t, "probability", got[i], want[i], 1e-6)
		}
	}
}

func TestRecalibrateErrors(t *testing.T) {
	for name, c := range map[string]struct {
		labels        []int
		probs, others []float64
		want          error
	}{
		"one class":   {[]int{1, 1}, []float64{0.1, 0.2}, nil, ErrOneClass},
		"beyond 1":    {[]int{1, 0}, []float64{0.1, 1.2}, nil, ErrRange},
		"other NaN":   {[]int{1, 0}, []float64{0.1, 0.2}, []float64{math.NaN()}, ErrNaN},
		"length":      {[]int{1, 0}, []float64{0.1}, nil, ErrLength},
		"other below": {[]int{1, 0}, []float64{0.1, 0.2}, []float64{-1}, ErrRange},
	} {
		if _, _, err := Recalibrate(c.labels, c.probs, c.others); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	// Certain and constant probabilities are dull, not wrong.
	if _, got, err := Recalibrate([]int{1, 0, 0}, []float64{1, 1, 1}, []float64{0}); err != nil || !(got[0] > 0 && got[0] < 1) {
		t.Errorf("constant: %v, error %v", got, err)
	}
}

// A row's own label must not move its probability, its neighbours' must; and what is over-confident comes out calibrated.
func TestCrossRecalibration(t *testing.T) {
	labels, probs := calibrated(rand.New(rand.NewPCG(6, 7)), 4000)
	clusters := make([]int, len(labels))
	for i := range probs {
		clusters[i] = i / 4
		probs[i] = sigmoid(2 * logit(probs[i]))
	}
	got, err := CrossRecalibrate(labels, clusters, 10, probs)
	if err != nil {
		t.Fatal(err)
	}
	slope, intercept, err := Calibration(labels, got)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", slope, 1, 0.03)
	near(t, "intercept", intercept, 0, 0.03)
	other := slices.Clone(labels)
	for i := range 4 { // the first cluster
		other[i] = 1 - other[i]
	}
	again, err := CrossRecalibrate(other, clusters, 10, probs)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if sameFold := clusters[i]%10 == 0; (got[i] == again[i]) != sameFold {
			t.Fatalf("row %d of cluster %d: %g, with other labels in cluster 0 %g", i, clusters[i], got[i], again[i])
		}
	}
	if _, err := CrossRecalibrate([]int{0, 1}, []int{3, 3}, 10, []float64{0.1, 0.2}); !errors.Is(err, ErrRange) {
		t.Errorf("one cluster: error %v", err)
	}
	if _, err := CrossRecalibrate([]int{0, 0, 1}, []int{1, 2, 3}, 10, []float64{0.1, 0.2, 0.3}); !errors.Is(err, ErrOneClass) {
		t.Errorf("all matches in one fold: error %v", err)
	}
}

// Two runs of ten rows in two bins; clusters of two.
func TestReliabilityOfRunsByHand(t *testing.T) {
	labels := []int{1, 0, 1, 0, 1, 1, 0, 0, 1, 0}
	clusters := []int{7, 7, 3, 3, 1, 1, 5, 5, 9, 9}
	first := []float64{0.6, 0.2, 0.7, 0.1, 0.9, 0.4, 0.3, 0.6, 0.4, 0}
	second := []float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}
	got, err := Bootstrap{Resamples: 200}.Reliability(labels, clusters, 2, first, second)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("%d bins, want 2", len(got))
	}
	low, high := got[0], got[1]
	// Below one half: 0.2 0.1 0.4 0.3 0.4 0 with two matches, and the ten of the second run with five.
	if low.Count != 16 || low.Runs != 2 || low.Clusters != 5 || high.Count != 4 || high.Runs != 1 || high.Clusters != 4 {
		t.Errorf("bins %+v and %+v", low, high)
	}
	near(t, "rate below", low.PosRate, 7./16, exact)
	near(t, "mean below", low.MeanProb, 2.4/16, exact)
	near(t, "rate above", high.PosRate, 3./4, exact)
	if !(low.Rate.Low <= 7./16 && 7./16 <= low.Rate.High && low.Rate.Low < low.Rate.High) || low.Rate.Value != low.PosRate {
		t.Errorf("interval %+v", low.Rate)
	}
	// Where all or none match, resampling sees no doubt: no interval either.
	if sure, err := (Bootstrap{}).Reliability([]int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, []int{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}, 2,
		[]float64{0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9}); err != nil || !math.IsNaN(sure[0].Rate.Low) || sure[1].Clusters != 6 || !math.IsNaN(sure[1].Rate.High) {
		t.Errorf("rates of 0 and 1: %+v, error %v", sure, err)
	}
	if !math.IsNaN(high.Rate.Low) || high.Rate.Value != high.PosRate { // four clusters are too few
		t.Errorf("interval of four clusters %+v", high.Rate)
	}
}

// More runs on the same rows are no more rows: three equal runs have the interval of one.
func TestPoolingRunsDoesNotNarrow(t *testing.T) {
	labels, clusters, systems := clustered(rand.New(rand.NewPCG(8, 9)), 60, 5, 1)
	b := Bootstrap{Resamples: 300, Seed: 1}
	one, err := b.Reliability(labels, clusters, 5, systems[0])
	if err != nil {
		t.Fatal(err)
	}
	three, err := b.Reliability(labels, clusters, 5, systems[0], systems[0], systems[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range one {
		near(t, "low", three[i].Rate.Low, one[i].Rate.Low, exact)
		near(t, "high", three[i].Rate.High, one[i].Rate.High, exact)
		if three[i].Count != 3*one[i].Count {
			t.Errorf("bin %d counts %d, want three times %d", i, three[i].Count, one[i].Count)
		}
	}
}
