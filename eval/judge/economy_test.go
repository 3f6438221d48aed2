package judge

import (
	"math"
	"strings"
	"testing"
)

// Ten JDs on the line ln(1+I) = ½ ln L exactly: I = √L − 1.
func onTheLine() (lengths []int, information []float64) {
	for i := 1; i <= 10; i++ {
		lengths, information = append(lengths, 16*i), append(information, math.Sqrt(float64(16*i))-1)
	}
	return lengths, information
}

func TestEconomyOnTheLine(t *testing.T) {
	e, err := FitEconomy(onTheLine())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", e.Slope, 0.5, exact)
	near(t, "intercept", e.Intercept, 0, 1e-9)
	near(t, "shortest", e.Shortest, 16, 1e-9) // the 5 % point of ten is the least
	near(t, "as expected", e.Conciseness(100, 9), 0, 1e-9)
	// Half the length for the same information: ½ ln 2 more than expected.
	near(t, "half as long", e.Conciseness(50, 9), math.Log(2)/2, 1e-9)
	// Twice 1 + I at the same length: ln 2.
	near(t, "twice as much", e.Conciseness(100, 19), math.Log(2), 1e-9)
	// Below the shortest real length nothing more is earned: 1 token counts as 16.
	near(t, "stub", e.Conciseness(1, 0), -math.Log(4), 1e-9)
	near(t, "nothing", e.Conciseness(0, -3), -math.Log(4), 1e-9)
}

// Off the line the slope is the ratio of the standard deviations. Five lengths e⁰…, twice each, with ln(1+I) = y:
// x = 0,0,1,1,2,2,3,3,4,4 and y = 0,1,0,1,1,2,1,2,2,3: Σ(x−2)² = 2·(4+1+0+1+4) = 20, ȳ = 1.3,
// Σy² = 0+1+0+1+1+4+1+4+4+9 = 25, Σ(y−ȳ)² = 25 − 16.9 = 8.1, so slope √(8.1/20) (least squares would give Σxy/20 =
// (0+0+0+1+2+4+3+6+8+12 − 26)/20 = 10/20).
func TestEconomyIsTheMajorAxis(t *testing.T) {
	var lengths []int
	var information []float64
	ys := []float64{0, 1, 0, 1, 1, 2, 1, 2, 2, 3}
	for i, y := range ys {
		lengths = append(lengths, []int{1, 10, 100, 1000, 10000}[i/2]) // x in units of ln 10
		information = append(information, math.Pow(10, y)-1)
	}
	e, err := FitEconomy(lengths, information)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", e.Slope, math.Sqrt(8.1/20), 1e-9)
	near(t, "intercept", e.Intercept, (1.3-2*math.Sqrt(8.1/20))*math.Ln10, 1e-9)
}

func TestEconomyErrors(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(l []int, y []float64) ([]int, []float64)
		want  string
	}{
		"lengths":   {func(l []int, y []float64) ([]int, []float64) { return l[1:], y }, "9 lengths, 10 amounts"},
		"too few":   {func(l []int, y []float64) ([]int, []float64) { return l[1:], y[1:] }, "9 JDs"},
		"empty":     {func(l []int, y []float64) ([]int, []float64) { l[3] = 0; return l, y }, "JD 3 has 0 tokens"},
		"negative":  {func(l []int, y []float64) ([]int, []float64) { y[4] = -1; return l, y }, "JD 4"},
		"NaN":       {func(l []int, y []float64) ([]int, []float64) { y[4] = math.NaN(); return l, y }, "JD 4"},
		"same":      {func(l []int, y []float64) ([]int, []float64) { return alike(l, 5), y }, "no yardstick"},
		"downwards": {func(l []int, y []float64) ([]int, []float64) { reverse(y); return l, y }, "no yardstick"},
	} {
		if _, err := FitEconomy(c.spoil(onTheLine())); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func alike(l []int, v int) []int {
	for i := range l {
		l[i] = v
	}
	return l
}

func reverse(y []float64) {
	for i := range len(y) / 2 {
		y[i], y[len(y)-1-i] = y[len(y)-1-i], y[i]
	}
}
