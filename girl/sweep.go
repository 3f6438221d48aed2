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
	CVs     int     `json:"cvs"`
	Tokens  int     `json:"tokens"`
	Seconds float64 `json:"seconds"` // wall time of writing, without the reward model's reading; two seeds side by side included
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
	if err := r.eachSeed(
		func(s *seedRun) error { return s.sweepWrite(list) },
		func(s *seedRun) error { return s.sweepMatch(list) },
	); err != nil {
		return nil, r.interruptedStudy("rq4", err)
	}
	return r.sweepReport(list)
}

// SweepReport is what a sweep shows.
type SweepReport struct {
	Findings []string // sentences with their numbers
	Table    results.Table
	Steps    results.Table // from each K to the next
	Figures  []*results.Figure
}

func (s *seedRun) sweepDir() string { return filepath.Join(s.path, "rq4") }

// sweepWrite writes the JDs of every setting, each a stage of its own.
func (s *seedRun) sweepWrite(list []setting) error {
	for _, g := range list {
		c := s.cfg.Generate
		c.Samples, c.Temperature, c.BatchRows = g.K, g.Temperature, max(c.BatchRows, g.K)
		outputs := []string{g.file() + ".parquet", g.file() + ".json"}
		rec, err := s.stage(s.sweepDir(), "write-"+g.file(), []any{s.seed, s.keys["ppo"], c}, outputs, func(rec *stageRecord) error {
			j, err := newJDWriter(s.backend, s.template, s.aligned, s.reward, s.normalizer, s.cfg.PPO.EOSPenalty, g.model(), s.seed, c)
			if err != nil {
				return err
			}
			cvs := s.data.matcherCVs()
			start := time.Now()
			w, err := j.sample(s.ctx, cvs, rec.progress)
			if err != nil {
				return err
			}
			spent := cost{setting: g, CVs: len(cvs), Seconds: time.Since(start).Seconds()}
			rows, err := j.score(s.ctx, w)
			if err != nil {
				return err
			}
			for _, r := range rows {
				spent.Tokens += int(r.Tokens)
			}
			rec.Tokens = spent.Tokens
			if err := writeJSON(filepath.Join(s.sweepDir(), outputs[1]), spent); err != nil {
				return err
			}
			return results.WriteGenerated(filepath.Join(s.sweepDir(), outputs[0]), rows)
		})
		if err != nil {
			return err
		}
		s.keys[g.model()] = rec.Key
	}
	return nil
}

// sweepMatch tunes and trains Base and the matchers of every setting, all alike, and scores the test pairs.
func (s *seedRun) sweepMatch(list []setting) error {
	var keys []string
	for _, g := range list {
		keys = append(keys, s.keys[g.model()])
	}
	_, err := s.stage(s.sweepDir(), "match", []any{s.seed, keys, s.cfg.Recommend}, []string{scoresFile}, func(rec *stageRecord) error {
		data, err := s.matcherData()
		if err != nil {
			return err
		}
		data.Generated = map[string]map[string][]string{}
		for _, g := range list {
			rows, err := results.ReadGenerated(filepath.Join(s.sweepDir(), g.file()+".parquet"))
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
