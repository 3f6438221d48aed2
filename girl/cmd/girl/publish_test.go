package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestPublish(t *testing.T) {
	run := copyRun(t)
	dir := t.TempDir()
	out, readme := filepath.Join(dir, "results", "market"), filepath.Join(dir, "README.md")
	if err := os.WriteFile(readme, []byte("before\n<!-- results/market -->\nold\n<!-- end of results/market -->\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(out, "tables"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "tables", "stale.md"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := girlCommand(t, "publish", "-run", run, "-out", out); code == exitOK || !strings.Contains(stderr, "left alone") {
		t.Fatalf("a folder of something else is replaced: exit code %d: %s", code, stderr)
	}
	if err := os.WriteFile(filepath.Join(out, "manifest.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	publish := func() {
		t.Helper()
		if code, _, stderr := girlCommand(t, "publish", "-run", run, "-out", out, "-readme", readme); code != exitOK {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
	}
	publish()
	var files []string
	err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(out, path)
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Join(files, "\n") + "\n"
	for _, want := range []string{"manifest.json\n", "results.csv\n", "index.html\n", "tables/rq2.md\n", "tables/rq2.tex\n", "figures/rq2.svg\n", "figures/rq2.png\n", "figures/rq2.pdf\n", "findings.md\n"} {
		if !strings.Contains(list, want) {
			t.Errorf("%q is not published", want)
		}
	}
	for _, unwanted := range []string{"parquet", "safetensors", "stale", "splits"} {
		if strings.Contains(list, unwanted) {
			t.Errorf("published although it should not be: %s in\n%s", unwanted, list)
		}
	}
	findings := string(must(os.ReadFile(filepath.Join(out, "findings.md")))(t))
	if !regexp.MustCompile(`(?m)^## RQ2.*\n\n- .*\bGIRL\b`).MatchString(findings) {
		t.Errorf("no findings of RQ2:\n%s", findings)
	}
	table, err := os.ReadFile(filepath.Join(out, "tables", "rq2.md"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n<!-- results/market -->\n", "<!-- end of results/market -->\nafter\n", "`make paper DATA=market` (profile smoke, 2 seeds), wall time: `girl run` ", strings.TrimSpace(string(table)), "(results/market/figures/rq2.svg)", "(results/market/index.html)"} {
		if !strings.Contains(string(first), want) {
			t.Errorf("README lacks %q:\n%s", want, first)
		}
	}
	if strings.Contains(string(first), "old") {
		t.Error("the former section is still in README")
	}
	publish()
	if again, err := os.ReadFile(readme); err != nil || !bytes.Equal(first, again) {
		t.Errorf("a second call changes README; error %v", err)
	}
	readmeOf := func(text string) (int, string, string) {
		if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return girlCommand(t, "publish", "-run", run, "-out", out, "-readme", readme)
	}
	// A new dataset has no section yet: that is no error, as all else is done.
	code, stdout, stderr := readmeOf("no marks")
	if code != exitOK || !strings.Contains(stdout, "<!-- results/market -->") || string(must(os.ReadFile(readme))(t)) != "no marks" {
		t.Errorf("README without marks: exit code %d, output %q, %q", code, stdout, stderr)
	}
	code, _, stderr = readmeOf("<!-- results/market -->\nhalf a section")
	checkRefused(t, nil, code, stderr, "<!-- end of results/market -->")
	code, _, stderr = girlCommand(t, "publish", "-run", t.TempDir(), "-out", out)
	checkRefused(t, nil, code, stderr, "not the folder of a run")
	code, _, stderr = girlCommand(t, "publish", "-run", run)
	checkRefused(t, nil, code, stderr, "-out")
}

// Of real data neither texts nor the folders of the machine are published.
func TestPublishRealData(t *testing.T) {
	data := goodTables().write(t)
	out := filepath.Join(t.TempDir(), "published")
	run, _ := quickRun(t, data)
	if code, _, stderr := girlCommand(t, "publish", "-run", run, "-out", out); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	raw, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Data   string            `json:"data"`
		Inputs map[string]string `json:"inputs"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	if m.Data != filepath.Base(data) || len(m.Inputs) != 1 || m.Inputs[m.Data] == "" || strings.Contains(string(raw), filepath.Dir(data)) {
		t.Errorf("data %q, inputs %v", m.Data, m.Inputs)
	}
	shown, _ := quickRun(t, data, "-page-texts")
	code, _, stderr := girlCommand(t, "publish", "-run", shown, "-out", out)
	checkRefused(t, nil, code, stderr, "page-texts")
}
