package girl

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/eval"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// handMadeSweep has K = 1, 2, 4 of one predictor, two seeds, and p-values of AUC by step and against Base.
func handMadeSweep(t *testing.T, stepP, baseP [3]float64, sign float64) *sweep {
	t.Helper()
	r := marketRun(t, 1, 2)
	r.cfg.Generate.Temperature, r.cfg.Generate.Samples = 0.7, 3 // K = 3 is not among the settings: no figure of temperatures
	w := &sweep{run: r, ks: []int{1, 2, 4}, costs: map[int]map[setting]cost{1: {}, 2: {}}, base: &results.Comparison{Split: "test", Pairs: 100, Groups: 40}, steps: &results.Comparison{Split: "test", Pairs: 100, Groups: 40}}
	base := results.SystemID{Model: recommend.Base, Predictor: recommend.MLPPredictor}
	system := func(id results.SystemID, auc float64) results.SystemResult {
		return results.SystemResult{ID: id, Seeds: []int64{1, 2}, AUC: estimate(auc, auc-0.1, auc+0.1), LogLoss: estimate(0.6, 0.5, 0.7),
			Runs: []results.RunMetrics{{AUC: auc, LogLoss: 0.6}, {AUC: auc, LogLoss: 0.6}}}
	}
	w.base.Systems = []results.SystemResult{system(base, 0.7)}
	from := base
	for i, k := range []int{1, 2, 4} {
		g := setting{k, 0.7}
		w.list = append(w.list, g)
		for _, seed := range r.opts.Seeds {
			w.costs[seed][g] = cost{setting: g, CVs: 10, Tokens: 400 * k, Seconds: 0.1 * float64(k)}
		}
		id := results.SystemID{Model: g.model(), Predictor: recommend.MLPPredictor}
		w.base.Systems = append(w.base.Systems, system(id, 0.7+0.01*float64(i+1)))
		result := func(b results.SystemID, v, p float64) results.ContrastResult {
			return results.ContrastResult{Contrast: results.Contrast{A: id, B: b}, DiffAUC: estimate(v, v-0.005, v+0.005), HolmAUC: p, DiffLogLoss: estimate(0, -0.01, 0.01), HolmLogLoss: 1}
		}
		w.steps.Contrasts = append(w.steps.Contrasts, result(from, sign*0.01, stepP[i]))
		w.base.Contrasts = append(w.base.Contrasts, result(base, sign*0.01*float64(i+1), baseP[i]))
		from = id
	}
	w.steps.Systems = w.base.Systems
	return w
}

// Fewer JDs are the first of more at the same temperature.
func TestSweepShares(t *testing.T) {
	list := []setting{{1, 0.7}, {2, 0.7}, {3, 0.3}, {3, 0.7}, {8, 0.7}, {3, 1}}
	for _, g := range list {
		want := g
		if g.Temperature == 0.7 {
			want = setting{8, 0.7}
		}
		if got := sourceOf(list, g); got != want {
			t.Errorf("%v shares the JDs of %v, want %v", g, got, want)
		}
	}
}

// Where more stops paying follows the p-values of the steps, and the sign.
func TestWhereMoreStopsPaying(t *testing.T) {
	const never = 1.0
	for _, c := range []struct {
		name        string
		step, base  [3]float64
		sign        float64
		want, total string
	}{
		{"the second step is the last that pays", [3]float64{0.01, 0.02, 0.5}, [3]float64{0.01, 0.01, 0.01}, 1,
			"the last step that shows a gain is K = 1 → 2: beyond K = 2 nothing more is shown to pay. K = 1 → 2: AUC +0.0100 [+0.0050, +0.0150], p = 0.020 (Holm): shown, better; LogLoss 0.0000 [−0.0100, +0.0100], p = 1.000 (Holm): not shown; 2 seeds.", "+0.0300 [+0.0250, +0.0350], p = 0.010 (Holm): shown, better"},
		{"every step pays", [3]float64{0.01, 0.02, 0.03}, [3]float64{0.01, 0.01, 0.01}, 1,
			"up to the largest K tried, 4, the last step shows a gain: more may still pay. K = 2 → 4: AUC +0.0100 [+0.0050, +0.0150], p = 0.030 (Holm): shown, better; LogLoss 0.0000 [−0.0100, +0.0100], p = 1.000 (Holm): not shown; 2 seeds.", "+0.0300 [+0.0250, +0.0350], p = 0.010 (Holm): shown, better"},
		{"nothing pays", [3]float64{never, 0.05, never}, [3]float64{never, never, never}, 1,
			"no step from one K to the next shows a gain, so that nothing beyond K = 0, which is Base, is shown to pay.", "+0.0300 [+0.0250, +0.0350], p = 1.000 (Holm): not shown"},
		{"no step pays, but all together do", [3]float64{never, never, never}, [3]float64{never, 0.01, 0.01}, 1,
			"no single step from one K to the next shows a gain, but K = 2, 4 against Base does: where it stops cannot be told.", "+0.0300 [+0.0250, +0.0350], p = 0.010 (Holm): shown, better"},
		{"a step harms", [3]float64{never, 0.01, never}, [3]float64{never, never, never}, -1,
			"no step from one K to the next shows a gain, so that nothing beyond K = 0, which is Base, is shown to pay. A step is shown to harm: K = 1 → 2: AUC −0.0100 [−0.0150, −0.0050], p = 0.010 (Holm): shown, worse; LogLoss 0.0000 [−0.0100, +0.0100], p = 1.000 (Holm): not shown; 2 seeds.", "−0.0300 [−0.0350, −0.0250], p = 1.000 (Holm): not shown"},
	} {
		w := handMadeSweep(t, c.step, c.base, c.sign)
		alongK, alongT := w.stepsOf()
		if len(alongK) != 3 || alongT != nil {
			t.Fatalf("steps %v and %v", alongK, alongT)
		}
		want := "Where more stops paying, MLP (K = 0, 1, 2, 4): " + c.want + " All steps together, K = 0 → 4: AUC " + c.total + "; LogLoss 0.0000 [−0.0100, +0.0100], p = 1.000 (Holm): not shown; 2 seeds."
		if diff := cmp.Diff(want, w.stopsPaying(recommend.MLPPredictor, alongK)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestSweepTablesAndFigure(t *testing.T) {
	w := handMadeSweep(t, [3]float64{0.01, 0.02, 0.5}, [3]float64{0.01, 0.01, 0.01}, 1)
	w.kept = "Warning: kept."
	findings := w.findings()
	if findings[0] != w.kept || findings[len(findings)-1] != "Writing takes, a CV: K = 1: 40 [40, 40] tokens, 10 [10, 10] ms; K = 2: 80 [80, 80] tokens, 20 [20, 20] ms; K = 4: 160 [160, 160] tokens, 40 [40, 40] ms (2 seeds, intervals over seeds)." {
		t.Errorf("findings %q", findings)
	}
	for _, table := range []results.Table{w.table(), w.stepsTable()} {
		if !strings.Contains(strings.Join(table.Notes, "\n"), w.kept) {
			t.Errorf("table %s does not warn", table.Name)
		}
	}
	// The last step: 4 JDs in place of 2 cost 80 tokens and 20 ms more.
	row := w.stepsTable().Rows[2].Cells
	if row[1].Text != "K = 2 → 4" || row[2].Value != 0.01 || row[6].Value != 80 || row[7].Value < 19.999 || row[7].Value > 20.001 {
		t.Errorf("%+v", row)
	}
	// The run's own K = 3 at its own temperature stands among the temperatures alone.
	own := setting{3, 0.7}
	w.list = slices.Insert(w.list, 2, own)
	if along := w.byK(); slices.Contains(along, own) || len(along) != 3 {
		t.Errorf("the axis of K has %v", along)
	}
	if along := w.byT(); len(along) != 1 || along[0] != own {
		t.Errorf("the axis of temperature has %v", along)
	}
	w.list = slices.Delete(w.list, 2, 3)
	figures, err := w.figures()
	if err != nil || len(figures) != 1 || figures[0].Name != "rq4_samples" {
		t.Fatalf("figures %v, error %v", figures, err)
	}
	var svg strings.Builder
	if err := figures[0].Render(&svg, "svg"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"AUC less that of Base", "LogLoss less that of Base", "Wall time of writing", ">0<", ">1<", ">2<", ">4<"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the figure lacks %q", want)
		}
	}
	axis := sweepAxis{list: w.list, x: func(g setting) float64 { return float64(g.K) }, base: true}
	panel := w.gainPanel(axis, "AUC", "", func(m results.RunMetrics) float64 { return m.AUC }, func(d results.ContrastResult) eval.Estimate { return d.DiffAUC })
	s := panel.Series[0]
	if !panel.Zero || len(s.Bars) != 3 || s.Bars[2].Step != 4 || math.Abs(s.Bars[2].Low-0.025) > 1e-12 || s.Runs[0].Value[0] != 0 || s.Runs[0].Value[3] < 0.0299 {
		t.Errorf("%+v", s)
	}
}
