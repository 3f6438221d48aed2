//go:build unix

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFindRepository(t *testing.T) {
	root := t.TempDir()
	sub := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := findRepository(sub); err == nil || !strings.Contains(err.Error(), "checkout") {
		t.Errorf("no go.mod: error %v", err)
	}
	// Another module between the folder and the checkout does not end the search.
	for dir, text := range map[string]string{root: "module genjobrec\n\ngo 1.99.1\n", filepath.Join(root, "a"): "module other\n\ngo 1.1\n"} {
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := findRepository(sub)
	if want := (repository{root: root, toolchain: "go1.99.1"}); err != nil || got != want {
		t.Errorf("%+v, error %v; want %+v", got, err, want)
	}
}

// The second installation touches nothing, and a file that somebody changed comes back.
func TestInstallAgain(t *testing.T) {
	repo := kernelRunner(t).repo
	files := []string{repo.specFile(), repo.gonb("setup.sh"), repo.gonb("bin", "gonb"), repo.gonb("bin", "goimports")}
	times := func() (out []time.Time) {
		for _, f := range files {
			info, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, info.ModTime())
		}
		return out
	}
	before := times()
	if err := repo.install(context.Background(), io.Discard); err != nil {
		t.Fatal(err)
	}
	for i, after := range times() {
		if !after.Equal(before[i]) {
			t.Errorf("%s was written again", files[i])
		}
	}
	if err := os.WriteFile(repo.specFile(), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := repo.install(context.Background(), io.Discard); err != nil {
		t.Fatal(err)
	}
	var spec kernelSpec
	data, err := os.ReadFile(repo.specFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(spec.Argv, " "); got != repo.gonb("bin", "gonb")+" --kernel {connection_file} -raw_error" {
		t.Errorf("argv %q", got)
	}
	if spec.InterruptMode != "message" || spec.Env["GENJOBREC_ROOT"] != repo.root || spec.Env["GOTOOLCHAIN"] != repo.toolchain ||
		spec.Env["GOEXPERIMENT"] != "simd" || !strings.HasPrefix(spec.Env["PATH"], repo.gonb("bin")+string(os.PathListSeparator)) {
		t.Errorf("kernel.json %s", data)
	}
}

// A kernel whose modules nobody could be asked for may be done without, outside CI; one that the checkout does not name rightly may not.
func TestOnlyTheNetworkExcuses(t *testing.T) {
	const missing = "require example.com/nowhere v1.0.0\n\ntool example.com/nowhere\n"
	unknown := httptest.NewServer(http.NotFoundHandler()) // a proxy that answers, but knows no such module
	defer unknown.Close()
	for name, c := range map[string]struct {
		mod, proxy, ci, browser string
		want                    bool
	}{
		"no proxy":         {missing, "off", "", "", true},
		"nobody answers":   {missing, "http://127.0.0.1:1", "", "", true},
		"no proxy in CI":   {missing, "off", "true", "", false},
		"browser promised": {missing, "off", "", "1", false},
		"unknown version":  {missing, unknown.URL, "", "", false},
		"unknown tool":     {"tool example.com/nowhere\n", "off", "", "", false},
		"a broken line":    {"tool\n", "off", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CI", c.ci)
			t.Setenv("GENJOBREC_BROWSER", c.browser)
			t.Setenv("GOPROXY", c.proxy)
			t.Setenv("GONOSUMDB", "*")
			t.Setenv("GOFLAGS", "")
			t.Setenv("GOMODCACHE", t.TempDir())
			own, err := findRepository(".")
			if err != nil {
				t.Fatal(err)
			}
			// A checkout of its own, of which only the tool line can be wrong.
			repo := repository{root: t.TempDir(), toolchain: "local"}
			version := strings.TrimPrefix(own.toolchain, "go")
			if err := os.WriteFile(filepath.Join(repo.root, "go.mod"), []byte("module genjobrec\n\ngo "+version+"\n\n"+c.mod), 0o644); err != nil {
				t.Fatal(err)
			}
			hash := "h1:" + base64.StdEncoding.EncodeToString(make([]byte, 32))
			sums := "example.com/nowhere v1.0.0 " + hash + "\nexample.com/nowhere v1.0.0/go.mod " + hash + "\n"
			if err := os.WriteFile(filepath.Join(repo.root, "go.sum"), []byte(sums), 0o644); err != nil {
				t.Fatal(err)
			}
			if err = repo.install(context.Background(), io.Discard); err == nil {
				t.Fatal("there is no such kernel, and yet it was installed")
			}
			if got := maySkip(err); got != c.want {
				t.Errorf("a test may skip: %v, want %v, after %v", got, c.want, err)
			}
		})
	}
}
