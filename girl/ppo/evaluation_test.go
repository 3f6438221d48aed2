package ppo

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
)

// A run that ends leaves the weights of its best evaluation, not those of its last round, whether it was interrupted after the best round or not.
func TestRunEndsWithTheBestPolicy(t *testing.T) {
	c, in := bandit(t)
	in.Seed = 7 // whose best round is neither the first evaluated nor the last
	live, dir := t.TempDir(), t.TempDir()
	in.Checkpoint = &lm.Checkpoint{Path: filepath.Join(live, "ppo"), Key: "k"}
	rounds := map[int]map[string][]float32{}
	in.Progress = func(done, _ int, _ string) {
		var err error
		if rounds[done], err = in.Policy.Snapshot(); err != nil {
			t.Error(err)
		}
		if done == c.Iterations { // the checkpoint is still that of the round before
			if err := os.CopyFS(dir, os.DirFS(live)); err != nil {
				t.Error(err)
			}
		}
	}
	r, err := Run(context.Background(), testBackend(t), c, in)
	if err != nil {
		t.Fatal(err)
	}
	best := r.Best.Iteration
	for _, e := range r.Evaluations {
		if e.Objective > r.Best.Objective {
			t.Errorf("round %d has the objective %g, the best, %d, has %g", e.Iteration, e.Objective, best, r.Best.Objective)
		}
	}
	if best == 0 || best == c.Iterations {
		t.Fatalf("the best round is %d of %d: the test shows nothing", best, c.Iterations)
	}
	if !snapshotsEqual(t, rounds[best], in.Policy) {
		t.Errorf("the policy left is not that of round %d, the best", best)
	}
	if snapshotsEqual(t, rounds[c.Iterations], in.Policy) {
		t.Error("the policy left is that of the last round")
	}
	_, again := bandit(t)
	again.Seed, again.Checkpoint = in.Seed, &lm.Checkpoint{Path: filepath.Join(dir, "ppo"), Key: "k"}
	resumed := 0
	again.Progress = func(int, int, string) { resumed++ }
	if _, err := Run(context.Background(), testBackend(t), c, again); err != nil {
		t.Fatal(err)
	}
	if resumed != 1 {
		t.Errorf("%d rounds after the resume, want the last alone", resumed)
	}
	if !snapshotsEqual(t, rounds[best], again.Policy) {
		t.Errorf("resumed after round %d: the policy left is not that of round %d, the best", c.Iterations-1, best)
	}
}

// TestEvaluationEqualsItsDefinitions computes every number of an evaluation a second time, from the responses it keeps.
func TestEvaluationEqualsItsDefinitions(t *testing.T) {
	ctx := context.Background()
	c, in := bandit(t)
	spread(t, in.Policy) // another policy than the reference
	in.Seed = 6          // of the four responses, other than half end
	in.Normalizer, in.Report = reward.Normalizer{Gain: 3, Bias: -1}, &reward.Normalizer{Gain: 0.5, Bias: 2}
	in.ValidPrompts = [][]int32{{2, 3}, {2, 4, 5}, {3}, {1, 4}}
	in.Gold = func(i int, response []int32) float64 { return float64(10*i + len(response)) }
	c.EvalPrompts, c.KLCoefficient = samplesKept, 0.3
	tr, err := newTrainer(testBackend(t), c, in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tr.evaluate(ctx, 7)
	if err != nil {
		t.Fatal(err)
	}
	var seqs []lm.Sequence
	for i, s := range got.Samples {
		if s.Prompt != i {
			t.Errorf("sample %d is of prompt %d", i, s.Prompt)
		}
		seqs = append(seqs, lm.Sequence{Prompt: in.ValidPrompts[i], Response: s.Response})
	}
	if len(seqs) != len(in.ValidPrompts) {
		t.Fatalf("%d responses to %d CVs", len(seqs), len(in.ValidPrompts))
	}
	logProbs := func(w *lm.Weights) [][]float32 {
		f, err := lm.NewLogProbs(testBackend(t), w, c.Temperature, len(seqs))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.All(ctx, seqs)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	scorer, err := reward.NewScorer(testBackend(t), in.Reward)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := scorer.Scores(ctx, seqs)
	if err != nil {
		t.Fatal(err)
	}
	policy, ref := logProbs(in.Policy), logProbs(in.Reference)
	var kl, logProb, tokens, score, own, ended, gold float64 // sums over responses
	for i, q := range seqs {
		for k := range q.Response {
			kl += float64(policy[i][k]) - float64(ref[i][k])
			logProb += float64(policy[i][k])
			tokens++
		}
		gold += float64(10*i + len(q.Response))
		reported, trained := c.EOSPenalty, c.EOSPenalty
		if q.Response[len(q.Response)-1] == in.EOS {
			ended++
			reported, trained = 0.5*raw[i]+2, 3*raw[i]-1
		}
		score += reported
		own += trained
		near(t, "score of a sample", got.Samples[i].Score, reported, single)
	}
	n := float64(len(seqs))
	near(t, "score", got.Score, score/n, single)
	near(t, "KL", got.KL, kl/n, single)
	near(t, "objective", got.Objective, own/n-0.3*kl/n, single)
	near(t, "gold", got.Gold, gold/n, exact)
	near(t, "EOS rate", got.EOSRate, ended/n, exact)
	near(t, "length", got.Length, tokens/n, exact)
	near(t, "entropy", got.Entropy, -logProb/tokens, single)
	if got.Iteration != 7 {
		t.Errorf("round %d", got.Iteration)
	}
	if kl < 0.5 || ended == 0 || ended == n || 2*ended == n {
		t.Errorf("KL %g, %g of %g responses end: the test shows little", kl/n, ended, n)
	}
}
