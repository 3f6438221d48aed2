package results

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"genjobrec/eval"
)

// RQ2Input is what the second research question needs: do generated JDs improve the matcher?
type RQ2Input struct {
	Dataset string
	Scores  []ScoreRow                 // of the six matchers and the baselines, any order, other splits are ignored; this or Stream, not both
	Stream  iter.Seq2[ScoreRow, error] // such as [Scores] gives, read three times
	Split   string                     // default "test"
	// Baselines are the models shown below the matchers, in this order, each with all its predictors.
	// nil: every other model among the scores, by name.
	Baselines []string
	// Bayes are the metrics of the true probabilities, where the data have them: no matcher can do
	// better on average.
	CeilingAUC, CeilingLogLoss *float64
	// Truth gives the true probability of a pair, where the data have it; nil elsewhere. It is drawn as the ceiling's ROC curve.
	Truth              func(cvID, jdID string) (float64, error)
	BootstrapResamples int     // default 2000
	Seed               uint64  // of the bootstrap
	Level              float64 // of intervals, default 0.95

	Warnings []eval.Warning // about the systems, such as a training that changed nothing; they join those about the test set

	Step func(next string) // is told, at each of [RQ2Steps] steps, what comes next; nil: nobody is
}

// RQ2Steps is how often [RQ2] tells of a step.
const RQ2Steps = 3

// RQ2Report holds everything the tables, rows and figure of the second research question show.
type RQ2Report struct {
	*Comparison
	Dataset                    string
	Matchers, Baselines        []SystemID // as asked for; Comparison.Missing lists those without scores
	CeilingAUC, CeilingLogLoss *float64
	DeLong                     []DeLongResult     // the contrasts' differences of AUC by another test
	Calibration                *CalibrationReport // nil without scores of validation pairs

	ceiling []eval.ROCPoint // empty where nobody knows it
}

// RQ2 judges the six matchers of the paper and the baselines on the same test pairs, and tests, for each
// predictor, GIRL-SFT − Base, GIRL − Base and GIRL − GIRL-SFT. A matcher without scores is shown as
// missing; no matcher at all is an error.
func RQ2(in RQ2Input) (*RQ2Report, error) {
	split := in.Split
	if split == "" {
		split = "test"
	}
	step := in.Step
	if step == nil {
		step = func(string) {}
	}
	step("reading the scores")
	r := &RQ2Report{Dataset: in.Dataset, Matchers: Matchers(), CeilingAUC: in.CeilingAUC, CeilingLogLoss: in.CeilingLogLoss}
	rows, err := either(in.Scores, in.Stream)
	if err != nil {
		return nil, fmt.Errorf("results: RQ2 on %s: %w", in.Dataset, err)
	}
	present := map[SystemID]bool{}
	for s, err := range rows {
		if err != nil {
			return nil, err // which names the file
		}
		if s.Split == split {
			present[SystemID{s.Model, s.Predictor}] = true
		}
	}
	if !slices.ContainsFunc(r.Matchers, func(id SystemID) bool { return present[id] }) {
		return nil, fmt.Errorf("results: RQ2 on %s: none of the six matchers has scores of split %q", in.Dataset, split)
	}
	for _, v := range []*float64{in.CeilingAUC, in.CeilingLogLoss} {
		if v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0)) {
			return nil, errors.New("results: RQ2: a Bayes ceiling is not finite")
		}
	}
	r.Baselines = baselines(in.Baselines, present, r.Matchers)
	var contrasts []Contrast
	for _, predictor := range []string{MLP, Dot} {
		base, sft, girl := SystemID{Base, predictor}, SystemID{GIRLSFT, predictor}, SystemID{GIRL, predictor}
		contrasts = append(contrasts, Contrast{sft, base}, Contrast{girl, base}, Contrast{girl, sft})
	}
	step("comparing the matchers")
	r.Comparison, err = Compare(CompareInput{
		Stream:    rows,
		Split:     split,
		Systems:   slices.Concat(r.Matchers, r.Baselines),
		Contrasts: contrasts,
		Resamples: in.BootstrapResamples,
		Seed:      in.Seed,
		Level:     in.Level,
	})
	if err != nil {
		return nil, err
	}
	r.Warnings = append(slices.Clone(in.Warnings), r.Warnings...)
	if r.DeLong, err = r.Comparison.delong(); err != nil {
		return nil, fmt.Errorf("results: RQ2 on %s: %w", in.Dataset, err)
	}
	step("comparing them recalibrated")
	if r.Calibration, err = r.recalibrated(rows); err != nil {
		return nil, fmt.Errorf("results: RQ2 on %s: calibration: %w", in.Dataset, err)
	}
	if in.Truth == nil {
		return r, nil
	}
	truth := make([]float64, len(r.set.pairs))
	for i, p := range r.set.pairs {
		if truth[i], err = in.Truth(p.cv, p.jd); err != nil {
			return nil, err
		}
	}
	if r.ceiling, err = eval.ExpectedROC(truth); err != nil {
		return nil, fmt.Errorf("results: RQ2 on %s: true probabilities: %w", in.Dataset, err)
	}
	return r, nil
}

// baselines lists the systems of the named models; a name without scores stands for itself, so that
// it shows up as missing.
func baselines(names []string, present map[SystemID]bool, matchers []SystemID) []SystemID {
	var others []SystemID
	for id := range present {
		if !slices.Contains(matchers, id) {
			others = append(others, id)
		}
	}
	slices.SortFunc(others, compareIDs)
	if names == nil {
		return others
	}
	var out []SystemID
	for _, name := range names {
		found := false
		for _, id := range others {
			if id.Model != name {
				continue
			}
			found = true
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
		if id := (SystemID{Model: name}); !found && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// Rows gives every number of the report in long form: the metrics of each run, their means over seeds
// with both kinds of interval, and the differences (model "A - B").
func (r *RQ2Report) Rows(experiment string) []Row {
	var rows []Row
	add := func(model, predictor, metric string, seed int64, v float64) {
		if !math.IsNaN(v) {
			rows = append(rows, Row{experiment, r.Dataset, model, predictor, r.Split, metric, seed, v})
		}
	}
	estimate := func(model, predictor, metric string, e, testOnly eval.Estimate) {
		add(model, predictor, metric, Aggregate, e.Value)
		add(model, predictor, metric+"_low", Aggregate, e.Low)
		add(model, predictor, metric+"_high", Aggregate, e.High)
		add(model, predictor, metric+"_test_low", Aggregate, testOnly.Low)
		add(model, predictor, metric+"_test_high", Aggregate, testOnly.High)
	}
	for _, s := range r.Systems {
		m, p := s.ID.Model, s.ID.Predictor
		for i, run := range s.Runs {
			seed := s.Seeds[i]
			add(m, p, "auc", seed, run.AUC)
			add(m, p, "auc_delong_low", seed, run.AUCDeLong.Low)
			add(m, p, "auc_delong_high", seed, run.AUCDeLong.High)
			add(m, p, "logloss", seed, run.LogLoss)
			add(m, p, "brier", seed, run.Brier)
			add(m, p, "ece", seed, run.ECE)
			add(m, p, "calibration_slope", seed, run.Slope)
			add(m, p, "calibration_intercept", seed, run.Intercept)
		}
		estimate(m, p, "auc", s.AUC, s.AUCTestOnly)
		estimate(m, p, "logloss", s.LogLoss, s.LogLossTestOnly)
		estimate(m, p, "brier", s.Brier, s.BrierTestOnly)
		add(m, p, "ece", Aggregate, s.ECESeeds.Mean)
	}
	for _, c := range r.Contrasts {
		model := c.A.Model + " - " + c.B.Model
		estimate(model, c.A.Predictor, "diff_auc", c.DiffAUC, c.DiffAUCTestOnly)
		add(model, c.A.Predictor, "diff_auc_p", Aggregate, c.DiffAUC.P)
		add(model, c.A.Predictor, "diff_auc_p_holm", Aggregate, c.HolmAUC)
		estimate(model, c.A.Predictor, "diff_logloss", c.DiffLogLoss, c.DiffLogLossTestOnly)
		add(model, c.A.Predictor, "diff_logloss_p", Aggregate, c.DiffLogLoss.P)
		add(model, c.A.Predictor, "diff_logloss_p_holm", Aggregate, c.HolmLogLoss)
	}
	for _, d := range r.DeLong {
		model := d.A.Model + " - " + d.B.Model
		add(model, d.A.Predictor, "diff_auc_delong_p", Aggregate, d.ByPair.P)
		add(model, d.A.Predictor, "diff_auc_delong_group_p", Aggregate, d.ByGroup.P)
	}
	rows = append(rows, r.Calibration.rows(experiment, r.Dataset)...)
	if r.CeilingAUC != nil {
		add("Bayes ceiling", "", "auc", Aggregate, *r.CeilingAUC)
	}
	if r.CeilingLogLoss != nil {
		add("Bayes ceiling", "", "logloss", Aggregate, *r.CeilingLogLoss)
	}
	return rows
}
