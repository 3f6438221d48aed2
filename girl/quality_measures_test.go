package girl

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/datasets"
	"genjobrec/datasets/market"
	"genjobrec/eval"
	"genjobrec/eval/judge"
)

// measuredData has twelve training CVs with a JD each, the longer the later, and two test CVs: "t1" with two matched JDs of its own, which stand
// in no training pair, "t2" with one.
func measuredData() *Data {
	d := &Data{Dataset: &datasets.Dataset{Name: "small", CVs: []datasets.CV{{ID: "t1", Text: "night nurse"}, {ID: "t2", Text: "heating plumber"}},
		JDs:   []datasets.JD{{ID: "o1", Text: "alpha beta gamma delta"}, {ID: "o2", Text: "alpha beta epsilon zeta"}, {ID: "o3", Text: "eta theta iota kappa"}},
		Pairs: []datasets.Pair{{CVID: "t1", JDID: "o1", Label: 1}, {CVID: "t1", JDID: "o2", Label: 1}, {CVID: "t2", JDID: "o3", Label: 1}, {CVID: "t2", JDID: "j11"}}},
		Assignment: &datasets.Assignment{Split: map[string]datasets.Split{"t1": datasets.Test, "t2": datasets.Test}, Group: map[string]int{"t1": 4, "t2": 5}, Generator: map[string]bool{}}}
	for i := range 12 {
		cv, jd := fmt.Sprint("c", i), fmt.Sprint("j", i)
		text := ""
		for k := range 10 + i {
			text += fmt.Sprintf("w%dx%d ", i, k)
		}
		d.CVs, d.JDs = append(d.CVs, datasets.CV{ID: cv, Text: "night nurse " + text}), append(d.JDs, datasets.JD{ID: jd, Text: text})
		d.Pairs = append(d.Pairs, datasets.Pair{CVID: cv, JDID: jd, Label: 1 - i/11}) // the last one is mismatched
		d.Assignment.Split[cv], d.Assignment.Group[cv], d.Assignment.Generator[cv] = datasets.Train, 10+i, true
	}
	d.index()
	return d
}

func TestMeasuresByHand(t *testing.T) {
	d := measuredData()
	q := &quality{run: &run{ctx: context.Background(), data: d, opts: Options{Seeds: []int{1, 2}}}}
	trained := map[string]map[int]map[string]string{
		modelGIRL: {1: {"t1": "alpha beta gamma delta", "t2": "nothing at all here"}, 2: {"t1": "alpha beta", "t2": "eta eta eta eta eta"}},
	}
	for _, other := range []string{modelSFT, modelUntuned} {
		trained[other] = trained[modelGIRL]
	}
	texts := d.systemTexts([]int{1, 2}, trained, "", nil)
	scores := map[int]map[string]map[string]float64{}
	for i, seed := range []int{1, 2} {
		scores[seed] = map[string]map[string]float64{}
		for _, system := range q.measured() {
			scores[seed][system] = map[string]float64{"t1": 1 + 2*float64(i), "t2": -1}
		}
	}
	boot := eval.Bootstrap{Resamples: 100}
	got, err := q.measureSystems(texts, scores, boot, nil)
	if err != nil {
		t.Fatal(err)
	}
	bySystem := map[string]systemMeasures{}
	var order []string
	for _, m := range got {
		bySystem[m.System] = m
		order = append(order, m.System)
	}
	if want := []string{modelUntuned, systemNearest, modelSFT, modelGIRL, systemReal}; !slices.Equal(order, want) {
		t.Fatalf("systems %q, want %q", order, want)
	}
	for system, want := range map[string]map[string]float64{
		modelGIRL: {
			// Seed 1: 1 and 0. Seed 2: "alpha beta" has P = 1 and R = ½ against the first, so 2/3; five times eta P = 1/5 and R = ¼, so 2/9.
			"rouge_l": (0.5 + (2.0/3+2.0/9)/2) / 2,
			"reward":  0.5, // 0 and 1
			// 8 of 8 words; alpha, beta and eta of 7.
			"distinct_1": (1 + 3.0/7) / 2,
			"distinct_2": (1 + 2.0/5) / 2, // pairs: 6 of 6; "alpha beta" and "eta eta" of 5
			"repetition": 0.125,           // of the last one's two runs of four the second stood before
			"copy_rate":  0,               // test JDs are no training JDs, so a copy of one is no copy
			"words":      (4 + 3.5) / 2,
		},
		// The first JD of t1 against its second: two of four words; t2 has no other.
		systemReal: {"rouge_l": 0.5, "reward": 0.5, "distinct_1": 1, "copy_rate": 0, "words": 4},
		// t1's nearest CV is the one with the shortest text, c0, t2's likewise (no word in common: the first): 10 words, all copied.
		systemNearest: {"rouge_l": 0, "tfidf_cosine": 0, "reward": 0.5, "distinct_1": 0.5, "copy_rate": 1, "words": 10},
	} {
		for i, c := range measures {
			if w, ok := want[c.key]; ok && math.Abs(bySystem[system].Estimates[i].Value-w) > 1e-12 {
				t.Errorf("%s of %s is %g, want %g", c.key, system, bySystem[system].Estimates[i].Value, w)
			}
		}
	}
	if m := bySystem[systemReal]; m.CVs != 2 || m.Compared != 1 || !math.IsNaN(m.Estimates[0].Low) || math.IsNaN(m.Estimates[2].Low) {
		t.Errorf("real JDs: %+v, want one of two CVs compared, without an interval, and the reward with one", m)
	}
	// With two groups and two seeds the interval holds the spread between seeds; what was not trained has none, but for its reward.
	for i, c := range measures {
		if w := fmt.Sprint(bySystem[modelGIRL].Estimates[i].Warnings); !strings.Contains(w, "2 seeds") {
			t.Errorf("%s of GIRL: warnings %s", c.key, w)
		}
		if w := fmt.Sprint(bySystem[systemNearest].Estimates[i].Warnings); strings.Contains(w, "seed") != c.reward {
			t.Errorf("%s of copies: warnings %s", c.key, w)
		}
	}

	// Where bounds leave what there can be, they are cut.
	at := slices.IndexFunc(measures, func(c measure) bool { return c.key == "repetition" })
	got[3].Estimates[at].Low, got[3].Estimates[at].High = -0.5, 1.5
	s := &qualityStatistics{Measures: got, Hits: 1, Nearest: 2}
	table := q.measureTable(s)
	var b strings.Builder
	if err := table.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"on the 1 CVs that have any", "1 of 2 CVs (50.0 %)", "Warning: where the nearest", "each behind the CV of a stranger", "runs of 8 tokens", "0.125 [0.000, 1.000]"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table does not say %q:\n%s", want, &b)
		}
	}

	delete(scores[2][modelGIRL], "t2")
	if _, err := q.measureSystems(texts, scores, boot, nil); err == nil || !strings.Contains(err.Error(), "no score for the JD of GIRL") {
		t.Errorf("a score that is missing: %v", err)
	}
}

// What the study measures with may know the JDs of training pairs only.
func TestYardstickIsOfTrainingJDs(t *testing.T) {
	d := measuredData()
	texts := d.trainingJDs()
	if len(texts) != 12 || !slices.ContainsFunc(texts, func(x string) bool { return strings.HasPrefix(x, "w11x0") }) {
		t.Errorf("%d training JDs, want twelve, that of the mismatched pair among them", len(texts))
	}
	for _, x := range texts {
		if !strings.HasPrefix(x, "w") {
			t.Errorf("%q stands in test pairs only", x)
		}
	}
	_, got, err := d.offlineJudge()
	if err != nil {
		t.Fatal(err)
	}
	// Other test JDs, thousands of words long, change nothing.
	d.JDs[0].Text = strings.Repeat("endless ", 5000)
	d.index()
	_, again, err := d.offlineJudge()
	if err != nil {
		t.Fatal(err)
	}
	if got != again {
		t.Errorf("the yardstick of conciseness changes with a test JD: %+v, then %+v", got, again)
	}
	// On the market, too: JDs without a training pair are left out.
	m := marketRun(t, 1).data
	if _, got, err = m.offlineJudge(); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		m.JDs = append(m.JDs, datasets.JD{ID: fmt.Sprint("unpaired", len(m.JDs)), Text: strings.Repeat("We seek a nurse. ", 50)})
	}
	if _, again, err = m.offlineJudge(); err != nil || got != again {
		t.Errorf("the yardstick on the market: %+v, then %+v, error %v", got, again, err)
	}
}

func TestHitsAreCounted(t *testing.T) {
	d := writtenData()
	if hits, of := d.countHits(); hits != 0 || of != 2 {
		t.Errorf("%d hits of %d, want 0 of 2", hits, of)
	}
	d.Pairs = append(d.Pairs, datasets.Pair{CVID: "t1", JDID: "n", Label: 1}) // which is also that of its nearest training CV
	hits, of := d.countHits()
	if hits != 1 || of != 2 {
		t.Errorf("%d hits of %d, want 1 of 2", hits, of)
	}
	// A warning above one in twenty, and only where likeness to the CV's own JDs judges.
	q := labelledQuality()
	for _, c := range []struct {
		hits, of int
		market   *market.Market
		want     bool
	}{{1, 20, nil, false}, {2, 39, nil, true}, {20, 20, &market.Market{}, false}} {
		q.data.Market = c.market
		about := strings.Join(q.aboutOffline(&qualityStatistics{Hits: c.hits, Nearest: c.of}), "\n")
		if strings.Contains(about, "Warning") != c.want || !strings.Contains(about, fmt.Sprintf("for %d of %d CVs", c.hits, c.of)) {
			t.Errorf("%d of %d hits: %s", c.hits, c.of, about)
		}
	}
}

func TestContestsFile(t *testing.T) {
	q := labelledQuality()
	q.opts.Seeds = []int{1, 2, 3}
	nan := math.NaN()
	cells := []judge.Cell{
		{A: modelGIRL, B: systemNearest, Criterion: judge.Overall, Win: 3, Tie: 2, Lose: 1, Invalid: 4, Net: eval.Estimate{Value: 1.0 / 3, Low: -1.5, High: 1.25, P: 0.125}, PHolm: 0.5},
		{A: "LLM m", B: systemNearest, Criterion: judge.Detail, Invalid: 2, Net: eval.Estimate{Value: nan, Low: nan, High: nan, P: nan}, PHolm: nan},
	}
	path := filepath.Join(t.TempDir(), "rq1.csv")
	s := &qualityStatistics{Matrix: judge.Matrix{Cells: cells}, LLM: &judge.Matrix{Cells: cells[:1]}}
	for _, c := range []struct {
		llm  *llmJudged
		want string
	}{
		{&llmJudged{model: "model, large"}, `GIRL,nearest matched JD,overall,"model, large",3,2,1,4,0.3333333333333333,-1,1,0.125,0.5,3` + "\n"}, {nil, ""},
	} {
		if err := q.writeContests(path, s, c.llm); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := "a,b,criterion,judge,win,tie,lose,invalid,net,low,high,p,p_holm,seeds\n" +
			"GIRL,nearest matched JD,overall,reference,3,2,1,4,0.3333333333333333,-1,1,0.125,0.5,3\n" +
			"LLM m,nearest matched JD,detail,reference,0,0,0,2,,,,,,0\n" + c.want
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// What decides stands before the counts, and under its own heading.
func TestWinTableColumns(t *testing.T) {
	m := &judge.Matrix{Cells: []judge.Cell{{A: modelGIRL, B: systemNearest, Criterion: judge.Overall, Win: 3, Tie: 2, Lose: 1, Invalid: 4,
		Net: eval.Estimate{Value: 1.0 / 3, Low: -1.5, High: 1.25, P: 0.125}, PHolm: 0.5}}}
	table := labelledQuality().winTable("rq1", "RQ1", m, nil)
	var b strings.Builder
	if err := table.CSV(&b); err != nil {
		t.Fatal(err)
	}
	want := "a,b,criterion,net,net_low,net_high,p_holm,win,tie,lose,invalid,notes\n" +
		"GIRL,nearest matched JD,overall,0.3333333333333333,-1,1,0.5,3,2,1,4,\n"
	if b.String() != want {
		t.Errorf("got %swant %s", b.String(), want)
	}
}
