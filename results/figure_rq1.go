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

// LengthInput describes a figure of win rates against the ratio of two texts' lengths, one panel a criterion.
type LengthInput struct {
	Name   string // file stem
	Title  string
	XLabel string // whose length over whose
	YLabel string // whose win rate
	Panels []LengthPanel
}

// LengthPanel is one criterion.
type LengthPanel struct {
	Title  string
	Series []LengthSeries // a series without points is left out of its panel, not of the legend
}

// LengthSeries is one pair of systems. Series of the same name share their colour across panels.
type LengthSeries struct {
	Name   string
	Points []LengthPoint  // contests in bins
	Curve  *LogisticCurve // nil where there is none
}

// LengthPoint is a bin of contests.
type LengthPoint struct {
	LogRatio        float64 // mean of ln(length ratio)
	Contests        int     // the larger, the larger the dot
	Rate, Low, High float64 // win rate from 0 to 1, a tie being half a win; bounds NaN: no interval
}

// LogisticCurve is the win rate 1/(1+exp(-(Alpha+Beta*x))) for x from From to To, x being ln(length ratio).
type LogisticCurve struct{ Alpha, Beta, From, To float64 }

// LengthFigure draws the panels in a grid of two columns. Bins are points with their intervals, curves pass through the win
// rate at equal length where they cross the dashed vertical line; the dashed horizontal line is one half. Intervals are drawn
// from 0 to 1 only. Errors: no panels or points, values that are not finite, rates outside 0 to 1.
func LengthFigure(in LengthInput) (*Figure, error) {
	var names []string
	hollow := false
	low, high, most := math.Log(0.8), math.Log(1.25), 1
	for _, p := range in.Panels {
		for _, s := range p.Series {
			if !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
			if err := s.check(); err != nil {
				return nil, fmt.Errorf("results: figure %s: panel %q: series %q: %w", in.Name, p.Title, s.Name, err)
			}
			for _, q := range s.Points {
				low, high, most = min(low, q.LogRatio), max(high, q.LogRatio), max(most, q.Contests)
				hollow = hollow || !q.known()
			}
			if s.Curve != nil {
				low, high = min(low, s.Curve.From), max(high, s.Curve.To)
			}
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("results: figure %s has nothing to show", in.Name)
	}
	var strip legend
	for _, name := range names {
		strip = append(strip, legendEntry{asciiText(name), lineOf(name, names), lineOf(name, names).Color})
	}
	if hollow {
		strip = append(strip, legendEntry{text: hollowWords})
	}
	const margin, gapX, gapY = 6 * vg.Inch / 72, 14 * vg.Inch / 72, 10 * vg.Inch / 72
	const head, panelHeight = 20 * vg.Inch / 72, 4.9 * vg.Centimeter
	cols := min(2, len(in.Panels))
	rows := (len(in.Panels) + cols - 1) / cols
	legendHeight := strip.height(textWidth-2*margin) + legendAbove
	return &Figure{
		Name:   in.Name,
		width:  textWidth,
		height: head + panelHeight*vg.Length(rows) + gapY*vg.Length(rows-1) + legendHeight + 2*margin,
		paint: func(c draw.Canvas) {
			c = draw.Crop(c, margin, -margin, margin, -margin)
			style := textStyle(titleSize + 1)
			style.XAlign, style.YAlign = draw.XCenter, draw.YTop
			c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, asciiText(in.Title))
			grid := draw.Crop(c, 0, -4*vg.Inch/72, legendHeight, -head)
			tiles := draw.Tiles{Cols: cols, Rows: rows, PadX: gapX, PadY: gapY}
			for i, p := range in.Panels {
				drawPlot(p.plot(in, names, low, high, most), tiles.At(grid, i%cols, i/cols)) // all vertical axes are labelled alike, so that they stand in line
			}
			c.Max.Y = c.Min.Y + legendHeight - legendAbove
			strip.draw(c)
		},
	}, nil
}

// known tells whether there is an interval to draw: not where all contests of a bin came out alike, so that resampling finds nothing else
// but rounding.
func (q LengthPoint) known() bool { return q.High-q.Low > 1e-9 }

func (s LengthSeries) check() error {
	for i, q := range s.Points {
		if math.IsNaN(q.LogRatio) || math.IsInf(q.LogRatio, 0) || !(q.Rate >= 0 && q.Rate <= 1) || q.Contests < 1 || math.IsInf(q.Low, 0) || math.IsInf(q.High, 0) {
			return fmt.Errorf("point %d (ln ratio %g, win rate %g) of %d contests is not finite or not a rate", i+1, q.LogRatio, q.Rate, q.Contests)
		}
	}
	if c := s.Curve; c != nil {
		for _, v := range []float64{c.Alpha, c.Beta, c.From, c.To} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return errors.New("the curve is not finite")
			}
		}
	}
	return nil
}

func (c LogisticCurve) at(x float64) float64 { return 1 / (1 + math.Exp(-c.Alpha-c.Beta*x)) }

// curveSteps is the number of straight pieces of a curve.
const curveSteps = 80

func (p LengthPanel) plot(in LengthInput, names []string, low, high float64, most int) *plot.Plot {
	out := newPlot(p.Title, in.XLabel, in.YLabel)
	pad := 0.04 * (high - low)
	out.X.Min, out.X.Max, out.Y.Min, out.Y.Max = low-pad, high+pad, -0.03, 1.03
	out.X.Tick.Marker, out.Y.Tick.Marker = ratioTicks{}, sparseTicks{}
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: gridGrey, Width: vg.Points(0.4)}
	grid.Horizontal = grid.Vertical
	out.Add(grid, plotFunc(func(c draw.Canvas, plt *plot.Plot) {
		trX, trY := plt.Transforms(&c)
		even := draw.LineStyle{Color: black, Width: vg.Points(0.8), Dashes: dashes[1]}
		c.StrokeLine2(even, c.Min.X, trY(0.5), c.Max.X, trY(0.5))
		c.StrokeLine2(even, trX(0), c.Min.Y, trX(0), c.Max.Y)
		for _, s := range p.Series {
			style := lineOf(s.Name, names)
			if k := s.Curve; k != nil {
				line := make([]vg.Point, curveSteps+1)
				for i := range line {
					x := k.From + (k.To-k.From)*float64(i)/curveSteps
					line[i] = vg.Point{X: trX(x), Y: trY(k.at(x))}
				}
				c.StrokeLines(style, line)
			}
		}
		for _, s := range p.Series {
			style := lineOf(s.Name, names)
			for _, q := range s.Points {
				x := trX(q.LogRatio)
				if q.known() {
					bar := draw.LineStyle{Color: style.Color, Width: vg.Points(0.9)}
					y0, y1, half := trY(max(0, q.Low)), trY(min(1, q.High)), vg.Points(2)
					c.StrokeLine2(bar, x, y0, x, y1)
					c.StrokeLine2(bar, x-half, y0, x+half, y0)
					c.StrokeLine2(bar, x-half, y1, x+half, y1)
				}
				radius := vg.Points(1.2 + 2*math.Sqrt(float64(q.Contests)/float64(most)))
				var shape draw.GlyphDrawer = draw.CircleGlyph{}
				if !q.known() {
					shape = draw.RingGlyph{}
				}
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: style.Color, Radius: radius, Shape: shape}, vg.Point{X: x, Y: trY(q.Rate)})
			}
		}
	}))
	return out
}

// ratioTicks labels an axis of ln(ratio) with ratios that are powers of a power of two: 1/4, 1/2, 1, 2, 4.
type ratioTicks struct{}

// Ticks implements [plot.Ticker].
func (ratioTicks) Ticks(low, high float64) []plot.Tick {
	const most = 7 // labels
	step := 1.0
	for (high-low)/(step*math.Ln2) > most {
		step *= 2
	}
	var ticks []plot.Tick
	for k := math.Ceil(low / (step * math.Ln2)); k*step*math.Ln2 <= high; k++ {
		label := fmt.Sprintf("%g", math.Exp2(k*step))
		if k < 0 {
			label = fmt.Sprintf("1/%g", math.Exp2(-k*step))
		}
		ticks = append(ticks, plot.Tick{Value: k * step * math.Ln2, Label: label})
	}
	return ticks
}
