package results

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"genjobrec/eval"
)

// Figure draws AUC and LogLoss of the six matchers side by side: mean over seeds with its interval,
// single seeds as small rings behind it, baselines as dashed lines, the Bayes ceiling as a solid one. A
// baseline far from all matchers would squeeze them together: it is left outside the axis and its value
// is written in the legend.
func (r *RQ2Report) Figure() *Figure {
	var shown []SystemResult
	for _, id := range r.Matchers {
		if s, ok := r.System(id); ok {
			shown = append(shown, *s)
		}
	}
	panels := []rq2Panel{
		{
			label: "AUC (higher is better)", metric: "AUC", ceiling: r.CeilingAUC, pick: pickAUC,
			estimate: func(s SystemResult) eval.Estimate { return s.AUC },
		},
		{
			label: "LogLoss in nats (lower is better)", metric: "LogLoss", ceiling: r.CeilingLogLoss, pick: pickLogLoss,
			estimate: func(s SystemResult) eval.Estimate { return s.LogLoss },
		},
	}
	lines := r.references(panels, shown)
	var strip legend
	for _, l := range lines {
		strip = append(strip, l.entry)
	}
	names, longest := make([]plot.Tick, len(shown)), vg.Length(0)
	for i, s := range shown {
		// The first matcher stands on top.
		names[i] = plot.Tick{Value: float64(len(shown) - 1 - i), Label: asciiText(s.ID.String())}
		longest = max(longest, textStyle(tickSize).Width(names[i].Label))
	}
	title := fmt.Sprintf("%s: %d %s pairs, %s intervals, %s", r.Dataset, r.Pairs, r.Split, percent(r.Level), seedCount(shown))

	const margin, gap = 6 * vg.Inch / 72, 14 * vg.Inch / 72
	const above, axis, perRow = 20 * vg.Inch / 72, 40 * vg.Inch / 72, 20 * vg.Inch / 72
	left := longest + 10*vg.Inch/72
	if slices.ContainsFunc(shown, func(s SystemResult) bool { return len(s.Runs) > 1 }) {
		strip = append(strip, legendEntry{text: "rings: single seeds"})
	}
	legendHeight := strip.height(textWidth-2*margin) + legendAbove
	return &Figure{
		Name:   "rq2",
		width:  textWidth,
		height: above + perRow*vg.Length(len(shown)) + axis + legendHeight + 2*margin,
		paint: func(c draw.Canvas) {
			c = draw.Crop(c, margin, -margin, margin, -margin)
			head := textStyle(titleSize)
			head.XAlign, head.YAlign = draw.XCenter, draw.YTop
			c.FillText(head, vg.Point{X: c.Center().X, Y: c.Max.Y}, asciiText(title))
			body := draw.Crop(c, 0, 0, legendHeight, -above)
			width := (body.Max.X - body.Min.X - left - gap - 6*vg.Inch/72) / 2
			x := body.Min.X
			for i, panel := range panels {
				part := body
				part.Min.X, part.Max.X = x, x+width
				if i == 0 {
					part.Max.X += left
				}
				panel.plot(shown, lines, i, names, i == 0).Draw(part)
				x = part.Max.X + gap
			}
			legendCanvas := c
			legendCanvas.Max.Y = c.Min.Y + legendHeight - legendAbove
			strip.draw(legendCanvas)
		},
	}
}

// seedCount says over how many seeds the means go.
func seedCount(shown []SystemResult) string {
	fewest, most := math.MaxInt, 0
	for _, s := range shown {
		fewest, most = min(fewest, len(s.Seeds)), max(most, len(s.Seeds))
	}
	switch {
	case most == 1:
		return "one seed"
	case fewest == most:
		return fmt.Sprintf("mean over %d seeds", most)
	}
	return fmt.Sprintf("mean over %d to %d seeds", fewest, most)
}

// rq2Panel is one metric of the figure.
type rq2Panel struct {
	label    string
	metric   string
	ceiling  *float64
	pick     func(RunMetrics) float64
	estimate func(SystemResult) eval.Estimate
}

// matcherRange is the span of the matchers' intervals and single seeds.
func (p rq2Panel) matcherRange(shown []SystemResult) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range shown {
		e := p.estimate(s)
		for _, v := range append(s.values(p.pick), e.Value, e.Low, e.High) {
			if !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	return low, high
}

// reference is a vertical line in each panel; NaN where a panel does not show it.
type reference struct {
	at    []float64
	entry legendEntry
}

// references are the baselines and the ceiling. A line further from the matchers than twice their
// span is off the scale.
func (r *RQ2Report) references(panels []rq2Panel, shown []SystemResult) []reference {
	var out []reference
	add := func(name string, style draw.LineStyle, values []float64) {
		ref := reference{at: values, entry: legendEntry{text: asciiText(name), line: style}}
		var off []string
		for i, p := range panels {
			low, high := p.matcherRange(shown)
			span := max(high-low, 1e-3)
			if v := values[i]; v < low-2*span || v > high+2*span {
				off = append(off, fmt.Sprintf("%s %.3f", p.metric, v))
				ref.at[i] = math.NaN()
			}
		}
		if off != nil {
			ref.entry.text += " (" + strings.Join(off, ", ") + ", off the scale)"
		}
		out = append(out, ref)
	}
	colors := []color.RGBA{bluishGreen, reddishPurple, orange, skyBlue, black}
	n := 0
	for _, id := range r.Baselines {
		s, ok := r.System(id)
		if !ok {
			continue
		}
		values := make([]float64, len(panels))
		for i, p := range panels {
			values[i] = p.estimate(*s).Value
		}
		// Ever thinner: of lines at nearly the same place, the later ones leave the earlier ones' edges to be seen.
		width := vg.Points(max(0.8, 2.4-0.4*float64(n)))
		add(id.String(), draw.LineStyle{Color: colors[n%len(colors)], Width: width, Dashes: dashes[n%len(dashes)]}, values)
		n++
	}
	if r.CeilingAUC != nil || r.CeilingLogLoss != nil {
		values := make([]float64, len(panels))
		for i, p := range panels {
			values[i] = math.NaN()
			if p.ceiling != nil {
				values[i] = *p.ceiling
			}
		}
		add("Bayes ceiling", draw.LineStyle{Color: black, Width: vg.Points(1.6)}, values)
	}
	return out
}

// plot draws one panel; names label the vertical axis of the first.
func (p rq2Panel) plot(shown []SystemResult, refs []reference, at int, names []plot.Tick, labelled bool) *plot.Plot {
	out := newPlot("", p.label, "")
	low, high := p.matcherRange(shown)
	for _, ref := range refs {
		if v := ref.at[at]; !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	pad := 0.05 * max(high-low, 1e-3)
	out.X.Min, out.X.Max = low-pad, high+pad
	out.X.Tick.Marker = sparseTicks{}
	out.Y.Min, out.Y.Max = -0.6, float64(len(shown))-0.4
	ticks := names
	if !labelled {
		ticks = nil
	}
	out.Y.Tick.Marker = plot.ConstantTicks(ticks)
	out.Y.LineStyle.Width = 0
	out.Y.Tick.LineStyle.Width = 0
	out.Y.Tick.Length = 0
	out.Y.Padding = 0

	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: gridGrey, Width: vg.Points(0.4)}
	grid.Horizontal = draw.LineStyle{}
	out.Add(grid)
	out.Add(plotFunc(func(c draw.Canvas, plt *plot.Plot) {
		trX, trY := plt.Transforms(&c)
		for _, ref := range refs {
			if v := ref.at[at]; !math.IsNaN(v) {
				c.StrokeLine2(ref.entry.line, trX(v), c.Min.Y, trX(v), c.Max.Y)
			}
		}
		for i, s := range shown {
			y := trY(names[i].Value)
			col := matcherColor(s.ID)
			if len(s.Runs) > 1 {
				ring := draw.GlyphStyle{Color: pale(col, 0.6), Radius: vg.Points(1.6), Shape: draw.RingGlyph{}}
				for _, v := range s.values(p.pick) {
					c.DrawGlyphNoClip(ring, vg.Point{X: trX(v), Y: y - vg.Points(5)})
				}
			}
			e := p.estimate(s)
			bar := draw.LineStyle{Color: col, Width: vg.Points(1.3)}
			if !math.IsNaN(e.Low) && !math.IsNaN(e.High) {
				x0, x1, half := trX(e.Low), trX(e.High), vg.Points(2.5)
				c.StrokeLine2(bar, x0, y, x1, y)
				c.StrokeLine2(bar, x0, y-half, x0, y+half)
				c.StrokeLine2(bar, x1, y-half, x1, y+half)
			}
			glyph := draw.GlyphStyle{Color: col, Radius: vg.Points(3), Shape: draw.CircleGlyph{}}
			if s.ID.Predictor == Dot {
				glyph.Shape = squareGlyph{}
			}
			c.DrawGlyphNoClip(glyph, vg.Point{X: trX(e.Value), Y: y})
		}
	}))
	return out
}

func matcherColor(id SystemID) color.RGBA {
	if c, ok := fixedColors[id.Model]; ok {
		return c
	}
	return fixedColors[Base]
}

// squareGlyph is a filled square.
type squareGlyph struct{}

func (squareGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	r := sty.Radius * 0.9
	c.FillPolygon(sty.Color, []vg.Point{
		{X: pt.X - r, Y: pt.Y - r}, {X: pt.X + r, Y: pt.Y - r}, {X: pt.X + r, Y: pt.Y + r}, {X: pt.X - r, Y: pt.Y + r},
	})
}
