package eval

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestHolmByHand(t *testing.T) {
	for _, tc := range []struct{ p, want []float64 }{
		// sorted 0.005 0.01 0.03 0.04 times 4 3 2 1: 0.02 0.03 0.06 0.04, the last raised to 0.06
		{[]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}},
		{[]float64{0.5, 0.9}, []float64{1, 1}},
		{[]float64{0.2}, []float64{0.2}},
		{nil, []float64{}},
	} {
		got, err := Holm(tc.p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, tc.want, cmpopts.EquateApprox(0, exact)); diff != "" {
			t.Errorf("Holm(%v) (-got +want):\n%s", tc.p, diff)
		}
	}
	if _, err := Holm([]float64{0.1, math.NaN()}); !errors.Is(err, ErrNaN) {
		t.Errorf("NaN: error = %v", err)
	}
	if _, err := Holm([]float64{1.1}); !errors.Is(err, ErrRange) {
		t.Errorf("1.1: error = %v", err)
	}
}

func TestHolmProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 12).Draw(t, "p")
		adjusted, err := Holm(p)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p {
			if adjusted[i] < p[i] || adjusted[i] > min(1, float64(len(p))*p[i])+exact {
				t.Fatalf("adjusted %v outside [p, Bonferroni] of %v", adjusted[i], p[i])
			}
			for j := range p {
				if p[i] < p[j] && adjusted[i] > adjusted[j] {
					t.Fatalf("order of %v and %v turned round", p[i], p[j])
				}
			}
		}
	})
}

func TestMeanOverSeeds(t *testing.T) {
	// Mean 2, SD 1, t_{2, 0.975} = 4.302652729911275 (tables), half width t/√3. With 2 degrees of freedom P = 1 − t/√(2+t²), t = 2√3.
	s, err := MeanOverSeeds([]float64{1, 2, 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", s.Mean, 2, exact)
	near(t, "SD", s.SD, 1, exact)
	near(t, "low", s.Low, 2-4.302652729911275/math.Sqrt(3), 1e-9)
	near(t, "high", s.High, 2+4.302652729911275/math.Sqrt(3), 1e-9)
	near(t, "P", s.P, 1-2*math.Sqrt(3)/math.Sqrt(14), 1e-9)
	if same, _ := MeanOverSeeds([]float64{2, 2}, 0); same.P != 1 {
		t.Errorf("equal values: P = %g", same.P)
	}
	if len(s.Warnings) != 1 {
		t.Errorf("three seeds: warnings %q", s.Warnings)
	}
	if s, _ = MeanOverSeeds([]float64{1, 2, 3, 4, 5}, 0); len(s.Warnings) != 0 {
		t.Errorf("five seeds: warnings %q", s.Warnings)
	}
	s, err = MeanOverSeeds([]float64{7}, 0)
	if err != nil || s.Mean != 7 || !math.IsNaN(s.Low) || !math.IsNaN(s.High) || !math.IsNaN(s.P) || len(s.Warnings) != 1 {
		t.Errorf("one seed: %+v, %v", s, err)
	}
	if _, err = MeanOverSeeds(nil, 0); !errors.Is(err, ErrEmpty) {
		t.Errorf("no seed: error = %v", err)
	}
	if _, err = MeanOverSeeds([]float64{1, math.NaN()}, 0); !errors.Is(err, ErrNaN) {
		t.Errorf("NaN: error = %v", err)
	}
	if _, err = MeanOverSeeds([]float64{1, math.Inf(1)}, 0); !errors.Is(err, ErrRange) {
		t.Errorf("infinite: error = %v", err)
	}
}

func TestWithSeedVarianceByHand(t *testing.T) {
	test := Estimate{Value: 0.1, SE: 0.03, Low: 0.04, High: 0.16, P: 0.01}
	// Seeds 0.05, 0.10, 0.15: s = 0.05, s²/n = 0.0025/3. Variance 0.0009 + 0.000833.. = 0.00173333, of which 0.0009 has 100 degrees of
	// freedom and the rest 2; tables: t_100 = 1.98397, t_2 = 4.30265.
	e, err := WithSeedVariance(test, 101, 0, []float64{0.05, 0.1, 0.15})
	if err != nil {
		t.Fatal(err)
	}
	variance := 0.0009 + 0.0025/3
	near(t, "SE", e.SE, math.Sqrt(variance), exact)
	if !(e.Low < test.Low && e.High > test.High && e.P > test.P) {
		t.Errorf("%+v is not wider than %+v", e, test)
	}
	near(t, "centre", (e.Low+e.High)/2, 0.1, exact)
	near(t, "Student's factor", (e.High-0.1)/e.SE, (0.0009*1.98397+0.0025/3*4.30265)/variance, 1e-5)
	// P is the level at which the interval ends at zero.
	at, err := WithSeedVariance(test, 101, 1-e.P, []float64{0.05, 0.1, 0.15})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "low end at level 1 − P", at.Low, 0, 1e-9)
	if e.P < 0.05 || e.P > 0.2 {
		t.Errorf("P = %g", e.P)
	}
	// One seed: the test estimate stays, with a warning.
	e, err = WithSeedVariance(test, 101, 0, []float64{0.1})
	if err != nil || e.Low != test.Low || e.P != test.P || len(e.Warnings) != 1 {
		t.Errorf("one seed: %+v, %v", e, err)
	}
	// No spread between seeds: nearly the normal interval of the test estimate.
	e, err = WithSeedVariance(test, 1001, 0, []float64{0.1, 0.1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "half width", e.High-0.1, 1.9623*0.03, 1e-5) // t_1000
}

// With both sources of noise, the combined interval of a difference covers; the bootstrap alone does not.
func TestWithSeedVarianceCoverage(t *testing.T) {
	const sims, seeds, pairs = 2000, 3, 200
	rng := rand.New(rand.NewPCG(31, 32))
	var both, testOnly float64
	for range sims {
		// The difference of seed s is test noise (SE 0.01, shared) + seed noise (SD 0.02); the truth is 0.
		shared := 0.01 * rng.NormFloat64()
		values, mean := make([]float64, seeds), 0.0
		for s := range values {
			values[s] = shared + 0.02*rng.NormFloat64()
			mean += values[s] / seeds
		}
		test := Estimate{Value: mean, SE: 0.01, Low: mean - 0.0196, High: mean + 0.0196}
		e, err := WithSeedVariance(test, pairs, 0, values)
		if err != nil {
			t.Fatal(err)
		}
		if e.Low <= 0 && 0 <= e.High {
			both += 1.0 / sims
		}
		if test.Low <= 0 && 0 <= test.High {
			testOnly += 1.0 / sims
		}
	}
	near(t, "coverage with seeds", both, 0.96, 0.02)
	if testOnly > 0.88 {
		t.Errorf("coverage of the test interval alone = %v, want it clearly below 0.95", testOnly)
	}
}
