package results

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

func intervals() IntervalsInput {
	nan := math.NaN()
	return IntervalsInput{Name: "intervals", Title: "Three rows", Rows: []string{"first", "second", "third"}, Panels: []IntervalPanel{
		{Title: "AUC", XLabel: "AUC (higher is better)", At: []float64{0.5}, Marks: []Interval{
			{Row: 0, Series: "MLP", Value: 0.7, Low: 0.65, High: 0.75}, {Row: 0, Series: "Dot", Value: 0.72, Low: nan, High: nan}, {Row: 2, Series: "MLP", Value: 0.6, Low: 0.5, High: 0.8},
		}},
		{Title: "LogLoss", XLabel: "nats", Marks: []Interval{{Row: 1, Series: "Dot", Value: 0.6, Low: 0.55, High: 0.66}}},
	}}
}

func TestIntervalsFigure(t *testing.T) {
	f, err := IntervalsFigure(intervals())
	if err != nil {
		t.Fatal(err)
	}
	var svg bytes.Buffer
	if err := f.Render(&svg, "svg"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Three rows", "first", "second", "third", "MLP", "Dot", "nats", "AUC (higher is better)"} {
		if !strings.Contains(svg.String(), text) {
			t.Errorf("the drawing lacks %q", text)
		}
	}
	one := intervals()
	for i := range one.Panels {
		for j := range one.Panels[i].Marks {
			one.Panels[i].Marks[j].Series = "only"
		}
	}
	if f, err = IntervalsFigure(one); err != nil {
		t.Fatal(err)
	}
	svg.Reset()
	if err := f.Render(&svg, "svg"); err != nil || strings.Contains(svg.String(), "only") {
		t.Errorf("a single series needs no legend; error %v", err)
	}
}

// The axis of a scale from −1 to 1 takes in both ends, but only 0 is a line: leaving the ends out of At leaves two lines out, and of
// Reach makes the axis end with the marks.
func TestIntervalsReachWithoutALine(t *testing.T) {
	draw := func(at, reach []float64) (svg string, low, high float64) {
		panel := IntervalPanel{Marks: []Interval{{Value: 0.1, Low: -0.2, High: 0.3}}, At: at, Reach: reach}
		f, err := IntervalsFigure(IntervalsInput{Name: "f", Rows: []string{"r"}, Panels: []IntervalPanel{panel}})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := f.Render(&b, "svg"); err != nil {
			t.Fatal(err)
		}
		p := panel.plot(1, nil, []string{""})
		return b.String(), p.X.Min, p.X.Max
	}
	const dashed = "stroke-dasharray"
	strong, _, _ := draw([]float64{-1, 0, 1}, nil)
	svg, low, high := draw([]float64{0}, []float64{-1, 1})
	if n, m := strings.Count(strong, dashed), strings.Count(svg, dashed); n-m != 2 {
		t.Errorf("%d dashed lines with three reference values, %d with one, want two fewer", n, m)
	}
	if low > -1 || high < 1 {
		t.Errorf("the axis goes from %g to %g, want it to take in -1 and 1", low, high)
	}
	if _, low, high = draw([]float64{0}, nil); low < -0.3 || high > 0.4 {
		t.Errorf("the axis goes from %g to %g, want it to end with the marks", low, high)
	}
}

func TestIntervalsFigureRefuses(t *testing.T) {
	for name, spoil := range map[string]func(in *IntervalsInput){
		"no rows":    func(in *IntervalsInput) { in.Rows = nil },
		"no panels":  func(in *IntervalsInput) { in.Panels = nil },
		"no marks":   func(in *IntervalsInput) { in.Panels[1].Marks = nil },
		"a row more": func(in *IntervalsInput) { in.Panels[0].Marks[0].Row = 3 },
		"below":      func(in *IntervalsInput) { in.Panels[0].Marks[0].Row = -1 },
		"NaN":        func(in *IntervalsInput) { in.Panels[0].Marks[0].Value = math.NaN() },
		"infinite":   func(in *IntervalsInput) { in.Panels[0].Marks[0].High = math.Inf(1) },
	} {
		in := intervals()
		spoil(&in)
		if _, err := IntervalsFigure(in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
