package results

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"genjobrec/eval"
)

// CompareInput is what [Compare] needs.
type CompareInput struct {
	Scores    []ScoreRow                 // this or Stream, not both
	Stream    iter.Seq2[ScoreRow, error] // such as [Scores] gives: of each row only the score stays in memory
	Split     string                     // default "test"
	Systems   []SystemID                 // judged, in this order; those without scores are skipped and listed as missing
	Contrasts []Contrast                 // tested, as one family of hypotheses
	Resamples int                        // of the bootstrap, default 2000
	Seed      uint64                     // of the bootstrap
	Level     float64                    // of intervals, default 0.95
}

// Contrast is the question whether A differs from B.
type Contrast struct{ A, B SystemID }

// Comparison is systems judged on the same pairs, with their uncertainty.
//
// How several seeds combine. A metric is computed for each seed, and its mean over seeds is
// reported: the performance to expect of one training run (not of an ensemble, which averaging the
// scores would give). Two things could have come out otherwise: which pairs are in the test set, and
// which seeds were drawn. Seeds that score the same pairs are not independent samples, so their rows
// are never pooled. The first part is the cluster bootstrap over CV groups of the seed-averaged
// metric (the same resample for every seed and system, so differences are paired); the second is
// the variance between seeds; [eval.WithSeedVariance] adds them. With one seed the interval is the
// bootstrap's own and says nothing about training.
type Comparison struct {
	Systems   []SystemResult
	Contrasts []ContrastResult
	Missing   []SystemID // asked for, but without scores
	Split     string
	Pairs     int
	Positives int
	Groups    int     // CV groups
	Tests     int     // over which Holm corrects: of the contrasts, and of those of other comparisons in the same table
	Level     float64 // of all intervals
	Warnings  []eval.Warning

	set  *testSet
	boot eval.Bootstrap
}

// SystemResult is one system's numbers.
type SystemResult struct {
	ID    SystemID
	Seeds []int64
	Runs  []RunMetrics // one a seed
	// Means over seeds. The intervals of AUC, LogLoss and Brier cover test pairs and seeds; those of
	// the Seeds fields cover seeds alone (Student).
	AUC, LogLoss, Brier                          eval.Estimate
	AUCSeeds, LogLossSeeds, BrierSeeds, ECESeeds eval.SeedSummary
	AUCTestOnly, LogLossTestOnly, BrierTestOnly  eval.Estimate // bootstrap alone
	aucDraws, logLossDraws                       []float64     // mean over seeds on each resample
}

// RunMetrics are the metrics of one training run.
type RunMetrics struct {
	AUC, LogLoss, Brier, ECE float64
	// AUCDeLong is the interval that would hold if pairs were independent; kept for comparison with
	// other work, as pairs of one CV are not.
	AUCDeLong eval.Estimate
	// Slope and Intercept of logistic recalibration, see [eval.Calibration]; NaN where they do not exist.
	Slope, Intercept float64
}

// ContrastResult is a tested difference A − B of means over seeds.
type ContrastResult struct {
	Contrast
	DiffAUC     eval.Estimate // AUC(A) − AUC(B), positive when A is better; test pairs and seeds
	DiffLogLoss eval.Estimate // LogLoss(A) − LogLoss(B), negative when A is better
	// The same by the bootstrap over CV groups alone: these training runs, other test pairs.
	DiffAUCTestOnly, DiffLogLossTestOnly eval.Estimate
	// P-values corrected after Holm over all contrasts and both metrics, see [CorrectTogether] for families of comparisons.
	HolmAUC, HolmLogLoss float64
}

// Compare judges systems on the pairs of a split. Contrasts with a missing side are left out. Errors:
// no scores at all, Scores and Stream at once, one class among the labels, systems that scored different pairs.
func Compare(in CompareInput) (*Comparison, error) {
	if in.Split == "" {
		in.Split = "test"
	}
	rows, err := either(in.Scores, in.Stream)
	if err != nil {
		return nil, fmt.Errorf("results: comparing on split %q: %w", in.Split, err)
	}
	set, err := collect(rows, in.Split, func(id SystemID) bool { return slices.Contains(in.Systems, id) })
	if err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	if len(set.systems) == 0 {
		return nil, fmt.Errorf("results: no scores of split %q for any of %v", in.Split, in.Systems)
	}
	return compareSet(set, in)
}

// compareSet is [Compare] on scores that have been collected.
func compareSet(set *testSet, in CompareInput) (*Comparison, error) {
	if in.Level == 0 {
		in.Level = 0.95
	}
	boot := eval.Bootstrap{Resamples: in.Resamples, Seed: in.Seed, Level: in.Level}
	c := &Comparison{Split: in.Split, Pairs: len(set.labels), Level: in.Level, set: set, boot: boot}
	for _, y := range set.labels {
		c.Positives += y
	}

	// One bootstrap run for all: every system and seed on the same resamples.
	var all [][]float64
	for _, id := range in.Systems {
		if s := set.systems[id]; s != nil {
			all = append(all, s.scores...)
		} else {
			c.Missing = append(c.Missing, id)
		}
	}
	draws, err := boot.Draw(set.labels, set.clusters, all...)
	if err != nil {
		return nil, fmt.Errorf("results: comparing on split %q: %w", in.Split, err)
	}
	c.Groups, c.Warnings = draws.Clusters, draws.Warnings

	from := 0
	present := slices.DeleteFunc(slices.Clone(in.Systems), func(id SystemID) bool { return set.systems[id] == nil })
	c.Systems = make([]SystemResult, len(present))
	errs := make([]error, len(present)) // by system: which one fails first depends on timing
	var judges errgroup.Group
	judges.SetLimit(runtime.GOMAXPROCS(0))
	for i, id := range present {
		s := set.systems[id]
		auc, logLoss, brier := draws.AUC[from:][:len(s.scores)], draws.LogLoss[from:][:len(s.scores)], draws.Brier[from:][:len(s.scores)]
		from += len(s.scores)
		judges.Go(func() error {
			var err error
			if c.Systems[i], err = judge(id, s, set.labels, boot, c.Groups, auc, logLoss, brier); err != nil {
				errs[i] = fmt.Errorf("results: %s: %w", id, err)
			}
			return nil
		})
	}
	_ = judges.Wait() // the errors are in errs
	if err := cmp.Or(errs...); err != nil {
		return nil, err
	}
	if err := c.test(in.Contrasts, boot); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	return c, nil
}

// System finds a system's result.
func (c *Comparison) System(id SystemID) (*SystemResult, bool) {
	for i := range c.Systems {
		if c.Systems[i].ID == id {
			return &c.Systems[i], true
		}
	}
	return nil, false
}

// judge computes one system's metrics and their uncertainty from its draws, one slice a seed.
func judge(id SystemID, s *systemScores, labels []int, boot eval.Bootstrap, groups int, auc, logLoss, brier [][]float64) (SystemResult, error) {
	r := SystemResult{ID: id, Seeds: s.seeds, aucDraws: meanDraws(auc), logLossDraws: meanDraws(logLoss)}
	for _, probs := range s.scores {
		m, err := runMetrics(labels, probs, boot.Level)
		if err != nil {
			return r, err
		}
		r.Runs = append(r.Runs, m)
	}
	for _, part := range []struct {
		pick     func(RunMetrics) float64
		draws    []float64
		high     float64 // end of the metric's range; all begin at 0
		estimate *eval.Estimate
		testOnly *eval.Estimate
		seeds    *eval.SeedSummary
	}{
		{pickAUC, r.aucDraws, 1, &r.AUC, &r.AUCTestOnly, &r.AUCSeeds},
		{pickLogLoss, r.logLossDraws, math.Inf(1), &r.LogLoss, &r.LogLossTestOnly, &r.LogLossSeeds},
		{func(m RunMetrics) float64 { return m.Brier }, meanDraws(brier), 1, &r.Brier, &r.BrierTestOnly, &r.BrierSeeds},
		{func(m RunMetrics) float64 { return m.ECE }, nil, 1, nil, nil, &r.ECESeeds},
	} {
		values := r.values(part.pick)
		var err error
		if *part.seeds, err = eval.MeanOverSeeds(values, boot.Level); err != nil {
			return r, err
		}
		if part.draws == nil {
			continue
		}
		if *part.testOnly, err = boot.Summarise(part.seeds.Mean, part.draws, nil); err != nil {
			return r, err
		}
		if *part.estimate, err = eval.WithSeedVariance(*part.testOnly, groups, boot.Level, values); err != nil {
			return r, err
		}
		part.estimate.Low, part.estimate.High = max(part.estimate.Low, 0), min(part.estimate.High, part.high)
		// A metric is not tested against zero.
		part.estimate.P, part.testOnly.P = math.NaN(), math.NaN()
	}
	return r, nil
}

func pickAUC(m RunMetrics) float64     { return m.AUC }
func pickLogLoss(m RunMetrics) float64 { return m.LogLoss }

// values picks one metric of each run.
func (r *SystemResult) values(pick func(RunMetrics) float64) []float64 {
	out := make([]float64, len(r.Runs))
	for i, m := range r.Runs {
		out[i] = pick(m)
	}
	return out
}

func runMetrics(labels []int, probs []float64, level float64) (m RunMetrics, err error) {
	var errs [5]error
	m.AUC, errs[0] = eval.AUC(labels, probs)
	m.LogLoss, errs[1] = eval.LogLoss(labels, probs)
	m.Brier, errs[2] = eval.Brier(labels, probs)
	m.ECE, errs[3] = eval.ECE(labels, probs)
	m.Slope, m.Intercept, errs[4] = eval.Calibration(labels, probs)
	if errors.Is(errs[4], eval.ErrConstant) || errors.Is(errs[4], eval.ErrSeparated) {
		m.Slope, m.Intercept, errs[4] = math.NaN(), math.NaN(), nil
	}
	if err := errors.Join(errs[:]...); err != nil {
		return m, err
	}
	m.AUCDeLong, err = eval.DeLong(labels, probs, eval.DeLongOptions{Level: level})
	if errors.Is(err, eval.ErrRange) { // a class of one row
		m.AUCDeLong, err = eval.Estimate{Value: m.AUC, SE: math.NaN(), Low: math.NaN(), High: math.NaN(), P: math.NaN()}, nil
	}
	return m, err
}

// meanDraws averages the draws over seeds, resample by resample.
func meanDraws(draws [][]float64) []float64 {
	mean := make([]float64, len(draws[0]))
	for r := range mean {
		for _, d := range draws {
			mean[r] += d[r]
		}
		mean[r] /= float64(len(draws))
	}
	return mean
}
