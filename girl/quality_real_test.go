package girl

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"genjobrec/datasets"
	"genjobrec/eval/chat"
	"genjobrec/eval/judge"
)

// smallStudy is a study of [measuredData] in an empty folder. For t1, GIRL has written its first matched JD to the letter, GIRL-SFT the
// second one, the untuned model neither.
func smallStudy(t *testing.T) *quality {
	t.Helper()
	d := measuredData()
	dir := t.TempDir()
	cfg := &Config{}
	cfg.Eval.Resamples = 20
	r := &run{ctx: context.Background(), dir: dir, cfg: cfg, data: d, opts: Options{Seeds: []int{1}}, report: NewReporter(io.Discard)}
	q := &quality{run: r, options: QualityOptions{Workers: 1}, folder: filepath.Join(dir, "rq1"), keys: map[int][2]string{}}
	q.texts = func() (*systemTexts, error) {
		trained := map[string]map[int]map[string]string{
			modelGIRL:    {1: {"t1": "alpha beta gamma delta", "t2": "a"}},
			modelSFT:     {1: {"t1": "alpha beta epsilon zeta", "t2": "b"}},
			modelUntuned: {1: {"t1": "nothing of all this", "t2": "c"}}}
		return d.systemTexts([]int{1}, trained, "", nil), nil
	}
	return q
}

// The JD that competes is nobody's reference: its copy ties with it, who writes the CV's other JD beats it.
func TestRealJDIsJudgedByTheOthers(t *testing.T) {
	q := smallStudy(t)
	for range 2 { // the second time from the file
		got, err := q.judgeReal()
		if err != nil {
			t.Fatal(err)
		}
		if got.CVs != 1 || len(got.Matrix.Cells) != 4*4 {
			t.Fatalf("%d CVs, %d cells, want t1 alone and four systems on four criteria", got.CVs, len(got.Matrix.Cells))
		}
		for system, want := range map[string]float64{modelGIRL: 0, modelSFT: 1, modelUntuned: -1} {
			for _, c := range []judge.Criterion{judge.Detail, judge.Relevance} {
				if cell, ok := got.Matrix.Of(system, systemReal, c); !ok || cell.Net.Value != want || cell.Valid() != 1 {
					t.Errorf("%s on %v: %+v, want net %g", system, c, cell, want)
				}
			}
		}
	}
	if q.executed != 1 {
		t.Errorf("judged %d times", q.executed)
	}
	// A second copy of the same text is no other JD; and where nobody has another, there is no such judge.
	q.data.JDs[1].Text = q.data.JDs[0].Text
	q.data.index()
	if got, err := q.judgeReal(); got != nil || err != nil {
		t.Errorf("%+v, %v, want nothing", got, err)
	}
	if own := q.data.matchedJDs(datasets.Test); len(own["t1"]) != 2 {
		t.Errorf("matched JDs of t1: %q", own["t1"])
	}
}

// answers is an endpoint that cuts its answer off at small limits where the question holds a text.
type answers struct {
	*httptest.Server
	mu     sync.Mutex
	limits []int64
	cut    string
}

func newAnswers(t *testing.T, cut, answer string) *answers {
	t.Helper()
	a := &answers{cut: cut}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var q struct {
			MaxTokens int64 `json:"max_tokens"`
		}
		if err := json.Unmarshal(raw, &q); err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		a.limits = append(a.limits, q.MaxTokens)
		a.mu.Unlock()
		text, reason := answer, "stop"
		if q.MaxTokens < 9000 && strings.Contains(string(raw), a.cut) {
			text, reason = answer[:len(answer)/2], "length"
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"finish_reason": reason, "message": map[string]any{"content": text}}}})
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *answers) config(role string) chat.Config {
	return chat.Config{BaseURL: a.URL + "/v1", Model: "m", Role: role}
}

// A JD that was cut off does not compete, and a larger limit asks for it alone.
func TestCutJDsAreLeftOut(t *testing.T) {
	q := smallStudy(t)
	a := newAnswers(t, "heating plumber", "We seek a nurse.")
	q.options.Writer = a.config(WriterRole)
	if err := q.write(); err != nil {
		t.Fatal(err)
	}
	texts, err := q.llmTexts()
	if err != nil || len(texts) != 1 || texts["t1"] != "We seek a nurse." {
		t.Errorf("%q, %v, want t1's alone", texts, err)
	}
	p, err := q.llmPrompt()
	if err != nil || len(a.limits) != 2 || a.limits[0] != int64(4*p.words+4000) {
		t.Errorf("limits %d, %v, want %d twice", a.limits, err, 4*p.words+4000)
	}
	if note := q.notes[0]; !strings.Contains(note, "a whole JD for 1 of 2 CVs drawn by lot (temperature 0,") || !strings.Contains(note, "1 answers. They are not kept; set GIRL_WRITER_MAX_TOKENS to more") {
		t.Errorf("note %q", note)
	}
	q.options.Writer.MaxTokens = 9000
	if err := q.write(); err != nil {
		t.Fatal(err)
	}
	if texts, err = q.llmTexts(); err != nil || len(texts) != 2 || len(a.limits) != 3 || strings.Contains(q.notes[1], "Cut off") {
		t.Errorf("%q, %v after %d requests, note %q", texts, err, len(a.limits), q.notes[1])
	}
	q = smallStudy(t)
	a.cut = "CV"
	q.options.Writer = a.config(WriterRole)
	if err := q.write(); err == nil || !strings.Contains(err.Error(), "wrote no JD to its end") || !strings.Contains(err.Error(), "GIRL_WRITER_MAX_TOKENS") {
		t.Errorf("all cut: %v", err)
	}
}

// An empty answer, such as that of a filter, is no JD, and competes as little.
func TestEmptyJDsAreLeftOut(t *testing.T) {
	q := smallStudy(t)
	a := newAnswers(t, "nothing of all this", " ")
	q.options.Writer = a.config(WriterRole)
	if err := q.write(); err == nil || !strings.Contains(err.Error(), "wrote no JD to its end") {
		t.Errorf("error %v", err)
	}
}

// Before a language model the real JD competes on any data. Verdicts that were cut off come back under a larger limit, they alone.
func TestLanguageModelJudgesTheRealJD(t *testing.T) {
	q := smallStudy(t)
	a := newAnswers(t, "nothing of all this", `{"reason": "-", "detail": "tie", "relevance": "tie", "conciseness": "tie", "overall": "tie"}`)
	q.options.Judge = a.config(judge.Role)
	judged, err := q.judgeLLM()
	if err != nil {
		t.Fatal(err)
	}
	texts, _ := q.texts()
	read := func() (met []string, orders []judge.OrderReport) {
		t.Helper()
		js, err := readJudgements(filepath.Join(q.folder, judgementsLLMFile), texts.ofLLM())
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range js {
			if j.Contest.NameB == systemReal && j.Contest.CVID == "t2" {
				met = append(met, j.Contest.NameA)
			}
		}
		return met, judge.Orders(js)
	}
	met, orders := read()
	if want := []string{modelGIRL, modelSFT, modelUntuned, systemNearest}; !slices.Equal(met, want) {
		t.Errorf("the real JD met %q, want %q", met, want)
	}
	// Ten contests a CV; of t1's, four have the text that is cut off, in both orders. GIRL's text is the real JD's: two questions are the same.
	if o := orders[judge.Overall]; o.Invalid != 4 || o.Asked != 16 || judged.usage.Cut != 6 || judged.usage.Invalid != 6 {
		t.Errorf("%+v, usage %+v", o, judged.usage)
	}
	if w := judged.invalidWarning(orders); !strings.Contains(w, "4 of 20 verdicts") || !strings.Contains(w, "at 4000 tokens") || !strings.Contains(w, "GIRL_JUDGE_MAX_TOKENS") {
		t.Errorf("warning %q", w)
	}
	before := len(a.limits)
	q.options.Judge.MaxTokens = 9000
	if judged, err = q.judgeLLM(); err != nil {
		t.Fatal(err)
	}
	if _, orders = read(); orders[judge.Overall].Invalid != 0 || judged.usage.Cut != 0 || len(a.limits) != before+6 || judged.invalidWarning(orders) != "" {
		t.Errorf("%+v, usage %+v after %d more requests, want 6", orders[judge.Overall], judged.usage, len(a.limits)-before)
	}
	if data, err := os.ReadFile(filepath.Join(q.folder, judgeUsageFile)); err != nil || !strings.Contains(string(data), `"cut"`) {
		t.Errorf("usage %s, %v", data, err)
	}
}
