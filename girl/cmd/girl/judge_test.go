package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"genjobrec/datasets/market"
	"genjobrec/girl"
)

// apiKey must turn up in the endpoint's header and nowhere else.
const apiKey = "sk-very-secret-0123456789"

// chatRequest is what the endpoint is sent.
type chatRequest struct {
	Authorization string
	Model         string  `json:"model"`
	Temperature   float64 `json:"temperature"`
	Messages      []struct {
		Content string `json:"content"`
	} `json:"messages"`
}

func (q chatRequest) user() string { return q.Messages[1].Content }

// chatEndpoint writes and judges; every answer counts 100 prompt and 20 answer tokens.
type chatEndpoint struct {
	*httptest.Server
	mu       sync.Mutex
	requests []chatRequest
	failFrom int // number of the first request that fails; 0: none
	garbage  string
}

// newEndpoint starts an endpoint and points the environment at it. As a writer it gives away the key that it was sent; as a judge it prefers the
// second text and answers questions with the garbage in words.
func newEndpoint(t *testing.T) *chatEndpoint {
	t.Helper()
	e := &chatEndpoint{garbage: "no such text"}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := chatRequest{Authorization: r.Header.Get("Authorization")}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || len(q.Messages) != 2 {
			t.Errorf("strange request: %v", err)
		}
		e.mu.Lock()
		e.requests = append(e.requests, q)
		failing := e.failFrom > 0 && len(e.requests) >= e.failFrom
		e.mu.Unlock()
		if failing {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer := "We seek a nurse in the north. Your key is " + apiKey
		if q.Model == "judge-model" {
			answer = `{"reason": "-", "detail": "second", "relevance": "tie", "conciseness": "first", "overall": "second"}`
			if strings.Contains(q.user(), e.garbage) {
				answer = "I like the second one."
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"object": "chat.completion", "model": q.Model,
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": answer}}},
			"usage":   map[string]any{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}})
	}))
	t.Cleanup(e.Close)
	t.Setenv("OPENAI_BASE_URL", e.URL+"/v1")
	t.Setenv("OPENAI_API_KEY", apiKey)
	t.Setenv("GIRL_WRITER_MODEL", "writer-model")
	t.Setenv("GIRL_JUDGE_MODEL", "judge-model")
	t.Setenv("GIRL_JUDGE_PRICES", "2,10")
	t.Setenv("GIRL_SEND_TEXTS", "")
	return e
}

// take gives the requests since the last call, by model.
func (e *chatEndpoint) take() map[string][]chatRequest {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string][]chatRequest{}
	for _, q := range e.requests {
		out[q.Model] = append(out[q.Model], q)
	}
	e.requests = nil
	return out
}

// different is the number of different questions; one that was asked twice is an error.
func different(t *testing.T, requests []chatRequest, seen map[string]bool) int {
	t.Helper()
	for _, q := range requests {
		if seen[q.user()] {
			t.Errorf("asked twice: %.200s", q.user())
		}
		seen[q.user()] = true
	}
	return len(requests)
}

var judged struct {
	sync.Once
	dir string
}

// judgedRun is a copy of the shared run that the offline judge has seen.
func judgedRun(t *testing.T) string {
	t.Helper()
	noEndpoint(t)
	judged.Do(func() {
		judged.dir = filepath.Join(filepath.Dir(finishedRun(t)), "judged")
		if err := os.CopyFS(judged.dir, os.DirFS(finishedRun(t))); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := girlCommand(t, "judge", "-run", judged.dir); code != exitOK {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
	})
	dir := filepath.Join(t.TempDir(), "judged")
	if err := os.CopyFS(dir, os.DirFS(judged.dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// noEndpoint empties the environment.
func noEndpoint(t *testing.T) {
	t.Helper()
	for _, v := range []string{"OPENAI_BASE_URL", "OPENAI_API_KEY", "GIRL_WRITER_MODEL", "GIRL_JUDGE_MODEL", "GIRL_WRITER_PRICES", "GIRL_JUDGE_PRICES", "GIRL_WRITER_FORMAT", "GIRL_JUDGE_FORMAT", "GIRL_WRITER_MAX_TOKENS", "GIRL_JUDGE_MAX_TOKENS", "GIRL_WRITER_TEMPERATURE", "GIRL_JUDGE_TEMPERATURE", "GIRL_SEND_TEXTS", "GIRL_SHOW_TEXTS"} {
		t.Setenv(v, "")
	}
}

// judge runs the command and gives its output.
func judgeRun(t *testing.T, dir string, more ...string) string {
	t.Helper()
	code, stdout, stderr := girlCommand(t, append([]string{"judge", "-run", dir}, more...)...)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return stdout
}

func readText(t *testing.T, path ...string) string {
	t.Helper()
	return string(must(os.ReadFile(filepath.Join(path...)))(t))
}

// tableRows reads a table's CSV file, one map from column to cell a row.
func tableRows(t *testing.T, path ...string) (rows []map[string]string) {
	t.Helper()
	records := must(csv.NewReader(strings.NewReader(readText(t, path...))).ReadAll())(t)
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, key := range records[0] {
			row[key] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// near1 reports whether a cell is 1 but for the rounding of sums.
func near1(cell string) bool {
	v, err := strconv.ParseFloat(cell, 64)
	return err == nil && math.Abs(v-1) < 1e-9
}

func TestJudgeOffline(t *testing.T) {
	dir := judgedRun(t)
	for _, f := range []string{"tables/rq1.md", "tables/rq1_length.tex", "figures/rq1.png", "figures/rq1_length.svg", "rq1.csv", "rq1.manifest.json", "rq1/judgements.jsonl", "seed-2/rq1/untuned.parquet",
		"tables/rq1_measures.tex", "seed-1/rq1/reward-scores.json"} {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil || info.Size() == 0 {
			t.Errorf("%s is missing or empty", f)
		}
	}
	if page := readText(t, dir, "index.html"); !strings.Contains(page, `id="rq1"`) || !strings.Contains(page, "untuned LM") || !strings.Contains(page, `id="figure-rq1_length"`) {
		t.Error("the page does not show the study")
	}
	rows := tableRows(t, dir, "tables", "rq1.csv")
	if len(rows) != 10*4 { // pairs of 5 systems, criteria
		t.Errorf("%d rows, want 40", len(rows))
	}
	// The market's oracle must tell a real matched JD from what an untuned model writes for anybody.
	for _, r := range rows {
		if r["a"] == "untuned LM" && r["b"] == "real matched JD" && r["criterion"] == "relevance" && !strings.HasPrefix(r["net"], "-") {
			t.Errorf("the untuned model against real JDs: %v", r)
		}
	}
	// rq1.csv says the same as the table.
	long := tableRows(t, dir, "rq1.csv")
	if len(long) != len(rows) {
		t.Fatalf("rq1.csv has %d rows, the table %d", len(long), len(rows))
	}
	for i, r := range long {
		seeds := "2"
		if r["a"] == "nearest matched JD" { // against the real one
			seeds = "0"
		}
		for key, want := range map[string]string{"a": rows[i]["a"], "b": rows[i]["b"], "criterion": rows[i]["criterion"], "win": rows[i]["win"], "net": rows[i]["net"],
			"low": rows[i]["net_low"], "high": rows[i]["net_high"], "p_holm": rows[i]["p_holm"], "judge": "oracle", "seeds": seeds} {
			if r[key] != want {
				t.Errorf("rq1.csv, row %d: %s is %q, want %q", i+1, key, r[key], want)
			}
		}
	}
	measured := map[string]map[string]string{}
	for _, r := range tableRows(t, dir, "tables", "rq1_measures.csv") {
		measured[r["system"]] = r
	}
	if len(measured) != 5 || !near1(measured["nearest matched JD"]["copy_rate"]) || measured["GIRL"]["reward_low"] == "" || measured["untuned LM"]["distinct_2_high"] == "" {
		t.Errorf("measures %v", measured)
	}
	if notes := measured["GIRL"]["notes"]; strings.Count(notes, "fewer than 5") != 1 {
		t.Errorf("GIRL's notes are %q, want each once", notes)
	}
	if page := readText(t, dir, "index.html"); !strings.Contains(page, `id="table-rq1_measures"`) || !strings.Contains(page, `id="table-data"`) || !strings.Contains(page, `id="figure-data_lengths"`) {
		t.Error("the page lacks the measures or the data")
	}
	manifest := readText(t, dir, "rq1.manifest.json")
	for _, want := range []string{`"dir": "rq1"`, `"dir": "seed-2/rq1"`, `"stage": "untuned"`} {
		if !strings.Contains(manifest, want) {
			t.Errorf("the manifest of the study has no %s", want)
		}
	}
	if strings.Contains(manifest, `"stage": "sft"`) {
		t.Error("the manifest of the study has stages of the run")
	}
	if !strings.Contains(readText(t, dir, "tables", "rq1.md"), "none is named by") {
		t.Error("the table does not say that no language model took part")
	}

	// A second call only reads: no stage begins, and the files are the same to the byte.
	before := map[string]string{}
	files := []string{"rq1.csv", "tables/rq1.md", "tables/rq1_measures.csv", "tables/rq1_length.csv", "index.html", "figures/rq1.png", "rq1/statistics.gob"}
	for _, f := range files {
		before[f] = readText(t, dir, f)
	}
	if out := judgeRun(t, dir); strings.Contains(out, " ...\n") || !strings.Contains(out, "rq1/judge already there") {
		t.Errorf("a stage ran again:\n%s", out)
	}
	for _, f := range files {
		if readText(t, dir, f) != before[f] {
			t.Errorf("%s has changed", f)
		}
	}
	// Without the judgements they come back, the same.
	was := readText(t, dir, "rq1/judgements.jsonl")
	if err := os.Remove(filepath.Join(dir, "rq1/judgements.jsonl")); err != nil {
		t.Fatal(err)
	}
	judgeRun(t, dir)
	if readText(t, dir, "rq1/judgements.jsonl") != was {
		t.Error("other judgements")
	}
}

func TestJudgeWithEndpoint(t *testing.T) {
	dir := judgedRun(t)
	e := newEndpoint(t)
	const cvs = 4
	judgeRun(t, dir, "-cvs", "4", "-writer-temperature", "0.3", "-workers", "1")
	requests := e.take()
	// Six systems: of 15 pairs those 3 of real, nearest and the endpoint's JD once a CV, the other 12 for each of two seeds; two orders.
	contests := cvs * (3 + 2*12)
	// At most so many questions, as models as small as these sometimes write the same.
	seen := map[string]bool{}
	w, j := different(t, requests["writer-model"], seen), different(t, requests["judge-model"], seen)
	if w != cvs || j > 2*contests || j < contests/2 {
		t.Fatalf("%d JDs and %d verdicts were asked for, want %d and %d or somewhat fewer", w, j, cvs, 2*contests)
	}
	for _, q := range append(requests["writer-model"], requests["judge-model"]...) {
		if want := map[string]float64{"writer-model": 0.3}[q.Model]; q.Authorization != "Bearer "+apiKey || q.Temperature != want || !strings.Contains(q.user(), "-----BEGIN CV ") {
			t.Fatalf("authorization %q, temperature %g, want %g; the CV is fenced: %v", q.Authorization, q.Temperature, want, strings.Contains(q.user(), "-----BEGIN CV "))
		}
	}
	byModel := tableRows(t, dir, "tables", "rq1_llm.csv")
	if len(byModel) != 15*4 {
		t.Errorf("%d rows, want 60", len(byModel))
	}
	for _, r := range byModel {
		// It prefers a place, not a text: ties throughout.
		if r["win"] != "0" || r["lose"] != "0" || r["invalid"] != "0" || (r["a"] == "LLM writer-model" && r["tie"] != "4") || (r["a"] == "GIRL" && r["tie"] != "8") {
			t.Errorf("%v, want ties only", r)
		}
	}
	agreement := tableRows(t, dir, "tables", "rq1_agreement.csv")
	if r := agreement[0]; r["criterion"] != "detail" || r["consistent"] != "0" || r["first"] != "0" || r["asked"] != "108" || r["shared"] != "108" {
		t.Errorf("detail: %v, want no consistency and the second preferred throughout", r)
	}
	if r := agreement[1]; r["criterion"] != "relevance" || r["consistent"] != "1" || r["first"] != "" {
		t.Errorf("relevance: %v, want ties in both orders", r)
	}
	if r := agreement[2]; r["criterion"] != "conciseness" || r["first"] != "1" {
		t.Errorf("conciseness: %v, want the first preferred throughout", r)
	}
	// 100 and 20 tokens an answer at 2 and 10 a million.
	want := fmt.Sprintf("%d answers, %d prompt and %d answer tokens, cost %.4g at the prices given", j, 100*j, 20*j, float64(j)*4e-4)
	if notes := readText(t, dir, "tables", "rq1_llm.md"); !strings.Contains(notes, want) {
		t.Errorf("the table does not tell what was spent:\n%s", notes[strings.LastIndex(notes, "|"):])
	}
	if notes := readText(t, dir, "tables", "rq1.md"); !strings.Contains(notes, "for each of 4 CVs") || !strings.Contains(notes, "4 answers, 400 prompt and 80 answer tokens, cost unknown") {
		t.Errorf("the table does not tell who wrote:\n%s", notes[strings.LastIndex(notes, "|"):])
	}
	noKey(t, dir)

	// What was asked is not asked again: neither in a second call, nor without a key, nor where stages are lost.
	table := readText(t, dir, "tables", "rq1_llm.csv")
	t.Setenv("OPENAI_API_KEY", "")
	judgeRun(t, dir, "-cvs", "4", "-writer-temperature", "0.3")
	for _, f := range []string{"llm.jsonl", "judgements-llm.jsonl", "judge-llm.json"} {
		if err := os.Remove(filepath.Join(dir, "rq1", f)); err != nil {
			t.Fatal(err)
		}
	}
	judgeRun(t, dir, "-cvs", "4", "-writer-temperature", "0.3")
	if n := len(e.take()); n != 0 || readText(t, dir, "tables", "rq1_llm.csv") != table {
		t.Errorf("%d models were asked again, or the table has changed", n)
	}
	// One CV more costs that CV.
	judgeRun(t, dir, "-cvs", "5", "-writer-temperature", "0.3")
	requests = e.take()
	if w, j := different(t, requests["writer-model"], seen), different(t, requests["judge-model"], seen); w != 1 || j > 2*contests/cvs || j == 0 {
		t.Errorf("%d JDs and %d verdicts were asked for, want 1 and at most %d", w, j, 2*contests/cvs)
	}

	// Without models the study is the offline one again, and nothing claims otherwise.
	noEndpoint(t)
	judgeRun(t, dir)
	for _, f := range []string{"tables/rq1_llm.md", "tables/rq1_agreement.csv", "figures/rq1_llm.png"} {
		if _, err := os.Stat(filepath.Join(dir, f)); err == nil {
			t.Errorf("%s is still there", f)
		}
	}
	if readText(t, dir, "tables", "rq1.csv") != readText(t, judged.dir, "tables", "rq1.csv") || len(e.take()) != 0 {
		t.Error("the offline table is not what it was, or the endpoint was asked")
	}
}

// noKey looks for the key in every file of a run.
func noKey(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		if strings.Contains(readText(t, path), apiKey) {
			t.Errorf("the key is in %s", path)
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files, error %v", files, err)
	}
	if text := readText(t, dir, "rq1", "llm.jsonl"); !strings.Contains(text, "Your key is [key]") {
		t.Errorf("the endpoint's answer is not there: %s", text)
	}
}

// An answer in words is invalid: counted as such, never a tie or a coin flip.
func TestJudgeUnparsableIsInvalid(t *testing.T) {
	dir := judgedRun(t)
	e := newEndpoint(t)
	t.Setenv("GIRL_WRITER_MODEL", "")
	e.garbage = "-----BEGIN CV" // all
	judgeRun(t, dir, "-cvs", "2")
	for _, r := range tableRows(t, dir, "tables", "rq1_llm.csv") {
		if r["win"] != "0" || r["tie"] != "0" || r["lose"] != "0" || r["net"] != "" || (r["a"] == "GIRL" && r["invalid"] != "4") {
			t.Fatalf("%v, want nothing but invalid", r)
		}
	}
	if r := tableRows(t, dir, "tables", "rq1_agreement.csv")[0]; r["invalid"] != "38" || r["asked"] != "0" || r["shared"] != "0" || r["kappa"] != "" {
		t.Errorf("%v, want 2 CVs with 1 + 2·9 invalid contests", r)
	}
	if notes := readText(t, dir, "tables", "rq1_llm.md"); !strings.Contains(notes, fmt.Sprintf("%d answers could not be parsed", len(e.take()["judge-model"]))) {
		t.Error("the table does not count the invalid answers")
	}
}

// An endpoint that fails half-way loses nothing: the next call goes on where it stopped.
func TestJudgeGoesOn(t *testing.T) {
	dir := judgedRun(t)
	e := newEndpoint(t)
	e.failFrom = 10
	code, _, stderr := girlCommand(t, "judge", "-run", dir, "-cvs", "2", "-workers", "1")
	checkRefused(t, []string{"judge"}, code, stderr, "401")
	if strings.Contains(stderr, apiKey) || !strings.Contains(stderr, "the answers so far are kept") || !strings.Contains(stderr, "OPENAI_API_KEY") {
		t.Errorf("error %q", stderr)
	}
	before, seen := e.take(), map[string]bool{}
	different(t, before["writer-model"], seen)
	if asked := before["judge-model"]; different(t, asked[:len(asked)-1], seen) != 7 { // the last one failed
		t.Errorf("%d verdicts were asked for before the failure, want 8 beside two JDs", len(asked))
	}
	e.failFrom = 0
	judgeRun(t, dir, "-cvs", "2")
	after := e.take()
	if w := len(after["writer-model"]); w != 0 || different(t, after["judge-model"], seen) == 0 {
		t.Errorf("%d JDs and %d verdicts asked for after the failure", w, len(after["judge-model"]))
	}
	whole := judgedRun(t)
	for name, value := range map[string]string{"OPENAI_BASE_URL": e.URL + "/v1", "GIRL_WRITER_MODEL": "writer-model", "GIRL_JUDGE_MODEL": "judge-model"} {
		t.Setenv(name, value)
	}
	judgeRun(t, whole, "-cvs", "2")
	if n := len(e.take()["judge-model"]); n != len(seen)-2 || readText(t, whole, "tables", "rq1_llm.csv") != readText(t, dir, "tables", "rq1_llm.csv") {
		t.Errorf("%d verdicts without interruption, %d with one, or another table", n, len(seen)-2)
	}
	noKey(t, dir)
}

// The CVs of real people leave the machine, and are shown, only where that is asked for.
func TestJudgeSendsRealCVsOnlyWhenAsked(t *testing.T) {
	noEndpoint(t)
	data := filepath.Join(t.TempDir(), "data")
	if code, _, stderr := girlCommand(t, "market", "-cvs", "120", "-unlabelled", "0", "-out", data); code != exitOK {
		t.Fatal(stderr)
	}
	if err := os.Remove(filepath.Join(data, market.FileName)); err != nil { // now nobody knows that they are invented
		t.Fatal(err)
	}
	dir, _ := quickRun(t, data)
	e := newEndpoint(t)
	out := judgeRun(t, dir)
	if n := len(e.take()); n != 0 {
		t.Fatalf("%d models were asked", n)
	}
	for _, text := range []string{out, readText(t, dir, "tables", "rq1.md"), readText(t, dir, "index.html")} {
		if !strings.Contains(text, "nothing was sent to it") {
			t.Error("it is not said that nothing was sent")
		}
	}
	// The real JD is the offline judge's yardstick: it competes where it is none, in a table of its own.
	judges := map[string]int{}
	for _, r := range tableRows(t, dir, "rq1.csv") {
		judges[r["judge"]]++
		if real := r["b"] == "real matched JD"; real != (r["judge"] == "reference-others") {
			t.Errorf("rq1.csv: %v", r)
		}
	}
	if judges["reference"] != 6*4 || judges["reference-others"] != 4*4 || len(tableRows(t, dir, "tables", "rq1_real.csv")) != 4*4 {
		t.Errorf("rows by judge %v, want 24 and 16", judges)
	}
	if !strings.Contains(readText(t, dir, "tables", "rq1.md"), "see rq1\\_real") || !strings.Contains(readText(t, dir, "index.html"), `id="table-rq1_real"`) {
		t.Error("the page does not show the contests with the real JD, or rq1 does not point there")
	}
	o, err := girl.QualityFromEnv()
	if err != nil {
		t.Fatal(err)
	}
	o.Samples = 1
	r, err := girl.Quality(context.Background(), dir, o, nil)
	if err != nil || len(r.Samples) != 0 || !strings.Contains(r.SamplesNote, "personal data") {
		t.Errorf("%d samples, %q, error %v, want none", len(r.Samples), r.SamplesNote, err)
	}
	o.ShowTexts = true
	if r, err = girl.Quality(context.Background(), dir, o, nil); err != nil || len(r.Samples) != 1 || len(r.Samples[0].JDs) != 4 {
		t.Errorf("%+v, error %v, want one sample with four JDs", r.Samples, err)
	}
	if len(e.take()) != 0 {
		t.Error("showing texts sent them")
	}
	judgeRun(t, dir, "-send-texts")
	first := e.take()
	if len(first["writer-model"]) == 0 || len(first["judge-model"]) == 0 {
		t.Errorf("%d and %d requests, want some", len(first["writer-model"]), len(first["judge-model"]))
	}
	if n := len(tableRows(t, dir, "tables", "rq1_llm.csv")); n != 15*4 || !strings.Contains(readText(t, dir, "tables", "rq1_llm.csv"), "real matched JD") {
		t.Errorf("%d rows by the language model, want the pairs of six systems, the real JD among them", n)
	}
	t.Setenv("GIRL_SEND_TEXTS", "true")
	judgeRun(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "tables", "rq1_llm.md")); err != nil || len(e.take()) != 0 {
		t.Errorf("GIRL_SEND_TEXTS: %v, or the endpoint was asked again", err)
	}
}

func TestJudgeRefuses(t *testing.T) {
	dir := judgedRun(t)
	for _, c := range []struct {
		variable, value string
		args            []string
		want            string
	}{
		{"GIRL_SEND_TEXTS", "perhaps", nil, `GIRL_SEND_TEXTS is "perhaps"`},
		{"GIRL_JUDGE_PRICES", "cheap", nil, "GIRL_JUDGE_PRICES"},
		{"GIRL_WRITER_MAX_TOKENS", "-4", nil, "GIRL_WRITER_MAX_TOKENS"},
		{"GIRL_JUDGE_MODEL", "m", nil, "OPENAI_API_KEY"}, // OpenAI's own endpoint asks for a key
		{"GIRL_JUDGE_FORMAT", "", []string{"-cvs", "-1"}, "want 0 (all) or more"},
		{"GIRL_JUDGE_FORMAT", "", []string{"-workers", "-1"}, "-1 requests at a time"},
	} {
		t.Run(c.want, func(t *testing.T) {
			noEndpoint(t)
			t.Setenv(c.variable, c.value)
			code, _, stderr := girlCommand(t, append([]string{"judge", "-run", dir}, c.args...)...)
			checkRefused(t, c.args, code, stderr, c.want)
		})
	}
	code, _, stderr := girlCommand(t, "judge", "-run", t.TempDir())
	checkRefused(t, nil, code, stderr, "is not the folder of a run")
	code, _, stderr = girlCommand(t, "judge")
	checkRefused(t, nil, code, stderr, "-run is needed")
	// Help is there without a run, also where the environment is wrong.
	t.Setenv("GIRL_SEND_TEXTS", "perhaps")
	if code, stdout, _ := girlCommand(t, "judge", "-h"); code != exitOK || !strings.Contains(stdout, "GIRL_JUDGE_MODEL") || !strings.Contains(stdout, "-send-texts") {
		t.Errorf("exit code %d, help %q", code, stdout)
	}
}
