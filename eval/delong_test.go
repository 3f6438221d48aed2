package eval

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

func TestDeLongByHand(t *testing.T) {
	// Positives 3, 5; negatives 1, 4. ψ: (3,1)=1 (3,4)=0 (5,1)=1 (5,4)=1, so AUC = 3/4,
	// V10 = (½, 1), V01 = (1, ½), each with variance (¼² + ¼²)/1 = 1/8,
	// Var = (1/8)/2 + (1/8)/2 = 1/8.
	e, err := DeLong([]int{1, 1, 0, 0}, []float64{3, 5, 1, 4}, DeLongOptions{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "AUC", e.Value, 0.75, exact)
	near(t, "SE", e.SE, math.Sqrt(1.0/8), exact)
	near(t, "low", e.Low, 0.75-1.959963984540054*math.Sqrt(1.0/8), 1e-9)
	near(t, "high is cut", e.High, 1, 0)
	if len(e.Warnings) == 0 {
		t.Error("no warning for two rows a class")
	}
	// logit(¾) = log 3; its standard error is SE/(¾·¼).
	e, err = DeLong([]int{1, 1, 0, 0}, []float64{3, 5, 1, 4}, DeLongOptions{Logit: true, Level: 0.9})
	if err != nil {
		t.Fatal(err)
	}
	s := 1.6448536269514722 * math.Sqrt(1.0/8) / (0.75 * 0.25)
	near(t, "logit low", e.Low, sigmoid(math.Log(3)-s), 1e-9)
	near(t, "logit high", e.High, sigmoid(math.Log(3)+s), 1e-9)
}

func TestDeLongDiffByHand(t *testing.T) {
	// System a as above. System b: positives 3, 5; negatives 4, 1: AUC = ¾, V10 the same, V01 swapped.
	// cov(V10) = 1/8, cov(V01) = −1/8, so Cov(a, b) = 0 and Var(a − b) = 1/8 + 1/8 = ¼; the AUCs are equal.
	labels := []int{1, 1, 0, 0}
	e, err := DeLongDiffAUC(labels, []float64{3, 5, 1, 4}, []float64{3, 5, 4, 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "difference", e.Value, 0, exact)
	near(t, "SE", e.SE, 0.5, exact)
	near(t, "p", e.P, 1, exact)
	// b': positives 0, 5: ψ (0,1)=0 (0,4)=0 (5,·)=1, AUC ½, V10 = (0, 1), V01 = (½, ½).
	// cov(V10, V10') = ¼·½ + ¼·½ = ¼, var' = ½ and 0; Var = 1/8 + ½/2 − 2·(¼/2) = 1/8, z = ¼/√(1/8).
	e, err = DeLongDiffAUC(labels, []float64{3, 5, 1, 4}, []float64{0, 5, 1, 4}, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "difference", e.Value, 0.25, exact)
	near(t, "SE", e.SE, math.Sqrt(1.0/8), exact)
	near(t, "p", e.P, math.Erfc(0.25/math.Sqrt(1.0/8)/math.Sqrt2), exact)
}

func TestDeLongCorners(t *testing.T) {
	labels := []int{1, 1, 0, 0}
	perfect, reversed := []float64{4, 3, 2, 1}, []float64{1, 2, 3, 4}
	e, err := DeLong(labels, perfect, DeLongOptions{Logit: true})
	if err != nil || e.Value != 1 || e.SE != 0 || e.Low != 1 || e.High != 1 || len(e.Warnings) < 2 {
		t.Errorf("perfect: %+v, %v", e, err)
	}
	e, err = DeLongDiffAUC(labels, perfect, perfect, 0)
	if err != nil || e.P != 1 || e.Value != 0 {
		t.Errorf("identical: %+v, %v", e, err)
	}
	e, err = DeLongDiffAUC(labels, perfect, reversed, 0)
	if err != nil || e.Value != 1 || e.P != 1 || len(e.Warnings) < 2 {
		t.Errorf("no variance: %+v, %v; want p = 1 and a warning", e, err)
	}
	if _, err = DeLong([]int{1, 0, 0}, []float64{1, 2, 3}, DeLongOptions{}); !errors.Is(err, ErrRange) {
		t.Errorf("one positive: error = %v", err)
	}
	if _, err = DeLong(labels, perfect, DeLongOptions{Level: 95}); !errors.Is(err, ErrRange) {
		t.Errorf("level 95: error = %v", err)
	}
}

// bruteCov is the covariance of two AUCs from components summed pair by pair.
func bruteCov(labels []int, a, b []float64) float64 {
	components := func(s []float64) (v10, v01 []float64) {
		for i, yi := range labels {
			sum, n := 0.0, 0.0
			for j, yj := range labels {
				if yj != yi {
					n++
					if yi == 1 {
						sum += psi(s[i], s[j])
					} else {
						sum += psi(s[j], s[i])
					}
				}
			}
			if yi == 1 {
				v10 = append(v10, sum/n)
			} else {
				v01 = append(v01, sum/n)
			}
		}
		return v10, v01
	}
	cov := func(x, y []float64) float64 {
		mx, my := 0.0, 0.0
		for i := range x {
			mx += x[i] / float64(len(x))
			my += y[i] / float64(len(y))
		}
		sum := 0.0
		for i := range x {
			sum += (x[i] - mx) * (y[i] - my)
		}
		return sum / float64(len(x)-1) / float64(len(x))
	}
	a10, a01 := components(a)
	b10, b01 := components(b)
	return cov(a10, b10) + cov(a01, b01)
}

func TestDeLongAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, a := genRows(t)
		labels = append(labels, 0, 1)
		a = append(a, 0.5, 0.5)
		grid := rapid.SliceOfN(rapid.IntRange(0, 9), len(a), len(a)).Draw(t, "b")
		b := make([]float64, len(a))
		for i, g := range grid {
			b[i] = float64(g)
		}
		e, err := DeLong(labels, a, DeLongOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if want := math.Sqrt(bruteCov(labels, a, a)); math.Abs(e.SE-want) > 1e-10 {
			t.Fatalf("SE = %v, brute force %v", e.SE, want)
		}
		d, err := DeLongDiffAUC(labels, a, b, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := bruteCov(labels, a, a) + bruteCov(labels, b, b) - 2*bruteCov(labels, a, b)
		if math.Abs(d.SE*d.SE-want) > 1e-10 {
			t.Fatalf("Var(a − b) = %v, brute force %v", d.SE*d.SE, want)
		}
		r, _ := DeLongDiffAUC(labels, b, a, 0)
		if r.Value != -d.Value || math.Abs(r.P-d.P) > exact {
			t.Fatalf("b − a is %v (p %v), a − b is %v (p %v)", r.Value, r.P, d.Value, d.P)
		}
	})
}

// TestDeLongCoverage counts how often intervals hold the truth, and how p-values spread when nothing
// differs. 500 simulations: the binomial standard error of a 95 % coverage is 1 %.
func TestDeLongCoverage(t *testing.T) {
	const sims, mu = 500, 1.2
	truth := distuv.UnitNormal.CDF(mu / math.Sqrt2) // P(N(mu,1) > N(0,1))
	rng := rand.New(rand.NewPCG(11, 12))
	var plain, logit, rejected, lower, sumP float64
	for range sims {
		labels, a, b := make([]int, 120), make([]float64, 120), make([]float64, 120)
		for i := range labels {
			labels[i] = i % 2
			common := rng.NormFloat64()
			signal := mu * float64(labels[i])
			// Two systems of equal strength and correlation ½.
			a[i] = signal + math.Sqrt(0.5)*(common+rng.NormFloat64())
			b[i] = signal + math.Sqrt(0.5)*(common+rng.NormFloat64())
		}
		hold := func(opts DeLongOptions) float64 {
			e, err := DeLong(labels, a, opts)
			if err != nil {
				t.Fatal(err)
			}
			if e.Low <= truth && truth <= e.High {
				return 1
			}
			return 0
		}
		plain += hold(DeLongOptions{}) / sims
		logit += hold(DeLongOptions{Logit: true}) / sims
		d, err := DeLongDiffAUC(labels, a, b, 0)
		if err != nil {
			t.Fatal(err)
		}
		sumP += d.P / sims
		if d.P < 0.05 {
			rejected += 1.0 / sims
		}
		if d.P < 0.5 {
			lower += 1.0 / sims
		}
	}
	// Three standard errors, and a little for the normal approximation at 60 rows a class.
	near(t, "coverage", plain, 0.95, 0.035)
	near(t, "coverage of the logit interval", logit, 0.95, 0.035)
	near(t, "share of null p-values below 0.05", rejected, 0.05, 0.035)
	near(t, "share of null p-values below 0.5", lower, 0.5, 0.07)
	near(t, "mean null p-value", sumP, 0.5, 0.04)
}
