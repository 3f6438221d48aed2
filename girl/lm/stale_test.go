package lm

import (
	"context"
	"slices"
	"testing"
)

// TestEvaluationSeesNewWeights: some versions of GoMLX keep the weights of an evaluation graph's first build, silently.
func TestEvaluationSeesNewWeights(t *testing.T) {
	backend, ctx := testBackend(t), context.Background()
	w := tinyWeights(t, tinyConfig(), TokenHead)
	u := tinyWeights(t, tinyConfig(), ScalarHead)
	prompts, seeds := somePrompts(40)
	var seqs []Sequence
	for _, p := range prompts {
		seqs = append(seqs, Sequence{p, []int32{1, 2, 3}})
	}
	logProbs, scores := must(NewLogProbs(backend, w, 1, 3))(t), must(NewScores(backend, u, LastToken, 3))(t)
	sampler := must(NewSampler(backend, w, SampleConfig{Samples: 2, MaxNew: 6, Temperature: 1, EOS: 5, BatchRows: 4}))(t)
	type view struct {
		logProbs, scores, sampled []float32
	}
	look := func() (v view) {
		v.logProbs = slices.Concat(must(logProbs.All(ctx, seqs))(t)...)
		v.scores = slices.Concat(must(scores.All(ctx, seqs))(t)...)
		for _, samples := range must(sampler.Sample(ctx, prompts, seeds, nil))(t) {
			for _, s := range samples {
				v.sampled = append(v.sampled, s.LogProbs...)
			}
		}
		return v
	}
	equal := func(a, b view) (logProbs, scores, sampled bool) {
		return equalBits(a.logProbs, b.logProbs), equalBits(a.scores, b.scores), equalBits(a.sampled, b.sampled)
	}
	before := look()
	snapshotW, snapshotU := must(w.Snapshot())(t), must(u.Snapshot())(t)
	adam := AdamConfig{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8}
	trainW := must(NewTrainer(backend, w, adam, meanLoss(w)))(t)
	trainU := must(NewTrainer(backend, u, adam, slopes(u)))(t)
	for step := range 3 {
		must(trainW.Step(0.03, trainingBatch(t, w.Config)...))(t)
		must(trainU.Step(0.03, float32(1), float32(-1)))(t)
		now := look()
		if l, s, d := equal(before, now); l || s || d {
			t.Errorf("step %d: as before it: log-probabilities %t, scores %t, samples %t", step, l, s, d)
		}
		slow, slowU := newSlowModel(t, w), newSlowModel(t, u)
		var wantL, wantU []float64
		for _, s := range seqs {
			wantL = append(wantL, slow.logProbs(s, 1)...)
			hidden := slowU.hidden(join(s))
			wantU = append(wantU, slowU.score(hidden[len(hidden)-1]))
		}
		nearAll(t, "log-probabilities", now.logProbs, wantL)
		nearAll(t, "scores", now.scores, wantU)
	}
	if err := w.Restore(snapshotW); err != nil {
		t.Fatal(err)
	}
	if err := u.Restore(snapshotU); err != nil {
		t.Fatal(err)
	}
	if l, s, d := equal(before, look()); !l || !s || !d {
		t.Errorf("after Restore as at first: log-probabilities %t, scores %t, samples %t", l, s, d)
	}
}
