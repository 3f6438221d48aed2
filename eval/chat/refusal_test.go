package chat

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// What an answer that was cut off says is given back and counted, and not kept: a client with a larger limit asks again.
func TestCutAnswersAreNotCached(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, q request) {
		if q.MaxTokens < 1000 {
			ends(w, "half an ans", "length")
		} else {
			says(w, "an answer")
		}
	})
	path := filepath.Join(t.TempDir(), "answers.jsonl")
	cache := open(t, path)
	l := f.client(t, cache)
	for range 2 { // the second time the client knows what it gets
		if a, err := l.Ask(context.Background(), hello); err != nil || a.Text != "half an ans" || !a.Cut {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if u := l.Usage(); u.Cut != 1 || u.Answers != 1 || u.AnswerTokens != 20 || f.count() != 1 || cache.Len() != 0 || read(t, path) != "" {
		t.Errorf("usage %+v after %d requests, %d kept", u, f.count(), cache.Len())
	}
	c := f.config()
	c.MaxTokens = 2000
	for n, client := range []*Client{newClient(t, c, cache), f.client(t, cache)} { // the second has the small limit again
		if a, err := client.Ask(context.Background(), hello); err != nil || a.Text != "an answer" || a.Cut || f.count() != 2 {
			t.Errorf("client %d: %+v, %v after %d requests", n, a, err, f.count())
		}
		if u := client.Usage(); u.Cut != 0 {
			t.Errorf("client %d: %d cut", n, u.Cut)
		}
	}
}

// An empty answer is given back and not kept: another run asks again.
func TestEmptyAnswersAreNotCached(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, n int, _ request) { says(w, " \n") })
	cache := open(t, filepath.Join(t.TempDir(), "answers.jsonl"))
	if a, err := f.client(t, cache).Ask(context.Background(), hello); err != nil || strings.TrimSpace(a.Text) != "" || a.Cut || cache.Len() != 0 {
		t.Errorf("%+v, %v, %d kept", a, err, cache.Len())
	}
}

// Servers that do not say why an answer ended: one of all the tokens was cut.
func TestCutWithoutReason(t *testing.T) {
	for limit, want := range map[int64]bool{20: true, 21: false} {
		f := newFake(t, func(w http.ResponseWriter, _ int, _ request) { ends(w, "hi", "") })
		c := f.config()
		c.MaxTokens = limit
		if a, err := newClient(t, c, nil).Ask(context.Background(), hello); err != nil || a.Cut != want {
			t.Errorf("20 tokens of %d: %+v, %v", limit, a, err)
		}
	}
}

// Whatever way an endpoint has of saying that it wants the limit's new name: the question is put again at once, and never again
// under the old name.
func TestNewNameOfTheLimit(t *testing.T) {
	for name, refuse := range map[string]func(http.ResponseWriter){
		"OpenAI": func(w http.ResponseWriter) {
			refuses(w, http.StatusBadRequest, "unsupported_parameter", "max_tokens", "no")
		},
		"in words": func(w http.ResponseWriter) {
			fails(w, http.StatusBadRequest, "invalid_request_body", "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")
		},
	} {
		f := newFake(t, func(w http.ResponseWriter, _ int, q request) {
			if q.MaxTokens != 0 {
				refuse(w)
				return
			}
			says(w, "hi")
		})
		c := f.config()
		c.MaxTokens, c.Attempts = 77, 1
		l := newClient(t, c, nil)
		for range 2 {
			if a, err := l.Ask(context.Background(), hello); err != nil || a.Text != "hi" {
				t.Fatalf("%s: %+v, %v", name, a, err)
			}
		}
		if f.count() != 3 || f.requests[0].MaxTokens != 77 || f.requests[0].NewMaxTokens != 0 || len(f.waits) != 0 {
			t.Errorf("%s: %d requests, the first %s, waits %v", name, f.count(), f.requests[0].Body, f.waits)
		}
		for _, q := range f.requests[1:] {
			if q.NewMaxTokens != 77 || q.MaxTokens != 0 {
				t.Errorf("%s: %s", name, q.Body)
			}
		}
	}
	// One that knows neither name is not asked for ever.
	f := newFake(t, func(w http.ResponseWriter, _ int, _ request) {
		refuses(w, http.StatusBadRequest, "unsupported_parameter", "max_tokens", "")
	})
	if _, err := f.client(t, nil).Ask(context.Background(), hello); err == nil || f.count() != 2 {
		t.Errorf("%v after %d requests, want an error after 2", err, f.count())
	}
}

// A refusal names the setting that it is about.
func TestRefusalsNameTheSetting(t *testing.T) {
	for name, c := range map[string]struct {
		code, param, message string
		want                 []string
	}{
		"temperature":          {"unsupported_value", "temperature", "", []string{"refuses temperature 0,", "GIRL_JUDGE_TEMPERATURE=default", "GIRL_JUDGE_MODEL", "(unsupported_value)"}},
		"temperature in words": {"", "", "'temperature' does not support 0 with this model", []string{"GIRL_JUDGE_TEMPERATURE=default"}},
		"limit too large":      {"", "", "'max_tokens' or 'max_completion_tokens' is too large: 400", []string{"400 answer tokens are too much", "GIRL_JUDGE_MAX_TOKENS"}},
		"context":              {"context_length_exceeded", "messages", "", []string{"GIRL_JUDGE_MAX_TOKENS"}},
		"format":               {"", "response_format", "", []string{"refuses the format text", "GIRL_JUDGE_FORMAT"}},
	} {
		f := newFake(t, func(w http.ResponseWriter, _ int, _ request) {
			refuses(w, http.StatusBadRequest, c.code, c.param, c.message+" your key "+secret)
		})
		_, err := f.client(t, nil).Ask(context.Background(), hello)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
		if f.count() != 1 || err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %d requests, error %v", name, f.count(), err)
		}
	}
}

func TestReasoningIsNoAnswer(t *testing.T) {
	for said, want := range map[string]string{
		"\n<think>\nhm, hi or ho?\n</think>\n\nhi </think>\n": "hi </think>",
		"<think></think>":            "",
		"<think>hm, hi":              "<think>hm, hi",
		" hi":                        " hi",
		"I say <think>no</think> hi": "I say <think>no</think> hi",
	} {
		f := newFake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, said) })
		if a, err := f.client(t, nil).Ask(context.Background(), hello); err != nil || a.Text != want {
			t.Errorf("%q: %q, %v, want %q", said, a.Text, err, want)
		}
	}
}

func TestOwnTemperatureSendsNone(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, "hi") })
	c := f.config()
	c.OwnTemperature, c.Temperature = true, 0.7
	if _, err := newClient(t, c, nil).Ask(context.Background(), hello); err != nil {
		t.Fatal(err)
	}
	if q := f.requests[0]; q.Temperature != nil || strings.Contains(q.Body, "temperature") {
		t.Errorf("sent %s", q.Body)
	}
}
