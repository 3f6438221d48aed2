package results

import (
	"math"
	"testing"
)

// One curve by hand: at step 2 the values 1, 2 and 3 have mean 2 and standard deviation 1; Student's factor with 2 degrees of freedom
// is 4.3027, so that the interval is 2 ± 4.3027/√3.
func TestSeedIntervalsByHand(t *testing.T) {
	s := Series{Runs: []Run{
		{Steps: []float64{0, 2}, Value: []float64{5, 1}},
		{Steps: []float64{0, 1, 2}, Value: []float64{5, 9, 2}},
		{Steps: []float64{0, 2, 3}, Value: []float64{5, 3, 9}},
	}}
	got := s.seedIntervals(false, Panel{})
	half := 4.302653 / math.Sqrt(3)
	want := []Bar{{0, 5, 5}, {2, 2 - half, 2 + half}} // steps 1 and 3 are not everybody's
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i, b := range got {
		if b.Step != want[i].Step || math.Abs(b.Low-want[i].Low) > 1e-5 || math.Abs(b.High-want[i].High) > 1e-5 {
			t.Errorf("%v, want %v", b, want[i])
		}
	}
	if b := s.seedIntervals(false, Panel{Share: true})[1]; b.Low != 0 || b.High != 1 {
		t.Errorf("among shares %v, want 0 to 1", b)
	}
	if b := s.seedIntervals(false, Panel{Positive: true})[1]; b.Low != 0 || b.High <= 1 {
		t.Errorf("of a positive quantity %v, want 0 to more than 1", b)
	}
	// Along a path the second points belong together: abscissae 2, 1 and 2, values 1, 9 and 3.
	half = 4.302653 * math.Sqrt(52./3) / math.Sqrt(3)
	if b := s.seedIntervals(true, Panel{})[1]; math.Abs(b.Step-5./3) > 1e-9 || math.Abs(b.Low-(13./3-half)) > 1e-5 {
		t.Errorf("on a path %v, want 5/3 and 13/3 - %g", b, half)
	}
	two := Series{Runs: s.Runs[:2]}
	if got := two.seedIntervals(false, Panel{}); got != nil {
		t.Errorf("two seeds have intervals: %v", got)
	}
	s.Bars = []Bar{{0, 1, 2}}
	if got := s.seedIntervals(false, Panel{}); got != nil {
		t.Errorf("intervals beside those that the series brings: %v", got)
	}
}

func TestSeedWordsSayWhatIsDrawn(t *testing.T) {
	path := rewardPath()
	few := simulatedCurves(2, "a", "b")
	alone := seedCurves()
	alone.Panels = alone.Panels[:1]
	both := seedCurves()
	for i := range both.Panels[0].Series {
		both.Panels[0].Series[i].Bars = []Bar{{0, 0.1, 0.3}}
	}
	barred := sampleCurves()
	for i := range barred.Panels {
		for j := range barred.Panels[i].Series {
			s := &barred.Panels[i].Series[j]
			s.Runs = append(s.Runs, s.Runs[0])
		}
	}
	for _, tc := range []struct {
		in   CurvesInput
		want string
	}{
		{both, "thin: single seeds, thick: mean over seeds, band or bars: its 95 % interval"},
		{barred, "thin: single seeds, thick: mean over seeds, bars: its 95 % interval"},
		{few, "thin: single seeds, thick: mean over seeds"},
		{seedCurves(), "thin: single seeds, thick: mean over seeds, band: its 95 % interval"},
		{alone, "mean over seeds, band: its 95 % interval"},
		{path, "mean over seeds, bars: its 95 % interval"},
	} {
		if got := tc.in.seedWords(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.in.Name, got, tc.want)
		}
	}
}
