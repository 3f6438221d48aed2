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

	"genjobrec/results"
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

	dataset                    string   // its name in the results
	resamples                  int      // of the bootstrap
	seed                       uint64   // of the bootstrap
	ceilingAUC, ceilingLogLoss *float64 // nil where nobody knows it
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
		Config  struct {
			Resamples int    `json:"eval.resamples"`
			Seed      uint64 `json:"split.seed"`
		} `json:"config"`
		Stages []struct {
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
	r.resamples, r.seed = manifest.Config.Resamples, manifest.Config.Seed
	return r, r.readResults()
}

func (r *Run) missing() error {
	command := "make run"
	if rel, err := filepath.Rel(os.Getenv(RootVariable), r.Dir); err != nil || filepath.ToSlash(rel) != DefaultRun {
		command = fmt.Sprintf("make run OUT=%q", r.Dir)
	}
	return fmt.Errorf("there is no finished run in %s: make one in the checkout with\n\n  %s\n\nor set %s to the folder of another run", r.Dir, command, RunVariable)
}

// readResults takes from results.csv what the scores do not tell: the dataset's name and, on the synthetic market, the Bayes
// ceiling, which only its oracle knows.
func (r *Run) readResults() error {
	rows, err := results.ReadCSV(r.Path("results.csv"))
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Experiment != "rq2" {
			continue
		}
		r.dataset = row.Dataset
		if v := row.Value; row.Model == "Bayes ceiling" {
			switch row.Metric {
			case "auc":
				r.ceilingAUC = &v
			case "logloss":
				r.ceilingLogLoss = &v
			}
		}
	}
	if r.dataset == "" {
		return fmt.Errorf("%s has no rows of the experiment rq2", r.Path("results.csv"))
	}
	return nil
}

// Path is the path of one of the run's files.
func (r *Run) Path(name string) string { return filepath.Join(r.Dir, name) }

// RQ2Input prepares [results.RQ2] as the run itself did: the same bootstrap, and the ceiling where there is one.
func (r *Run) RQ2Input(scores []results.ScoreRow) results.RQ2Input {
	return results.RQ2Input{Dataset: r.dataset, Scores: scores, BootstrapResamples: r.resamples, Seed: r.seed,
		CeilingAUC: r.ceilingAUC, CeilingLogLoss: r.ceilingLogLoss}
}

// Check ends the cell with the error's text, if there is one.
func Check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
