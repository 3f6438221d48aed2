package girl

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever is set: an error, or a config whose every value lies in its range and that comes back from a manifest as it was.
func FuzzNewConfig(f *testing.F) {
	for _, s := range []string{
		"", "ppo.kl_coefficient=0.1\ngenerate.samples=8", "sft.epochs=NaN", "split.valid_share=Inf", "split.test_share=nan", "generate.temperature=-0", "model.rope_base=1e309",
		"model.dim=0x10", "tokenizer.vocab=1_000", "=", "a=b=c", " sft.epochs = 3 ", "ppo.adaptive_kl=T", "model.norm_eps=1e-12\nmodel.tied_head=0",
		"eval.resamples=99999999999999999999", "ppo.rollouts=32\nppo.minibatch_rows=16", "model.heads=3", "kl_coefficient=1", "sft.epochs=3\x00", "market.seed=1000000000",
	} {
		f.Add("smoke", s)
	}
	f.Add("default", "split.max_valid=1000000")
	f.Add("paper", "market.cvs=1000000")
	f.Add("\xff", "")
	f.Fuzz(func(t *testing.T, profile, settings string) {
		c, err := NewConfig(profile, strings.Split(settings, "\n"))
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error that says nothing")
			}
			return
		}
		for _, field := range c.fields() {
			checkRange(t, field)
		}
		raw, err := c.rawResolved()
		if err != nil {
			t.Fatalf("%q: %v", settings, err)
		}
		dir := t.TempDir()
		if err := writeJSON(filepath.Join(dir, ManifestFile), manifest{Seeds: []int{1}, Config: raw, Stages: []manifestStage{{stageRecord: stageRecord{Stage: evaluateStage}}}}); err != nil {
			t.Fatal(err)
		}
		_, again, err := readManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := NewConfig("default", again)
		if err != nil || !cmp.Equal(got, c) {
			t.Fatalf("%q does not come back from the manifest: %v\n%s", settings, err, cmp.Diff(c, got))
		}
	})
}

// checkRange compares a field with its tags.
func checkRange(t *testing.T, f field) {
	t.Helper()
	var x float64
	switch v := f.value.Interface().(type) {
	case int:
		x = float64(v)
	case float64:
		x = v
	case string:
		if options := strings.Split(f.tag.Get("options"), "|"); !slices.Contains(options, v) {
			t.Fatalf("%s is %q, want one of %q", f.key, v, options)
		}
		return
	default:
		return
	}
	low, lowErr := strconv.ParseFloat(f.tag.Get("min"), 64)
	high, highErr := strconv.ParseFloat(f.tag.Get("max"), 64)
	if lowErr != nil || highErr != nil {
		t.Fatalf("%s has no range", f.key)
	}
	if !(low <= x && x <= high) { // also where it is no number
		t.Fatalf("%s is %v, want it from %v to %v", f.key, x, low, high)
	}
}

// A manifest and the record of a stage that anyone may have edited: girl verify names what is wrong, or finds the files as they are
// recorded; it looks at no file outside the run.
func FuzzVerifyArtefacts(f *testing.F) {
	manifestOf := func(stages string) []byte {
		return []byte(`{"seeds":[1],"config":{"sft.epochs":2},"data":"market","stages":[{"dir":".","stage":"evaluate","key":"k","outputs":{}},` + stages + `]}`)
	}
	record := []byte(`{"stage":"sft","key":"k","outputs":{"weights":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}`)
	f.Add(manifestOf(`{"dir":"seed-1","stage":"sft","key":"k","outputs":{"weights":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}`), record)
	f.Add(manifestOf(`{"dir":"../..","stage":"../sft","key":"k","outputs":{"../../../etc/passwd":"x","/etc/passwd":"","":"",".":"y"}}`), record[:20])
	f.Add(manifestOf(`{"dir":"seed-1","stage":"sft","key":"k","outputs":{"../../outside":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}`), record)
	f.Add(manifestOf(`{"dir":"..","stage":"sft","key":"k","outputs":{}}`), record)
	f.Add([]byte(`{"seeds":[1,-1],"config":null,"stages":[{"stage":"evaluate"}],"started":"x"}`), []byte("null"))
	f.Add([]byte("{"), []byte("[]"))
	f.Fuzz(func(t *testing.T, m, rec []byte) {
		outside := t.TempDir()
		dir := filepath.Join(outside, "run")
		for path, data := range map[string][]byte{"outside": nil, "run/manifest.json": m, "run/rq3.manifest.json": m, "run/seed-1/sft.stage.json": rec, "run/seed-1/weights": nil} {
			path = filepath.Join(outside, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, settings, err := readManifest(dir)
		if err != nil {
			if !strings.Contains(err.Error(), dir) {
				t.Fatalf("the error does not name the folder: %v", err)
			}
			return
		}
		_, _ = NewConfig(got.Profile, settings) // an error or a config
		v := &Verification{}
		v.artefacts(dir, ManifestFile, got.Stages)
		inside := 0
		for _, s := range got.Stages {
			if !filepath.IsLocal(filepath.Join(s.Dir, s.Stage)) {
				if !slices.ContainsFunc(v.Faults, func(f string) bool { return strings.HasSuffix(f, "lies outside the run") }) {
					t.Fatalf("stage %s of %s lies outside the run, and nobody minds", s.Stage, s.Dir)
				}
				continue
			}
			for name := range s.Outputs {
				if filepath.IsLocal(filepath.Join(s.Dir, name)) {
					inside++
				}
			}
		}
		if v.Files != inside {
			t.Fatalf("%d files looked at, want the %d that are in the run", v.Files, inside)
		}
	})
}

// A stage's record that is spoilt means that the stage runs again; one that is read and whole names the outputs' hashes.
func FuzzStageRecord(f *testing.F) {
	f.Add([]byte(`{"stage":"sft","key":"k","outputs":{"w":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"seconds":1}`))
	f.Add([]byte(`{"stage":"sft","key":"k","outputs":null}`))
	f.Add([]byte(`{"outputs":{"w":""}}`))
	f.Add([]byte(`{"seconds":1e999}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "sft.stage.json")
		for name, content := range map[string][]byte{"sft.stage.json": data, "w": nil} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		rec, err := readStage(path)
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // sha256 of nothing
		if rec.intact(dir, []string{"w"}) != (rec.Outputs["w"] == empty) {
			t.Fatalf("intact although its hash is %q, or not intact although it is right", rec.Outputs["w"])
		}
		if rec.intact(dir, []string{"w", "missing"}) {
			t.Fatal("intact although an output is missing")
		}
	})
}

// The parts of the page may have been edited: the page is drawn, or the error names the part.
func FuzzRenderPage(f *testing.F) {
	f.Add([]byte(`{"Key":"k","Page":{"Title":"A run","Sections":[{"Name":"training","Title":"T"}]}}`), []byte(`{"Name":"rq1","Title":"Q","Tables":[{"Name":"rq1","Columns":[{"Key":"a","Name":"A"}],"Rows":[{"Cells":[{"Text":"<b>"}]}]}]}`))
	f.Add([]byte(`{"Page":{"Sections":[{"Name":"rq1"}]}}`), []byte(`{"Name":"rq1"}`))
	f.Add([]byte(`{}`), []byte(`{"Name":"x","Figures":[{"Name":"f","Caption":"c","PNG":"AAAA"}]}`))
	f.Add([]byte(`null`), []byte(`[`))
	f.Fuzz(func(t *testing.T, page, section []byte) {
		r := &run{dir: t.TempDir()}
		if err := os.MkdirAll(r.path(sectionsDir), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"run": page, "rq1": section} {
			if err := os.WriteFile(r.sectionFile(name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		err := r.renderPage()
		data, readErr := os.ReadFile(r.path(pageFile))
		if (err == nil) != (readErr == nil) {
			t.Fatalf("error %v, but reading the page: %v", err, readErr)
		}
		if err == nil && strings.Contains(strings.ToLower(string(data)), "<script") {
			t.Fatalf("a text became a script:\n%s", data)
		}
		if err != nil && !strings.Contains(err.Error(), "results: ") && !strings.Contains(err.Error(), r.dir) {
			t.Fatalf("the error names neither file nor table: %v", err)
		}
	})
}
