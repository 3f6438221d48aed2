//go:build unix

package lm

import (
	"bytes"
	"os"
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

// TestSaveOnFullDisk stands a limit on file sizes in for a full disk: the write fails half-way in the same manner.
func TestSaveOnFullDisk(t *testing.T) {
	path, old := oldFile(t)
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip("this system has no limit on file sizes: ", err)
	}
	low := limit
	low.Cur = 100
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &low); err != nil {
		t.Skip("this system's limit on file sizes cannot be lowered: ", err)
	}
	defer func() { must(0, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))(t) }()
	keepsOld(t, path, old)
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
