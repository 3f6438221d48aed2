package main

import (
	"bufio"
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// asCommand makes the test binary behave as the command, with the arguments in this variable, one a line.
const asCommand = "GENJOBREC_TEST_AS_COMMAND"

// process is the command as a process of its own.
func process(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asCommand+"="+strings.Join(args, "\n"))
	return cmd
}

// killed runs the command until its output mentions the stage, waits a random moment more and kills it with SIGKILL, which no program can
// prepare for. It tells the output and whether the command had finished before.
func killed(t *testing.T, stage string, wait time.Duration, args []string) (output string, finished bool) {
	t.Helper()
	cmd := process(args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() {
		time.Sleep(wait)
		_ = cmd.Process.Kill() // an error says that it has ended
	}
	var lines strings.Builder
	armed := false
	for scan := bufio.NewScanner(out); scan.Scan(); {
		lines.WriteString(scan.Text() + "\n")
		if !armed && strings.Contains(scan.Text(), stage) {
			armed = true
			go kill()
		}
	}
	err = cmd.Wait()
	if err != nil && stderr.Len() > 0 {
		t.Fatalf("%s: %s", err, &stderr)
	}
	return lines.String(), err == nil
}

// A run that is killed at random moments in all its stages, and started again each time, leaves the bytes of one that never was.
func TestKilledRunsEndWithTheSameBytes(t *testing.T) {
	whole, dir := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "run")
	same := []string{"run", "-data", "market", "-profile", "smoke", "-set", "ppo.iterations=8"} // rounds enough to be killed between two
	if code, _, stderr := girlCommand(t, append(same, "-out", whole)...); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	args := append(same, "-out", dir, "-checkpoint-every", "1ms")
	times, seed := fromEnv(t, "GENJOBREC_KILLS", 1), fromEnv(t, "GENJOBREC_KILL_SEED", 1)
	t.Logf("GENJOBREC_KILLS=%d GENJOBREC_KILL_SEED=%d", times, seed)
	rng := rand.New(rand.NewPCG(uint64(seed), 20))
	kills, resumed := 0, map[string]int{"sft": 0, "reward": 0, "ppo": 0}
	enough := func() bool {
		return kills >= 20*times && resumed["sft"] > 0 && resumed["reward"] > 0 && resumed["ppo"] > 0
	}
	// A fast machine ends the run before all kills, a busy one does not get as far as the first checkpoint: then all starts anew, with later kills.
	for round := 1; round <= 10 && !enough(); round++ {
		must(0, os.RemoveAll(dir))(t)
		for _, target := range []struct {
			stage string
			kills int
			most  time.Duration // to wait before the kill
		}{
			{"/tokenizer", 2, 50 * time.Millisecond}, {"/sft", 5, 700 * time.Millisecond}, {"/reward", 4, 500 * time.Millisecond}, {"/ppo", 5, 1500 * time.Millisecond},
			{"/generate", 3, 200 * time.Millisecond}, {"/match", 3, 400 * time.Millisecond}, {"evaluate", 2, 200 * time.Millisecond},
		} {
			for range times * target.kills {
				output, finished := killed(t, target.stage, time.Duration(rng.Int64N(int64(target.most)*int64(round))), args)
				if finished {
					break
				}
				kills++
				for stage := range resumed {
					resumed[stage] += strings.Count(output, "/"+stage+" goes on from its last checkpoint")
				}
			}
		}
	}
	output, err := process(args...).Output()
	if err != nil {
		t.Fatalf("the last start: %v\n%s", err, output)
	}
	t.Logf("killed %d times; stages went on from checkpoints: %v", kills, resumed)
	if !enough() {
		t.Errorf("killed %d times only, or some stage never in its middle: %v", kills, resumed)
	}
	files := []string{"results.csv", "scores.parquet", "generated.parquet", "seed-1/girl.safetensors", "seed-1/reward.safetensors", "seed-1/ppo.json", "tables/rq2.md"}
	want := readAll(t, whole, files)
	for name, data := range readAll(t, dir, files) {
		if data != want[name] {
			t.Errorf("%s has other bytes than without kills", name)
		}
	}
	if got, want := names(t, dir), names(t, whole); !slices.Equal(got, want) {
		t.Errorf("the files are %v, want %v", got, want)
	}
	if !t.Failed() {
		killStudies(t, whole, dir, times, rng)
	}
}

// killStudies does to the studies of a run what its caller did to the run: whole and dir are equal runs.
func killStudies(t *testing.T, whole, dir string, times int, rng *rand.Rand) {
	kills := 0
	for _, study := range []struct {
		args    []string
		targets []string // stages to kill in, or soon after
	}{
		{[]string{"judge"}, []string{"/untuned", "/reward-scores", "rq1/statistics"}},
		{[]string{"ablate"}, []string{"/ppo-without-sft", "/write-", "rq3/match", "/cold-start"}},
		{[]string{"sweep", "-k", "1", "-temperatures", ""}, []string{"/write-", "rq4/match", "rq4/clock"}},
	} {
		if code, _, stderr := girlCommand(t, append(study.args, "-run", whole)...); code != exitOK {
			t.Fatalf("%s: exit code %d: %s", study.args, code, stderr)
		}
		args := append(study.args, "-run", dir)
		for _, target := range study.targets {
			for range times {
				if _, finished := killed(t, target, time.Duration(rng.Int64N(int64(250*time.Millisecond))), args); finished {
					break
				}
				kills++
			}
		}
		if output, err := process(args...).CombinedOutput(); err != nil {
			t.Fatalf("the last start of %s: %v\n%s", study.args, err, output)
		}
	}
	t.Logf("studies killed %d times", kills)
	if kills < 5*times {
		t.Errorf("studies were killed %d times only", kills)
	}
	timed := regexp.MustCompile(`(?m)^.*,ms_per_cv,.*$`) // of RQ4: wall time
	files := []string{"rq1.csv", "rq3.csv", "rq4.csv", "tables/rq1.md", "tables/rq3.md", "figures/rq3.svg"}
	want := readAll(t, whole, files)
	for name, data := range readAll(t, dir, files) {
		if timed.ReplaceAllString(data, "") != timed.ReplaceAllString(want[name], "") {
			t.Errorf("%s has other bytes than without kills", name)
		}
	}
	if got, want := names(t, dir), names(t, whole); !slices.Equal(got, want) {
		t.Errorf("the files are %v, want %v", got, want)
	}
}

// names lists all files below a folder.
func names(t *testing.T, dir string) (files []string) {
	t.Helper()
	must(0, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, dir))
		}
		return err
	}))(t)
	return files
}

// fromEnv is a whole number from the environment: how often, and with which random numbers, longer tests than usual kill.
func fromEnv(t *testing.T, name string, usual int) int {
	t.Helper()
	text, ok := os.LookupEnv(name)
	if !ok {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q, want a whole number from 1", name, text)
	}
	return n
}

// Half-written files of a killed process are gone after the next start; a user's own hidden files are not.
func TestLeftoversOfAKilledProcess(t *testing.T) {
	dir := copyRun(t)
	before := names(t, dir)
	for _, name := range []string{".results.csv.tmp-123", "seed-1/.girl.safetensors-4711", "seed-2/.ppo.checkpoint.new-9", "figures/.rq2.png.tmp-1"} {
		must(0, os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o644))(t)
	}
	own := []string{".notes-2023", "seed-1/.safetensors-1", "notebooks/.x.tmp-1", "x.tmp-1"}
	must(0, os.MkdirAll(filepath.Join(dir, "notebooks"), 0o755))(t)
	for _, name := range own {
		must(0, os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o644))(t)
		before = append(before, "/"+name)
	}
	if code, _, stderr := girlCommand(t, append(smokeArgs, "-out", dir)...); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	slices.Sort(before)
	after := names(t, dir)
	slices.Sort(after)
	if !slices.Equal(after, before) {
		t.Errorf("the files are %v, want %v", after, before)
	}
}

// A checkpoint of another config is refused with the settings that differ, and nothing is lost by it.
func TestCheckpointOfAnotherConfigIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	args := []string{"run", "-data", "market", "-profile", "smoke", "-out", dir, "-checkpoint-every", "1ms"}
	for range 50 { // until a kill falls into the middle of the stage
		if _, finished := killed(t, "/sft", 300*time.Millisecond, args); finished {
			t.Fatal("the run was not killed")
		}
		if _, err := os.Stat(filepath.Join(dir, "seed-1", "sft.checkpoint")); err == nil {
			break
		}
	}
	code, _, stderr := girlCommand(t, append(args, "-set", "sft.learning_rate=0.001")...)
	checkRefused(t, nil, code, stderr, "sft.learning_rate: 0.0025 in the file, 0.001 now")
	if strings.Contains(stderr, "sft.epochs") {
		t.Errorf("settings that agree are named: %s", stderr)
	}
	if code, stdout, stderr := girlCommand(t, args...); code != exitOK || !strings.Contains(stdout, "goes on from its last checkpoint") {
		t.Errorf("the run does not go on with its own config: exit code %d, %s", code, stderr)
	}
}
