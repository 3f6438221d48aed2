package results

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/eval"
)

func estimate(v, low, high float64) eval.Estimate {
	return eval.Estimate{Value: v, Low: low, High: high}
}

// handMade is a report with two matchers, a baseline, one contrast and its calibration.
func handMade() *RQ2Report {
	girl, base, prior := SystemID{GIRL, MLP}, SystemID{Base, MLP}, SystemID{Model: "JD-id prior"}
	seeds := []int64{1, 2, 3}
	k := Contrast{A: girl, B: base}
	return &RQ2Report{Matchers: Matchers(), Baselines: []SystemID{prior}, CeilingAUC: ptr(0.91),
		Comparison: &Comparison{Split: "test", Pairs: 1000, Groups: 320, Warnings: []eval.Warning{"few groups"},
			Systems: []SystemResult{{ID: base, Seeds: seeds, AUC: estimate(0.71, 0.68, 0.74)}, {ID: girl, Seeds: seeds, AUC: estimate(0.72, 0.69, 0.75)}, {ID: prior, Seeds: seeds, AUC: estimate(0.6, 0.55, 0.65)}},
			Contrasts: []ContrastResult{{Contrast: k, DiffAUC: estimate(0.01, -0.002, 0.022), HolmAUC: 0.2,
				DiffLogLoss: estimate(-0.02, -0.03, -0.01), HolmLogLoss: 0.04}}},
		Calibration: &CalibrationReport{Differences: []CalibrationDifference{
			{Contrast: k, Before: estimate(-0.02, -0.03, -0.01), Calibration: estimate(-0.015, -0.02, -0.01), Share: 0.75}}}}
}

// The sentences follow the numbers: another sign, another p-value, another sentence.
func TestRQ2Findings(t *testing.T) {
	diff := func(r *RQ2Report, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, r.Findings()); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	const (
		levels  = "Highest AUC of the six matchers, picked after the fact: GIRL (MLP), 0.720 [0.690, 0.750]; of the baselines: JD-id prior, 0.600 [0.550, 0.650]; Bayes ceiling: 0.910."
		warning = "Warning: few groups."
		share   = "GIRL − Base (MLP): of the difference in LogLoss, −0.0200 [−0.0300, −0.0100], calibration accounts for −0.0150 [−0.0200, −0.0100]."
	)
	diff(handMade(),
		"1 of 2 tests of AUC and LogLoss (two-sided, Holm; 3 seeds, 1000 test pairs of 320 CV groups) survive correction between Base, GIRL-SFT and GIRL: 1 better, 0 worse than what they are compared with.",
		"GIRL − Base (MLP): AUC +0.0100 [−0.0020, +0.0220], p = 0.200 (Holm): not shown; LogLoss −0.0200 [−0.0300, −0.0100], p = 0.040 (Holm): shown, better; 3 seeds.",
		levels, share, warning)

	turned := handMade()
	turned.Contrasts[0].DiffLogLoss = estimate(0.02, 0.01, 0.03)
	turned.Calibration = nil
	turned.Warnings = nil
	diff(turned,
		"1 of 2 tests of AUC and LogLoss (two-sided, Holm; 3 seeds, 1000 test pairs of 320 CV groups) survive correction between Base, GIRL-SFT and GIRL: 0 better, 1 worse than what they are compared with.",
		"GIRL − Base (MLP): AUC +0.0100 [−0.0020, +0.0220], p = 0.200 (Holm): not shown; LogLoss +0.0200 [+0.0100, +0.0300], p = 0.040 (Holm): shown, worse; 3 seeds.",
		levels)

	none := handMade()
	none.Contrasts[0].HolmLogLoss = 0.3
	none.Calibration.Differences[0].Share = math.NaN()
	none.Baselines, none.CeilingAUC = nil, nil
	for i := range none.Systems {
		none.Systems[i].Seeds = []int64{1}
	}
	none.Systems[0].AUC.Value = 0.73
	diff(none,
		"No difference between Base, GIRL-SFT and GIRL survives correction: 0 of 2 tests of AUC and LogLoss (two-sided, Holm; one seed, 1000 test pairs of 320 CV groups) have p < 0.05. That is no proof that there is none: the intervals say how large it may be.",
		"GIRL − Base (MLP): AUC +0.0100 [−0.0020, +0.0220], p = 0.200 (Holm): not shown; LogLoss −0.0200 [−0.0300, −0.0100], p = 0.300 (Holm): not shown; one seed.",
		"Highest AUC of the six matchers, picked after the fact: Base (MLP), 0.730 [0.680, 0.740].", warning)
	if c := none.Comparison; c.Shows(c.Contrasts[0]) || !handMade().Shows(handMade().Contrasts[0]) {
		t.Error("what is shown is not what the sentences say")
	}
}

// Warnings of the caller reach the report's tables and findings before those about the test set.
func TestRQ2PassesWarningsOn(t *testing.T) {
	r, err := RQ2(RQ2Input{Dataset: "d", Scores: simulate(100, 1), BootstrapResamples: 20, Warnings: []eval.Warning{"PPO kept its start"}})
	if err != nil {
		t.Fatal(err)
	}
	const want = "Warning: PPO kept its start."
	found := 0
	for _, list := range [][]string{r.Findings(), r.Tables()[0].Notes, r.Tables()[1].Notes} {
		for _, s := range list {
			if s == want {
				found++
			}
		}
	}
	if found != 3 {
		t.Errorf("the warning stands in %d of 3 places", found)
	}
}

// Where all seeds agree, as those of a baseline do, ECE has no interval; where they differ it has one, within its range.
func TestECECell(t *testing.T) {
	s := &SystemResult{ECESeeds: eval.SeedSummary{N: 3, Mean: 0.02, Low: 0.02, High: 0.02}}
	if c := eceCell(s); c.Value != 0.02 || c.hasInterval() {
		t.Errorf("%+v", c)
	}
	s.ECESeeds = eval.SeedSummary{N: 3, Mean: 0.02, SD: 0.01, Low: -0.005, High: 0.045}
	if c := eceCell(s); c.Low != 0 || c.High != 0.045 {
		t.Errorf("%+v", c)
	}
}

// The difference of two rates lies within −1 and 1, and so does its interval.
func TestGainStaysWithinItsRange(t *testing.T) {
	rows := simulate(30, 2)
	for i := range rows { // seeds that contradict each other
		if rows[i].Model == GIRL && rows[i].Seed == 1 {
			rows[i].Score = 1 - rows[i].Score
		}
	}
	r, err := RQ2(RQ2Input{Dataset: "d", Scores: rows, BootstrapResamples: 50})
	if err != nil {
		t.Fatal(err)
	}
	curves, err := r.rocCurves(MLP)
	if err != nil {
		t.Fatal(err)
	}
	ends := 0
	for _, c := range curves {
		for _, e := range c.gain {
			if e.Low < -1 || e.High > 1 {
				t.Fatalf("%s: interval [%g, %g]", c.id, e.Low, e.High)
			}
			if e.Low == -1 || e.High == 1 {
				ends++
			}
		}
	}
	if ends == 0 {
		t.Error("no interval reaches an end: the test shows nothing")
	}
}
