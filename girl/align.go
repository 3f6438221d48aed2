package girl

import (
	"fmt"
	"path/filepath"

	"genjobrec/datasets"
	"genjobrec/girl/lm"
	"genjobrec/girl/ppo"
	"genjobrec/girl/reward"
)

// alignment is one training by PPO: that of GIRL, or that of a variant without one of its parts.
type alignment struct {
	stage            string // name of the stage
	dir              string // where its files go
	weights, history string // names of its files
	start            string // weights file of the writer that is policy and reference at the start
	key              any    // what makes the outputs, beside the version of the code
	config           ppo.Config
	normalizer       reward.Normalizer
}

// align trains GIRL by PPO: stage 3.
func (s *seedRun) align() error {
	key, err := s.train(alignment{stage: "ppo", dir: s.path, weights: girlFile, history: ppoHistory, start: s.file(sftFile),
		key: []any{s.seed, s.keys["reward"], s.cfg.PPO, len(s.data.Unlabelled)}, config: s.cfg.PPO, normalizer: s.normalizer})
	if err != nil {
		return err
	}
	s.keys["ppo"] = key
	s.aligned, err = lm.LoadWeights(s.file(girlFile))
	return err
}

// train runs PPO as a stage and gives its key. The prompts are all training CVs, those whose pairs the writer has seen and
// those it has not, and the unlabelled ones.
func (s *seedRun) train(a alignment) (key string, err error) {
	rec, err := s.stage(a.dir, a.stage, a.key, []string{a.weights, a.history}, func(rec *stageRecord) error {
		in, validIDs, err := s.ppoInput(a)
		if err != nil {
			return err
		}
		in.Checkpoint, in.Progress = rec.checkpoint, rec.progress
		in.Warn = func(text string) { s.report.Linef("%s: warning: %s", s.stageTitle(a.dir, a.stage), text) }
		res, err := ppo.Run(s.ctx, s.backend, a.config, in)
		if err != nil {
			return keepLastGood(in.Policy, filepath.Join(a.dir, a.weights), res != nil && len(res.Evaluations) > 0, err)
		}
		rec.Tokens = res.Tokens
		first := res.Evaluations[0]
		rec.Notes = append(rec.Notes, fmt.Sprintf("validation score %.3f → %.3f, KL %.2f nats, best round %d of %d",
			first.Score, res.Best.Score, res.Best.KL, res.Best.Iteration, len(res.History)))
		if in.Gold != nil {
			rec.Notes = append(rec.Notes, fmt.Sprintf("validation gold reward %.3f → %.3f", first.Gold, res.Best.Gold))
		}
		if res.Stopped != "" {
			rec.Notes = append(rec.Notes, "stopped early: "+res.Stopped)
		}
		for _, w := range res.Warnings {
			rec.Notes = append(rec.Notes, "warning: "+w)
		}
		report := PPOReport{History: res.History, Evaluations: res.Evaluations, Best: res.Best, FinalBeta: res.FinalBeta, Stopped: res.Stopped, Warnings: res.Warnings}
		for _, e := range res.Evaluations {
			for _, x := range e.Samples {
				report.Samples = append(report.Samples, PPOSample{e.Iteration, validIDs[x.Prompt], s.template.Text(x.Response), x.Score})
			}
		}
		if err := writeJSON(filepath.Join(a.dir, a.history), report); err != nil {
			return err
		}
		return in.Policy.Save(filepath.Join(a.dir, a.weights))
	})
	if err != nil {
		return "", err
	}
	return rec.Key, nil
}

// actorCritic makes the two models that PPO trains.
func (m ModelConfig) actorCritic(reference, judge *lm.Weights, n reward.Normalizer) (policy, critic *lm.Weights, err error) {
	if policy, err = m.forTraining(reference.Clone(lm.TokenHead, 0)); err != nil {
		return nil, nil, err
	}
	critic, err = m.forTraining(ppo.NewCritic(judge, n))
	return policy, critic, err
}

// ppoInput gathers what PPO works on, with weights of its own: alignments of one seed may run side by side.
func (s *seedRun) ppoInput(a alignment) (in ppo.Input, validIDs []string, err error) {
	reference, err := lm.LoadWeights(a.start)
	if err != nil {
		return in, nil, err
	}
	judge, err := lm.LoadWeights(s.file(rewardFile))
	if err != nil {
		return in, nil, err
	}
	policy, critic, err := s.cfg.Model.actorCritic(reference, judge, a.normalizer)
	if err != nil {
		return in, nil, err
	}
	in = ppo.Input{Policy: policy, Reference: reference, Critic: critic, Reward: judge, Normalizer: a.normalizer, Report: &s.normalizer,
		EOS: s.template.EOS(), MaxNew: s.cfg.Model.MaxResponse, Seed: uint64(s.seed)}
	in.Prompts, _ = s.prompts(append(s.data.cvsOf(datasets.Train), s.data.Unlabelled...))
	in.ValidPrompts, validIDs = s.prompts(s.data.cvsOf(datasets.Valid))
	if m := s.data.Market; m != nil {
		in.Gold = func(i int, response []int32) float64 {
			p, _, err := m.AcceptText(validIDs[i], s.template.Text(response))
			if err != nil {
				return 0 // an id of another source has no oracle; Market.Check has ruled this out
			}
			return p
		}
	}
	return in, validIDs, nil
}
