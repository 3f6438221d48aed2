package girl

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"golang.org/x/sync/errgroup"

	"genjobrec/datasets"
	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
	"genjobrec/girl/sft"
	"genjobrec/results"
)

// Names of the two generators, as the tables print them.
const (
	modelSFT  = "GIRL-SFT"
	modelGIRL = "GIRL"
)

// mix derives a seed from a run's seed and names, so that a response depends on its CV and not on what else is written.
func mix(seed uint64, names ...string) uint64 {
	h := sha256.Sum256([]byte(fmt.Sprintf("%d\x00%s", seed, strings.Join(names, "\x00"))))
	return binary.LittleEndian.Uint64(h[:])
}

// jdWriter writes and scores JDs for CVs with one generator.
type jdWriter struct {
	template   *sft.Template
	sampler    *lm.Sampler
	scorer     *reward.Scorer
	normalizer reward.Normalizer
	penalty    float64 // score of a JD that does not end, as in PPO
	model      string
	seed       int
}

func newJDWriter(backend compute.Backend, t *sft.Template, w, u *lm.Weights, n reward.Normalizer, eosPenalty float64, model string, seed int, c GenerateConfig) (*jdWriter, error) {
	sampler, err := lm.NewSampler(backend, w, lm.SampleConfig{Samples: c.Samples, MaxNew: t.MaxResponse,
		Temperature: c.Temperature, EOS: t.EOS(), BatchRows: c.BatchRows})
	if err != nil {
		return nil, err
	}
	scorer, err := reward.NewScorer(backend, u)
	if err != nil {
		return nil, err
	}
	return &jdWriter{template: t, sampler: sampler, scorer: scorer, normalizer: n, penalty: eosPenalty, model: model, seed: seed}, nil
}

// unscored are JDs before the reward model has read them.
type unscored struct {
	rows  []results.GeneratedRow // without rewards
	seqs  []lm.Sequence          // of the rows
	ended []bool                 // of the rows
}

// write gives K rows for each CV, in the order of the CVs.
func (j *jdWriter) write(ctx context.Context, cvs []datasets.CV, progress lm.Progress) ([]results.GeneratedRow, error) {
	w, err := j.sample(ctx, cvs, progress)
	if err != nil {
		return nil, err
	}
	return j.score(ctx, w)
}

// sample is the writing alone.
func (j *jdWriter) sample(ctx context.Context, cvs []datasets.CV, progress lm.Progress) (*unscored, error) {
	prompts, seeds := make([][]int32, len(cvs)), make([]uint64, len(cvs))
	for i, x := range cvs {
		// The same uniform numbers for both generators: their difference is not one of luck.
		prompts[i], seeds[i] = j.template.Prompt(x.Text), mix(uint64(j.seed), "generate", x.ID)
	}
	samples, err := j.sampler.Sample(ctx, prompts, seeds, func(done int) {
		progress.At(done, len(cvs), "CVs by "+j.model)
	})
	if err != nil {
		return nil, err
	}
	w := &unscored{}
	for i, x := range cvs {
		for k, s := range samples[i] {
			row := results.GeneratedRow{CVID: x.ID, Model: j.model, K: int32(k), Seed: int64(j.seed),
				Text: j.template.Text(s.Tokens), Tokens: int32(len(s.Tokens))}
			for _, lp := range s.LogProbs {
				row.LogProb += float64(lp)
			}
			w.rows, w.ended = append(w.rows, row), append(w.ended, s.Ended)
			w.seqs = append(w.seqs, lm.Sequence{Prompt: prompts[i], Response: s.Tokens})
		}
	}
	return w, nil
}

// score adds the rewards.
func (j *jdWriter) score(ctx context.Context, w *unscored) ([]results.GeneratedRow, error) {
	raw, err := j.scorer.Scores(ctx, w.seqs)
	if err != nil {
		return nil, err
	}
	for i := range w.rows {
		w.rows[i].Reward = j.normalizer.Apply(raw[i])
		if !w.ended[i] {
			w.rows[i].Reward = j.penalty
		}
	}
	return w.rows, nil
}

// matcherCVs are the CVs that JDs are written for: all of validation and test, and the training CVs whose pairs the
// generator has not seen. For the generator's own CVs the written JDs would echo the labels the matcher trains on.
func (d *Data) matcherCVs() []datasets.CV {
	var out []datasets.CV
	for _, x := range d.cvsOf(datasets.Train) {
		if !d.Assignment.Generator[x.ID] {
			out = append(out, x)
		}
	}
	return append(append(out, d.cvsOf(datasets.Valid)...), d.cvsOf(datasets.Test)...)
}

// writeAll writes K JDs for each CV with GIRL-SFT and with GIRL, the two side by side: GIRL-SFT's rows, then GIRL's.
func writeAll(ctx context.Context, cvs []datasets.CV, progress lm.Progress, writers ...*jdWriter) ([]results.GeneratedRow, error) {
	rows, done := make([][]results.GeneratedRow, len(writers)), make([]int, len(writers))
	var mu sync.Mutex // guards done
	group, ctx := errgroup.WithContext(ctx)
	for i, j := range writers {
		group.Go(func() (err error) {
			rows[i], err = j.write(ctx, cvs, func(n, total int, note string) {
				mu.Lock()
				defer mu.Unlock()
				done[i] = n
				all := 0
				for _, d := range done {
					all += d
				}
				progress.At(all, len(writers)*total, note)
			})
			return err
		})
	}
	err := group.Wait()
	return slices.Concat(rows...), err
}

// generate writes K JDs for each of the matcher's CVs with both generators.
func (s *seedRun) generate() error {
	rec, err := s.stage(s.path, "generate", []any{s.seed, s.keys["ppo"], s.cfg.Generate}, []string{generatedFile}, func(rec *stageRecord) error {
		var writers []*jdWriter
		for _, g := range []struct {
			name string
			w    *lm.Weights
		}{{modelSFT, s.writer}, {modelGIRL, s.aligned}} {
			j, err := newJDWriter(s.backend, s.template, g.w, s.reward, s.normalizer, s.cfg.PPO.EOSPenalty, g.name, s.seed, s.cfg.Generate)
			if err != nil {
				return err
			}
			writers = append(writers, j)
		}
		cvs := s.data.matcherCVs()
		all, err := writeAll(s.ctx, cvs, rec.progress, writers...)
		if err != nil {
			return err
		}
		for _, r := range all {
			rec.Tokens += int(r.Tokens)
		}
		rec.Notes = append(rec.Notes, fmt.Sprintf("%d JDs for %d CVs", len(all), len(cvs)))
		return results.WriteGenerated(s.file(generatedFile), all)
	})
	if err != nil {
		return err
	}
	s.keys["generate"] = rec.Key
	return nil
}
