package results

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteAtomic(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "folder", "file.txt")
	if err := writeAtomic(path, func(w io.Writer) error { _, err := io.WriteString(w, "first"); return err }); err != nil {
		t.Fatal(err)
	}
	// A write that fails half-way leaves the old file alone and nothing beside it.
	boom := errors.New("disk full")
	err := writeAtomic(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, "sec"); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("error = %v, want %v", err, boom)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "first" {
		t.Errorf("file holds %q (%v), want %q", got, err, "first")
	}
	onlyFile(t, filepath.Dir(path), "file.txt")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode = %v (%v), want 0644", info.Mode(), err)
	}
	if err := writeAtomic(filepath.Join(path, "below a file"), func(io.Writer) error { return nil }); err == nil {
		t.Error("writing below a file gave no error")
	}
	// A folder cannot be replaced by a file: the rename fails and cleans up.
	if err := writeAtomic(filepath.Dir(path), func(io.Writer) error { return nil }); err == nil {
		t.Error("replacing a folder gave no error")
	}
	onlyFile(t, filepath.Join(dir, "new"), "folder")
}

func onlyFile(t *testing.T, dir, want string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != want {
		t.Errorf("%s holds %v, want %s alone", dir, entries, want)
	}
}
