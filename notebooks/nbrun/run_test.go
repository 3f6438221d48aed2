//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// checkMatching looks at an executed copy of the matching notebook: its table has the numbers that the run itself wrote, and the
// figures are pictures.
func checkMatching(t *testing.T, dir, executed string) {
	t.Helper()
	var tables, prints string
	pictures := 0
	for _, list := range readOutputs(t, executed) {
		for _, o := range list {
			var text string
			switch {
			case o.Type == "stream":
				prints += string(o.Text)
			case o.Data["text/html"] != nil:
				if err := json.Unmarshal(o.Data["text/html"], &text); err != nil {
					t.Fatal(err)
				}
				tables += text
			case o.Data["image/png"] != nil:
				if err := json.Unmarshal(o.Data["image/png"], &text); err != nil {
					t.Fatal(err)
				}
				img, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
				if err != nil {
					t.Fatal(err)
				}
				if b := img.Bounds(); b.Dx() < 500 || b.Dy() < 200 {
					t.Errorf("the figure has %d×%d pixels", b.Dx(), b.Dy())
				}
				pictures++
			}
		}
	}
	if n := strings.Count(tables, "</table>"); pictures < 1 || n < 2 {
		t.Errorf("%d pictures and %d tables, want 1 and 2 at least", pictures, n)
	}
	if !strings.Contains(prints, dir) {
		t.Errorf("the run's folder is not printed: %s", prints)
	}
	for _, want := range append(runCells(t, dir), "0.6476", "Bayes ceiling", "GIRL − Base") { // 0.6476: the paper's AUC of GIRL (MLP)
		if !strings.Contains(strings.ReplaceAll(tables, "\u00a0", " "), html.EscapeString(want)) {
			t.Errorf("the tables do not show %q", want)
		}
	}
}

// runCells gives our AUC with its interval of each matcher, as the run's own Markdown table shows it.
func runCells(t *testing.T, dir string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "tables", "rq2.md"))
	if err != nil {
		t.Fatal(err)
	}
	var cells []string
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma, in.FieldsPerRecord, in.LazyQuotes = '|', -1, true
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if len(row) > 3 && strings.Contains(row[3], "[") {
			cells = append(cells, strings.TrimSpace(row[3]))
		}
	}
	if len(cells) < 6 {
		t.Fatalf("only %d rows in %s", len(cells), data)
	}
	return cells
}

// Without a run the notebook says how to make one.
func TestMatchingNotebookWithoutRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	r := kernelRunner(t, "GENJOBREC_RUN="+dir)
	err := r.run(context.Background(), "../02_matching.ipynb")
	if want := fmt.Sprintf("make run OUT=%q", dir); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

func TestCellsShareDeclarations(t *testing.T) {
	r := kernelRunner(t, "GREETING=hello")
	path := writeCells(t, "import (\"fmt\"; \"os\")\nfunc twice(s string) string { return s + s }", "%%\nfmt.Print(twice(os.Getenv(\"GREETING\")))", "   ",
		"!echo out; echo err >&2")
	if err := r.run(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	cells := readOutputs(t, filepath.Join(r.out, "test.ipynb"))
	if got := streams(cells); got != "|hellohello||out\nerr\n" && got != "|hellohello||err\nout\n" {
		t.Errorf("the cells printed %q", got)
	}
	noLeftovers(t, r, "")
}

func TestFailingCells(t *testing.T) {
	for name, c := range map[string]struct {
		cell, want, printed string
	}{
		"compile error": {"%%\nvar x int = \"text\"\n_ = x", `cannot use "text"`, ""},
		"panic":         {"%%\nvar m map[string]int\nm[\"a\"] = 1", "assignment to entry in nil map", "nil map"},
		"exit":          {"import (\"fmt\"; \"os\")\n%%\nfmt.Fprintln(os.Stderr, \"no data\")\nos.Exit(3)", "exit status 3\nno data", "no data"},
		"shell":         {"!echo before; exit 4", "a shell command failed: exit status 4", "before"},
		"bash":          {"%%bash\necho before\nfalse", "a shell command failed: exit status 1", "before"},
	} {
		t.Run(name, func(t *testing.T) {
			r := kernelRunner(t)
			path := writeCells(t, "!echo first", c.cell, "!echo never")
			err := r.run(context.Background(), path)
			var bad *cellError
			if !errors.As(err, &bad) || bad.index != 2 || !strings.Contains(bad.reason, c.want) {
				t.Fatalf("error %v, want one of cell 2 with %q", err, c.want)
			}
			got := streams(readOutputs(t, filepath.Join(r.out, "test.ipynb")))
			if !strings.HasPrefix(got, "first\n|") || !strings.Contains(got, c.printed) || !strings.HasSuffix(got, "|") {
				t.Errorf("the copy shows %q, want the first two cells and nothing of the third", got)
			}
			noLeftovers(t, r, "")
		})
	}
}

func TestTimeoutInterrupts(t *testing.T) {
	r := kernelRunner(t)
	r.timeout = time.Second
	pid := filepath.Join(t.TempDir(), "pid")
	path := writeCells(t, fmt.Sprintf("!echo begun; echo $$ > '%s'; exec sleep 60", pid), "!echo never")
	start := time.Now()
	err := r.run(context.Background(), path)
	var bad *cellError
	if !errors.As(err, &bad) || bad.index != 1 || !strings.Contains(bad.reason, "longer than 1s") {
		t.Errorf("error %v, want one about the timeout of cell 1", err)
	}
	if d := time.Since(start); d > 6*time.Second {
		t.Errorf("stopped after %s, want the interrupt to end the cell soon after 1 s", d)
	}
	if got := streams(readOutputs(t, filepath.Join(r.out, "test.ipynb"))); !strings.HasPrefix(got, "begun\n") {
		t.Errorf("the copy shows %q", got)
	}
	noLeftovers(t, r, pid)
}

// A program that ignores the interrupt is killed with the kernel.
func TestTimeoutKills(t *testing.T) {
	r := kernelRunner(t)
	r.timeout, r.grace = time.Second, time.Second
	pid := filepath.Join(t.TempDir(), "pid")
	path := writeCells(t, fmt.Sprintf("!trap '' INT TERM; echo begun; echo $$ > '%s'; sleep 60; sleep 60", pid))
	start := time.Now()
	err := r.run(context.Background(), path)
	if err == nil || !strings.Contains(err.Error(), "went on after the interrupt") {
		t.Errorf("error %v, want one about the interrupt", err)
	}
	if d := time.Since(start); d > 6*time.Second {
		t.Errorf("stopped after %s", d)
	}
	if got := streams(readOutputs(t, filepath.Join(r.out, "test.ipynb"))); !strings.HasPrefix(got, "begun\n") {
		t.Errorf("the copy shows %q", got)
	}
	noLeftovers(t, r, pid)
}

// Ctrl-C cancels the context.
func TestCancelStopsWithinASecond(t *testing.T) {
	r := kernelRunner(t)
	pid := filepath.Join(t.TempDir(), "pid")
	path := writeCells(t, fmt.Sprintf("!trap '' INT TERM; echo $$ > '%s'; sleep 60; sleep 60", pid))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var mu sync.Mutex
	var stopped time.Time
	go func() {
		for range 200 {
			if data, _ := os.ReadFile(pid); len(data) > 0 {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		mu.Lock()
		stopped = time.Now()
		mu.Unlock()
		cancel()
	}()
	err := r.run(ctx, path)
	mu.Lock()
	d := time.Since(stopped)
	mu.Unlock()
	if !errors.Is(err, context.Canceled) || d > time.Second {
		t.Errorf("error %v after %s, want a cancelled context within a second", err, d)
	}
	noLeftovers(t, r, pid)
}

// fakeKernel describes a shell script in place of the kernel.
func fakeKernel(t *testing.T, script string) (specFile string) {
	t.Helper()
	blob, err := json.Marshal(kernelSpec{Argv: []string{"sh", "-c", script, "{connection_file}"}})
	if err != nil {
		t.Fatal(err)
	}
	specFile = filepath.Join(t.TempDir(), "kernel.json")
	if err := os.WriteFile(specFile, blob, 0o644); err != nil {
		t.Fatal(err)
	}
	return specFile
}

func TestKernelThatEndsAtOnce(t *testing.T) {
	tmp := t.TempDir()
	_, err := startKernel(context.Background(), fakeKernel(t, `test -s "$0" && echo "no such option" >&2; exit 1`), tmp, tmp, nil)
	if err == nil || !strings.Contains(err.Error(), "the kernel ended\nno such option") {
		t.Errorf("error %v, want one with what the kernel wrote", err)
	}
	noLeftovers(t, &runner{tmp: tmp}, "")
}

// A kernel that neither answers nor heeds a request to end is killed, together with what it has started.
func TestCancelDuringStart(t *testing.T) {
	tmp, pid := t.TempDir(), filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := startKernel(ctx, fakeKernel(t, fmt.Sprintf("trap '' INT TERM; sleep 60 & echo $! > '%s'; wait; sleep 60", pid)), tmp, tmp, nil)
	if d := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || d > 1300*time.Millisecond {
		t.Errorf("error %v after %s, want the context's within a second of its end", err, d)
	}
	noLeftovers(t, &runner{tmp: tmp}, pid)
}

func TestCopyMustNotReplaceTheNotebook(t *testing.T) {
	path := writeCells(t, "!echo 1")
	r := &runner{out: filepath.Dir(path), timeout: time.Minute, log: io.Discard}
	if err := r.run(context.Background(), path); err == nil || !strings.Contains(err.Error(), "choose another -out") {
		t.Errorf("error %v, want a refusal", err)
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "no notebook given"},
		{[]string{"install", "x.ipynb"}, `"x.ipynb" given`},
		{[]string{"x.ipynb", "-out", "d"}, "the flag -out stands behind a notebook"},
		{[]string{"-timeout", "0s", "x.ipynb"}, "-timeout 0s is not positive"},
		{[]string{"-set", "=x", "x.ipynb"}, "is not KEY=VALUE"},
		{[]string{"run", "a/x.ipynb", "b/x.ipynb"}, "same executed copy"},
		{[]string{"-nonsense"}, "nonsense"},
	} {
		var out, errs bytes.Buffer
		err := command(context.Background(), c.args, &out, &errs)
		if !errors.Is(err, errUsage) || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%q: error %v, want one with %q in\n%s", c.args, err, c.want, &errs)
		}
	}
	var out, errs bytes.Buffer
	if err := command(context.Background(), []string{"-h"}, &out, &errs); err != nil || !strings.Contains(out.String(), "Example") || errs.Len() > 0 {
		t.Errorf("-h: error %v, stdout %q, stderr %q", err, &out, &errs)
	}
}
