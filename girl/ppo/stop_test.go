package ppo

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
)

// bandit is a small problem with models of its own.
func bandit(t *testing.T) (Config, Input) {
	t.Helper()
	reference, u := banditWeights(t, lm.TokenHead, 1), banditWeights(t, lm.ScalarHead, 2)
	policy, err := reference.Clone(lm.TokenHead, 0)
	if err != nil {
		t.Fatal(err)
	}
	critic, err := NewCritic(u, reward.Normalizer{Gain: 1})
	if err != nil {
		t.Fatal(err)
	}
	prompts := [][]int32{{2, 3}, {2, 4, 5}, {3}}
	return Config{Iterations: 4, Rollouts: 16, MinibatchRows: 8, Epochs: 2, PolicyRate: 0.01, ValueRate: 0.01, AdamEps: 1e-5, ClipNorm: 1,
			Gamma: 1, Lambda: 0.95, PolicyClip: 0.2, ValueClip: 0.2, KLCoefficient: 0.02, Temperature: 0.7, EOSPenalty: -3, EvalEvery: 1, EvalPrompts: 3, MaxKL: 100},
		Input{Policy: policy, Reference: reference, Critic: critic, Reward: u, Normalizer: reward.Normalizer{Gain: 1},
			Prompts: prompts, ValidPrompts: prompts, EOS: 0, MaxNew: 4, Seed: 5}
}

// The two models are updated side by side: with one processor or several the same bits must come out.
func TestRunDoesNotDependOnProcessors(t *testing.T) {
	var first map[string][]float32
	for _, procs := range []int{1, max(2, runtime.NumCPU())} {
		before := runtime.GOMAXPROCS(procs)
		c, in := bandit(t)
		_, err := Run(context.Background(), testBackend(t), c, in)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			if first, err = in.Policy.Snapshot(); err != nil {
				t.Fatal(err)
			}
		} else if !snapshotsEqual(t, first, in.Policy) {
			t.Errorf("%d processors give another policy than one", procs)
		}
	}
}

func TestCancelLeavesTheBestPolicy(t *testing.T) {
	c, in := bandit(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in.Progress = func(done, _ int, _ string) {
		if done == 2 {
			cancel()
		}
	}
	r, err := Run(ctx, testBackend(t), c, in)
	if !errors.Is(err, context.Canceled) || r == nil || len(r.History) != 2 {
		t.Fatalf("result %+v, error %v, want two rounds and a cancelled context", r, err)
	}
	whole, again := bandit(t)
	// The uninterrupted run passes the same weights: the best of its first two rounds are what the cancelled one must hold.
	want := map[int]map[string][]float32{}
	again.Progress = func(done, _ int, _ string) { want[done], _ = again.Policy.Snapshot() }
	start, err := again.Policy.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	want[0] = start
	if _, err := Run(context.Background(), testBackend(t), whole, again); err != nil {
		t.Fatal(err)
	}
	if !snapshotsEqual(t, want[r.Best.Iteration], in.Policy) {
		t.Errorf("the cancelled run does not hold the weights of its best round, %d", r.Best.Iteration)
	}
}

// A model that diverges is named, the other stops, and the policy is the best there was.
func TestDivergenceNamesTheModel(t *testing.T) {
	for name, spoil := range map[string]func(c *Config){
		"critic": func(c *Config) { c.ValueRate = 1e30 },
		"policy": func(c *Config) { c.PolicyRate = 1e30 },
	} {
		c, in := bandit(t)
		spoil(&c)
		c.EvalEvery = 9
		before, err := in.Policy.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		_, err = Run(context.Background(), testBackend(t), c, in)
		var diverged *lm.NonFiniteError
		if !errors.As(err, &diverged) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want divergence of the %s", name, err, name)
		}
		if !snapshotsEqual(t, before, in.Policy) {
			t.Errorf("%s: the policy is not what it was before", name)
		}
	}
}

// Another scale of the report moves the scores that an evaluation tells, and neither the choice of the best checkpoint nor training.
func TestReportScale(t *testing.T) {
	c, own := bandit(t)
	plain, err := Run(context.Background(), testBackend(t), c, own)
	if err != nil {
		t.Fatal(err)
	}
	_, scaled := bandit(t)
	scaled.Report = &reward.Normalizer{Gain: 2, Bias: 1}
	moved, err := Run(context.Background(), testBackend(t), c, scaled)
	if err != nil {
		t.Fatal(err)
	}
	if first, err := own.Policy.Snapshot(); err != nil || !snapshotsEqual(t, first, scaled.Policy) {
		t.Errorf("the report's scale changed the policy; error %v", err)
	}
	for i, e := range plain.Evaluations {
		m := moved.Evaluations[i]
		// A response that does not end has the penalty on either scale.
		near(t, "score", m.Score, 2*(e.Score-(1-e.EOSRate)*c.EOSPenalty)+e.EOSRate+(1-e.EOSRate)*c.EOSPenalty, exact)
		near(t, "objective", m.Objective, e.Objective, 0)
	}
	if moved.Best.Iteration != plain.Best.Iteration {
		t.Errorf("best round %d instead of %d", moved.Best.Iteration, plain.Best.Iteration)
	}
}
