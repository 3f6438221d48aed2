// Package girl runs the GIRL experiment (generative job recommendation with large language models, arXiv 2307.02157) from
// CV–JD pairs to the matching table: splits, tokenizer, supervised fine-tuning, reward model, PPO, generation, matchers,
// metrics. Notebooks and the girl command call nothing else.
package girl

import (
	"fmt"
	"sort"
	"strings"

	"genjobrec/datasets"
	"genjobrec/girl/lm"
	"genjobrec/girl/ppo"
	"genjobrec/girl/recommend"
	"genjobrec/girl/reward"
	"genjobrec/girl/sft"
)

// Config is the whole experiment. Every number is our own documented choice unless its comment names a source: the
// paper's hyper-parameters are not known to us. Keys are section.field in snake case, as in -set ppo.kl_coefficient=0.1.
type Config struct {
	Market    MarketConfig
	Split     SplitConfig
	Tokenizer TokenizerConfig
	Model     ModelConfig
	SFT       sft.Config
	Reward    reward.Config
	PPO       ppo.Config
	Generate  GenerateConfig
	Recommend recommend.Config
	Eval      EvalConfig
}

// MarketConfig sizes the synthetic labour market of -data market.
type MarketConfig struct {
	CVs        int `default:"3200" min:"50" max:"1000000" doc:"labelled CVs (ours)"`
	JDs        int `default:"0" min:"0" max:"1000000" doc:"vacancies, 0 for a third of the CVs (ours)"`
	PairsPerCV int `default:"4" min:"2" max:"100" doc:"JDs each CV is judged on, on average (ours)"`
	Unlabelled int `default:"400" min:"0" max:"1000000" doc:"further CVs without decisions, as prompts for PPO (ours)"`
	Seed       int `default:"1" min:"0" max:"1000000000" doc:"seed that draws people and vacancies; training seeds leave it alone (ours)"`
}

// SplitConfig says how CVs are divided; whole near-duplicate groups go to one split.
type SplitConfig struct {
	ValidShare     float64 `default:"0.15" min:"0.01" max:"0.8" doc:"share of CVs for tuning and early stopping (ours)"`
	TestShare      float64 `default:"0.2" min:"0.01" max:"0.8" doc:"share of CVs for the tables (ours)"`
	MaxValid       int     `default:"0" min:"0" max:"1000000000" doc:"about how many CVs a drawn validation split holds at most (groups stay whole), 0 for no limit (ours)"`
	MaxTest        int     `default:"0" min:"0" max:"1000000000" doc:"about how many CVs a drawn test split holds at most (groups stay whole), 0 for no limit (ours)"`
	GeneratorShare float64 `default:"0.75" min:"0.05" max:"1" doc:"share of training CVs whose pairs train the writer and the reward model (ours)"`
	NearDuplicate  float64 `default:"0.5" min:"0.05" max:"1" doc:"Jaccard similarity of word shingles from which two CVs are one group (ours)"`
	Seed           int     `default:"1" min:"0" max:"1000000000" doc:"seed of the division; training seeds leave it alone (ours)"`
}

// TokenizerConfig sizes the byte-level BPE.
type TokenizerConfig struct {
	Vocab int `default:"3072" min:"300" max:"200000" doc:"tokens, special ones included; fewer if the texts do not hold so many (ours)"`
}

// ModelConfig sizes the decoder that writer, critic and reward model share, and its texts.
type ModelConfig struct {
	Layers      int     `default:"2" min:"1" max:"200" doc:"decoder blocks (ours)"`
	Dim         int     `default:"128" min:"8" max:"65536" doc:"width of the residual stream (ours)"`
	Heads       int     `default:"4" min:"1" max:"1024" doc:"query heads; divides dim (ours)"`
	KVHeads     int     `default:"0" min:"0" max:"1024" doc:"key-value heads (grouped-query attention; Ainslie et al. 2023); 0 for as many as heads"`
	FFN         int     `default:"344" min:"8" max:"1000000" doc:"hidden width of the feed-forward; about 8/3 of dim for SwiGLU (Shazeer 2020)"`
	MaxPrompt   int     `default:"128" min:"8" max:"1000000" doc:"longest CV in tokens; longer ones are cut to their beginning (ours)"`
	MaxResponse int     `default:"112" min:"8" max:"1000000" doc:"longest JD in tokens, end-of-text included; longer ones are cut to their beginning (ours)"`
	TiedHead    bool    `default:"true" doc:"output logits use the input embedding (Press and Wolf 2017)"`
	QKVBias     bool    `default:"false" doc:"biases on the query, key and value projections (ours)"`
	RopeBase    float64 `default:"10000" min:"2" max:"1e9" doc:"base of the rotary frequencies (Su et al. 2021)"`
	NormEps     float64 `default:"1e-5" min:"1e-12" max:"0.1" doc:"epsilon of RMSNorm (Touvron et al. 2023: 1e-5)"`

	// Out of the keys of stages, which are made of JSON, since it changes no bit of what they write. Manifests have it: see Resolved.
	GradientCheckpointing bool `json:"-" default:"false" doc:"compute each block again in the backward pass instead of keeping its activations: less memory, slower training, the same bits on the pure-Go backend (Chen et al. 2016)"`
}

func (m ModelConfig) decoder(vocab int) lm.Config {
	return lm.Config{Layers: m.Layers, Dim: m.Dim, Heads: m.Heads, KVHeads: m.KVHeads, FFN: m.FFN, Vocab: vocab,
		MaxLen: m.MaxPrompt + m.MaxResponse, RopeBase: m.RopeBase, NormEps: m.NormEps, TiedHead: m.TiedHead, QKVBias: m.QKVBias}
}

// forTraining takes the result of what made weights and sets how they are trained, which neither their clones nor their files tell.
func (m ModelConfig) forTraining(w *lm.Weights, err error) (*lm.Weights, error) {
	if err == nil {
		w.GradientCheckpointing = m.GradientCheckpointing
	}
	return w, err
}

// GenerateConfig says how JDs are written for the matcher.
type GenerateConfig struct {
	Samples     int     `default:"3" min:"1" max:"1024" doc:"K, JDs written for each CV (ours)"`
	Temperature float64 `default:"0.7" min:"0" max:"10" doc:"sampling temperature, that of PPO; 0 writes the most probable token (ours)"`
	BatchRows   int     `default:"128" min:"1" max:"65536" doc:"JDs written at once (ours)"`
}

// EvalConfig says how uncertainty is measured.
type EvalConfig struct {
	Resamples  int `default:"2000" min:"100" max:"1000000" doc:"bootstrap resamples of CV groups (ours)"`
	StudySeeds int `default:"0" min:"0" max:"1000000" doc:"how many of the run's seeds the ablation (RQ3) and the sweep over generation settings (RQ4) use, 0 for all (ours)"`
}

// profiles are lists of -set arguments over the defaults: sizes and steps, nothing else.
var profiles = map[string][]string{
	"smoke": {
		"market.cvs=160", "market.pairs_per_cv=8", "market.unlabelled=20", "tokenizer.vocab=600",
		"model.layers=1", "model.dim=32", "model.heads=2", "model.ffn=64", "model.max_prompt=96", "model.max_response=64",
		"sft.epochs=2", "sft.min_steps=0", "reward.epochs=1", "reward.min_steps=0", "ppo.iterations=2", "ppo.critic_warmup=0", "ppo.rollouts=16", "ppo.minibatch_rows=8", "ppo.eval_every=1", "ppo.eval_prompts=16",
		"generate.samples=2", "eval.resamples=200",
		"recommend.dim=16", "recommend.width=8", "recommend.members=2", "recommend.trials=2", "recommend.max_steps=60",
	},
	"default": {"split.max_valid=240", "split.max_test=320"},
	"paper":   {"split.max_valid=320", "split.max_test=640"},
}

// ProfileNames lists the profiles.
func ProfileNames() []string {
	names := make([]string, 0, len(profiles))
	for n := range profiles {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// NewConfig resolves defaults, then a profile, then key=value settings, and checks every value. An unknown key, a
// wrong type and a value out of range are errors that name the key.
func NewConfig(profile string, settings []string) (*Config, error) {
	base, ok := profiles[profile]
	if !ok {
		return nil, fmt.Errorf("unknown profile %q; there are %s", profile, strings.Join(ProfileNames(), ", "))
	}
	c := &Config{}
	fields := c.fields()
	for _, f := range fields {
		if err := f.set(f.tag.Get("default")); err != nil {
			return nil, fmt.Errorf("default of %w", err)
		}
	}
	byKey := make(map[string]field, len(fields))
	for _, f := range fields {
		byKey[f.key] = f
	}
	for _, s := range append(append([]string(nil), base...), settings...) {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("setting %q is not of the form key=value", s)
		}
		f, ok := byKey[strings.TrimSpace(key)]
		if !ok {
			return nil, fmt.Errorf("unknown key %q%s", key, suggestion(key, fields))
		}
		if err := f.set(strings.TrimSpace(value)); err != nil {
			return nil, err
		}
	}
	return c, c.validate()
}

// validate checks what no single field can.
func (c *Config) validate() error {
	if c.Split.ValidShare+c.Split.TestShare > 0.9 {
		return fmt.Errorf("split.valid_share %g and split.test_share %g leave less than a tenth of the CVs for training", c.Split.ValidShare, c.Split.TestShare)
	}
	if c.Generate.BatchRows < c.Generate.Samples {
		return fmt.Errorf("generate.batch_rows %d is below generate.samples %d", c.Generate.BatchRows, c.Generate.Samples)
	}
	if err := c.Model.decoder(c.Tokenizer.Vocab).Validate(); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	if err := c.Reward.Validate(); err != nil {
		return err
	}
	return c.PPO.Validate()
}

func (c *Config) splitOptions() datasets.SplitOptions {
	s := c.Split
	return datasets.SplitOptions{Seed: uint64(s.Seed), ValidShare: s.ValidShare, TestShare: s.TestShare,
		MaxValid: s.MaxValid, MaxTest: s.MaxTest,
		GeneratorShare: s.GeneratorShare, NearDuplicate: s.NearDuplicate}
}
