package results

import (
	"fmt"

	"genjobrec/eval"
)

// Tables gives the tables of the second research question: "rq2", the metrics of every matcher and baseline beside the paper's,
// "rq2_differences", the tested differences, "rq2_delong", those of AUC by two tests more, and, where there are scores of
// validation pairs, "rq2_calibration" and "rq2_calibration_differences", what recalibration changes.
func (r *RQ2Report) Tables() []Table {
	return append([]Table{r.metrics(), r.differences(), r.delongTable()}, r.calibrationTables()...)
}

func (r *RQ2Report) metrics() Table {
	t := Table{
		Name:  "rq2",
		Title: fmt.Sprintf("RQ2 on %s: do generated job descriptions improve the matcher?", r.Dataset),
		Columns: []Column{
			{Key: "matcher", Name: "Matcher"},
			{Key: "auc_paper", Name: "AUC, paper", Kind: KindNumber, Digits: 4},
			{Key: "auc", Name: "AUC, ours", Kind: KindNumber, Digits: 4, Interval: true},
			{Key: "auc_minus_paper", Name: "ours − paper", Kind: KindSigned, Digits: 4},
			{Key: "logloss_paper", Name: "LogLoss, paper", Kind: KindNumber, Digits: 4},
			{Key: "logloss", Name: "LogLoss, ours", Kind: KindNumber, Digits: 4, Interval: true},
			{Key: "logloss_minus_paper", Name: "ours − paper", Kind: KindSigned, Digits: 4},
			{Key: "brier", Name: "Brier", Kind: KindNumber, Digits: 4, Interval: true},
			{Key: "ece", Name: "ECE", Kind: KindNumber, Digits: 4, Interval: true},
			{Key: "seeds", Name: "Seeds", Kind: KindCount},
		},
		Wide: true,
	}
	for _, id := range r.Matchers {
		t.Rows = append(t.Rows, r.metricRow(id, id == SystemID{Base, Dot}))
	}
	for i, id := range r.Baselines {
		t.Rows = append(t.Rows, r.metricRow(id, i == 0))
	}
	if r.CeilingAUC != nil || r.CeilingLogLoss != nil {
		row := blankRow(Text("Bayes ceiling"), len(t.Columns))
		row.Rule = true
		if r.CeilingAUC != nil {
			row.Cells[2] = Number(*r.CeilingAUC)
		}
		if r.CeilingLogLoss != nil {
			row.Cells[5] = Number(*r.CeilingLogLoss)
		}
		row.Notes = []string{"The metric of the true match probabilities: no matcher can do better on average."}
		t.Rows = append(t.Rows, row)
	}
	t.Notes = append(r.commonNotes(),
		"Means over seeds. Intervals of AUC, LogLoss and Brier cover other test pairs (bootstrap over CV groups of the "+
			"seed-averaged metric) and, from two seeds on, other seeds; intervals of ECE (15 bins of equal width) cover other seeds alone, and where all seeds agree there is none.",
		"Paper: arXiv 2307.02157, private data and a 7B generator. The columns ours − paper describe two different data sets, "+
			"they are no test of either.")
	return t
}

// metricRow shows one system; id without scores gives a row of dashes and a note.
func (r *RQ2Report) metricRow(id SystemID, rule bool) TableRow {
	row := blankRow(Text(id.String()), 10)
	row.Rule = rule
	paper, inPaper := Paper(id)
	if inPaper {
		row.Cells[1], row.Cells[4] = Number(paper.AUC), Number(paper.LogLoss)
	}
	s, ok := r.System(id)
	if !ok {
		row.Notes = []string{"Not run."}
		return row
	}
	row.Cells[2] = WithInterval(s.AUC.Value, s.AUC.Low, s.AUC.High)
	row.Cells[5] = WithInterval(s.LogLoss.Value, s.LogLoss.Low, s.LogLoss.High)
	if inPaper {
		row.Cells[3] = Number(s.AUC.Value - paper.AUC)
		row.Cells[6] = Number(s.LogLoss.Value - paper.LogLoss)
	}
	row.Cells[7] = WithInterval(s.Brier.Value, s.Brier.Low, s.Brier.High)
	row.Cells[8] = eceCell(s)
	row.Cells[9] = Number(float64(len(s.Seeds)))
	row.Notes = notes(s.AUC.Warnings, s.LogLoss.Warnings)
	for _, run := range s.Runs {
		row.Notes = append(row.Notes, notes(run.AUCDeLong.Warnings)...)
	}
	return row
}

// eceCell is the mean over seeds. Where all seeds agree, as those of a system that was not trained do, an interval over seeds would
// have no width, as if it were known exactly: none is shown.
func eceCell(s *SystemResult) Cell {
	if s.ECESeeds.SD < 1e-12 { // but for rounding
		return Number(s.ECESeeds.Mean)
	}
	return WithInterval(s.ECESeeds.Mean, max(s.ECESeeds.Low, 0), min(s.ECESeeds.High, 1))
}

func (r *RQ2Report) differences() Table {
	t := Table{
		Name:  "rq2_differences",
		Title: fmt.Sprintf("RQ2 on %s: paired differences between matchers", r.Dataset),
		Columns: []Column{
			{Key: "difference", Name: "A − B"},
			{Key: "predictor", Name: "Predictor"},
			{Key: "diff_auc_paper", Name: "ΔAUC, paper", Kind: KindSigned, Digits: 4},
			{Key: "diff_auc", Name: "ΔAUC, ours", Kind: KindSigned, Digits: 4, Interval: true},
			{Key: "diff_auc_p", Name: "p", Kind: KindPValue},
			{Key: "diff_auc_p_holm", Name: "p (Holm)", Kind: KindPValue},
			{Key: "diff_logloss_paper", Name: "ΔLogLoss, paper", Kind: KindSigned, Digits: 4},
			{Key: "diff_logloss", Name: "ΔLogLoss, ours", Kind: KindSigned, Digits: 4, Interval: true},
			{Key: "diff_logloss_p", Name: "p", Kind: KindPValue},
			{Key: "diff_logloss_p_holm", Name: "p (Holm)", Kind: KindPValue},
		},
		Wide: true,
	}
	for i, c := range r.Contrasts {
		paperA, _ := Paper(c.A)
		paperB, _ := Paper(c.B)
		t.Rows = append(t.Rows, TableRow{
			Cells: []Cell{
				Text(c.A.Model + " − " + c.B.Model),
				Text(c.A.Predictor),
				Number(paperA.AUC - paperB.AUC),
				WithInterval(c.DiffAUC.Value, c.DiffAUC.Low, c.DiffAUC.High),
				Number(c.DiffAUC.P),
				Number(c.HolmAUC),
				Number(paperA.LogLoss - paperB.LogLoss),
				WithInterval(c.DiffLogLoss.Value, c.DiffLogLoss.Low, c.DiffLogLoss.High),
				Number(c.DiffLogLoss.P),
				Number(c.HolmLogLoss),
			},
			Notes: notes(c.DiffAUC.Warnings, c.DiffLogLoss.Warnings),
			Rule:  i > 0 && c.A.Predictor != r.Contrasts[i-1].A.Predictor,
		})
	}
	t.Notes = append(r.commonNotes(),
		"ΔAUC above zero and ΔLogLoss below zero mean that A is better.",
		"Intervals and two-sided p-values come from the paired bootstrap over CV groups and, from two seeds on, the spread of the "+
			"per-seed differences; Holm corrects over all tests of this table.",
		notePaperGain)
	return t
}

// commonNotes describe the test set, and pass on the warnings about it.
func (r *RQ2Report) commonNotes() []string {
	return append([]string{fmt.Sprintf("%s. %s intervals in brackets.", r.pairsWords(), percent(r.Level))}, r.warningNotes()...)
}

func (r *RQ2Report) pairsWords() string {
	return fmt.Sprintf("%d %s pairs, %d matched, from %d CV groups", r.Pairs, r.Split, r.Positives, r.Groups)
}

func (r *RQ2Report) warningNotes() []string { return notes(r.Warnings) }

func percent(level float64) string { return formatFloat(100*level) + " %" }

// notes turns warnings into footnotes, each once.
func notes(lists ...[]eval.Warning) []string {
	var out []string
	seen := map[eval.Warning]bool{}
	for _, list := range lists {
		for _, w := range list {
			if !seen[w] {
				seen[w] = true
				out = append(out, "Warning: "+string(w)+".")
			}
		}
	}
	return out
}

// blankRow begins with a first cell and has nothing in the others.
func blankRow(first Cell, columns int) TableRow {
	row := TableRow{Cells: make([]Cell, columns)}
	for i := range row.Cells {
		row.Cells[i] = Missing()
	}
	row.Cells[0] = first
	return row
}
