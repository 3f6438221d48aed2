package nb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genjobrec/datasets"
	"genjobrec/datasets/market"
	"genjobrec/girl"
)

// smallData has two test CVs, of which one has a matched and a mismatched JD.
func smallData(m *market.Market) *girl.Data {
	return &girl.Data{Market: m,
		Dataset: &datasets.Dataset{Name: "small",
			CVs:   []datasets.CV{{ID: "a", Text: "aaaa"}, {ID: "b", Text: "bbbbbb"}, {ID: "c", Text: "<script>alert(1)</script>"}, {ID: "d", Text: "dd"}},
			JDs:   []datasets.JD{{ID: "x", Text: "xxx"}, {ID: "y", Text: "y & z"}},
			Pairs: []datasets.Pair{{CVID: "a", JDID: "x", Label: 1}, {CVID: "a", JDID: "y"}, {CVID: "b", JDID: "x"}, {CVID: "c", JDID: "x", Label: 1}, {CVID: "c", JDID: "y"}, {CVID: "d", JDID: "y", Label: 1}}},
		Assignment: &datasets.Assignment{Split: map[string]datasets.Split{"a": datasets.Train, "b": datasets.Train, "c": datasets.Test, "d": datasets.Test}},
	}
}

func TestPairsAreEscaped(t *testing.T) {
	got, err := pairsHTML(smallData(&market.Market{}), t.TempDir(), datasets.Test, 5) // d has no mismatch and is left out
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(got, "<tr>") != 2 || strings.Contains(got, "<script>") || !strings.Contains(got, "&lt;script&gt;") {
		t.Errorf("%s", got)
	}
	if matched, mismatched := strings.Index(got, ">xxx<"), strings.Index(got, ">y &amp; z<"); matched < 0 || mismatched < matched {
		t.Errorf("the matched JD does not stand before the mismatched one: %s", got)
	}
}

// Real people's CVs, and the JDs beside them, are shown only where the environment or the run's page says so.
func TestPairsOfRealDataAreLeftOut(t *testing.T) {
	d, dir := smallData(nil), t.TempDir()
	check := func(what string, want bool) {
		t.Helper()
		got, err := pairsHTML(d, dir, datasets.Test, 5)
		if err != nil {
			t.Fatal(err)
		}
		if shown := strings.Contains(got, "alert(1)") && strings.Contains(got, "xxx"); shown != want {
			t.Errorf("%s: the texts are shown: %v, want %v", what, shown, want)
		}
		if !want && (strings.Contains(got, "alert") || strings.Contains(got, "xxx") || strings.Contains(got, "y &amp; z") || !strings.Contains(got, "GIRL_SHOW_TEXTS=true")) {
			t.Errorf("%s: a text, or no word on how to show them: %s", what, got)
		}
	}
	t.Setenv(girl.EnvShowTexts, "")
	check("unasked", false)
	t.Setenv(girl.EnvShowTexts, "1")
	check("asked for", true)
	t.Setenv(girl.EnvShowTexts, "")
	if err := os.Mkdir(filepath.Join(dir, "page"), 0o755); err != nil {
		t.Fatal(err)
	}
	for samples, want := range map[string]bool{`[]`: false, `[{"ID":"c"}]`: true} {
		if err := os.WriteFile(filepath.Join(dir, "page", "run.json"), []byte(`{"Page":{"Samples":`+samples+`}}`), 0o644); err != nil {
			t.Fatal(err)
		}
		check("page with samples "+samples, want)
	}
	t.Setenv(girl.EnvShowTexts, "perhaps")
	if got, err := pairsHTML(d, dir, datasets.Test, 5); err == nil || got != "" {
		t.Errorf("%q, error %v", got, err)
	}
}

func TestProgressIsEscaped(t *testing.T) {
	got := progressHTML("<b>", 3, 0, "a & b")
	if want := `&lt;b&gt; <progress value="3" max="1"></progress> 3/0, a &amp; b`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
