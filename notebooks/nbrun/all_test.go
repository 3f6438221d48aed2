package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genjobrec/girl"
)

// Every other notebook on a small run: each shows a table and a picture, and a figure that was deleted from the run comes back
// with the same bytes.
func TestOtherNotebooks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := kernelRunner(t, "GENJOBREC_RUN="+dir)
	err := girl.Run(context.Background(), girl.Options{Data: "market", Profile: "smoke", Seeds: []int{1}, Out: dir,
		Set: []string{"market.cvs=120", "market.unlabelled=0"}, Reporter: girl.NewReporter(io.Discard)})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r.log = &log
	paths, err := filepath.Glob("../*.ipynb")
	if err != nil || len(paths) < 3 {
		t.Fatalf("notebooks %v, error %v", paths, err)
	}
	run := func(path string) {
		if err := r.run(context.Background(), path); err != nil {
			t.Fatalf("%s: %v\n%s", path, err, &log)
		}
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if name == "02_matching.ipynb" { // has a test of its own
			continue
		}
		run(path)
		tables, pictures := 0, 0
		for _, list := range readOutputs(t, filepath.Join(r.out, name)) {
			for _, o := range list {
				tables += strings.Count(string(o.Data["text/html"]), "\\u003ctable\\u003e") + strings.Count(string(o.Data["text/html"]), "<table>")
				if o.Data["image/png"] != nil {
					pictures++
				}
			}
		}
		if tables == 0 || pictures == 0 && name != "01_generation.ipynb" { // which has no figure yet
			t.Errorf("%s shows %d tables and %d pictures", name, tables, pictures)
		}
	}
	figure := filepath.Join(dir, "figures", "rq4_samples.png")
	before, err := os.ReadFile(figure)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(figure); err != nil {
		t.Fatal(err)
	}
	run("../04_generations.ipynb")
	if after, err := os.ReadFile(figure); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the deleted figure does not come back with the same bytes: %v", err)
	}
}
