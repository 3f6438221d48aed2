package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// timed are the files of a run that tell how long it took, or show one that does.
func timed(name string) bool {
	return name == "manifest.json" || name == "index.html" || name == "page/run.json" || strings.HasSuffix(name, ".stage.json")
}

// tree reads all files of a folder by their relative names, timed ones apart.
func tree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || timed(name) {
			return err
		}
		all[name], err = os.ReadFile(filepath.Join(dir, name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The same seed on the same kind of machine gives the same bytes, with one core as with two, and another seed gives others.
func TestSameBytesWithOneCoreAndWithTwo(t *testing.T) {
	run := func(seed, cores string) map[string][]byte {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "run")
		cmd := process("run", "-data", "market", "-profile", "smoke", "-seeds", seed, "-out", dir)
		cmd.Env = append(cmd.Env, "GOMAXPROCS="+cores)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("seed %s, %s cores: %v\n%s", seed, cores, err, out)
		}
		if manifest, err := os.ReadFile(filepath.Join(dir, "manifest.json")); err != nil || !strings.Contains(string(manifest), " "+cores+" cores used") {
			t.Errorf("the run did not use %s cores; error %v", cores, err)
		}
		files := tree(t, dir)
		// Seeds have folders of their own.
		for name, data := range files {
			if own := strings.Replace(name, "seed-"+seed, "seed", 1); own != name {
				files[own] = data
				delete(files, name)
			}
		}
		return files
	}
	one, two, other := run("1", "1"), run("1", "2"), run("2", "2")
	trained := []string{"results.csv", "scores.parquet", "generated.parquet", "seed/girl_sft.safetensors", "seed/reward.safetensors", "seed/girl.safetensors", "seed/ppo.json"}
	for _, name := range trained {
		if len(one[name]) == 0 {
			t.Errorf("there is no %s", name)
		}
		if bytes.Equal(one[name], other[name]) {
			t.Errorf("%s is the same with another seed", name)
		}
	}
	names := map[string]bool{}
	for name := range one {
		names[name] = true
	}
	for name := range two {
		names[name] = true
	}
	var differ []string
	for name := range names {
		if !bytes.Equal(one[name], two[name]) {
			differ = append(differ, name)
		}
	}
	slices.Sort(differ)
	if len(differ) > 0 {
		t.Errorf("of %d files these differ between one core and two: %v", len(names), differ)
	}
}
