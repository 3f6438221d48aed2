package girl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"genjobrec/results"
)

// Verification is what Verify has looked at and what it found wrong.
type Verification struct {
	Files, Numbers int      // checked
	Faults         []string // what does not match, each naming file and reason
}

func (v *Verification) fault(format string, args ...any) {
	v.Faults = append(v.Faults, fmt.Sprintf(format, args...))
}

// Verify checks a finished run against its manifests: every artefact, and what each study shows, has the hash that is recorded, the data are those of
// the run, and every number of results.csv comes out again from scores.parquet, generated.parquet and the training histories. An error is one that kept
// it from looking; what it found is in the Verification.
func Verify(ctx context.Context, runDir string) (*Verification, error) {
	m, settings, err := readManifest(runDir)
	if err != nil {
		return nil, err
	}
	v := &Verification{}
	v.artefacts(runDir, ManifestFile, m.Stages)
	studies, err := filepath.Glob(filepath.Join(runDir, "*."+ManifestFile))
	if err != nil {
		return nil, err
	}
	for _, path := range studies {
		var s manifest
		if err := readJSON(path, &s); err != nil {
			return nil, err
		}
		if s.DataKey != m.DataKey {
			v.fault("%s is of other data than %s", filepath.Base(path), ManifestFile)
		}
		v.hashes(runDir, filepath.Base(path), "", s.Shown)
		v.artefacts(runDir, filepath.Base(path), s.Stages)
	}
	c, err := NewConfig(m.Profile, settings)
	if err != nil {
		return nil, err
	}
	d, err := LoadData(ctx, c, m.Data, m.Test, m.CVs)
	if err != nil {
		return nil, fmt.Errorf("the data of the run: %w", err)
	}
	key, err := d.key()
	if err != nil {
		return nil, err
	}
	if key != m.DataKey {
		v.fault("the data %s have changed since the run", m.Data)
		return v, nil // no number can come out again
	}
	return v, v.numbers(&run{ctx: ctx, cfg: c, dir: runDir, data: d, opts: Options{Seeds: m.Seeds}})
}

// artefacts compares the files of stages with their recorded hashes, and the manifest's record with the stage's own.
func (v *Verification) artefacts(runDir, from string, stages []manifestStage) {
	for _, s := range stages {
		if !filepath.IsLocal(filepath.Join(s.Dir, s.Stage)) {
			v.fault("%s: stage %s of %s lies outside the run", from, s.Stage, s.Dir)
			continue
		}
		dir := filepath.Join(runDir, filepath.FromSlash(s.Dir))
		if own, err := readStage(filepath.Join(dir, s.Stage+".stage.json")); err != nil {
			v.fault("%s: stage %s of %s has no record: %v", from, s.Stage, s.Dir, err)
		} else if own.Key != s.Key {
			v.fault("%s: stage %s of %s was made again since, with other settings or inputs", from, s.Stage, s.Dir)
		}
		v.hashes(runDir, from, s.Dir, s.Outputs)
	}
	slices.Sort(v.Faults)
}

// hashes compares files of a folder of the run with their recorded hashes.
func (v *Verification) hashes(runDir, from, dir string, files map[string]string) {
	for name, want := range files {
		file := filepath.Join(filepath.FromSlash(dir), filepath.FromSlash(name))
		if !filepath.IsLocal(file) {
			v.fault("%s: %s lies outside the run", from, file)
			continue
		}
		v.Files++
		got, err := hashFile(filepath.Join(runDir, file))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			v.fault("%s is missing", file)
		case err != nil:
			v.fault("%s: %v", file, err)
		case got != want:
			v.fault("%s has changed since it was made", file)
		}
	}
}

// verifyTolerance is how far a number that was computed again may be off: rounding of sums.
const verifyTolerance = 1e-9

// numbers computes results.csv again.
func (v *Verification) numbers(r *run) error {
	scores := results.Scores(r.path(scoresFile))
	for _, err := range scores {
		if err != nil {
			v.fault("%s cannot be read: %v", scoresFile, err)
			return nil
		}
	}
	generated, err := results.ReadGenerated(r.path(generatedFile))
	if err != nil {
		v.fault("%s cannot be read: %v", generatedFile, err)
		return nil
	}
	saved, err := results.ReadCSV(r.path("results.csv"))
	if err != nil {
		v.fault("results.csv cannot be read: %v", err)
		return nil
	}
	rq2, err := r.rq2(scores, nil)
	if err != nil {
		return err
	}
	training, err := r.trainingReport(generated)
	if err != nil {
		return err
	}
	type name struct {
		experiment, model, predictor, split, metric string
		seed                                        int64
	}
	of := func(x results.Row) name {
		return name{x.Experiment, x.Model, x.Predictor, x.Split, x.Metric, x.Seed}
	}
	left := map[name]float64{}
	for _, x := range saved {
		left[of(x)] = x.Value
	}
	for _, x := range append(rq2.Rows("rq2"), training.rows...) {
		v.Numbers++
		was, ok := left[of(x)]
		delete(left, of(x))
		if !ok {
			v.fault("results.csv lacks %s of %s %s, seed %d", x.Metric, x.Model, x.Predictor, x.Seed)
		} else if math.Abs(was-x.Value) > verifyTolerance*max(1, math.Abs(x.Value)) {
			v.fault("results.csv: %s of %s %s on %s, seed %d, is %g, but comes out as %g", x.Metric, x.Model, x.Predictor, x.Split, x.Seed, was, x.Value)
		}
	}
	for _, x := range slices.SortedFunc(maps.Keys(left), func(a, b name) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
		v.fault("results.csv: %s of %s %s, seed %d, comes from nothing in the run", x.metric, x.model, x.predictor, x.seed)
	}
	return nil
}
