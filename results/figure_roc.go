package results

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"genjobrec/eval"
)

// rocGrid is the number of equal steps of the false positive rate at which differences of curves are estimated.
const rocGrid = 40

// rocCurves is what one panel of the figure shows of a matcher.
type rocCurves struct {
	id   SystemID
	auc  eval.Estimate
	mean []eval.ROCPoint
	runs [][]eval.ROCPoint
	gain []eval.Estimate // over Base at the grid's points; nil for Base itself
}

// ROCFigure draws a column for each predictor. Above, the ROC curves of Base, GIRL-SFT and GIRL: means over seeds by vertical
// averaging, single seeds pale, the diagonal of chance, and the curve of the true probabilities where they are known. Below, by how
// much the true positive rate lies above that of Base at the same false positive rate, with pointwise intervals: the curves above
// share their test pairs, so their own bands would not tell.
func (r *RQ2Report) ROCFigure() (*Figure, error) {
	var columns [][]rocCurves
	var titles []string
	for _, predictor := range []string{MLP, Dot} {
		curves, err := r.rocCurves(predictor)
		if err != nil {
			return nil, fmt.Errorf("results: ROC curves: %w", err)
		}
		if len(curves) > 0 {
			columns, titles = append(columns, curves), append(titles, predictor)
		}
	}
	strip := append(areas(columns, titles), legendEntry{text: "chance", line: chanceStyle})
	if len(r.ceiling) > 0 {
		text := "Bayes ceiling"
		if r.CeilingAUC != nil {
			text += fmt.Sprintf(", AUC %.3f", *r.CeilingAUC)
		}
		strip = append(strip, legendEntry{text: text, line: ceilingStyle})
	}
	if len(columns[0][0].runs) > 1 {
		strip = append(strip, legendEntry{text: "thin: single seeds, thick: mean over seeds"})
	}
	low, high := 0.0, 0.0
	for _, curves := range columns {
		for _, c := range curves {
			for _, e := range c.gain {
				low, high = min(low, e.Low, e.Value), max(high, e.High, e.Value)
			}
		}
	}
	panels := make([][]*plot.Plot, 2)
	for i, curves := range columns {
		panels[0] = append(panels[0], r.rocPanel(titles[i], curves, i == 0))
		panels[1] = append(panels[1], gainPanel(curves, low, high, i == 0))
	}
	const margin, head, gap = 6 * vg.Inch / 72, 20 * vg.Inch / 72, 10 * vg.Inch / 72
	heights := []vg.Length{6 * vg.Centimeter, 4.2 * vg.Centimeter}
	legendHeight := strip.height(textWidth-2*margin) + legendAbove
	title := fmt.Sprintf("%s: ROC curves on %d %s pairs, %s intervals", r.Dataset, r.Pairs, r.Split, percent(r.Level))
	return &Figure{
		Name:   "rq2_roc",
		width:  textWidth,
		height: head + heights[0] + heights[1] + gap + legendHeight + 2*margin,
		paint: func(c draw.Canvas) {
			c = draw.Crop(c, margin, -margin, margin, -margin)
			style := textStyle(titleSize)
			style.XAlign, style.YAlign = draw.XCenter, draw.YTop
			c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, asciiText(title))
			drawRows(draw.Crop(c, 0, 0, legendHeight, -head), panels, heights, 14*vg.Inch/72, gap)
			c.Max.Y = c.Min.Y + legendHeight - legendAbove
			strip.draw(c)
		},
	}, nil
}

// areas are the legend's entries of the models, with the areas under their curves in each column.
func areas(columns [][]rocCurves, titles []string) legend {
	var l legend
	for _, c := range columns[0] {
		text := c.id.Model
		for i, curves := range columns {
			for _, other := range curves {
				if other.id.Model == c.id.Model {
					text += fmt.Sprintf(", %s AUC %.3f", titles[i], other.auc.Value)
				}
			}
		}
		l = append(l, legendEntry{text: asciiText(text), line: matcherLine(c.id)})
	}
	return l
}

// rocCurves computes the curves of a predictor's matchers, Base first.
func (r *RQ2Report) rocCurves(predictor string) ([]rocCurves, error) {
	var out []rocCurves
	var all [][]float64
	fprs := make([]float64, rocGrid+1)
	for i := range fprs {
		fprs[i] = float64(i) / rocGrid
	}
	for _, id := range r.Matchers {
		s, ok := r.System(id)
		if !ok || id.Predictor != predictor {
			continue
		}
		c := rocCurves{id: id, auc: s.AUC}
		for _, scores := range r.set.systems[id].scores {
			curve, err := eval.ROC(r.set.labels, scores)
			if err != nil {
				return nil, err
			}
			c.runs, all = append(c.runs, curve), append(all, scores)
		}
		var err error
		if c.mean, err = eval.MeanROC(c.runs...); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) < 2 || out[0].id.Model != Base {
		return out, nil
	}
	draws, err := r.boot.DrawTPR(r.set.labels, r.set.clusters, fprs, all...)
	if err != nil {
		return nil, err
	}
	base, from := &out[0], len(out[0].runs)
	for k := range out[1:] {
		c := &out[k+1]
		to := from + len(c.runs)
		for i, x := range fprs {
			e, err := r.gain(c.tpr(x), base.tpr(x), column(draws[from:to], i), column(draws[:len(base.runs)], i), r.sameSeeds(c.id, base.id))
			if err != nil {
				return nil, err
			}
			e.Low, e.High = max(e.Low, -1), min(e.High, 1) // as the difference of two rates; a Student interval knows no ends
			c.gain = append(c.gain, e)
		}
		from = to
	}
	return out, nil
}

// tpr is the true positive rate of each run at a false positive rate.
func (c *rocCurves) tpr(x float64) []float64 {
	out := make([]float64, len(c.runs))
	for i, curve := range c.runs {
		out[i] = eval.TPRAt(curve, x)
	}
	return out
}

// column picks the draws at one false positive rate, one slice a run.
func column(draws [][][]float64, at int) [][]float64 {
	out := make([][]float64, len(draws))
	for i, d := range draws {
		out[i] = d[at]
	}
	return out
}

func (r *RQ2Report) sameSeeds(a, b SystemID) bool {
	return slices.Equal(r.set.systems[a].seeds, r.set.systems[b].seeds)
}

// gain is the estimate of the mean of a less that of b, with the uncertainty of test pairs and seeds.
func (r *RQ2Report) gain(a, b []float64, drawsA, drawsB [][]float64, paired bool) (eval.Estimate, error) {
	e, err := r.boot.Summarise(mean(a)-mean(b), subtract(meanDraws(drawsA), meanDraws(drawsB)), nil)
	if err != nil {
		return e, err
	}
	runs := [][]float64{a, b}
	if paired {
		runs = [][]float64{subtract(a, b)}
	}
	return eval.WithSeedVariance(e, r.Groups, r.Level, runs...)
}

// chanceStyle is the line of a diagonal that serves as a mark.
var chanceStyle = draw.LineStyle{Color: pale(black, 0.45), Width: vg.Points(0.8), Dashes: dashes[1]}

// ceilingStyle is the line of the true probabilities.
var ceilingStyle = draw.LineStyle{Color: black, Width: vg.Points(1.2)}

// rocPanel is the upper panel of a column.
func (r *RQ2Report) rocPanel(title string, curves []rocCurves, labelled bool) *plot.Plot {
	yLabel := ""
	if labelled {
		yLabel = "true positive rate"
	}
	p := newPlot(title, "false positive rate", yLabel)
	squareAxes(p)
	p.Add(curve([]float64{0, 1}, []float64{0, 1}, chanceStyle))
	for _, c := range curves {
		if len(c.runs) > 1 {
			for _, run := range c.runs {
				p.Add(rocLine(run, seedStyle(matcherLine(c.id))))
			}
		}
	}
	for _, c := range curves {
		p.Add(rocLine(c.mean, matcherLine(c.id)))
	}
	if len(r.ceiling) > 0 {
		p.Add(rocLine(r.ceiling, ceilingStyle))
	}
	return p
}

// matcherLine is the thick line of a matcher; dashes tell GIRL-SFT from GIRL without colour.
func matcherLine(id SystemID) draw.LineStyle {
	style := draw.LineStyle{Color: matcherColor(id), Width: vg.Points(1.4)}
	if id.Model == GIRLSFT {
		style.Dashes = dashes[0]
	}
	return style
}

// rocLine leaves out points that no eye could tell from their neighbours.
func rocLine(points []eval.ROCPoint, style draw.LineStyle) plot.Plotter {
	const least = 0.004
	var xs, ys []float64
	for i, p := range points {
		if n := len(xs); i == 0 || i == len(points)-1 || p.FPR-xs[n-1] > least || p.TPR-ys[n-1] > least {
			xs, ys = append(xs, p.FPR), append(ys, p.TPR)
		}
	}
	return curve(xs, ys, style)
}

// squareAxes sets both axes to rates from 0 to 1 over a light grid.
func squareAxes(p *plot.Plot) {
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.X.Tick.Marker, p.Y.Tick.Marker = sparseTicks{}, sparseTicks{}
	lightGrid(p)
}

func lightGrid(p *plot.Plot) {
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: gridGrey, Width: vg.Points(0.4)}
	grid.Horizontal = grid.Vertical
	p.Add(grid)
}

// gainPanel is the lower panel of a column.
func gainPanel(curves []rocCurves, low, high float64, labelled bool) *plot.Plot {
	yLabel := ""
	if labelled {
		yLabel = "difference to Base"
	}
	p := newPlot("True positive rate less that of Base", "false positive rate", yLabel)
	squareAxes(p)
	pad := 0.05 * max(high-low, 1e-3)
	p.Y.Min, p.Y.Max = low-pad, high+pad
	lines := []plot.Plotter{ // above all bands, so that none hides another
		curve([]float64{0, 1}, []float64{0, 0}, matcherLine(SystemID{Model: Base})),
	}
	for _, c := range curves {
		var xs, ys, lows, highs []float64
		for i, e := range c.gain {
			xs, ys = append(xs, float64(i)/rocGrid), append(ys, e.Value)
			lows, highs = append(lows, e.Low), append(highs, e.High)
		}
		if xs == nil {
			continue
		}
		style := matcherLine(c.id)
		edge := seedStyle(style)
		edge.Dashes = style.Dashes
		p.Add(band(xs, lows, highs, pale(matcherColor(c.id), 0.12)))
		lines = append(lines, curve(xs, lows, edge), curve(xs, highs, edge), curve(xs, ys, style))
	}
	p.Add(lines...)
	return p
}
