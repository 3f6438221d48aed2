package results

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inFile puts bytes into a file.
func inFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever is in results.csv: an error that names the file, or rows that are written as a file that reads as the same rows.
func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("experiment,dataset,model,predictor,split,metric,seed,value\nrq2,market,GIRL,MLP,test,auc,1,0.5\nrq2,\"a,\nb\",\"GIRL - Base\",,test,auc,,-1e-300\n"))
	f.Add([]byte("experiment,dataset,model,predictor,split,metric,seed,value\r\nrq2,market,GIRL,MLP,test,auc,-1,NaN\n"))
	f.Add([]byte("\xef\xbb\xbfexperiment,dataset\n\"\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := inFile(t, "results.csv", data)
		rows, err := ReadCSV(path)
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		again := filepath.Join(t.TempDir(), "again.csv")
		if err := WriteCSV(again, rows); err != nil {
			t.Fatalf("rows that were read cannot be written: %v", err)
		}
		if got, err := ReadCSV(again); err != nil || !cmp.Equal(got, rows) {
			t.Fatalf("%v; (-read +again):\n%s", err, cmp.Diff(rows, got))
		}
	})
}

// fuzzParquet mutates a good file: bytes at some places are replaced, and the file may be cut off. edits holds a place in three
// bytes, then the new byte.
func fuzzParquet[T any](f *testing.F, good []byte, read func(string) ([]T, error), check func(T) error) {
	f.Add([]byte{}, uint32(0))
	f.Add([]byte{0, 0, 9, 0xff, 0, 0, 40, 1}, uint32(0))
	f.Add([]byte{}, uint32(20))
	f.Fuzz(func(t *testing.T, edits []byte, cut uint32) {
		data := bytes.Clone(good)
		for ; len(edits) >= 4; edits = edits[4:] {
			data[(int(edits[0])<<16|int(edits[1])<<8|int(edits[2]))%len(data)] = edits[3]
		}
		path := inFile(t, "rows.parquet", data[:len(data)-int(cut)%len(data)])
		rows, err := read(path)
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		for _, row := range rows {
			if err := check(row); err != nil {
				t.Fatalf("a row that was read is no row: %v", err)
			}
		}
	})
}

func goodParquet[T any](f *testing.F, write func(string, []T) error, rows []T) []byte {
	f.Helper()
	path := filepath.Join(f.TempDir(), "good.parquet")
	if err := write(path, rows); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return data
}

// A spoilt scores.parquet is an error that names the file or holds rows that are in order; it never stops the program.
func FuzzReadScores(f *testing.F) {
	fuzzParquet(f, goodParquet(f, WriteScores, simulate(20, 2)), ReadScores, ScoreRow.check)
}

// The same for generated.parquet.
func FuzzReadGenerated(f *testing.F) {
	rows := []GeneratedRow{goodGenerated, {CVID: "c2", Model: "GIRL-SFT", Text: strings.Repeat("baker ", 300)}, {CVID: "c3", Model: "GIRL", K: 1}}
	fuzzParquet(f, goodParquet(f, WriteGenerated, rows), ReadGenerated, GeneratedRow.check)
}

// The same for results.parquet.
func FuzzReadParquet(f *testing.F) {
	rows := []Row{{Experiment: "rq2", Metric: "auc", Value: 0.5, Seed: 1}, {Experiment: "rq2", Metric: "auc", Value: 0.25, Seed: Aggregate}}
	fuzzParquet(f, goodParquet(f, WriteParquet, rows), ReadParquet, Row.check)
}

// Whatever a drawing holds, what comes into the page is a drawing and its texts: well-formed, from the list of elements and attributes,
// with nothing that runs or loads.
func FuzzInlineSVG(f *testing.F) {
	f.Add([]byte(tinySVG), "a <drawing>")
	for _, s := range []string{
		`<svg viewBox="0 0 1 1"><script>alert(1)</script></svg>`, `<svg viewBox="0 0 1 1" onload="x()"/>`, `<svg viewBox="0"><g style="fill:u\rl(x)"/></svg>`,
		`<svg viewBox="0"><text>&lt;script&gt;</text><!-- <script> --><![CDATA[<script>]]></svg>`, `<!DOCTYPE svg [<!ENTITY x "y">]><svg viewBox="0">&x;</svg>`,
		`<svg viewBox="0"><a:script xmlns:a="x"/></svg>`, `<svg viewBox="0"/><svg viewBox="0"/>`, `<svg viewBox="0"><path fill="URL(http://x)"/></svg>`, `<svg viewBox="0"><g style="@import 'x'"/></svg>`, `<svg viewBox="0"><path d="&#34; onload=&#34;"/></svg>`,
	} {
		f.Add([]byte(s), `" onload="`)
	}
	f.Fuzz(func(t *testing.T, svg []byte, alt string) {
		markup, err := inlineSVG(svg, alt)
		if err != nil {
			return
		}
		page := bytes.Map(htmlRune, []byte(markup)) // as on a page
		elements, _ := readPage(t, page)
		checkHarmless(t, elements, page)
	})
}

// checkHarmless fails where a page could run or load something.
func checkHarmless(t *testing.T, elements []pageElement, page []byte) {
	t.Helper()
	for _, e := range elements {
		switch e.name {
		case "script", "iframe", "object", "embed", "base", "form", "foreignObject", "use", "image", "animate", "set":
			t.Fatalf("<%s> in\n%s", e.name, page)
		}
		for name, value := range e.attr {
			if len(name) > 2 && strings.EqualFold(name[:2], "on") {
				t.Fatalf("%s=%q in\n%s", name, value, page)
			}
			switch name {
			case "src", "href", "srcset", "action", "data", "xlink:href":
				if !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "data:image/png;base64,") && value != "data:," {
					t.Fatalf("%s=%q in\n%s", name, value, page)
				}
			case "style", "fill", "stroke":
				if v := strings.ToLower(html.UnescapeString(value)); strings.Contains(v, "url(") || strings.Contains(v, "@import") {
					t.Fatalf("%s=%q in\n%s", name, value, page)
				}
			}
		}
	}
}

// The parts of a page are files that anyone may have edited: whatever they say, the page is refused or runs and loads nothing.
func FuzzPageJSON(f *testing.F) {
	good, err := json.Marshal(PageSection{Name: "s", Title: "<S>", Tables: []Table{everyKind}, Figures: []PageFigure{{Name: "f", Caption: "c", SVG: []byte(tinySVG)}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "market <script>alert(1)</script>")
	f.Add(good[:len(good)/2], "")
	f.Add([]byte(`{"Name":"s","Tables":[{"Name":"t","Columns":[{"Key":"k","Kind":99,"Digits":-7}],"Rows":[{"Cells":[{"Value":1e308}]}]}]}`), "x")
	f.Add([]byte(`{"Name":"s","Tables":[{"Name":"t","Columns":[{"Key":"k","Kind":1,"Digits":1000000000}],"Rows":[{"Cells":[{"Value":0.5}]}]}]}`), "x")
	f.Add([]byte(`{"Name":"\" onclick=\"x","Title":"</h2><script>"}`), "\x00\ufffe")
	f.Fuzz(func(t *testing.T, section []byte, text string) {
		var s PageSection
		if json.Unmarshal(section, &s) != nil {
			return
		}
		p := Page{Title: text, Summary: text, Sections: []PageSection{s}, Samples: []PageSample{{ID: text, CV: text, JDs: []PageJD{{Name: text, Text: text, Facts: []Fact{{text, text}}}}}},
			SamplesNote: text, Config: map[string]string{text: text}, Provenance: []Fact{{text, text}}}
		var b bytes.Buffer
		if err := p.HTML(&b); err != nil {
			return
		}
		elements, _ := readPage(t, b.Bytes())
		checkHarmless(t, elements, b.Bytes())
		for _, table := range s.Tables {
			checkTable(t, table)
		}
	})
}

// checkTable renders a table that a page took and reads its CSV.
func checkTable(t *testing.T, table Table) {
	t.Helper()
	var md, tex, file bytes.Buffer
	if table.Markdown(&md) != nil || table.LaTeX(&tex) != nil || table.CSV(&file) != nil {
		t.Fatal("a page shows what no other format does")
	}
	records, err := csv.NewReader(&file).ReadAll()
	if err != nil || len(records) != len(table.Rows)+1 {
		t.Fatalf("%d records of %d rows, error %v", len(records), len(table.Rows), err)
	}
}
