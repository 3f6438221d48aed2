package girl

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"genjobrec/girl/lm"
	"genjobrec/results/wholefile"
)

// stageRecord lies beside a stage's outputs as NAME.stage.json and says what made them. A stage whose key and outputs are
// all as recorded is not run again: that is how an interrupted run resumes and how notebooks share one run's state.
type stageRecord struct {
	Stage   string            `json:"stage"`
	Key     string            `json:"key"`     // sha256 of the stage's config and of the keys of what it builds on
	Outputs map[string]string `json:"outputs"` // file name → sha256
	Seconds float64           `json:"seconds"`
	Tokens  int               `json:"tokens,omitempty"`
	Notes   []string          `json:"notes,omitempty"`
	// Revision is the commit of the program that made the outputs; a run may go on with a later one.
	Revision string `json:"git_revision,omitempty"`

	progress   lm.Progress
	checkpoint *lm.Checkpoint // for stages that can go on in their middle
}

// stageVersion enters every key: raise it when a change of the code changes what stages write.
const stageVersion = 5

// reportVersion enters the keys of the stages that count, resample and draw, in which nothing is trained or written: raise it when a
// change of statistics, tables or figures changes what they show.
const reportVersion = 5

// stage runs fn unless its outputs are already there. inputs is anything that marshals to JSON and determines the outputs:
// the stage's config, seeds, and the keys of earlier stages.
func (r *run) stage(dir, name string, inputs any, outputs []string, fn func(rec *stageRecord) error) (*stageRecord, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	key, err := stageKey(name, inputs)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name+".stage.json")
	if rec, err := readStage(path); err == nil && rec.Key == key && rec.intact(dir, outputs) {
		r.report.Skipped(r.stageTitle(dir, name))
		r.addStage(dir, rec)
		return rec, nil
	}
	r.mu.Lock()
	r.executed++
	r.mu.Unlock()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("stage %s: %w", name, err)
	}
	// The record goes first: outputs of a half-done stage must not pass for finished ones.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("stage %s: %w", name, err)
	}
	task := r.report.Start(r.stageTitle(dir, name))
	start := time.Now()
	rec := &stageRecord{Stage: name, Key: key, Outputs: map[string]string{}, Revision: r.rev, progress: task.Step,
		checkpoint: &lm.Checkpoint{Path: filepath.Join(dir, name+".checkpoint"), Every: r.checkpointEvery(), Key: key, Config: r.settings()}}
	if _, err := os.Stat(rec.checkpoint.Path); err == nil {
		r.report.Linef("%s goes on from its last checkpoint", r.stageTitle(dir, name))
	}
	if err := fn(rec); err != nil {
		task.Failed()
		return nil, fmt.Errorf("stage %s: %w", r.stageTitle(dir, name), err)
	}
	rec.Seconds = (time.Since(start) + rec.checkpoint.Spent).Seconds()
	for _, f := range outputs {
		h, err := hashFile(filepath.Join(dir, f))
		if err != nil {
			return nil, fmt.Errorf("stage %s left no %s: %w", name, f, err)
		}
		rec.Outputs[f] = h
	}
	if err := writeJSON(path, rec); err != nil {
		return nil, err
	}
	if err := rec.checkpoint.Remove(); err != nil {
		return nil, fmt.Errorf("stage %s: %w", name, err)
	}
	task.Done(rec.Notes...)
	r.addStage(dir, rec)
	return rec, nil
}

// defaultCheckpointEvery is the time between two checkpoints of a stage: at most this much work is lost in a crash.
const defaultCheckpointEvery = 20 * time.Second

func (r *run) checkpointEvery() time.Duration {
	if r.opts.CheckpointEvery > 0 {
		return r.opts.CheckpointEvery
	}
	return defaultCheckpointEvery
}

// settings are the config and the data as texts, to say what differs where a checkpoint is refused.
func (r *run) settings() map[string]string {
	out := map[string]string{"data": r.dataKey}
	for key, v := range r.cfg.Resolved() {
		out[key] = fmt.Sprint(v)
	}
	return out
}

// stageKey is the fingerprint of what a stage's outputs depend on.
func stageKey(name string, inputs any) (string, error) {
	blob, err := json.Marshal(struct {
		Stage   string
		Version int
		Inputs  any
	}{name, stageVersion, inputs})
	if err != nil {
		return "", fmt.Errorf("stage %s: %w", name, err)
	}
	sum := sha256.Sum256(blob)
	return hex.EncodeToString(sum[:]), nil
}

func (r *run) stageTitle(dir, name string) string {
	if rel, err := filepath.Rel(r.dir, dir); err == nil && rel != "." {
		return rel + "/" + name
	}
	return name
}

func readStage(path string) (*stageRecord, error) {
	rec := &stageRecord{}
	return rec, readJSON(path, rec)
}

// intact reports whether every output is there with the recorded hash.
func (rec *stageRecord) intact(dir string, outputs []string) bool {
	for _, f := range outputs {
		if h, err := hashFile(filepath.Join(dir, f)); err != nil || h != rec.Outputs[f] {
			return false
		}
	}
	return true
}

// hashFile is the sha256 of a file, or of all files below a folder with their relative names.
func hashFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if !info.IsDir() {
		err = copyFileInto(h, path)
		return hex.EncodeToString(h.Sum(nil)), err
	}
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(path, p)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s\x00", filepath.ToSlash(rel))
		return copyFileInto(h, p)
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

func copyFileInto(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, f.Close())
}

// writeJSON writes v indented, by a temporary file and a rename.
func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return wholefile.WriteBytes(path, append(data, '\n'))
}

// readJSON reads what writeJSON wrote; the error names the file.
func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
