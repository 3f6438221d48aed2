package recommend

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A one-dimensional world to compute by hand: terms aa and bb with idf 1, encoded by their first component alone.
func handEncoder() *Encoder {
	return &Encoder{Vectorizer: &Vectorizer{Terms: []string{"aa", "bb"}, IDF: []float64{1, 1}}, Components: []float32{1, 0}, Dim: 1, Spread: []float64{1}}
}

// Vectors: "aa" (1, 0), "bb" (0, 1), "aa bb" (1, 1)/√2. The JD is "aa", so that generated aa, bb, "aa bb" have cosines 1, 0 and
// 1/√2 with it; their encodings are 1, 0 and 1/√2 too.
func TestViewByHand(t *testing.T) {
	half := 1 / math.Sqrt2
	queries := []Query{
		{CV: "aa bb", JD: "aa", Generated: map[string][]string{GIRL: {"bb", "aa", "aa bb"}}},
		{CV: "bb", JD: "aa", Generated: map[string][]string{GIRL: {" "}}},
		{CV: "aa", JD: "aa", Generated: map[string][]string{GIRL: {"aa"}, GIRLSFT: {"bb"}}},
	}
	v := newViewer(handEncoder(), newCorpus()).view(queries, []string{GIRL})
	g := v.gen[GIRL]
	average := (1 + 0 + half) / 3
	for _, tc := range []struct {
		name      string
		got, want float64
	}{
		{"cosine 0", float64(v.cos[0]), half}, {"cosine 1", float64(v.cos[1]), 0}, {"cosine 2", float64(v.cos[2]), 1},
		{"CV encoding", float64(v.cv[0][0]), half}, {"JD encoding", float64(v.jd[0][0]), 1},
		{"best", float64(g.best[0]), 1}, {"average", float64(g.average[0]), average}, {"mean encoding", float64(g.mean[0][0]), average},
		{"absent best", float64(g.best[1]), 0}, {"absent average", float64(g.average[1]), 0},
	} {
		if !near(tc.got, tc.want, 1e-6) {
			t.Errorf("%s is %v, want %v", tc.name, tc.got, tc.want)
		}
	}
	if g.mean[1] != nil || len(v.gen) != 1 {
		t.Errorf("a blank generated JD counts, or a model that was not asked for is there")
	}
	// Moments: cosines of CV and JD over all, those of generated JDs over queries 0 and 2, whose best cosines are both 1.
	m := v.moments(GIRL, []int{0, 1, 2})
	mean := (half + 1) / 3
	sd := math.Sqrt((0.5+1)/3 - mean*mean)
	want := Moments{Mean: [3]float32{float32(mean), 1, float32((average + 1) / 2)}, Scale: [3]float32{float32(1 / sd), 1, float32(2 / (1 - average))}}
	if diff := cmp.Diff(want, m, cmp.Comparer(func(a, b float32) bool { return near(float64(a), float64(b), 1e-5) })); diff != "" {
		t.Errorf("moments (-want +got):\n%s", diff)
	}

	// The batch: M=1, B=3, encodings 1 wide in a network 2 wide; [D+1, B] with the constant last.
	b := newBatch(arch{MLPPredictor, GIRL, 1, 2, 4}, 3, false)
	half32 := float32(v.cv[0][0])
	b.fill(0, &task{view: v, moments: Moments{Scale: [3]float32{1, 1, 1}}, sharpening: []float32{10}}, []int{0, 1, 2}, []int{1, 0, 1}, nil)
	a32 := g.mean[0][0]
	for _, tc := range []struct {
		name      string
		got, want []float32
	}{
		{"x", b.x, []float32{10 * half32, 0, 10, 0, 0, 0, 1, 1, 1}},
		{"z", b.z, []float32{10, 10, 10, 0, 0, 0, 1, 1, 1}},
		{"g", b.g, []float32{10 * a32, 0, 10, 0, 0, 0, 1, 0, 1}},
		{"s", b.s, []float32{v.cos[0], v.cos[1], v.cos[2], 1, 1, 1, g.best[0], 0, 1, g.average[0], 0, 1, 1, 0, 1}},
		{"y", b.y, []float32{1, 0, 1}},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// With rates of 0, 1/2 and so on, the reels hold what the trial asks for, and hiding happens as often as it should.
func TestCorruption(t *testing.T) {
	c := newCorruption(Trial{Dropout: 0.25, Noise: 0.5}, 0.3, 1)
	var zero, sum, squares, hidden float64
	for i := range reel {
		if c.factor[i] == 0 {
			zero++
		} else if !near(float64(c.factor[i]), 4.0/3, 1e-6) {
			t.Fatalf("factor %v, want 0 or 4/3", c.factor[i])
		}
		sum += float64(c.noise[i])
		squares += float64(c.noise[i]) * float64(c.noise[i])
		if c.hides() {
			hidden++
		}
	}
	const n = float64(reel)
	for _, tc := range []struct {
		name            string
		got, want, room float64 // room: five standard errors
	}{
		{"dropped", zero / n, 0.25, 5 * math.Sqrt(0.25*0.75/n)}, {"hidden", hidden / n, 0.3, 5 * math.Sqrt(0.3*0.7/n)},
		{"mean noise", sum / n, 0, 5 * 0.5 / math.Sqrt(n)}, {"noise variance", squares / n, 0.25, 5 * 0.25 * math.Sqrt(2/n)},
	} {
		if !near(tc.got, tc.want, tc.room) {
			t.Errorf("%s: %v, want %v ± %v", tc.name, tc.got, tc.want, tc.room)
		}
	}
	if (*corruption)(nil).hides() {
		t.Error("scoring hides generated JDs")
	}
}

// Before its first step a GIRL network gives Base's logits, generated JDs or not; lists longer than a batch are scored whole.
func TestStartsAsBaseAndScoresLongLists(t *testing.T) {
	d := plantedData(60, 20, 4, 1, liked)
	s := newExperiment(smallConfig(), 1, &d)
	if err := s.encode(context.Background()); err != nil {
		t.Fatal(err)
	}
	backend := newBackend(t)
	list := make([]int, 2*evalPairs+100)
	for i := range list {
		list[i] = (i * 7) % len(s.queries)
	}
	for _, predictor := range []string{MLPPredictor, DotPredictor} {
		var logits [2][]float64
		for i, m := range []string{Base, GIRL} {
			a := arch{predictor, m, 1, s.tuning.enc.Dim, 8}
			ta := s.task(&s.tuning, Trial{Sharpen: 1}, m, 0)
			n, err := newNetwork(backend, a, []map[string][]float32{a.initial(5)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			prepared, err := n.prepare(context.Background(), []task{ta}, [][]int{list})
			if err != nil {
				t.Fatal(err)
			}
			out, err := n.score(context.Background(), prepared)
			if err != nil {
				t.Fatal(err)
			}
			logits[i] = out[0]
			n.close()
		}
		if diff := cmp.Diff(logits[0], logits[1]); diff != "" {
			t.Errorf("%s: GIRL starts elsewhere than Base:\n%s", predictor, diff)
		}
		byQuery := map[int]float64{}
		distinct := map[float64]bool{}
		for i, q := range list {
			if old, ok := byQuery[q]; ok && old != logits[0][i] {
				t.Fatalf("%s: query %d scores %v at place %d and %v before", predictor, q, logits[0][i], i, old)
			}
			byQuery[q] = logits[0][i]
			distinct[logits[0][i]] = true
		}
		if len(distinct) < len(byQuery)/2 {
			t.Errorf("%s: %d distinct logits of %d queries", predictor, len(distinct), len(byQuery))
		}
	}
}

// Early stopping keeps the best weights, not the last: validation labels are the training labels turned round, so that
// training soon makes things worse.
func TestKeepsTheBest(t *testing.T) {
	d := plantedData(30, 10, 3, 1, func(*rand.Rand, string) []string { return nil })
	c := smallConfig()
	c.EvalEvery, c.Patience = 1, 20
	s := newExperiment(c, 1, &d)
	if err := s.encode(context.Background()); err != nil {
		t.Fatal(err)
	}
	f := s.tuning
	f.train, f.valid = nil, nil
	labels := append([]int(nil), s.labels...)
	for i := range 16 {
		f.train = append(f.train, i)
		f.valid = append(f.valid, len(s.queries)+i)
		for len(labels) < len(s.queries) {
			labels = append(labels, 0)
		}
		labels = append(labels, 1-labels[i])
	}
	s.queries = append(s.queries, s.queries[:16]...)
	f.view = newViewer(f.enc, s.corpus).view(s.queries, nil)
	ta := s.task(&f, Trial{LearningRate: 0.01, Sharpen: 0}, Base, 0)
	fits, err := fit(context.Background(), newBackend(t), c, arch{MLPPredictor, Base, 1, f.enc.Dim, 8}, []task{ta}, labels, 1)
	if err != nil {
		t.Fatal(err)
	}
	if fits[0].bestStep > 10 {
		t.Errorf("the best step is %d although training makes it worse", fits[0].bestStep)
	}
	if got := logLoss(fits[0].valid, f.valid, labels); got != fits[0].logLoss || got > 0.9 {
		t.Errorf("the kept logits have LogLoss %v, reported %v", got, fits[0].logLoss)
	}
}

// With one member, the validation scores are those of the model itself.
func TestSingleMember(t *testing.T) {
	d := plantedData(60, 20, 4, 1, liked)
	c := smallConfig()
	c.Members = 1
	r := mustRun(t, c, 3, d)
	var queries []Query
	for _, p := range d.Valid {
		queries = append(queries, d.query(p))
	}
	scores, err := newScorer(t, r.Model).Score(context.Background(), queries)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Model.Matchers {
		if diff := cmp.Diff(scoresOf(t, r, m.Key).Valid, scores[m.Key]); diff != "" {
			t.Errorf("%v: scores of the validation pairs differ from those at the best step:\n%s", m.Key, diff)
		}
	}
}

// A scorer encodes each distinct text once, however many pairs, parts and members ask for it, and pairs in parts have the scores of the whole.
func TestScorerEncodesTextsOnce(t *testing.T) {
	d := plantedData(60, 20, 4, 1, liked)
	r := mustRun(t, smallConfig(), 3, d)
	var queries []Query
	for _, p := range d.Test {
		queries = append(queries, d.query(p))
	}
	want, err := newScorer(t, r.Model).Score(context.Background(), queries)
	if err != nil {
		t.Fatal(err)
	}
	s := newScorer(t, r.Model)
	got := map[Key][]float64{}
	first := map[string]*float32{} // a text's encoding by the first encoder
	for part := range slices.Chunk(queries, 7) {
		scores, err := s.Score(context.Background(), part)
		if err != nil {
			t.Fatal(err)
		}
		for k, p := range scores {
			got[k] = append(got[k], p...)
		}
		v := s.viewers[0].view(part, s.models)
		for i, q := range part {
			for _, x := range []struct {
				text string
				at   *float32
			}{{q.CV, &v.cv[i][0]}, {q.JD, &v.jd[i][0]}, {"JDs for " + q.CV, &v.gen[GIRL].mean[i][0]}} {
				if was, ok := first[x.text]; ok && was != x.at {
					t.Fatalf("%q was encoded again", x.text)
				}
				first[x.text] = x.at
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scores of parts differ from those of the whole:\n%s", diff)
	}
}

// Ids save work but decide nothing: without them, with other texts under the same ids and with lists that change in place, the scores are
// those of the texts.
func TestScorerGoesByTexts(t *testing.T) {
	d := plantedData(60, 20, 4, 1, liked)
	m := mustRun(t, smallConfig(), 3, d).Model
	var with, without []Query
	for _, p := range d.Test[:12] {
		q := d.query(p)
		with = append(with, q)
		q.CVID, q.JDID = "same", "same"
		without = append(without, q)
	}
	score := func(s *Scorer, queries []Query) map[Key][]float64 {
		t.Helper()
		out, err := s.Score(context.Background(), queries)
		if err != nil {
			t.Fatal(err)
		}
		delete(out, Key{Model: JDPrior}) // the priors do go by ids
		delete(out, Key{Model: CVPrior})
		return out
	}
	s := newScorer(t, m)
	want := score(s, with)
	if diff := cmp.Diff(want, score(s, without)); diff != "" {
		t.Errorf("scores under one id for all (-want +got):\n%s", diff)
	}
	texts := []string{"we offer travel", "travel for all", with[0].JD, with[1].JD, with[2].JD, with[3].CV, with[4].CV}
	q := Query{CVID: "c", JDID: "j", CV: with[0].CV, JD: with[0].JD, Generated: map[string][]string{GIRL: texts}}
	first := score(s, []Query{q})
	texts[0], texts[1] = "we offer pension", "pension for all"
	changed := score(s, []Query{q})
	if diff := cmp.Diff(score(newScorer(t, m), []Query{q}), changed); diff != "" {
		t.Errorf("generated JDs that changed (-want +got):\n%s", diff)
	}
	k := Key{GIRL, MLPPredictor}
	if first[k][0] == changed[k][0] {
		t.Errorf("%v of other generated JDs is %v as well: the test shows nothing", k, first[k][0])
	}
	slices.Reverse(texts)
	q.Generated[GIRL] = append(texts, " ")
	if diff := cmp.Diff(changed, score(s, []Query{q})); diff != "" {
		t.Errorf("generated JDs in another order, with a blank one (-want +got):\n%s", diff)
	}
}
