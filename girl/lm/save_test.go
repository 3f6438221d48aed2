//go:build unix

package lm

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// keepsOld fails unless a save to path is an error that leaves the old bytes and nothing beside them.
func keepsOld(t *testing.T, path string, old []byte) {
	t.Helper()
	if err := tinyWeights(t, minute(), ScalarHead).Save(path); err == nil {
		t.Error("no error")
	}
	unchanged(t, path, old)
}

// unchanged fails unless a path has its old bytes and nothing beside it.
func unchanged(t *testing.T, path string, old []byte) {
	t.Helper()
	if got := must(os.ReadFile(path))(t); !bytes.Equal(got, old) {
		t.Errorf("the old file now has %d bytes, had %d", len(got), len(old))
	}
	if entries := must(os.ReadDir(filepath.Dir(path)))(t); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func oldFile(t *testing.T) (path string, old []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "w.safetensors")
	if err := tinyWeights(t, minute(), TokenHead).Save(path); err != nil {
		t.Fatal(err)
	}
	return path, must(os.ReadFile(path))(t)
}

func TestSaveReplacesOldFile(t *testing.T) {
	path, _ := oldFile(t)
	w := tinyWeights(t, minute(), ScalarHead)
	if err := w.Save(path); err != nil {
		t.Fatal(err)
	}
	if got := must(LoadWeights(path))(t); got.Head != ScalarHead {
		t.Errorf("the file holds a %s head", got.Head)
	}
	if entries := must(os.ReadDir(filepath.Dir(path)))(t); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestSaveIntoReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may write to every folder")
	}
	path, old := oldFile(t)
	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer func() { must(0, os.Chmod(dir, 0o700))(t) }()
	keepsOld(t, path, old)
}

// fullDiskPath names the file that a process of its own saves to, without room on its disk.
const fullDiskPath = "GENJOBREC_TEST_FULL_DISK"

// TestSaveOnFullDisk stands a limit on file sizes in for a full disk: the write fails half-way in the same manner. The limit would also hold for what
// go test writes, so a second process of this test has it.
func TestSaveOnFullDisk(t *testing.T) {
	if path := os.Getenv(fullDiskPath); path != "" {
		saveWithoutRoom(t, path)
		return
	}
	path, old := oldFile(t)
	cmd := exec.Command(must(os.Executable())(t), "-test.run=^TestSaveOnFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), fullDiskPath+"="+path)
	said, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Fatalf("%v:\n%s", err, said)
	case bytes.Contains(said, []byte("--- SKIP")):
		t.Skipf("no limit on file sizes:\n%s", said)
	case !bytes.Contains(said, []byte("file too large")):
		t.Errorf("the save did not run out of room:\n%s", said)
	}
	unchanged(t, path, old)
}

// saveWithoutRoom saves where no file may grow beyond 100 bytes.
func saveWithoutRoom(t *testing.T, path string) {
	w := tinyWeights(t, minute(), ScalarHead)
	signal.Ignore(syscall.SIGXFSZ) // a write beyond the limit is an error then, as on a full disk, not the end of the process
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip("this system has no limit on file sizes: ", err)
	}
	limit.Cur = 100
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip("this system's limit on file sizes cannot be lowered: ", err)
	}
	err := w.Save(path)
	if err == nil {
		t.Fatal("no error")
	}
	t.Log(err)
}

func TestSaveWhereNoFileCanBe(t *testing.T) {
	w, dir := tinyWeights(t, minute(), TokenHead), t.TempDir()
	if err := w.Save(filepath.Join(dir, "none", "w.safetensors")); err == nil {
		t.Error("folder that is not there: no error")
	}
	taken := filepath.Join(dir, "taken")
	if err := os.Mkdir(taken, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := w.Save(taken); err == nil {
		t.Error("path of a folder: no error")
	}
	if entries := must(os.ReadDir(dir))(t); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}
