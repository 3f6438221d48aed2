package results

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"genjobrec/eval"
)

// validSplit names the pairs that recalibration is fitted on.
const validSplit = "valid"

// Marks beside the model's name of a recalibrated matcher: by its scores of the validation pairs, and by those of the judged pairs
// of other CV groups.
const (
	byValidation = ", recalibrated"
	byOthers     = ", cross-fitted"
)

// crossFolds is the number of folds of [eval.CrossRecalibrate].
const crossFolds = 10

func marked(id SystemID, mark string) SystemID { return SystemID{id.Model + mark, id.Predictor} }

// CalibrationReport sets the matchers beside themselves after logistic recalibration. It is done twice: with each run's map fitted
// on its own scores of the validation pairs ([eval.Recalibrate]), as one would in use, and with maps fitted on the judged pairs of
// other CV groups ([eval.CrossRecalibrate]). The second tells how much of a difference in LogLoss is calibration and not knowledge
// about pairs; the first may fail to, where validation pairs are scored by other networks than test pairs.
type CalibrationReport struct {
	*Comparison            // of all forms of each matcher; their models are "Base", "Base, recalibrated" and "Base, cross-fitted"
	Matchers    []SystemID // as they are
	ValidPairs  int        // that the maps were fitted on
	Differences []CalibrationDifference
}

// CalibrationDifference parts a difference of LogLoss, A − B, into what recalibration takes away and what is left.
type CalibrationDifference struct {
	Contrast
	Before, Validation, Cross eval.Estimate // as they are, recalibrated on validation pairs, cross-fitted
	Calibration               eval.Estimate // Before − Cross, by the same resamples and seeds
	// Share is Calibration/Before; NaN unless the interval of Before excludes zero, as a share of nothing means nothing.
	Share float64
}

// recalibrated compares matchers before and after; nil where there are no scores of validation pairs.
func (r *RQ2Report) recalibrated(rows iter.Seq2[ScoreRow, error]) (*CalibrationReport, error) {
	out := &CalibrationReport{}
	for _, id := range r.Matchers {
		if r.set.systems[id] != nil {
			out.Matchers = append(out.Matchers, id)
		}
	}
	valid, err := collect(rows, validSplit, func(id SystemID) bool { return slices.Contains(out.Matchers, id) })
	if err != nil {
		return nil, err
	}
	if len(valid.systems) == 0 {
		return nil, nil
	}
	out.ValidPairs = len(valid.labels)
	all := *r.set
	all.systems = map[SystemID]*systemScores{}
	in := CompareInput{Split: r.Split, Resamples: r.boot.Resamples, Seed: r.boot.Seed, Level: r.boot.Level}
	for _, id := range out.Matchers {
		own, fit := r.set.systems[id], valid.systems[id]
		if fit == nil || !slices.Equal(fit.seeds, own.seeds) {
			return nil, fmt.Errorf("%s has not scored the validation pairs with every seed", id)
		}
		validation, cross := &systemScores{seeds: own.seeds}, &systemScores{seeds: own.seeds}
		for i := range own.scores {
			_, probs, err := eval.Recalibrate(valid.labels, fit.scores[i], own.scores[i])
			if err != nil {
				return nil, fmt.Errorf("%s, seed %d: %w", id, own.seeds[i], err)
			}
			validation.scores = append(validation.scores, probs)
			if probs, err = eval.CrossRecalibrate(r.set.labels, r.set.clusters, crossFolds, own.scores[i]); err != nil {
				return nil, fmt.Errorf("%s, seed %d: %w", id, own.seeds[i], err)
			}
			cross.scores = append(cross.scores, probs)
		}
		all.systems[id], all.systems[marked(id, byValidation)], all.systems[marked(id, byOthers)] = own, validation, cross
		in.Systems = append(in.Systems, id, marked(id, byValidation), marked(id, byOthers))
	}
	for _, k := range r.Contrasts {
		for _, mark := range []string{"", byValidation, byOthers} {
			in.Contrasts = append(in.Contrasts, Contrast{marked(k.A, mark), marked(k.B, mark)})
		}
	}
	if out.Comparison, err = compareSet(&all, in); err != nil {
		return nil, err
	}
	for _, k := range r.Contrasts {
		d, err := out.part(k.Contrast)
		if err != nil {
			return nil, err
		}
		out.Differences = append(out.Differences, d)
	}
	return out, nil
}

// part computes the difference of differences.
func (c *CalibrationReport) part(k Contrast) (CalibrationDifference, error) {
	find := func(mark string) ContrastResult {
		k := Contrast{marked(k.A, mark), marked(k.B, mark)}
		return c.Contrasts[slices.IndexFunc(c.Contrasts, func(r ContrastResult) bool { return r.Contrast == k })]
	}
	before, cross := find(""), find(byOthers)
	d := CalibrationDifference{Contrast: k, Before: before.DiffLogLoss, Validation: find(byValidation).DiffLogLoss, Cross: cross.DiffLogLoss, Share: math.NaN()}
	var draws, seeds [2][]float64 // before, cross-fitted
	for i, k := range []Contrast{before.Contrast, cross.Contrast} {
		a, _ := c.System(k.A)
		b, _ := c.System(k.B)
		draws[i] = subtract(a.logLossDraws, b.logLossDraws)
		if runs := seedDifferences(a, b, pickLogLoss); len(runs) == 1 {
			seeds[i] = runs[0]
		}
	}
	e, err := c.boot.Summarise(before.DiffLogLoss.Value-cross.DiffLogLoss.Value, subtract(draws[0], draws[1]), nil)
	if err != nil {
		return d, err
	}
	// Systems with other seeds have no pairs of runs; then the interval says nothing about training.
	if seeds[0] != nil {
		e, err = eval.WithSeedVariance(e, c.Groups, c.Level, subtract(seeds[0], seeds[1]))
	}
	d.Calibration = e
	if d.Before.Low > 0 || d.Before.High < 0 {
		d.Share = e.Value / d.Before.Value
	}
	return d, err
}

func subtract(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

// rows gives the recalibrated matchers' numbers in long form.
func (c *CalibrationReport) rows(experiment, dataset string) (rows []Row) {
	if c == nil {
		return nil
	}
	add := func(id SystemID, metric string, seed int64, v float64) {
		if !math.IsNaN(v) {
			rows = append(rows, Row{experiment, dataset, id.Model, id.Predictor, c.Split, metric, seed, v})
		}
	}
	for _, s := range c.Systems {
		id := s.ID
		if slices.Contains(c.Matchers, id) { // is in the report itself
			continue
		}
		for i, m := range s.Runs {
			add(id, "logloss", s.Seeds[i], m.LogLoss)
			add(id, "brier", s.Seeds[i], m.Brier)
			add(id, "ece", s.Seeds[i], m.ECE)
			add(id, "calibration_slope", s.Seeds[i], m.Slope)
			add(id, "calibration_intercept", s.Seeds[i], m.Intercept)
		}
		add(id, "logloss", Aggregate, s.LogLoss.Value)
		add(id, "logloss_low", Aggregate, s.LogLoss.Low)
		add(id, "logloss_high", Aggregate, s.LogLoss.High)
	}
	return rows
}

func (r *RQ2Report) calibrationTables() []Table {
	if r.Calibration == nil {
		return nil
	}
	return []Table{r.calibrationTable(), r.calibrationDifferences()}
}

func (r *RQ2Report) calibrationTable() Table {
	c := r.Calibration
	interval := func(key, name string, kind Kind, digits int) Column {
		return Column{Key: key, Name: name, Kind: kind, Digits: digits, Interval: true}
	}
	t := Table{
		Name:  "rq2_calibration",
		Title: fmt.Sprintf("RQ2 on %s: calibration of the matchers, before and after recalibration", r.Dataset),
		Columns: []Column{
			{Key: "matcher", Name: "Matcher"}, {Key: "probabilities", Name: "Probabilities"},
			interval("logloss", "LogLoss", KindNumber, 4), interval("brier", "Brier", KindNumber, 4), interval("ece", "ECE", KindNumber, 4),
			interval("slope", "Slope", KindNumber, 2), interval("intercept", "Intercept", KindSigned, 2),
		},
		Wide: true,
	}
	for i, id := range c.Matchers {
		for j, form := range []struct {
			id   SystemID
			name string
		}{{id, "as they are"}, {marked(id, byValidation), "by validation"}, {marked(id, byOthers), "cross-fitted"}} {
			s, _ := c.System(form.id)
			t.Rows = append(t.Rows, TableRow{Rule: j == 0 && i > 0, Notes: notes(s.LogLoss.Warnings), Cells: []Cell{Text(id.String()), Text(form.name),
				WithInterval(s.LogLoss.Value, s.LogLoss.Low, s.LogLoss.High), WithInterval(s.Brier.Value, s.Brier.Low, s.Brier.High),
				eceCell(s),
				seedCell(s, c.Level, func(m RunMetrics) float64 { return m.Slope }), seedCell(s, c.Level, func(m RunMetrics) float64 { return m.Intercept })}})
		}
	}
	t.Notes = append(r.commonNotes(),
		fmt.Sprintf("Recalibration: σ(a·logit(p) + b), a and b fitted with Platt's targets for each matcher and seed: by validation on its scores of the %d validation pairs, cross-fitted on the judged pairs of other CV groups (%d folds; a diagnosis, as it needs their labels).", c.ValidPairs, crossFolds),
		"Slope and intercept of logit(match) on logit(p) on the judged pairs: 1 and 0 are perfect, a slope below 1 is over-confident, above 1 timid. Their intervals, and those of ECE, cover other seeds alone; where all seeds agree there is none.",
		"A validation pair is scored by the one network that was not trained on its CV, a test pair by the mean of all networks, which is more timid. So the maps fitted on validation pairs suit single networks and may do harm; the cross-fitted ones show what calibration is worth.")
	return t
}

// seedCell is a mean over seeds with Student's interval; missing where a run has no value.
func seedCell(s *SystemResult, level float64, pick func(RunMetrics) float64) Cell {
	summary, err := eval.MeanOverSeeds(s.values(pick), level)
	if err != nil { // not finite: the fit does not exist
		return Missing()
	}
	if summary.SD == 0 { // see eceCell
		return Number(summary.Mean)
	}
	return WithInterval(summary.Mean, summary.Low, summary.High)
}

func (r *RQ2Report) calibrationDifferences() Table {
	signed := func(key, name string) Column {
		return Column{Key: key, Name: name, Kind: KindSigned, Digits: 4, Interval: true}
	}
	t := Table{
		Name:  "rq2_calibration_differences",
		Title: fmt.Sprintf("RQ2 on %s: how much of the differences in LogLoss is calibration", r.Dataset),
		Columns: []Column{{Key: "difference", Name: "A − B"}, {Key: "predictor", Name: "Predictor"},
			signed("before", "ΔLogLoss as they are"), signed("validation", "by validation"), signed("cross", "cross-fitted"), signed("calibration", "due to calibration"),
			{Key: "share", Name: "share", Kind: KindNumber, Digits: 2}},
		Wide: true,
	}
	for i, d := range r.Calibration.Differences {
		cell := func(e eval.Estimate) Cell { return WithInterval(e.Value, e.Low, e.High) }
		t.Rows = append(t.Rows, TableRow{Rule: i > 0 && d.A.Predictor != r.Calibration.Differences[i-1].A.Predictor, Notes: notes(d.Calibration.Warnings),
			Cells: []Cell{Text(d.A.Model + " − " + d.B.Model), Text(d.A.Predictor), cell(d.Before), cell(d.Validation), cell(d.Cross), cell(d.Calibration), Number(d.Share)}})
	}
	t.Notes = append(r.commonNotes(),
		"ΔLogLoss below zero means that A is better. Recalibration as in rq2_calibration. Due to calibration: what cross-fitted recalibration takes away of the difference.",
		"Share: due to calibration over ΔLogLoss as they are; it is given where the interval of the latter excludes zero, as the share of a difference that may be none means nothing.",
		"Intervals come from the paired bootstrap over CV groups and, from two seeds on, the spread of the per-seed differences; they hold for the fitted maps and do not cover the uncertainty of fitting them.")
	return t
}
