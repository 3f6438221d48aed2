package eval

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// MinSeeds is the number of training runs below which a mean over seeds carries a warning: with
// five, Student's factor for 95 % is 2.8; with three it is 4.3, with two 12.7.
const MinSeeds = 5

// SeedSummary is the mean of a metric over training runs that differ in their seed alone.
type SeedSummary struct {
	N         int
	Mean, SD  float64 // SD has n−1 below; 0 for one seed
	Low, High float64 // Student's t interval of the mean; NaN for one seed
	P         float64 // two-sided, of Student's test that the mean is zero; NaN for one seed, 1 where all values are equal: no test is possible
	Warnings  []Warning
}

// MeanOverSeeds gives the mean with Student's interval, mean ± t_{n−1}·SD/√n. The interval says how
// much the mean would move with other seeds on the same test pairs; it says nothing about other test
// pairs. level 0 means 0.95. Errors: no values, NaN or infinite values.
func MeanOverSeeds(values []float64, level float64) (SeedSummary, error) {
	level, err := checkLevel(level)
	if err != nil {
		return SeedSummary{}, err
	}
	if len(values) == 0 {
		return SeedSummary{}, fmt.Errorf("eval: mean over seeds: %w", ErrEmpty)
	}
	for i, v := range values {
		if math.IsNaN(v) {
			return SeedSummary{}, fmt.Errorf("eval: value of seed number %d is %w", i, ErrNaN)
		}
		if math.IsInf(v, 0) {
			return SeedSummary{}, fmt.Errorf("eval: value of seed number %d is %g: %w", i, v, ErrRange)
		}
	}
	s := SeedSummary{N: len(values), Low: math.NaN(), High: math.NaN(), P: math.NaN()}
	s.Mean, s.SD = meanSD(values)
	if s.N > 1 {
		student := distuv.StudentsT{Sigma: 1, Nu: float64(s.N - 1)}
		se := s.SD / math.Sqrt(float64(s.N))
		half := student.Quantile((1+level)/2) * se
		s.Low, s.High, s.P = s.Mean-half, s.Mean+half, 1
		if se > 0 {
			s.P = 2 * student.CDF(-math.Abs(s.Mean)/se)
		}
	}
	s.Warnings = seedWarnings(s.N)
	return s, nil
}

func seedWarnings(n int) []Warning {
	switch {
	case n == 1:
		return []Warning{"one seed: the spread between training runs, if there is any, is unknown"}
	case n < MinSeeds:
		return []Warning{Warning(fmt.Sprintf("%d seeds, fewer than %d: the spread between training runs is poorly known", n, MinSeeds))}
	}
	return nil
}

// WithSeedVariance adds the variance between training runs to an estimate whose uncertainty, so far,
// is that of the test pairs. test is a [Bootstrap] estimate of a metric, or of a difference, averaged
// over seeds; clusters is the number it resampled; runs holds, for each independent set of training
// runs, the per-seed values: one slice for a metric or for a difference paired by seed, two for
// systems whose seeds differ.
//
//	SE² = SE²_test + Σ s²/n
//	t(α) = ( SE²_test·t_{clusters−1}(α) + Σ s²/n·t_{n−1}(α) ) / SE²
//
// where t_ν(α) is Student's factor of a 1−α interval with ν degrees of freedom. Value ± t(1−level)·SE is the interval, and P the α at
// which it would end at zero. The two parts share the interaction of seed and test pair, so their sum errs on the wide side. Seeds that
// score the same pairs are not independent samples of pairs; treating n seeds × m pairs as n·m rows would make the interval √n too
// narrow.
//
// The 95 % interval holds the truth in this share of simulated studies, by the number of seeds and by
// their standard deviation in units of the standard error over test pairs:
//
//	          0     1     2     5
//	2 seeds   95 %  98 %  96 %  94 %
//	3 seeds   95 %  97 %  97 %  95 %
//	5 seeds   95 %  96 %  96 %  96 %
//
// With two seeds it is wide: they say little about others. Degrees of freedom after Satterthwaite would make it
// narrower, and cover 87 to 91 % where two seeds spread far more than test pairs do. Below [MinSeeds] seeds there is a warning.
//
// With no slice of two or more values the test estimate comes back with its
// own interval, and a warning where the seeds were too few.
//
// Source: Cochran (1964), Approximate significance levels of the Behrens–Fisher test, doi:10.2307/2527904.
func WithSeedVariance(test Estimate, clusters int, level float64, runs ...[]float64) (Estimate, error) {
	level, err := checkLevel(level)
	if err != nil {
		return Estimate{}, err
	}
	e := test
	e.Warnings = slices.Clone(test.Warnings)
	parts := []variancePart{{test.SE * test.SE, float64(max(clusters-1, 1))}}
	for _, values := range runs {
		if len(values) > 0 {
			for _, w := range seedWarnings(len(values)) {
				if !slices.Contains(e.Warnings, w) {
					e.Warnings = append(e.Warnings, w)
				}
			}
		}
		if len(values) < 2 {
			continue
		}
		_, sd := meanSD(values)
		parts = append(parts, variancePart{sd * sd / float64(len(values)), float64(len(values) - 1)})
	}
	if len(parts) == 1 {
		return e, nil
	}
	e.SE = math.Sqrt(totalVariance(parts))
	if e.SE == 0 {
		e.Low, e.High, e.P = e.Value, e.Value, 1
		if e.Value != 0 {
			e.Warnings = append(e.Warnings, "the estimated variance is zero: no test is possible")
		}
		return e, nil
	}
	half := studentFactor(parts, 1-level) * e.SE
	e.Low, e.High = e.Value-half, e.Value+half
	e.P = studentP(parts, math.Abs(e.Value)/e.SE)
	return e, nil
}

// variancePart is one of several independent parts of a variance, with the degrees of freedom of its estimate.
type variancePart struct{ variance, degrees float64 }

func totalVariance(parts []variancePart) float64 {
	sum := 0.0
	for _, p := range parts {
		sum += p.variance
	}
	return sum
}

// studentFactor is the mean of Student's two-sided factors for 1−alpha, weighted by the parts' variances.
func studentFactor(parts []variancePart, alpha float64) float64 {
	sum := 0.0
	for _, p := range parts {
		if p.variance > 0 {
			sum += p.variance * -distuv.StudentsT{Sigma: 1, Nu: p.degrees}.Quantile(alpha/2)
		}
	}
	return sum / totalVariance(parts)
}

// studentP is the alpha for which studentFactor is z > 0: between the p-values that the parts would give alone, found by halving.
func studentP(parts []variancePart, z float64) float64 {
	low, high := 1.0, 0.0
	for _, p := range parts {
		if p.variance > 0 {
			alone := 2 * distuv.StudentsT{Sigma: 1, Nu: p.degrees}.CDF(-z)
			low, high = min(low, alone), max(high, alone)
		}
	}
	for range 30 {
		middle := math.Sqrt(low * high) // halves the logarithm: factors of p matter, not differences
		if studentFactor(parts, middle) > z {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// meanSD is the mean and the standard deviation with n−1 below (0 for one value).
func meanSD(values []float64) (mean, sd float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v
	}
	mean /= n
	if len(values) < 2 {
		return mean, 0
	}
	for _, v := range values {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / (n - 1))
}
