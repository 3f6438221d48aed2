package chat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestClientWaitsAndRetries(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, n int, q request) {
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
			says(w, "hi")
		}
	})
	l := f.client(t, nil)
	if _, err := l.Ask(context.Background(), hello); err != nil {
		t.Fatal(err)
	}
	// 1 s doubled each time, except where the endpoint asks for more, and never above a minute.
	if want := []time.Duration{time.Second, 2 * time.Second, 9 * time.Second, time.Minute}; !slices.Equal(f.waits, want) {
		t.Errorf("waits %v, want %v", f.waits, want)
	}
	if u := l.Usage(); u.Retries != 4 || u.Answers != 1 || f.count() != 5 {
		t.Errorf("usage %+v after %d requests", u, f.count())
	}
}

func TestClientGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		code     string
		requests int
		want     string
	}{
		"always busy": {http.StatusTooManyRequests, "", 6, "429 Too Many Requests, after 6 attempts"},
		"no money":    {http.StatusTooManyRequests, "insufficient_quota", 1, "insufficient_quota"},
		"wrong key":   {http.StatusUnauthorized, "invalid_api_key", 1, "check OPENAI_API_KEY"},
		"no model":    {http.StatusNotFound, "model_not_found", 1, "GIRL_JUDGE_MODEL"},
		"bad request": {http.StatusBadRequest, "unsupported_value", 1, "400 Bad Request (unsupported_value)"},
		"key in code": {http.StatusUnauthorized, "bad key " + secret, 1, "bad key [key]"},
	} {
		f := newFake(t, func(w http.ResponseWriter, _ int, _ request) {
			fails(w, c.status, c.code, "your key "+secret+" is bad")
		})
		_, err := f.client(t, nil).Ask(context.Background(), hello)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if f.count() != c.requests {
			t.Errorf("%s: %d requests, want %d", name, f.count(), c.requests)
		}
		var e *EndpointError
		if !errors.As(err, &e) || e.Status != c.status || e.Attempts != c.requests {
			t.Errorf("%s: %+v", name, e)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
			if strings.Contains(fmt.Sprintf(verb, err), secret) {
				t.Errorf("%s: the key stands in the error", name)
			}
		}
	}
}

func TestClientTimeout(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, n int, _ request) {
		if n == 1 {
			time.Sleep(300 * time.Millisecond)
		}
		says(w, "hi")
	})
	c := f.config()
	c.Timeout = 100 * time.Millisecond
	l := newClient(t, c, nil)
	if a, err := l.Ask(context.Background(), hello); err != nil || a.Text != "hi" || l.Usage().Retries != 1 {
		t.Errorf("%+v, %v, usage %+v, want an answer after one retry", a, err, l.Usage())
	}
	c.Timeout, c.Attempts = time.Nanosecond, 2
	if _, err := newClient(t, c, nil).Ask(context.Background(), hello); err == nil || !strings.Contains(err.Error(), "no answer within 1ns, after 2 attempts") {
		t.Errorf("always late: %v", err)
	}
}

func TestClientBrokenConnection(t *testing.T) {
	f := newFake(t, func(http.ResponseWriter, int, request) { panic(http.ErrAbortHandler) })
	_, err := f.client(t, nil).Ask(context.Background(), hello)
	if err == nil || f.count() < 6 || strings.Contains(err.Error(), secret) {
		t.Errorf("%v after %d requests, want an error after 6", err, f.count())
	}
}

func TestClientNotAnEndpoint(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ request) { _, _ = w.Write([]byte("<html>hello</html>")) })
	_, err := f.client(t, nil).Ask(context.Background(), hello)
	if err == nil || f.count() != 1 {
		t.Errorf("%v after %d requests, want an error after one", err, f.count())
	}
}

func TestClientCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := newFake(t, func(w http.ResponseWriter, _ int, _ request) {
		cancel() // while the question is being answered
		fails(w, http.StatusServiceUnavailable, "", "")
	})
	_, err := f.client(t, nil).Ask(ctx, hello)
	if !errors.Is(err, context.Canceled) || f.count() != 1 {
		t.Errorf("%v after %d requests, want cancelled after one", err, f.count())
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

func TestClientFormats(t *testing.T) {
	for format, want := range map[string]string{"": "", "json_object": "json_object", "json_schema": "json_schema", "text": ""} {
		f := newFake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, "hi") })
		c := f.config()
		c.Format = format
		q := hello
		q.SchemaName, q.Schema = "greeting", map[string]any{"enum": []string{"hi"}}
		if _, err := newClient(t, c, nil).Ask(context.Background(), q); err != nil {
			t.Fatal(err)
		}
		if got := f.requests[0].Format.Type; got != want {
			t.Errorf("format %q asks for %q, want %q", format, got, want)
		}
		if format == "json_schema" && !strings.Contains(f.requests[0].Body, `"enum":["hi"]`) {
			t.Errorf("no schema in %s", f.requests[0].Body)
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
