package results

import (
	"math"
	"slices"
	"testing"
)

func TestHistogramByHand(t *testing.T) {
	// Bins [0,10), [10,20), [20,30]: the bounds belong to the bin that begins there, the last one to the last bin.
	r, err := Histogram([]float64{-5, 0, 9.99, 10, 20, 30, 99, 25}, 0, 30, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{0, 3.0 / 8, 3.0 / 8, 1.0 / 8, 1.0 / 8, 4.0 / 8, 4.0 / 8, 0}
	if len(r.Value) != len(want) {
		t.Fatalf("%v, want %v", r.Value, want)
	}
	for i := range want {
		if math.Abs(r.Value[i]-want[i]) > 1e-12 {
			t.Errorf("%v, want %v", r.Value, want)
			break
		}
	}
	if r.Steps[0] != 0 || r.Steps[len(r.Steps)-1] != 30 || r.check(false) != nil || math.Abs(r.Steps[3]-10) > 1e-4 {
		t.Errorf("steps %v", r.Steps)
	}
}

func TestHistogramRefuses(t *testing.T) {
	for name, f := range map[string]func() (Run, error){
		"no values": func() (Run, error) { return Histogram(nil, 0, 1, 2) },
		"NaN":       func() (Run, error) { return Histogram([]float64{1, math.NaN()}, 0, 1, 2) },
		"no bins":   func() (Run, error) { return Histogram([]float64{1}, 0, 1, 0) },
		"no range":  func() (Run, error) { return Histogram([]float64{1}, 1, 1, 2) },
	} {
		if r, err := f(); err == nil || slices.Contains(r.Value, math.NaN()) {
			t.Errorf("%s: no error", name)
		}
	}
}
