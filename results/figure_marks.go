package results

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// zeroLine is a dashed horizontal line at zero.
type zeroLine struct{}

// Plot implements [plot.Plotter].
func (zeroLine) Plot(c draw.Canvas, p *plot.Plot) {
	_, trY := p.Transforms(&c)
	c.StrokeLine2(draw.LineStyle{Color: black, Width: vg.Points(0.8), Dashes: dashes[1]}, c.Min.X, trY(0), c.Max.X, trY(0))
}

// DataRange implements [plot.DataRanger].
func (zeroLine) DataRange() (xMin, xMax, yMin, yMax float64) {
	return math.Inf(1), math.Inf(-1), 0, 0
}

// bars are the intervals of a series, moved sideways so that those of several series stand beside each other.
type bars struct {
	list  []Bar
	style draw.LineStyle
}

// Plot implements [plot.Plotter].
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	style := draw.LineStyle{Color: b.style.Color, Width: vg.Points(0.8)}
	half := vg.Points(1.6)
	for _, bar := range b.list {
		x, low, high := trX(bar.Step), trY(bar.Low), trY(bar.High)
		c.StrokeLine2(style, x, low, x, high)
		c.StrokeLine2(style, x-half, low, x+half, low)
		c.StrokeLine2(style, x-half, high, x+half, high)
	}
}

// DataRange implements [plot.DataRanger].
func (b bars) DataRange() (xMin, xMax, yMin, yMax float64) {
	xMin, xMax, yMin, yMax = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, bar := range b.list {
		xMin, xMax, yMin, yMax = min(xMin, bar.Step), max(xMax, bar.Step), min(yMin, bar.Low), max(yMax, bar.High)
	}
	return xMin, xMax, yMin, yMax
}

// ranged is a plotter that knows its range.
type ranged interface {
	plot.Plotter
	plot.DataRanger
}

// shifted moves what a plotter draws to the right, without moving the axes.
type shifted struct {
	ranged
	by vg.Length
}

// Plot implements [plot.Plotter].
func (s shifted) Plot(c draw.Canvas, p *plot.Plot) {
	c.Min.X, c.Max.X = c.Min.X+s.by, c.Max.X+s.by
	s.ranged.Plot(c, p)
}

// curve is a line through points that have been checked. One point, or none, is drawn as a dot.
func curve(steps, values []float64, style draw.LineStyle) ranged {
	xys := points(Run{Steps: steps, Value: values})
	if len(xys) < 2 {
		return &plotter.Scatter{XYs: xys, GlyphStyle: draw.GlyphStyle{Color: style.Color, Radius: vg.Points(2), Shape: draw.CircleGlyph{}}}
	}
	return &plotter.Line{XYs: xys, LineStyle: style}
}

func points(r Run) plotter.XYs {
	xys := make(plotter.XYs, len(r.Steps))
	for i := range r.Steps {
		xys[i].X, xys[i].Y = r.Steps[i], r.Value[i]
	}
	return xys
}
