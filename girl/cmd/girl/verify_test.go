package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestVerify(t *testing.T) {
	code, stdout, stderr := girlCommand(t, "verify", finishedRun(t))
	if code != exitOK || !regexp.MustCompile(`(?m)^[1-9][0-9]+ files and [1-9][0-9]+ numbers checked, 0 faults$`).MatchString(stdout) {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  []string
	}{
		{"weights", func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "seed-1", "girl.safetensors")) }, []string{"seed-1/girl.safetensors has changed"}},
		{"a matcher", func(t *testing.T, dir string) {
			files := must(filepath.Glob(filepath.Join(dir, "seed-2", "recommend", "*")))(t)
			flip(t, files[0])
		}, []string{"seed-2/recommend has changed"}},
		{"a missing figure", func(t *testing.T, dir string) { must(0, os.Remove(filepath.Join(dir, "figures", "rq2.png")))(t) }, []string{"rq2.png is missing"}},
		{"a better number", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "results.csv")
			data := string(must(os.ReadFile(path))(t))
			line := regexp.MustCompile(`(?m)^(rq2,.*,GIRL,MLP,test,auc,1,)0\.\d+$`)
			if !line.MatchString(data) {
				t.Fatal("no such row")
			}
			must(0, os.WriteFile(path, []byte(line.ReplaceAllString(data, "${1}0.99")), 0o644))(t)
		}, []string{"results.csv has changed", "auc of GIRL MLP on test, seed 1, is 0.99"}},
		{"a row too many", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "results.csv")
			data := string(must(os.ReadFile(path))(t))
			must(0, os.WriteFile(path, []byte(data+"rq2,market,Magic,MLP,test,auc,1,1\n"), 0o644))(t)
		}, []string{"auc of Magic MLP, seed 1, comes from nothing"}},
		{"scores", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "scores.parquet")
			must(0, os.Truncate(path, must(os.Stat(path))(t).Size()/2))(t)
		}, []string{"scores.parquet has changed", "scores.parquet cannot be read"}},
		{"other data", func(t *testing.T, dir string) {
			must(0, editManifest(filepath.Join(dir, "manifest.json"), func(config map[string]any) { config["market.seed"] = 2 }))(t)
		}, []string{"have changed since the run"}},
		{"another stage", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "seed-1", "sft.stage.json")
			data := regexp.MustCompile(`"key": "[0-9a-f]{4}`).ReplaceAllString(string(must(os.ReadFile(path))(t)), `"key": "zzzz`)
			must(0, os.WriteFile(path, []byte(data), 0o644))(t)
		}, []string{"stage sft of seed-1 was made again"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copyRun(t)
			c.spoil(t, dir)
			code, stdout, stderr := girlCommand(t, "verify", dir)
			if code != exitError || !strings.Contains(stderr, "does not match its manifest") {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			for _, want := range c.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("%q is not mentioned:\n%s", want, stdout)
				}
			}
		})
	}
	code, _, stderr = girlCommand(t, "verify", t.TempDir())
	checkRefused(t, nil, code, stderr, "not the folder of a run")
}

// flip changes one bit in the middle of a file.
func flip(t *testing.T, path string) {
	t.Helper()
	data := must(os.ReadFile(path))(t)
	data[len(data)/2] ^= 1
	must(0, os.WriteFile(path, data, 0o644))(t)
}
