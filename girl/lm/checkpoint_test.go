package lm

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// counter is a loop's own state.
type counter struct {
	Step int
	Mean float64
}

// session is a small training with its checkpoint.
type session struct {
	w       *Weights
	trainer *Trainer
	loop    counter
	state   State
	args    []any
	keep    *Checkpoint
}

func newSession(t *testing.T, path string) *session {
	t.Helper()
	c := tinyConfig()
	s := &session{w: tinyWeights(t, c, TokenHead), args: trainingBatch(t, c), keep: &Checkpoint{Path: path, Key: "k", Config: map[string]string{"sft.epochs": "3", "seed": "1"}}}
	s.trainer = must(NewTrainer(testBackend(t), s.w, AdamConfig{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1, ClipNorm: 1}, meanLoss(s.w)))(t)
	s.state = State{Loop: &s.loop, Trainers: map[string]*Trainer{"writer": s.trainer}, Best: must(s.w.Snapshot())(t)}
	return s
}

func (s *session) steps(t *testing.T, n int) {
	t.Helper()
	for range n {
		r := must(s.trainer.Step(0.01, s.args...))(t)
		s.loop.Step++
		s.loop.Mean += r.Loss
	}
}

func TestCheckpointGoesOnWithTheSameBits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sft.checkpoint")
	whole := newSession(t, path+".unused")
	whole.steps(t, 7)

	first := newSession(t, path)
	if found, err := first.keep.Load(&first.state); found || err != nil {
		t.Fatalf("a checkpoint before the first: %v, %v", found, err)
	}
	first.steps(t, 3)
	start := maps.Clone(first.state.Best)
	must(0, first.keep.Save(first.state))(t)
	first.steps(t, 2) // lost in the crash

	second := newSession(t, path)
	if found, err := second.keep.Load(&second.state); !found || err != nil {
		t.Fatalf("no checkpoint: %v, %v", found, err)
	}
	if name := changed(start, second.state.Best); name != "" {
		t.Errorf("the best weights came back otherwise: %s", name)
	}
	if second.keep.Spent <= 0 {
		t.Errorf("the time of the first call is %v", second.keep.Spent)
	}
	second.steps(t, 4)
	if second.loop != whole.loop {
		t.Errorf("the loop is at %+v, want %+v", second.loop, whole.loop)
	}
	if name := changed(must(whole.w.Snapshot())(t), must(second.w.Snapshot())(t)); name != "" {
		t.Errorf("weight %s has other bits than without a crash", name)
	}
	must(0, second.keep.Remove())(t)
	if left := must(filepath.Glob(filepath.Join(filepath.Dir(path), "*")))(t); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Without the optimizer's moments the steps after a crash would be others: the test above must be able to fail.
func TestCheckpointNeedsTheMoments(t *testing.T) {
	a, b := newSession(t, ""), newSession(t, "")
	a.steps(t, 3)
	b.steps(t, 3)
	fresh := must(NewTrainer(testBackend(t), b.w, AdamConfig{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1, ClipNorm: 1}, meanLoss(b.w)))(t)
	must(a.trainer.Step(0.01, a.args...))(t)
	must(fresh.Step(0.01, b.args...))(t)
	if changed(must(a.w.Snapshot())(t), must(b.w.Snapshot())(t)) == "" {
		t.Error("a fresh optimizer makes the same step")
	}
}

// A file that is cut off anywhere, or has a byte changed anywhere, is passed over for the one before it.
func TestCheckpointSurvivesSpoiltFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sft.checkpoint")
	s := newSession(t, path)
	for range 2 {
		s.steps(t, 1)
		must(0, s.keep.Save(s.state))(t)
	}
	good := must(os.ReadFile(path))(t)
	load := func() (int, error) {
		again := &session{keep: s.keep}
		state := State{Loop: &again.loop}
		_, err := s.keep.Load(&state)
		return again.loop.Step, err
	}
	if step, err := load(); step != 2 || err != nil {
		t.Fatalf("step %d, error %v", step, err)
	}
	for at := 0; at < len(good); at += 1 + len(good)/211 {
		must(0, os.WriteFile(path, good[:at], 0o644))(t)
		if step, err := load(); step != 1 || err != nil {
			t.Errorf("cut off after %d of %d bytes: step %d, error %v, want the checkpoint before", at, len(good), step, err)
		}
		spoilt := slices.Clone(good)
		spoilt[at] ^= 0x10
		must(0, os.WriteFile(path, spoilt, 0o644))(t)
		if step, err := load(); step != 1 || err != nil {
			t.Errorf("byte %d of %d changed: step %d, error %v, want the checkpoint before", at, len(good), step, err)
		}
	}
	must(0, os.Remove(s.keep.previous()))(t)
	must(0, os.WriteFile(path, good[:len(good)-1], 0o644))(t)
	if _, err := load(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("nothing but a spoilt file: error %v", err)
	}
	// A crash between the two renames leaves the newest under its temporary name.
	must(0, os.Remove(path))(t)
	must(0, os.WriteFile(path+".new", good, 0o644))(t)
	if step, err := load(); step != 2 || err != nil {
		t.Errorf("after a crash between renames: step %d, error %v", step, err)
	}
}

func TestCheckpointOfAnotherConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sft.checkpoint")
	s := newSession(t, path)
	must(0, s.keep.Save(s.state))(t)
	other := newSession(t, path)
	other.keep.Config = map[string]string{"sft.epochs": "5", "seed": "1", "sft.patience": "2"}
	if found, err := other.keep.Load(&other.state); !found || err != nil {
		t.Errorf("settings that do not enter the key are no reason to refuse: %v, %v", found, err)
	}
	other.keep.Key = "other"
	_, err := other.keep.Load(&other.state)
	var refused *OtherConfigError
	if !errors.As(err, &refused) || !slices.Equal(refused.Keys, []string{"sft.epochs: 3 in the file, 5 now", "sft.patience: nothing in the file, 2 now"}) {
		t.Errorf("error %v", err)
	}
	other.keep.Config = s.keep.Config
	if _, err := other.keep.Load(&other.state); err == nil || !strings.Contains(err.Error(), "version of the program") {
		t.Errorf("error %v", err)
	}
}

// The time that was spent is no reason to lose a training: a checkpoint of an earlier version lacks it, and one that makes no sense is spoilt.
func TestCheckpointTellsNoTime(t *testing.T) {
	for spent, want := range map[string]string{"": "", "1m2s": "", "-3s": `time spent is "-3s"`, "soon": `time spent is "soon"`} {
		path := filepath.Join(t.TempDir(), "sft.checkpoint")
		meta := map[string]string{"kind": checkpoint, "loop": "{}", "key": "k", "config": "{}", "spent": spent}
		if spent == "" {
			delete(meta, "spent")
		}
		meta["sha256"] = digest(meta, nil)
		must(0, writeTensors(path, meta, nil))(t)
		c := &Checkpoint{Path: path, Key: "k"}
		found, err := c.Load(&State{Loop: &counter{}})
		if want == "" && (!found || err != nil) || want != "" && (err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want)) {
			t.Errorf("spent %q: found %v, error %v, want %q", spent, found, err, want)
		}
	}
}

func TestCheckpointThatCannotBeWritten(t *testing.T) {
	s := newSession(t, filepath.Join(t.TempDir(), "gone", "sft.checkpoint"))
	if err := s.keep.Save(s.state); err == nil {
		t.Error("no error")
	}
}

func TestCheckpointDue(t *testing.T) {
	var none *Checkpoint
	if none.Due() || none.Save(State{}) != nil || none.Remove() != nil {
		t.Error("no checkpoint is due, saved or removed")
	}
	if c := (&Checkpoint{}); !c.Due() {
		t.Error("without a wait every occasion is due")
	}
	c := &Checkpoint{Every: time.Hour}
	for range 2 {
		if c.Due() {
			t.Error("due at once")
		}
	}
}

func FuzzReadCheckpoint(f *testing.F) {
	path := filepath.Join(f.TempDir(), "c")
	c := &Checkpoint{Path: path, Key: "k"}
	if err := c.Save(State{Loop: counter{}, Best: map[string][]float32{"a": {1, 2}}}); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte{8, 0, 0, 0, 0, 0, 0, 0, '{', '}', ' ', ' ', ' ', ' ', ' ', ' '})
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "f")
		must(0, os.WriteFile(file, data, 0o644))(t)
		if got, err := readCheckpoint(file); err == nil && got.key != "k" {
			t.Errorf("a file that nobody wrote is taken for a checkpoint: %+v", got)
		}
	})
}
