package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// lockFile is in a run's folder while a process writes there.
const lockFile = "girl.lock"

// hold locks a run's folder as a process of the given number would.
func hold(t *testing.T, dir string, content string) {
	t.Helper()
	f := must(os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o644))(t)
	t.Cleanup(func() { f.Close() })
	must(f.WriteString(content))(t)
	must(0, unix.Flock(int(f.Fd()), unix.LOCK_EX))(t)
}

// What writes into a run's folder wants it for itself; what reads does not mind.
func TestLockedRun(t *testing.T) {
	dir := copyRun(t)
	cv := filepath.Join(t.TempDir(), "cv.txt")
	must(0, os.WriteFile(cv, []byte("Baker"), 0o644))(t)
	hold(t, dir, "4242\n")
	before := must(os.ReadDir(dir))(t)
	for _, args := range [][]string{append(smokeArgs, "-out", dir), {"judge", "-run", dir}, {"ablate", "-run", dir}, {"sweep", "-run", dir}} {
		code, stdout, stderr := girlCommand(t, args...)
		if want := fmt.Sprintf("%s is in use by process 4242", dir); code != exitError || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, output %q, error %q, want %q", args, code, stdout, stderr, want)
		}
	}
	if after := must(os.ReadDir(dir))(t); len(after) != len(before) {
		t.Errorf("%d files, were %d", len(after), len(before))
	}
	for _, args := range [][]string{
		{"verify", dir},
		{"generate", "-run", dir, "-cv", cv, "-k", "1"},
		{"score", "-run", dir, "-pairs", goodTables().write(t), "-out", filepath.Join(t.TempDir(), "new.parquet")},
		{"publish", "-run", dir, "-out", filepath.Join(t.TempDir(), "published")},
	} {
		if code, _, stderr := girlCommand(t, args...); code != exitOK {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
	}
}

func TestLockWithoutANumber(t *testing.T) {
	for _, content := range []string{"", "someone", "-3\n", strings.Repeat("9", 100)} {
		dir := t.TempDir()
		hold(t, dir, content)
		code, _, stderr := girlCommand(t, append(smokeArgs, "-out", dir)...)
		checkRefused(t, nil, code, stderr, dir+" is in use by another process")
	}
}

// The same command twice at once: the second is refused with the number of the first and disturbs nothing. The lock of a process that is
// killed is gone, though its file is not.
func TestSameCommandTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	args := quickArgs(goodTables().write(t), dir)
	first := process(append(args, "-set", "sft.epochs=500", "-set", "sft.patience=500")...)
	out := must(first.StdoutPipe())(t)
	must(0, first.Start())(t)
	t.Cleanup(func() { _ = first.Process.Kill() })
	scan := bufio.NewScanner(out)
	for busy := false; !busy; busy = strings.Contains(scan.Text(), "/sft") { // until it is in the middle of its work
		if !scan.Scan() {
			t.Fatalf("the first process ended: %v", first.Wait())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	code, _, stderr := girlCommand(t, args...)
	checkRefused(t, nil, code, stderr, fmt.Sprintf("%s is in use by process %d", dir, first.Process.Pid))
	if err := first.Process.Signal(unix.Signal(0)); err != nil {
		t.Fatalf("the first process does not go on: %v", err)
	}
	must(0, first.Process.Kill())(t)
	_ = first.Wait() // it was killed
	if _, err := os.Stat(filepath.Join(dir, lockFile)); err != nil {
		t.Errorf("the killed process left no file, so that nothing is tested here: %v", err)
	}
	if code, _, stderr := girlCommand(t, args...); code != exitOK {
		t.Errorf("after the kill: exit code %d, %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, lockFile)); err == nil {
		t.Errorf("%s is left in a finished run", lockFile)
	}
}
