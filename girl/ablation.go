package girl

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"genjobrec/datasets"
	"genjobrec/girl/lm"
	"genjobrec/girl/recommend"
	"genjobrec/girl/reward"
	"genjobrec/results"
)

// AblationOptions are the choices of the third research question.
type AblationOptions struct {
	BestOf int // n of best-of-n: JDs of GIRL-SFT from which the reward model takes the best one
	Cold   ColdStartOptions
}

// DefaultAblation takes the best of 8 and keeps a fifth of the JDs from the matcher.
func DefaultAblation() AblationOptions { return AblationOptions{BestOf: 8, Cold: DefaultColdStart()} }

func (o AblationOptions) validate(c GenerateConfig) error {
	if o.BestOf < 2 || o.BestOf*c.Samples > MaxSamples {
		return fmt.Errorf("best of %d is out of range: n must lie between 2 and %d, as %d JDs a CV are kept", o.BestOf, MaxSamples/c.Samples, c.Samples)
	}
	return o.Cold.validate()
}

// AblationReport is what an ablation shows.
type AblationReport struct {
	Findings                []string // sentences with their numbers
	Writers, Matching, Cold results.Table
	Figures                 []*results.Figure // rq3_training, rq3_ppo, rq3_overoptimisation, rq3, rq3_cold
}

// Figure gives the figure of that name, or nil: rq3_cold is left out where no kind of test pairs can be compared.
func (r *AblationReport) Figure(name string) *results.Figure {
	for _, f := range r.Figures {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Ablate answers the third research question for a finished run: GIRL without supervised fine-tuning, without reward
// normalisation, without the KL penalty, and with best-of-n reranking in place of PPO, each written, matched and compared as
// GIRL is; and the matchers on warm and cold CVs and JDs. Tables and figures named rq3 are left in the run's folder. What is
// already there is not computed again.
func Ablate(ctx context.Context, runDir string, o AblationOptions, report *Reporter) (*AblationReport, error) {
	r, err := reopen(ctx, runDir, report)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := o.validate(r.cfg.Generate); err != nil {
		return nil, err
	}
	r.limitSeeds()
	if err := r.eachSeed(
		(*seedRun).untune,
		(*seedRun).ablateAlign,
		func(s *seedRun) error { return s.ablateWrite(o.BestOf) },
		(*seedRun).ablateMatch,
		func(s *seedRun) error { return s.coldStart(o.Cold) },
	); err != nil {
		return nil, r.interruptedStudy("rq3", err)
	}
	return r.ablationReport(o)
}

// Writers of the ablation beside those of the run.
const (
	withoutSFT           = "GIRL without SFT"
	withoutNormalisation = "GIRL without reward normalisation"
	withoutKL            = "GIRL without KL penalty"
	bestOf               = "reward model only"
)

// ablated are the variants that PPO trains, in the order of the tables.
var ablated = []string{withoutSFT, withoutNormalisation, withoutKL}

// ablationWriters are the models with JDs of their own in the ablation's files, in the order of the tables.
var ablationWriters = append([]string{modelUntuned, bestOf}, ablated...)

// stem names a variant's files.
func stem(variant string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variant, "GIRL ")), " ", "-")
}

func (s *seedRun) ablationDir() string { return filepath.Join(s.path, "rq3") }

// alignmentOf says how a variant differs from GIRL, in one thing.
func (s *seedRun) alignmentOf(variant string) alignment {
	a := alignment{stage: "ppo-" + stem(variant), dir: s.ablationDir(), weights: stem(variant) + ".safetensors", history: stem(variant) + ".json",
		start: s.file(sftFile), config: s.cfg.PPO, normalizer: s.normalizer}
	startKey := s.keys["sft"]
	switch variant {
	case withoutSFT:
		// The reward model stays as it is: what is taken away is the writer's fine-tuning, not the recruiters' voice.
		a.start, startKey = s.file(untunedFile), s.keys["untuned"]
	case withoutNormalisation:
		a.normalizer = reward.Normalizer{Gain: 1}
	case withoutKL:
		a.config.KLCoefficient, a.config.AdaptiveKL = 0, false
	}
	a.key = []any{s.seed, s.keys["reward"], startKey, a.config, a.normalizer, s.normalizer, len(s.data.Unlabelled)}
	return a
}

// ablateAlign trains the variants by PPO. One seed alone leaves half of two cores idle: then two variants go side by side.
func (s *seedRun) ablateAlign() error {
	group := errgroup.Group{}
	group.SetLimit(max(1, runtime.GOMAXPROCS(0)/len(s.opts.Seeds)))
	keys := make([]string, len(ablated))
	for i, variant := range ablated {
		group.Go(func() (err error) {
			keys[i], err = s.train(s.alignmentOf(variant))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, variant := range ablated {
		s.keys[variant] = keys[i]
	}
	return nil
}

// ablateWrite lets every variant write JDs for the matcher's CVs, each a stage of its own.
func (s *seedRun) ablateWrite(n int) error {
	s.keys[modelUntuned], s.keys[bestOf] = s.keys["untuned"], s.keys["reward"]
	for _, model := range ablationWriters {
		c, keep := s.cfg.Generate, 1
		if model == bestOf {
			c.Samples, keep = n*c.Samples, n
			c.BatchRows = max(c.BatchRows, c.Samples)
		}
		file := stem(model) + ".parquet"
		rec, err := s.stage(s.ablationDir(), "write-"+stem(model), []any{s.seed, s.keys[model], c, keep}, []string{file}, func(rec *stageRecord) error {
			w, err := s.ablationWeights(model)
			if err != nil {
				return err
			}
			j, err := newJDWriter(s.backend, s.template, w, s.reward, s.normalizer, s.cfg.PPO.EOSPenalty, model, s.seed, c)
			if err != nil {
				return err
			}
			rows, err := j.write(s.ctx, s.data.matcherCVs(), rec.progress)
			if err != nil {
				return err
			}
			for _, r := range rows {
				rec.Tokens += int(r.Tokens) // those of JDs that are not kept were written, too
			}
			return results.WriteGenerated(filepath.Join(s.ablationDir(), file), rerank(rows, keep))
		})
		if err != nil {
			return err
		}
		s.keys["write "+model] = rec.Key
	}
	return nil
}

func (s *seedRun) ablationWeights(model string) (*lm.Weights, error) {
	switch model {
	case modelUntuned:
		return s.untuned, nil
	case bestOf:
		return s.writer, nil
	}
	return lm.LoadWeights(filepath.Join(s.ablationDir(), s.alignmentOf(model).weights))
}

// rerank keeps of every n consecutive JDs, all of one CV, the one with the highest reward.
func rerank(rows []results.GeneratedRow, n int) []results.GeneratedRow {
	out := make([]results.GeneratedRow, 0, len(rows)/n)
	for some := range slices.Chunk(rows, n) {
		best := some[0]
		for _, r := range some[1:] {
			if r.Reward > best.Reward {
				best = r
			}
		}
		best.K /= int32(n)
		out = append(out, best)
	}
	return out
}

// bestOfKL is the KL in nats a JD that best-of-n costs at most: ln n − (n−1)/n (Beirami et al. 2024, arXiv 2401.01879).
func bestOfKL(n int) float64 { return math.Log(float64(n)) - float64(n-1)/float64(n) }

// ablateMatch tunes and trains the matchers of every variant, all as in the run, and scores the test pairs.
func (s *seedRun) ablateMatch() error {
	var keys []string
	for _, model := range ablationWriters {
		keys = append(keys, s.keys["write "+model])
	}
	_, err := s.stage(s.ablationDir(), "match", []any{s.seed, keys, s.cfg.Recommend}, []string{scoresFile}, func(rec *stageRecord) error {
		data, err := s.matcherData()
		if err != nil {
			return err
		}
		data.Generated = map[string]map[string][]string{}
		for _, model := range ablationWriters {
			rows, err := results.ReadGenerated(filepath.Join(s.ablationDir(), stem(model)+".parquet"))
			if err != nil {
				return err
			}
			addByCV(data.Generated, rows)
		}
		rows, err := s.matcherScores(data, s.pairs(datasets.Test), datasets.Test, rec)
		if err != nil {
			return err
		}
		return results.WriteScores(filepath.Join(s.ablationDir(), scoresFile), rows)
	})
	return err
}

// matcherScores tunes and trains Base and the matchers of all models in data and gives their scores of the test pairs.
func (s *seedRun) matcherScores(data recommend.Data, test []datasets.Pair, split datasets.Split, rec *stageRecord) ([]results.ScoreRow, error) {
	lines, total := 0, 1+2*(len(data.Generated)+1)
	res, err := recommend.Run(s.ctx, s.backend, s.cfg.Recommend, uint64(s.seed), data, func(format string, args ...any) {
		lines++
		rec.progress.At(lines, total, strings.TrimPrefix(fmt.Sprintf(format, args...), "recommend: "))
	})
	if err != nil {
		return nil, err
	}
	var labelled []datasets.Pair
	for _, p := range slices.Concat(data.Train, data.Valid) {
		labelled = append(labelled, datasets.Pair{CVID: p.CVID, JDID: p.JDID, Label: p.Label})
	}
	var rows []results.ScoreRow
	for _, sc := range res.Scores {
		if sc.Predictor != "" {
			rows = append(rows, s.scoreRows(sc.Key, test, split, sc.Test, labelled)...)
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("no matcher was trained")
	}
	return rows, nil
}
