package results

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"genjobrec/eval"
)

// reliabilityBins is the number of bins of the diagram: fewer than [eval.DefaultBins], so that each has pairs enough for an interval.
const reliabilityBins = 10

// reliability is what the figure shows of one form of a matcher.
type reliability struct {
	id    SystemID // of the matcher, also where it is recalibrated
	seeds int
	bins  []eval.RateBin
}

// pairs of a bin, in the mean over seeds.
func (m reliability) pairs(b eval.RateBin) float64 { return float64(b.Count) / float64(m.seeds) }

// reliabilityForm is a part of the figure: one form of all matchers.
type reliabilityForm struct {
	heading string
	rates   [][]*plot.Plot // a row for each predictor, a column for each model
	counts  []*plot.Plot   // one for each predictor
	hollow  bool           // some bins have no interval
}

// ReliabilityFigure draws, for each matcher, the observed share of matches against the predicted probability in bins of equal
// width, as the matchers are and recalibrated, with 95 % intervals and, below, how many pairs a seed fall into each bin. Each matcher
// has a panel: in one for all, dots would hide each other or have to stand beside their places, to or from the diagonal. It is nil
// without scores of validation pairs.
func (r *RQ2Report) ReliabilityFigure() (*Figure, error) {
	if r.Calibration == nil {
		return nil, nil
	}
	c := r.Calibration
	var forms []reliabilityForm
	for _, form := range []struct{ heading, mark string }{{"As the matchers are", ""}, {"Recalibrated by validation", byValidation}} {
		next, err := c.reliabilityForm(form.mark)
		if err != nil {
			return nil, err
		}
		next.heading = form.heading
		forms = append(forms, next)
	}
	strip := legend{}
	for _, model := range []string{Base, GIRLSFT, GIRL} {
		color := matcherColor(SystemID{Model: model})
		strip = append(strip, legendEntry{model, draw.LineStyle{Color: color, Width: vg.Points(1)}, color})
	}
	strip = append(strip, legendEntry{text: "perfectly calibrated", line: chanceStyle})
	if slices.ContainsFunc(forms, func(f reliabilityForm) bool { return f.hollow }) {
		strip = append(strip, legendEntry{text: hollowWords})
	}
	const margin, head, gap = 6 * vg.Inch / 72, 18 * vg.Inch / 72, 6 * vg.Inch / 72
	const rateHeight, countHeight = 3.5 * vg.Centimeter, 2.4 * vg.Centimeter
	legendHeight := strip.height(textWidth-2*margin) + legendAbove
	height := head + legendHeight + 2*margin
	for _, f := range forms {
		height += head + rateHeight*vg.Length(len(f.rates)) + gap*vg.Length(len(f.rates)) + countHeight + gap
	}
	title := fmt.Sprintf("%s: reliability on %d %s pairs, %s intervals, %s", r.Dataset, r.Pairs, r.Split, percent(r.Level), seedCount(c.Systems))
	return &Figure{
		Name: "rq2_reliability", width: textWidth, height: height,
		paint: func(c draw.Canvas) {
			c = draw.Crop(c, margin, -margin, margin, -margin)
			style := textStyle(titleSize)
			style.XAlign, style.YAlign = draw.XCenter, draw.YTop
			c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, asciiText(title))
			body := draw.Crop(c, 0, 0, legendHeight, -head)
			for _, f := range forms {
				c.FillText(style, vg.Point{X: c.Center().X, Y: body.Max.Y}, f.heading)
				body.Max.Y -= head
				drawRows(body, f.rates, slices.Repeat([]vg.Length{rateHeight}, len(f.rates)), 14*vg.Inch/72, gap)
				body.Max.Y -= (rateHeight + gap) * vg.Length(len(f.rates))
				drawRows(body, [][]*plot.Plot{f.counts}, []vg.Length{countHeight}, 14*vg.Inch/72, 0)
				body.Max.Y -= countHeight + gap
			}
			c.Max.Y = c.Min.Y + legendHeight - legendAbove
			strip.draw(c)
		},
	}, nil
}

// reliabilityForm draws the panels of the matchers' form that has the mark.
func (c *CalibrationReport) reliabilityForm(mark string) (reliabilityForm, error) {
	var out reliabilityForm
	var lists [][]reliability
	most := 0.0
	for _, predictor := range []string{MLP, Dot} {
		var list []reliability
		for _, id := range c.Matchers {
			if id.Predictor != predictor {
				continue
			}
			m := reliability{id: id, seeds: len(c.set.systems[id].seeds)}
			var err error
			if m.bins, err = c.boot.Reliability(c.set.labels, c.set.clusters, reliabilityBins, c.set.systems[marked(id, mark)].scores...); err != nil {
				return out, fmt.Errorf("results: reliability of %s: %w", id, err)
			}
			for _, b := range m.bins {
				most = max(most, m.pairs(b))
			}
			list = append(list, m)
		}
		if list != nil {
			lists = append(lists, list)
		}
	}
	for i, list := range lists {
		var row []*plot.Plot
		for _, model := range []string{Base, GIRLSFT, GIRL} {
			k := slices.IndexFunc(list, func(m reliability) bool { return m.id.Model == model })
			if k < 0 {
				k, list = len(list), append(slices.Clip(list), reliability{id: SystemID{model, list[0].id.Predictor}, seeds: 1}) // an empty panel
			}
			row = append(row, ratePanel(list[k], len(row) == 0))
			out.hollow = out.hollow || slices.ContainsFunc(list[k].bins, func(b eval.RateBin) bool { return math.IsNaN(b.Rate.Low) })
		}
		out.rates = append(out.rates, row)
		out.counts = append(out.counts, countPanel(lists[i], most, i == 0))
	}
	return out, nil
}

// ratePanel is a reliability diagram.
func ratePanel(m reliability, labelled bool) *plot.Plot {
	yLabel := ""
	if labelled {
		yLabel = "share of matches"
	}
	p := newPlot(m.id.String(), "", yLabel)
	squareAxes(p)
	p.X.Tick.Marker, p.Y.Tick.Marker = sparseTicks{steps: 2}, sparseTicks{steps: 2}
	p.Add(curve([]float64{0, 1}, []float64{0, 1}, chanceStyle))
	p.Add(plotFunc(func(c draw.Canvas, plt *plot.Plot) {
		trX, trY := plt.Transforms(&c)
		color := matcherColor(m.id)
		for _, b := range m.bins {
			at := vg.Point{X: trX(b.MeanProb), Y: trY(b.PosRate)}
			glyph := draw.GlyphStyle{Color: color, Radius: vg.Points(2), Shape: draw.CircleGlyph{}}
			if math.IsNaN(b.Rate.Low) { // see [eval.RateBin]
				glyph.Shape = draw.RingGlyph{}
			} else {
				c.StrokeLine2(draw.LineStyle{Color: color, Width: vg.Points(1)}, at.X, trY(b.Rate.Low), at.X, trY(b.Rate.High))
			}
			c.DrawGlyphNoClip(glyph, at)
		}
	}))
	return p
}

// countPanel shows how many pairs a seed lie in each bin, a bar for each matcher.
func countPanel(list []reliability, most float64, labelled bool) *plot.Plot {
	yLabel := ""
	if labelled {
		yLabel = "pairs"
	}
	p := newPlot(list[0].id.Predictor, "predicted probability of a match", yLabel)
	squareAxes(p)
	p.Y.Max = most * 1.05
	p.Y.Tick.Marker = sparseTicks{steps: 2}
	p.Add(plotFunc(func(c draw.Canvas, plt *plot.Plot) {
		trX, trY := plt.Transforms(&c)
		for k, m := range list {
			for _, b := range m.bins {
				width := (b.High - b.Low) * 0.8 / float64(len(list))
				x := b.Low + 0.1*(b.High-b.Low) + float64(k)*width
				y := m.pairs(b)
				c.FillPolygon(matcherColor(m.id), []vg.Point{{X: trX(x), Y: trY(0)}, {X: trX(x + width), Y: trY(0)}, {X: trX(x + width), Y: trY(y)}, {X: trX(x), Y: trY(y)}})
			}
		}
	}))
	return p
}
