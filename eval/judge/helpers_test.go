package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"genjobrec/eval/chat"
)

// exact is the tolerance for results that differ from the expected value by rounding only.
const exact = 1e-12

func near(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) { // also fails on NaN
		t.Errorf("%s = %.15g, want %.15g ± %g", name, got, want, tol)
	}
}

// secret is a key that must turn up nowhere but in the request's header.
const secret = "sk-very-secret-0123456789"

// question is what the endpoint is sent.
type question struct {
	Authorization string
	Body          string
	Model         string   `json:"model"`
	Temperature   *float64 `json:"temperature"`
	MaxTokens     int64    `json:"max_tokens"`
	Format        struct {
		Type string `json:"type"`
	} `json:"response_format"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
}

// user is the text of the question, with the JDs.
func (q question) user() string { return q.Messages[1].Content }

// fake is an endpoint on this machine. reply writes the answer to question number n, from 1.
type fake struct {
	*httptest.Server
	mu        sync.Mutex
	questions []question
}

func newFake(t *testing.T, reply func(w http.ResponseWriter, n int, q question)) *fake {
	t.Helper()
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		q := question{Authorization: r.Header.Get("Authorization"), Body: string(raw)}
		if err != nil || json.Unmarshal(raw, &q) != nil || len(q.Messages) != 2 || r.URL.Path != "/v1/chat/completions" {
			t.Errorf("strange request to %s: %.300s", r.URL.Path, raw)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		f.mu.Lock()
		f.questions = append(f.questions, q)
		n := len(f.questions)
		f.mu.Unlock()
		reply(w, n, q)
	}))
	t.Cleanup(f.Close)
	return f
}

// config points at the fake endpoint and never really waits.
func (f *fake) config() chat.Config {
	return chat.Config{BaseURL: f.URL + "/v1", Key: secret, Model: "test-model", Role: Role, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.questions)
}

func (f *fake) judge(t *testing.T, cache *chat.Cache) *LLM {
	t.Helper()
	l, err := NewLLM(f.config(), cache)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// says sends a chat completion with the content, 100 prompt tokens and 20 answer tokens.
func says(w http.ResponseWriter, content string) { ends(w, content, "stop") }

// ends is says with a reason why the answer ended.
func ends(w http.ResponseWriter, content, reason string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": "1", "object": "chat.completion", "created": 1, "model": "test-model",
		"choices": []any{map[string]any{"index": 0, "finish_reason": reason, "message": map[string]any{"role": "assistant", "content": content}}},
		"usage":   map[string]any{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
	})
}

// answer is a well-formed answer: detail, relevance, conciseness, overall.
func answer(d, r, c, o string) string {
	return fmt.Sprintf(`{"reason":"because","detail":%q,"relevance":%q,"conciseness":%q,"overall":%q}`, d, r, c, o)
}

// shownFirst says whether the text stands before the other in the question.
func shownFirst(q question, text, other string) bool {
	return strings.Index(q.user(), text) < strings.Index(q.user(), other)
}

// contest is a small one.
func contest(cv, a, b string) Contest {
	return Contest{CVID: cv, CV: "cv text of " + cv, NameA: a, A: "jd by " + a, NameB: b, B: "jd by " + b}
}
