package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// better answers by merit: on every criterion the text wins in whatever position it stands.
func better(text, other string) func(w http.ResponseWriter, n int, q question) {
	return func(w http.ResponseWriter, _ int, q question) {
		if shownFirst(q, text, other) {
			says(w, answer("first", "first", "first", "first"))
		} else {
			says(w, answer("second", "second", "second", "second"))
		}
	}
}

func TestLLMAsksInBothOrders(t *testing.T) {
	c := contest("c1", "x", "y")
	f := newFake(t, better(c.B, c.A))
	l := f.judge(t, nil)
	j, err := l.Judge(context.Background(), c)
	if want := (Verdict{Lose, Lose, Lose, Lose}); err != nil || j.Verdict != want {
		t.Fatalf("%v, %v, want %v", j.Verdict, err, want)
	}
	if f.count() != 2 || !shownFirst(f.questions[0], c.A, c.B) || !shownFirst(f.questions[1], c.B, c.A) {
		t.Errorf("%d questions, want one in each order", f.count())
	}
	for _, q := range f.questions {
		if q.Temperature == nil || *q.Temperature != 0 || q.Model != "test-model" || q.Format.Type != "json_object" {
			t.Errorf("temperature %v, model %q, format %q", q.Temperature, q.Model, q.Format.Type)
		}
		if q.Messages[0].Role != "system" || q.Messages[0].Content != systemPrompt || q.Messages[1].Role != "user" {
			t.Errorf("messages %+v", q.Messages)
		}
		if q.Authorization != "Bearer "+secret || strings.Contains(q.Body, secret) {
			t.Error("the key is not in the header alone")
		}
		if strings.Contains(q.Body, `"x"`) {
			t.Error("a system is named")
		}
	}
	if u := l.Usage(); u.Answers != 2 || u.PromptTokens != 200 || u.AnswerTokens != 40 || u.Priced || u.Retries != 0 {
		t.Errorf("usage %+v", u)
	}
}

// A judge that always prefers the first text has no opinion on the texts.
func TestLLMDisagreementIsTie(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, n int, _ question) {
		if n == 1 {
			says(w, answer("first", "first", "tie", "first"))
		} else { // from B's side: B, A, B, tie
			says(w, answer("first", "second", "first", "tie"))
		}
	})
	j, err := f.judge(t, nil).Judge(context.Background(), contest("c1", "x", "y"))
	// detail: A then B; relevance: A twice; conciseness: tie then B; overall: A then tie.
	if want := (Verdict{Tie, Win, Tie, Tie}); err != nil || j.Verdict != want {
		t.Fatalf("%v, %v, want %v", j.Verdict, err, want)
	}
	r := Orders([]Judgement{j})
	for i, want := range []OrderReport{
		{Criterion: Detail, Asked: 1, Disagreed: 1, Reversed: 1, First: 2},
		{Criterion: Relevance, Asked: 1, First: 1, Second: 1},
		{Criterion: Conciseness, Asked: 1, Disagreed: 1, First: 1},
		{Criterion: Overall, Asked: 1, Disagreed: 1, First: 1},
	} {
		if r[i] != want {
			t.Errorf("%+v, want %+v", r[i], want)
		}
	}
	near(t, "disagreement", r[0].Disagreement(), 1, 0)
}

func TestOrdersCountsInvalid(t *testing.T) {
	win, bad := Verdict{Win, Win, Win, Win}, Verdict{}
	r := Orders([]Judgement{{}, {Shown: &[2]Verdict{win, bad}}, {Shown: &[2]Verdict{win, win}}, {Shown: &[2]Verdict{win, win.Flip()}}})
	// A won in both orders of the third (first once, second once) and in the first order of the fourth; B in its second order,
	// where B stood first.
	if want := (OrderReport{Criterion: Overall, Asked: 2, Invalid: 1, Disagreed: 1, Reversed: 1, First: 3, Second: 1}); r[Overall] != want {
		t.Errorf("%+v, want %+v", r[Overall], want)
	}
	near(t, "disagreement", r[Overall].Disagreement(), 0.5, 0)
	near(t, "of nothing", OrderReport{}.Disagreement(), 0, 0)
}

func TestLLMUnparsableIsInvalid(t *testing.T) {
	for _, bad := range []string{"The first one, clearly.", ""} {
		f := newFake(t, func(w http.ResponseWriter, n int, _ question) {
			if n == 1 {
				says(w, bad)
			} else {
				says(w, answer("first", "first", "first", "first"))
			}
		})
		l := f.judge(t, nil)
		j, err := l.Judge(context.Background(), contest("c1", "x", "y"))
		if err != nil || j.Verdict.Valid() {
			t.Errorf("%q: %v, %v, want invalid", bad, j.Verdict, err)
		}
		if u := l.Usage(); u.Invalid != 1 || u.Answers != 2 {
			t.Errorf("%q: usage %+v, want one invalid of two", bad, u)
		}
	}
}

func TestLLMWaitsAndRetries(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, n int, q question) {
		switch n {
		case 1:
			fails(w, http.StatusTooManyRequests, "rate_limit_exceeded", "slow down")
		case 2:
			fails(w, http.StatusBadGateway, "", "")
		case 3:
			w.Header().Set("Retry-After", "9")
			fails(w, http.StatusServiceUnavailable, "", "")
		case 4:
			w.Header().Set("Retry-After", "3600")
			fails(w, http.StatusTooManyRequests, "", "")
		default:
			says(w, answer("tie", "tie", "tie", "tie"))
		}
	})
	l := f.judge(t, nil)
	if _, err := l.Judge(context.Background(), contest("c1", "x", "y")); err != nil {
		t.Fatal(err)
	}
	// 1 s doubled each time, except where the endpoint asks for more, and never above a minute.
	if want := []time.Duration{time.Second, 2 * time.Second, 9 * time.Second, time.Minute}; !slices.Equal(f.waits, want) {
		t.Errorf("waits %v, want %v", f.waits, want)
	}
	if u := l.Usage(); u.Retries != 4 || u.Answers != 2 || f.count() != 6 {
		t.Errorf("usage %+v after %d questions", u, f.count())
	}
}

func TestLLMGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		code      string
		questions int
		want      string
	}{
		"always busy": {http.StatusTooManyRequests, "", 6, "429 Too Many Requests, after 6 attempts"},
		"no money":    {http.StatusTooManyRequests, "insufficient_quota", 1, "insufficient_quota"},
		"wrong key":   {http.StatusUnauthorized, "invalid_api_key", 1, "check OPENAI_API_KEY"},
		"no model":    {http.StatusNotFound, "model_not_found", 1, "GIRL_JUDGE_MODEL"},
		"bad request": {http.StatusBadRequest, "unsupported_value", 1, "400 Bad Request (unsupported_value)"},
		"key in code": {http.StatusUnauthorized, "bad key " + secret, 1, "bad key [key]"},
	} {
		f := newFake(t, func(w http.ResponseWriter, _ int, _ question) {
			fails(w, c.status, c.code, "your key "+secret+" is bad")
		})
		_, err := f.judge(t, nil).Judge(context.Background(), contest("c1", "x", "y"))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `CV "c1"`) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if f.count() != c.questions {
			t.Errorf("%s: %d questions, want %d", name, f.count(), c.questions)
		}
		var e *EndpointError
		if !errors.As(err, &e) || e.Status != c.status || e.Attempts != c.questions {
			t.Errorf("%s: %+v", name, e)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
			if strings.Contains(fmt.Sprintf(verb, err), secret) {
				t.Errorf("%s: the key stands in the error", name)
			}
		}
	}
}

func TestLLMTimeout(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, n int, _ question) {
		if n == 1 {
			time.Sleep(300 * time.Millisecond)
		}
		says(w, answer("tie", "tie", "tie", "tie"))
	})
	c := f.config()
	c.Timeout = 100 * time.Millisecond
	l, err := NewLLM(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if j, err := l.Judge(context.Background(), contest("c1", "x", "y")); err != nil || j.Verdict[Overall] != Tie || l.Usage().Retries != 1 {
		t.Errorf("%v, %v, usage %+v, want a tie after one retry", j.Verdict, err, l.Usage())
	}
	c.Timeout, c.Attempts = time.Nanosecond, 2
	if l, err = NewLLM(c, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Judge(context.Background(), contest("c1", "x", "y")); err == nil || !strings.Contains(err.Error(), "no answer within 1ns, after 2 attempts") {
		t.Errorf("always late: %v", err)
	}
}

func TestLLMBrokenConnection(t *testing.T) {
	f := newFake(t, func(http.ResponseWriter, int, question) { panic(http.ErrAbortHandler) })
	_, err := f.judge(t, nil).Judge(context.Background(), contest("c1", "x", "y"))
	if err == nil || f.count() < 6 || strings.Contains(err.Error(), secret) {
		t.Errorf("%v after %d questions, want an error after 6", err, f.count())
	}
}

func TestLLMNotAnEndpoint(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ question) { _, _ = w.Write([]byte("<html>hello</html>")) })
	_, err := f.judge(t, nil).Judge(context.Background(), contest("c1", "x", "y"))
	if err == nil || f.count() != 1 {
		t.Errorf("%v after %d questions, want an error after one", err, f.count())
	}
}

func TestLLMCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := newFake(t, func(w http.ResponseWriter, _ int, _ question) {
		cancel() // while the question is being answered
		fails(w, http.StatusServiceUnavailable, "", "")
	})
	_, err := f.judge(t, nil).Judge(ctx, contest("c1", "x", "y"))
	if !errors.Is(err, context.Canceled) || f.count() != 1 {
		t.Errorf("%v after %d questions, want cancelled after one", err, f.count())
	}
	// And while waiting, with the real clock: an hour's wait ends at once.
	ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 30*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	if err := sleep(context.Background(), time.Nanosecond); err != nil {
		t.Error(err)
	}
}

func TestLLMCacheSparesQuestions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verdicts.jsonl")
	c := contest("c1", "x", "y")
	f := newFake(t, func(w http.ResponseWriter, n int, _ question) {
		if n == 1 {
			says(w, answer("first", "tie", "second", "first"))
		} else {
			says(w, "no idea, your key is "+secret)
		}
	})
	cache := open(t, path)
	first, err := f.judge(t, cache).Judge(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if first.Verdict.Valid() || f.count() != 2 || cache.Len() != 2 {
		t.Fatalf("%v after %d questions, %d cached", first.Verdict, f.count(), cache.Len())
	}
	l := f.judge(t, open(t, path)) // from the file
	again, err := l.Judge(context.Background(), c)
	if err != nil || *again.Shown != *first.Shown || f.count() != 2 {
		t.Errorf("%v, %v after %d questions, want %v after 2", again.Shown, err, f.count(), first.Shown)
	}
	if u := l.Usage(); u.Cached != 2 || u.Answers != 0 || u.PromptTokens != 0 {
		t.Errorf("usage %+v, want two from the cache", u)
	}
	// The same pair with the systems exchanged asks the same two questions.
	c.A, c.B, c.NameA, c.NameB = c.B, c.A, c.NameB, c.NameA
	if _, err := l.Judge(context.Background(), c); err != nil || f.count() != 2 {
		t.Errorf("%v after %d questions, want 2", err, f.count())
	}
	// Another text asks anew.
	c.A += "!"
	if _, err := l.Judge(context.Background(), c); err != nil || f.count() != 4 {
		t.Errorf("%v after %d questions, want 4", err, f.count())
	}
	if text := read(t, path); strings.Contains(text, secret) || !strings.Contains(text, "your key is [key]") {
		t.Errorf("the cache holds the key or not the answer:\n%s", text)
	}
}

func TestLLMCacheFailureIsAnError(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ question) { says(w, answer("tie", "tie", "tie", "tie")) })
	cache := open(t, filepath.Join(t.TempDir(), "verdicts.jsonl"))
	cache.file.Close()
	if _, err := f.judge(t, cache).Judge(context.Background(), contest("c1", "x", "y")); err == nil || !strings.Contains(err.Error(), "verdicts.jsonl") {
		t.Errorf("%v, want an error that names the file", err)
	}
}

func TestLLMCost(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, n int, _ question) {
		if n == 2 {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"choices":[]}`)) // counts no tokens, says nothing
			return
		}
		says(w, answer("tie", "tie", "tie", "tie"))
	})
	c := f.config()
	c.PromptPrice, c.AnswerPrice = 3, 15
	l, err := NewLLM(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	js, err := All(context.Background(), l, []Contest{contest("c1", "x", "y"), contest("c2", "x", "y")}, 1)
	if err != nil || js[0].Verdict.Valid() || !js[1].Verdict.Valid() {
		t.Fatalf("%v, %v", js, err)
	}
	// Three metered answers of 100 and 20 tokens: 300·3/10⁶ + 60·15/10⁶ = 0.0009 + 0.0009.
	u := l.Usage()
	near(t, "cost", u.Cost, 0.0018, exact)
	if !u.Priced || u.Unmetered != 1 || u.Answers != 4 || u.Invalid != 1 {
		t.Errorf("usage %+v", u)
	}
}

func TestLLMFormats(t *testing.T) {
	for format, want := range map[string]string{"": "json_object", "json_object": "json_object", "json_schema": "json_schema", "text": ""} {
		f := newFake(t, func(w http.ResponseWriter, _ int, _ question) { says(w, answer("tie", "tie", "tie", "tie")) })
		c := f.config()
		c.Format = format
		l, err := NewLLM(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Judge(context.Background(), contest("c1", "x", "y")); err != nil {
			t.Fatal(err)
		}
		if got := f.questions[0].Format.Type; got != want {
			t.Errorf("format %q asks for %q, want %q", format, got, want)
		}
		if format == "json_schema" && !strings.Contains(f.questions[0].Body, `"enum":["first","second","tie"]`) {
			t.Errorf("no schema in %s", f.questions[0].Body)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Setenv(EnvBaseURL, "http://localhost:1/v1")
	t.Setenv(EnvAPIKey, " "+secret+"\n")
	t.Setenv(EnvModel, "some-model")
	c := ConfigFromEnv()
	if c.BaseURL != "http://localhost:1/v1" || string(c.Key) != secret || c.Model != "some-model" {
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
		"no model":     {func(c *Config) { c.Model = "" }, EnvModel},
		"no key":       {func(c *Config) { c.BaseURL, c.Key = "", "" }, EnvAPIKey},
		"no address":   {func(c *Config) { c.BaseURL = "localhost" }, EnvBaseURL},
		"password":     {func(c *Config) { c.BaseURL = "http://me:hush@host/v1" }, "user"},
		"query":        {func(c *Config) { c.BaseURL = "http://host/v1?key=hush" }, "query"},
		"format":       {func(c *Config) { c.Format = "xml" }, `"xml"`},
		"timeout":      {func(c *Config) { c.Timeout = -1 }, "timeout"},
		"attempts":     {func(c *Config) { c.Attempts = -1 }, "attempts"},
		"answer price": {func(c *Config) { c.AnswerPrice = -1 }, "price"},
	} {
		bad := c
		x.spoil(&bad)
		if _, err := NewLLM(bad, nil); err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "999999": 24 * time.Hour,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("Retry-After %q: %v, want %v", header, got, want)
		}
	}
}
