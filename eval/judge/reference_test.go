package judge

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"genjobrec/eval"
)

func TestTokens(t *testing.T) {
	for text, want := range map[string][]string{
		"":                            nil,
		"We seek a C++ developer, C#": {"we", "seek", "a", "c++", "developer", "c#"},
		"招聘Java工程师。":                  {"招", "聘", "java", "工", "程", "师"},
		"5,000–7,000 EUR":             {"5", "000", "7", "000", "eur"},
		"Zürich # é":                  {"zürich", "é"},
		"नमस्ते":                      {"नमस्ते"}, // marks stay with their letters
	} {
		if got := Tokens(text); !slices.Equal(got, want) {
			t.Errorf("Tokens(%q) = %q, want %q", text, got, want)
		}
		if Length(text) != len(want) {
			t.Errorf("Length(%q) = %d", text, Length(text))
		}
	}
}

func TestRougeLChinese(t *testing.T) {
	// Reference 招聘数据工程师 (7 characters), candidate 诚聘软件工程师 (7): 聘, 工, 程, 师 in this order are in both, so 4/7.
	got := eval.RougeL(Tokens("诚聘软件工程师"), Tokens("招聘数据工程师"))
	near(t, "F1", got.F1, 4.0/7, exact)
	// A shorter candidate 数据工程师 (5) is wholly in the reference: P = 1, R = 5/7, F1 = 2·(5/7)/(12/7) = 5/6.
	got = eval.RougeL(Tokens("数据工程师"), Tokens("招聘数据工程师"))
	near(t, "precision", got.Precision, 1, exact)
	near(t, "recall", got.Recall, 5.0/7, exact)
	near(t, "F1", got.F1, 5.0/6, exact)
}

func TestTFIDFByHand(t *testing.T) {
	f := NewTFIDF([]string{"nurse Paris", "cook Paris", "cook"})
	ln := math.Log
	near(t, "idf of nurse", f.idf("nurse"), ln(4.0/2)+1, exact)
	near(t, "idf of a pair", f.idf("cook paris"), ln(4.0/2)+1, exact)
	near(t, "idf of an unknown word", f.idf("pilot"), ln(4.0/1)+1, exact)
	near(t, "itself", f.Cosine("cook Paris", "Cook, PARIS!"), 1, exact)
	near(t, "nothing in common", f.Cosine("nurse", "cook"), 0, 0)
	near(t, "empty", f.Cosine("", "cook"), 0, 0)
	// cook: idf ln(4/3)+1 = c; paris the same; pair: ln 2 + 1 = p. "cook paris" · "cook" = c², norms √(2c²+p²) and c.
	c, p := ln(4.0/3)+1, ln(2)+1
	near(t, "one word of two", f.Cosine("cook paris", "cook"), c/math.Sqrt(2*c*c+p*p), exact)
	// Information: nurse ln(4/2), paris ln(4/3), once each; pilot is unknown.
	near(t, "information", f.Information("nurse nurse Paris pilot"), ln(2)+ln(4.0/3), exact)
	near(t, "no information", f.Information("pilot"), 0, 0)
	// Invented words dilute a text.
	if d := f.Cosine("cook paris xx yy zz", "cook paris"); d > 0.7 {
		t.Errorf("cosine %g in spite of invented words", d)
	}
	// Chinese: characters and their pairs.
	g := NewTFIDF([]string{"数据工程师", "软件工程师", "护士"})
	if near, far := g.Cosine("数据分析", "数据工程师"), g.Cosine("数据分析", "护士"); !(near > far) || far != 0 {
		t.Errorf("cosines %g and %g", near, far)
	}
}

// The index gives what comparing with every text gives, to the last bit.
func TestIndexIsTheNearest(t *testing.T) {
	texts := append(training(), "", "nurse nurse Paris", "nurse nurse Paris")
	f := NewTFIDF(texts)
	x := f.Index(texts)
	for _, query := range append(texts, "Paris nurse", "nothing known") {
		want, best := -1, -1.0
		for i, text := range texts {
			if c := f.Cosine(query, text); c > best {
				want, best = i, c
			}
		}
		if at, c := x.Nearest(query); at != want || c != best {
			t.Errorf("%q: text %d with %g, want %d with %g", query, at, c, want, best)
		}
	}
	if at, _ := f.Index(nil).Nearest("nurse"); at != -1 {
		t.Errorf("text %d of none", at)
	}
}

// The same texts give the same bits, whatever order a map has.
func TestTFIDFIsDeterministic(t *testing.T) {
	f := NewTFIDF(training())
	a, b := strings.Join(training(), " "), strings.Join(training()[3:], " ")
	want := f.Cosine(a, b)
	for range 50 {
		if got := f.Cosine(a, b); got != want {
			t.Fatalf("cosine %b, then %b", want, got)
		}
	}
}

// training are ten JDs, the first two of which matched CV c1.
func training() []string {
	return []string{
		"we seek a nurse in Paris with experience in night shifts and care",
		"hospital seeks nurse",
		"we seek a cook in London who knows pastry and sauces and menus",
		"kitchen seeks cook",
		"we seek an engineer in Rome with knowledge of databases and pipelines and cloud",
		"engineer for databases in Rome",
		"we seek a teacher in Oslo for mathematics and physics",
		"school seeks teacher in Oslo",
		"driver wanted in Bern for lorries and vans with licence",
		"driver wanted",
	}
}

func references(cvID string) []string {
	if cvID == "c1" {
		return training()[:2]
	}
	return nil
}

func newReference(t *testing.T, change func(*ReferenceConfig)) *Reference {
	t.Helper()
	c := ReferenceConfig{References: references, Training: training(), Margins: DefaultMargins(), CopyN: 3, RepeatN: 2}
	change(&c)
	r, err := NewReference(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReferenceMeasures(t *testing.T) {
	r := newReference(t, func(*ReferenceConfig) {})
	m, err := r.Measure(context.Background(), "c1", "cv", "hospital seeks nurse in Paris")
	if err != nil {
		t.Fatal(err)
	}
	// Against "hospital seeks nurse": LCS 3, R = 3/3, P = 3/5, F1 = 6/8. Against the long one (12 words): LCS "nurse in
	// paris" 3, R = 3/12.
	near(t, "recall", m.RougeRecall, 1, exact)
	near(t, "F1", m.RougeF1, 0.75, exact)
	// Trigrams: hospital seeks nurse yes, seeks nurse in no, nurse in paris yes.
	near(t, "copy rate", m.CopyRate, 2.0/3, exact)
	near(t, "repetition", m.Repetition, 0, 0)
	near(t, "cosine", m.Cosine, max(r.words.Cosine("hospital seeks nurse in Paris", training()[0]), r.words.Cosine("hospital seeks nurse in Paris", training()[1])), 0)
	if m.Tokens != 5 || !math.IsNaN(m.Similarity) {
		t.Errorf("%d tokens, similarity %g", m.Tokens, m.Similarity)
	}
	// The best real JD counts, not the last: a copy of the first has recall 1 there and 1/3 ("nurse") against the second.
	if m, err = r.Measure(context.Background(), "c1", "cv", training()[0]); err != nil || m.RougeRecall != 1 || m.RougeF1 != 1 || m.Cosine < 1-exact {
		t.Errorf("a copy of the first real JD: %+v, %v", m, err)
	}
	// bigrams: ab ba ab: one of three stood before.
	m, err = r.Measure(context.Background(), "c1", "cv", "a b a b")
	if err != nil {
		t.Fatal(err)
	}
	near(t, "repetition", m.Repetition, 1.0/3, exact)
	near(t, "diversity", Diversity([]string{"a b", "b a b"}, 2), 2.0/3, exact) // ab, ba, ab
}

func TestReferenceJudges(t *testing.T) {
	r := newReference(t, func(*ReferenceConfig) {})
	c := contest("c1", "x", "y")
	c.A, c.B = "we seek a nurse in Paris for night shifts", "we seek a cook in London and so on and so on and so on"
	j, err := r.Judge(context.Background(), c)
	if want := (Verdict{Win, Win, Win, Win}); err != nil || j.Verdict != want {
		t.Errorf("%v, %v, want %v", j.Verdict, err, want)
	}
	c.A, c.B = c.B, c.A
	if back, err := r.Judge(context.Background(), c); err != nil || back.Verdict != j.Verdict.Flip() {
		t.Errorf("exchanged: %v, %v, want %v", back.Verdict, err, j.Verdict.Flip())
	}
	// No real JD: only conciseness can be told.
	c.CVID = "c2"
	j, err = r.Judge(context.Background(), c)
	if want := (Verdict{Invalid, Invalid, Lose, Invalid}); err != nil || j.Verdict != want {
		t.Errorf("%v, %v, want %v", j.Verdict, err, want)
	}
}

func TestReferenceSimilarity(t *testing.T) {
	var asked []string
	r := newReference(t, func(c *ReferenceConfig) {
		c.Similarity = func(_ context.Context, cv, jd string) (float64, error) {
			asked = append(asked, cv)
			return map[string]float64{"good": 2, "bad": 1.5, "odd": math.NaN()}[jd], nil
		}
		c.Margins.Relevance = 0.6
	})
	c := contest("c1", "x", "y")
	c.A, c.B = "good", "bad"
	j, err := r.Judge(context.Background(), c)
	if err != nil || j.Verdict[Relevance] != Tie || len(asked) != 2 || asked[0] != c.CV { // 2 − 1.5 is within the margin
		t.Errorf("%v, %v, asked %q", j.Verdict, err, asked)
	}
	c.B = "ugly" // 0
	if j, err = r.Judge(context.Background(), c); err != nil || j.Verdict[Relevance] != Win {
		t.Errorf("%v, %v", j.Verdict, err)
	}
	c.B = "odd"
	if _, err = r.Judge(context.Background(), c); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("NaN: %v", err)
	}
	broken := errors.New("broken")
	r = newReference(t, func(c *ReferenceConfig) {
		c.Similarity = func(context.Context, string, string) (float64, error) { return 0, broken }
	})
	if _, err = r.Judge(context.Background(), c); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

func TestReferenceErrors(t *testing.T) {
	good := ReferenceConfig{References: references, Training: training()}
	for name, c := range map[string]struct {
		spoil func(*ReferenceConfig)
		want  string
	}{
		"no references": {func(c *ReferenceConfig) { c.References = nil }, "References"},
		"no training":   {func(c *ReferenceConfig) { c.Training = nil }, "0 JDs"},
		"copies":        {func(c *ReferenceConfig) { c.CopyN = -1 }, "CopyN is -1"},
		"margin":        {func(c *ReferenceConfig) { c.Margins.Relevance = math.NaN() }, "margin"},
	} {
		x := good
		c.spoil(&x)
		if _, err := NewReference(x); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
