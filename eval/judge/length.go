package judge

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"genjobrec/eval"
)

// LengthReport says how much of system A's win rate over B goes with length.
type LengthReport struct {
	A, B      string
	Criterion Criterion
	N         int // valid contests in which both texts have a length
	// MeanLogRatio is the mean of ln(length of A/length of B): above 0, A writes more.
	MeanLogRatio              float64
	LowLogRatio, HighLogRatio float64 // its 1st and 99th percentile: where there are contests to speak of
	Raw                       float64 // win rate as it is, a tie being half a win
	// Controlled is the win rate that the regression gives texts of equal length; P is against one half.
	Controlled eval.Estimate
	// Slope is the change of A's log-odds with one unit of ln(length of A/length of B): above 0, the longer text wins more
	// often than the systems' merit explains. P is against 0.
	Slope eval.Estimate
	Bins  []LengthBin
}

// LengthBin are the contests whose ln(length of A/length of B) lies in [Low, High).
type LengthBin struct {
	Low, High      float64 // −Inf and +Inf at the ends
	MeanLogRatio   float64 // of the contests in the bin; NaN in an empty one
	Win, Tie, Lose int
	Net            eval.Estimate // as in Cell; Value NaN in an empty bin
}

// WinRate is the bin's win rate, a tie being half a win, with its interval, see [Cell.WinRate].
func (b LengthBin) WinRate() eval.Estimate { return Cell{Net: b.Net}.WinRate() }

// ratioEdges cut the length ratio A/B at ½, ⅘, 5/4 and 2: much shorter, shorter, alike, longer, much longer.
func ratioEdges() []float64 {
	return []float64{math.Inf(-1), math.Log(0.5), math.Log(0.8), math.Log(1.25), math.Log(2), math.Inf(1)}
}

// LengthEffect relates the outcomes of system a against b on a criterion to the lengths of the texts (nil: [Length]):
// counts in bins, and the logistic regression
//
//	P(a wins) = σ(α + β·x),   x = ln(length of a/length of b),   a tie being half a win and half a loss
//
// whose value at x = 0, σ(α), is the win rate controlled for length: what it would be if both wrote equally long. That is
// the idea of AlpacaEval 2 (Dubois et al. 2024, arXiv 2404.04475), simplified: theirs has tanh of the standardised
// difference of lengths and a difficulty for each instruction, shared by many models. β has a ridge of one half of its
// square, at x divided by its root mean square: worth less than one contest, it keeps β finite where length decides all.
// x is not centred, so that exchanging a and b gives 1 − σ(α) and the same β. Where a nearly always writes more than b,
// x = 0 lies outside the data and σ(α) is extrapolated; Bins show whether there is anything near 0.
//
// Each seed's contests are fitted by themselves, and α and β are the means over seeds. Intervals are those of the bootstrap
// over CV groups, from two seeds on widened by [eval.WithSeedVariance], that of the win rate on the scale of α; so the bins,
// whose intervals are those of [NewMatrix], hold both uncertainties, too. Where all contests of a seed ended the same way
// there is no fit. Errors: systems that never met, judgements that no judge made. Contests with an empty text are left out.
func LengthEffect(js []Judgement, a, b string, c Criterion, boot eval.Bootstrap, length func(text string) int) (LengthReport, error) {
	if length == nil {
		length = Length
	}
	r := LengthReport{A: a, B: b, Criterion: c}
	if c < 0 || c >= numCriteria {
		return r, fmt.Errorf("judge: length: there is no %v", c)
	}
	met := false
	var rows []Judgement
	var x, y []float64 // log-ratios of length; 1 win, ½ tie, 0 loss
	var groups []string
	var seeds []uint64 // of the rows
	for _, j := range js {
		if (j.Contest.NameA != a || j.Contest.NameB != b) && (j.Contest.NameA != b || j.Contest.NameB != a) {
			continue
		}
		if err := j.Contest.check(); err != nil {
			return r, err
		}
		met = true
		_, j = normal(j, map[string]int{a: 0, b: 1})
		la, lb := length(j.Contest.A), length(j.Contest.B)
		if j.Verdict[c] == Invalid || la < 1 || lb < 1 {
			continue
		}
		rows, groups, seeds = append(rows, j), append(groups, j.Contest.group()), append(seeds, j.Contest.Seed)
		x, y = append(x, math.Log(float64(la)/float64(lb))), append(y, (1+j.Verdict[c].net())/2)
	}
	if !met {
		return r, fmt.Errorf("judge: length: %q and %q never met", a, b)
	}
	r.N = len(rows)
	var err error
	if r.Bins, err = lengthBins(rows, x, c, boot); err != nil {
		return r, err
	}
	if r.N == 0 {
		r.MeanLogRatio, r.LowLogRatio, r.HighLogRatio, r.Raw = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		r.Controlled, r.Slope = unknown("no valid contest"), unknown("no valid contest")
		return r, nil
	}
	r.MeanLogRatio, r.LowLogRatio, r.HighLogRatio, r.Raw = mean(x), percentile(x, 0.01), percentile(x, 0.99), mean(y)
	r.Controlled, r.Slope, err = lengthEstimates(x, y, groups, seeds, boot)
	return r, err
}

// lengthEstimates fits each seed's rows by themselves and averages over seeds.
func lengthEstimates(x, y []float64, groups []string, seeds []uint64, boot eval.Bootstrap) (controlled, slope eval.Estimate, err error) {
	bySeed := func(rows []int) map[uint64][]int {
		out := map[uint64][]int{}
		for _, i := range rows {
			out[seeds[i]] = append(out[seeds[i]], i)
		}
		return out
	}
	all := make([]int, len(x))
	for i := range all {
		all[i] = i
	}
	var alphas, betas []float64
	order := slices.Sorted(maps.Keys(bySeed(all)))
	for _, seed := range order {
		alpha, beta, ok := lengthFit(x, y, bySeed(all)[seed])
		if !ok {
			why := "all contests ended the same way: there is no win rate at equal length"
			if len(order) > 1 {
				why = fmt.Sprintf("all contests of seed %d ended the same way: there is no win rate at equal length", seed)
			}
			return unknown(why), unknown(why), nil
		}
		alphas, betas = append(alphas, alpha), append(betas, beta)
	}
	fits, err := resampleAll(boot, groups, 2, func(rows []int) ([]float64, bool) {
		parts, sum := bySeed(rows), [2]float64{}
		for _, seed := range order {
			alpha, beta, ok := lengthFit(x, y, parts[seed])
			if !ok {
				return nil, false
			}
			sum[0], sum[1] = sum[0]+alpha, sum[1]+beta
		}
		n := float64(len(order))
		return []float64{sum[0] / n, sum[1] / n}, true
	})
	if err != nil {
		return controlled, slope, err
	}
	clusters := len(slices.Compact(slices.Sorted(slices.Values(groups))))
	for i, values := range [][]float64{alphas, betas} {
		if math.IsNaN(fits[i].SE) { // no interval to widen
			continue
		}
		if fits[i], err = eval.WithSeedVariance(fits[i], clusters, boot.Level, values); err != nil {
			return controlled, slope, err
		}
	}
	return fromLogOdds(fits[0]), fits[1], nil
}

// percentile is the quantile q of the values, linear between neighbours (Hyndman and Fan's type 7).
func percentile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// fromLogOdds maps an estimate of log-odds to a probability; the standard error by the delta method.
func fromLogOdds(e eval.Estimate) eval.Estimate {
	p := sigmoid(e.Value)
	e.Value, e.Low, e.High, e.SE = p, sigmoid(e.Low), sigmoid(e.High), e.SE*p*(1-p)
	return e
}

func lengthBins(rows []Judgement, x []float64, c Criterion, boot eval.Bootstrap) ([]LengthBin, error) {
	edges := ratioEdges()
	var out []LengthBin
	for i := range len(edges) - 1 {
		b := LengthBin{Low: edges[i], High: edges[i+1]}
		var in []Judgement
		var ratios []float64
		for k, j := range rows {
			if x[k] >= b.Low && x[k] < b.High {
				in, ratios = append(in, j), append(ratios, x[k])
			}
		}
		b.MeanLogRatio = mean(ratios) // NaN of none
		cell := Cell{Net: unknown("no valid contest")}
		if len(in) > 0 {
			var err error
			if cell, err = newCell(in, c, boot); err != nil {
				return nil, err
			}
		}
		b.Win, b.Tie, b.Lose, b.Net = cell.Win, cell.Tie, cell.Lose, cell.Net
		out = append(out, b)
	}
	return out, nil
}

// lengthFit minimises Σ[softplus(z) − y·z] + ½β², z = α + β·u, over the given rows, where u is x over its root mean
// square, by Newton's method with step halving. beta comes back per unit of x. ok is false where all contests ended the
// same way, won or lost, so that α has no finite optimum.
func lengthFit(x, y []float64, rows []int) (alpha, beta float64, ok bool) {
	var square, sum float64
	for _, i := range rows {
		square, sum = square+x[i]*x[i], sum+y[i]
	}
	n := float64(len(rows))
	if n == 0 || sum == 0 || sum == n {
		return 0, 0, false
	}
	scale := math.Sqrt(square / n)
	if scale == 0 {
		scale = 1 // all texts equally long: β stays 0
	}
	at := func(alpha, beta float64) (f, ga, gb, haa, hab, hbb float64) { // the loss, its gradient and its curvature
		f, gb, hbb = beta*beta/2, beta, 1
		for _, i := range rows {
			u := x[i] / scale
			z := alpha + beta*u
			e := math.Exp(-math.Abs(z))
			p := 1 / (1 + e) // of |z|
			w := p * (1 - p)
			f += max(z, 0) + math.Log1p(e) - y[i]*z
			if z < 0 {
				p = 1 - p
			}
			ga, gb = ga+p-y[i], gb+(p-y[i])*u
			haa, hab, hbb = haa+w, hab+w*u, hbb+w*u*u
		}
		return f, ga, gb, haa, hab, hbb
	}
	f, ga, gb, haa, hab, hbb := at(0, 0)
	const maxSteps = 100
	for range maxSteps {
		if math.Abs(ga)+math.Abs(gb) <= 1e-10*n {
			return alpha, beta / scale, true
		}
		det := haa*hbb - hab*hab
		da, db := -(hbb*ga-hab*gb)/det, -(haa*gb-hab*ga)/det
		step := 1.0
		for ; step > 1e-12; step /= 2 {
			next, nga, ngb, nhaa, nhab, nhbb := at(alpha+step*da, beta+step*db)
			if next < f {
				f, ga, gb, haa, hab, hbb = next, nga, ngb, nhaa, nhab, nhbb
				break
			}
		}
		if !(step > 1e-12) { // no descent left in float64
			break
		}
		alpha, beta = alpha+step*da, beta+step*db
	}
	return alpha, beta / scale, !math.IsNaN(alpha) && !math.IsNaN(beta)
}

// sigmoid is 1/(1+e⁻ᶻ); NaN stays NaN.
func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
