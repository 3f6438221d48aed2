package ppo

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/girl/lm"
)

// Whichever round training was stopped in, it ends with the same bits of policy and critic, the same history and the same best round.
func TestResumeEndsWithTheSameBits(t *testing.T) {
	c, in := bandit(t)
	c.AdaptiveKL, c.KLTarget, c.KLHorizon = true, 0.1, 20 // so that β has to come back, too
	c.EvalEvery = 2
	run := func(in Input) *Result {
		t.Helper()
		r, err := Run(context.Background(), testBackend(t), c, in)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	whole := run(in)
	policy, err := in.Policy.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	critic, err := in.Critic.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for stop := 2; stop <= c.Iterations; stop++ {
		live, dir := t.TempDir(), t.TempDir()
		_, first := bandit(t)
		first.Checkpoint = &lm.Checkpoint{Path: filepath.Join(live, "ppo"), Key: "k"}
		first.Progress = func(done, _ int, _ string) {
			if done == stop { // its own checkpoint is not written yet
				if err := os.CopyFS(dir, os.DirFS(live)); err != nil {
					t.Error(err)
				}
			}
		}
		run(first)
		_, again := bandit(t)
		again.Checkpoint = &lm.Checkpoint{Path: filepath.Join(dir, "ppo"), Key: "k"}
		from := 0
		again.Progress = func(done, _ int, _ string) {
			if from == 0 {
				from = done
			}
		}
		r := run(again)
		if from != stop {
			t.Errorf("stopped in round %d, went on with round %d", stop, from)
		}
		if diff := cmp.Diff(whole, r); diff != "" {
			t.Errorf("stopped in round %d (-want +got):\n%s", stop, diff)
		}
		if !snapshotsEqual(t, policy, again.Policy) || !snapshotsEqual(t, critic, again.Critic) {
			t.Errorf("stopped in round %d: other bits", stop)
		}
	}
}
