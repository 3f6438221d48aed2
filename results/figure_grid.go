package results

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawRows draws rows of plots of given heights from the top. Vertical axes of a column stand in line, and the axes of all columns
// have the same length.
func drawRows(c draw.Canvas, rows [][]*plot.Plot, heights []vg.Length, gapX, gapY vg.Length) {
	columns := len(rows[0])
	left := make([]vg.Length, columns)
	margin := func(p *plot.Plot) vg.Length { return p.DataCanvas(c).Min.X - c.Min.X }
	total := gapX * vg.Length(columns-1)
	for j := range columns {
		for _, row := range rows {
			left[j] = max(left[j], margin(row[j]))
		}
		total += left[j]
	}
	width := (c.Max.X - c.Min.X - total) / vg.Length(columns)
	y := c.Max.Y
	for i, row := range rows {
		x := c.Min.X
		for j, p := range row {
			tile := c
			tile.Min.X, tile.Max.X = x+left[j]-margin(p), x+left[j]+width
			tile.Max.Y, tile.Min.Y = y, y-heights[i]
			drawPlot(p, tile)
			x = tile.Max.X + gapX
		}
		y -= heights[i] + gapY
	}
}

// drawPlot draws a plot with its title over the data, not over the labels of its vertical axis as well, as far as there is room.
func drawPlot(p *plot.Plot, c draw.Canvas) {
	if p.Title.Text == "" {
		p.Draw(c)
		return
	}
	text, style, data := p.Title.Text, p.Title.TextStyle, p.DataCanvas(c)
	p.Title.Text = "" // drawn here, this time: a figure is drawn once for each format
	defer func() { p.Title.Text = text }()
	style.XAlign, style.YAlign = draw.XCenter, draw.YTop
	half := style.Width(text) / 2
	x := max(c.Min.X+half, min(data.Center().X, c.Max.X-half))
	c.FillText(style, vg.Point{X: x, Y: c.Max.Y}, text)
	c.Max.Y -= style.Height(text) + p.Title.Padding
	p.Draw(c)
}

// band fills the space between two curves over the same places.
func band(xs, lows, highs []float64, fill color.Color) plot.Plotter {
	return plotFunc(func(c draw.Canvas, p *plot.Plot) {
		trX, trY := p.Transforms(&c)
		var outline []vg.Point
		for i, x := range xs {
			outline = append(outline, vg.Point{X: trX(x), Y: trY(lows[i])})
		}
		for i := len(xs) - 1; i >= 0; i-- {
			outline = append(outline, vg.Point{X: trX(xs[i]), Y: trY(highs[i])})
		}
		c.FillPolygon(fill, c.ClipPolygonXY(outline))
	})
}
