package lm

import (
	"math"
	"testing"
)

func TestValidate(t *testing.T) {
	for name, c := range variants() {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*Config){
		"no layers":                 func(c *Config) { c.Layers = 0 },
		"no width":                  func(c *Config) { c.Dim = 0 },
		"negative width":            func(c *Config) { c.Dim = -16 },
		"no heads":                  func(c *Config) { c.Heads = 0 },
		"no feed-forward":           func(c *Config) { c.FFN = 0 },
		"one token":                 func(c *Config) { c.Vocab = 1 },
		"one position":              func(c *Config) { c.MaxLen = 1 },
		"heads that do not divide":  func(c *Config) { c.Heads = 3 },
		"odd head width":            func(c *Config) { c.Heads, c.KVHeads = 16, 0 },
		"key heads do not divide":   func(c *Config) { c.KVHeads = 3 },
		"more key heads than heads": func(c *Config) { c.KVHeads = 8 },
		"negative key heads":        func(c *Config) { c.KVHeads = -1 },
		"rotary base 1":             func(c *Config) { c.RopeBase = 1 },
		"rotary base NaN":           func(c *Config) { c.RopeBase = math.NaN() },
		"rotary base infinite":      func(c *Config) { c.RopeBase = math.Inf(1) },
		"norm_eps 0":                func(c *Config) { c.NormEps = 0 },
		"norm_eps NaN":              func(c *Config) { c.NormEps = math.NaN() },
	} {
		c := tinyConfig()
		change(&c)
		if err := c.Validate(); err == nil {
			t.Errorf("%s: no error", name)
		}
		if w, err := NewWeights(c, TokenHead, 1); err == nil || w != nil {
			t.Errorf("%s: weights without an error", name)
		}
	}
}
