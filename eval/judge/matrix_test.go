package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"genjobrec/eval"
)

// same is the verdict with one outcome on all criteria.
func same(o Outcome) Verdict { return Verdict{o, o, o, o} }

// judged is the judgement of a small contest.
func judged(cv, a, b string, o Outcome) Judgement {
	return Judgement{Contest: contest(cv, a, b), Verdict: same(o)}
}

func TestMatrixByHand(t *testing.T) {
	js := []Judgement{
		judged("c1", "x", "y", Win), judged("c2", "x", "y", Win), judged("c3", "x", "y", Tie),
		judged("c4", "y", "x", Win), // y's win is x's loss
		judged("c5", "x", "y", Invalid),
		judged("c1", "z", "y", Lose),
		judged("c1", "x", "z", Invalid),
	}
	m, err := NewMatrix(js, nil, eval.Bootstrap{Resamples: 20000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Systems, []string{"x", "y", "z"}) || len(m.Cells) != 3*4 {
		t.Fatalf("systems %v, %d cells", m.Systems, len(m.Cells))
	}
	c, ok := m.Of("x", "y", Overall)
	if !ok || c.Win != 2 || c.Tie != 1 || c.Lose != 1 || c.Invalid != 1 || c.Valid() != 4 {
		t.Errorf("%+v", c)
	}
	near(t, "net", c.Net.Value, 1.0/4, exact)
	near(t, "win rate", c.WinRate().Value, 2.5/4, exact) // (2 + ½)/4
	// Four CVs of one contest each: the standard error of a bootstrap mean is sd/√4 with n below the variance:
	// values 1, 1, 0, −1: mean ¼, Σ(v−¼)² = 3 − 4/16 = 2.75, /4/4.
	near(t, "SE", c.Net.SE, math.Sqrt(2.75/16), 0.01)
	near(t, "SE of the win rate", c.WinRate().SE, math.Sqrt(2.75/16)/2, 0.005)
	if c.Net.Low != -0.5 && c.Net.Low != -0.75 || c.Net.High != 1 {
		t.Errorf("interval [%g, %g]", c.Net.Low, c.Net.High)
	}

	back, ok := m.Of("y", "x", Overall)
	if !ok || back.A != "y" || back.Win != 1 || back.Lose != 2 || back.Net.Value != -c.Net.Value || back.Net.Low != -c.Net.High || back.Net.P != c.Net.P {
		t.Errorf("exchanged %+v", back)
	}
	near(t, "win rates add up", back.WinRate().Low+c.WinRate().High, 1, exact)

	// One CV: a value without an interval. None: nothing at all.
	if c, _ := m.Of("z", "y", Detail); c.Net.Value != -1 || !math.IsNaN(c.Net.Low) || !math.IsNaN(c.PHolm) || len(c.Net.Warnings) != 1 {
		t.Errorf("one contest: %+v", c)
	}
	if c, _ := m.Of("x", "z", Detail); !math.IsNaN(c.Net.Value) || c.Invalid != 1 || len(c.Net.Warnings) != 1 {
		t.Errorf("no valid contest: %+v", c)
	}
	if _, ok := m.Of("x", "w", Detail); ok {
		t.Error("x met nobody called w")
	}
	// Holm over the four criteria of the one tested pair, all with the same p: 4·p.
	near(t, "Holm", c.PHolm, min(1, 4*c.Net.P), exact)
}

func TestMatrixOrderOfSystems(t *testing.T) {
	m, err := NewMatrix([]Judgement{judged("c1", "x", "y", Win), judged("c2", "x", "y", Win)}, []string{"y", "x"}, eval.Bootstrap{Resamples: 100})
	if err != nil {
		t.Fatal(err)
	}
	if c := m.Cells[0]; c.A != "y" || c.Lose != 2 || m.Systems[0] != "y" {
		t.Errorf("%+v", c)
	}
	if c := m.Cells[0]; c.Net.Low != -1 || c.Net.High != -1 || !strings.Contains(fmt.Sprint(c.Net.Warnings), "no width") {
		t.Errorf("all lost: %+v", c.Net)
	}
}

// CVs of one group are drawn together: with two groups a resample is one of four, so the interval is wide, however many
// contests each has.
func TestMatrixResamplesGroups(t *testing.T) {
	var js []Judgement
	for i := range 40 {
		j := judged(fmt.Sprint("c", i), "x", "y", []Outcome{Win, Lose}[i%2])
		j.Contest.Group = fmt.Sprint("g", i%2)
		js = append(js, j)
	}
	m, err := NewMatrix(js, nil, eval.Bootstrap{Resamples: 500, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := m.Of("x", "y", Overall)
	if c.Net.Value != 0 || c.Net.Low != -1 || c.Net.High != 1 {
		t.Errorf("%+v, want 0 [-1, 1]", c.Net)
	}
}

func TestMatrixSeeds(t *testing.T) {
	var one, three []Judgement
	for i := range 30 {
		for seed := range 3 {
			// Seed 0 wins two in three, the others one in three.
			o := Lose
			if i%3 == 0 || seed == 0 && i%3 == 1 {
				o = Win
			}
			j := judged(fmt.Sprint("c", i), "x", "y", o)
			j.Contest.Seed = uint64(seed)
			three = append(three, j)
			if seed == 0 {
				one = append(one, j)
			}
		}
	}
	b := eval.Bootstrap{Resamples: 500, Seed: 1}
	width := func(js []Judgement) (e eval.Estimate) {
		m, err := NewMatrix(js, nil, b)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := m.Of("x", "y", Overall)
		return c.Net
	}
	a, c := width(one), width(three)
	near(t, "one seed", a.Value, 1.0/3, exact)
	near(t, "three seeds", c.Value, -1.0/9, exact) // (⅓ − ⅓ − ⅓)/3
	// The seeds' means are ⅓, −⅓, −⅓, mean −1/9: sd² = ((4/9)² + 2·(2/9)²)/2 = 12/81, so 4/81 over 3 seeds is part of SE².
	if c.SE*c.SE < 4.0/81 {
		t.Errorf("SE² %g leaves out the seeds' 4/81", c.SE*c.SE)
	}
	if s := fmt.Sprint(a.Warnings); !strings.Contains(s, "one seed") {
		t.Errorf("one seed: %s", s)
	}
	if s := fmt.Sprint(c.Warnings); strings.Contains(s, "one seed") || !strings.Contains(s, "3 seeds") {
		t.Errorf("three seeds: %s", s)
	}
}

func TestMatrixErrors(t *testing.T) {
	x, y := judged("c1", "x", "y", Win), judged("c1", "y", "x", Win)
	for name, c := range map[string]struct {
		js      []Judgement
		systems []string
		want    string
	}{
		"twice":         {[]Judgement{x, y}, nil, "judged twice"},
		"not listed":    {[]Judgement{x}, []string{"x"}, `"y" is not in the list`},
		"listed twice":  {[]Judgement{x}, []string{"x", "y", "x"}, "listed twice"},
		"never judged":  {[]Judgement{{}}, nil, "no id"},
		"strange level": {[]Judgement{x, judged("c2", "x", "y", Win)}, nil, "level"},
	} {
		if _, err := NewMatrix(c.js, c.systems, eval.Bootstrap{Level: 2}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
