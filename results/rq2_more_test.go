package results

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"genjobrec/eval"
)

// With one seed DeLong's test is that of package eval; with one pair a CV group both forms are one; equal seeds change nothing.
func TestDeLongOfAReport(t *testing.T) {
	rows := simulate(200, 1)
	for i := range rows {
		rows[i].CVGroup = rows[i].JDID
	}
	again := slices.Clone(rows)
	for i := range rows {
		again[i].Seed = 7
	}
	one, err := RQ2(RQ2Input{Dataset: "d", Scores: rows, BootstrapResamples: 200})
	if err != nil {
		t.Fatal(err)
	}
	two, err := RQ2(RQ2Input{Dataset: "d", Scores: append(again, rows...), BootstrapResamples: 200})
	if err != nil {
		t.Fatal(err)
	}
	if len(one.DeLong) != 6 {
		t.Fatalf("%d rows, want 6", len(one.DeLong))
	}
	for i, d := range one.DeLong {
		a, b := one.set.systems[d.A].scores[0], one.set.systems[d.B].scores[0]
		want, err := eval.DeLongDiffAUC(one.set.labels, a, b, 0)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprint(d.Contrast)
		near(t, name+" difference", d.ByPair.Value, d.Bootstrap.Value, exact)
		near(t, name+" p", d.ByPair.P, want.P, exact)
		near(t, name+" SE by group", d.ByGroup.SE, want.SE, exact)
		if rest := float64(len(one.DeLong)); d.HolmByPair < d.ByPair.P || d.HolmByPair > min(1, rest*d.ByPair.P)+exact {
			t.Errorf("%s: p %g corrected to %g", name, d.ByPair.P, d.HolmByPair)
		}
		near(t, name+" SE of two equal seeds", two.DeLong[i].ByPair.SE, want.SE, exact)
	}
}

// More pairs of a CV that say the same are no more evidence: DeLong's standard error shrinks with copies, the others do not.
func TestDeLongByGroupKnowsCopies(t *testing.T) {
	rows := simulate(200, 2)
	copied := slices.Clone(rows)
	for _, r := range rows {
		r.JDID += "'"
		copied = append(copied, r)
	}
	before, err := RQ2(RQ2Input{Dataset: "d", Scores: rows, BootstrapResamples: 2})
	if err != nil {
		t.Fatal(err)
	}
	after, err := RQ2(RQ2Input{Dataset: "d", Scores: copied, BootstrapResamples: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range before.DeLong {
		// What the seeds add is the same before and after.
		var seeds float64
		a, _ := before.System(d.A)
		b, _ := before.System(d.B)
		diff := seedDifferences(a, b, pickAUC)[0]
		s, err := eval.MeanOverSeeds(diff, 0)
		if err != nil {
			t.Fatal(err)
		}
		seeds = s.SD * s.SD / 2
		pairs := func(e eval.Estimate) float64 { return e.SE*e.SE - seeds }
		near(t, "variance by group", pairs(after.DeLong[i].ByGroup), pairs(d.ByGroup), 1e-9)
		if ratio := pairs(after.DeLong[i].ByPair) / pairs(d.ByPair); ratio < 0.48 || ratio > 0.52 {
			t.Errorf("DeLong's variance is %.2f of what it was, want a half", ratio)
		}
	}
}

// overconfident are matchers whose only difference is that one of them exaggerates: its scores are monotone in the other's.
func overconfident() []ScoreRow {
	rng := rand.New(rand.NewPCG(21, 22))
	var rows []ScoreRow
	for i := range 2000 {
		row := ScoreRow{CVID: fmt.Sprintf("cv%04d", i/4), JDID: fmt.Sprintf("jd%05d", i), Split: []string{"test", "valid"}[i/1000]}
		z := 1.2 * rng.NormFloat64()
		if rng.Float64() < sigmoid(z) {
			row.Label = 1
		}
		for _, m := range []struct {
			model string
			scale float64
		}{{Base, 3}, {GIRL, 1}} {
			row.Model, row.Predictor, row.Score = m.model, Dot, sigmoid(m.scale*z)
			rows = append(rows, row)
		}
	}
	return rows
}

// Where exaggeration is all that parts two matchers, all of their difference in LogLoss is calibration, and recalibration, by
// validation or by other CVs, makes them equal; a calibrated matcher stays as it was.
func TestCalibrationTakesExaggerationOut(t *testing.T) {
	r, err := RQ2(RQ2Input{Dataset: "d", Scores: overconfident(), BootstrapResamples: 300})
	if err != nil {
		t.Fatal(err)
	}
	c := r.Calibration
	if c == nil || len(c.Differences) != 1 || c.ValidPairs != 1000 {
		t.Fatalf("report %+v", c)
	}
	d := c.Differences[0]
	if d.Contrast != (Contrast{SystemID{GIRL, Dot}, SystemID{Base, Dot}}) || d.Before.High > -0.05 {
		t.Errorf("the exaggerating matcher is not clearly worse: %+v", d.Before)
	}
	near(t, "difference by validation", d.Validation.Value, 0, 1e-6)
	near(t, "difference, cross-fitted", d.Cross.Value, 0, 1e-6)
	near(t, "share", d.Share, 1, 1e-4)
	near(t, "part", d.Calibration.Value, d.Before.Value-d.Cross.Value, exact)
	if !(d.Calibration.Low < d.Calibration.Value && d.Calibration.Value < d.Calibration.High && d.Calibration.High < 0) {
		t.Errorf("interval of the part %+v", d.Calibration)
	}
	find := func(id SystemID) *SystemResult {
		s, ok := c.System(id)
		if !ok {
			t.Fatalf("%s is missing", id)
		}
		return s
	}
	girl, base := SystemID{GIRL, Dot}, SystemID{Base, Dot}
	for _, mark := range []string{byValidation, byOthers} {
		near(t, "LogLoss of the calibrated matcher"+mark, find(marked(girl, mark)).LogLoss.Value, find(girl).LogLoss.Value, 0.02)
		near(t, "slope of the exaggerating matcher"+mark, find(marked(base, mark)).Runs[0].Slope, 1, 0.25)
	}
	near(t, "slope as it is", find(base).Runs[0].Slope, 1./3, 0.05)
	near(t, "AUC by validation", find(marked(base, byValidation)).AUC.Value, find(base).AUC.Value, exact)
}

// A share of a difference that may be none is not given.
func TestNoShareOfNothing(t *testing.T) {
	given := map[bool]int{}
	for _, d := range simulatedReport(t, 400, 3).Calibration.Differences {
		sure := d.Before.Low > 0 || d.Before.High < 0
		given[sure]++
		if sure == math.IsNaN(d.Share) {
			t.Errorf("%v: difference %+v has the share %g", d.Contrast, d.Before, d.Share)
		}
	}
	if given[true] == 0 || given[false] == 0 {
		t.Errorf("%v differences exclude zero, want some that do and some that do not", given)
	}
}

func TestCalibrationNeedsValidationScores(t *testing.T) {
	rows := simulate(100, 2)
	r, err := RQ2(RQ2Input{Dataset: "d", Scores: rows, BootstrapResamples: 20})
	if err != nil {
		t.Fatal(err)
	}
	if f, err := r.ReliabilityFigure(); f != nil || err != nil || r.Calibration != nil || len(r.Tables()) != 3 {
		t.Errorf("without validation scores: figure %v, error %v, %d tables", f, err, len(r.Tables()))
	}
	gap := slices.DeleteFunc(validated(rows), func(r ScoreRow) bool { return r.Split == "valid" && r.Model == GIRL && r.Seed == 1 })
	if _, err := RQ2(RQ2Input{Dataset: "d", Scores: gap, BootstrapResamples: 20}); err == nil || !strings.Contains(err.Error(), "GIRL (MLP) has not scored the validation pairs with every seed") {
		t.Errorf("error %v", err)
	}
}

// The figures stand also where matchers are missing: one predictor, no Base, no ceiling.
func TestMatchingFiguresWithGaps(t *testing.T) {
	for name, keep := range map[string]func(ScoreRow) bool{
		"one predictor": func(r ScoreRow) bool { return r.Predictor == Dot },
		"no Base":       func(r ScoreRow) bool { return r.Model != Base },
		"Base alone":    func(r ScoreRow) bool { return r.Model == Base },
	} {
		rows := slices.DeleteFunc(validated(simulate(100, 2)), func(r ScoreRow) bool { return !keep(r) })
		r, err := RQ2(RQ2Input{Dataset: name, Scores: rows, BootstrapResamples: 20})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range matchingFigures(t, r)[1:] {
			if n := textsApart(t, f); n < 10 {
				t.Errorf("%s, %s: %d texts", name, f.Name, n)
			}
		}
	}
}

// Recalibration by validation never looks at the labels of the judged pairs, and does look at those of the validation pairs.
func TestRecalibrationByValidationSeesNoTestLabels(t *testing.T) {
	id := SystemID{Base, Dot}
	scores := func(flipped string) []float64 {
		rows := overconfident()
		for i, r := range rows {
			if r.Split == flipped {
				rows[i].Label = 1 - r.Label
			}
		}
		r, err := RQ2(RQ2Input{Dataset: "d", Scores: rows, BootstrapResamples: 20})
		if err != nil {
			t.Fatal(err)
		}
		return r.Calibration.set.systems[marked(id, byValidation)].scores[0]
	}
	want := scores("")
	if !slices.Equal(scores("test"), want) {
		t.Error("other test labels give other recalibrated probabilities")
	}
	if slices.Equal(scores("valid"), want) {
		t.Error("other validation labels give the same recalibrated probabilities")
	}
}
