package girl

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{"CVs": "cvs", "PairsPerCV": "pairs_per_cv", "KLCoefficient": "kl_coefficient", "FFN": "ffn",
		"MaxDFShare": "max_df_share", "SFT": "sft", "QKVBias": "qkv_bias", "LogTF": "log_tf", "EOSPenalty": "eos_penalty"} {
		if got := snake(name); got != want {
			t.Errorf("snake(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestProfilesAreSound: every profile resolves, and its settings differ from the defaults where it has any.
func TestProfilesAreSound(t *testing.T) {
	defaults := map[string]string{}
	for _, f := range (&Config{}).fields() {
		defaults[f.key] = f.tag.Get("default")
	}
	for _, name := range ProfileNames() {
		if _, err := NewConfig(name, nil); err != nil {
			t.Errorf("profile %s: %v", name, err)
			continue
		}
		for _, s := range profiles[name] {
			key, value, _ := strings.Cut(s, "=")
			if value == defaults[key] {
				t.Errorf("profile %s sets %s to its default", name, s)
			}
		}
	}
}

// TestConfigSurvivesTheManifest: every setting, extreme numbers included, comes back from JSON as it was.
func TestConfigSurvivesTheManifest(t *testing.T) {
	c, err := NewConfig("smoke", []string{"market.seed=20231123", "sft.batch_tokens=1000000", "ppo.adam_eps=1e-12", "ppo.adaptive_kl=true", "sft.learning_rate=0.0000005"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.rawResolved()
	if err != nil {
		t.Fatal(err)
	}
	blob, err := json.Marshal(manifest{Config: raw})
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(blob, &m); err != nil {
		t.Fatal(err)
	}
	var settings []string
	for k, v := range m.Config {
		settings = append(settings, k+"="+strings.Trim(string(v), `"`))
	}
	again, err := NewConfig("default", settings)
	if err != nil {
		t.Fatal(err)
	}
	if *again != *c {
		t.Errorf("got %+v, want %+v", *again, *c)
	}
}

func TestEveryFieldHasAMeaning(t *testing.T) {
	c := &Config{}
	seen := map[string]bool{}
	for _, f := range c.fields() {
		if f.tag.Get("doc") == "" {
			t.Errorf("%s has no doc", f.key)
		}
		if seen[f.key] {
			t.Errorf("%s stands for two fields", f.key)
		}
		seen[f.key] = true
	}
	if len(seen) < 60 {
		t.Errorf("only %d settings were found", len(seen))
	}
}

// Every setting names its source or says that it is ours.
func TestSettingsNameTheirSource(t *testing.T) {
	source := regexp.MustCompile(`\bours\b|TL;DR|OpenRLHF|2019 port|et al\.|Kingma|Loshchilov|Shazeer|Press and Wolf`)
	for _, f := range (&Config{}).fields() {
		if !source.MatchString(f.tag.Get("doc")) {
			t.Errorf("%s names no source: %q", f.key, f.tag.Get("doc"))
		}
	}
}

// TestGradientCheckpointingIsNoPartOfKeys: a run that was begun without it goes on with it, as both make the same bits; but its manifest
// says which it was.
func TestGradientCheckpointingIsNoPartOfKeys(t *testing.T) {
	resolve := func(settings ...string) (key, recorded string) {
		c, err := NewConfig("smoke", settings)
		if err != nil {
			t.Fatal(err)
		}
		// No stage depends on more than the whole config.
		if key, err = stageKey("any", c); err != nil {
			t.Fatal(err)
		}
		raw, err := c.rawResolved()
		if err != nil {
			t.Fatal(err)
		}
		return key, string(raw["model.gradient_checkpointing"])
	}
	without, off := resolve()
	with, on := resolve("model.gradient_checkpointing=true")
	if with != without {
		t.Error("model.gradient_checkpointing changes the key of a stage")
	}
	if off != "false" || on != "true" {
		t.Errorf("manifests record model.gradient_checkpointing as %q and, where it is set, as %q", off, on)
	}
	if other, _ := resolve("model.ffn=65"); other == without {
		t.Error("model.ffn does not change the key of a stage")
	}
}
