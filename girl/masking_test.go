package girl

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"

	"genjobrec/datasets"
	"genjobrec/eval"
	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
	"genjobrec/girl/sft"
	"genjobrec/girl/tokenizer"
	"genjobrec/results"
)

// JDs are written for every CV of validation and test and for the training CVs that the generator has not learned from, once each,
// and for no other: a JD written for the generator's own CV would echo the labels that the matcher is trained on.
func TestJDsAreWrittenForCVsTheGeneratorHasNotSeen(t *testing.T) {
	d := marketRun(t, 1).data
	written := map[string]int{}
	for _, x := range d.matcherCVs() {
		written[x.ID]++
	}
	seen, unseen := 0, 0
	for _, x := range d.CVs {
		want := 1
		if d.Assignment.Generator[x.ID] {
			want = 0
			seen++
		} else if d.Assignment.Split[x.ID] == datasets.Train {
			unseen++
		}
		if written[x.ID] != want {
			t.Errorf("CV %s of split %s, seen by the generator: %t, is written for %d times", x.ID, d.Assignment.Split[x.ID], d.Assignment.Generator[x.ID], written[x.ID])
		}
	}
	if seen == 0 || unseen == 0 {
		t.Errorf("the generator has seen %d training CVs and %d it has not: the test shows nothing", seen, unseen)
	}
}

// A stranger is of another near-duplicate group than the CV that the JD was matched with, even where the two are no match on paper.
func TestStrangersAreOfOtherGroups(t *testing.T) {
	r := marketRun(t, 1)
	group := map[string]int{"a": 0, "a2": 0, "b": 1, "b2": 1}
	r.data.Assignment = &datasets.Assignment{Group: group}
	of := map[string]string{"ja": "a", "ja2": "a2", "jb": "b", "jb2": "b2"} // JD → its CV
	var pairs []datasets.Pair
	for jd, cv := range of {
		pairs = append(pairs, datasets.Pair{CVID: cv, JDID: jd, Label: 1})
	}
	slices.SortFunc(pairs, func(x, y datasets.Pair) int { return int(x.JDID[1]) - int(y.JDID[1]) })
	for seed := range 20 {
		s := &seedRun{run: r, seed: seed}
		out, err := s.strangers(pairs)
		if err != nil || len(out) != len(pairs) {
			t.Fatalf("%d strangers of %d pairs, error %v", len(out), len(pairs), err)
		}
		for _, p := range out {
			if group[p.CVID] == group[of[p.JDID]] {
				t.Errorf("seed %d: JD %s of CV %s stands behind %s of the same group", seed, p.JDID, of[p.JDID], p.CVID)
			}
		}
	}
}

// The JDs drawn to be cold are in no training and in no validation pair. A JD that one of the generator's CVs was judged on is
// missing from training only where it was drawn, as no pair of such a CV is kept for testing.
func TestColdJDsAreInNoValidationPair(t *testing.T) {
	d := marketRun(t, 1).data
	for seed := range uint64(5) {
		train, valid, _ := d.divideCold(DefaultColdStart(), d.jdGroups(0.5), seed)
		warm, drawn := map[string]bool{}, map[string]bool{}
		for _, p := range train {
			warm[p.JDID] = true
		}
		for _, p := range d.Assignment.Pairs(d.Dataset, datasets.Train) {
			if d.Assignment.Generator[p.CVID] && !warm[p.JDID] {
				drawn[p.JDID] = true
			}
		}
		judged := 0
		for _, p := range d.Assignment.Pairs(d.Dataset, datasets.Valid) {
			if drawn[p.JDID] {
				judged++
			}
		}
		if judged == 0 {
			t.Errorf("seed %d: no validation pair had a drawn JD: the test shows nothing", seed)
		}
		for _, p := range valid {
			if drawn[p.JDID] {
				t.Errorf("seed %d: cold JD %s is validated on", seed, p.JDID)
			}
		}
	}
}

// Every test pair is in just the cell that its two flags say.
func TestColdCellsByHand(t *testing.T) {
	rows := []results.ScoreRow{{JDID: "warm"}, {JDID: "cold CV", ColdCV: true}, {JDID: "cold JD", ColdJD: true}, {JDID: "both cold", ColdCV: true, ColdJD: true}}
	for _, c := range coldCells {
		if got := c.pick(rows); len(got) != 1 || got[0].JDID != c.name {
			t.Errorf("cell %q holds %v", c.name, got)
		}
	}
}

// The reward model's map to probabilities is fitted on validation pairs alone and applied to each split's own scores.
func TestPlattScaledByHand(t *testing.T) {
	valid := []datasets.Pair{{Label: 1}, {Label: 0}, {Label: 1}, {Label: 0}}
	rawValid, rawTest := []float64{2, -1, 0.5, 1}, []float64{-3, 0, 3}
	platt, err := eval.FitPlatt([]int{1, 0, 1, 0}, rawValid)
	if err != nil {
		t.Fatal(err)
	}
	got, err := plattScaled(valid, rawValid, rawTest)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		raw, prob []float64
	}{{"validation", rawValid, got.valid}, {"test", rawTest, got.test}} {
		if len(c.prob) != len(c.raw) {
			t.Fatalf("%s: %d probabilities of %d pairs", c.name, len(c.prob), len(c.raw))
		}
		for i, x := range c.raw {
			if math.Abs(c.prob[i]-platt.Prob(x)) > 1e-12 {
				t.Errorf("%s: probability %g of raw score %g, want %g", c.name, c.prob[i], x, platt.Prob(x))
			}
		}
	}
}

// A JD that does not end has the penalty for a reward, in place of its score, be that above the penalty or below it; one that ends
// has its normalised score.
func TestUnendedJDsHaveThePenalty(t *testing.T) {
	backend, err := compute.NewWithConfig("go:ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.Train(context.Background(), slices.Values([]string{"nurse in Berlin", "driver in Hull"}), tokenizer.Options{VocabSize: 280})
	if err != nil {
		t.Fatal(err)
	}
	const maxResponse = 8
	template, err := sft.NewTemplate(tok, 8, maxResponse)
	if err != nil {
		t.Fatal(err)
	}
	c := lm.Config{Layers: 1, Dim: 8, Heads: 2, FFN: 8, Vocab: tok.VocabSize(), MaxLen: 32, RopeBase: 10000, NormEps: 1e-5}
	w, err := lm.NewWeights(c, lm.TokenHead, 1)
	if err != nil {
		t.Fatal(err)
	}
	u, err := lm.NewWeights(c, lm.ScalarHead, 2)
	if err != nil {
		t.Fatal(err)
	}
	// A fresh writer takes every token as often: with 40 CVs and 32 JDs each a few dozen JDs end.
	var cvs []datasets.CV
	for i := range 40 {
		cvs = append(cvs, datasets.CV{ID: string(rune('A' + i)), Text: "nurse"})
	}
	const penalty = -3
	for _, level := range []float64{-100, 100} { // of all scores
		j, err := newJDWriter(backend, template, w, u, reward.Normalizer{Gain: 1, Bias: level}, penalty, "x", 1, GenerateConfig{Samples: 32, Temperature: 1, BatchRows: 64})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := j.write(context.Background(), cvs, nil)
		if err != nil {
			t.Fatal(err)
		}
		ended, unended := 0, 0
		for _, r := range rows {
			switch {
			case r.Reward == penalty:
				unended++
				if r.Tokens != maxResponse {
					t.Errorf("level %g: a JD of %d tokens has the penalty", level, r.Tokens)
				}
			case math.Abs(r.Reward-level) < 20:
				ended++
			default:
				t.Errorf("level %g: reward %g", level, r.Reward)
			}
		}
		if ended == 0 || ended > len(rows)/4 || ended+unended != len(rows) {
			t.Errorf("level %g: %d JDs have a score and %d the penalty; about one in 35 ends", level, ended, unended)
		}
	}
}
