//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"genjobrec/girl"
)

// kernelRunner gives a runner with the real kernel, whose copies go to a folder of the test.
func kernelRunner(t *testing.T, set ...string) *runner {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the kernel is not built")
	}
	for _, name := range []string{"OPENAI_BASE_URL", "OPENAI_API_KEY", "GIRL_WRITER_MODEL", "GIRL_JUDGE_MODEL", girl.EnvShowTexts, girl.EnvSendTexts} {
		t.Setenv(name, "") // of whoever runs the tests
	}
	repo, err := findRepository(".")
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.install(context.Background(), io.Discard); maySkip(err) {
		t.Skipf("the kernel cannot be built here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	return &runner{repo: repo, out: t.TempDir(), tmp: t.TempDir(), timeout: 5 * time.Minute, grace: defaultGrace, set: set, log: io.Discard}
}

// maySkip reports whether a test may do without the kernel, which could not be installed for this reason: only without the network, and never in CI,
// where a skipped test proves nothing.
func maySkip(err error) bool {
	return errors.Is(err, errDownload) && os.Getenv("CI") == "" && os.Getenv("GENJOBREC_BROWSER") == ""
}

// writeCells writes a notebook of code cells.
func writeCells(t *testing.T, sources ...string) string {
	t.Helper()
	var cells []map[string]any
	for i, s := range sources {
		cells = append(cells, map[string]any{"cell_type": "code", "id": fmt.Sprint("c", i), "metadata": map[string]any{}, "source": s,
			"outputs": []any{}, "execution_count": nil})
	}
	blob, err := json.Marshal(map[string]any{"cells": cells, "metadata": map[string]any{}, "nbformat": 4, "nbformat_minor": 5})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.ipynb")
	if err := os.WriteFile(path, blob, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// readOutputs gives the outputs of each cell of an executed copy.
func readOutputs(t *testing.T, path string) [][]output {
	t.Helper()
	nb, err := readNotebook(path)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]output
	for _, c := range nb.cells {
		var list []output
		if c.kind == "code" {
			if err := c.fields.get("outputs", &list); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, list)
	}
	return all
}

// streams joins what the cells have printed, a | between cells.
func streams(cells [][]output) string {
	var parts []string
	for _, list := range cells {
		var b strings.Builder
		for _, o := range list {
			b.WriteString(string(o.Text))
		}
		parts = append(parts, b.String())
	}
	return strings.Join(parts, "|")
}

// noLeftovers checks that the kernel's temporary folder is gone, and the process whose id a cell wrote to pidFile.
func noLeftovers(t *testing.T, r *runner, pidFile string) {
	t.Helper()
	if dirs, err := filepath.Glob(filepath.Join(r.tmp, "*")); err != nil || len(dirs) > 0 {
		t.Errorf("temporary folders are left: %v, error %v", dirs, err)
	}
	if pidFile == "" {
		return
	}
	pid, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	// A zombie waits for a parent that does not care; it runs no more.
	state, _ := exec.Command("ps", "-o", "stat=", "-p", strings.TrimSpace(string(pid))).Output()
	if s := strings.TrimSpace(string(state)); s != "" && !strings.HasPrefix(s, "Z") {
		t.Errorf("the cell's process %s is still there, in state %s", bytes.TrimSpace(pid), s)
	}
}
