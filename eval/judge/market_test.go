package judge

import (
	"context"
	"errors"
	"math/bits"
	"strings"
	"testing"

	"genjobrec/datasets/market"
)

func TestScoresByHand(t *testing.T) {
	m := Margins{Detail: 0.1, Relevance: 0.1, Conciseness: 0.1}
	for _, c := range []struct {
		d, r, c float64 // a's lead over b
		want    Verdict
	}{
		{0.2, 0.2, 0.2, Verdict{Win, Win, Win, Win}},
		{0, 0, 0, Verdict{Tie, Tie, Tie, Tie}},
		{-0.2, 0.2, 0, Verdict{Lose, Win, Tie, Win}},     // 2 − 1 + 0 = 1
		{-0.2, 0.2, -0.2, Verdict{Lose, Win, Lose, Tie}}, // 2 − 1 − 1 = 0
		{0.2, 0, -0.2, Verdict{Win, Tie, Lose, Tie}},     // 0 + 1 − 1 = 0
		{0, 0, -0.2, Verdict{Tie, Tie, Lose, Lose}},      // −1
		{0.2, -0.2, 0.05, Verdict{Win, Lose, Tie, Lose}}, // −2 + 1
	} {
		a, b := scores{c.d + 0.3, c.r + 0.3, c.c + 0.3}, scores{0.3, 0.3, 0.3}
		if got := a.against(b, m); got != c.want {
			t.Errorf("leads %g, %g, %g: %v, want %v", c.d, c.r, c.c, got, c.want)
		}
		if got := b.against(a, m); got != c.want.Flip() {
			t.Errorf("leads %g, %g, %g, exchanged: %v, want %v", c.d, c.r, c.c, got, c.want.Flip())
		}
	}
}

// fixed is a market judge with facts and gold values by text.
func fixed() *Market {
	facts := map[string]Facts{
		"full":    {Stated: 4, Possible: 4},
		"three":   {Stated: 3, Possible: 4},
		"clash":   {Stated: 3, Contradicted: 1, Possible: 4},
		"strange": {Stated: 5, Possible: 4},
	}
	return &Market{
		Gold: func(_, jd string) (float64, error) {
			return map[string]float64{"full": 0.5, "three": 0.5, "clash": 0.4, "unsure": 1.5}[jd], nil
		},
		Facts:   func(jd string) Facts { return facts[jd] },
		Economy: Economy{Slope: 0.5, Shortest: 1},
		Margins: DefaultMargins(),
	}
}

func TestMarketByHand(t *testing.T) {
	c := contest("c1", "x", "y")
	c.A, c.B = "full", "three"
	// All of four fields against three, in one word each: more detail and, at the same length, more concise.
	j, err := fixed().Judge(context.Background(), c)
	if want := (Verdict{Win, Tie, Win, Win}); err != nil || j.Verdict != want || j.Shown != nil {
		t.Errorf("%v, %v, want %v", j.Verdict, err, want)
	}
	// A contradicted field is worse than an absent one: (3−1)/4 against 3/4.
	c.A = "clash"
	j, err = fixed().Judge(context.Background(), c)
	if want := (Verdict{Lose, Lose, Lose, Lose}); err != nil || j.Verdict != want {
		t.Errorf("%v, %v, want %v", j.Verdict, err, want)
	}
}

func TestMarketErrors(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	broken := errors.New("no CV")
	for name, c := range map[string]struct {
		ctx   context.Context
		spoil func(*Market, *Contest)
		want  string
	}{
		"contest":    {context.Background(), func(_ *Market, c *Contest) { c.CV = "" }, "no text"},
		"cancelled":  {ended, func(*Market, *Contest) {}, "canceled"},
		"not fitted": {context.Background(), func(m *Market, _ *Contest) { m.Economy = Economy{} }, "fitted Economy"},
		"margin":     {context.Background(), func(m *Market, _ *Contest) { m.Margins.Detail = -1 }, "margin"},
		"gold":       {context.Background(), func(_ *Market, c *Contest) { c.A = "unsure" }, "1.5"},
		"facts":      {context.Background(), func(_ *Market, c *Contest) { c.A = "strange" }, "5 fields stated"},
		"oracle": {context.Background(), func(m *Market, _ *Contest) {
			m.Gold = func(string, string) (float64, error) { return 0, broken }
		}, "no CV"},
	} {
		m, x := fixed(), contest("c1", "x", "y")
		x.A, x.B = "full", "three"
		c.spoil(m, &x)
		if _, err := m.Judge(c.ctx, x); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// parseFacts joins the market's parser to the judge, as a caller does.
func parseFacts(jd string) Facts {
	p := market.ParseJD(jd)
	count := func(f market.Field) int { return bits.OnesCount16(uint16(f)) }
	return Facts{Stated: count(p.Found), Contradicted: count(p.Contradictions), Possible: 7}
}

// On the real market: the facts that the doc comment of Economy quotes, and verdicts that anybody would give.
func TestMarketJudgesTheMarket(t *testing.T) {
	m, err := market.New(market.Params{Seed: 1, CVs: 1500})
	if err != nil {
		t.Fatal(err)
	}
	d := m.Dataset()
	var texts []string
	for _, jd := range d.JDs {
		texts = append(texts, jd.Text)
	}
	e, err := FactsEconomy(texts, parseFacts)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", e.Slope, 0.43, 0.02)
	judge := &Market{Economy: e, Facts: parseFacts, Margins: DefaultMargins(), Gold: func(cvID, jd string) (float64, error) {
		p, _, err := m.AcceptText(cvID, jd)
		return p, err
	}}
	// Of a hundred pairs of a CV with its best and its worst JD by the market itself, against changed versions of the best.
	won := map[string]int{}
	n := 0
	for _, cv := range d.CVs[:100] {
		best, worst, high, low := "", "", -1.0, 2.0
		for _, jd := range texts[:60] {
			p, err := judge.Gold(cv.ID, jd)
			if err != nil {
				t.Fatal(err)
			}
			if f := parseFacts(jd); f.Stated < 6 || f.Contradicted > 0 {
				continue
			}
			if p > high {
				best, high = jd, p
			}
			if p < low {
				worst, low = jd, p
			}
		}
		n++
		for name, c := range map[string]struct {
			b    string
			on   Criterion
			want Outcome
		}{
			"worst is less relevant":      {worst, Relevance, Win},
			"a stub has less detail":      {clip(best, len(best)/3), Detail, Win},
			"a stub is not more concise":  {clip(best, len(best)/8), Conciseness, Win},
			"one word is not concise":     {"job", Conciseness, Win},
			"padded is less concise":      {best + strings.Repeat(" and so on and so forth", 8), Conciseness, Win},
			"repeated is less concise":    {best + " " + best, Conciseness, Win},
			"repeated has no more detail": {best + " " + best, Detail, Tie},
			"nothing is worse":            {"", Overall, Win},
			"the CV is no JD":             {cv.Text, Overall, Win},
		} {
			j, err := judge.Judge(context.Background(), Contest{CVID: cv.ID, CV: cv.Text, NameA: "best", A: best, NameB: "other", B: c.b})
			if err != nil {
				t.Fatal(err)
			}
			if j.Verdict[c.on] == c.want {
				won[name]++
			} else {
				won[name] += 0
			}
		}
	}
	for name, k := range won {
		if k < 95*n/100 {
			t.Errorf("%s: in %d of %d only", name, k, n)
		}
	}
	if len(won) != 9 {
		t.Errorf("%d checks ran, want 9", len(won))
	}
}
