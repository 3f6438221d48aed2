package sft

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/girl/lm"
)

// crashed leaves in a folder what a crash after the given step would: the checkpoint files as they are then.
func crashed(t *testing.T, step int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	live := t.TempDir()
	c := testConfig()
	keep := &lm.Checkpoint{Path: filepath.Join(live, "sft"), Key: "k"}
	must(Run(context.Background(), testBackend(t), c, writer(t), copies(24, 1), copies(8, 2), 3, keep, func(done, _ int, _ string) {
		if done == step { // the step's own checkpoint is not written yet
			must(0, os.CopyFS(dir, os.DirFS(live)))(t)
		}
	}))(t)
	return dir
}

// Whenever training was stopped, it ends with the same bits and the same history.
func TestResumeEndsWithTheSameBits(t *testing.T) {
	w := writer(t)
	steps := 0
	whole := must(Run(context.Background(), testBackend(t), testConfig(), w, copies(24, 1), copies(8, 2), 3, nil, func(done, _ int, _ string) { steps = done }))(t)
	want := must(w.Snapshot())(t)
	if len(whole.History) < 2 {
		t.Fatalf("%d epochs", len(whole.History))
	}
	for step := 1; step <= steps; step += 1 + steps/9 {
		dir := crashed(t, step)
		again, first := writer(t), 0
		r := must(Run(context.Background(), testBackend(t), testConfig(), again, copies(24, 1), copies(8, 2), 3, &lm.Checkpoint{Path: filepath.Join(dir, "sft"), Key: "k"},
			func(done, _ int, _ string) {
				if first == 0 {
					first = done
				}
			}))(t)
		if first != step {
			t.Errorf("stopped in step %d, went on with step %d", step, first)
		}
		if name := changed(t, want, again); name != "" {
			t.Errorf("stopped in step %d: weight %s has other bits", step, name)
		}
		if diff := cmp.Diff(whole, r); diff != "" {
			t.Errorf("stopped in step %d (-want +got):\n%s", step, diff)
		}
	}
}

// A cancelled call keeps what it has done.
func TestCancelKeepsTheState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sft")
	w := writer(t)
	whole := must(Run(context.Background(), testBackend(t), testConfig(), w, copies(24, 1), copies(8, 2), 3, nil, nil))(t)
	again := writer(t)
	train := func(ctx context.Context, progress lm.Progress) (*Result, error) {
		return Run(ctx, testBackend(t), testConfig(), again, copies(24, 1), copies(8, 2), 3, &lm.Checkpoint{Path: path, Key: "k", Every: 1 << 40}, progress)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := train(ctx, func(done, _ int, _ string) {
		if done == 2 {
			cancel()
		}
	}); err == nil {
		t.Fatal("not cancelled")
	}
	first := 0
	r := must(train(context.Background(), func(done, _ int, _ string) {
		if first == 0 {
			first = done
		}
	}))(t)
	if name := changed(t, must(w.Snapshot())(t), again); first != 3 || name != "" || !cmp.Equal(whole, r) {
		t.Errorf("went on with step %d; weight %q differs; %+v, want %+v", first, name, r, whole)
	}
}
