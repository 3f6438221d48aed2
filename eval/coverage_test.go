package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// share tests a simulated share against what it ought to be: n simulations have the binomial standard error √(p(1−p)/n), and a
// seeded test fails beyond three and a half of them. slack is what the method itself may be off, said where it is used.
func share(t *testing.T, name string, hits, n int, want, slack float64) {
	t.Helper()
	tol := 3.5*math.Sqrt(want*(1-want)/float64(n)) + slack
	if got := float64(hits) / float64(n); math.Abs(got-want) > tol {
		t.Errorf("%s: %.4f in %d simulations, want %.4f ± %.4f", name, got, n, want, tol)
	}
}

// uniform tests null p-values: as many below each of several levels as the level says.
func uniform(t *testing.T, name string, p []float64, slack float64) {
	t.Helper()
	for _, level := range []float64{0.05, 0.1, 0.25, 0.5, 0.75, 0.9} {
		below := 0
		for _, v := range p {
			if v <= level {
				below++
			}
		}
		share(t, fmt.Sprintf("%s: null p-values up to %g", name, level), below, len(p), level, slack)
	}
}

// Null p-values of every test of two systems are uniform, and the interval leaves zero out just where p is below 1 − level.
func TestNullPValuesAreUniform(t *testing.T) {
	const sims = 4000
	rng := rand.New(rand.NewPCG(51, 52))
	p := map[string][]float64{}
	for s := range sims {
		// Independent rows for DeLong's test.
		labels, x := make([]int, 120), [2][]float64{make([]float64, 120), make([]float64, 120)}
		for i := range labels {
			labels[i] = i % 2
			common := rng.NormFloat64()
			for k := range x {
				x[k][i] = float64(labels[i]) + common + rng.NormFloat64()
			}
		}
		tests := map[string]func() (Estimate, error){
			"DeLong": func() (Estimate, error) { return DeLongDiffAUC(labels, x[0], x[1], 0) },
		}
		byCluster, clusters, y := clustered(rng, 60, 4, 1, 1)
		tests["DeLong by cluster"] = func() (Estimate, error) {
			return ClusterDeLongContrast(byCluster, clusters, []float64{1, -1}, 0, y...)
		}
		if s < sims/5 { // the bootstrap takes longer
			d, err := Bootstrap{Resamples: 400, Seed: uint64(s)}.Diff(byCluster, clusters, y[0], y[1])
			if err != nil {
				t.Fatal(err)
			}
			tests["bootstrap, AUC"] = func() (Estimate, error) { return d.DiffAUC, nil }
			tests["bootstrap, LogLoss"] = func() (Estimate, error) { return d.DiffLogLoss, nil }
		}
		for name, f := range tests {
			e, err := f()
			if err != nil {
				t.Fatal(err)
			}
			p[name] = append(p[name], e.P)
			// Quantiles of draws and shares of draws agree up to a draw or two.
			if excluded := e.Low > 0 || e.High < 0; excluded != (e.P < 0.05) && math.Abs(e.P-0.05) > 0.015 {
				t.Errorf("%s: p = %.4f with the interval [%.4f, %.4f]", name, e.P, e.Low, e.High)
			}
		}
	}
	// Normal approximations at 60 rows a class are off by half a hundredth, those and percentiles of 60 clusters by one.
	uniform(t, "DeLong", p["DeLong"], 0.005)
	uniform(t, "DeLong by cluster", p["DeLong by cluster"], 0.01)
	uniform(t, "bootstrap, AUC", p["bootstrap, AUC"], 0.01)
	uniform(t, "bootstrap, LogLoss", p["bootstrap, LogLoss"], 0.01)
}

// Obuchowski's interval of a single AUC holds the AUC of the population in 95 % of studies; DeLong's, which takes the rows for
// independent, does not.
func TestClusterDeLongCovers(t *testing.T) {
	const sims = 1000
	rng := rand.New(rand.NewPCG(53, 54))
	var byCluster, byRow [sims]Estimate
	truth := 0.0
	for s := range sims {
		labels, clusters, x := clustered(rng, 60, 10, 1)
		var err, errRow error
		byCluster[s], err = ClusterDeLongContrast(labels, clusters, []float64{1}, 0, x[0])
		byRow[s], errRow = DeLong(labels, x[0], DeLongOptions{})
		if err != nil || errRow != nil {
			t.Fatal(err, errRow)
		}
		truth += byRow[s].Value / sims // AUC is unbiased but for the pairs within a cluster, which are part of it
	}
	held, heldByRow := 0, 0
	for s := range sims {
		if byCluster[s].Low <= truth && truth <= byCluster[s].High {
			held++
		}
		if byRow[s].Low <= truth && truth <= byRow[s].High {
			heldByRow++
		}
	}
	share(t, "coverage by cluster", held, sims, 0.95, 0.01) // normal interval, 60 clusters
	if heldByRow > sims*9/10 {
		t.Errorf("DeLong's interval held the AUC in %d of %d studies of clustered rows: the simulation does not show what clusters do", heldByRow, sims)
	}
}

// What the doc comment of Bootstrap.Mean says about coverage and p-values with several seeds: rows alike within clusters, noise of
// each seed and row, and seeds whose means spread as much as the test CVs let the mean move.
func TestMeanCoversWithFewSeeds(t *testing.T) {
	const studies, groups = 2000, 60
	for seeds, want := range map[int]float64{2: 0.975, 3: 0.97, 5: 0.96} { // wide by design: see WithSeedVariance
		rng := rand.New(rand.NewPCG(55, uint64(seeds)))
		held, rejected := 0, 0
		for study := range studies {
			var clusters []int
			values := make([][]float64, seeds)
			effect := make([]float64, seeds)
			for s := range effect {
				effect[s] = 0.17 * rng.NormFloat64() // about the standard error over clusters
			}
			for g := range groups {
				shared := rng.NormFloat64()
				for range 1 + g%3 {
					row := shared + rng.NormFloat64()
					clusters = append(clusters, g)
					for s := range values {
						values[s] = append(values[s], row+effect[s]+0.5*rng.NormFloat64())
					}
				}
			}
			e, err := Bootstrap{Resamples: 200, Seed: uint64(study)}.Mean(clusters, values...)
			if err != nil {
				t.Fatal(err)
			}
			if e.Low <= 0 && 0 <= e.High {
				held++
			}
			if e.P <= 0.05 {
				rejected++
			}
		}
		// 60 clusters and 200 resamples cost about a hundredth.
		share(t, fmt.Sprintf("coverage with %d seeds", seeds), held, studies, want, 0.01)
		if held+rejected != studies {
			t.Errorf("%d seeds: %d intervals hold zero and %d p-values reject it, of %d", seeds, held, rejected, studies)
		}
	}
}

// The percentile interval of one seed says what its clusters let the mean move and is too narrow where they are few, as its doc
// comment says; and it holds nothing of what another seed would have given.
func TestMeanOfOneSeedIsTooNarrowWithFewClusters(t *testing.T) {
	const studies = 1000
	for _, c := range []struct {
		groups       int
		spread, want float64
	}{{15, 0, 0.905}, {30, 0, 0.93}, {120, 0, 0.945}, {120, 1, 0.825}} {
		rng := rand.New(rand.NewPCG(57, uint64(c.groups)))
		held := 0
		for study := range studies {
			clusters, values := make([]int, c.groups), make([]float64, c.groups)
			effect := c.spread * rng.NormFloat64() / math.Sqrt(float64(c.groups))
			for g := range clusters {
				clusters[g], values[g] = g, rng.NormFloat64()+effect
			}
			e, err := Bootstrap{Resamples: 300, Seed: uint64(study)}.Mean(clusters, values)
			if err != nil {
				t.Fatal(err)
			}
			if e.Low <= 0 && 0 <= e.High {
				held++
			}
		}
		share(t, fmt.Sprintf("coverage with %d clusters, seeds spread by %g standard errors", c.groups, c.spread), held, studies, c.want, 0.005)
	}
}

// The coverage table in the doc comment of WithSeedVariance: by the number of seeds, and by how far they spread in units of the
// standard error over test pairs.
func TestWithSeedVarianceCoverageByRatio(t *testing.T) {
	const sims, clusters = 4000, 240
	for _, c := range []struct {
		seeds       int
		ratio, want float64
	}{
		{2, 0, 0.951}, {2, 1, 0.977}, {2, 2, 0.964}, {2, 5, 0.940},
		{3, 0, 0.950}, {3, 1, 0.972}, {3, 2, 0.968}, {3, 5, 0.955},
		{5, 0, 0.949}, {5, 1, 0.960}, {5, 2, 0.961}, {5, 5, 0.956},
	} {
		rng := rand.New(rand.NewPCG(59, uint64(100*c.seeds)+uint64(10*c.ratio)))
		held := 0
		for range sims {
			shared, mean := rng.NormFloat64(), 0.0
			values := make([]float64, c.seeds)
			for s := range values {
				values[s] = shared + c.ratio*rng.NormFloat64()
				mean += values[s] / float64(c.seeds)
			}
			chi := 0.0
			for range clusters - 1 {
				z := rng.NormFloat64()
				chi += z * z
			}
			e, err := WithSeedVariance(Estimate{Value: mean, SE: math.Sqrt(chi / (clusters - 1))}, clusters, 0, values)
			if err != nil {
				t.Fatal(err)
			}
			if e.Low <= 0 && 0 <= e.High {
				held++
			}
		}
		share(t, fmt.Sprintf("%d seeds that spread by %g standard errors", c.seeds, c.ratio), held, sims, c.want, 0)
	}
}

// Holm keeps the chance of any false rejection at its level, whatever the dependence, comes close to it where tests are independent, and rejects
// whatever Bonferroni does.
func TestHolmKeepsItsLevel(t *testing.T) {
	const sims, tests, alpha = 4000, 6, 0.05
	rng := rand.New(rand.NewPCG(61, 62))
	for _, c := range []struct {
		correlation float64
		want        float64 // chance of a false rejection; 1 − (1 − α/m)^m for independent tests
	}{{0, 1 - math.Pow(1-alpha/tests, tests)}, {1, alpha / tests}} {
		any, more := 0, 0
		for range sims {
			common := rng.NormFloat64()
			p := make([]float64, tests)
			for i := range p {
				z := math.Sqrt(c.correlation)*common + math.Sqrt(1-c.correlation)*rng.NormFloat64()
				p[i] = math.Erfc(math.Abs(z) / math.Sqrt2)
			}
			adjusted, err := Holm(p)
			if err != nil {
				t.Fatal(err)
			}
			rejected := false
			for i := range p {
				rejected = rejected || adjusted[i] <= alpha
				if adjusted[i] > min(1, tests*p[i])+exact {
					more++
				}
			}
			if rejected {
				any++
			}
		}
		share(t, fmt.Sprintf("false rejections of tests with correlation %g", c.correlation), any, sims, c.want, 0)
		if more > 0 {
			t.Errorf("%d corrected p-values are above Bonferroni's", more)
		}
	}
	// With true effects among them, the level holds for the true hypotheses, and more is found than by Bonferroni.
	falsely, holm, bonferroni := 0, 0, 0
	for range sims {
		p := make([]float64, tests)
		for i := range p {
			z := rng.NormFloat64()
			if i >= 2 {
				z += 3
			}
			p[i] = math.Erfc(math.Abs(z) / math.Sqrt2)
		}
		adjusted, err := Holm(p)
		if err != nil {
			t.Fatal(err)
		}
		if min(adjusted[0], adjusted[1]) <= alpha {
			falsely++
		}
		for i := 2; i < tests; i++ {
			if adjusted[i] <= alpha {
				holm++
			}
			if tests*p[i] <= alpha {
				bonferroni++
			}
		}
	}
	if limit := alpha + 3.5*math.Sqrt(alpha*(1-alpha)/sims); float64(falsely)/sims > limit {
		t.Errorf("true hypotheses are rejected in %d of %d families", falsely, sims)
	}
	if holm <= bonferroni {
		t.Errorf("Holm finds %d effects, Bonferroni %d", holm, bonferroni)
	}
}

// A difference is a − b in every test, as its name says: AUC above zero and LogLoss below zero where a is better, with the whole
// interval on that side, and mirrored for b − a.
func TestDifferencesHaveTheDirectionOfTheirName(t *testing.T) {
	labels, clusters, x := clustered(rand.New(rand.NewPCG(63, 64)), 80, 5, 2.5, 0.5)
	good, bad := x[0], x[1]
	for name, f := range map[string]struct {
		better float64 // sign of a − b where a is better
		diff   func(a, b []float64) (Estimate, error)
	}{
		"DeLongDiffAUC": {1, func(a, b []float64) (Estimate, error) { return DeLongDiffAUC(labels, a, b, 0) }},
		"ClusterDeLongContrast": {1, func(a, b []float64) (Estimate, error) {
			return ClusterDeLongContrast(labels, clusters, []float64{1, -1}, 0, a, b)
		}},
		"Diff, DiffAUC": {1, func(a, b []float64) (Estimate, error) {
			d, err := Bootstrap{Resamples: 500}.Diff(labels, clusters, a, b)
			return d.DiffAUC, err
		}},
		"Diff, DiffLogLoss": {-1, func(a, b []float64) (Estimate, error) {
			d, err := Bootstrap{Resamples: 500}.Diff(labels, clusters, a, b)
			return d.DiffLogLoss, err
		}},
	} {
		e, err := f.diff(good, bad)
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.diff(bad, good)
		if err != nil {
			t.Fatal(err)
		}
		if !(f.better*e.Value > 0 && f.better*e.Low > 0 && f.better*e.High > 0 && e.Low < e.Value && e.Value < e.High && e.P < 0.01) {
			t.Errorf("%s of a better and a worse system: %+v", name, e)
		}
		near(t, name+", mirrored value", r.Value, -e.Value, exact)
		near(t, name+", mirrored low", r.Low, -e.High, exact)
		near(t, name+", mirrored high", r.High, -e.Low, exact)
		near(t, name+", mirrored p", r.P, e.P, exact)
	}
	// WithSeedVariance keeps sign and value, and its p-value is two-sided.
	for _, sign := range []float64{1, -1} {
		e, err := WithSeedVariance(Estimate{Value: 0.1 * sign, SE: 0.02}, 50, 0, []float64{0.099 * sign, 0.101 * sign})
		if err != nil {
			t.Fatal(err)
		}
		if !(e.Value == 0.1*sign && e.Low < e.Value && e.Value < e.High && e.P < 0.05 && e.Low*e.High > 0) {
			t.Errorf("value %g: %+v", 0.1*sign, e)
		}
	}
}
