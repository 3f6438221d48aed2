package girl

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"genjobrec/datasets"
	"genjobrec/results"
)

// SweepOptions are the generation settings that the fourth research question varies, one at a time.
type SweepOptions struct {
	Samples      []int     // K, numbers of JDs a CV, at the run's temperature
	Temperatures []float64 // with the run's K
}

// DefaultSweep covers K from 1 to 16 and temperatures around the run's own.
func DefaultSweep() SweepOptions {
	return SweepOptions{Samples: []int{1, 2, 4, 8, 16}, Temperatures: []float64{0.3, 0.5, 0.7, 1, 1.3}}
}

// setting is one way to write JDs.
type setting struct {
	K           int     `json:"k"`
	Temperature float64 `json:"temperature"`
}

// model names the matchers of a setting; names sort by K, then by temperature.
func (g setting) model() string { return fmt.Sprintf("K=%03d T=%.2f", g.K, g.Temperature) }

func (g setting) file() string { return fmt.Sprintf("k%03d-t%.2f", g.K, g.Temperature) }

// cost is what a setting's JDs took to write.
type cost struct {
	setting
	CVs     int     `json:"cvs"` // timed
	Tokens  int     `json:"tokens"`
	Seconds float64 `json:"seconds"` // wall time of sampling with nothing of the sweep beside it, without the reward model's reading
}

// settings lists the different settings of the sweep.
func (o SweepOptions) settings(c GenerateConfig) ([]setting, error) {
	var out []setting
	add := func(g setting) {
		if !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	for _, k := range o.Samples {
		if k < 1 || k > MaxSamples {
			return nil, fmt.Errorf("K = %d is out of range: it must lie between 1 and %d", k, MaxSamples)
		}
		add(setting{k, c.Temperature})
	}
	for _, t := range o.Temperatures {
		if !(t >= 0 && t <= 10) {
			return nil, fmt.Errorf("temperature %g is out of range: it must lie between 0 and 10", t)
		}
		add(setting{c.Samples, t})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("nothing to vary: neither numbers of JDs nor temperatures were given")
	}
	slices.SortFunc(out, func(a, b setting) int { return strings.Compare(a.model(), b.model()) })
	return out, nil
}

// Sweep answers the fourth research question for a finished run: GIRL writes JDs with each setting, matchers are tuned and
// trained on them exactly as in the run, and tables and figures named rq4 are left in the run's folder. What is already
// there is not computed again.
func Sweep(ctx context.Context, runDir string, o SweepOptions, report *Reporter) (*SweepReport, error) {
	r, err := reopen(ctx, runDir, report)
	if err != nil {
		return nil, err
	}
	defer r.close()
	r.limitSeeds()
	list, err := o.settings(r.cfg.Generate)
	if err != nil {
		return nil, err
	}
	write := func(s *seedRun) error { return s.sweepWrite(list) }
	err = r.eachSeed(write, func(s *seedRun) error { return s.sweepMatch(list) })
	if err == nil {
		// One seed after the other: one that shared the machine with another would seem to write more slowly.
		err = r.seedsSideBySide(1, write, func(s *seedRun) error { return s.sweepClock(list) })
	}
	if err != nil {
		return nil, r.interruptedStudy("rq4", err)
	}
	return r.sweepReport(o.Samples, list)
}

// SweepReport is what a sweep shows.
type SweepReport struct {
	Findings []string // sentences with their numbers
	Table    results.Table
	Steps    results.Table // from each K to the next
	Figures  []*results.Figure
}

func (s *seedRun) sweepDir() string { return filepath.Join(s.path, "rq4") }

// sourceOf is the setting whose JDs a setting shares: that of the same temperature with the most JDs. A CV's JDs are drawn one like
// another, each with random numbers of its own, so that the first K of them are what K JDs are, and settings differ by what they add
// and not by luck.
func sourceOf(list []setting, g setting) setting {
	for _, other := range list {
		if other.Temperature == g.Temperature && other.K > g.K {
			g = other
		}
	}
	return g
}

// sweepRows reads the JDs of a setting.
func (s *seedRun) sweepRows(list []setting, g setting) ([]results.GeneratedRow, error) {
	rows, err := results.ReadGenerated(filepath.Join(s.sweepDir(), sourceOf(list, g).file()+".parquet"))
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r results.GeneratedRow) bool { return int(r.K) >= g.K })
	for i := range rows {
		rows[i].Model = g.model()
	}
	return rows, nil
}

// sweepWriter writes JDs with a setting.
func (s *seedRun) sweepWriter(g setting) (*jdWriter, error) {
	c := s.sweepConfig(g)
	return newJDWriter(s.backend, s.template, s.aligned, s.reward, s.normalizer, s.cfg.PPO.EOSPenalty, g.model(), s.seed, c)
}

func (s *seedRun) sweepConfig(g setting) GenerateConfig {
	c := s.cfg.Generate
	c.Samples, c.Temperature, c.BatchRows = g.K, g.Temperature, max(c.BatchRows, g.K)
	return c
}

// sweepWrite writes the JDs of every temperature, each a stage of its own.
func (s *seedRun) sweepWrite(list []setting) error {
	for _, g := range list {
		if sourceOf(list, g) != g {
			continue
		}
		output := g.file() + ".parquet"
		rec, err := s.stage(s.sweepDir(), "write-"+g.file(), []any{s.seed, s.keys["ppo"], s.sweepConfig(g)}, []string{output}, func(rec *stageRecord) error {
			j, err := s.sweepWriter(g)
			if err != nil {
				return err
			}
			rows, err := j.write(s.ctx, s.data.matcherCVs(), rec.progress)
			if err != nil {
				return err
			}
			for _, r := range rows {
				rec.Tokens += int(r.Tokens)
			}
			return results.WriteGenerated(filepath.Join(s.sweepDir(), output), rows)
		})
		if err != nil {
			return err
		}
		s.keys[g.model()] = rec.Key
	}
	for _, g := range list {
		s.keys[g.model()] = s.keys[sourceOf(list, g).model()]
	}
	return nil
}

// clockedCVs is the number of CVs over which writing is timed: enough to fill the sampler's batches.
const clockedCVs = 128

// costsFile holds, in the sweep's folder, what each setting cost.
const costsFile = "costs.json"

// sweepClock writes for some CVs with every setting and looks at the clock. The JDs are not kept: they are the first of those that
// sweepWrite has written.
func (s *seedRun) sweepClock(list []setting) error {
	cvs := s.data.matcherCVs()
	cvs = cvs[:min(len(cvs), clockedCVs)]
	_, err := s.stage(s.sweepDir(), "clock", []any{s.seed, s.keys["ppo"], s.cfg.Generate, list, len(cvs)}, []string{costsFile}, func(rec *stageRecord) error {
		var costs []cost
		for i, g := range list {
			j, err := s.sweepWriter(g)
			if err != nil {
				return err
			}
			// The first time compiles what the second one uses.
			if _, err := j.sample(s.ctx, cvs, nil); err != nil {
				return err
			}
			start := time.Now()
			w, err := j.sample(s.ctx, cvs, nil)
			if err != nil {
				return err
			}
			spent := cost{setting: g, CVs: len(cvs), Seconds: time.Since(start).Seconds()}
			for _, r := range w.rows {
				spent.Tokens += int(r.Tokens)
			}
			rec.Tokens += spent.Tokens
			costs = append(costs, spent)
			rec.progress.At(i+1, len(list), "settings timed")
		}
		return writeJSON(filepath.Join(s.sweepDir(), costsFile), costs)
	})
	return err
}

// sweepMatch tunes and trains Base and the matchers of every setting, all alike, and scores the test pairs.
func (s *seedRun) sweepMatch(list []setting) error {
	var keys []string
	for _, g := range list {
		keys = append(keys, g.model()+" "+s.keys[g.model()])
	}
	_, err := s.stage(s.sweepDir(), "match", []any{s.seed, keys, s.cfg.Recommend}, []string{scoresFile}, func(rec *stageRecord) error {
		data, err := s.matcherData()
		if err != nil {
			return err
		}
		data.Generated = map[string]map[string][]string{}
		for _, g := range list {
			rows, err := s.sweepRows(list, g)
			if err != nil {
				return err
			}
			addByCV(data.Generated, rows)
		}
		rows, err := s.matcherScores(data, s.pairs(datasets.Test), datasets.Test, rec)
		if err != nil {
			return err
		}
		return results.WriteScores(filepath.Join(s.sweepDir(), scoresFile), rows)
	})
	return err
}
