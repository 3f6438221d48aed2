package results

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goldenFigures has one example of each kind of figure. A new kind needs a line here and
//
//	go test ./results -run TestGoldenFigures -update
//
// and then a look at its picture in testdata/figures.
var goldenFigures = map[string]func(*testing.T) (*Figure, error){
	"rq2":         func(t *testing.T) (*Figure, error) { return simulatedReport(t, 200, 2).Figure(), nil },
	"roc":         func(t *testing.T) (*Figure, error) { return simulatedReport(t, 200, 2).ROCFigure() },
	"reliability": func(t *testing.T) (*Figure, error) { return simulatedReport(t, 200, 2).ReliabilityFigure() },
	"curves":      func(*testing.T) (*Figure, error) { return CurvesFigure(simulatedCurves(3, "PPO")) },
	"variants":    func(*testing.T) (*Figure, error) { return CurvesFigure(variantCurves()) },
	"bands":       func(*testing.T) (*Figure, error) { return CurvesFigure(seedCurves()) },
	"path":        func(*testing.T) (*Figure, error) { return CurvesFigure(rewardPath()) },
	"samples":     func(*testing.T) (*Figure, error) { return CurvesFigure(sampleCurves()) },
	"histogram":   func(*testing.T) (*Figure, error) { return histogramFigure() },
	"intervals":   func(*testing.T) (*Figure, error) { return IntervalsFigure(intervals()) },
	"lengths":     func(*testing.T) (*Figure, error) { return LengthFigure(lengths()) },
}

// The golden pictures have a third of the resolution of the figures' PNG files, each pixel the mean of nine: small files in which
// a digit too many still stands out.
const goldenScale = 3

// How far a picture may be from its golden one. Fonts and lines are rasterised in Go, so on the processor that drew the golden
// pictures both numbers are zero; processors that fuse multiplication and addition move an edge by far less than a pixel, which
// changes its pixels by a level or two of 255. A missing digit changes some 30 pixels by 50 levels and more.
const (
	goldenLevels = 8    // a pixel differs when one of its channels is off by more than this
	goldenPixels = 10   // so many may differ
	goldenMean   = 0.02 // mean difference of all channels in levels: a grid in another grey is not seen otherwise
)

func TestGoldenFigures(t *testing.T) {
	for name, make := range goldenFigures {
		t.Run(name, func(t *testing.T) {
			f, err := make(t)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := f.Render(&b, "png"); err != nil {
				t.Fatal(err)
			}
			drawn, err := png.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			goldenPicture(t, filepath.Join("testdata", "figures", name+".png"), shrink(drawn, goldenScale))
			b.Reset()
			if err := f.Render(&b, "svg"); err != nil {
				t.Fatal(err)
			}
			goldenDrawing(t, filepath.Join("testdata", "figures", name+".svg"), b.Bytes())
			var again bytes.Buffer
			if err := f.Render(&again, "svg"); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again.Bytes(), b.Bytes()) {
				t.Error("drawn once more, the figure is another")
			}
		})
	}
}

// goldenPicture compares pixels.
func goldenPicture(t *testing.T, path string, got *image.RGBA) {
	t.Helper()
	if *update {
		var b bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, got); err != nil {
			t.Fatal(err)
		}
		writeGolden(t, path, b.Bytes())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	want := image.NewRGBA(img.Bounds())
	draw.Draw(want, want.Bounds(), img, img.Bounds().Min, draw.Src)
	pixels, mean, where, err := pictureDifference(got, want)
	if err != nil {
		t.Errorf("%s: %v", path, err)
	} else if pixels > goldenPixels || mean > goldenMean {
		t.Errorf("%s: %d pixels differ, at most %d may, all between %v and %v; mean difference of %.3f levels, at most %g may be; with -update git shows both pictures",
			path, pixels, goldenPixels, where.Min, where.Max, mean, goldenMean)
	}
}

func writeGolden(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// number is a coordinate in an SVG.
var number = regexp.MustCompile(`-?\d+(\.\d+)?(e[-+]\d+)?`)

// goldenDrawing compares an SVG: texts and elements exactly, coordinates to a hundredth of a point.
func goldenDrawing(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		writeGolden(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	samePlaces := cmp.Comparer(func(a, b string) bool {
		x, y := number.FindAllString(a, -1), number.FindAllString(b, -1)
		if len(x) != len(y) || number.ReplaceAllString(a, "0") != number.ReplaceAllString(b, "0") {
			return false
		}
		for i := range x {
			if math.Abs(parseFloat(t, x[i])-parseFloat(t, y[i])) > 0.01 {
				return false
			}
		}
		return true
	})
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n"), samePlaces); diff != "" {
		lines := strings.SplitAfter(diff, "\n")
		t.Errorf("%s (-want +got), from the first difference on; -update writes it anew:\n%s", path, strings.Join(lines[:min(len(lines), 30)], ""))
	}
}

// shrink averages squares of n by n pixels; what is left over at the right and below is dropped.
func shrink(img image.Image, n int) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()/n, b.Dy()/n))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var sum [3]uint32
			for i := range n * n {
				r, g, b, _ := img.At(b.Min.X+x*n+i%n, b.Min.Y+y*n+i/n).RGBA()
				sum[0], sum[1], sum[2] = sum[0]+r>>8, sum[1]+g>>8, sum[2]+b>>8
			}
			area := uint32(n * n)
			out.SetRGBA(x, y, color.RGBA{uint8(sum[0] / area), uint8(sum[1] / area), uint8(sum[2] / area), 255})
		}
	}
	return out
}

// pictureDifference counts the pixels that differ, says where they are, and gives the mean difference of all channels.
func pictureDifference(a, b *image.RGBA) (pixels int, mean float64, where image.Rectangle, err error) {
	if a.Rect != b.Rect {
		return 0, 0, where, fmt.Errorf("size %v, want %v", a.Rect.Size(), b.Rect.Size())
	}
	sum := 0
	for i := 0; i < len(a.Pix); i += 4 {
		largest := 0
		for c := range 3 {
			d := int(a.Pix[i+c]) - int(b.Pix[i+c])
			d = max(d, -d)
			sum, largest = sum+d, max(largest, d)
		}
		if largest > goldenLevels {
			x, y := i%a.Stride/4, i/a.Stride
			pixels, where = pixels+1, where.Union(image.Rect(x, y, x+1, y+1))
		}
	}
	return pixels, float64(sum) / float64(len(a.Pix)/4*3), where, nil
}

// variantCurves has more series than a line of the legend holds, one of them short.
func variantCurves() CurvesInput {
	in := simulatedCurves(2, "GIRL", "without SFT", "without reward normalisation", "without KL", "reranking")
	in.Name, in.Title, in.Panels = "variants", "PPO and its variants", in.Panels[:3]
	short := &in.Panels[0].Series[4]
	for i := range short.Runs {
		short.Runs[i].Steps, short.Runs[i].Value = short.Runs[i].Steps[:20], short.Runs[i].Value[:20]
	}
	return in
}

// seedCurves are evaluations of several methods with five seeds, and what one of them alone has, a share that reaches 1.
func seedCurves() CurvesInput {
	in := CurvesInput{Name: "bands", Title: "PPO and its variants", XLabel: "PPO round"}
	for i, title := range []string{"Gold reward", "JDs that end"} {
		p := Panel{Title: title, YLabel: []string{"acceptance probability", "share"}[i], Share: i == 1, Positive: true}
		for j, name := range []string{"GIRL", "without SFT", "without KL"}[:3-2*i] {
			s := Series{Name: name}
			for seed := range 5 {
				r := Run{Seed: int64(seed)}
				for round := 0; round <= 30; round += 5 {
					x := float64(round) / 30
					v := 0.2 + 0.2*x*float64(1-j)
					if i == 1 {
						v = 0.9 + 0.09*x
					}
					v = max(v, 0.05)
					v += 0.1 * x * math.Sin(float64(7*seed+3*j+round)) * (1 - 0.5*float64(i))
					r.Add(float64(round), min(v, 1))
				}
				s.Runs = append(s.Runs, r)
			}
			p.Series = append(p.Series, s)
		}
		in.Panels = append(in.Panels, p)
	}
	return in
}

// rewardPath turns back on itself, and has a series of a single point.
func rewardPath() CurvesInput {
	in := CurvesInput{Name: "path", Title: "Reward against the distance from the start", XLabel: "square root of KL, nats", Path: true}
	for i, title := range []string{"Proxy reward", "Gold reward"} {
		p := Panel{Title: title, YLabel: []string{"reward model score", "acceptance probability"}[i]}
		for j, name := range []string{"GIRL", "without KL"} {
			s := Series{Name: name}
			for seed := range 3 {
				r := Run{Seed: int64(seed)}
				for k := range 9 {
					x := float64(k) / 8
					r.Add(3*math.Sin(2*x)*float64(1+j), math.Sin(2.5*x)+0.1*float64(seed)+0.4*float64(j)*x)
				}
				s.Runs = append(s.Runs, r)
			}
			p.Series = append(p.Series, s)
		}
		p.Series = append(p.Series, Series{Name: "best of 8", Runs: []Run{{Seed: 0, Steps: []float64{1.1}, Value: []float64{0.8}}, {Seed: 1, Steps: []float64{1.1}, Value: []float64{1}}, {Seed: 2, Steps: []float64{1.1}, Value: []float64{0.9}}}})
		in.Panels = append(in.Panels, p)
	}
	return in
}

// sampleCurves imitates quality and its difference to none, with intervals, cost and a share against the number of generated JDs, with one seed.
func sampleCurves() CurvesInput {
	counts := []float64{0, 1, 2, 4, 8, 16}
	in := CurvesInput{Name: "samples", Title: "Number of generated JDs", XLabel: "K, JDs per CV"}
	for _, k := range counts {
		in.At = append(in.At, fmt.Sprint(k))
	}
	for i, title := range []string{"AUC", "LogLoss", "AUC less that of Base", "Tokens written", "JDs that end"} {
		p := Panel{Title: title, YLabel: []string{"AUC (higher is better)", "nats (lower is better)", "difference", "tokens per CV", "share"}[i], Zero: i == 2, Share: i == 4}
		names := []string{"MLP", "Dot"}
		if i > 2 {
			names = []string{"GIRL"}
		}
		for j, name := range names {
			s := Series{Name: name, Runs: []Run{{}}}
			for at, k := range counts {
				gain := 0.02 * (1 - math.Exp(-k/3))
				v := []float64{0.72 + gain - 0.01*float64(j), 0.55 - gain + 0.01*float64(j), gain - 0.005*float64(j), 61 * k, 0.9 + k/200}[i]
				s.Runs[0].Add(float64(at), v)
				if i < 2 || i == 2 && k > 0 {
					s.Bars = append(s.Bars, Bar{float64(at), v - 0.02, v + 0.015})
				}
			}
			p.Series = append(p.Series, s)
		}
		in.Panels = append(in.Panels, p)
	}
	return in
}

func histogramFigure() (*Figure, error) {
	in := CurvesInput{Name: "histogram", Title: "Lengths of the texts", XLabel: "characters", Solid: true}
	for i, title := range []string{"CVs", "JDs"} {
		p := Panel{Title: title, YLabel: "share of texts"}
		for j, name := range [][]string{{"train", "valid", "test"}, {"all"}}[i] {
			var lengths []float64
			for k := range 200 {
				lengths = append(lengths, 300+100*float64(i)+40*float64(j)+120*math.Sin(float64(k*k+7*j)))
			}
			r, err := Histogram(lengths, 0, 700, 24)
			if err != nil {
				return nil, err
			}
			p.Series = append(p.Series, Series{Name: name, Runs: []Run{r}})
		}
		in.Panels = append(in.Panels, p)
	}
	return CurvesFigure(in)
}
