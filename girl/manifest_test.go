package girl

import (
	"fmt"
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

// Only programs that were compiled from what lies here may name its revision.
func TestCompiledOnTheSpot(t *testing.T) {
	for path, want := range map[string]bool{"/tmp/go-build123/b001/exe/girl": true, "/tmp/gonb_1a2b/gonb_1a2b": true, "/usr/local/bin/girl": false, "/home/me/src/.cache/girl": false} {
		if compiledOnTheSpot(path) != want {
			t.Errorf("%s: %t", path, !want)
		}
	}
}
