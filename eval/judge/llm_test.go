package judge

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"genjobrec/eval/chat"
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
	if u := l.Usage(); u.Cached != 2 || u.Answers != 0 || u.PromptTokens != 0 || u.Invalid != 1 {
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
}

// An answer without its end is invalid, counted, and asked again by a judge that may say more; a verdict that was whole is not.
func TestLLMCutAnswersAreAskedAgain(t *testing.T) {
	c := contest("c1", "x", "y")
	f := newFake(t, func(w http.ResponseWriter, _ int, q question) {
		switch {
		case q.MaxTokens > DefaultMaxTokens:
			says(w, answer("second", "second", "second", "second"))
		case shownFirst(q, c.A, c.B):
			says(w, answer("first", "first", "first", "first"))
		default:
			ends(w, `{"reason":"well`, "length")
		}
	})
	cache := open(t, filepath.Join(t.TempDir(), "verdicts.jsonl"))
	l := f.judge(t, cache)
	j, err := l.Judge(context.Background(), c)
	if err != nil || j.Verdict.Valid() || f.questions[0].MaxTokens != DefaultMaxTokens {
		t.Fatalf("%v, %v, limit %d, want invalid", j.Verdict, err, f.questions[0].MaxTokens)
	}
	if u := l.Usage(); u.Cut != 1 || u.Invalid != 1 || u.Answers != 2 || cache.Len() != 1 {
		t.Errorf("usage %+v, %d kept, want one of two", u, cache.Len())
	}
	more := f.config()
	more.MaxTokens = 9000
	if l, err = NewLLM(more, cache); err != nil {
		t.Fatal(err)
	}
	j, err = l.Judge(context.Background(), c)
	if want := (Verdict{Win, Win, Win, Win}); err != nil || j.Verdict != want || f.count() != 3 {
		t.Errorf("%v, %v after %d questions, want %v after 3", j.Verdict, err, f.count(), want)
	}
	if u := l.Usage(); u.Cut != 0 || u.Invalid != 0 || u.Cached != 1 || u.Answers != 1 {
		t.Errorf("usage %+v, want one of two from the cache", u)
	}
}

// A model that refuses every temperature can judge all the same, where it is asked to.
func TestLLMOwnTemperature(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ question) { says(w, answer("tie", "tie", "tie", "tie")) })
	c := f.config()
	c.OwnTemperature = true
	l, err := NewLLM(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Judge(context.Background(), contest("c1", "x", "y")); err != nil || f.questions[0].Temperature != nil {
		t.Errorf("%v, temperature %v, want none", err, f.questions[0].Temperature)
	}
}

func TestLLMErrorsNameTheContest(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ int, _ question) { w.WriteHeader(http.StatusNotFound) })
	_, err := f.judge(t, nil).Judge(context.Background(), contest("c1", "x", "y"))
	var e *chat.EndpointError
	if !errors.As(err, &e) || e.Status != http.StatusNotFound || !strings.Contains(err.Error(), `CV "c1"`) || !strings.Contains(err.Error(), "GIRL_JUDGE_MODEL") {
		t.Errorf("%v, want one that names contest and variable", err)
	}
	if _, err := NewLLM(chat.Config{Role: Role}, nil); err == nil || !strings.Contains(err.Error(), "GIRL_JUDGE_MODEL") {
		t.Errorf("no model: %v", err)
	}
}

// Whatever the settings say, a judge does not roll dice; it asks for an object, and with a schema for exactly the answer.
func TestLLMSettings(t *testing.T) {
	for format, want := range map[string]string{"": "json_object", "text": "", "json_schema": "json_schema"} {
		f := newFake(t, func(w http.ResponseWriter, _ int, _ question) { says(w, answer("tie", "tie", "tie", "tie")) })
		c := f.config()
		c.Temperature, c.Format = 1, format
		l, err := NewLLM(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Judge(context.Background(), contest("c1", "x", "y")); err != nil {
			t.Fatal(err)
		}
		q := f.questions[0]
		if q.Temperature == nil || *q.Temperature != 0 || q.Format.Type != want {
			t.Errorf("format %q: temperature %v, format %q", format, q.Temperature, q.Format.Type)
		}
		if format == "json_schema" && !strings.Contains(q.Body, `"enum":["first","second","tie"]`) {
			t.Errorf("no schema in %s", q.Body)
		}
	}
}

func open(t *testing.T, path string) *chat.Cache {
	t.Helper()
	c, err := chat.OpenCache(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
