package girl

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/cpuid/v2"

	"genjobrec/results"
)

// manifest says what made a run's artefacts.
type manifest struct {
	Program   string                     `json:"program"`
	Revision  string                     `json:"git_revision"`
	GoVersion string                     `json:"go_version"`
	Modules   map[string]string          `json:"modules"`
	Machine   string                     `json:"machine"` // operating system, processor and the cores that were used
	Backend   string                     `json:"backend"`
	Started   time.Time                  `json:"started"`
	Finished  time.Time                  `json:"finished"`
	Seconds   float64                    `json:"seconds"` // wall time of this invocation and of the earlier ones on whose stages it builds
	Data      string                     `json:"data"`
	Test      string                     `json:"test,omitempty"`
	CVs       string                     `json:"cvs,omitempty"`
	Inputs    map[string]string          `json:"inputs"` // file → sha256
	DataKey   string                     `json:"data_key"`
	Profile   string                     `json:"profile"`
	Seeds     []int                      `json:"seeds"`
	Config    map[string]json.RawMessage `json:"config"`
	Notes     []string                   `json:"notes"`
	Stages    []manifestStage            `json:"stages"`
	Shown     map[string]string          `json:"shown,omitempty"`    // of a study: numbers, tables, figures, part of the page → sha256
	DrawnBy   string                     `json:"drawn_by,omitempty"` // of a study: the revision that drew what is shown, where it is a later one
}

// finished reports whether the run came to its tables.
func (m *manifest) finished() bool {
	return slices.ContainsFunc(m.Stages, func(s manifestStage) bool { return s.Stage == evaluateStage })
}

type manifestStage struct {
	Dir string `json:"dir"`
	stageRecord
}

// ManifestFile names the manifest in a run's folder.
const ManifestFile = "manifest.json"

func (r *run) addStage(dir string, rec *stageRecord) {
	rel, err := filepath.Rel(r.dir, dir)
	if err != nil {
		rel = dir
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	stage := manifestStage{filepath.ToSlash(rel), *rec}
	// A study may come to a stage twice, such as to read what it left: it took its time once.
	if i := slices.IndexFunc(r.stages, func(s manifestStage) bool { return s.Dir == stage.Dir && s.Stage == stage.Stage }); i >= 0 {
		r.stages[i] = stage
		return
	}
	r.stages = append(r.stages, stage)
}

// manifest is the manifest as of now.
func (r *run) manifest() (*manifest, error) {
	config, err := r.cfg.rawResolved()
	if err != nil {
		return nil, err
	}
	// Seeds run side by side: the order of their stages is by seed, not by the clock.
	slices.SortStableFunc(r.stages, func(a, b manifestStage) int { return cmp.Compare(a.Dir, b.Dir) })
	m := &manifest{Program: "girl", Revision: r.rev, GoVersion: runtime.Version(), Modules: map[string]string{},
		Machine: machine(), Backend: r.backend.Name(),
		Started: r.started.UTC(), Finished: time.Now().UTC(), Seconds: time.Since(r.started).Seconds(),
		Data: r.opts.Data, Test: r.opts.Test, CVs: r.opts.CVs, Inputs: r.inputs, DataKey: r.dataKey,
		Profile: r.opts.Profile, Seeds: r.opts.Seeds, Config: config, Notes: r.data.Assignment.Notes, Stages: r.stages}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			m.Modules[d.Path] = d.Version
		}
	}
	return m, nil
}

func (r *run) writeManifest() error {
	path := filepath.Join(r.dir, ManifestFile)
	var before manifest
	if r.executed == 0 && readJSON(path, &before) == nil && before.finished() {
		return nil // nothing is newer than what that one tells
	}
	m, err := r.runManifest()
	if err != nil {
		return err
	}
	return writeJSON(path, m)
}

// runManifest is the manifest of the run with the time of the earlier invocations on whose stages this one builds.
func (r *run) runManifest() (*manifest, error) {
	m, err := r.manifest()
	if err != nil {
		return nil, err
	}
	var before manifest
	if readJSON(filepath.Join(r.dir, ManifestFile), &before) == nil && m.buildsOn(&before) {
		m.Started = before.Started
		m.Seconds += before.Seconds
	}
	return m, nil
}

// buildsOn reports whether every stage of an earlier invocation, but for those that only count and resample, is still one of the run.
func (m *manifest) buildsOn(before *manifest) bool {
	return slices.Equal(m.Seeds, before.Seeds) && !slices.ContainsFunc(before.Stages, func(s manifestStage) bool {
		return s.Stage != evaluateStage && s.Stage != statisticsStage && !slices.ContainsFunc(m.Stages, func(own manifestStage) bool {
			return own.Dir == s.Dir && own.Stage == s.Stage && own.Key == s.Key
		})
	})
}

// machine describes what a run ran on.
func machine() string {
	return fmt.Sprintf("%s/%s, %s, %d cores used", runtime.GOOS, runtime.GOARCH, cmp.Or(cpuid.CPU.BrandName, "unknown processor"), runtime.GOMAXPROCS(0))
}

// studyManifest names the manifest of a study in a run's folder, such as rq3.manifest.json.
func studyManifest(name string) string { return name + "." + ManifestFile }

// staleSuffix marks the manifest of a study whose tables and figures were of another state of the run.
const staleSuffix = ".stale"

// writeStudyManifest leaves a manifest of the study that was added to a run. One that found everything there already leaves the
// earlier manifest, which tells what it took, with the hashes of what is shown now; one that went on with an interrupted study, or shows again
// what the run had dropped with its own tables, adds its time to that one's.
func (r *run) writeStudyManifest(name string) error {
	path := filepath.Join(r.dir, studyManifest(name))
	shown, err := r.hashShown(name)
	if err != nil {
		return err
	}
	m, err := r.manifest()
	if err != nil {
		return err
	}
	m.Stages = slices.DeleteFunc(m.Stages, func(s manifestStage) bool { return !ofStudy(name, s) })
	stale := path + staleSuffix
	var before manifest
	var earlier string // where the earlier manifest lies
	for _, p := range []string{path, stale} {
		if earlier == "" && readJSON(p, &before) == nil {
			earlier = p
		}
	}
	switch {
	case r.executed == 0 && earlier != "":
		if earlier == path && maps.Equal(shown, before.Shown) && slices.EqualFunc(m.Stages, before.Stages, func(a, b manifestStage) bool { return a.Dir == b.Dir && a.Key == b.Key }) {
			return nil
		}
		before.Shown, before.Stages, before.DrawnBy = shown, m.Stages, r.rev
		m = &before
	case earlier != "" && m.buildsOn(&before):
		m.Started = before.Started
		m.Seconds += before.Seconds
		m.Shown = shown
	default:
		m.Shown = shown
	}
	if err := writeJSON(path, m); err != nil {
		return err
	}
	if err := os.Remove(stale); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// hashShown hashes the files that a study shows, as far as they are there.
func (r *run) hashShown(name string) (map[string]string, error) {
	section := sectionsDir + "/" + name + ".json"
	files := []string{name + ".csv", section}
	var s results.PageSection
	if err := readJSON(r.path(section), &s); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	shown := map[string]string{}
	for _, f := range append(files, sectionFiles(s)...) {
		switch h, err := hashFile(r.path(f)); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			shown[f] = h
		}
	}
	return shown, nil
}

// interruptedStudy leaves a manifest also when the study is not finished, so that no time is lost.
func (r *run) interruptedStudy(name string, err error) error {
	if r.executed == 0 {
		return err
	}
	return errors.Join(err, r.writeStudyManifest(name))
}

// ofStudy reports whether a stage is one of a study's.
func ofStudy(name string, s manifestStage) bool {
	return s.Dir == name || strings.HasSuffix(s.Dir, "/"+name) || s.Stage == untunedStage
}

// hashInputs records the sha256 of every input when it is read.
func hashInputs(paths ...string) (map[string]string, error) {
	inputs := map[string]string{}
	for _, path := range paths {
		if path == "" || path == "market" {
			continue
		}
		h, err := hashFile(path)
		if err != nil {
			return nil, err
		}
		inputs[path] = h
	}
	return inputs, nil
}

// compiledOnTheSpot reports whether a program comes from go run or a notebook's cell: these stamp no revision, but start from the sources
// that they run. Another program may be older than what lies here now.
func compiledOnTheSpot(path string) bool {
	return strings.Contains(path, "go-build") || strings.Contains(path, "gonb_")
}

// revision is the commit the program was built from, with "+changes" if the tree was not clean; empty if unknown.
func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		rev, dirty := "", ""
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				rev = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "+changes"
			}
		}
		if rev != "" {
			return rev + dirty
		}
	}
	if path, err := os.Executable(); err != nil || !compiledOnTheSpot(path) {
		return ""
	}
	out, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		return ""
	}
	rev := strings.TrimSpace(string(out))
	if out, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(out) > 0 {
		rev += "+changes"
	}
	return rev
}
