package chat

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestConfig(t *testing.T) {
	t.Setenv(EnvBaseURL, "http://localhost:1/v1")
	t.Setenv(EnvAPIKey, " "+secret+"\n")
	t.Setenv("ROLE_MODEL", "some-model")
	t.Setenv("ROLE_FORMAT", "json_object")
	t.Setenv("ROLE_PRICES", "0.15, 0.6")
	c, err := FromEnv("ROLE")
	if err != nil || c.Format != FormatObject || c.PromptPrice != 0.15 || c.AnswerPrice != 0.6 || c.BaseURL != "http://localhost:1/v1" || string(c.Key) != secret || c.Model != "some-model" {
		t.Error("the environment was read wrongly")
	}
	raw, err := json.Marshal(struct {
		Config Config
		Key    Secret
	}{c, c.Key})
	logged := &strings.Builder{}
	slog.New(slog.NewJSONHandler(logged, nil)).Info("start", "key", c.Key)
	shown := fmt.Sprintf("%s %v %+v %#v %q %x %d", c.Key, c, c, c, c.Key, c.Key, c.Key) + string(raw) + logged.String()
	if err != nil || strings.Contains(shown, secret) || strings.Contains(shown, fmt.Sprintf("%x", secret)) {
		t.Errorf("the key is shown, %v", err)
	}
	for name, x := range map[string]struct {
		spoil func(*Config)
		want  string
	}{
		"no model":     {func(c *Config) { c.Model = "" }, "ROLE_MODEL"},
		"no key":       {func(c *Config) { c.BaseURL, c.Key = "", "" }, EnvAPIKey},
		"no address":   {func(c *Config) { c.BaseURL = "localhost" }, EnvBaseURL},
		"password":     {func(c *Config) { c.BaseURL = "http://me:hush@host/v1" }, "user"},
		"query":        {func(c *Config) { c.BaseURL = "http://host/v1?key=hush" }, "query"},
		"format":       {func(c *Config) { c.Format = "xml" }, `"xml"`},
		"timeout":      {func(c *Config) { c.Timeout = -1 }, "timeout"},
		"tokens":       {func(c *Config) { c.MaxTokens = 1_000_001 }, "max_tokens"},
		"attempts":     {func(c *Config) { c.Attempts = -1 }, "attempts"},
		"temperature":  {func(c *Config) { c.Temperature = 2.1 }, "temperature is 2.1"},
		"answer price": {func(c *Config) { c.AnswerPrice = -1 }, "price"},
	} {
		bad := c
		x.spoil(&bad)
		if _, err := New(bad, nil); err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
	for name, values := range map[string][]string{
		"ROLE_PRICES":      {"3", "a,b", "1,", "1,2,3"},
		"ROLE_MAX_TOKENS":  {"0", "-1", "many", "1e3", "400.5", "1000001", "99999999999999999999"},
		"ROLE_TEMPERATURE": {"0", "own"},
	} {
		for _, bad := range values {
			t.Setenv(name, bad)
			if _, err := FromEnv("ROLE"); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), bad) {
				t.Errorf("%s %q: %v", name, bad, err)
			}
		}
		t.Setenv(name, "")
	}
	t.Setenv("ROLE_MAX_TOKENS", " 1000000\n")
	t.Setenv("ROLE_TEMPERATURE", "default")
	if c, err = FromEnv("ROLE"); err != nil || c.MaxTokens != 1_000_000 || !c.OwnTemperature {
		t.Errorf("%+v, %v", c, err)
	}
}
