//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"genjobrec/datasets"
	"genjobrec/girl"
	"genjobrec/results"
)

// All notebooks on a run of Parquet tables that no oracle knows, with a stand-in for an LLM that writes and judges: nothing fails, no text of a CV
// or JD is shown, nothing of a gold reward is drawn, and a bar shows what is computed. Then without scores of validation pairs, as the
// scores of others may be.
func TestAllNotebooksOnParquet(t *testing.T) {
	llm := newStandIn(t)
	tables := parquetTables(t)
	dir := filepath.Join(testFolder, "parquet run")
	if err := girl.Run(context.Background(), girl.Options{Data: tables, Profile: "smoke", Seeds: []int{1}, Out: dir, Reporter: girl.NewReporter(io.Discard)}); err != nil {
		t.Fatal(err)
	}
	r := kernelRunner(t, "GENJOBREC_RUN="+dir, "OPENAI_BASE_URL="+llm.URL+"/v1", "OPENAI_API_KEY="+standInKey,
		"GIRL_WRITER_MODEL=writer-model", "GIRL_JUDGE_MODEL=judge-model", girl.EnvSendTexts+"=true")
	var log bytes.Buffer
	r.log = &log
	paths, err := filepath.Glob("../*.ipynb")
	if err != nil || len(paths) < 5 {
		t.Fatalf("notebooks %v, error %v", paths, err)
	}
	said := map[string]string{}
	for _, path := range paths {
		if err := r.run(context.Background(), path); err != nil {
			t.Fatalf("%v\n%s", err, &log)
		}
		name := filepath.Base(path)
		cells := readOutputs(t, filepath.Join(r.out, name))
		said[name] = saidBy(t, cells)
		if tables, pictures := shownBy(t, cells...); tables == 0 || len(pictures) == 0 {
			t.Errorf("%s shows %d tables and %d pictures", name, tables, len(pictures))
		}
		if name != "00_data.ipynb" && !strings.Contains(said[name], "<progress ") {
			t.Errorf("%s computes and shows no bar", name)
		}
		for _, text := range textsOf(t, tables, dir) {
			if strings.Contains(said[name], text) {
				t.Errorf("%s shows the text %q", name, text)
				break
			}
		}
		if strings.Contains(said[name], standInKey) {
			t.Errorf("%s shows the key", name)
		}
	}
	for _, name := range []string{"00_data.ipynb", "01_generation.ipynb", "03_ablation.ipynb"} {
		if !strings.Contains(said[name], girl.EnvShowTexts+"=true") {
			t.Errorf("%s does not say how to show texts", name)
		}
	}
	for _, want := range []string{"LLM writer-model", "judge-model"} {
		if !strings.Contains(said["01_generation.ipynb"], want) {
			t.Errorf("01_generation.ipynb does not show %q", want)
		}
	}
	if strings.Contains(said["01_generation.ipynb"], "No LLM has judged") || llm.asked("writer-model") == 0 || llm.asked("judge-model") == 0 {
		t.Errorf("the LLM wrote %d texts and judged %d times, and the notebook shows\n%s", llm.asked("writer-model"), llm.asked("judge-model"), said["01_generation.ipynb"])
	}
	if drawn := goldPanels(t, dir); len(drawn) > 0 {
		t.Errorf("without an oracle a gold reward is drawn in %q", drawn)
	}
	t.Logf("%s", &log)

	// The notebooks leave a run as its manifests describe it.
	if v, err := girl.Verify(context.Background(), dir); err != nil || len(v.Faults) > 0 {
		t.Errorf("faults of the run after the notebooks: %+v, error %v", v, err)
	}

	// The table is there: nothing is computed. With other scores it is made anew.
	report, steps := girl.NewReporter(io.Discard), 0
	report.Listen(func(string, int, int, string) { steps++ })
	if err := girl.Matching(context.Background(), dir, report); err != nil || steps > 0 {
		t.Errorf("%d steps for what is there already, error %v", steps, err)
	}
	scores, err := results.ReadScores(filepath.Join(dir, "scores.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	scores = slices.DeleteFunc(scores, func(s results.ScoreRow) bool { return s.Split == string(datasets.Valid) })
	if err := results.WriteScores(filepath.Join(dir, "scores.parquet"), scores); err != nil {
		t.Fatal(err)
	}
	if err := r.run(context.Background(), "../02_matching.ipynb"); err != nil {
		t.Fatal(err)
	}
	cells := readOutputs(t, filepath.Join(r.out, "02_matching.ipynb"))
	if n := strings.Count(saidBy(t, cells), "no scores of validation pairs"); n != 3 {
		t.Errorf("without scores of validation pairs %d cells say so, want 3", n)
	}
	if tables, pictures := shownBy(t, cells...); tables != 3 || len(pictures) != 2 {
		t.Errorf("without scores of validation pairs %d tables and %d pictures, want 3 and 2", tables, len(pictures))
	}
}

// parquetTables writes part of the small run's market as three Parquet tables, without what makes it a market.
func parquetTables(t *testing.T) (folder string) {
	t.Helper()
	whole, err := girl.ExportData(context.Background(), smallRun(t))
	if err != nil {
		t.Fatal(err)
	}
	ds, err := datasets.Open(context.Background(), whole)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	ds.CVs = ds.CVs[:100]
	for _, cv := range ds.CVs {
		kept[cv.ID] = true
	}
	ds.Pairs = slices.DeleteFunc(ds.Pairs, func(p datasets.Pair) bool { return !kept[p.CVID] })
	folder = filepath.Join(t.TempDir(), "people")
	if err := datasets.Write(folder, ds); err != nil {
		t.Fatal(err)
	}
	return folder
}

// textsOf gives passages of all CVs and JDs of a folder of tables, and of the JDs that a run on them wrote, long enough to be nothing else.
func textsOf(t *testing.T, folder, run string) (passages []string) {
	t.Helper()
	ds, err := datasets.Open(context.Background(), folder)
	if err != nil {
		t.Fatal(err)
	}
	generated, err := results.ReadGenerated(filepath.Join(run, "generated.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{standInJD}
	for _, cv := range ds.CVs {
		texts = append(texts, cv.Text)
	}
	for _, jd := range ds.JDs {
		texts = append(texts, jd.Text)
	}
	for _, g := range generated {
		texts = append(texts, g.Text)
	}
	data, err := os.ReadFile(filepath.Join(run, "seed-1", "ppo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var training girl.PPOReport // whose samples notebook 03 would show
	if err := json.Unmarshal(data, &training); err != nil {
		t.Fatal(err)
	}
	for _, s := range training.Samples {
		texts = append(texts, s.Text)
	}
	for _, text := range texts {
		for _, p := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '.' }) {
			if p = strings.TrimSpace(p); utf8.RuneCountInString(p) >= 20 {
				passages = append(passages, p)
			}
		}
	}
	if len(passages) < len(ds.CVs) {
		t.Fatalf("%d passages of %d CVs", len(passages), len(ds.CVs))
	}
	return passages
}

// saidBy joins all texts in the outputs of cells, as a reader sees them.
func saidBy(t *testing.T, cells [][]output) string {
	t.Helper()
	var b strings.Builder
	for _, list := range cells {
		for _, o := range list {
			b.WriteString(string(o.Text))
			for kind, data := range o.Data {
				if !strings.HasPrefix(kind, "text/") {
					continue
				}
				var text lines
				if err := json.Unmarshal(data, &text); err != nil {
					t.Fatal(err)
				}
				b.WriteString(html.UnescapeString(string(text)) + "\n")
			}
		}
	}
	return b.String()
}

// goldPanels lists the figures of a run that draw a gold reward.
func goldPanels(t *testing.T, dir string) (names []string) {
	t.Helper()
	for name, data := range figureFiles(t, dir) {
		if filepath.Ext(name) == ".svg" && bytes.Contains(bytes.ToLower(data), []byte("gold reward")) {
			names = append(names, name)
		}
	}
	return names
}

// What the stand-in for an LLM writes, and the key it is sent.
const (
	standInJD  = "We seek a nurse for the night shift in the north"
	standInKey = "sk-secret-0123456789"
)

// standIn is an endpoint that answers as an LLM would.
type standIn struct {
	*httptest.Server
	mu       sync.Mutex
	requests map[string]int // by model
}

func (s *standIn) asked(model string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[model]
}

// newStandIn starts an endpoint whose writer always writes the same JD, and whose judge prefers the second text in its question.
func newStandIn(t *testing.T) *standIn {
	t.Helper()
	s := &standIn{requests: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Model string }
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Errorf("strange request: %v", err)
		}
		s.mu.Lock()
		s.requests[q.Model]++
		s.mu.Unlock()
		answer := standInJD
		if q.Model == "judge-model" {
			answer = `{"reason": "-", "detail": "second", "relevance": "tie", "conciseness": "first", "overall": "second"}`
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"object": "chat.completion", "model": q.Model,
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": answer}}},
			"usage":   map[string]any{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}})
	}))
	t.Cleanup(s.Close)
	return s
}
