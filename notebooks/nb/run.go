// Package nb is what the notebooks share: opening a finished run, and showing tables and figures in a cell's output. The
// numbers come from the packages that the command line uses, too.
package nb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Environment variables: the run to read, and the checkout, which the kernel sets.
const (
	RunVariable  = "GENJOBREC_RUN"
	RootVariable = "GENJOBREC_ROOT"
)

// DefaultRun is the folder of "make run".
const DefaultRun = "runs/market"

// Run is the folder of a finished run.
type Run struct {
	Dir     string
	Data    string // what the run was made from: "market" or a dataset's folder
	Profile string
	Seeds   []int
}

// RunDir is the folder that GENJOBREC_RUN names, or runs/market. A relative path starts at the checkout, not at the
// notebook.
func RunDir() string {
	dir := os.Getenv(RunVariable)
	if dir == "" {
		dir = DefaultRun
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(os.Getenv(RootVariable), dir)
	}
	return filepath.Clean(dir)
}

// OpenRun opens the run in [RunDir]. The error for a run that is not there names the command that makes it.
func OpenRun() (*Run, error) {
	r := &Run{Dir: RunDir()}
	var manifest struct {
		Data    string `json:"data"`
		Profile string `json:"profile"`
		Seeds   []int  `json:"seeds"`
		Stages  []struct {
			Stage string `json:"stage"`
		} `json:"stages"`
	}
	file := r.Path("manifest.json")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, r.missing()
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if !slices.ContainsFunc(manifest.Stages, func(s struct {
		Stage string `json:"stage"`
	}) bool {
		return s.Stage == "evaluate"
	}) {
		return nil, fmt.Errorf("the run in %s is not finished: the command that began it goes on with it", r.Dir)
	}
	r.Data, r.Profile, r.Seeds = manifest.Data, manifest.Profile, manifest.Seeds
	return r, nil
}

func (r *Run) missing() error {
	command := "make run"
	if rel, err := filepath.Rel(os.Getenv(RootVariable), r.Dir); err != nil || filepath.ToSlash(rel) != DefaultRun {
		command = fmt.Sprintf("make run OUT=%q", r.Dir)
	}
	return fmt.Errorf("there is no finished run in %s: make one in the checkout with\n\n  %s\n\nor set %s to the folder of another run", r.Dir, command, RunVariable)
}

// Path is the path of one of the run's files.
func (r *Run) Path(name string) string { return filepath.Join(r.Dir, name) }

// Check ends the cell with the error's text, if there is one.
func Check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
