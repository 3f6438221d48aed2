package results

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// CurvesInput describes a figure of training curves.
type CurvesInput struct {
	Name   string // file stem
	Title  string
	XLabel string // such as "PPO step"
	Panels []Panel

	// Path draws runs as paths from point to point, such as reward against KL: X need not rise, points are marked, and the mean
	// over seeds is that of the points with the same index.
	Path bool

	// At places the horizontal ticks where a panel's points stand, with these labels at 0, 1, 2 and so on: for settings that are not
	// evenly spaced themselves, such as 1, 2, 4, 8. Empty: the axis is a scale.
	At []string

	// Solid draws lines without dash patterns, which break the steps of histograms into fragments, and tells them apart by widths.
	Solid bool
}

// Panel is one quantity over training.
type Panel struct {
	Title  string // such as "Gold reward"
	YLabel string // quantity and unit, such as "KL to SFT (nats per JD)"
	Series []Series

	Zero     bool // a dashed line at zero: the panel shows differences
	Share    bool // the axis goes from 0 to 1
	Positive bool // the quantity is never below zero, and so are no intervals over seeds
}

// Series is one method in a panel. Series of the same name share their colour across panels.
type Series struct {
	Name string
	Runs []Run
	Bars []Bar // intervals of the means, drawn beside the points
}

// Bar is the interval at a step.
type Bar struct{ Step, Low, High float64 }

// Run is the curve of one seed.
type Run struct {
	Seed  int64
	Steps []float64 // rising
	Value []float64 // as long as Steps
}

// Add appends a point.
func (r *Run) Add(step, value float64) {
	r.Steps, r.Value = append(r.Steps, step), append(r.Value, value)
}

// CurvesFigure draws panels in a grid of two columns: each seed as a thin pale line, and, from two
// seeds on, the mean over seeds as a thick one, over the steps that all seeds have; from three seeds on with Student's 95 % interval of
// that mean, unless the series brings intervals (Bars), and then without the single seeds where a panel has several series. The points of
// short curves are marked. A legend names the series where there are several. Errors: no data, NaN or infinite values, steps that do not rise;
// they name panel, series, seed and step.
func CurvesFigure(in CurvesInput) (*Figure, error) {
	if len(in.Panels) == 0 {
		return nil, fmt.Errorf("results: figure %s has no panels", in.Name)
	}
	var names []string
	severalSeeds := false
	for _, p := range in.Panels {
		if len(p.Series) == 0 {
			return nil, fmt.Errorf("results: figure %s: panel %q has no series", in.Name, p.Title)
		}
		for _, s := range p.Series {
			if !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
			if len(s.Runs) == 0 {
				return nil, fmt.Errorf("results: figure %s: panel %q: series %q has no runs", in.Name, p.Title, s.Name)
			}
			severalSeeds = severalSeeds || len(s.Runs) > 1
			for _, bar := range s.Bars {
				if !(bar.Low <= bar.High) || math.IsInf(bar.Low, 0) || math.IsInf(bar.High, 0) || math.IsNaN(bar.Step) || math.IsInf(bar.Step, 0) {
					return nil, fmt.Errorf("results: figure %s: panel %q: series %q: interval [%g, %g] at %g", in.Name, p.Title, s.Name, bar.Low, bar.High, bar.Step)
				}
			}
			for _, run := range s.Runs {
				if err := run.check(in.Path); err != nil {
					return nil, fmt.Errorf("results: figure %s: panel %q: series %q, seed %d: %w", in.Name, p.Title, s.Name, run.Seed, err)
				}
			}
		}
	}
	strip := in.legend(names, severalSeeds)

	const margin, gapX, gapY = 6 * vg.Inch / 72, 14 * vg.Inch / 72, 10 * vg.Inch / 72
	const head, panelHeight = 20 * vg.Inch / 72, 4.6 * vg.Centimeter
	cols := min(2, len(in.Panels))
	rows := (len(in.Panels) + cols - 1) / cols
	width := textWidth
	if cols == 1 {
		// The title is the only text that may need more.
		width = min(textWidth, max(textWidth*0.6, textStyle(titleSize+1).Width(asciiText(in.Title))+4*margin))
	}
	legendHeight := strip.height(width - 2*margin)
	if legendHeight > 0 {
		legendHeight += legendAbove
	}
	return &Figure{
		Name:   in.Name,
		width:  width,
		height: head + panelHeight*vg.Length(rows) + gapY*vg.Length(rows-1) + legendHeight + 2*margin,
		paint: func(c draw.Canvas) {
			c = draw.Crop(c, margin, -margin, margin, -margin)
			style := textStyle(titleSize + 1)
			style.XAlign, style.YAlign = draw.XCenter, draw.YTop
			c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, asciiText(in.Title))
			grid := draw.Crop(c, 0, -4*vg.Inch/72, legendHeight, -head)
			drawGrid(grid, in, names, cols, rows, gapX, gapY)
			c.Max.Y = c.Min.Y + legendHeight - legendAbove
			strip.draw(c)
		},
	}, nil
}

// drawGrid draws the panels so that the vertical axes of a column stand in line.
func drawGrid(c draw.Canvas, in CurvesInput, names []string, cols, rows int, gapX, gapY vg.Length) {
	tiles := draw.Tiles{Cols: cols, Rows: rows, PadX: gapX, PadY: gapY}
	plots := make([]*plot.Plot, len(in.Panels))
	left := make([]vg.Length, cols)
	margin := func(i int) vg.Length {
		tile := tiles.At(c, i%cols, i/cols)
		return plots[i].DataCanvas(tile).Min.X - tile.Min.X
	}
	for i, p := range in.Panels {
		plots[i] = p.plot(in, names)
		left[i%cols] = max(left[i%cols], margin(i))
	}
	for i := range plots {
		drawPlot(plots[i], draw.Crop(tiles.At(c, i%cols, i/cols), left[i%cols]-margin(i), 0, 0, 0))
	}
}

func (p Panel) plot(in CurvesInput, names []string) *plot.Plot {
	out := newPlot(p.Title, in.XLabel, p.YLabel)
	out.X.Tick.Marker, out.Y.Tick.Marker = p.ticks(), sparseTicks{}
	if len(in.At) > 0 {
		var ticks []plot.Tick
		for i, label := range in.At {
			ticks = append(ticks, plot.Tick{Value: float64(i), Label: asciiText(label)})
		}
		out.X.Tick.Marker = plot.ConstantTicks(ticks)
	}
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: gridGrey, Width: vg.Points(0.4)}
	grid.Horizontal = grid.Vertical
	out.Add(grid)
	if p.Zero {
		out.Add(zeroLine{})
	}
	intervals := make([][]Bar, len(p.Series))
	for i, s := range p.Series {
		intervals[i] = s.Bars
		if own := s.seedIntervals(in.Path, p); in.Path {
			intervals[i] = append(own, s.Bars...)
		} else if len(own) > 0 {
			out.Add(seedBand{own, bandColor(lineOf(s.Name, names).Color)})
		}
	}
	// Series with intervals at the same steps stand side by side, each with its bars.
	shifts := make([]vg.Length, len(p.Series))
	for i := range p.Series {
		if !in.Path && slices.ContainsFunc(intervals, func(list []Bar) bool { return len(list) > 0 }) {
			shifts[i] = vg.Points(3 * (float64(i) - float64(len(p.Series)-1)/2))
		}
	}
	// All pale lines first, so that no mean is hidden behind the seeds of another series.
	for _, s := range p.Series {
		style := in.curveStyle(s.Name, names)
		if len(s.Runs) > 1 && !in.showsSeeds(p) {
			continue
		}
		if len(s.Runs) > 1 {
			style = seedStyle(style)
		}
		for _, run := range s.Runs {
			out.Add(curve(run.Steps, run.Value, style))
		}
	}
	for i, s := range p.Series {
		out.Add(shifted{bars{intervals[i], lineOf(s.Name, names)}, shifts[i]})
	}
	for i, s := range p.Series {
		mean, style := s.mean(in.Path), in.curveStyle(s.Name, names)
		if len(s.Runs) > 1 {
			out.Add(shifted{curve(mean.Steps, mean.Value, style), shifts[i]})
		}
		if in.marked(mean) {
			out.Add(shifted{&plotter.Scatter{XYs: points(mean), GlyphStyle: draw.GlyphStyle{Color: style.Color, Radius: vg.Points(1.8), Shape: draw.CircleGlyph{}}}, shifts[i]})
		}
	}
	if p.Share {
		out.Y.Min, out.Y.Max = 0, 1
	}
	for _, axis := range []*plot.Axis{&out.X, &out.Y} { // so that no bar or dot stands on an axis
		pad := 0.04 * (axis.Max - axis.Min)
		if pad == 0 { // a constant: give it room
			pad = 0.5
		}
		axis.Min, axis.Max = axis.Min-pad, axis.Max+pad
	}
	return out
}

// markedPoints is up to how many points a curve shows where it was measured.
const markedPoints = 12

// marked tells whether a curve's points are drawn.
func (in CurvesInput) marked(mean Run) bool { return in.Path || len(mean.Steps) <= markedPoints }

// ticks stand at the points where these are few, otherwise on round numbers, and on whole ones where all points do.
func (p Panel) ticks() plot.Ticker {
	var at []float64
	for _, s := range p.Series {
		for _, r := range s.Runs {
			at = append(at, r.Steps...)
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	if ticks := ticksAt(at); ticks != nil {
		return plot.ConstantTicks(ticks)
	}
	return sparseTicks{whole: !slices.ContainsFunc(at, func(v float64) bool { return v != math.Trunc(v) })}
}

// mean is the curve that stands for a series.
func (s Series) mean(path bool) Run {
	switch {
	case len(s.Runs) == 1:
		return s.Runs[0]
	case path:
		return meanPath(s.Runs)
	}
	return meanCurve(s.Runs)
}

// meanCurve averages runs over the steps that all of them have; with other steps the mean would jump
// where a run begins or ends.
func meanCurve(runs []Run) (mean Run) {
	for i, step := range runs[0].Steps {
		sum, all := runs[0].Value[i], true
		for _, run := range runs[1:] {
			at, ok := slices.BinarySearch(run.Steps, step)
			if !ok {
				all = false
				break
			}
			sum += run.Value[at]
		}
		if all {
			mean.Steps, mean.Value = append(mean.Steps, step), append(mean.Value, sum/float64(len(runs)))
		}
	}
	return mean
}

// meanPath averages the points of the same index, as far as all runs go.
func meanPath(runs []Run) (mean Run) {
	for i := range runs[0].Steps {
		x, y := 0.0, 0.0
		for _, run := range runs {
			if i >= len(run.Steps) {
				return mean
			}
			x, y = x+run.Steps[i]/float64(len(runs)), y+run.Value[i]/float64(len(runs))
		}
		mean.Steps, mean.Value = append(mean.Steps, x), append(mean.Value, y)
	}
	return mean
}

func (r Run) check(path bool) error {
	if len(r.Steps) != len(r.Value) {
		return fmt.Errorf("%d steps, %d values", len(r.Steps), len(r.Value))
	}
	if len(r.Steps) == 0 {
		return errors.New("no steps")
	}
	for i := range r.Steps {
		for _, v := range []float64{r.Steps[i], r.Value[i]} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("point %d (step %g, value %g) is not finite", i+1, r.Steps[i], r.Value[i])
			}
		}
		if !path && i > 0 && r.Steps[i] <= r.Steps[i-1] {
			return fmt.Errorf("step %g follows %g, want rising steps", r.Steps[i], r.Steps[i-1])
		}
	}
	return nil
}
