package girl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// README shows what the committed results say: whoever edits one of them by hand, or publishes a run without README, finds out here.
func TestReadmeAgreesWithResults(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := filepath.Glob("../results/*/" + ManifestFile)
	if err != nil || len(manifests) == 0 {
		t.Fatalf("no committed results: %v, error %v", manifests, err)
	}
	for _, path := range manifests {
		dir := filepath.Dir(path)
		link := "results/" + filepath.Base(dir)
		section, err := ReadmeSection(dir, link)
		if err != nil {
			t.Fatal(err)
		}
		begin, end := readmeMarks(link)
		if !strings.Contains(string(readme), begin+section+end) {
			t.Errorf("README does not show what is in %s: `girl publish -run RUN -out %s -readme README.md` writes its section anew", link, link)
		}
		for _, name := range []string{"rq2", "rq2_differences", "training"} {
			if _, err := os.Stat(filepath.Join(dir, "tables", name+".csv")); err != nil {
				t.Errorf("%v", err)
			}
		}
	}
	if n := strings.Count(string(readme), "<!-- end of results/"); n != len(manifests) {
		t.Errorf("README has sections on %d runs, results has %d", n, len(manifests))
	}
}
