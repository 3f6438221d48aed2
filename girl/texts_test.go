package girl

import (
	"strings"
	"testing"

	"genjobrec/datasets/market"
	"genjobrec/results"
)

// Texts of real data may be shown only where the environment or the run's own page says so; those of the market always.
func TestMayShowTexts(t *testing.T) {
	r := &run{dir: t.TempDir()}
	page := func(samples ...results.PageSample) {
		t.Helper()
		if err := r.beginPage("k"); err != nil {
			t.Fatal(err)
		}
		if err := writeJSON(r.sectionFile("run"), savedPage{"k", results.Page{Samples: samples}}); err != nil {
			t.Fatal(err)
		}
	}
	invented, people := &Data{Market: &market.Market{}}, &Data{}
	check := func(what string, d *Data, want bool) {
		t.Helper()
		if got, err := d.MayShowTexts(r.dir); err != nil || got != want {
			t.Errorf("%s: %v, error %v, want %v", what, got, err, want)
		}
	}
	t.Setenv(EnvShowTexts, "")
	check("no page", people, false)
	page()
	check("a page without texts", people, false)
	check("the market", invented, true)
	t.Setenv(EnvShowTexts, "false")
	check("asked not to", people, false)
	t.Setenv(EnvShowTexts, "true")
	check("asked for", people, true)
	t.Setenv(EnvShowTexts, "")
	page(results.PageSample{CV: "x"})
	check("a page with texts", people, true)
	t.Setenv(EnvShowTexts, "perhaps")
	if may, err := people.MayShowTexts(r.dir); may || err == nil || !strings.Contains(err.Error(), `GIRL_SHOW_TEXTS is "perhaps"`) {
		t.Errorf("%v, error %v", may, err)
	}
}
