package results

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"genjobrec/eval"
)

// TestCompareByHand follows one small table through: two systems, two seeds, four pairs of two CVs.
// Two comparisons of one table are one family: p-values 0.01, 0.04, 0.02, 0.5 become 0.04, 0.08, 0.06, 0.5.
func TestCorrectTogether(t *testing.T) {
	one := func(auc, loss float64) *Comparison {
		return &Comparison{Contrasts: []ContrastResult{{DiffAUC: eval.Estimate{P: auc}, DiffLogLoss: eval.Estimate{P: loss}}}}
	}
	a, b := one(0.01, 0.04), one(0.02, 0.5)
	if err := CorrectTogether(a, b); err != nil {
		t.Fatal(err)
	}
	got := []float64{a.Contrasts[0].HolmAUC, a.Contrasts[0].HolmLogLoss, b.Contrasts[0].HolmAUC, b.Contrasts[0].HolmLogLoss}
	if diff := cmp.Diff([]float64{0.04, 0.08, 0.06, 0.5}, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" || a.Tests != 4 || b.Tests != 4 {
		t.Errorf("over %d and %d tests (-want +got):\n%s", a.Tests, b.Tests, diff)
	}
	if h := a.Headline("x and y"); !strings.Contains(h, "1 of 2 tests of AUC and LogLoss (two-sided, Holm over 4 tests of the table;") {
		t.Error(h)
	}
}

func TestCompareByHand(t *testing.T) {
	a, b := SystemID{"A", ""}, SystemID{"B", ""}
	var rows []ScoreRow
	add := func(id SystemID, seed int64, scores ...float64) {
		for i, s := range scores {
			rows = append(rows, ScoreRow{
				CVID: []string{"c1", "c1", "c2", "c2"}[i], JDID: []string{"j1", "j2", "j1", "j2"}[i],
				Label: int32(1 - i%2), Model: id.Model, Split: "test", Seed: seed, Score: s,
			})
		}
	}
	// Labels 1 0 1 0. Seed 0 of A orders all pairs (AUC 1); seed 1 has 0.4 < 0.5 (AUC ¾).
	add(a, 0, 0.9, 0.1, 0.8, 0.2)
	add(a, 1, 0.9, 0.1, 0.4, 0.5)
	// B: seed 0: 0.3 beats neither 0.4 nor 0.6, 0.5 beats 0.4: ¼. Seed 1: all tied: ½.
	add(b, 0, 0.3, 0.4, 0.5, 0.6)
	add(b, 1, 0.5, 0.5, 0.5, 0.5)
	c, err := Compare(CompareInput{Scores: rows, Systems: []SystemID{a, b, {"C", ""}}, Contrasts: []Contrast{{a, b}, {a, SystemID{"C", ""}}}, Resamples: 200})
	if err != nil {
		t.Fatal(err)
	}
	if c.Pairs != 4 || c.Positives != 2 || c.Groups != 2 || len(c.Contrasts) != 1 || !slices.Equal(c.Missing, []SystemID{{"C", ""}}) {
		t.Errorf("got %d pairs, %d positives, %d groups, %d contrasts, missing %v", c.Pairs, c.Positives, c.Groups, len(c.Contrasts), c.Missing)
	}
	ra, _ := c.System(a)
	near(t, "AUC of A", ra.AUC.Value, (1+0.75)/2, exact)
	near(t, "LogLoss of A", ra.LogLoss.Value,
		-(2*math.Log(0.9)+math.Log(0.8)+math.Log(0.8)+2*math.Log(0.9)+math.Log(0.4)+math.Log(0.5))/8, exact)
	near(t, "Brier of A", ra.Brier.Value, (2*(0.01+0.01)+0.04+0.04+0.36+0.25)/8, exact)
	near(t, "SD over seeds", ra.AUCSeeds.SD, 0.25/math.Sqrt2, exact)
	// Two seeds of AUC 1 and ¾ give a t interval far beyond what an AUC can be.
	if ra.AUC.Low != 0 || ra.AUC.High != 1 || ra.LogLoss.Low != 0 || math.IsNaN(ra.LogLoss.High) {
		t.Errorf("AUC in [%v, %v], LogLoss in [%v, %v], want them cut to the metrics' ranges", ra.AUC.Low, ra.AUC.High, ra.LogLoss.Low, ra.LogLoss.High)
	}
	d := c.Contrasts[0]
	near(t, "AUC(A) − AUC(B)", d.DiffAUC.Value, 0.875-0.375, exact)
	// The per-seed differences are ¾ and ¼: their variance, (½)²/2, over two seeds, joins the bootstrap's.
	near(t, "SE", d.DiffAUC.SE, math.Sqrt(d.DiffAUCTestOnly.SE*d.DiffAUCTestOnly.SE+0.125/2), exact)
	if !(d.DiffLogLoss.Value < 0) {
		t.Errorf("LogLoss(A) − LogLoss(B) = %v, want it negative: A is better", d.DiffLogLoss.Value)
	}
	near(t, "Holm of the smaller", min(d.HolmAUC, d.HolmLogLoss), min(1, 2*min(d.DiffAUC.P, d.DiffLogLoss.P)), exact)
	if len(c.Warnings) == 0 || len(ra.AUC.Warnings) == 0 {
		t.Error("two clusters and two seeds gave no warnings")
	}
}

// The numbers must not depend on the order of the rows.
func TestCompareIgnoresRowOrder(t *testing.T) {
	rows := simulate(100, 2)
	in := CompareInput{Scores: rows, Systems: Matchers(), Contrasts: []Contrast{{SystemID{GIRL, MLP}, SystemID{Base, MLP}}}, Resamples: 50}
	want, err := Compare(in)
	if err != nil {
		t.Fatal(err)
	}
	in.Scores = slices.Clone(rows)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(rows), func(i, j int) { in.Scores[i], in.Scores[j] = in.Scores[j], in.Scores[i] })
	got, err := Compare(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want, cmpopts.EquateNaNs(), cmp.AllowUnexported(SystemResult{}, Comparison{}, testSet{}, systemScores{}, pairID{})); diff != "" {
		t.Errorf("shuffled rows (-got +want):\n%s", diff)
	}
}

// A comparison of one seed each is the paired bootstrap of package eval, and nothing else.
func TestCompareOneSeedIsTheBootstrap(t *testing.T) {
	a, b := SystemID{GIRL, MLP}, SystemID{Base, MLP}
	c, err := Compare(CompareInput{Scores: simulate(200, 1), Systems: []SystemID{a, b}, Contrasts: []Contrast{{a, b}}, Resamples: 100, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	set, err := collect(each(simulate(200, 1)), "test", func(SystemID) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	want, err := eval.Bootstrap{Resamples: 100, Seed: 5}.Diff(set.labels, set.clusters, set.systems[a].scores[0], set.systems[b].scores[0])
	if err != nil {
		t.Fatal(err)
	}
	got := c.Contrasts[0]
	near(t, "low", got.DiffAUC.Low, want.DiffAUC.Low, exact)
	near(t, "high", got.DiffAUC.High, want.DiffAUC.High, exact)
	near(t, "p", got.DiffAUC.P, want.DiffAUC.P, exact)
	near(t, "LogLoss", got.DiffLogLoss.Value, want.DiffLogLoss.Value, exact)
	near(t, "LogLoss low", got.DiffLogLoss.Low, want.DiffLogLoss.Low, exact)
}

// Holm corrects over all contrasts and both metrics, and each corrected p-value is that of its own test.
func TestHolmOfContrasts(t *testing.T) {
	m := Matchers()
	c, err := Compare(CompareInput{Scores: simulate(200, 2), Systems: m, Contrasts: []Contrast{{m[1], m[0]}, {m[2], m[0]}, {m[5], m[3]}}, Resamples: 200})
	if err != nil {
		t.Fatal(err)
	}
	var p []float64
	for _, k := range c.Contrasts {
		p = append(p, k.DiffAUC.P, k.DiffLogLoss.P)
	}
	want, err := eval.Holm(p)
	if err != nil {
		t.Fatal(err)
	}
	apart := 0
	for i, k := range c.Contrasts {
		near(t, fmt.Sprint(k.Contrast, " AUC"), k.HolmAUC, want[2*i], 0)
		near(t, fmt.Sprint(k.Contrast, " LogLoss"), k.HolmLogLoss, want[2*i+1], 0)
		if want[2*i] != want[2*i+1] {
			apart++
		}
	}
	if apart == 0 {
		t.Errorf("corrected p-values %v are pairwise equal: the test shows nothing", want)
	}
}

func TestCompareUnpairedSeeds(t *testing.T) {
	a, b := SystemID{GIRL, MLP}, SystemID{Base, MLP}
	rows := simulate(200, 2)
	for i := range rows {
		if rows[i].Model == Base {
			rows[i].Seed += 10 // other seeds: nothing to pair
		}
	}
	c, err := Compare(CompareInput{Scores: rows, Systems: []SystemID{a, b}, Contrasts: []Contrast{{a, b}}, Resamples: 100})
	if err != nil {
		t.Fatal(err)
	}
	ra, _ := c.System(a)
	rb, _ := c.System(b)
	d := c.Contrasts[0]
	want := d.DiffAUCTestOnly.SE*d.DiffAUCTestOnly.SE + (ra.AUCSeeds.SD*ra.AUCSeeds.SD+rb.AUCSeeds.SD*rb.AUCSeeds.SD)/2
	near(t, "variance", d.DiffAUC.SE*d.DiffAUC.SE, want, exact)
}

func TestCompareErrors(t *testing.T) {
	systems := []SystemID{{GIRL, MLP}, {Base, MLP}}
	for _, tc := range []struct {
		name string
		edit func([]ScoreRow) []ScoreRow
		want string
	}{
		{"missing pair", func(r []ScoreRow) []ScoreRow { return r[1:] }, `is not scored by Base (MLP), seed 0`},
		{"doubled pair", func(r []ScoreRow) []ScoreRow { return append(r, r[0]) }, "scored twice"},
		{"two labels", func(r []ScoreRow) []ScoreRow { r[0].Label = 1 - r[0].Label; return r }, "label"},
		{"two groups", func(r []ScoreRow) []ScoreRow { r[0].CVGroup = "elsewhere"; return r }, "cv_group"},
		{"NaN", func(r []ScoreRow) []ScoreRow { r[0].Score = math.NaN(); return r }, "score row 1"},
		{"one class", func(r []ScoreRow) []ScoreRow {
			for i := range r {
				r[i].Label = 1
			}
			return r
		}, "one class"},
		{"no scores", func([]ScoreRow) []ScoreRow { return nil }, "no scores"},
		{"other split", func(r []ScoreRow) []ScoreRow {
			for i := range r {
				r[i].Split = "valid"
			}
			return r
		}, "no scores"},
	} {
		_, err := Compare(CompareInput{Scores: tc.edit(simulate(50, 1)), Systems: systems, Resamples: 10})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error = %v, want it to say %q", tc.name, err, tc.want)
		}
	}
}

// Rows of one source only, or it would be unclear which are judged.
func TestCompareTakesOneSource(t *testing.T) {
	rows := simulate(50, 1)
	_, compare := Compare(CompareInput{Scores: rows, Stream: each(rows), Systems: Matchers(), Resamples: 10})
	_, rq2 := RQ2(RQ2Input{Dataset: "d", Scores: rows, Stream: each(rows), BootstrapResamples: 10})
	for _, err := range []error{compare, rq2} {
		if err == nil || !strings.Contains(err.Error(), "Scores and Stream are both given") {
			t.Errorf("error %v does not say that there are two sources", err)
		}
	}
}

// A stream gives the report of the same rows in memory, and its error is reported.
func TestRQ2OfStream(t *testing.T) {
	rows := validated(simulate(100, 2))
	path := filepath.Join(t.TempDir(), "scores.parquet")
	if err := CopyScores(path, each(rows)); err != nil {
		t.Fatal(err)
	}
	want, err := RQ2(RQ2Input{Dataset: "d", Scores: rows, BootstrapResamples: 20})
	if err != nil {
		t.Fatal(err)
	}
	got, err := RQ2(RQ2Input{Dataset: "d", Stream: Scores(path), BootstrapResamples: 20})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Rows("rq2"), got.Rows("rq2"), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("in memory against streamed (-want +got):\n%s", diff)
	}
	if want.Calibration == nil || !slices.Equal(got.Findings(), want.Findings()) {
		t.Errorf("findings %q, want %q", got.Findings(), want.Findings())
	}
	broken := func(yield func(ScoreRow, error) bool) {
		_ = yield(rows[0], nil) && yield(ScoreRow{}, errors.New("the disk is gone"))
	}
	again := filepath.Join(t.TempDir(), "scores.parquet")
	_, compare := Compare(CompareInput{Stream: broken, Systems: Matchers()})
	_, rq2 := RQ2(RQ2Input{Stream: broken})
	for _, err := range []error{compare, rq2, CopyScores(again, broken)} {
		if err == nil || !strings.Contains(err.Error(), "the disk is gone") {
			t.Errorf("error %v in place of the stream's", err)
		}
	}
	if _, err := os.Stat(again); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half of the rows were copied: %v", err)
	}
}

// Systems are judged side by side; of several errors the first system's is reported, every time.
func TestCompareReportsFirstError(t *testing.T) {
	rows := simulate(50, 1)
	for range 50 {
		_, err := Compare(CompareInput{Scores: rows, Systems: Matchers(), Resamples: 2, Level: 2})
		if err == nil || !strings.HasPrefix(err.Error(), "results: Base (MLP): ") {
			t.Fatalf("error %v, want that of %v", err, Matchers()[0])
		}
	}
}
