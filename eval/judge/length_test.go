package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"genjobrec/eval"
)

// sized is a contest with texts of the given numbers of tokens.
func sized(cv string, la, lb int, o Outcome) Judgement {
	j := judged(cv, "x", "y", o)
	j.Contest.A, j.Contest.B = strings.Repeat("a ", la), strings.Repeat("b ", lb)
	return j
}

func TestLengthFitByHand(t *testing.T) {
	all := func(n int) []int {
		rows := make([]int, n)
		for i := range rows {
			rows[i] = i
		}
		return rows
	}
	// Equal lengths: α is the log-odds of the mean outcome, ¾, and β stays 0.
	alpha, beta, ok := lengthFit([]float64{0, 0, 0, 0}, []float64{1, 1, 0.5, 0.5}, all(4))
	if !ok || beta != 0 {
		t.Errorf("β = %g, %v", beta, ok)
	}
	near(t, "α", alpha, math.Log(3), 1e-8)
	// 10,000 contests at x = 2 won with ⅘, as many at x = −2 won with ½: ln 4 and 0 there, so α = ln 2 and 2β = ln 2. The
	// ridge moves it by about 1/(10⁴·¼).
	var x, y []float64
	for i := range 20000 {
		x = append(x, []float64{2, -2}[i%2])
		y = append(y, []float64{0.8, 0.5}[i%2])
	}
	alpha, beta, _ = lengthFit(x, y, all(len(x)))
	near(t, "α", alpha, math.Log(2), 1e-3)
	near(t, "β", beta, math.Log(2)/2, 1e-3)
	// Length decides all: the ridge keeps β finite. By symmetry α = 0; with u = ±1 each row gives 1 − σ(β) of slope, so
	// 2·(1 − σ(β)) = β: β = 0.6888…
	alpha, beta, _ = lengthFit([]float64{3, -3}, []float64{1, 0}, all(2))
	near(t, "α", alpha, 0, 1e-8)
	near(t, "β equation", 2*(1-sigmoid(3*beta)), 3*beta, 1e-8)
	// All won: no finite α.
	if _, _, ok := lengthFit([]float64{1, 2}, []float64{1, 1}, all(2)); ok {
		t.Error("a fit to nothing but wins")
	}
	if _, _, ok := lengthFit(nil, nil, nil); ok {
		t.Error("a fit to nothing")
	}
}

func TestLengthBinsByHand(t *testing.T) {
	js := []Judgement{
		sized("c1", 4, 10, Lose), // ratio 0.4
		sized("c2", 5, 10, Win),  // 0.5 belongs to the bin above it
		sized("c3", 10, 10, Tie),
		sized("c4", 12, 10, Win), // 1.2
		sized("c5", 15, 10, Win), // 1.5
		sized("c6", 30, 10, Win), // 3
		sized("c7", 30, 10, Lose),
		sized("c8", 0, 10, Lose), // left out: no length
		sized("c9", 10, 10, Invalid),
	}
	r, err := LengthEffect(js, "x", "y", Overall, eval.Bootstrap{Resamples: 200}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := [][3]int{{0, 0, 1}, {1, 0, 0}, {1, 1, 0}, {1, 0, 0}, {1, 0, 1}}
	for i, b := range r.Bins {
		if got := [3]int{b.Win, b.Tie, b.Lose}; got != want[i] {
			t.Errorf("bin %d, ratios %.2f to %.2f: %v, want %v", i, math.Exp(b.Low), math.Exp(b.High), got, want[i])
		}
	}
	for i, want := range []float64{0.4, 0.5, math.Sqrt(1.2), 1.5, 3} { // geometric means of the ratios
		near(t, "ratio of a bin", math.Exp(r.Bins[i].MeanLogRatio), want, 1e-9)
	}
	// Of seven, sorted: the 1st percentile lies 0.06 of the way from the first to the second, the 99th as near to the last, as two are 3.
	near(t, "1st percentile", r.LowLogRatio, math.Log(0.4)+0.06*math.Log(0.5/0.4), exact)
	near(t, "99th percentile", math.Exp(r.HighLogRatio), 3, exact)
	near(t, "win rate of a bin", r.Bins[2].WinRate().Value, 0.75, 0)
	near(t, "net of the last bin", r.Bins[4].Net.Value, 0, 0)
	near(t, "raw", r.Raw, 4.5/7, exact)
	near(t, "mean log-ratio", r.MeanLogRatio, math.Log(0.4*0.5*1*1.2*1.5*3*3)/7, 1e-9)
	if r.N != 7 {
		t.Errorf("%d contests, want 7", r.N)
	}
}

// A judge that looks at length only, and a system that writes longer: the raw win rate is high, the controlled one is one
// half. A system that is better, and the lengths unbiased: both agree.
func TestLengthControl(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	simulate := func(merit, bias, longer float64) []Judgement {
		var js []Judgement
		for i := range 1500 {
			la := int(100 * math.Exp(longer+0.4*rng.NormFloat64()))
			x := math.Log(float64(la) / 100)
			o := Lose
			if rng.Float64() < sigmoid(merit+bias*x) {
				o = Win
			}
			js = append(js, sized(fmt.Sprint("c", i), la, 100, o))
		}
		return js
	}
	b := eval.Bootstrap{Resamples: 100, Seed: 1}
	r, err := LengthEffect(simulate(0, 3, 0.4), "x", "y", Overall, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Raw < 0.65 || r.Controlled.Low > 0.5 || r.Controlled.High < 0.5 || r.Slope.Low > 3 || r.Slope.High < 3 || r.Slope.P > 0.05 {
		t.Errorf("length only: raw %g, controlled %+v, slope %+v", r.Raw, r.Controlled, r.Slope)
	}
	r, err = LengthEffect(simulate(1, 0, 0.4), "x", "y", Overall, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := sigmoid(1); r.Controlled.Low > want || r.Controlled.High < want || r.Controlled.P > 0.05 || r.Slope.Low > 0 || r.Slope.High < 0 {
		t.Errorf("merit only: raw %g, controlled %+v, slope %+v", r.Raw, r.Controlled, r.Slope)
	}
	// From the other side.
	js := simulate(0.5, 1, 0.2)
	x, err := LengthEffect(js, "x", "y", Overall, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := LengthEffect(js, "y", "x", Overall, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "controlled", x.Controlled.Value+y.Controlled.Value, 1, 1e-8)
	near(t, "interval", x.Controlled.Low+y.Controlled.High, 1, 1e-8)
	near(t, "slope", x.Slope.Value, y.Slope.Value, 1e-8)
	near(t, "ratio", x.MeanLogRatio, -y.MeanLogRatio, 1e-9)
}

func TestLengthEffectEdges(t *testing.T) {
	b := eval.Bootstrap{Resamples: 50}
	if _, err := LengthEffect([]Judgement{judged("c1", "x", "y", Win)}, "x", "z", Overall, b, nil); err == nil || !strings.Contains(err.Error(), "never met") {
		t.Errorf("strangers: %v", err)
	}
	if _, err := LengthEffect(nil, "x", "y", 7, b, nil); err == nil || !strings.Contains(err.Error(), "criterion 7") {
		t.Errorf("criterion 7: %v", err)
	}
	r, err := LengthEffect([]Judgement{judged("c1", "x", "y", Invalid)}, "x", "y", Overall, b, nil)
	if err != nil || r.N != 0 || !math.IsNaN(r.Controlled.Value) || len(r.Bins) != 5 || !math.IsNaN(r.Bins[0].MeanLogRatio) || !math.IsNaN(r.Bins[0].WinRate().Value) {
		t.Errorf("invalid only: %+v, %v", r, err)
	}
	r, err = LengthEffect([]Judgement{judged("c1", "x", "y", Win), judged("c2", "x", "y", Win)}, "x", "y", Overall, b, func(s string) int { return len(s) })
	if err != nil || r.N != 2 || r.Raw != 1 || !math.IsNaN(r.Controlled.Value) || len(r.Controlled.Warnings) == 0 {
		t.Errorf("wins only: %+v, %v", r, err)
	}
	j := judged("c3", "x", "y", Lose)
	j.Contest.Seed = 1
	r, err = LengthEffect([]Judgement{judged("c1", "x", "y", Win), judged("c2", "x", "y", Lose), j}, "x", "y", Overall, b, nil)
	if err != nil || !math.IsNaN(r.Controlled.Value) || !strings.Contains(fmt.Sprint(r.Slope.Warnings), "seed 1 ended the same way") {
		t.Errorf("a seed of losses only: %+v, %v", r, err)
	}
	r, err = LengthEffect([]Judgement{judged("c1", "x", "y", Win), judged("c2", "x", "y", Lose), judged("c3", "x", "y", Win)}, "x", "y", Overall, b, nil)
	if err != nil || !strings.Contains(fmt.Sprint(r.Controlled.Warnings), "resamples") || !strings.Contains(fmt.Sprint(r.Slope.Warnings), "one seed") {
		t.Errorf("one seed: %+v, %v", r, err)
	}
	r, err = LengthEffect([]Judgement{judged("c1", "x", "y", Win), judged("c1", "x", "y", Lose)}, "x", "y", Overall, b, nil)
	if err != nil || r.Controlled.Value != 0.5 || !math.IsNaN(r.Controlled.SE) {
		t.Errorf("one CV: %+v, %v", r, err)
	}
}

// Two seeds that differ. In each of 40 CVs seed 1 wins three of four contests and seed 2 two of four, all texts equally long. So α is
// ln 3 and 0; every resample of CVs gives just these, and all uncertainty is that between seeds: on the scale of α the mean is
// ln(3)/2, its standard error sd/√2 = ln(3)/2, with one degree of freedom, for which Student's 97.5 % quantile is 12.7062.
func TestLengthHoldsTheSpreadBetweenSeeds(t *testing.T) {
	var js []Judgement
	for cv := range 40 {
		for seed, outcomes := range map[uint64][]Outcome{1: {Win, Win, Win, Lose}, 2: {Win, Win, Lose, Lose}} {
			for _, o := range outcomes {
				j := sized(fmt.Sprint("c", cv), 10, 10, o)
				j.Contest.Seed = seed
				js = append(js, j)
			}
		}
	}
	r, err := LengthEffect(js, "x", "y", Overall, eval.Bootstrap{Resamples: 100}, nil)
	if err != nil {
		t.Fatal(err)
	}
	half := math.Log(3) / 2
	near(t, "raw", r.Raw, 0.625, exact)
	near(t, "controlled", r.Controlled.Value, sigmoid(half), 1e-6) // √3/(1+√3) = 0.634
	near(t, "low", r.Controlled.Low, sigmoid(half-12.7062*half), 1e-6)
	near(t, "high", r.Controlled.High, sigmoid(half+12.7062*half), 1e-6)
	near(t, "p", r.Controlled.P, 0.5, 1e-6) // of |t| = 1
	if !strings.Contains(fmt.Sprint(r.Controlled.Warnings), "2 seeds, fewer than") {
		t.Errorf("warnings %q", r.Controlled.Warnings)
	}
	// The figure's bin of equal lengths holds the same: net ½ and 0, mean ¼, standard error ¼, one degree of freedom.
	near(t, "low of the bin", r.Bins[2].Net.Low, 0.25-12.7062*0.25, 1e-4)
	near(t, "high of the bin", r.Bins[2].Net.High, 0.25+12.7062*0.25, 1e-4)
}

// Where length is all that differs, each seed has a slope of its own: 1 wins more when longer, 2 when shorter, 3 does not care.
func TestLengthAveragesSlopes(t *testing.T) {
	var js []Judgement
	for cv := range 30 {
		for seed := uint64(1); seed <= 3; seed++ {
			for k := range 8 { // four longer, four shorter texts
				la, lb := 20, 10
				if k >= 4 {
					la, lb = 10, 20
				}
				longerWins := map[uint64]int{1: 3, 2: 1, 3: 2}[seed] // of four
				o := Lose
				if (la > lb) == (k%4 < longerWins) {
					o = Win
				}
				j := sized(fmt.Sprint("c", cv), la, lb, o)
				j.Contest.Seed = seed
				js = append(js, j)
			}
		}
	}
	r, err := LengthEffect(js, "x", "y", Overall, eval.Bootstrap{Resamples: 50}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Slopes ±ln(3)/ln(2), but for the ridge, and 0: mean 0, sd ln(3)/ln(2), and 4.3027 of the t with two degrees of freedom.
	near(t, "slope", r.Slope.Value, 0, 1e-6)
	near(t, "high", r.Slope.High, 4.3027*math.Log(3)/math.Ln2/math.Sqrt(3), 0.1)
	near(t, "controlled", r.Controlled.Value, 0.5, 1e-6)
}
