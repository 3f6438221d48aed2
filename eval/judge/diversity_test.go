package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// Three texts of three groups: "a b", "a c", "a a". Kinds a, b, c of six words: ½. Without the first: a, c of four, ½; without the
// second likewise; without the third: a, b, c of four, ¾. Mean 7/12, squares (1/12)²·2 + (2/12)² = 6/144; SE² = ⅔·6/144 = 1/36.
func TestDiversityEstimateByHand(t *testing.T) {
	texts, groups := []string{"a b", "a c", "a a"}, []string{"x", "y", "z"}
	e, err := DiversityEstimate([][]string{texts}, groups, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "value", e.Value, 0.5, exact)
	near(t, "SE", e.SE, 1.0/6, exact)
	near(t, "low", e.Low, 0.5-4.302653/6, 1e-6) // two degrees of freedom
	near(t, "value by Diversity", e.Value, Diversity(texts, 1), exact)
	if !strings.Contains(fmt.Sprint(e.Warnings), "one seed") {
		t.Errorf("warnings %q", e.Warnings)
	}
	// Groups of several texts go together: without x and y, the third alone has ½; without it ¾.
	if e, err = DiversityEstimate([][]string{texts}, []string{"x", "x", "z"}, 1, 0); err != nil {
		t.Fatal(err)
	}
	near(t, "SE of two groups", e.SE, math.Sqrt(0.5*2)*0.125, exact)
	// Two seeds of ½ and 1: the jackknife of the mean, and sd²/2 = 1/16 between the seeds.
	other := []string{"a b", "c d", "e f"} // 1, whatever is left out
	if e, err = DiversityEstimate([][]string{texts, other}, groups, 1, 0); err != nil {
		t.Fatal(err)
	}
	near(t, "value of two seeds", e.Value, 0.75, exact)
	near(t, "SE of two seeds", e.SE, math.Sqrt(1.0/144+1.0/16), exact)
	// Pairs of words: ab, ac, aa are all different.
	if e, err = DiversityEstimate([][]string{texts}, groups, 2, 0); err != nil || e.Value != 1 || e.SE != 0 {
		t.Errorf("pairs: %+v, %v", e, err)
	}
}

func TestDiversityEstimateEdges(t *testing.T) {
	for name, c := range map[string]struct {
		texts  [][]string
		groups []string
	}{"one group": {[][]string{{"a b", "c"}}, []string{"x", "x"}}, "one group has all": {[][]string{{"a b", ""}}, []string{"x", "y"}}} {
		e, err := DiversityEstimate(c.texts, c.groups, 1, 0)
		if err != nil || e.Value != 1 || !math.IsNaN(e.SE) || !math.IsNaN(e.Low) {
			t.Errorf("%s: %+v, %v, want 1 without an interval", name, e, err)
		}
	}
	if _, err := DiversityEstimate(nil, nil, 1, 0); err == nil {
		t.Error("no seeds: no error")
	}
	if _, err := DiversityEstimate([][]string{{"a"}}, []string{"x", "y"}, 1, 0); err == nil {
		t.Error("a text for two groups: no error")
	}
}

// The jackknife's standard error is near the spread of distinct-1 and distinct-2 over fresh samples of texts.
func TestDiversityEstimateKnowsTheSpread(t *testing.T) {
	const samples, cvs, words = 120, 60, 25
	for n := 1; n <= 2; n++ {
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		zipf := rand.NewZipf(rng, 1.3, 3, 2000)
		var values []float64
		se := 0.0
		for range samples {
			texts, groups := make([]string, cvs), make([]string, cvs)
			for i := range texts {
				groups[i] = fmt.Sprint(i)
				length := words/2 + rng.IntN(words)
				for range length {
					texts[i] += fmt.Sprintf("w%d ", zipf.Uint64())
				}
			}
			e, err := DiversityEstimate([][]string{texts}, groups, n, 0)
			if err != nil {
				t.Fatal(err)
			}
			values, se = append(values, e.Value), se+e.SE/samples
		}
		m, ss := mean(values), 0.0
		for _, v := range values {
			ss += (v - m) * (v - m)
		}
		sd := math.Sqrt(ss / (samples - 1))
		if ratio := se / sd; ratio < 0.85 || ratio > 1.35 {
			t.Errorf("distinct-%d: mean standard error %.4f, spread %.4f", n, se, sd)
		}
		t.Logf("distinct-%d: %.3f, mean standard error %.4f, spread over samples %.4f", n, m, se, sd)
	}
}
