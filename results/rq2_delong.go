package results

import (
	"errors"
	"fmt"
	"math"

	"genjobrec/eval"
)

// DeLongResult is the difference of two systems' mean AUCs over seeds, tested through structural components instead of resamples.
// The components of all runs of both systems have one covariance matrix, as all score the same pairs, so the mean over seeds is a
// contrast of its AUCs ([eval.DeLongContrast]); the variance between seeds is added as in [Comparison]. One p-value for several
// seeds follows, and no run's pairs count twice.
type DeLongResult struct {
	Contrast
	ByPair    eval.Estimate // DeLong's test: pairs are taken for independent, which those of one CV are not
	ByGroup   eval.Estimate // the same with CV groups as independent units, after Obuchowski
	Bootstrap eval.Estimate // of [Comparison], by CV groups
	// P-values corrected after Holm over the contrasts, each test by itself.
	HolmByPair, HolmByGroup, HolmBootstrap float64
}

// delong tests the comparison's contrasts. Where a class has fewer than two rows or CV groups, estimates are NaN.
func (c *Comparison) delong() ([]DeLongResult, error) {
	var out []DeLongResult
	for _, k := range c.Contrasts {
		a, _ := c.System(k.A) // contrasts with a missing side are left out
		b, _ := c.System(k.B)
		var weights []float64
		var systems [][]float64
		for _, side := range []struct {
			id   SystemID
			sign float64
		}{{k.A, 1}, {k.B, -1}} {
			scores := c.set.systems[side.id].scores
			for _, s := range scores {
				weights, systems = append(weights, side.sign/float64(len(scores))), append(systems, s)
			}
		}
		seeds := seedDifferences(a, b, pickAUC)
		with := func(e eval.Estimate, err error, units int) (eval.Estimate, error) {
			switch {
			case errors.Is(err, eval.ErrRange):
				nan := math.NaN()
				return eval.Estimate{Value: nan, SE: nan, Low: nan, High: nan, P: nan}, nil
			case err != nil:
				return e, err
			}
			return eval.WithSeedVariance(e, units, c.Level, seeds...)
		}
		r := DeLongResult{Contrast: k.Contrast, Bootstrap: k.DiffAUC}
		var errs [2]error
		byPair, err := eval.DeLongContrast(c.set.labels, weights, c.Level, systems...)
		r.ByPair, errs[0] = with(byPair, err, c.Pairs)
		byGroup, err := eval.ClusterDeLongContrast(c.set.labels, c.set.clusters, weights, c.Level, systems...)
		r.ByGroup, errs[1] = with(byGroup, err, c.Groups)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	for _, test := range []struct {
		p    func(*DeLongResult) float64
		holm func(*DeLongResult) *float64
	}{
		{func(r *DeLongResult) float64 { return r.ByPair.P }, func(r *DeLongResult) *float64 { return &r.HolmByPair }},
		{func(r *DeLongResult) float64 { return r.ByGroup.P }, func(r *DeLongResult) *float64 { return &r.HolmByGroup }},
		{func(r *DeLongResult) float64 { return r.Bootstrap.P }, func(r *DeLongResult) *float64 { return &r.HolmBootstrap }},
	} {
		var p []float64
		var into []*float64
		for i := range out {
			if at := test.holm(&out[i]); math.IsNaN(test.p(&out[i])) {
				*at = math.NaN()
			} else {
				p, into = append(p, test.p(&out[i])), append(into, at)
			}
		}
		adjusted, err := eval.Holm(p)
		if err != nil {
			return nil, err
		}
		for i, v := range adjusted {
			*into[i] = v
		}
	}
	return out, nil
}

func (r *RQ2Report) delongTable() Table {
	se := func(key, name string) Column { return Column{Key: key, Name: name, Kind: KindNumber, Digits: 4} }
	p := func(key, name string) Column { return Column{Key: key, Name: name, Kind: KindPValue} }
	t := Table{
		Name:  "rq2_delong",
		Title: fmt.Sprintf("RQ2 on %s: differences of AUC by three tests", r.Dataset),
		Columns: []Column{
			{Key: "difference", Name: "A − B"}, {Key: "predictor", Name: "Predictor"},
			{Key: "diff_auc", Name: "ΔAUC", Kind: KindSigned, Digits: 4},
			se("delong_se", "SE, DeLong"), p("delong_p", "p"), p("delong_p_holm", "p (Holm)"),
			se("group_se", "SE, DeLong by CV group"), p("group_p", "p"), p("group_p_holm", "p (Holm)"),
			se("bootstrap_se", "SE, bootstrap by CV group"), p("bootstrap_p", "p"), p("bootstrap_p_holm", "p (Holm)"),
		},
		Wide: true,
	}
	for i, d := range r.DeLong {
		t.Rows = append(t.Rows, TableRow{
			Cells: []Cell{Text(d.A.Model + " − " + d.B.Model), Text(d.A.Predictor), Number(d.Bootstrap.Value),
				Number(d.ByPair.SE), Number(d.ByPair.P), Number(d.HolmByPair),
				Number(d.ByGroup.SE), Number(d.ByGroup.P), Number(d.HolmByGroup),
				Number(d.Bootstrap.SE), Number(d.Bootstrap.P), Number(d.HolmBootstrap)},
			Notes: notes(d.ByPair.Warnings, d.ByGroup.Warnings, d.Bootstrap.Warnings),
			Rule:  i > 0 && d.A.Predictor != r.DeLong[i-1].A.Predictor,
		})
	}
	t.Notes = append([]string{r.pairsWords() + "."}, r.warningNotes()...)
	t.Notes = append(t.Notes,
		"DeLong's test takes pairs for independent. Pairs of one CV, and of near-duplicate CVs, are not: its standard errors are wrong here, mostly too small, and it is "+
			"shown because other work reports it. Obuchowski's form of it (DeLong by CV group) and the bootstrap take whole CV groups as independent; of the three, these two are to be believed.",
		"ΔAUC is the mean over seeds. Its variance on other pairs is that of a contrast of all runs' AUCs, from their joint covariance; from two seeds on the variance between "+
			"seeds is added, in all three tests alike.",
		"Two-sided p-values. Holm corrects each test over the rows of this table; rq2_differences corrects the bootstrap over AUC and LogLoss together.")
	return t
}
