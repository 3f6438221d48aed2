package results

import (
	"bytes"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// figures builds every kind of figure from scratch.
func figures(t *testing.T) []*Figure {
	t.Helper()
	curves, err := CurvesFigure(simulatedCurves(2, "β = 0.02", "β = 0.2"))
	if err != nil {
		t.Fatal(err)
	}
	return append(matchingFigures(t, simulatedReport(t, 200, 2)), curves)
}

// matchingFigures are the three figures of a report.
func matchingFigures(t *testing.T, r *RQ2Report) []*Figure {
	t.Helper()
	roc, err := r.ROCFigure()
	if err != nil {
		t.Fatal(err)
	}
	reliability, err := r.ReliabilityFigure()
	if err != nil {
		t.Fatal(err)
	}
	return []*Figure{r.Figure(), roc, reliability}
}

func TestFigureBytesAreStable(t *testing.T) {
	formats := []string{"png", "svg", "pdf"}
	render := func() (all [][]byte) {
		for _, f := range figures(t) {
			for _, format := range formats {
				var b bytes.Buffer
				if err := f.Render(&b, format); err != nil {
					t.Fatal(err)
				}
				all = append(all, b.Bytes())
			}
		}
		return all
	}
	first := render()
	time.Sleep(1100 * time.Millisecond) // files that tell the time of day do so in seconds
	for i, again := range render() {
		if !bytes.Equal(first[i], again) {
			t.Errorf("figure %d, %s: two runs gave other bytes", i/len(formats)+1, formats[i%len(formats)])
		}
	}
}

func TestWriteFigures(t *testing.T) {
	dir := t.TempDir()
	f := figures(t)[0]
	if err := WriteFigures(dir, f); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(dir, "rq2.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	img, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	// 12 cm at 300 dots an inch.
	near(t, "width in dots", float64(img.Bounds().Dx()), 12/2.54*DPI, 1)
	raw, err := os.ReadFile(filepath.Join(dir, "rq2.png"))
	if err != nil {
		t.Fatal(err)
	}
	// The resolution stands between header and picture: 300 dots per inch are 11811 per metre, 0x2e23.
	if want := "pHYs\x00\x00\x2e\x23\x00\x00\x2e\x23\x01"; string(raw[37:50]) != want {
		t.Errorf("the PNG file says %q after its header, want %q", raw[37:50], want)
	}
	pdf, err := os.ReadFile(filepath.Join(dir, "rq2.pdf"))
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("rq2.pdf begins %.8q, %v", pdf, err)
	}
	svg, err := os.ReadFile(filepath.Join(dir, "rq2.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"AUC (higher is better)", "LogLoss in nats", "GIRL-SFT (Dot)", "Bayes ceiling", "JD-id prior", "Arial"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("rq2.svg does not say %q", want)
		}
	}
	if err := f.Render(io.Discard, "gif"); err == nil {
		t.Error("an unknown format gave no error")
	}
	if err := WriteFigures(dir, &Figure{Name: "a/b"}); err == nil {
		t.Error("a name with a slash gave no error")
	}
}

// TestTextsDoNotCollide reads the texts' places and sizes back from the SVG and checks that all stand
// inside the page and none overlaps another.
func TestTextsDoNotCollide(t *testing.T) {
	long := simulatedReport(t, 200, 1)
	for i := range long.Systems {
		if s := &long.Systems[i]; s.ID.Model == "CV-id prior" {
			s.LogLoss.Value = 7 // a baseline off the scale has the longest legend entry
		}
	}
	three := simulatedCurves(3, "PPO", "PPO without whitening", "PPO with an adaptive KL coefficient")
	three.Panels = three.Panels[:3]
	odd, err := CurvesFigure(three)
	if err != nil {
		t.Fatal(err)
	}
	one := simulatedCurves(1, "PPO")
	one.Panels = one.Panels[:1]
	single, err := CurvesFigure(one)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range slices.Concat(figures(t), matchingFigures(t, long), []*Figure{odd, single}) {
		if n := textsApart(t, f); n < 10 {
			t.Errorf("%s: found %d texts only", f.Name, n)
		}
	}
}

func TestCurvesErrors(t *testing.T) {
	good := func() CurvesInput {
		return CurvesInput{Name: "c", Panels: []Panel{{Title: "KL", Series: []Series{{Name: "PPO", Runs: []Run{{Seed: 3, Steps: []float64{0, 1}, Value: []float64{1, 2}}}}}}}}
	}
	for _, tc := range []struct {
		name string
		edit func(*CurvesInput)
		want string
	}{
		{"no panels", func(in *CurvesInput) { in.Panels = nil }, "no panels"},
		{"no series", func(in *CurvesInput) { in.Panels[0].Series = nil }, `panel "KL" has no series`},
		{"no runs", func(in *CurvesInput) { in.Panels[0].Series[0].Runs = nil }, "no runs"},
		{"length", func(in *CurvesInput) { in.Panels[0].Series[0].Runs[0].Value = []float64{1} }, "2 steps, 1 values"},
		{"empty", func(in *CurvesInput) { in.Panels[0].Series[0].Runs[0] = Run{Seed: 3} }, "no steps"},
		{"NaN", func(in *CurvesInput) { in.Panels[0].Series[0].Runs[0].Value[1] = math.NaN() }, "step 1, value NaN"},
		{"falling", func(in *CurvesInput) { in.Panels[0].Series[0].Runs[0].Steps[1] = 0 }, "rising"},
	} {
		in := good()
		tc.edit(&in)
		if _, err := CurvesFigure(in); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error = %v, want it to say %q", tc.name, err, tc.want)
		}
	}
	// A constant and a single point are dull, not wrong.
	for _, run := range []Run{{Steps: []float64{0, 1}, Value: []float64{5, 5}}, {Steps: []float64{3}, Value: []float64{5}}} {
		in := good()
		in.Panels[0].Series[0].Runs = []Run{run}
		f, err := CurvesFigure(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Render(io.Discard, "svg"); err != nil {
			t.Error(err)
		}
	}
}

func TestMeanCurveByHand(t *testing.T) {
	// Steps 0 and 2 are common; (1+3)/2 and (5+9)/2.
	mean := meanCurve([]Run{
		{Steps: []float64{0, 1, 2}, Value: []float64{1, 100, 5}},
		{Steps: []float64{0, 2, 3}, Value: []float64{3, 9, 100}},
	})
	if diff := cmp.Diff(mean, Run{Steps: []float64{0, 2}, Value: []float64{2, 7}}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestCurvesRefuseSpoiltIntervals(t *testing.T) {
	for _, bar := range []Bar{{0, 2, 1}, {0, math.NaN(), 1}, {0, 0, math.Inf(1)}, {math.NaN(), 0, 1}} {
		in := CurvesInput{Name: "bars", Panels: []Panel{{Series: []Series{{Runs: []Run{{Steps: []float64{0, 1}, Value: []float64{0, 1}}}, Bars: []Bar{bar}}}}}}
		if _, err := CurvesFigure(in); err == nil {
			t.Errorf("no error for %+v", bar)
		}
	}
}

func TestMeanPathByHand(t *testing.T) {
	// Point by point as far as both go, in whatever order the abscissae come.
	mean := meanPath([]Run{
		{Steps: []float64{0, 4, 2}, Value: []float64{1, 3, 5}},
		{Steps: []float64{2, 2}, Value: []float64{3, 9}},
	})
	if diff := cmp.Diff(mean, Run{Steps: []float64{1, 3}, Value: []float64{2, 6}}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestPathsMayTurnBack(t *testing.T) {
	in := CurvesInput{Name: "paths", Panels: []Panel{{Series: []Series{{Runs: []Run{{Steps: []float64{0, 2, 1}, Value: []float64{0, 1, 2}}}}}}}}
	if _, err := CurvesFigure(in); err == nil {
		t.Error("a curve whose steps fall is drawn")
	}
	in.Path = true
	f, err := CurvesFigure(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Render(io.Discard, "svg"); err != nil {
		t.Error(err)
	}
}

func TestSparseTicks(t *testing.T) {
	for _, tc := range []struct {
		low, high float64
		want      string
	}{
		{0.62, 0.95, "0.7 0.8 0.9"},
		{0, 200, "0 50 100 150 200"},
		{-1, 1, "-1.0 -0.5 0.0 0.5 1.0"},
		{0.6348, 0.6476, "0.635 0.640 0.645"}, // 0.0025 would need seven labels
		{0, 1.2e7, "0 2.5e+06 5e+06 7.5e+06 1e+07"},
		{0, 1e-19, "0 2e-20 4e-20 6e-20 8e-20 1e-19"},
		{3, 3, "3"},
		{0.1, math.Nextafter(0.1, 1), "0.1"}, // a mean that moved by rounding alone
	} {
		var labels []string
		for _, tick := range (sparseTicks{}).Ticks(tc.low, tc.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != tc.want {
			t.Errorf("ticks of [%g, %g] = %q, want %q", tc.low, tc.high, got, tc.want)
		}
	}
}

func TestASCIIText(t *testing.T) {
	if got, want := asciiText("β = 0.1 − x 招聘\n"), "beta = 0.1 - x ?? "; got != want {
		t.Errorf("asciiText = %q, want %q", got, want)
	}
}
