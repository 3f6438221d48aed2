package chat

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestClientAsks(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, "hi, your key is "+secret) })
	c := f.config()
	c.Temperature, c.MaxTokens = 0.7, 55
	l := newClient(t, c, nil)
	a, err := l.Ask(context.Background(), hello)
	if want := (Answer{Text: "hi, your key is [key]", PromptTokens: 100, AnswerTokens: 20}); err != nil || a != want {
		t.Fatalf("%+v, %v, want %+v", a, err, want)
	}
	q := f.requests[0]
	if q.Temperature == nil || *q.Temperature != 0.7 || q.MaxTokens != 55 || q.Model != "test-model" {
		t.Errorf("temperature %v, %d tokens, model %q", q.Temperature, q.MaxTokens, q.Model)
	}
	if q.Messages[0].Role != "system" || q.Messages[0].Content != hello.System || q.Messages[1].Role != "user" || q.Messages[1].Content != hello.User {
		t.Errorf("messages %+v", q.Messages)
	}
	if q.Authorization != "Bearer "+secret || strings.Contains(q.Body, secret) {
		t.Error("the key is not in the header alone")
	}
}

func TestClientCutsEndlessAnswers(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, strings.Repeat("é", maxAnswer)) })
	if a, err := f.client(t, nil).Ask(context.Background(), hello); err != nil || len(a.Text) > maxAnswer+3 || !strings.HasSuffix(a.Text, "é…") {
		t.Errorf("%d bytes, %v", len(a.Text), err)
	}
}

// What is cached is not asked again, by this client or the next one; whatever changes the answer changes the key.
func TestCacheSparesQuestions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "answers.jsonl")
	f := newFake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, "hi, "+secret) })
	cache := open(t, path)
	first, err := f.client(t, cache).Ask(context.Background(), hello)
	if err != nil || f.count() != 1 || cache.Len() != 1 {
		t.Fatalf("%v after %d requests, %d cached", err, f.count(), cache.Len())
	}
	cache = open(t, path) // from the file
	c := f.config()
	c.PromptPrice, c.AnswerPrice = 3, 15
	l := newClient(t, c, cache)
	for range 2 {
		if again, err := l.Ask(context.Background(), hello); err != nil || again != first || f.count() != 1 {
			t.Fatalf("%+v, %v after %d requests, want %+v after 1", again, err, f.count(), first)
		}
	}
	// One answer from the cache, given twice and counted once: 100·3/10⁶ + 20·15/10⁶.
	u := l.Usage()
	near(t, "cost", u.CachedCost, 0.0006, 1e-12)
	u.CachedCost = 0
	if want := (Usage{Cached: 1, CachedPromptTokens: 100, CachedAnswerTokens: 20, Priced: true}); u != want {
		t.Errorf("usage %+v, want %+v", u, want)
	}
	if text := read(t, path); strings.Contains(text, secret) || !strings.Contains(text, "hi, [key]") {
		t.Errorf("the cache holds the key or not the answer:\n%s", text)
	}
	n := 1
	for name, spoil := range map[string]func(*Config, *Question){
		"model":       func(c *Config, _ *Question) { c.Model = "other" },
		"temperature": func(c *Config, _ *Question) { c.Temperature = 1 },
		"sampling":    func(c *Config, _ *Question) { c.OwnTemperature = true },
		"format":      func(c *Config, _ *Question) { c.Format = FormatObject },
		"system":      func(_ *Config, q *Question) { q.System += "!" },
		"user":        func(_ *Config, q *Question) { q.User += "!" },
		"shifted":     func(_ *Config, q *Question) { q.System, q.User = q.System+q.User[:1], q.User[1:] },
	} {
		c, q := f.config(), hello
		spoil(&c, &q)
		if _, err := newClient(t, c, cache).Ask(context.Background(), q); err != nil {
			t.Fatal(err)
		}
		if n++; f.count() != n {
			t.Errorf("another %s: %d requests, want %d", name, f.count(), n)
		}
	}
	// The same question to another endpoint, which may have another model of that name; and what does not change the answer.
	other := newFake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, "no") })
	if a, err := other.client(t, cache).Ask(context.Background(), hello); err != nil || a.Text != "no" {
		t.Errorf("another endpoint: %+v, %v", a, err)
	}
	c = f.config()
	c.MaxTokens = 9000
	if _, err := newClient(t, c, cache).Ask(context.Background(), hello); err != nil || f.count() != n {
		t.Errorf("a larger limit: %v after %d requests, want %d", err, f.count(), n)
	}
}

func TestSameQuestionAtOnceIsSentOnce(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ request) {
		time.Sleep(100 * time.Millisecond)
		says(w, "hi")
	})
	l := f.client(t, open(t, filepath.Join(t.TempDir(), "answers.jsonl")))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if a, err := l.Ask(context.Background(), hello); err != nil || a.Text != "hi" {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
	wg.Wait()
	if f.count() != 1 {
		t.Errorf("%d requests, want 1", f.count())
	}
}

func TestCacheFailureIsAnError(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, "hi") })
	cache := open(t, filepath.Join(t.TempDir(), "answers.jsonl"))
	cache.file.Close()
	if _, err := f.client(t, cache).Ask(context.Background(), hello); err == nil || !strings.Contains(err.Error(), "answers.jsonl") {
		t.Errorf("%v, want an error that names the file", err)
	}
}

func TestCost(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, n int, _ request) {
		if n == 2 {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"choices":[]}`)) // counts no tokens, says nothing
			return
		}
		says(w, "hi")
	})
	c := f.config()
	c.PromptPrice, c.AnswerPrice = 3, 15
	l := newClient(t, c, nil)
	for i, want := range []string{"hi", "", "hi", "hi"} {
		if a, err := l.Ask(context.Background(), hello); err != nil || a.Text != want {
			t.Fatalf("answer %d: %+v, %v", i+1, a, err)
		}
	}
	// Three metered answers of 100 and 20 tokens: 300·3/10⁶ + 60·15/10⁶ = 0.0009 + 0.0009.
	u := l.Usage()
	near(t, "cost", u.Cost, 0.0018, 1e-12)
	if !u.Priced || u.Unmetered != 1 || u.Answers != 4 {
		t.Errorf("usage %+v", u)
	}
}
