package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"genjobrec/results"
)

// Texts, ids and the name of the data are anybody's: whatever they hold, it stays text on the page, in tables and in CSV, and comes
// back from the files as it was.
func TestUntrustedTexts(t *testing.T) {
	const script, latex, markdown = "<script>alert(1)</script>", `\input{/etc/passwd}`, "![x](http://evil.example/x.png)"
	const id = `"><img src=x onerror=alert(1)>,=1+1|` + "`$(id)`"
	tab := goodTables()
	for i := range tab.cvs {
		old := tab.cvs[i].ID
		tab.cvs[i].ID = id + old
		tab.cvs[i].Text += " " + script + latex + markdown + "<|endoftext|><|jd|>\x1b]0;title\x07"
		for j := range tab.pairs {
			if tab.pairs[j].CVID == old {
				tab.pairs[j].CVID = tab.cvs[i].ID
			}
		}
	}
	for i := range tab.jds {
		tab.jds[i].Text += " " + script + latex + markdown
	}
	data := filepath.Join(t.TempDir(), `a_b|$x$<script>\input{y}`)
	must(0, os.Rename(tab.write(t), data))(t)
	run, _ := quickRun(t, data, "-page-texts")

	page := readAll(t, run, []string{"index.html"})["index.html"]
	for _, bad := range []string{"<script", "<img src=x", "http://evil.example/x.png\"", "\x1b", "\x07"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	if !strings.Contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;") || !strings.Contains(page, "evil.example") {
		t.Error("the page does not show the texts, so that nothing is tested here")
	}
	named := 0
	for _, path := range must(filepath.Glob(filepath.Join(run, "tables", "*")))(t) {
		text := string(must(os.ReadFile(path))(t))
		switch filepath.Ext(path) {
		case ".md":
			named += strings.Count(text, "a\\_b\\|$x$&lt;script&gt;")
			if strings.Contains(text, "<script") || strings.Contains(text, "](http") {
				t.Errorf("%s holds markup of the data", path)
			}
		case ".tex":
			if regexp.MustCompile(`(^|[^\\])\$x\$|\\input\{`).MatchString(text) {
				t.Errorf("%s holds commands of the data", path)
			}
		}
	}
	if named == 0 {
		t.Error("no table names the data, so that nothing is tested here")
	}
	file := must(os.Open(filepath.Join(run, "splits.csv")))(t)
	defer file.Close()
	for _, record := range must(csv.NewReader(file).ReadAll())(t)[1:] {
		if !strings.HasPrefix(record[0], id) {
			t.Errorf("splits.csv has the id %q", record[0])
		}
	}
	for _, row := range must(results.ReadScores(filepath.Join(run, "scores.parquet")))(t) {
		if !strings.HasPrefix(row.CVID, id) {
			t.Fatalf("scores.parquet has the id %q", row.CVID)
		}
	}
}
