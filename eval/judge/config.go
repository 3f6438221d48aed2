package judge

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"strings"
	"time"
)

// The environment variables that ConfigFromEnv reads. Base URL and key have the names that OpenAI's own clients use.
const (
	EnvBaseURL = "OPENAI_BASE_URL"  // such as http://localhost:8000/v1; empty: OpenAI's own
	EnvAPIKey  = "OPENAI_API_KEY"   // may be empty where the endpoint asks for none
	EnvModel   = "GIRL_JUDGE_MODEL" // name of the judging model at that endpoint
)

const openAI = "https://api.openai.com/v1"

// Secret is a text that no print, log or encoder shows.
type Secret string

const hidden = "[key]"

// Format hides the secret from every verb of package fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// hide takes the secret out of a text that somebody else wrote, such as an endpoint that repeats what it was sent.
func (s Secret) hide(text string) string {
	if s == "" {
		return text
	}
	return strings.ReplaceAll(text, string(s), hidden)
}

// Config are the settings of an [LLM]. Zero values mean the defaults named; every default is our own choice.
type Config struct {
	BaseURL     string        `json:"base_url"`     // of the endpoint; default OpenAI's own
	Key         Secret        `json:"-"`            // sent to the endpoint only, never written anywhere
	Model       string        `json:"model"`        // name of the judging model; required
	Format      string        `json:"format"`       // how JSON is asked for: json_object (default), json_schema, or text for endpoints that know neither
	MaxTokens   int64         `json:"max_tokens"`   // longest answer, tokens; default 400
	Timeout     time.Duration `json:"timeout"`      // of one request; default 2 minutes
	Attempts    int           `json:"attempts"`     // requests for one answer, the first included; default 6
	Backoff     time.Duration `json:"backoff"`      // wait before the second request, doubled before each further one; default 1 s
	MaxBackoff  time.Duration `json:"max_backoff"`  // longest wait, also where the endpoint names one; default 1 minute
	PromptPrice float64       `json:"prompt_price"` // of a million prompt tokens, in any currency; 0: unknown
	AnswerPrice float64       `json:"answer_price"` // of a million answer tokens, in the same currency; 0: unknown
	// Sleep waits for d, or until ctx ends, whose error it then returns. Nil: really wait. Tests put their own here.
	Sleep sleepFunc `json:"-"`
}

// ConfigFromEnv takes base URL, key and model from the environment; everything else is at its default.
func ConfigFromEnv() Config {
	return Config{
		BaseURL: os.Getenv(EnvBaseURL),
		Key:     Secret(strings.TrimSpace(os.Getenv(EnvAPIKey))),
		Model:   os.Getenv(EnvModel),
	}
}

// withDefaults fills in the zero values and names the first field that is wrong.
func (c Config) withDefaults() (Config, error) {
	if c.BaseURL == "" {
		c.BaseURL = openAI
	}
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return c, errors.New("judge: the base URL (" + EnvBaseURL + ") is not an http or https address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		// Such an address may hold a secret, and error texts show addresses.
		return c, errors.New("judge: the base URL (" + EnvBaseURL + ") must have no user, query or fragment")
	case c.Model == "":
		return c, errors.New("judge: no model; set " + EnvModel + " to the name of the judging model")
	case c.BaseURL == openAI && c.Key == "":
		return c, errors.New("judge: no key; set " + EnvAPIKey + ", or " + EnvBaseURL + " to an endpoint that asks for none")
	}
	switch c.Format {
	case "":
		c.Format = "json_object"
	case "json_object", "json_schema", "text":
	default:
		return c, fmt.Errorf("judge: format %q, want json_object, json_schema or text", c.Format)
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		std   time.Duration
	}{{"timeout", &c.Timeout, 2 * time.Minute}, {"backoff", &c.Backoff, time.Second}, {"max_backoff", &c.MaxBackoff, time.Minute}} {
		if *d.value == 0 {
			*d.value = d.std
		}
		if *d.value < 0 {
			return c, fmt.Errorf("judge: %s is %v, want more than 0", d.name, *d.value)
		}
	}
	if c.MaxTokens == 0 {
		c.MaxTokens = 400
	}
	if c.Attempts == 0 {
		c.Attempts = 6
	}
	if c.MaxTokens < 0 || c.Attempts < 0 {
		return c, fmt.Errorf("judge: max_tokens is %d, attempts %d, want both above 0", c.MaxTokens, c.Attempts)
	}
	for _, p := range []float64{c.PromptPrice, c.AnswerPrice} {
		if !(p >= 0) || math.IsInf(p, 0) {
			return c, fmt.Errorf("judge: price of a million tokens is %g, want a number from 0", p)
		}
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return c, nil
}
