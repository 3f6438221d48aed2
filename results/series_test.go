package results

import (
	"bytes"
	"image/color"
	"slices"
	"strings"
	"testing"
)

// A model has one colour whatever figure it is in, in whatever place and under whatever label.
func TestColoursOfModels(t *testing.T) {
	for name, want := range map[string]color.RGBA{
		"GIRL": vermillion, "full (GIRL)": vermillion, "GIRL-SFT": blue, "SFT only (GIRL-SFT)": blue, "GIRL-SFT, training, per token": blue, "GIRL against GIRL-SFT": blue,
		"Base": {R: 90, G: 90, B: 90, A: 255}, "nobody (Base)": {R: 90, G: 90, B: 90, A: 255},
	} {
		if got := lineOf(name, []string{"other", name}).Color; got != want {
			t.Errorf("%s is drawn in %v, want %v", name, got, want)
		}
	}
	if got := matcherColor(SystemID{GIRL, MLP}); got != vermillion {
		t.Errorf("GIRL is drawn in %v among the matchers", got)
	}
	// What has no colour of its own takes none that is another's, and does so without regard to models between.
	names := []string{"a", "GIRL", "b", "MLP", "c", "d", "Dot", "e"}
	seen := map[any]string{}
	for _, name := range names[:7] {
		c := lineOf(name, names).Color
		if other, ok := seen[c]; ok {
			t.Errorf("%s and %s are both drawn in %v", name, other, c)
		}
		seen[c] = name
	}
	if a, b := lineOf("b", names).Color, lineOf("b", []string{"a", "b"}).Color; a != b {
		t.Errorf("b is drawn in %v beside GIRL, in %v without it", a, b)
	}
	if e := lineOf("e", names); e.Color != lineOf("a", names).Color || e.Dashes == nil {
		t.Errorf("the fifth free series is drawn in %v with dashes %v, want the first colour again, dashed", e.Color, e.Dashes)
	}
}

func TestLegendShowsWhatIsDrawn(t *testing.T) {
	in := rewardPath()
	l := in.legend([]string{"GIRL", "without KL", "best of 8"}, true)
	if len(l) != 4 {
		t.Fatalf("%d entries, want the series and the seeds", len(l))
	}
	for i, e := range l {
		line, mark := e.line.Width > 0, e.mark != nil
		if wantLine, wantMark := i < 2, i < 3; line != wantLine || mark != wantMark {
			t.Errorf("%s: line %t, dot %t, want %t and %t", e.text, line, mark, wantLine, wantMark)
		}
	}
	long := simulatedCurves(1, "a", "b")
	if l := long.legend([]string{"a", "b"}, false); l[0].mark != nil {
		t.Error("a dot in the legend of curves without dots")
	}
}

func TestTicksOfPanels(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []float64
		want  string
	}{
		{"epochs", []float64{1, 2, 3}, "1 2 3"},
		{"two epochs", []float64{1, 2}, "1 2"},
		{"temperatures", []float64{0.3, 0.5, 0.7, 1, 1.3}, "0.3 0.5 0.7 1 1.3"},
		{"too close", []float64{0.3, 0.69, 0.7, 1, 1.3}, "0.4 0.6 0.8 1.0 1.2"},
		{"many rounds", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, "5 10"},
		{"one", []float64{7}, ""},
	} {
		p := Panel{Series: []Series{{Name: "s", Runs: []Run{{Steps: c.steps, Value: make([]float64, len(c.steps))}}}}}
		var got []string
		ticks := p.ticks().Ticks(c.steps[0], c.steps[len(c.steps)-1])
		for _, tick := range ticks {
			got = append(got, tick.Label)
		}
		if text := strings.Join(got, " "); text != c.want && c.want != "" {
			t.Errorf("%s: ticks %q, want %q", c.name, text, c.want)
		}
	}
	for _, tick := range (sparseTicks{whole: true}).Ticks(0.9, 2.1) {
		if strings.Contains(tick.Label, ".") {
			t.Errorf("whole ticks hold %q", tick.Label)
		}
	}
}

// Nothing at the first and last place stands on an axis, and shares are shown from none to all.
func TestCurvesHaveRoomAtTheSides(t *testing.T) {
	p := Panel{Share: true, Series: []Series{{Name: "s", Runs: []Run{{Steps: []float64{0, 1}, Value: []float64{0.8, 0.9}}}}}}
	out := p.plot(CurvesInput{}, []string{"s"})
	near(t, "left", out.X.Min, -0.04, 1e-12)
	near(t, "right", out.X.Max, 1.04, 1e-12)
	near(t, "below", out.Y.Min, -0.04, 1e-12)
	near(t, "above", out.Y.Max, 1.04, 1e-12)
}

// A single panel is narrower than the text, but not than its title.
func TestTitleOfASinglePanelFits(t *testing.T) {
	in := rewardPath()
	in.Title, in.Panels = "Reward against the distance from the start, validation CVs", in.Panels[:1]
	f, err := CurvesFigure(in)
	if err != nil {
		t.Fatal(err)
	}
	textsApart(t, f)
	if f.width >= textWidth {
		t.Errorf("the figure is %v wide", f.width)
	}
}

func TestRowsOfIntervalsAreApart(t *testing.T) {
	in := intervals()
	for range 3 {
		in.Panels = append(in.Panels, in.Panels[0])
	}
	f, err := IntervalsFigure(in)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Render(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	boxes := textBoxes(t, b.Bytes())
	lowest := slices.IndexFunc(boxes, func(x box) bool { return x.text == "AUC (higher is better)" })
	for _, x := range boxes {
		if x.text == "AUC" && x.y0 > boxes[lowest].y1 && x.y0-boxes[lowest].y1 < 8 {
			t.Errorf("a title stands %.1f points below the axis above it", x.y0-boxes[lowest].y1)
		}
	}
	textsApart(t, f)
}
