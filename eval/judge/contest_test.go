package judge

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		a, b, margin float64
		want         Outcome
	}{
		{1, 0, 0, Win}, {0, 1, 0, Lose}, {1, 1, 0, Tie},
		{0.3, 0.2, 0.1, Tie}, // 0.3 − 0.2 is a little less than 0.1 in float64,
		{0.8, 0.7, 0.1, Tie}, // 0.8 − 0.7 a little more
		{0.31, 0.2, 0.1, Win}, {0.2, 0.31, 0.1, Lose},
		{nan, 1, 0, Invalid}, {1, nan, 0, Invalid},
	} {
		if got := compare(c.a, c.b, c.margin); got != c.want {
			t.Errorf("compare(%g, %g, %g) = %v, want %v", c.a, c.b, c.margin, got, c.want)
		}
	}
}

func TestVerdictFlips(t *testing.T) {
	v := Verdict{Win, Tie, Lose, Invalid}
	if got, want := v.Flip(), (Verdict{Lose, Tie, Win, Invalid}); got != want {
		t.Errorf("flipped %v, want %v", got, want)
	}
	if (Verdict{}).Valid() || !v.Valid() {
		t.Error("only the zero verdict is invalid throughout")
	}
}

func TestOutcomeText(t *testing.T) {
	for o := Invalid; o <= Win; o++ {
		raw, err := json.Marshal(o)
		var back Outcome
		if err != nil || json.Unmarshal(raw, &back) != nil || back != o {
			t.Errorf("%v became %s and %v, %v", o, raw, back, err)
		}
	}
	var o Outcome
	if err := json.Unmarshal([]byte(`"Win"`), &o); err == nil {
		t.Error("\"Win\" passed as an outcome")
	}
	if _, err := json.Marshal(Outcome(9)); err == nil {
		t.Error("outcome 9 was written")
	}
}

func TestContestFaults(t *testing.T) {
	good := contest("c1", "x", "y")
	good.A = "" // a generator may write nothing
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		spoil func(*Contest)
		want  string
	}{
		"no id":    {func(c *Contest) { c.CVID = "" }, "no id"},
		"no CV":    {func(c *Contest) { c.CV = "" }, "no text"},
		"no name":  {func(c *Contest) { c.NameB = "" }, "no name"},
		"itself":   {func(c *Contest) { c.NameB = c.NameA }, "itself"},
		"not text": {func(c *Contest) { c.B = "\xff" }, "JD of B is not UTF-8"},
	} {
		x := good
		c.spoil(&x)
		if err := x.check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestClip(t *testing.T) {
	for in, want := range map[string]string{"abc": "abc", "abcd": "abc…", "a数据": "a…"} { // 数 is three bytes
		if got := clip(in, 3); got != want {
			t.Errorf("clip(%q) = %q, want %q", in, got, want)
		}
	}
}

// judgeFunc lets a function stand for a judge.
type judgeFunc func(ctx context.Context, c Contest) (Judgement, error)

func (f judgeFunc) Judge(ctx context.Context, c Contest) (Judgement, error) { return f(ctx, c) }

func TestAllKeepsOrderAndStops(t *testing.T) {
	contests := []Contest{contest("c1", "x", "y"), contest("c2", "x", "y"), contest("c3", "x", "y")}
	echo := judgeFunc(func(_ context.Context, c Contest) (Judgement, error) { return Judgement{Contest: c}, nil })
	js, err := All(context.Background(), echo, contests, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := range js {
		if j.Contest.CVID != contests[i].CVID {
			t.Errorf("judgement %d is of %s, want %s", i, j.Contest.CVID, contests[i].CVID)
		}
	}

	broken, asked := errors.New("broken"), 0
	_, err = All(context.Background(), judgeFunc(func(_ context.Context, c Contest) (Judgement, error) {
		asked++
		if c.CVID == "c2" {
			return Judgement{}, broken
		}
		return Judgement{}, nil
	}), contests, 1)
	if !errors.Is(err, broken) || asked != 2 {
		t.Errorf("error %v after %d contests, want %v after 2", err, asked, broken)
	}

	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := All(ended, echo, contests, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := All(context.Background(), echo, contests, 0); err == nil {
		t.Error("no workers passed")
	}
}
