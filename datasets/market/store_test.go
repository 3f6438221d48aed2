package market

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"genjobrec/datasets"
)

func TestSaveLoad(t *testing.T) {
	dir := t.TempDir()
	m := newMarket(t, Params{Seed: 3, CVs: 40, Unlabelled: 4})
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.hash() != m.hash() || got.Params() != m.Params() {
		t.Error("the loaded market differs from the saved one")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("folder holds %v (%v), want one file", files, err)
	}
}

func TestSaveIntoNowhere(t *testing.T) {
	if err := newMarket(t, Params{CVs: 1}).Save(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error")
	}
}

func TestLoadRefuses(t *testing.T) {
	m := newMarket(t, Params{Seed: 3, CVs: 40})
	for _, c := range []struct{ name, old, new, want string }{
		{"another seed", `"seed": 3`, `"seed": 4`, "sha256"},
		{"another version", `"version": 1`, `"version": 99`, "version 99"},
		{"another format", storedFormat, "something", "format"},
		{"bad size", `"cvs": 40`, `"cvs": 0`, "cvs is 0"},
		{"not JSON", "{", "<", FileName},
	} {
		dir := t.TempDir()
		if err := m.Save(dir); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, FileName)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(b), c.old, c.new, 1)
		if changed == string(b) {
			t.Fatalf("%s: %q is not in %s", c.name, c.old, b)
		}
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
	if _, err := Load(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("empty folder: %v", err)
	}
}

func TestCheck(t *testing.T) {
	m := newMarket(t, Params{Seed: 3, CVs: 40})
	d := m.Dataset()
	for i := range d.Pairs {
		d.Pairs[i].Time, d.Pairs[i].Split = time.Time{}, datasets.Test // splits and times may be set by others
	}
	part := &datasets.Dataset{CVs: d.CVs[3:9], JDs: d.JDs[:5], Pairs: d.Pairs[7:9]}
	for _, ok := range []*datasets.Dataset{d, part} {
		if err := m.Check(ok); err != nil {
			t.Error(err)
		}
	}
	for name, edit := range map[string]func(*datasets.Dataset){
		"CV text": func(d *datasets.Dataset) { d.CVs[0].Text += " " },
		"JD text": func(d *datasets.Dataset) { d.JDs[0].Text += " " },
		"CV id":   func(d *datasets.Dataset) { d.CVs[0].ID = "x" },
		"label":   func(d *datasets.Dataset) { d.Pairs[0].Label = 1 - d.Pairs[0].Label },
		"pair":    func(d *datasets.Dataset) { d.Pairs[0].JDID = "x" },
	} {
		bad := m.Dataset()
		edit(bad)
		if err := m.Check(bad); err == nil {
			t.Errorf("changed %s: no error", name)
		}
	}
}
