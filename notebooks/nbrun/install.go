package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"genjobrec/results/wholefile"
)

//go:embed setup.sh
var setupScript []byte

// tools are the programs of the kernel, built from the tool lines of go.mod.
var tools = []string{"gonb", "goimports"}

// kernelSpec is a Jupyter kernel.json.
type kernelSpec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
}

// repository is a checkout of this module. Everything the kernel needs lies in its .gonb folder, which git ignores.
type repository struct {
	root      string
	toolchain string // of go.mod's go line, such as "go1.27.2"
}

func (r repository) gonb(elem ...string) string {
	return filepath.Join(append([]string{r.root, ".gonb"}, elem...)...)
}

func (r repository) specFile() string { return r.gonb("jupyter", "kernels", "gonb", "kernel.json") }

var (
	moduleLine = regexp.MustCompile(`(?m)^module genjobrec\s*$`)
	goLine     = regexp.MustCompile(`(?m)^go (\S+)\s*$`)
)

// findRepository looks for the checkout that dir lies in.
func findRepository(dir string) (repository, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return repository{}, err
	}
	for dir = start; ; dir = filepath.Dir(dir) {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && moduleLine.Match(data) {
			m := goLine.FindSubmatch(data)
			if m == nil {
				return repository{}, fmt.Errorf("%s has no go line", filepath.Join(dir, "go.mod"))
			}
			return repository{root: dir, toolchain: "go" + string(m[1])}, nil
		}
		if dir == filepath.Dir(dir) {
			return repository{}, fmt.Errorf("%s does not lie in a checkout of genjobrec: no go.mod of it there or above", start)
		}
	}
}

// spec is the kernel's description. Its paths are this checkout's: after moving it, install again.
func (r repository) spec() (kernelSpec, error) {
	goProgram, err := exec.LookPath("go")
	if err != nil {
		return kernelSpec{}, fmt.Errorf("the kernel compiles cells: %w", err)
	}
	path := []string{r.gonb("bin"), filepath.Dir(goProgram)}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if !slices.Contains(path, dir) {
			path = append(path, dir)
		}
	}
	return kernelSpec{
		Argv:          []string{r.gonb("bin", tools[0]), "--kernel", "{connection_file}", "-raw_error"},
		DisplayName:   "Go (gonb)",
		Language:      "go",
		InterruptMode: "message",
		Env: map[string]string{
			"PATH":           strings.Join(path, string(os.PathListSeparator)),
			"GOTOOLCHAIN":    r.toolchain,
			"GOEXPERIMENT":   "simd",
			"GOFLAGS":        "-buildvcs=false -ldflags=-w", // without debug information cells link in two thirds of the time
			"GENJOBREC_ROOT": r.root,
			"TMPDIR":         r.gonb("tmp"),
		},
	}, nil
}

// install builds the kernel and writes its description and setup.sh. What is up to date is left alone.
func (r repository) install(ctx context.Context, log io.Writer) error {
	if err := os.MkdirAll(r.gonb("tmp"), 0o755); err != nil {
		return err
	}
	spec, err := r.spec()
	if err != nil {
		return err
	}
	key, err := r.toolsKey()
	if err != nil {
		return err
	}
	if stamp, _ := os.ReadFile(r.gonb("tools.sha256")); string(stamp) != key || !r.toolsThere() {
		fmt.Fprintln(log, "building the notebook kernel; the first time takes about a minute")
		start := time.Now()
		if err := r.buildTools(ctx, spec.Env); err != nil {
			return err
		}
		if err := wholefile.WriteBytes(r.gonb("tools.sha256"), []byte(key)); err != nil {
			return err
		}
		fmt.Fprintf(log, "kernel built in %s\n", time.Since(start).Round(100*time.Millisecond))
	}
	blob, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(writeIfChanged(r.gonb("setup.sh"), setupScript), writeIfChanged(r.specFile(), append(blob, '\n')))
}

// toolsKey changes with everything that determines the tools.
func (r repository) toolsKey() (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, r.toolchain)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			return "", err
		}
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (r repository) toolsThere() bool {
	for _, t := range tools {
		if _, err := os.Stat(r.gonb("bin", t)); err != nil {
			return false
		}
	}
	return true
}

// errDownload marks a kernel that could not be built because the network gives none of its modules.
var errDownload = errors.New("the kernel's modules cannot be downloaded")

// noDownload matches what the go command says where it reached nobody. Anything else, an unknown version or a broken tool line among it, is a
// fault of the checkout.
var noDownload = regexp.MustCompile(`module lookup disabled by GOPROXY=off|dial tcp|no such host|proxyconnect|i/o timeout|TLS handshake timeout`)

func (r repository) buildTools(ctx context.Context, env map[string]string) error {
	cmd := exec.CommandContext(ctx, "go", "install", "tool")
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), "GOBIN="+r.gonb("bin"))
	for _, k := range []string{"GOTOOLCHAIN", "GOEXPERIMENT", "GOFLAGS"} {
		cmd.Env = append(cmd.Env, k+"="+env[k])
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		err = fmt.Errorf("building the kernel: go install tool: %w\n%s", err, out)
		if noDownload.Match(out) {
			err = fmt.Errorf("%w: %w", errDownload, err)
		}
		return err
	}
	if !r.toolsThere() {
		return fmt.Errorf("go install tool left no %s in %s: do the tool lines of go.mod name them?", strings.Join(tools, " and "), r.gonb("bin"))
	}
	return nil
}

func writeIfChanged(path string, data []byte) error {
	old, err := os.ReadFile(path)
	if err == nil && string(old) == string(data) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return wholefile.WriteBytes(path, data)
}
