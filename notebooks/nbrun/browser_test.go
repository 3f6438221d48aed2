//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// browserTools are the programs that the tests below need; .ci/browser installs them.
type browserTools struct{ node, chromium, playwright string }

// findBrowser skips the test where something is missing, and fails it where GENJOBREC_BROWSER says that nothing is.
func findBrowser(t *testing.T, further ...string) browserTools {
	t.Helper()
	var missing []string
	find := func(names ...string) string {
		for _, n := range names {
			if path, err := exec.LookPath(n); err == nil {
				return path
			}
		}
		missing = append(missing, names[0])
		return ""
	}
	repo, err := findRepository(".")
	if err != nil {
		t.Fatal(err)
	}
	b := browserTools{node: find("node", "nodejs"), chromium: find("chromium", "chromium-browser", "google-chrome"),
		playwright: filepath.Join(repo.root, ".cache", "browser", "node_modules", "playwright-core")}
	for _, n := range further {
		find(n)
	}
	if _, err := os.Stat(b.playwright); err != nil {
		missing = append(missing, "playwright-core in .cache/browser")
	}
	switch text := strings.Join(missing, ", "); {
	case len(missing) == 0:
	case os.Getenv("GENJOBREC_BROWSER") != "":
		t.Fatalf("not installed: %s", text)
	default:
		t.Skipf("no browser test: %s not installed; .ci/browser installs it with apt and npm", text)
	}
	return b
}

// seen is what testdata/browser.mjs reports.
type seen struct {
	Complaints []string // errors on the console and failed requests

	// A notebook.
	Kernel string
	Cells  int
	Errors []string // error outputs and stderr

	// A page.
	Window, Content, Figures int // widths in CSS pixels, number of figures

	// Both.
	Tables   []string
	Pictures []struct{ Width, Height, Shown, Texts float64 }
}

// drive runs testdata/browser.mjs. BROWSER_SHOTS names a folder that keeps the screenshots.
func (b browserTools) drive(t *testing.T, shot string, args ...string) (out seen) {
	t.Helper()
	dir := os.Getenv("BROWSER_SHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.node, append(append([]string{"testdata/browser.mjs"}, args...), filepath.Join(dir, shot))...)
	cmd.Env = append(os.Environ(), "PLAYWRIGHT="+b.playwright, "CHROMIUM="+b.chromium)
	ownGroup(cmd)
	cmd.Cancel = func() error { signalGroup(cmd, true); return nil }
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		t.Fatalf("%v in %s", err, &stdout)
	}
	return out
}

// "make jupyter", a real server and a real browser: the matching notebook runs from top to bottom, without an error, and shows
// its tables and figures.
func TestMatchingNotebookInBrowser(t *testing.T) {
	b := findBrowser(t, "make", "jupyter-notebook")
	if version, err := exec.Command("jupyter-notebook", "--version").Output(); err != nil || !bytes.HasPrefix(version, []byte("6.")) {
		refuse := t.Skipf
		if os.Getenv("GENJOBREC_BROWSER") != "" {
			refuse = t.Fatalf // as in findBrowser
		}
		refuse("no browser test: it knows the pages of Jupyter Notebook 6 only, here is %s", bytes.TrimSpace(version))
	}
	repo := kernelRunner(t).repo
	dir := smallRun(t)
	folder := t.TempDir() // a copy: Jupyter saves what it shows
	nb, err := os.ReadFile("../02_matching.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "02_matching.ipynb"), nb, 0o644); err != nil {
		t.Fatal(err)
	}
	url := startJupyter(t, repo, dir, folder)
	got := b.drive(t, "notebook.png", "notebook", url)
	if got.Kernel != "Go (gonb)" || got.Cells < 6 {
		t.Errorf("kernel %q, %d cells", got.Kernel, got.Cells)
	}
	if len(got.Errors) > 0 {
		t.Errorf("error output:\n%s", strings.Join(got.Errors, "\n"))
	}
	for _, want := range []string{"GIRL-SFT (Dot)", "0.6476", "Bayes ceiling", "GIRL − Base"} {
		if !strings.Contains(strings.Join(got.Tables, "\n"), want) {
			t.Errorf("the %d tables do not show %q", len(got.Tables), want)
		}
	}
	if len(got.Pictures) == 0 {
		t.Error("no picture is shown")
	}
	for i, p := range got.Pictures {
		if p.Width < 1000 || p.Height < 400 || p.Shown < 500 {
			t.Errorf("picture %d has %g×%g pixels and is shown %g wide", i+1, p.Width, p.Height, p.Shown)
		}
	}
	// The saved notebook has the outputs, and nbrun sees no failure in them either.
	for i, list := range readOutputs(t, filepath.Join(folder, "02_matching.ipynb")) {
		for _, o := range list {
			if o.Type == "error" {
				t.Errorf("cell %d of the saved notebook failed", i+1)
			}
		}
	}
}

// startJupyter gives the address of the notebook in a server that the end of the test stops, with its kernels.
func startJupyter(t *testing.T, repo repository, run, folder string) (url string) {
	t.Helper()
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir() // nothing of the user's Jupyter is read or written
	token, port := newID(), strconv.Itoa(ports[0])
	cmd := exec.Command("make", "jupyter", "OUT="+run, "NOTEBOOKS="+folder,
		"JUPYTER_FLAGS=--no-browser --ip=127.0.0.1 --port="+port+" --NotebookApp.port_retries=0")
	cmd.Dir = repo.root
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "JUPYTER_TOKEN="+token, "HOME="+home, "JUPYTER_CONFIG_DIR="+home, "JUPYTER_DATA_DIR="+home, "JUPYTER_RUNTIME_DIR="+home)
	cmd.Env = append(cmd.Env, goFolders(t)...)
	var log tail
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.WaitDelay = time.Second
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var exit error // once ended is closed
	ended := make(chan struct{})
	go func() {
		exit = cmd.Wait()
		close(ended)
	}()
	base := "http://127.0.0.1:" + port
	t.Cleanup(func() {
		// On this request the server stops its kernels, which are in groups of their own, and then itself.
		stop := http.Client{Timeout: 10 * time.Second}
		answer, err := stop.Post(base+"/api/shutdown?token="+token, "application/json", nil)
		if err == nil {
			err = answer.Body.Close()
		}
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			err = errors.Join(err, errors.New("the server goes on"))
		}
		signalGroup(cmd, true)
		if err != nil {
			t.Errorf("stopping Jupyter: %v\n%s", err, &log)
		}
		endKernels(t, home)
	})
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatalf("make jupyter ended: %v\n%s", exit, &log)
		default:
		}
		answer, err := http.Get(base + "/api?token=" + token)
		if err != nil {
			continue
		}
		_ = answer.Body.Close() // only the status counts
		if answer.StatusCode == http.StatusOK {
			return base + "/notebooks/02_matching.ipynb?token=" + token
		}
	}
	t.Fatalf("Jupyter does not answer\n%s", &log)
	return ""
}

// goFolders names Go's caches, which it would else look for in a home of the test's.
func goFolders(t *testing.T) []string {
	t.Helper()
	names := []string{"GOPATH", "GOCACHE", "GOMODCACHE"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		names[i] += "=" + line
	}
	return names
}

// endKernels finds kernels of a server that is gone, by the folder of their connection files, and ends them.
func endKernels(t *testing.T, folder string) {
	t.Helper()
	out, err := exec.Command("ps", "-eo", "pid=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		var pid int
		if _, err := fmt.Sscan(line, &pid); err == nil && strings.Contains(line, folder) {
			t.Errorf("left over: %s", strings.TrimSpace(line))
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill() // it may just have ended
			}
		}
	}
}

// The page of a run on a phone and on a desk: nothing but tables and figures in their own boxes is wider than the window, every
// figure is drawn, and nothing is asked for from outside.
func TestPageInBrowser(t *testing.T) {
	b := findBrowser(t)
	page := filepath.Join(smallRun(t), "index.html")
	for _, width := range []int{390, 1280} {
		t.Run(strconv.Itoa(width), func(t *testing.T) {
			got := b.drive(t, fmt.Sprintf("page%d.png", width), "page", "file://"+strings.ReplaceAll(page, " ", "%20"), strconv.Itoa(width))
			if len(got.Complaints) > 0 {
				t.Errorf("the browser complains:\n%s", strings.Join(got.Complaints, "\n"))
			}
			if got.Window != width || got.Content > width {
				t.Errorf("window of %d pixels, content of %d, want both %d", got.Window, got.Content, width)
			}
			if len(got.Tables) < 3 || got.Figures < 2 || len(got.Pictures) != got.Figures {
				t.Errorf("%d tables, %d figures with %d pictures", len(got.Tables), got.Figures, len(got.Pictures))
			}
			for i, p := range got.Pictures {
				if p.Width < 300 || p.Height < 100 || p.Texts == 0 {
					t.Errorf("picture %d is %g×%g pixels large, with %g texts", i+1, p.Width, p.Height, p.Texts)
				}
			}
		})
	}
}
