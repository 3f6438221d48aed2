package girl

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"genjobrec/eval"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// sweepTitles name the figures on the page.
var sweepTitles = map[string]string{"rq4_samples": "Number of job descriptions", "rq4_temperature": "Sampling temperature"}

// sweepAxis is a figure: settings, and where they stand.
type sweepAxis struct {
	name, title, label string
	list               []setting
	x                  func(setting) float64
	base               bool // Base stands at 0
	at                 []string
}

// figures draws quality, its difference to Base and cost against K (0 being Base), with the settings evenly spaced, and against
// temperature. An axis with fewer than two settings has no figure.
func (w *sweep) figures() ([]*results.Figure, error) {
	own, byK := w.cfg.Generate, w.byK()
	at := []string{"0"}
	for _, g := range byK {
		at = append(at, strconv.Itoa(g.K))
	}
	var out []*results.Figure
	for _, axis := range []sweepAxis{
		{name: "rq4_samples", title: fmt.Sprintf("%s: number of generated JDs, temperature %g", w.data.Name, own.Temperature), label: "JDs per CV, not to scale (0: Base)", list: byK,
			x: func(g setting) float64 { return float64(1 + slices.Index(byK, g)) }, base: true, at: at},
		{name: "rq4_temperature", title: fmt.Sprintf("%s: sampling temperature, %d JDs per CV", w.data.Name, own.Samples), label: "temperature", list: w.byT(), x: func(g setting) float64 { return g.Temperature }},
	} {
		if len(axis.list) < 2 {
			continue
		}
		f, err := w.figure(axis)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (w *sweep) figure(axis sweepAxis) (*results.Figure, error) {
	auc, loss := func(m results.RunMetrics) float64 { return m.AUC }, func(m results.RunMetrics) float64 { return m.LogLoss }
	return results.CurvesFigure(results.CurvesInput{Name: axis.name, Title: axis.title, XLabel: axis.label, At: axis.at, Panels: []results.Panel{
		w.levelPanel(axis, "AUC", "AUC (higher is better)", auc, func(s *results.SystemResult) eval.Estimate { return s.AUC }),
		w.levelPanel(axis, "LogLoss", "nats (lower is better)", loss, func(s *results.SystemResult) eval.Estimate { return s.LogLoss }),
		w.gainPanel(axis, "AUC less that of Base", "ΔAUC (> 0: better)", auc, func(d results.ContrastResult) eval.Estimate { return d.DiffAUC }),
		w.gainPanel(axis, "LogLoss less that of Base", "nats (< 0: better)", loss, func(d results.ContrastResult) eval.Estimate { return d.DiffLogLoss }),
		w.costPanel(axis, "Tokens written", "tokens per CV", func(c cost) float64 { return float64(c.Tokens) }),
		w.costPanel(axis, "Wall time of writing", "ms per CV", func(c cost) float64 { return 1000 * c.Seconds }),
	}})
}

// place is a setting, or Base, on an axis.
type place struct {
	model string
	x     float64
}

func (a sweepAxis) places() []place {
	var out []place
	if a.base {
		out = append(out, place{recommend.Base, 0})
	}
	for _, g := range a.list {
		out = append(out, place{g.model(), a.x(g)})
	}
	return out
}

// addBar draws an interval where there is one.
func addBar(s *results.Series, x float64, e eval.Estimate) {
	if !math.IsNaN(e.Low) && !math.IsNaN(e.High) {
		s.Bars = append(s.Bars, results.Bar{Step: x, Low: e.Low, High: e.High})
	}
}

// levelPanel shows a metric with its interval.
func (w *sweep) levelPanel(axis sweepAxis, title, unit string, of func(results.RunMetrics) float64, estimate func(*results.SystemResult) eval.Estimate) results.Panel {
	panel := results.Panel{Title: title, YLabel: unit}
	for _, p := range predictors {
		series := results.Series{Name: p, Runs: w.seedRuns()}
		for _, at := range axis.places() {
			if s, ok := w.base.System(results.SystemID{Model: at.model, Predictor: p}); ok {
				addBar(&series, at.x, estimate(s))
				for i := range series.Runs {
					series.Runs[i].Add(at.x, of(s.Runs[i]))
				}
			}
		}
		if len(series.Runs[0].Steps) > 0 {
			panel.Series = append(panel.Series, series)
		}
	}
	return panel
}

// gainPanel shows a metric's paired difference to Base.
func (w *sweep) gainPanel(axis sweepAxis, title, unit string, of func(results.RunMetrics) float64, estimate func(results.ContrastResult) eval.Estimate) results.Panel {
	panel := results.Panel{Title: title, YLabel: unit, Zero: true}
	for _, p := range predictors {
		series := results.Series{Name: p, Runs: w.seedRuns()}
		base, ok := w.base.System(results.SystemID{Model: recommend.Base, Predictor: p})
		for _, at := range axis.places() {
			s, there := w.base.System(results.SystemID{Model: at.model, Predictor: p})
			if !ok || !there {
				continue
			}
			if d, ok := contrast(w.base, results.Contrast{A: s.ID, B: base.ID}); ok {
				addBar(&series, at.x, estimate(d))
			}
			for i := range series.Runs {
				series.Runs[i].Add(at.x, of(s.Runs[i])-of(base.Runs[i]))
			}
		}
		if len(series.Runs[0].Steps) > 0 {
			panel.Series = append(panel.Series, series)
		}
	}
	return panel
}

// costPanel shows what writing took per CV.
func (w *sweep) costPanel(axis sweepAxis, title, unit string, of func(cost) float64) results.Panel {
	series := results.Series{Name: modelGIRL, Runs: w.seedRuns()}
	for i, seed := range w.opts.Seeds {
		if axis.base {
			series.Runs[i].Add(0, 0)
		}
		for _, g := range axis.list {
			x := w.costs[seed][g]
			series.Runs[i].Add(axis.x(g), of(x)/float64(x.CVs))
		}
	}
	return results.Panel{Title: title, YLabel: unit, Positive: true, Series: []results.Series{series}}
}

// seedRuns are empty runs, one a seed.
func (w *sweep) seedRuns() []results.Run {
	out := make([]results.Run, len(w.opts.Seeds))
	for i, seed := range w.opts.Seeds {
		out[i].Seed = int64(seed)
	}
	return out
}
