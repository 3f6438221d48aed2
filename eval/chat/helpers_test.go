package chat

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"
)

func near(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) { // also fails on NaN
		t.Errorf("%s = %.15g, want %.15g ± %g", name, got, want, tol)
	}
}

// secret is a key that must turn up nowhere but in the request's header.
const secret = "sk-very-secret-0123456789"

// request is what the endpoint is sent.
type request struct {
	Authorization string
	Body          string
	Model         string   `json:"model"`
	Temperature   *float64 `json:"temperature"`
	MaxTokens     int64    `json:"max_tokens"`
	NewMaxTokens  int64    `json:"max_completion_tokens"`
	Format        struct {
		Type string `json:"type"`
	} `json:"response_format"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
}

// fake is an endpoint on this machine. reply writes the answer to request number n, from 1.
type fake struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
	waits    []time.Duration
}

func newFake(t *testing.T, reply func(w http.ResponseWriter, n int, q request)) *fake {
	t.Helper()
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		q := request{Authorization: r.Header.Get("Authorization"), Body: string(raw)}
		if err != nil || json.Unmarshal(raw, &q) != nil || len(q.Messages) != 2 || r.URL.Path != "/v1/chat/completions" {
			t.Errorf("strange request to %s: %.300s", r.URL.Path, raw)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		f.mu.Lock()
		f.requests = append(f.requests, q)
		n := len(f.requests)
		f.mu.Unlock()
		reply(w, n, q)
	}))
	t.Cleanup(f.Close)
	return f
}

// config points at the fake endpoint and never really waits.
func (f *fake) config() Config {
	return Config{BaseURL: f.URL + "/v1", Key: secret, Model: "test-model", Role: "GIRL_JUDGE", Sleep: func(ctx context.Context, d time.Duration) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.waits = append(f.waits, d)
		return ctx.Err()
	}}
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

func (f *fake) client(t *testing.T, cache *Cache) *Client {
	t.Helper()
	return newClient(t, f.config(), cache)
}

func newClient(t *testing.T, c Config, cache *Cache) *Client {
	t.Helper()
	client, err := New(c, cache)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// hello is a question.
var hello = Question{System: "You greet.", User: "Hello"}

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

func fails(w http.ResponseWriter, status int, code, message string) {
	refuses(w, status, code, "", message)
}

// refuses is fails with the parameter that is to blame.
func refuses(w http.ResponseWriter, status int, code, param, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "error", "code": code, "param": param}})
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
