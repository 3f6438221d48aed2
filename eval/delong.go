package eval

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Estimate is a number with its uncertainty.
type Estimate struct {
	Value     float64
	SE        float64 // standard error
	Low, High float64 // confidence interval; NaN where there is none
	P         float64 // two-sided p-value against zero; NaN where nothing is tested
	Warnings  []Warning
}

// DeLongOptions are the choices of [DeLong].
type DeLongOptions struct {
	Level float64 // confidence level, default 0.95
	// Logit builds the interval on the log-odds scale, logit(AUC) ± z·SE/(AUC(1−AUC)), and maps it back:
	// it stays inside (0, 1) and covers better near the ends. Default: on the AUC scale, cut to [0, 1].
	Logit bool
}

// minPerClass is the count a class below which normal intervals of AUC are warned about: with ten
// rows a class the structural components' variance has nine degrees of freedom.
const minPerClass = 10

// DeLong is the AUC with its standard error and confidence interval by DeLong's structural
// components, for independent rows:
//
//	V10ᵢ = 1/N Σⱼ ψ(xᵢ, yⱼ),  V01ⱼ = 1/P Σᵢ ψ(xᵢ, yⱼ),  ψ = 1, ½, 0 for x >, =, < y
//	Var(AUC) = var(V10)/P + var(V01)/N
//
// x are the P positives' scores, y the N negatives', var has n−1 below. It takes O(n log n) by
// midranks. Where several rows share a CV, rows are not independent: use [Bootstrap]. Errors: those
// of [AUC], and fewer than two rows in a class.
//
// Source: DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595; Sun and Xu (2014),
// doi:10.1109/LSP.2014.2337313; the logit interval: Pepe (2003), section 5.2.
func DeLong(labels []int, scores []float64, opts DeLongOptions) (Estimate, error) {
	level, err := checkLevel(opts.Level)
	if err != nil {
		return Estimate{}, err
	}
	parts, cov, warnings, err := delongCov(labels, scores)
	if err != nil {
		return Estimate{}, err
	}
	e := Estimate{Value: parts[0].auc, SE: math.Sqrt(cov[0][0]), P: math.NaN(), Warnings: warnings}
	z := distuv.UnitNormal.Quantile((1 + level) / 2)
	switch {
	case e.SE == 0:
		e.Low, e.High = e.Value, e.Value
		e.Warnings = append(e.Warnings, "the estimated variance of AUC is zero: the interval has no width")
	case opts.Logit: // SE > 0 implies 0 < AUC < 1
		l, s := logit(e.Value), e.SE/(e.Value*(1-e.Value))
		e.Low, e.High = sigmoid(l-z*s), sigmoid(l+z*s)
	default:
		e.Low, e.High = max(e.Value-z*e.SE, 0), min(e.Value+z*e.SE, 1)
	}
	return e, nil
}

// DeLongDiffAUC tests AUC(a) = AUC(b) for two systems that scored the same independent rows: [DeLongContrast] with the weights
// 1 and −1. The Value is AUC(a) − AUC(b), positive when a is better.
func DeLongDiffAUC(labels []int, a, b []float64, level float64) (Estimate, error) {
	return DeLongContrast(labels, []float64{1, -1}, level, a, b)
}

// DeLongContrast tests θ = Σ wₖ·AUCₖ = 0 for systems that scored the same independent rows. With weights 1/S for each of S
// training runs of one matcher and −1/S for each run of another it is the difference of their means over runs, for these runs.
// P is two-sided, from the normal distribution: with C the covariance matrix of the AUCs by structural components,
//
//	z = θ / √(wᵀ C w)
//
// No difference at all gives P = 1. Where the variance is zero but the difference is not (tiny samples), no test is possible:
// P = 1 and a warning. level is the interval's, 0 meaning 0.95. Errors: as in [DeLong], and another number of weights than
// systems. Rows of one cluster are not independent, see [ClusterDeLongContrast]. Sources as in [DeLong].
func DeLongContrast(labels []int, weights []float64, level float64, systems ...[]float64) (Estimate, error) {
	if len(weights) != len(systems) {
		return Estimate{}, fmt.Errorf("eval: %d weights, %d systems: %w", len(weights), len(systems), ErrLength)
	}
	parts, cov, warnings, err := delongCov(labels, systems...)
	if err != nil {
		return Estimate{}, err
	}
	value, variance, scale := 0.0, 0.0, 0.0
	for i, v := range weights {
		value += v * parts[i].auc
		scale += v * v * cov[i][i]
		for j, w := range weights {
			variance += v * w * cov[i][j]
		}
	}
	return normalContrast(value, variance, scale, level, weights, warnings)
}

// ClusterDeLongContrast is [DeLongContrast] for rows that come in clusters, as pairs of one CV do, which are independent of each
// other: structural components are summed over a cluster before their squares are taken. With mᵢ positives and nᵢ negatives in
// cluster i, I₁₀ and I₀₁ clusters that have some, I clusters, P positives and N negatives in all,
//
//	Aᵢ = Σ_{positives of i} V10 − mᵢ·θ,  Bᵢ = Σ_{negatives of i} V01 − nᵢ·θ
//	Var = I₁₀/(I₁₀−1)·ΣAᵢ²/P² + I₀₁/(I₀₁−1)·ΣBᵢ²/N² + 2·I/(I−1)·ΣAᵢBᵢ/(P·N)
//
// where components and θ are those of the contrast. With one row a cluster it is DeLong's test.
//
// Source: Obuchowski (1997), doi:10.2307/2533958.
func ClusterDeLongContrast(labels, clusters []int, weights []float64, level float64, systems ...[]float64) (Estimate, error) {
	if len(weights) != len(systems) {
		return Estimate{}, fmt.Errorf("eval: %d weights, %d systems: %w", len(weights), len(systems), ErrLength)
	}
	if len(clusters) != len(labels) {
		return Estimate{}, fmt.Errorf("eval: %d labels, %d clusters: %w", len(labels), len(clusters), ErrLength)
	}
	// DeLong's variances give the scale below which a variance is rounding, and their warnings.
	parts, cov, warnings, err := delongCov(labels, systems...)
	if err != nil {
		return Estimate{}, err
	}
	ids := ClusterIDs(clusters)
	count := slices.Max(ids) + 1
	var pos, neg float64
	a, b := make([]float64, count), make([]float64, count)
	hasPos, hasNeg := make([]float64, count), make([]float64, count)
	for i, y := range labels {
		if y == 1 {
			pos, hasPos[ids[i]] = pos+1, 1
		} else {
			neg, hasNeg[ids[i]] = neg+1, 1
		}
	}
	value, scale := 0.0, 0.0
	for k, w := range weights {
		auc, v10, v01 := parts[k].auc, parts[k].v10, parts[k].v01
		value += w * auc
		scale += w * w * cov[k][k]
		for i, y := range labels {
			if y == 1 {
				a[ids[i]] += w * (v10[0] - auc)
				v10 = v10[1:]
			} else {
				b[ids[i]] += w * (v01[0] - auc)
				v01 = v01[1:]
			}
		}
	}
	var aa, bb, ab, withPos, withNeg float64
	for i := range a {
		aa, bb, ab = aa+a[i]*a[i], bb+b[i]*b[i], ab+a[i]*b[i]
		withPos, withNeg = withPos+hasPos[i], withNeg+hasNeg[i]
	}
	if withPos < 2 || withNeg < 2 {
		return Estimate{}, fmt.Errorf("eval: positives in %g clusters and negatives in %g, want two of each: %w", withPos, withNeg, ErrRange)
	}
	variance := withPos/(withPos-1)*aa/pos/pos + withNeg/(withNeg-1)*bb/neg/neg + 2*float64(count)/float64(count-1)*ab/pos/neg
	if count < minClusters {
		warnings = append(warnings, Warning(fmt.Sprintf("only %d clusters: the normal approximation is rough", count)))
	}
	return normalContrast(value, variance, scale, level, weights, warnings)
}

// normalContrast is the estimate of a contrast with a normal interval and test. Variances below rounding of the scale are zero.
func normalContrast(value, variance, scale, level float64, weights []float64, warnings []Warning) (Estimate, error) {
	level, err := checkLevel(level)
	if err != nil {
		return Estimate{}, err
	}
	// Rounding leaves a tiny variance, of either sign, where it is zero in exact arithmetic.
	if variance <= 1e-14*scale {
		variance = 0
	}
	var lowest, highest float64 // of the contrast, as each AUC is in [0, 1]
	for _, w := range weights {
		lowest, highest = lowest+min(w, 0), highest+max(w, 0)
	}
	e := Estimate{Value: value, SE: math.Sqrt(variance), Warnings: warnings}
	z := distuv.UnitNormal.Quantile((1 + level) / 2)
	e.Low, e.High = max(e.Value-z*e.SE, lowest), min(e.Value+z*e.SE, highest)
	if e.SE == 0 {
		e.P = 1
		if math.Abs(e.Value) > 1e-14 {
			e.Warnings = append(e.Warnings, "the estimated variance of the AUC difference is zero: no test is possible")
		}
		return e, nil
	}
	e.P = 2 * distuv.UnitNormal.CDF(-math.Abs(e.Value/e.SE))
	return e, nil
}

// structural is the AUC of a system and its structural components, in the input's order within each class.
type structural struct {
	auc      float64
	v10, v01 []float64
}

// delongCov gives the components of each system and the covariance matrix of the AUCs.
func delongCov(labels []int, systems ...[]float64) (parts []structural, cov [][]float64, warnings []Warning, err error) {
	pos, neg, err := checkTwoClasses(labels, systems...)
	if err != nil {
		return nil, nil, nil, err
	}
	if pos < 2 || neg < 2 {
		return nil, nil, nil, fmt.Errorf("eval: %d positive and %d negative labels, DeLong needs two of each: %w", pos, neg, ErrRange)
	}
	if pos < minPerClass || neg < minPerClass {
		warnings = append(warnings, Warning(fmt.Sprintf("only %d positives and %d negatives: the normal approximation is rough", pos, neg)))
	}
	parts, cov = make([]structural, len(systems)), make([][]float64, len(systems))
	for s, scores := range systems {
		parts[s] = components(labels, scores, pos, neg)
		cov[s] = make([]float64, len(systems))
	}
	for s, a := range parts {
		for t, b := range parts[:s+1] {
			cov[s][t] = covariance(a.v10, b.v10, a.auc, b.auc)/float64(pos) + covariance(a.v01, b.v01, a.auc, b.auc)/float64(neg)
			cov[t][s] = cov[s][t]
		}
	}
	return parts, cov, warnings, nil
}

// components are DeLong's structural components: with midranks T among all rows and R within the row's own class,
//
//	V10ᵢ = (Tᵢ − Rᵢ)/N for positives,  V01ⱼ = 1 − (Tⱼ − Rⱼ)/P for negatives.
//
// T − R is the number of rows of the other class below, ties half, which one pass over the sorted
// scores counts directly; over the positives it sums to the Mann–Whitney statistic.
func components(labels []int, scores []float64, pos, neg int) structural {
	placement := make([]float64, len(labels)) // T − R
	var posBelow, negBelow, twiceU uint64
	for block := range tieBlocks(scores, ascending(scores)) {
		var p, n uint64
		for _, i := range block {
			p += uint64(labels[i])
			n += uint64(1 - labels[i])
		}
		for _, i := range block {
			if labels[i] == 1 {
				placement[i] = float64(2*negBelow+n) / 2
			} else {
				placement[i] = float64(2*posBelow+p) / 2
			}
		}
		twiceU += p * (2*negBelow + n)
		posBelow, negBelow = posBelow+p, negBelow+n
	}
	c := structural{auc: float64(twiceU) / 2 / float64(pos) / float64(neg), v10: make([]float64, 0, pos), v01: make([]float64, 0, neg)}
	for i, y := range labels {
		if y == 1 {
			c.v10 = append(c.v10, placement[i]/float64(neg))
		} else {
			c.v01 = append(c.v01, 1-placement[i]/float64(pos))
		}
	}
	return c
}

// covariance is the sample covariance (n−1 below) about known means.
func covariance(a, b []float64, meanA, meanB float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - meanA) * (b[i] - meanB)
	}
	return sum / float64(len(a)-1)
}
