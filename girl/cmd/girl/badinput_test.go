package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// girl runs one command line and returns its exit code and output.
func girlCommand(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

type cvRow struct {
	ID   string `parquet:"cv_id"`
	Text string `parquet:"text"`
}

type jdRow struct {
	ID   string `parquet:"jd_id"`
	Text string `parquet:"text"`
}

type pairRow struct {
	CVID  string `parquet:"cv_id"`
	JDID  string `parquet:"jd_id"`
	Label int32  `parquet:"label"`
}

type splitPairRow struct {
	CVID  string `parquet:"cv_id"`
	JDID  string `parquet:"jd_id"`
	Label int32  `parquet:"label"`
	Split string `parquet:"split"`
}

// tables are the three tables of a dataset, to be spoilt by a test.
type tables struct {
	cvs   []cvRow
	jds   []jdRow
	pairs []pairRow
}

// goodTables are few but sound: every CV has a match and a mismatch.
func goodTables() *tables {
	jobs := []string{"plumber", "nurse", "translator", "baker", "driver", "teacher", "welder", "clerk", "cook", "tailor", "mason", "florist"}
	tab := &tables{}
	for i, j := range jobs {
		tab.cvs = append(tab.cvs, cvRow{"c" + j, "I have worked as a " + j + " for years and " + jobs[(i+5)%12] + " before that, near town number " + jobs[(i+7)%12]})
		tab.jds = append(tab.jds, jdRow{"j" + j, "We need a " + j + " who is also good with a " + jobs[(i+3)%12]})
	}
	for i := range jobs {
		tab.pairs = append(tab.pairs, pairRow{tab.cvs[i].ID, tab.jds[i].ID, 1}, pairRow{tab.cvs[i].ID, tab.jds[(i+1)%12].ID, 0})
	}
	return tab
}

func write[T any](t *testing.T, dir, name string, rows []T) {
	t.Helper()
	if err := parquet.WriteFile(filepath.Join(dir, name), rows); err != nil {
		t.Fatal(err)
	}
}

func (tab *tables) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "cvs.parquet", tab.cvs)
	write(t, dir, "jds.parquet", tab.jds)
	write(t, dir, "pairs.parquet", tab.pairs)
	return dir
}

// TestRunRefusesBadData: each fault is one clear line that names file, column and row, and nothing is left behind.
func TestRunRefusesBadData(t *testing.T) {
	type wrongLabel struct {
		CVID  string `parquet:"cv_id"`
		JDID  string `parquet:"jd_id"`
		Label string `parquet:"label"`
	}
	type noLabel struct {
		CVID string `parquet:"cv_id"`
		JDID string `parquet:"jd_id"`
	}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, tab *tables) string
		want  []string // all of these, in the one line on standard error
	}{
		{"missing file", func(t *testing.T, _ *tables) string { return filepath.Join(t.TempDir(), "nowhere") }, []string{"nowhere"}},
		{"missing column", func(t *testing.T, tab *tables) string {
			dir := tab.write(t)
			write(t, dir, "pairs.parquet", []noLabel{{"cnurse", "jnurse"}})
			return dir
		}, []string{"pairs.parquet", "label"}},
		{"mistyped column", func(t *testing.T, tab *tables) string {
			dir := tab.write(t)
			write(t, dir, "pairs.parquet", []wrongLabel{{"cnurse", "jnurse", "yes"}})
			return dir
		}, []string{"pairs.parquet", "label"}},
		{"empty text", func(t *testing.T, tab *tables) string { tab.cvs[2].Text = " "; return tab.write(t) }, []string{"cvs.parquet", "text", "row 3", "ctranslator"}},
		{"not UTF-8", func(t *testing.T, tab *tables) string { tab.jds[1].Text = "caf\xe9"; return tab.write(t) }, []string{"jds.parquet", "text", "row 2", "UTF-8"}},
		{"label 2", func(t *testing.T, tab *tables) string { tab.pairs[4].Label = 2; return tab.write(t) }, []string{"pairs.parquet", "label", "row 5"}},
		{"one class", func(t *testing.T, tab *tables) string {
			for i := range tab.pairs {
				tab.pairs[i].Label = 1
			}
			return tab.write(t)
		}, []string{"pairs", "label", "one class"}},
		{"duplicate pair", func(t *testing.T, tab *tables) string {
			tab.pairs = append(tab.pairs, tab.pairs[0])
			return tab.write(t)
		}, []string{"pairs.parquet", "row 25", "duplicate", "cplumber"}},
		{"conflicting pair", func(t *testing.T, tab *tables) string {
			p := tab.pairs[0]
			p.Label = 0
			tab.pairs = append(tab.pairs, p)
			return tab.write(t)
		}, []string{"pairs.parquet", "row 25", "conflicting"}},
		{"unknown id", func(t *testing.T, tab *tables) string { tab.pairs[3].JDID = "jghost"; return tab.write(t) }, []string{"pairs.parquet", "jd_id", "row 4", "jghost"}},
		{"leakage", func(t *testing.T, tab *tables) string {
			dir := tab.write(t)
			var rows []splitPairRow
			for i, p := range tab.pairs {
				split := "train"
				if i%2 == 1 { // a CV's second pair: the CV is on both sides
					split = "test"
				}
				rows = append(rows, splitPairRow{p.CVID, p.JDID, p.Label, split})
			}
			write(t, dir, "pairs.parquet", rows)
			return dir
		}, []string{"train", "test", "cbaker"}},
		{"truncated Parquet", func(t *testing.T, tab *tables) string {
			dir := tab.write(t)
			path := filepath.Join(dir, "jds.parquet")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data[:len(data)*2/3], 0o644); err != nil {
				t.Fatal(err)
			}
			return dir
		}, []string{"jds.parquet"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			code, _, stderr := girlCommand(t, "run", "-data", c.spoil(t, goodTables()), "-profile", "smoke", "-out", out)
			if code != exitError {
				t.Errorf("exit code %d, want %d", code, exitError)
			}
			if n := strings.Count(strings.TrimSpace(stderr), "\n"); n != 0 {
				t.Errorf("%d lines of error, want one: %s", n+1, stderr)
			}
			for _, w := range c.want {
				if !strings.Contains(stderr, w) {
					t.Errorf("error does not say %q: %s", w, stderr)
				}
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("the output folder was made although nothing could be run")
			}
		})
	}
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no command", nil, exitUsage, ""},
		{"unknown command", []string{"train"}, exitUsage, `"train"`},
		{"unknown flag", []string{"run", "-dta", "market"}, exitUsage, "dta"},
		{"missing flag", []string{"run", "-data", "market"}, exitUsage, "-out"},
		{"surplus argument", []string{"run", "market"}, exitUsage, "arguments"},
		{"seed that is no number", []string{"run", "-data", "market", "-out", "x", "-seeds", "1,two"}, exitUsage, "two"},
		{"seed twice", []string{"run", "-data", "market", "-out", "x", "-seeds", "1,1"}, exitError, "seed 1"},
		{"unknown profile", []string{"run", "-data", "market", "-out", "x", "-profile", "huge"}, exitError, "huge"},
		{"unknown key", []string{"run", "-data", "market", "-out", "x", "-set", "ppo.beta=1"}, exitError, "ppo.beta"},
		{"close key", []string{"run", "-data", "market", "-out", "x", "-set", "kl_coefficient=1"}, exitError, "ppo.kl_coefficient"},
		{"wrong type", []string{"run", "-data", "market", "-out", "x", "-set", "sft.epochs=many"}, exitError, "sft.epochs"},
		{"out of range", []string{"run", "-data", "market", "-out", "x", "-set", "sft.epochs=0"}, exitError, "sft.epochs"},
		{"contradiction", []string{"run", "-data", "market", "-out", "x", "-set", "ppo.rollouts=50", "-set", "ppo.minibatch_rows=16"}, exitError, "minibatch_rows"},
		{"test with market", []string{"run", "-data", "market", "-test", "x", "-out", "x"}, exitError, "-test"},
		{"unknown importer", []string{"import", "kaggle", "a", "b"}, exitUsage, "kaggle"},
		{"importer without columns", []string{"import", "pairs", "a", "b"}, exitUsage, "cv-col"},
		{"score without run", []string{"score", "-run", "/nonexistent", "-pairs", "x", "-out", "y"}, exitError, "/nonexistent"},
		{"generate without run", []string{"generate", "-run", "/nonexistent", "-cv", "-"}, exitError, "standard input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			code, _, stderr := girlCommand(t, c.args...)
			if code != c.code || !strings.Contains(stderr, c.want) {
				t.Errorf("exit code %d, want %d; error must say %q: %s", code, c.code, c.want, stderr)
			}
			if left, _ := os.ReadDir("."); len(left) > 0 {
				t.Errorf("left %s behind", left[0].Name())
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, c := range []struct{ command, example string }{
		{"", "girl COMMAND -h"},
		{"run", "girl run -data market"},
		{"score", "girl score -run"},
		{"generate", "girl generate -run"},
		{"market", "girl market -seed"},
		{"import", "girl import resume-jd-fit"},
	} {
		args := []string{"-h"}
		if c.command != "" {
			args = []string{c.command, "-h"}
		}
		code, stdout, stderr := girlCommand(t, args...)
		if code != exitOK || !strings.Contains(stdout, c.example) || stderr != "" {
			t.Errorf("girl %v: exit code %d, want 0 and an example with %q, got %q and on standard error %q", args, code, c.example, stdout, stderr)
		}
	}
	if _, stdout, _ := girlCommand(t, "run", "-h"); !strings.Contains(stdout, "ppo.kl_coefficient") {
		t.Error("girl run -h does not list the settings")
	}
}
