package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"genjobrec/results"
)

// smokeRun is one run of the smoke profile, made once and shared by the tests of this file.
var smokeRun string

func TestMain(m *testing.M) {
	if args := os.Getenv(asCommand); args != "" { // the test binary as the command itself, to be killed
		if err := limitFiles(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitError)
		}
		os.Exit(run(strings.Split(args, "\n"), os.Stdin, os.Stdout, os.Stderr))
	}
	dir, err := os.MkdirTemp("", "girl-smoke-")
	if err != nil {
		panic(err)
	}
	smokeRun = filepath.Join(dir, "run")
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

var smokeArgs = []string{"run", "-data", "market", "-profile", "smoke", "-seeds", "1,2"}

// finishedRun makes the shared run if no test has yet.
func finishedRun(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(smokeRun, "manifest.json")); err == nil {
		return smokeRun
	}
	if code, _, stderr := girlCommand(t, append(smokeArgs, "-out", smokeRun)...); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return smokeRun
}

// TestRunEndToEnd runs the whole experiment on the smoke profile and recomputes the table's numbers from the scores.
func TestRunEndToEnd(t *testing.T) {
	dir := finishedRun(t)
	for _, f := range []string{"manifest.json", "results.csv", "results.parquet", "results.arrow", "scores.parquet", "generated.parquet", "splits.csv",
		"tables/rq2.md", "tables/rq2.tex", "tables/rq2.csv", "tables/training.md", "figures/rq2.png", "figures/rq2.svg", "figures/rq2.pdf", "figures/ppo.png"} {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil || info.Size() == 0 {
			t.Errorf("%s is missing or empty", f)
		}
	}
	scores, err := results.ReadScores(filepath.Join(dir, "scores.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := results.ReadCSV(filepath.Join(dir, "results.csv"))
	if err != nil {
		t.Fatal(err)
	}
	type key struct {
		model, predictor string
		seed             int64
	}
	byKey := map[key][]results.ScoreRow{}
	for _, s := range scores {
		if s.Split == "test" {
			k := key{s.Model, s.Predictor, s.Seed}
			byKey[k] = append(byKey[k], s)
		}
	}
	checked := 0
	for _, r := range rows {
		own := byKey[key{r.Model, r.Predictor, r.Seed}]
		if r.Experiment != "rq2" || len(own) == 0 {
			continue
		}
		switch r.Metric {
		case "auc":
			if got := bruteAUC(own); math.Abs(got-r.Value) > 1e-9 {
				t.Errorf("%s %s seed %d: AUC %.9f in results.csv, %.9f from scores.parquet", r.Model, r.Predictor, r.Seed, r.Value, got)
			}
			checked++
		case "logloss":
			if got := meanLogLoss(own); math.Abs(got-r.Value) > 1e-9 {
				t.Errorf("%s %s seed %d: LogLoss %.9f in results.csv, %.9f from scores.parquet", r.Model, r.Predictor, r.Seed, r.Value, got)
			}
			checked++
		}
	}
	// Six matchers and five baselines, two seeds, two metrics.
	if want := 11 * 2 * 2; checked != want {
		t.Errorf("compared %d numbers, want %d", checked, want)
	}
}

// bruteAUC counts pairs of a match and a mismatch.
func bruteAUC(rows []results.ScoreRow) float64 {
	wins, pairs := 0.0, 0.0
	for _, a := range rows {
		for _, b := range rows {
			if a.Label == 1 && b.Label == 0 {
				pairs++
				switch {
				case a.Score > b.Score:
					wins++
				case a.Score == b.Score:
					wins += 0.5
				}
			}
		}
	}
	return wins / pairs
}

func meanLogLoss(rows []results.ScoreRow) float64 {
	sum := 0.0
	for _, r := range rows {
		p := r.Score
		if r.Label == 0 {
			p = 1 - p
		}
		sum -= math.Log(p)
	}
	return sum / float64(len(rows))
}

// TestGeneratorNeverSeesTestCVs: the CVs of SFT, reward model and PPO and the matcher's test CVs are disjoint, and no
// near-duplicate group straddles two splits.
func TestGeneratorNeverSeesTestCVs(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(finishedRun(t), "splits.csv"))
	if err != nil {
		t.Fatal(err)
	}
	group, count := map[string]string{}, map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, ",")
		count[f[1]]++
		if f[2] == "true" && f[1] != "train" {
			t.Errorf("CV %s of split %s trains the generator", f[0], f[1])
		}
		if s, ok := group[f[3]]; ok && s != f[1] {
			t.Errorf("group %s is in %s and in %s", f[3], s, f[1])
		}
		group[f[3]] = f[1]
	}
	if count["train"] == 0 || count["valid"] == 0 || count["test"] == 0 {
		t.Errorf("a split is empty: %v", count)
	}
}

// TestResume: a second call does nothing, a lost artefact brings back its stage alone, and both leave the same bytes.
func TestResume(t *testing.T) {
	dir := finishedRun(t)
	files := []string{"results.csv", "scores.parquet", "generated.parquet", "figures/rq2.png", "seed-1/girl.safetensors", "seed-2/generated.parquet"}
	before := readAll(t, dir, files)
	code, stdout, stderr := girlCommand(t, append(smokeArgs, "-out", dir)...)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if strings.Contains(stdout, "done in") {
		t.Errorf("a stage ran again although all was there:\n%s", stdout)
	}
	if err := os.Truncate(filepath.Join(dir, "seed-1", "girl.safetensors"), 100); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = girlCommand(t, append(smokeArgs, "-out", dir)...)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, "seed-1/ppo done in") || strings.Contains(stdout, "seed-1/sft done in") {
		t.Errorf("with truncated PPO weights, PPO and only PPO should run again:\n%s", stdout)
	}
	for name, data := range readAll(t, dir, files) {
		if data != before[name] {
			t.Errorf("%s changed", name)
		}
	}
}

func readAll(t *testing.T, dir string, files []string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		out[f] = string(data)
	}
	return out
}

// TestSeedsAreRepeatable: seed 2 alone, on one core, gives the bytes it gave beside seed 1.
func TestSeedsAreRepeatable(t *testing.T) {
	dir := finishedRun(t)
	alone := filepath.Join(t.TempDir(), "alone")
	if code, _, stderr := girlCommand(t, "run", "-data", "market", "-profile", "smoke", "-seeds", "2", "-out", alone); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	files := []string{"seed-2/girl.safetensors", "seed-2/reward.safetensors", "seed-2/generated.parquet", "seed-2/scores.parquet"}
	want := readAll(t, dir, files)
	for name, data := range readAll(t, alone, files) {
		if data != want[name] {
			t.Errorf("%s differs between a run of seeds 1,2 and one of seed 2", name)
		}
	}
	one := readAll(t, dir, []string{"seed-1/scores.parquet"})["seed-1/scores.parquet"]
	if one == want["seed-2/scores.parquet"] {
		t.Error("seeds 1 and 2 gave the same scores")
	}
}

// TestScoreRepeatsTheRun: scoring the run's own test pairs anew gives the run's own scores.
func TestScoreRepeatsTheRun(t *testing.T) {
	dir := finishedRun(t)
	market := t.TempDir()
	if code, _, stderr := girlCommand(t, "market", "-seed", "1", "-cvs", "160", "-unlabelled", "20", "-out", market); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	out := filepath.Join(t.TempDir(), "new.parquet")
	if code, _, stderr := girlCommand(t, "score", "-run", dir, "-pairs", market, "-out", out); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	type key struct {
		cv, jd, model, predictor string
		seed                     int64
	}
	again := map[key]float64{}
	rows, err := results.ReadScores(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		again[key{r.CVID, r.JDID, r.Model, r.Predictor, r.Seed}] = r.Score
	}
	rows, err = results.ReadScores(filepath.Join(dir, "scores.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, r := range rows {
		got, ok := again[key{r.CVID, r.JDID, r.Model, r.Predictor, r.Seed}]
		if !ok || r.Split != "test" {
			continue
		}
		compared++
		if math.Abs(got-r.Score) > 1e-5 {
			t.Errorf("%s %s for %s/%s: %.7f in the run, %.7f by girl score", r.Model, r.Predictor, r.CVID, r.JDID, r.Score, got)
			if compared > 5 {
				break
			}
		}
	}
	if compared < 1000 {
		t.Errorf("only %d scores could be compared", compared)
	}
}

func TestGenerateFromStandardInput(t *testing.T) {
	dir := finishedRun(t)
	cv := filepath.Join(t.TempDir(), "cv.txt")
	if err := os.WriteFile(cv, []byte("Plumber in Kelmouth, eight years, welding. 会计 <|jd|>"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, first, stderr := girlCommand(t, "generate", "-run", dir, "-cv", cv, "-k", "2", "-seed", "7")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if strings.Count(first, "reward") != 4 || !strings.Contains(first, "GIRL-SFT") {
		t.Errorf("want two JDs of each of two writers, got\n%s", first)
	}
	if _, second, _ := girlCommand(t, "generate", "-run", dir, "-cv", cv, "-k", "2", "-seed", "7"); second != first {
		t.Error("the same seed wrote other JDs")
	}
	for name, text := range map[string]string{"empty": " \n", "UTF-8": "caf\xe9"} {
		if err := os.WriteFile(cv, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := girlCommand(t, "generate", "-run", dir, "-cv", cv); code != exitError || !strings.Contains(stderr, "cv.txt") || !strings.Contains(stderr, name) {
			t.Errorf("%q: exit code %d, error %q", text, code, stderr)
		}
	}
}

// copyRun copies the shared run, to be spoilt.
func copyRun(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, os.DirFS(finishedRun(t))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSavedRunsThatAreSpoilt(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, dir string) error
		want  []string
	}{
		{"truncated weights", func(_ *testing.T, dir string) error {
			return os.Truncate(filepath.Join(dir, "seed-1", "girl.safetensors"), 5000)
		}, []string{"girl.safetensors", "truncated"}},
		{"weights of another config", func(t *testing.T, dir string) error {
			return editManifest(filepath.Join(dir, "manifest.json"), func(config map[string]any) { config["model.layers"] = 2 })
		}, []string{"safetensors", "layers is 1 instead of 2"}},
		{"unknown config key", func(t *testing.T, dir string) error {
			return editManifest(filepath.Join(dir, "manifest.json"), func(config map[string]any) { config["model.gears"] = 2 })
		}, []string{"manifest.json", "model.gears"}},
		{"truncated tokenizer", func(_ *testing.T, dir string) error {
			return os.Truncate(filepath.Join(dir, "seed-1", "tokenizer.json"), 900)
		}, []string{"tokenizer.json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copyRun(t)
			if err := c.spoil(t, dir); err != nil {
				t.Fatal(err)
			}
			cv := filepath.Join(dir, "cv.txt")
			if err := os.WriteFile(cv, []byte("Baker"), 0o644); err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := girlCommand(t, "generate", "-run", dir, "-cv", cv)
			if code != exitError || stdout != "" {
				t.Errorf("exit code %d and output %q, want an error alone", code, stdout)
			}
			for _, w := range c.want {
				if !strings.Contains(stderr, w) {
					t.Errorf("the error does not say %q: %s", w, stderr)
				}
			}
		})
	}
}

func editManifest(path string, edit func(config map[string]any)) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	edit(m["config"].(map[string]any))
	if data, err = json.Marshal(m); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// TestDivergenceStopsTraining: a loss that is not finite ends the run with the stage's name and keeps what was finished.
func TestDivergenceStopsTraining(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	code, _, stderr := girlCommand(t, "run", "-data", "market", "-profile", "smoke", "-out", out,
		"-set", "sft.learning_rate=1e9", "-set", "sft.clip_norm=0", "-set", "sft.warmup=0")
	if code != exitError || !strings.Contains(stderr, "diverged") || !strings.Contains(stderr, "sft") {
		t.Errorf("exit code %d, error %q: want one that names the stage and the divergence", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(out, "seed-1", "tokenizer.json")); err != nil {
		t.Error("the finished tokenizer is gone")
	}
	if _, err := os.Stat(filepath.Join(out, "seed-1", "girl_sft.safetensors")); err == nil {
		t.Error("diverged weights were saved")
	}
}

// TestFullDisk: where no file may grow beyond a few kilobytes, writing fails with one clear error and leaves no half-written file.
func TestFullDisk(t *testing.T) {
	out := filepath.Join(t.TempDir(), "market")
	code, stderr := fullDisk(t, 4096, "market", "-cvs", "200", "-unlabelled", "0", "-out", out)
	if code != exitError || !strings.Contains(stderr, "file too large") {
		t.Errorf("exit code %d, error %q: want an error about the file that did not fit", code, stderr)
	}
	if left, err := os.ReadDir(out); err == nil && len(left) > 0 {
		t.Errorf("left %s behind", left[0].Name())
	}
}

// fullDisk runs a command, as a process of its own, in which no file may grow beyond a number of bytes.
func fullDisk(t *testing.T, bytes uint64, args ...string) (code int, stderr string) {
	t.Helper()
	cmd := process(args...)
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", fileLimit, bytes))
	var errs strings.Builder
	cmd.Stderr = &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if strings.Contains(errs.String(), noFileLimit) {
		t.Skip(noFileLimit)
	}
	return cmd.ProcessState.ExitCode(), errs.String()
}

// fileLimit bounds, in bytes, the files of a test binary that stands for the command.
const (
	fileLimit   = "GENJOBREC_TEST_FILE_LIMIT"
	noFileLimit = "this system has no file size limit to stand in for a full disk"
)

// limitFiles does what fileLimit says.
func limitFiles() error {
	text := os.Getenv(fileLimit)
	if text == "" {
		return nil
	}
	bytes, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return errors.New(noFileLimit)
	}
	// A write beyond the limit must be an error, as on a full disk, not the end of the process.
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: old.Max}); err != nil {
		return errors.New(noFileLimit)
	}
	return nil
}

// TestFullDiskInACheckpoint: a checkpoint that does not fit ends the run with an error that names it, the ones before stay, and with room
// again the same command goes on from them to the bytes of a run that always had room.
func TestFullDiskInACheckpoint(t *testing.T) {
	data := goodTables().write(t)
	dir := filepath.Join(t.TempDir(), "run")
	args := append(quickArgs(data, dir), "-set", "sft.epochs=40", "-set", "sft.patience=40", "-checkpoint-every", "1ms")
	file := filepath.Join(dir, "seed-1", "sft.checkpoint")
	settled := func() bool { // in the middle of the stage, and not around the two renames of a save
		_, err := os.Stat(file)
		_, previousErr := os.Stat(file + ".previous")
		_, newErr := os.Stat(file + ".new")
		return err == nil && previousErr == nil && newErr != nil
	}
	for tries := 0; !settled(); tries++ {
		if tries == 50 {
			t.Fatal("no kill left two checkpoints")
		}
		cmd := process(args...)
		must(0, cmd.Start())(t)
		for range 5000 {
			if settled() {
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
		must(0, cmd.Process.Kill())(t)
		_ = cmd.Wait() // it was killed
	}
	before := must(os.ReadFile(file))(t)
	code, stderr := fullDisk(t, uint64(len(before))-1000, args...)
	if code != exitError || !strings.Contains(stderr, file) || !strings.Contains(stderr, "file too large") {
		t.Errorf("exit code %d, error %q: want one that names %s", code, stderr, file)
	}
	if after := must(os.ReadFile(file))(t); !bytes.Equal(after, before) {
		t.Error("the checkpoint that was there has changed")
	}
	for _, name := range names(t, dir) {
		if strings.Contains(name, "-") && strings.HasPrefix(filepath.Base(name), ".") || strings.HasSuffix(name, ".new") {
			t.Errorf("left %s behind", name)
		}
	}
	whole := filepath.Join(t.TempDir(), "whole")
	if code, _, stderr := girlCommand(t, append(args, "-out", whole)...); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	files := []string{"results.csv", "scores.parquet", "seed-1/girl_sft.safetensors", "seed-1/sft.json", "seed-1/girl.safetensors"}
	want := readAll(t, whole, files)
	// The disk has room again: once with the checkpoint as it is, once with one that is cut off, which the one before it replaces, and
	// once with both cut off.
	for cut, ends := range []bool{true, true, false} {
		again := filepath.Join(t.TempDir(), "again")
		must(0, os.CopyFS(again, os.DirFS(dir)))(t)
		file := filepath.Join(again, "seed-1", "sft.checkpoint")
		for _, path := range []string{file, file + ".previous"}[:cut] {
			must(0, os.Truncate(path, int64(len(before)/2)))(t)
		}
		code, stdout, stderr := girlCommand(t, append(args, "-out", again)...)
		if !ends {
			checkRefused(t, nil, code, stderr, file)
			checkRefused(t, nil, code, stderr, file+".previous")
			checkRefused(t, nil, code, stderr, "truncated")
			continue
		}
		if code != exitOK || !strings.Contains(stdout, "seed-1/sft goes on from its last checkpoint") {
			t.Fatalf("%d checkpoints cut off: the run does not go on: exit code %d, %s%s", cut, code, stdout, stderr)
		}
		for name, data := range readAll(t, again, files) {
			if data != want[name] {
				t.Errorf("%d checkpoints cut off: %s has other bytes than with room enough", cut, name)
			}
		}
	}
}

// TestInterrupt: an interrupt ends a run at once (within a second where the machine is idle), finished artefacts and a checkpoint stay.
func TestInterrupt(t *testing.T) {
	for wait := 300 * time.Millisecond; ; wait *= 2 {
		left := interrupted(t, wait)
		if left == "sft.checkpoint tokenizer.json tokenizer.stage.json" {
			return
		}
		// On a busy machine the writer's training may not have begun yet.
		if left != "tokenizer.json tokenizer.stage.json" || wait > 10*time.Second {
			t.Fatalf("left %s %v after the tokenizer was finished, want it and a checkpoint of the writer", left, wait)
		}
	}
}

// interrupted starts a run that trains its writer for minutes, interrupts it some time after its tokenizer is finished and lists what it
// leaves in its seed's folder.
func interrupted(t *testing.T, wait time.Duration) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "run")
	args := []string{"run", "-data", "market", "-profile", "smoke", "-out", out, "-set", "sft.epochs=1000", "-set", "sft.patience=1000"}
	done := make(chan int, 1)
	go func() {
		code, _, _ := girlCommand(t, args...)
		done <- code
	}()
	deadline := time.Now().Add(30 * time.Second)
	for {
		if _, err := os.Stat(filepath.Join(out, "seed-1", "tokenizer.stage.json")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the tokenizer was not finished in 30 seconds")
		}
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(wait)
	start := time.Now()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	code := <-done
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the run took %v to stop", took)
	}
	if code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	var names []string
	for _, e := range must(os.ReadDir(filepath.Join(out, "seed-1")))(t) {
		names = append(names, e.Name())
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}
