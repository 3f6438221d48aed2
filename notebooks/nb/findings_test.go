package nb

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"genjobrec/results"
)

func TestSavedFindings(t *testing.T) {
	dir := t.TempDir()
	if _, err := savedFindings(dir, "rq3"); err == nil || !strings.Contains(err.Error(), "rq3.json") {
		t.Errorf("a study that is not there: error %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "page"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := []string{"p < 0.001 & <b>bold</b>", "nothing else"}
	for name, s := range map[string]results.PageSection{"rq3": {Name: "rq3", Findings: want}, "rq4": {Name: "rq4"}} {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "page", name+".json"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := savedFindings(dir, "rq3")
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, error %v", got, err)
	}
	if _, err := savedFindings(dir, "rq4"); err == nil || !strings.Contains(err.Error(), "older version") {
		t.Errorf("a study without findings: error %v", err)
	}
	if got, want := sentencesHTML(want), "<ul>\n<li>p &lt; 0.001 &amp; &lt;b&gt;bold&lt;/b&gt;</li>\n<li>nothing else</li>\n</ul>\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
