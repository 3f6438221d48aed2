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

// IntervalsInput describes a figure of estimates with their intervals, one line a row, panels side by side.
type IntervalsInput struct {
	Name   string // file stem
	Title  string
	Rows   []string // labels, from top to bottom
	Panels []IntervalPanel
}

// IntervalPanel is one quantity.
type IntervalPanel struct {
	Title  string
	XLabel string     // quantity and unit
	Marks  []Interval // any number a row
	At     []float64  // reference values, drawn as dashed vertical lines
	Reach  []float64  // values that the axis takes in without a line, such as the ends of a scale
}

// Interval is one estimate.
type Interval struct {
	Row              int    // index into the rows
	Series           string // marks of the same series share colour and legend; empty in a figure without a legend
	Value, Low, High float64
	// Low and High may be NaN: no interval.
}

// IntervalsFigure draws the panels. Within a row the series stand below each other, in the order in which they first occur.
// Errors: no rows, panels or marks, a row that does not exist, values that are not finite.
func IntervalsFigure(in IntervalsInput) (*Figure, error) {
	if len(in.Rows) == 0 || len(in.Panels) == 0 {
		return nil, fmt.Errorf("results: figure %s has no rows or no panels", in.Name)
	}
	var series []string
	for _, p := range in.Panels {
		if len(p.Marks) == 0 {
			return nil, fmt.Errorf("results: figure %s: panel %q has no marks", in.Name, p.Title)
		}
		for _, m := range p.Marks {
			if err := m.check(len(in.Rows)); err != nil {
				return nil, fmt.Errorf("results: figure %s: panel %q: %w", in.Name, p.Title, err)
			}
			if !slices.Contains(series, m.Series) {
				series = append(series, m.Series)
			}
		}
	}
	var strip legend
	if len(series) > 1 {
		for _, name := range series {
			strip = append(strip, legendEntry{asciiText(name), lineOf(name, series), lineOf(name, series).Color})
		}
	}
	names, longest := make([]plot.Tick, len(in.Rows)), vg.Length(0)
	for i, row := range in.Rows {
		names[i] = plot.Tick{Value: float64(len(in.Rows) - 1 - i), Label: asciiText(row)}
		longest = max(longest, textStyle(tickSize).Width(names[i].Label))
	}
	const margin, gap, gapY = 6 * vg.Inch / 72, 14 * vg.Inch / 72, 10 * vg.Inch / 72
	const head, axis = 20 * vg.Inch / 72, 52 * vg.Inch / 72
	perRow := vg.Points(10 + 7*float64(len(series)))
	left := longest + 10*vg.Inch/72
	columns := len(in.Panels)
	panelWidth := func() vg.Length {
		return (textWidth - 2*margin - left - gap*vg.Length(columns-1) - 8*vg.Inch/72) / vg.Length(columns)
	}
	for columns > 1 && panelWidth() < leastPanel {
		columns = (columns + 1) / 2
	}
	rows := (len(in.Panels) + columns - 1) / columns
	panelHeight := perRow*vg.Length(len(in.Rows)) + axis
	legendHeight := strip.height(textWidth - 2*margin)
	if legendHeight > 0 {
		legendHeight += legendAbove
	}
	return &Figure{
		Name:   in.Name,
		width:  textWidth,
		height: head + panelHeight*vg.Length(rows) + gapY*vg.Length(rows-1) + legendHeight + 2*margin,
		paint: func(c draw.Canvas) {
			c = draw.Crop(c, margin, -margin, margin, -margin)
			style := textStyle(titleSize + 1)
			style.XAlign, style.YAlign = draw.XCenter, draw.YTop
			c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, asciiText(in.Title))
			x, y := c.Min.X, c.Max.Y-head
			for i, panel := range in.Panels {
				part, ticks := c, []plot.Tick(nil)
				if i%columns == 0 {
					x, ticks = c.Min.X, names
				}
				part.Min.X, part.Max.X = x, x+panelWidth()
				if i%columns == 0 {
					part.Max.X += left
				}
				part.Max.Y = y - (panelHeight+gapY)*vg.Length(i/columns)
				part.Min.Y = part.Max.Y - panelHeight
				drawPlot(panel.plot(len(in.Rows), ticks, series), part)
				x = part.Max.X + gap
			}
			c.Max.Y = c.Min.Y + legendHeight - legendAbove
			strip.draw(c)
		},
	}, nil
}

// leastPanel is how narrow a panel may become before the panels are put below each other.
const leastPanel = 3.2 * vg.Centimeter

func (m Interval) check(rows int) error {
	if m.Row < 0 || m.Row >= rows {
		return fmt.Errorf("row %d of %d", m.Row, rows)
	}
	for _, v := range []float64{m.Value, m.Low, m.High} {
		if math.IsInf(v, 0) {
			return errors.New("a value is infinite")
		}
	}
	if math.IsNaN(m.Value) {
		return errors.New("a value is NaN")
	}
	return nil
}

func (p IntervalPanel) plot(rows int, names []plot.Tick, series []string) *plot.Plot {
	out := newPlot(p.Title, p.XLabel, "")
	low, high := math.Inf(1), math.Inf(-1)
	reach := func(values ...float64) {
		for _, v := range values {
			if !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	reach(p.At...)
	reach(p.Reach...)
	for _, m := range p.Marks {
		reach(m.Value, m.Low, m.High)
	}
	pad := 0.05 * max(high-low, 1e-3)
	out.X.Min, out.X.Max = low-pad, high+pad
	out.X.Tick.Marker = sparseTicks{steps: 4}
	out.Y.Min, out.Y.Max = -0.6, float64(rows)-0.4
	out.Y.Tick.Marker = plot.ConstantTicks(names)
	out.Y.LineStyle.Width, out.Y.Tick.LineStyle.Width, out.Y.Tick.Length, out.Y.Padding = 0, 0, 0, 0
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: gridGrey, Width: vg.Points(0.4)}
	grid.Horizontal = draw.LineStyle{}
	out.Add(grid, plotFunc(func(c draw.Canvas, plt *plot.Plot) {
		trX, trY := plt.Transforms(&c)
		for _, v := range p.At {
			c.StrokeLine2(draw.LineStyle{Color: black, Width: vg.Points(0.8), Dashes: dashes[1]}, trX(v), c.Min.Y, trX(v), c.Max.Y)
		}
		for _, m := range p.Marks {
			at := slices.Index(series, m.Series)
			offset := (float64(len(series)-1)/2 - float64(at)) * 0.62 / float64(len(series))
			m.draw(c, trX, trY(float64(rows-1-m.Row)+offset), lineOf(m.Series, series))
		}
	}))
	return out
}

// draw paints the interval as a bar with caps, the value as a dot.
func (m Interval) draw(c draw.Canvas, trX func(float64) vg.Length, y vg.Length, style draw.LineStyle) {
	bar := draw.LineStyle{Color: style.Color, Width: vg.Points(1.3)}
	if !math.IsNaN(m.Low) && !math.IsNaN(m.High) {
		x0, x1, half := trX(m.Low), trX(m.High), vg.Points(2)
		c.StrokeLine2(bar, x0, y, x1, y)
		c.StrokeLine2(bar, x0, y-half, x0, y+half)
		c.StrokeLine2(bar, x1, y-half, x1, y+half)
	}
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: style.Color, Radius: vg.Points(2.6), Shape: draw.CircleGlyph{}}, vg.Point{X: trX(m.Value), Y: y})
}
