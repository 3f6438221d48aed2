package results

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

func lengths() LengthInput {
	nan := math.NaN()
	return LengthInput{Name: "lengths", Title: "Win rate and length", XLabel: "length of A / length of B", YLabel: "win rate of A", Panels: []LengthPanel{
		{Title: "detail", Series: []LengthSeries{
			{Name: "A against B", Curve: &LogisticCurve{Alpha: 0.5, Beta: 1, From: -0.7, To: 1.4}, Points: []LengthPoint{
				{LogRatio: -0.6, Contests: 40, Rate: 0.4, Low: 0.3, High: 0.5}, {LogRatio: 0.1, Contests: 100, Rate: 0.6, Low: 0.5, High: 0.7}, {LogRatio: 1.3, Contests: 3, Rate: 0.9, Low: 0.5, High: 1.3}, {LogRatio: -1, Contests: 2, Rate: 0, Low: -1e-14, High: 1e-14}}},
			{Name: "A against C", Points: []LengthPoint{{LogRatio: 0, Contests: 1, Rate: 1, Low: nan, High: nan}}},
		}},
		{Title: "conciseness", Series: []LengthSeries{{Name: "A against C"}}},
	}}
}

func TestLengthFigure(t *testing.T) {
	f, err := LengthFigure(lengths())
	if err != nil {
		t.Fatal(err)
	}
	var svg, again bytes.Buffer
	if err := f.Render(&svg, "svg"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Win rate and length", "detail", "conciseness", "A against B", "A against C", "length of A / length of B", ">1/2<", ">1<", ">2<", ">0.50<"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the drawing lacks %q", want)
		}
	}
	if f, err = LengthFigure(lengths()); err != nil {
		t.Fatal(err)
	}
	if err := f.Render(&again, "svg"); err != nil || again.String() != svg.String() {
		t.Errorf("the same input gave another drawing, error %v", err)
	}
	for _, format := range []string{"png", "pdf"} {
		if err := f.Render(&again, format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestLogisticCurveByHand(t *testing.T) {
	c := LogisticCurve{Alpha: math.Log(3), Beta: -1}
	near(t, "at equal length", c.at(0), 0.75, 1e-12)
	near(t, "at ratio 3", c.at(math.Log(3)), 0.5, 1e-12)
}

func TestRatioTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{math.Log(0.4), math.Log(4.1), "1/2 1 2 4"},
		{math.Log(0.9), math.Log(1.1), "1"},
		{math.Log(1.0 / 64), math.Log(64), "1/64 1/16 1/4 1 4 16 64"},
	} {
		var got []string
		for _, tick := range (ratioTicks{}).Ticks(c.low, c.high) {
			got = append(got, tick.Label)
			if tick.Value < c.low-1e-9 || tick.Value > c.high+1e-9 {
				t.Errorf("%q stands at %g, outside %g to %g", tick.Label, tick.Value, c.low, c.high)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%.2f to %.2f: %q, want %q", c.low, c.high, got, c.want)
		}
	}
}

func TestLengthFigureRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*LengthInput)
		want  string
	}{
		"nothing":     {func(in *LengthInput) { in.Panels = nil }, "nothing to show"},
		"rate":        {func(in *LengthInput) { in.Panels[0].Series[0].Points[1].Rate = 1.1 }, `panel "detail": series "A against B": point 2`},
		"NaN rate":    {func(in *LengthInput) { in.Panels[0].Series[0].Points[1].Rate = math.NaN() }, "point 2"},
		"ratio":       {func(in *LengthInput) { in.Panels[0].Series[1].Points[0].LogRatio = math.Inf(1) }, "point 1"},
		"no contests": {func(in *LengthInput) { in.Panels[0].Series[1].Points[0].Contests = 0 }, "of 0 contests"},
		"curve":       {func(in *LengthInput) { in.Panels[0].Series[0].Curve.Beta = math.NaN() }, "curve is not finite"},
	} {
		in := lengths()
		c.spoil(&in)
		if _, err := LengthFigure(in); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "lengths") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
