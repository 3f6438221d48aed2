package eval

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// ovarian holds the 43 complete cases of the study that DeLong, DeLong and Clarke-Pearson (1988) introduced their test on, as the
// SAS/STAT User's Guide prints them (PROC LOGISTIC, "Comparing Receiver Operating Characteristic Curves"): albumin, total protein,
// Krebs–Goplerud score, and whether the patient benefited from surgery.
const ovarian = `
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1  3.8 5.7 5 1
3.7 6.7 6 1   3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0
4.0 6.6 6 0   3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1
4.3 6.5 4 1   3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1
2.9 5.7 9 0   2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1`

// TestDeLongPublished holds the four digits that the same example prints for areas, standard errors, confidence limits and
// contrasts with the K-G score. A low score is good, so it enters with the opposite sign.
func TestDeLongPublished(t *testing.T) {
	var labels []int
	scores := map[string][]float64{}
	fields := strings.Fields(ovarian)
	for i := 0; i < len(fields); i += 4 {
		labels = append(labels, int(number(t, fields[i+3])))
		scores["albumin"] = append(scores["albumin"], number(t, fields[i]))
		scores["protein"] = append(scores["protein"], number(t, fields[i+1]))
		scores["K-G"] = append(scores["K-G"], -number(t, fields[i+2]))
	}
	if len(labels) != 43 {
		t.Fatalf("%d patients", len(labels))
	}
	const digits = 0.5e-4 + 1e-9
	for _, want := range []struct {
		test                string
		auc, se, low, high  float64
		diff, diffSE, diffP float64 // from the K-G score
	}{
		{"albumin", 0.7366, 0.0927, 0.5549, 0.9182, 0.0108, 0.0953, 0.9102},
		{"protein", 0.6478, 0.1000, 0.4518, 0.8439, -0.0780, 0.1046, 0.4561},
		{"K-G", 0.7258, 0.1028, 0.5243, 0.9273, 0, 0, 1},
	} {
		e, err := DeLong(labels, scores[want.test], DeLongOptions{})
		if err != nil {
			t.Fatal(err)
		}
		near(t, want.test+" AUC", e.Value, want.auc, digits)
		near(t, want.test+" SE", e.SE, want.se, digits)
		near(t, want.test+" low", e.Low, want.low, digits)
		near(t, want.test+" high", e.High, want.high, digits)
		d, err := DeLongDiffAUC(labels, scores[want.test], scores["K-G"], 0)
		if err != nil {
			t.Fatal(err)
		}
		near(t, want.test+" − K-G", d.Value, want.diff, digits)
		near(t, want.test+" − K-G, SE", d.SE, want.diffSE, digits)
		near(t, want.test+" − K-G, p", d.P, want.diffP, digits)
	}
}

// The variance that DeLong's method estimates from one sample is the variance of AUC, and of a difference of AUCs, over samples:
// brute force over the whole population of samples of that size. The same by clusters.
func TestDeLongVarianceIsThatOverSamples(t *testing.T) {
	const sims = 3000
	rng := rand.New(rand.NewPCG(41, 42))
	var auc, diff, aucBy, diffBy [sims]float64
	var seAUC, seDiff, seAUCBy, seDiffBy float64 // means of SE²
	add := func(value, square *float64, f func() (Estimate, error)) {
		e, err := f()
		if err != nil {
			t.Fatal(err)
		}
		*value = e.Value
		*square += e.SE * e.SE / sims
	}
	for s := range sims {
		labels, a, b := make([]int, 80), make([]float64, 80), make([]float64, 80)
		for i := range labels {
			labels[i] = min(i%3, 1) // unequal classes
			common := rng.NormFloat64()
			a[i] = float64(labels[i]) + 0.7*(common+rng.NormFloat64())
			b[i] = 0.5*float64(labels[i]) + 0.7*(common+rng.NormFloat64())
		}
		add(&auc[s], &seAUC, func() (Estimate, error) { return DeLong(labels, a, DeLongOptions{}) })
		add(&diff[s], &seDiff, func() (Estimate, error) { return DeLongDiffAUC(labels, a, b, 0) })
		labels, clusters, x := clustered(rng, 30, 5, 1.5, 1)
		add(&aucBy[s], &seAUCBy, func() (Estimate, error) { return ClusterDeLongContrast(labels, clusters, []float64{1}, 0, x[0]) })
		add(&diffBy[s], &seDiffBy, func() (Estimate, error) { return ClusterDeLongContrast(labels, clusters, []float64{1, -1}, 0, x...) })
	}
	for _, c := range []struct {
		name     string
		values   []float64
		estimate float64
	}{{"AUC", auc[:], seAUC}, {"difference", diff[:], seDiff}, {"AUC by cluster", aucBy[:], seAUCBy}, {"difference by cluster", diffBy[:], seDiffBy}} {
		_, sd := meanSD(c.values)
		// A variance from n samples has a relative standard error of √(2/n), here 2.6 %: three of them.
		near(t, "estimated variance of "+c.name+" over the true one", c.estimate/(sd*sd), 1, 3*math.Sqrt(2./sims))
	}
}
