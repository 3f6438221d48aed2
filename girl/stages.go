package girl

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"genjobrec/datasets"
	"genjobrec/girl/lm"
	"genjobrec/girl/ppo"
	"genjobrec/girl/reward"
	"genjobrec/girl/sft"
	"genjobrec/girl/tokenizer"
)

// Files of one seed's folder.
const (
	tokenizerFile  = "tokenizer.json"
	sftFile        = "girl_sft.safetensors"
	sftHistory     = "sft.json"
	rewardFile     = "reward.safetensors"
	rewardHistory  = "reward.json"
	girlFile       = "girl.safetensors"
	ppoHistory     = "ppo.json"
	generatedFile  = "generated.parquet"
	scoresFile     = "scores.parquet"
	recommendFiles = "recommend"
)

// seedRun is the state of one training seed: stages add to it from left to right.
type seedRun struct {
	*run
	seed int
	path string

	template   *sft.Template
	writer     *lm.Weights // GIRL-SFT
	aligned    *lm.Weights // GIRL
	untuned    *lm.Weights // only where a study asked for it
	reward     *lm.Weights
	normalizer reward.Normalizer
	keys       map[string]string // stage → key
	vocab      int
}

// RewardReport is reward.json: how well U tells matched from mismatched JDs, and its normaliser.
type RewardReport struct {
	History    []reward.Epoch    `json:"history"`
	Best       reward.Epoch      `json:"best"`
	Test       reward.Metrics    `json:"test"` // CVs that nothing was trained or chosen on
	TestCVs    []CVAccuracy      `json:"test_cvs"`
	Borrowed   int               `json:"borrowed"`
	Normalizer reward.Normalizer `json:"normalizer"`
}

// CVAccuracy is the share of a CV's pairs of a matched and a mismatched JD that the reward model ranks right.
type CVAccuracy struct {
	CVID     string  `json:"cv_id"`
	Accuracy float64 `json:"accuracy"`
}

// PPOReport is ppo.json.
type PPOReport struct {
	History     []ppo.Iteration  `json:"history"`
	Evaluations []ppo.Evaluation `json:"evaluations"`
	Best        ppo.Evaluation   `json:"best"`
	FinalBeta   float64          `json:"final_beta"`
	Stopped     string           `json:"stopped,omitempty"`
	Warnings    []string         `json:"warnings,omitempty"`
	Samples     []PPOSample      `json:"samples"`
}

// PPOSample is one validation response, to be read by a person.
type PPOSample struct {
	Iteration int     `json:"iteration"`
	CVID      string  `json:"cv_id"`
	Text      string  `json:"text"`
	Score     float64 `json:"score"`
}

// SFTReport is sft.json.
type SFTReport struct {
	History   []sft.Epoch `json:"history"`
	BestEpoch int         `json:"best_epoch"`
	BestLoss  float64     `json:"best_loss"`
	Vocab     int         `json:"vocab"`
	Weights   int         `json:"weights"`
}

func (s *seedRun) file(name string) string { return filepath.Join(s.path, name) }

// trainTokenizer fits the BPE on the SFT texts.
func (s *seedRun) trainTokenizer() error {
	rec, err := s.stage(s.path, "tokenizer", []any{s.dataKey, s.cfg.Tokenizer}, []string{tokenizerFile}, func(rec *stageRecord) error {
		texts := make(map[string]bool)
		for _, p := range s.data.Assignment.GeneratorPairs(s.data.Dataset) {
			if p.Label == 1 {
				texts[s.data.cv[p.CVID]], texts[s.data.jd[p.JDID]] = true, true
			}
		}
		tok, err := tokenizer.Train(s.ctx, slices.Values(slices.Sorted(maps.Keys(texts))), tokenizer.Options{VocabSize: s.cfg.Tokenizer.Vocab})
		if err != nil {
			return err
		}
		rec.Notes = append(rec.Notes, fmt.Sprintf("%d tokens from %d texts", tok.VocabSize(), len(texts)))
		return tok.Save(s.file(tokenizerFile))
	})
	if err != nil {
		return err
	}
	s.keys["tokenizer"] = rec.Key
	tok, err := tokenizer.Load(s.file(tokenizerFile))
	if err != nil {
		return err
	}
	s.template, err = sft.NewTemplate(tok, s.cfg.Model.MaxPrompt, s.cfg.Model.MaxResponse)
	s.vocab = tok.VocabSize()
	return err
}

// keepLastGood saves the weights that a diverged stage fell back on beside where it would have put its own, and says so.
func keepLastGood(w *lm.Weights, file string, any bool, cause error) error {
	var diverged *lm.NonFiniteError
	if !any || !errors.As(cause, &diverged) {
		return cause
	}
	path := strings.TrimSuffix(file, ".safetensors") + ".last-good.safetensors"
	if err := w.Save(path); err != nil {
		return errors.Join(cause, err)
	}
	return fmt.Errorf("%w; the last good weights are in %s", cause, path)
}

// sequences are the matched pairs as template sequences.
func (s *seedRun) sequences(pairs []datasets.Pair) []lm.Sequence {
	var out []lm.Sequence
	for _, p := range pairs {
		if p.Label == 1 {
			out = append(out, s.template.Sequence(s.data.cv[p.CVID], s.data.jd[p.JDID]))
		}
	}
	return out
}

// newWriter is a writer that has learnt nothing.
func (s *seedRun) newWriter() (*lm.Weights, error) {
	return s.cfg.Model.forTraining(lm.NewWeights(s.cfg.Model.decoder(s.vocab), lm.TokenHead, uint64(s.seed)))
}

// newRewardModel is the fine-tuned writer with a scalar head that has learnt nothing.
func (s *seedRun) newRewardModel() (*lm.Weights, error) {
	return s.cfg.Model.forTraining(s.writer.Clone(lm.ScalarHead, uint64(s.seed)))
}

// fineTune trains the writer: stage 1.
func (s *seedRun) fineTune() error {
	rec, err := s.stage(s.path, "sft", []any{s.seed, s.keys["tokenizer"], s.cfg.Model, s.cfg.SFT}, []string{sftFile, sftHistory}, func(rec *stageRecord) error {
		w, err := s.newWriter()
		if err != nil {
			return err
		}
		train := s.sequences(s.data.Assignment.GeneratorPairs(s.data.Dataset))
		valid := s.sequences(s.data.Assignment.Pairs(s.data.Dataset, datasets.Valid))
		res, err := sft.Run(s.ctx, s.backend, s.cfg.SFT, w, train, valid, uint64(s.seed), rec.checkpoint, rec.progress)
		if err != nil {
			return keepLastGood(w, s.file(sftFile), res != nil && res.BestEpoch > 0, err)
		}
		rec.Tokens = res.Tokens
		rec.Notes = append(rec.Notes, fmt.Sprintf("%d weights, %d training and %d validation pairs; best epoch %d of %d, validation loss %.3f nats a token",
			w.NumParameters(), len(train), len(valid), res.BestEpoch, len(res.History), res.BestLoss))
		if err := writeJSON(s.file(sftHistory), SFTReport{res.History, res.BestEpoch, res.BestLoss, s.vocab, w.NumParameters()}); err != nil {
			return err
		}
		return w.Save(s.file(sftFile))
	})
	if err != nil {
		return err
	}
	s.keys["sft"] = rec.Key
	s.writer, err = lm.LoadWeights(s.file(sftFile))
	return err
}

// modelReward trains U and fits its normaliser on samples of the fine-tuned writer: stage 2.
func (s *seedRun) modelReward() error {
	rec, err := s.stage(s.path, "reward", []any{s.seed, s.keys["sft"], s.cfg.Reward, s.cfg.PPO.Temperature}, []string{rewardFile, rewardHistory}, func(rec *stageRecord) error {
		u, err := s.newRewardModel()
		if err != nil {
			return err
		}
		a := s.data.Assignment
		train := s.data.candidates(s.template, a.GeneratorPairs(s.data.Dataset))
		valid := s.data.candidates(s.template, a.Pairs(s.data.Dataset, datasets.Valid))
		res, err := reward.Run(s.ctx, s.backend, s.cfg.Reward, u, train, valid, uint64(s.seed), rec.checkpoint, rec.progress)
		if err != nil {
			return keepLastGood(u, s.file(rewardFile), res != nil && res.Best.Epoch > 0, err)
		}
		scorer, err := reward.NewScorer(s.backend, u)
		if err != nil {
			return err
		}
		test, byCV, err := s.testReward(scorer)
		if err != nil {
			return err
		}
		normalizer, err := s.fitNormalizer(scorer)
		if err != nil {
			return err
		}
		rec.Tokens = res.Tokens
		rec.Notes = append(rec.Notes, fmt.Sprintf("pair accuracy within a CV: validation %.3f (epoch %d of %d), test %.3f on %d CVs", res.Best.Valid.Accuracy, res.Best.Epoch, len(res.History), test.Accuracy, test.CVs))
		if res.Borrowed > 0 {
			rec.Notes = append(rec.Notes, fmt.Sprintf("%d training CVs have no mismatch of their own: mismatches of other CVs were sampled for them", res.Borrowed))
		}
		if s.cfg.Reward.Random > 0 {
			rec.Notes = append(rec.Notes, fmt.Sprintf("each matched JD also met %d sampled mismatches of other CVs an epoch", s.cfg.Reward.Random))
		}
		if err := writeJSON(s.file(rewardHistory), RewardReport{res.History, res.Best, test, byCV, res.Borrowed, normalizer}); err != nil {
			return err
		}
		return u.Save(s.file(rewardFile))
	})
	if err != nil {
		return err
	}
	s.keys["reward"] = rec.Key
	var saved RewardReport
	if err := readJSON(s.file(rewardHistory), &saved); err != nil {
		return err
	}
	s.normalizer = saved.Normalizer
	s.reward, err = lm.LoadWeights(s.file(rewardFile))
	return err
}

// testReward measures the reward model on the test CVs, all together and each by itself.
func (s *seedRun) testReward(scorer *reward.Scorer) (reward.Metrics, []CVAccuracy, error) {
	pairs := s.data.Assignment.Pairs(s.data.Dataset, datasets.Test)
	var ids []string // in the order of candidates
	for _, p := range pairs {
		if len(ids) == 0 || ids[len(ids)-1] != p.CVID {
			ids = append(ids, p.CVID)
		}
	}
	comparisons := reward.AllPairs(s.data.candidates(s.template, pairs))
	all, err := reward.Evaluate(s.ctx, scorer, comparisons)
	if err != nil {
		return all, nil, err
	}
	accuracies, err := reward.AccuracyByCV(s.ctx, scorer, comparisons)
	var byCV []CVAccuracy
	for i, id := range ids {
		if a, ok := accuracies[i]; ok {
			byCV = append(byCV, CVAccuracy{id, a})
		}
	}
	return all, byCV, err
}

// The reference writes for normalizerSamples training CVs to normalise the reward, normalizerRows at once.
const (
	normalizerSamples = 256
	normalizerRows    = 64
)

// fitNormalizer scores samples of the reference writer for training CVs.
func (s *seedRun) fitNormalizer(scorer *reward.Scorer) (reward.Normalizer, error) {
	prompts, _ := s.prompts(s.data.cvsOf(datasets.Train))
	prompts = prompts[:min(len(prompts), normalizerSamples)]
	sampler, err := lm.NewSampler(s.backend, s.writer, lm.SampleConfig{Samples: 1, MaxNew: s.cfg.Model.MaxResponse,
		Temperature: s.cfg.PPO.Temperature, EOS: s.template.EOS(), BatchRows: min(len(prompts), normalizerRows)})
	if err != nil {
		return reward.Normalizer{}, err
	}
	seeds := make([]uint64, len(prompts))
	for i := range seeds {
		seeds[i] = mix(uint64(s.seed), "normalizer", fmt.Sprint(i))
	}
	samples, err := sampler.Sample(s.ctx, prompts, seeds, nil)
	if err != nil {
		return reward.Normalizer{}, err
	}
	seqs := make([]lm.Sequence, len(samples))
	for i, smp := range samples {
		seqs[i] = lm.Sequence{Prompt: prompts[i], Response: smp[0].Tokens}
	}
	raw, err := scorer.Scores(s.ctx, seqs)
	if err != nil {
		return reward.Normalizer{}, err
	}
	return reward.FitNormalizer(raw)
}

func (s *seedRun) prompts(cvs []datasets.CV) (prompts [][]int32, ids []string) {
	for _, x := range cvs {
		prompts, ids = append(prompts, s.template.Prompt(x.Text)), append(ids, x.ID)
	}
	return prompts, ids
}
