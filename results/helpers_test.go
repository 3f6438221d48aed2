package results

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// exact is the tolerance for results that differ from the expected value by rounding only.
const exact = 1e-12

func near(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	// The negated comparison also fails on NaN.
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %.15g, want %.15g ± %g", name, got, want, tol)
	}
}

// golden compares what render writes with testdata/name.
func golden(t *testing.T, name string, render func(io.Writer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := render(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(want)); diff != "" {
		t.Errorf("%s (-got +want):\n%s", name, diff)
	}
}

// sameNumbers lets numbers of a CSV file differ by rounding: processors that fuse multiplication and
// addition round differently.
var sameNumbers = cmp.Comparer(func(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil {
		return a == b
	}
	return math.Abs(x-y) <= 1e-9*max(1, math.Abs(x))
})

// goldenCSV is golden for a CSV file, cell by cell.
func goldenCSV(t *testing.T, name string, render func(io.Writer) error) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		golden(t, name, render)
	}
	var b bytes.Buffer
	if err := render(&b); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want, sameNumbers); diff != "" {
		t.Errorf("%s (-got +want):\n%s", name, diff)
	}
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// strengths of the simulated systems: how far scores of matches lie above those of mismatches.
var strengths = []struct {
	id    SystemID
	mu    float64
	scale float64 // of the logits: above 1 is over-confident
	seeds bool    // trained from seeds, unlike counting baselines
}{
	{SystemID{Base, MLP}, 0.60, 1, true},
	{SystemID{GIRLSFT, MLP}, 0.72, 1, true},
	{SystemID{GIRL, MLP}, 0.80, 1, true},
	{SystemID{Base, Dot}, 0.55, 2.5, true},
	{SystemID{GIRLSFT, Dot}, 0.66, 1.3, true},
	{SystemID{GIRL, Dot}, 0.74, 1.3, true},
	{SystemID{"TF-IDF", "cosine + Platt"}, 0.35, 1, false},
	{SystemID{"CV-id prior", ""}, 0.25, 1, false},
	{SystemID{"JD-id prior", ""}, 0.45, 1, false},
	{SystemID{"TF-IDF", "LR"}, 0.50, 1, false},
	{SystemID{"Reward model", "Platt"}, 0.68, 1, true},
}

// simulate draws the scores of all systems on the same pairs of CVs that have five JDs each.
func simulate(pairs, seeds int) []ScoreRow {
	rng := rand.New(rand.NewPCG(1, 2))
	var rows []ScoreRow
	for i := range pairs {
		label := rng.IntN(2)
		common := rng.NormFloat64()
		row := ScoreRow{
			CVID: fmt.Sprintf("cv%05d", i/5), JDID: fmt.Sprintf("jd%05d", i), Label: int32(label), Split: "test",
			ColdCV: true, ColdJD: i%3 == 0, CVGroup: fmt.Sprintf("g%05d", i/10),
		}
		for _, s := range strengths {
			row.Model, row.Predictor = s.id.Model, s.id.Predictor
			n := seeds
			if !s.seeds {
				n = 1
			}
			for seed := range n {
				row.Seed = int64(seed)
				z := s.mu*float64(2*label-1) + 0.8*common + 0.6*rng.NormFloat64()
				row.Score = sigmoid(s.scale * s.mu * 2 * z)
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// validated adds scores of other pairs, as if of validation.
func validated(rows []ScoreRow) []ScoreRow {
	out := slices.Clone(rows)
	for _, r := range rows {
		r.Split, r.CVID, r.CVGroup = "valid", "v"+r.CVID, "v"+r.CVGroup
		out = append(out, r)
	}
	return out
}

func ptr(v float64) *float64 { return &v }

func simulatedReport(t *testing.T, pairs, seeds int) *RQ2Report {
	t.Helper()
	r, err := RQ2(RQ2Input{
		Dataset: "the synthetic market", Scores: validated(simulate(pairs, seeds)), BootstrapResamples: 500, Seed: 1,
		CeilingAUC: ptr(0.93), CeilingLogLoss: ptr(0.36),
		Truth: func(_, jd string) (float64, error) { // some curve far above
			n, err := strconv.Atoi(jd[2:])
			return sigmoid(12 * (float64(n)/float64(pairs) - 0.5)), err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// simulatedCurves imitates a PPO run: the proxy reward rises, the gold reward turns round.
func simulatedCurves(seeds int, series ...string) CurvesInput {
	rng := rand.New(rand.NewPCG(3, 4))
	in := CurvesInput{Name: "ppo", Title: "PPO on the synthetic market", XLabel: "PPO step"}
	for _, panel := range []struct {
		title, label string
		f            func(x float64) float64
	}{
		{"Proxy reward", "reward model score", func(x float64) float64 { return 2 * (1 - math.Exp(-3*x)) }},
		{"Gold reward", "acceptance probability", func(x float64) float64 { return 0.3 + 0.3*x - 0.25*x*x }},
		{"KL to SFT", "KL (nats per JD)", func(x float64) float64 { return 14 * x }},
		{"Entropy", "entropy (nats per token)", func(x float64) float64 { return 2.2 - 0.9*x }},
	} {
		p := Panel{Title: panel.title, YLabel: panel.label}
		for j, name := range series {
			s := Series{Name: name}
			for seed := range seeds {
				run := Run{Seed: int64(seed)}
				for step := 0; step <= 200; step += 4 {
					x := float64(step) / 200
					v := panel.f(x)
					run.Steps = append(run.Steps, float64(step))
					run.Value = append(run.Value, v*(1+0.15*float64(j))+0.05*panel.f(1)*rng.NormFloat64())
				}
				s.Runs = append(s.Runs, run)
			}
			p.Series = append(p.Series, s)
		}
		in.Panels = append(in.Panels, p)
	}
	return in
}
