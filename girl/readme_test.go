package girl

import (
	"os"
	"path/filepath"
	"regexp"
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

// What is said about a run by hand, between its section and the next heading, has numbers with their intervals, and other numbers with
// decimals, exactly as the run's findings or tables have them.
func TestReadmeTextsQuoteResults(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob("../results/*/" + ManifestFile)
	if err != nil {
		t.Fatal(err)
	}
	quoted := 0
	for _, path := range dirs {
		dir := filepath.Dir(path)
		_, end := readmeMarks("results/" + filepath.Base(dir))
		_, text, ok := strings.Cut(string(readme), end)
		if !ok {
			t.Fatalf("README has no section on %s", dir)
		}
		text, _, _ = strings.Cut(text, "\n#")
		known := knownNumbers(t, dir)
		for _, n := range numbersOf(text) {
			quoted++
			if !known[n] {
				t.Errorf("README says %q of %s, which neither its findings nor its tables say", n, filepath.Base(dir))
			}
		}
	}
	if quoted < 5 {
		t.Errorf("%d numbers found: the test looks in the wrong place", quoted)
	}
}

// numberPattern is a number with decimals, with its interval where it has one.
var numberPattern = regexp.MustCompile(`[+−-]?\d+\.\d+(?: \[[+−-]?[\d.]+, [+−-]?[\d.]+\])?`)

func numbersOf(text string) []string {
	return numberPattern.FindAllString(strings.ReplaceAll(text, "-", "−"), -1)
}

// knownNumbers are those of a published run's findings and Markdown tables, with and without their intervals.
func knownNumbers(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "tables", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, f := range append(files, filepath.Join(dir, findingsFile)) {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range numbersOf(string(data)) {
			value, _, _ := strings.Cut(n, " ")
			known[n], known[value] = true, true
		}
	}
	return known
}

// The test above sees what differs in a digit, a sign or an end of an interval.
func TestNumbersOfTexts(t *testing.T) {
	got := strings.Join(numbersOf("gain +0.032 [−0.002, +0.065] (p = 0.044), -0.1, 5 seeds of 0.179"), "; ")
	if want := "+0.032 [−0.002, +0.065]; 0.044; −0.1; 0.179"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
