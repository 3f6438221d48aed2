package chat

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Environment variables that all roles share. They have the names that OpenAI's own clients use.
const (
	EnvBaseURL = "OPENAI_BASE_URL" // such as http://localhost:8000/v1; empty: OpenAI's own
	EnvAPIKey  = "OPENAI_API_KEY"  // may be empty where the endpoint asks for none
)

// Endings of a role's own environment variables, see [FromEnv].
const (
	envModel       = "_MODEL"
	envFormat      = "_FORMAT"
	envPrices      = "_PRICES"
	envMaxTokens   = "_MAX_TOKENS"
	envTemperature = "_TEMPERATURE"
)

// defaultTemperature, as the value of a role's variable for the temperature, has none sent.
const defaultTemperature = "default"

// mostTokens bounds MaxTokens: more than any model writes, so that a slip of the keyboard is found before anything is sent.
const mostTokens = 1_000_000

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

// How JSON is asked for.
const (
	FormatText   = "text"        // in words only
	FormatObject = "json_object" // any JSON object
	FormatSchema = "json_schema" // the schema of the question
)

// Config are the settings of a [Client]. Zero values mean the defaults named; every default is our own choice.
type Config struct {
	BaseURL     string        `json:"base_url"`     // of the endpoint; default OpenAI's own
	Key         Secret        `json:"-"`            // sent to the endpoint only, never written anywhere
	Model       string        `json:"model"`        // name of the model at that endpoint; required
	Temperature float64       `json:"temperature"`  // of sampling, from 0 to 2
	Format      string        `json:"format"`       // text (default), json_object, json_schema; text for endpoints that know no other
	MaxTokens   int64         `json:"max_tokens"`   // longest answer, tokens of the model, its reasoning included; from 1 to 1000000, default 400
	Timeout     time.Duration `json:"timeout"`      // of one request; default 2 minutes and 50 ms for each token of MaxTokens, as a local server may need
	Attempts    int           `json:"attempts"`     // requests for one answer, the first included; default 6
	Backoff     time.Duration `json:"backoff"`      // wait before the second request, doubled before each further one; default 1 s
	MaxBackoff  time.Duration `json:"max_backoff"`  // longest wait, also where the endpoint names one; default 1 minute
	PromptPrice float64       `json:"prompt_price"` // of a million prompt tokens, in any currency; 0: unknown
	AnswerPrice float64       `json:"answer_price"` // of a million answer tokens, in the same currency; 0: unknown
	Role        string        `json:"role"`         // prefix of the role's environment variables, for error texts; see FromEnv
	// OwnTemperature sends no temperature, so that the model samples at its own: some reasoning models refuse any other.
	OwnTemperature bool `json:"own_temperature"`
	// Sleep waits for d, or until ctx ends, whose error it then returns. Nil: really wait. Tests put their own here.
	Sleep sleepFunc `json:"-"`
}

// FromEnv takes base URL and key from the environment, and the settings of a role from variables with its prefix, such as
// GIRL_JUDGE:
//
//	GIRL_JUDGE_MODEL        name of the model; empty: the role is not filled
//	GIRL_JUDGE_FORMAT       how JSON is asked for, see Config
//	GIRL_JUDGE_PRICES       price of a million prompt tokens and of a million answer tokens, such as 0.15,0.6
//	GIRL_JUDGE_MAX_TOKENS   longest answer in tokens, reasoning included; empty: the role's default
//	GIRL_JUDGE_TEMPERATURE  "default": no temperature is sent; empty: that of the role
//
// Everything else is at its default. Errors name the variable.
func FromEnv(role string) (Config, error) {
	c := Config{
		BaseURL: os.Getenv(EnvBaseURL),
		Key:     Secret(strings.TrimSpace(os.Getenv(EnvAPIKey))),
		Model:   strings.TrimSpace(os.Getenv(role + envModel)),
		Format:  os.Getenv(role + envFormat),
		Role:    role,
	}
	if v := strings.TrimSpace(os.Getenv(role + envMaxTokens)); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 1 || n > mostTokens {
			return c, fmt.Errorf("chat: %s is %q, want a whole number from 1 to %d", role+envMaxTokens, clip(v, 40), mostTokens)
		}
		c.MaxTokens = n
	}
	switch v := strings.TrimSpace(os.Getenv(role + envTemperature)); v {
	case "":
	case defaultTemperature:
		c.OwnTemperature = true
	default:
		return c, fmt.Errorf("chat: %s is %q, want %q (none is sent) or nothing", role+envTemperature, clip(v, 40), defaultTemperature)
	}
	prices := os.Getenv(role + envPrices)
	if prices == "" {
		return c, nil
	}
	prompt, answer, ok := strings.Cut(prices, ",")
	var errs [2]error
	c.PromptPrice, errs[0] = strconv.ParseFloat(strings.TrimSpace(prompt), 64)
	c.AnswerPrice, errs[1] = strconv.ParseFloat(strings.TrimSpace(answer), 64)
	if !ok || errs[0] != nil || errs[1] != nil {
		return c, fmt.Errorf("chat: %s is %q, want two numbers such as 0.15,0.6", role+envPrices, clip(prices, 40))
	}
	return c, nil
}

// modelVariable names where the model's name comes from.
func (c Config) modelVariable() string { return c.variable(envModel, "the model's name") }

// MaxTokensVariable names where MaxTokens comes from, for texts that ask to change it.
func (c Config) MaxTokensVariable() string { return c.variable(envMaxTokens, "max_tokens") }

// variable is the role's variable with that ending; without a role what the setting is called.
func (c Config) variable(ending, name string) string {
	if c.Role == "" {
		return name
	}
	return c.Role + ending
}

// SamplingWords say at what temperature the model answers, to stand within a sentence.
func (c Config) SamplingWords() string {
	if c.OwnTemperature {
		return "the model's own temperature"
	}
	return fmt.Sprintf("temperature %g", c.Temperature)
}

// withDefaults fills in the zero values and names the first field that is wrong.
func (c Config) withDefaults() (Config, error) {
	c.BaseURL = cmp.Or(c.BaseURL, openAI)
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return c, errors.New("chat: the base URL (" + EnvBaseURL + ") is not an http or https address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		// Such an address may hold a secret, and error texts show addresses.
		return c, errors.New("chat: the base URL (" + EnvBaseURL + ") must have no user, query or fragment")
	case c.Model == "":
		return c, errors.New("chat: no model; set " + c.modelVariable())
	case c.BaseURL == openAI && c.Key == "":
		return c, errors.New("chat: no key; set " + EnvAPIKey + ", or " + EnvBaseURL + " to an endpoint that asks for none")
	}
	c.Format = cmp.Or(c.Format, FormatText)
	if c.Format != FormatText && c.Format != FormatObject && c.Format != FormatSchema {
		return c, fmt.Errorf("chat: format %q, want %s, %s or %s", clip(c.Format, 40), FormatObject, FormatSchema, FormatText)
	}
	c.MaxTokens, c.Attempts = cmp.Or(c.MaxTokens, 400), cmp.Or(c.Attempts, 6)
	if c.MaxTokens < 0 || c.MaxTokens > mostTokens || c.Attempts < 0 {
		return c, fmt.Errorf("chat: max_tokens is %d, attempts %d, want both above 0 and the first at most %d", c.MaxTokens, c.Attempts, mostTokens)
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		std   time.Duration
	}{{"timeout", &c.Timeout, 2*time.Minute + time.Duration(c.MaxTokens)*50*time.Millisecond}, {"backoff", &c.Backoff, time.Second}, {"max_backoff", &c.MaxBackoff, time.Minute}} {
		if *d.value == 0 {
			*d.value = d.std
		}
		if *d.value < 0 {
			return c, fmt.Errorf("chat: %s is %v, want more than 0", d.name, *d.value)
		}
	}
	if !(c.Temperature >= 0 && c.Temperature <= 2) {
		return c, fmt.Errorf("chat: temperature is %g, want a number from 0 to 2", c.Temperature)
	}
	for _, p := range []float64{c.PromptPrice, c.AnswerPrice} {
		if !(p >= 0) || math.IsInf(p, 0) {
			return c, fmt.Errorf("chat: price of a million tokens is %g, want a number from 0", p)
		}
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return c, nil
}
