package girl

import (
	"fmt"
	"math/rand/v2"

	"genjobrec/datasets"
	"genjobrec/girl/lm"
	"genjobrec/girl/sft"
)

// modelUntuned is a writer that knows the language of CVs and JDs but nothing of who suits what: what a language model is before
// it is fine-tuned on pairs. It is trained behind strangers' CVs and not without any, see [Quality].
const modelUntuned = "untuned LM"

// Files and the stage of the untuned writer.
const (
	untunedFile    = "untuned.safetensors"
	untunedHistory = "untuned.json"
	untunedStage   = "untuned"
)

// untune trains the untuned language model: the network, the JDs and the hyper-parameters of stage 1, but each JD behind the
// CV of somebody whom it was not matched with. It can thus be prompted like the other writers: to a model that was trained on JDs alone the
// prompt with its CV would be out of distribution, and it would lose for that. The best it can learn is to write JDs at random, as
// often as they occur.
func (s *seedRun) untune() error {
	rec, err := s.stage(s.path, untunedStage, []any{s.seed, s.keys["tokenizer"], s.cfg.Model, s.cfg.SFT}, []string{untunedFile, untunedHistory}, func(rec *stageRecord) error {
		w, err := s.newWriter()
		if err != nil {
			return err
		}
		train, err := s.strangers(s.data.Assignment.GeneratorPairs(s.data.Dataset))
		if err != nil {
			return err
		}
		valid, err := s.strangers(s.pairs(datasets.Valid))
		if err != nil {
			return err
		}
		res, err := sft.Run(s.ctx, s.backend, s.cfg.SFT, w, s.sequences(train), s.sequences(valid), uint64(s.seed), rec.checkpoint, rec.progress)
		if err != nil {
			return keepLastGood(w, s.file(untunedFile), res != nil && res.BestEpoch > 0, err)
		}
		rec.Tokens = res.Tokens
		rec.Notes = append(rec.Notes, fmt.Sprintf("best epoch %d of %d, validation loss %.3f nats a token", res.BestEpoch, len(res.History), res.BestLoss))
		if err := writeJSON(s.file(untunedHistory), SFTReport{res.History, res.BestEpoch, res.BestLoss, s.vocab, w.NumParameters()}); err != nil {
			return err
		}
		return w.Save(s.file(untunedFile))
	})
	if err != nil {
		return err
	}
	s.keys["untuned"] = rec.Key
	s.untuned, err = lm.LoadWeights(s.file(untunedFile))
	return err
}

// strangers gives each matched pair's JD the CV of another matched pair, drawn by the seed, that is neither of the same
// near-duplicate group nor matched with the JD. A JD that (nearly) all CVs were matched with is left out.
func (s *seedRun) strangers(pairs []datasets.Pair) ([]datasets.Pair, error) {
	var matched []datasets.Pair
	suits := map[datasets.Pair]bool{}
	for _, p := range pairs {
		if p.Label == 1 {
			matched = append(matched, p)
			suits[datasets.Pair{CVID: p.CVID, JDID: p.JDID}] = true
		}
	}
	group := s.data.Assignment.Group
	rng := rand.New(rand.NewPCG(uint64(s.seed), 0x756e74)) // "unt"
	var out []datasets.Pair
	for _, p := range matched {
		for range strangerTries {
			cv := matched[rng.IntN(len(matched))].CVID
			if group[cv] != group[p.CVID] && !suits[datasets.Pair{CVID: cv, JDID: p.JDID}] {
				out = append(out, datasets.Pair{CVID: cv, JDID: p.JDID, Label: 1})
				break
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the untuned language model has nothing to learn from: every one of %d matched JDs suits all CVs", len(matched))
	}
	return out, nil
}

// strangerTries bounds how often a CV is drawn for a JD.
const strangerTries = 1000
