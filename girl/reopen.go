package girl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"genjobrec/datasets"
)

// readManifest reads the manifest of a finished run and its settings as -set arguments.
func readManifest(dir string) (m manifest, settings []string, err error) {
	if err := readJSON(filepath.Join(dir, ManifestFile), &m); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return m, nil, fmt.Errorf("%s is not the folder of a run: it has no %s", dir, ManifestFile)
		}
		return m, nil, err
	}
	if len(m.Seeds) == 0 {
		return m, nil, fmt.Errorf("%s: %s lists no seeds", dir, ManifestFile)
	}
	if !m.finished() {
		return m, nil, fmt.Errorf("the run in %s is not finished; the same girl run command goes on with it", dir)
	}
	for k, v := range m.Config {
		// Raw JSON, without a detour through float64: 1000000 must not come back as 1e+06.
		settings = append(settings, k+"="+strings.Trim(string(v), `"`))
	}
	slices.Sort(settings)
	return m, settings, nil
}

// reopen takes up a finished run with its data, config and seeds, to add further stages to its folder. Artefacts that are
// missing from it are made again.
func reopen(ctx context.Context, dir string, report *Reporter) (*run, error) {
	m, settings, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	r, err := prepare(ctx, Options{Data: m.Data, Test: m.Test, CVs: m.CVs, Profile: m.Profile, Set: settings, Seeds: m.Seeds, Out: dir, Reporter: report, dataKey: m.DataKey})
	if err != nil {
		return nil, fmt.Errorf("the run in %s: %w", dir, err)
	}
	return r, nil
}

// OpenData loads what a finished run worked on: its dataset with the division into splits, and its config.
func OpenData(ctx context.Context, runDir string) (*Data, *Config, error) {
	m, settings, err := readManifest(runDir)
	if err != nil {
		return nil, nil, err
	}
	c, err := NewConfig(m.Profile, settings)
	if err != nil {
		return nil, nil, err
	}
	d, err := LoadData(ctx, c, m.Data, m.Test, m.CVs)
	return d, c, err
}

// limitSeeds leaves a study the first eval.study_seeds of the run's seeds.
func (r *run) limitSeeds() {
	r.of = len(r.opts.Seeds)
	if n := r.cfg.Eval.StudySeeds; n > 0 && n < len(r.opts.Seeds) {
		r.report.Linef("of %d seeds the first %d take part (eval.study_seeds)", len(r.opts.Seeds), n)
		r.opts.Seeds = r.opts.Seeds[:n]
	}
}

// ExportData is the folder of Parquet tables that a finished run worked on: the one it was given, or for the synthetic market, which a
// run draws from its seed, the folder data of the run, written if it is not there.
func ExportData(ctx context.Context, runDir string) (folder string, err error) {
	m, _, err := readManifest(runDir)
	if err != nil || m.Data != "market" {
		return m.Data, err
	}
	folder = filepath.Join(runDir, "data")
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	d, _, err := OpenData(ctx, runDir)
	if err != nil {
		return "", err
	}
	return folder, datasets.Write(folder, d.Dataset)
}
