package nb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genjobrec/results"
)

func TestNothingToShowIn(t *testing.T) {
	if err := ShowTable(results.Table{Name: "t", Columns: []results.Column{{Key: "a", Name: "A"}}}); err == nil || !strings.Contains(err.Error(), "notebook") {
		t.Errorf("error %v, want one that says where a table can be shown", err)
	}
}

func TestRunDir(t *testing.T) {
	for _, c := range []struct{ run, want string }{
		{"", "/repo/runs/market"}, {"runs/fit", "/repo/runs/fit"}, {"/elsewhere/run/", "/elsewhere/run"},
	} {
		t.Setenv(RootVariable, "/repo")
		t.Setenv(RunVariable, c.run)
		if got := RunDir(); got != c.want {
			t.Errorf("%s=%q: %s, want %s", RunVariable, c.run, got, c.want)
		}
	}
}

// writeRun writes the manifest of an invented run.
func writeRun(t *testing.T, manifest string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv(RunVariable, dir)
	return dir
}

func TestOpenRun(t *testing.T) {
	dir := writeRun(t, `{"data":"market","profile":"smoke","seeds":[1,2],"config":{"eval.resamples":200,"split.seed":7,"ppo.gamma":1.0},
		"stages":[{"stage":"sft"},{"stage":"evaluate"}]}`)
	r, err := OpenRun()
	if err != nil {
		t.Fatal(err)
	}
	if r.Dir != dir || r.Data != "market" || r.Profile != "smoke" || len(r.Seeds) != 2 {
		t.Errorf("run %+v", r)
	}
}

func TestOpenRunRefuses(t *testing.T) {
	writeRun(t, `{"seeds":[1],"stages":[{"stage":"sft"}]}`)
	if _, err := OpenRun(); err == nil || !strings.Contains(err.Error(), "is not finished") {
		t.Errorf("unfinished run: error %v", err)
	}
	writeRun(t, `{"seeds":`)
	if _, err := OpenRun(); err == nil || !strings.Contains(err.Error(), "manifest.json") {
		t.Errorf("cut manifest: error %v", err)
	}
	root := t.TempDir()
	t.Setenv(RootVariable, root)
	t.Setenv(RunVariable, "")
	if _, err := OpenRun(); err == nil || !strings.Contains(err.Error(), "\n  make run\n") {
		t.Errorf("no run: error %v, want one with make run", err)
	}
	t.Setenv(RunVariable, filepath.Join(root, "x"))
	if _, err := OpenRun(); err == nil || !strings.Contains(err.Error(), "make run OUT=") {
		t.Errorf("no run elsewhere: error %v, want one with make run OUT=", err)
	}
}
