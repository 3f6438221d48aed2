package results

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The tables show the estimates over test pairs and seeds, each number under its own heading: found by key, not by place.
func TestTablesShowTheReport(t *testing.T) {
	r := simulatedReport(t, 200, 3)
	cell := func(table Table, row int, key string) Cell {
		for i, c := range table.Columns {
			if c.Key == key {
				return table.Rows[row].Cells[i]
			}
		}
		t.Fatalf("%s has no column %q", table.Name, key)
		return Cell{}
	}
	check := func(table Table, row int, key string, want Cell) {
		if diff := cmp.Diff(want, cell(table, row, key), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s, row %d, %s (-want +got):\n%s", table.Name, row, key, diff)
		}
	}
	tables := map[string]Table{}
	for _, table := range r.Tables() {
		tables[table.Name] = table
	}
	metrics := tables["rq2"]
	for i, id := range r.Matchers {
		s, ok := r.System(id)
		if !ok {
			t.Fatalf("%s is missing", id)
		}
		check(metrics, i, "matcher", Text(id.String()))
		check(metrics, i, "auc", WithInterval(s.AUC.Value, s.AUC.Low, s.AUC.High))
		check(metrics, i, "logloss", WithInterval(s.LogLoss.Value, s.LogLoss.Low, s.LogLoss.High))
		check(metrics, i, "brier", WithInterval(s.Brier.Value, s.Brier.Low, s.Brier.High))
		check(metrics, i, "seeds", Number(3))
		if s.AUC.Low == s.AUCTestOnly.Low || s.LogLoss.High == s.LogLossTestOnly.High {
			t.Errorf("%s: seeds add nothing to the intervals: the test shows nothing", id)
		}
		if paper, ok := Paper(id); ok {
			check(metrics, i, "auc_minus_paper", Number(s.AUC.Value-paper.AUC))
			check(metrics, i, "logloss_minus_paper", Number(s.LogLoss.Value-paper.LogLoss))
		}
	}
	differences := tables["rq2_differences"]
	for i, c := range r.Contrasts {
		check(differences, i, "difference", Text(fmt.Sprintf("%s − %s", c.A.Model, c.B.Model)))
		check(differences, i, "predictor", Text(c.A.Predictor))
		check(differences, i, "diff_auc", WithInterval(c.DiffAUC.Value, c.DiffAUC.Low, c.DiffAUC.High))
		check(differences, i, "diff_auc_p", Number(c.DiffAUC.P))
		check(differences, i, "diff_auc_p_holm", Number(c.HolmAUC))
		check(differences, i, "diff_logloss", WithInterval(c.DiffLogLoss.Value, c.DiffLogLoss.Low, c.DiffLogLoss.High))
		check(differences, i, "diff_logloss_p", Number(c.DiffLogLoss.P))
		check(differences, i, "diff_logloss_p_holm", Number(c.HolmLogLoss))
		if c.DiffAUC.P == c.DiffAUCTestOnly.P || c.DiffLogLoss.Low == c.DiffLogLossTestOnly.Low {
			t.Errorf("%v: seeds add nothing to the test: the test shows nothing", c.Contrast)
		}
	}
	delong := tables["rq2_delong"]
	for i, d := range r.DeLong {
		check(delong, i, "delong_p", Number(d.ByPair.P))
		check(delong, i, "group_p", Number(d.ByGroup.P))
		check(delong, i, "group_se", Number(d.ByGroup.SE))
		check(delong, i, "bootstrap_p_holm", Number(d.HolmBootstrap))
	}
}
