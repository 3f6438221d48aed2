package girl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// The wall time of a run that was interrupted is that of all its invocations; stages that were made anew end the count.
func TestManifestAddsUpInvocations(t *testing.T) {
	stage := func(name, key string) manifestStage {
		return manifestStage{Dir: "seed-1", stageRecord: stageRecord{Stage: name, Key: key}}
	}
	before := manifest{Seeds: []int{1}, Seconds: 100, Started: time.Unix(1, 0), Stages: []manifestStage{stage("sft", "a"), stage("ppo", "b"), stage(evaluateStage, "c")}}
	for _, c := range []struct {
		name  string
		after manifest
		want  bool
	}{
		{"goes on", manifest{Seeds: []int{1}, Stages: []manifestStage{stage("sft", "a"), stage("ppo", "b"), stage("match", "d"), stage(evaluateStage, "e")}}, true},
		{"other settings", manifest{Seeds: []int{1}, Stages: []manifestStage{stage("sft", "a"), stage("ppo", "B"), stage("match", "d")}}, false},
		{"stopped earlier", manifest{Seeds: []int{1}, Stages: []manifestStage{stage("sft", "a")}}, false},
		{"more seeds", manifest{Seeds: []int{1, 2}, Stages: before.Stages}, false},
	} {
		if got := c.after.buildsOn(&before); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// A stage that is asked for again, once to run and once to read what it left, stands in the manifest once, where it stood.
func TestManifestCountsAStageOnce(t *testing.T) {
	r := &run{dir: t.TempDir()}
	for _, s := range []struct {
		dir, stage string
		tokens     int
	}{{"seed-1", "write", 7}, {"seed-1", "match", 0}, {"seed-2", "write", 5}, {"seed-1", "write", 7}} {
		r.addStage(r.path(s.dir), &stageRecord{Stage: s.stage, Tokens: s.tokens})
	}
	var got []string
	for _, s := range r.stages {
		got = append(got, fmt.Sprintf("%s/%s %d", s.Dir, s.Stage, s.Tokens))
	}
	if want := []string{"seed-1/write 7", "seed-1/match 0", "seed-2/write 5"}; !slices.Equal(got, want) {
		t.Errorf("the manifest lists %q, want %q", got, want)
	}
}

// A finished run that finds everything there keeps its manifest, which tells what it took and which revision computed it.
func TestFinishedManifestIsKept(t *testing.T) {
	r := &run{dir: t.TempDir()}
	path := r.path(ManifestFile)
	kept := manifest{Revision: "a1b2c3", Stages: []manifestStage{{Dir: ".", stageRecord: stageRecord{Stage: evaluateStage}}}}
	if err := writeJSON(path, &kept); err != nil {
		t.Fatal(err)
	}
	var after manifest
	if err := r.writeManifest(); err != nil {
		t.Fatal(err)
	}
	if err := readJSON(path, &after); err != nil || after.Revision != "a1b2c3" {
		t.Errorf("revision %q, error %v", after.Revision, err)
	}
}

// Published folders are replaced as a whole, and are there as long as the new one is not.
func TestReplaceFolder(t *testing.T) {
	dir := t.TempDir()
	out, fresh := filepath.Join(dir, "out"), filepath.Join(dir, "fresh")
	write := func(folder, text string) {
		if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, "file"), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	read := func() string {
		data, err := os.ReadFile(filepath.Join(out, "file"))
		if err != nil {
			t.Error(err)
		}
		return string(data)
	}
	for _, text := range []string{"first", "second"} {
		write(fresh, text)
		if err := replaceFolder(fresh, out); err != nil || read() != text {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := replaceFolder(filepath.Join(dir, "none"), out); err == nil || read() != "second" {
		t.Errorf("a new folder that is not there: error %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d folders are left, want one", len(entries))
	}
}

// Only programs that were compiled from what lies here may name its revision.
func TestCompiledOnTheSpot(t *testing.T) {
	for path, want := range map[string]bool{"/tmp/go-build123/b001/exe/girl": true, "/tmp/gonb_1a2b/gonb_1a2b": true, "/usr/local/bin/girl": false, "/home/me/src/.cache/girl": false} {
		if compiledOnTheSpot(path) != want {
			t.Errorf("%s: %t", path, !want)
		}
	}
}
