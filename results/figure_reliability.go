package results

import (
	"fmt"
	"math"

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

// ReliabilityFigure draws, for each predictor, the observed share of matches against the predicted probability in bins of equal
// width, as the matchers are and recalibrated, with 95 % intervals and, below, how many pairs a seed fall into each bin. It is nil
// without scores of validation pairs.
func (r *RQ2Report) ReliabilityFigure() (*Figure, error) {
	if r.Calibration == nil {
		return nil, nil
	}
	c := r.Calibration
	type panel struct {
		title string
		list  []reliability
	}
	var panels [][]panel // a row for each form
	most := 0.0
	for _, form := range []struct {
		name string
		mark string
	}{{"as they are", ""}, {"recalibrated by validation", byValidation}} {
		var row []panel
		for _, predictor := range []string{MLP, Dot} {
			next := panel{title: predictor + ", " + form.name}
			for _, id := range c.Matchers {
				if id.Predictor != predictor {
					continue
				}
				m := reliability{id: id, seeds: len(c.set.systems[id].seeds)}
				var err error
				if m.bins, err = c.boot.Reliability(c.set.labels, c.set.clusters, reliabilityBins, c.set.systems[marked(id, form.mark)].scores...); err != nil {
					return nil, fmt.Errorf("results: reliability of %s: %w", id, err)
				}
				for _, b := range m.bins {
					most = max(most, m.pairs(b))
				}
				next.list = append(next.list, m)
			}
			if next.list != nil {
				row = append(row, next)
			}
		}
		panels = append(panels, row)
	}
	var rows [][]*plot.Plot
	for _, row := range panels {
		var rates, counts []*plot.Plot
		for i, p := range row {
			rates, counts = append(rates, ratePanel(p.title, p.list, i == 0)), append(counts, countPanel(p.list, most, i == 0))
		}
		rows = append(rows, rates, counts)
	}
	strip := legend{}
	for _, model := range []string{Base, GIRLSFT, GIRL} {
		strip = append(strip, legendEntry{model, draw.LineStyle{Color: matcherColor(SystemID{Model: model}), Width: vg.Points(2)}})
	}
	strip = append(strip, legendEntry{"perfectly calibrated", chanceStyle})
	const margin, head, gap = 6 * vg.Inch / 72, 20 * vg.Inch / 72, 6 * vg.Inch / 72
	heights := []vg.Length{5.6 * vg.Centimeter, 2.4 * vg.Centimeter, 5.6 * vg.Centimeter, 2.4 * vg.Centimeter}
	legendHeight := strip.height(textWidth-2*margin) + legendAbove
	height := head + legendHeight + 2*margin + gap*3
	for _, h := range heights {
		height += h
	}
	title := fmt.Sprintf("%s: reliability on %d %s pairs, %s intervals, %s", r.Dataset, r.Pairs, r.Split, percent(r.Level), seedCount(c.Systems))
	return &Figure{
		Name: "rq2_reliability", width: textWidth, height: height,
		paint: func(c draw.Canvas) {
			c = draw.Crop(c, margin, -margin, margin, -margin)
			style := textStyle(titleSize)
			style.XAlign, style.YAlign = draw.XCenter, draw.YTop
			c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, asciiText(title))
			drawRows(draw.Crop(c, 0, 0, legendHeight, -head), rows, heights, 14*vg.Inch/72, gap)
			c.Max.Y = c.Min.Y + legendHeight - legendAbove
			strip.draw(c)
		},
	}, nil
}

// ratePanel is a reliability diagram; matchers stand a little beside each other, so that no interval hides another.
func ratePanel(title string, list []reliability, labelled bool) *plot.Plot {
	yLabel := ""
	if labelled {
		yLabel = "observed share of matches"
	}
	p := newPlot(title, "", yLabel)
	squareAxes(p)
	p.Add(curve([]float64{0, 1}, []float64{0, 1}, chanceStyle))
	p.Add(plotFunc(func(c draw.Canvas, plt *plot.Plot) {
		trX, trY := plt.Transforms(&c)
		for k, m := range list {
			color := matcherColor(m.id)
			aside := vg.Points(3.2) * (vg.Length(k) - vg.Length(len(list)-1)/2)
			for _, b := range m.bins {
				at := vg.Point{X: trX(b.MeanProb) + aside, Y: trY(b.PosRate)}
				glyph := draw.GlyphStyle{Color: color, Radius: vg.Points(2.2), Shape: draw.CircleGlyph{}}
				if math.IsNaN(b.Rate.Low) { // no interval: see [eval.RateBin]
					glyph.Shape = draw.RingGlyph{}
				} else {
					c.StrokeLine2(draw.LineStyle{Color: color, Width: vg.Points(1)}, at.X, trY(b.Rate.Low), at.X, trY(b.Rate.High))
				}
				c.DrawGlyphNoClip(glyph, at)
			}
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
	p := newPlot("", "predicted probability of a match", yLabel)
	squareAxes(p)
	p.Y.Max = most * 1.05
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
