package results

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"genjobrec/eval"
)

// minSeedsDrawn is the number of seeds from which on a curve's mean has an interval: with two, Student's factor is 12.7, and the
// interval would squeeze all else.
const minSeedsDrawn = 3

// seedIntervals are Student's 95 % intervals of the mean over seeds, a point of the series' mean each; none below [minSeedsDrawn]
// seeds, or where the series brings intervals of its own. They end where the panel's quantity does.
func (s Series) seedIntervals(path bool, of Panel) []Bar {
	if len(s.Runs) < minSeedsDrawn || len(s.Bars) > 0 {
		return nil
	}
	var out []Bar
	mean := s.mean(path)
	for i, step := range mean.Steps {
		values := make([]float64, len(s.Runs))
		for j, run := range s.Runs {
			at := i
			if !path {
				at = slices.Index(run.Steps, step)
			}
			values[j] = run.Value[at]
		}
		summary, err := eval.MeanOverSeeds(values, 0.95)
		if err != nil {
			return nil // not finite: the runs' check says so
		}
		bar := Bar{Step: step, Low: summary.Low, High: summary.High}
		if of.Share || of.Positive {
			bar.Low = max(bar.Low, 0)
		}
		if of.Share {
			bar.High = min(bar.High, 1)
		}
		out = append(out, bar)
	}
	return out
}

// showsSeeds tells whether a panel draws single seeds: always those of a series that is alone, and among several where no interval
// shows their spread.
func (in CurvesInput) showsSeeds(p Panel) bool {
	return len(p.Series) == 1 || !slices.ContainsFunc(p.Series, func(s Series) bool {
		return len(s.Bars) > 0 || len(s.Runs) >= minSeedsDrawn
	})
}

// anySeedInterval tells whether a series has an interval over seeds.
func (in CurvesInput) anySeedInterval() bool {
	return slices.ContainsFunc(in.Panels, func(p Panel) bool {
		return slices.ContainsFunc(p.Series, func(s Series) bool { return len(s.seedIntervals(in.Path, p)) > 0 })
	})
}

// seedWords say what is drawn of several seeds.
func (in CurvesInput) seedWords() string {
	words := "mean over seeds"
	if slices.ContainsFunc(in.Panels, func(p Panel) bool {
		return in.showsSeeds(p) && slices.ContainsFunc(p.Series, func(s Series) bool { return len(s.Runs) > 1 })
	}) {
		words = "thin: single seeds, thick: " + words
	}
	bars := slices.ContainsFunc(in.Panels, func(p Panel) bool {
		return slices.ContainsFunc(p.Series, func(s Series) bool { return len(s.Bars) > 0 })
	})
	switch own := in.anySeedInterval(); {
	case own && bars && !in.Path:
		return words + ", band or bars: its 95 % interval"
	case own && !in.Path:
		return words + ", band: its 95 % interval"
	case own || bars:
		return words + ", bars: its 95 % interval"
	}
	return words
}

// seedBand is the area between the ends of a curve's intervals.
type seedBand struct {
	list  []Bar
	color color.Color
}

// bandColor lets what lies below shine through.
func bandColor(line color.Color) color.Color {
	r, g, b, _ := line.RGBA()
	return color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 46}
}

// Plot implements [plot.Plotter].
func (b seedBand) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	var outline []vg.Point
	for _, bar := range b.list {
		outline = append(outline, vg.Point{X: trX(bar.Step), Y: trY(bar.High)})
	}
	for _, bar := range slices.Backward(b.list) {
		outline = append(outline, vg.Point{X: trX(bar.Step), Y: trY(bar.Low)})
	}
	c.FillPolygon(b.color, outline)
}

// DataRange implements [plot.DataRanger].
func (b seedBand) DataRange() (xMin, xMax, yMin, yMax float64) {
	if len(b.list) == 0 {
		return math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	}
	return bars{list: b.list}.DataRange()
}
