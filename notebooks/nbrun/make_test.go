//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Without Jupyter "make jupyter" says so at once: it does not first build a kernel that nothing would start.
func TestMakeJupyterWithoutJupyter(t *testing.T) {
	program, err := exec.LookPath("make")
	if err != nil {
		t.Skip("make is not installed")
	}
	repo, err := findRepository(".")
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() // in which there is no Jupyter
	built := filepath.Join(path, "built")
	if err := os.WriteFile(filepath.Join(path, "go"), []byte("#!/bin/sh\n: >'"+built+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(path, "make")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "jupyter")
	cmd.Dir = repo.root
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "PATH="+path)
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("Jupyter is not installed")) {
		t.Errorf("error %v, output %s", err, out)
	}
	if _, err := os.Stat(built); err == nil {
		t.Error("the kernel was built first")
	}
}
