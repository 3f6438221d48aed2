package results

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const tinySVG = `<?xml version="1.0"?><!-- made by hand --><svg width="4pt" height="2pt" viewBox="0 0 4 2" xmlns="http://www.w3.org/2000/svg"
	xmlns:xlink="http://www.w3.org/1999/xlink"><g transform="scale(1, -1)"><path d="M0,0L4,2" style="fill:#FFFFFF" /><text x="1" y="1">a &lt; b</text></g></svg>`

func tinyPNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 600, 300))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// samplePage has one of everything; mark goes into every text.
func samplePage(t *testing.T, mark string) Page {
	t.Helper()
	table := awkward
	table.Title += mark
	table.Columns = slices.Clone(table.Columns)
	table.Columns[1].Name += mark
	table.Rows = append(slices.Clone(table.Rows), TableRow{Cells: []Cell{Text("cell" + mark), Missing(), Missing(), Missing(), Missing()}, Notes: []string{"footnote" + mark}})
	table.Notes = append(slices.Clone(table.Notes), "note"+mark)
	return Page{
		Title: "A run" + mark, Summary: "What it is" + mark,
		Sections: []PageSection{
			{Name: "one", Title: "Section" + mark, Findings: []string{"Nothing is shown" + mark}, Tables: []Table{table}, Figures: []PageFigure{{Name: "drawn", Title: "Drawn" + mark, Caption: "Lines" + mark, SVG: []byte(tinySVG)}}},
			{
				Name: "two", Tables: []Table{{Name: "second", Columns: []Column{{Key: "k", Name: "only", Kind: KindCount}}, Rows: []TableRow{{Cells: []Cell{Number(7)}}}}},
				Figures: []PageFigure{{Name: "dots", Title: "Dots" + mark, Caption: "Pixels" + mark, PNG: tinyPNG(t)}},
			},
		},
		Config:      map[string]string{"ppo.gamma": "1" + mark, "eval.resamples": "2000", "key" + mark: "v", "a": "1", "b": "2", "c": "3"},
		Provenance:  []Fact{{"revision" + mark, "abc" + mark}, {"Go", "go1"}},
		SamplesNote: "By lot" + mark,
		Samples: []PageSample{{ID: "cv1" + mark, CV: "Plumber\nin Kelmouth" + mark, JDs: []PageJD{
			{Name: "GIRL-SFT" + mark, Text: "We need a plumber" + mark, Facts: []Fact{{"reward" + mark, "0.5" + mark}, {"gold", "0.25"}}},
			{Name: "GIRL", Text: ""},
		}}},
	}
}

func pageBytes(t *testing.T, p Page) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pageElement is an element with its attributes.
type pageElement struct {
	name string
	attr map[string]string
}

// readPage parses a page and checks that every element that is not void is closed where it should be.
func readPage(t *testing.T, page []byte) (elements []pageElement, text string) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(page))
	decoder.Strict = false
	void := []string{"meta", "link", "img"}
	var open []string
	var b strings.Builder
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			el := pageElement{e.Name.Local, map[string]string{}}
			for _, a := range e.Attr {
				if _, ok := el.attr[a.Name.Local]; ok {
					t.Errorf("<%s> has %s twice", el.name, a.Name.Local)
				}
				el.attr[a.Name.Local] = a.Value
			}
			elements = append(elements, el)
			if !slices.Contains(void, el.name) {
				open = append(open, el.name)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != e.Name.Local {
				line, _ := decoder.InputPos()
				t.Fatalf("line %d: </%s> closes %v", line, e.Name.Local, open)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			b.Write(e)
		}
	}
	if len(open) > 0 {
		t.Errorf("%v are not closed", open)
	}
	return elements, b.String()
}

func TestPageShowsEverything(t *testing.T) {
	page := pageBytes(t, samplePage(t, ""))
	elements, text := readPage(t, page)
	if !bytes.HasPrefix(page, []byte("<!doctype html>\n<html lang=\"en\">")) {
		t.Errorf("the page begins %.40q", page)
	}
	for _, want := range []string{
		// The table's numbers as its columns round them, worked out by hand; see awkward.
		"<td class=\"number\">0.648 <span class=\"interval\">[0.600,\u00a00.700]</span></td>",
		"<td class=\"number\">−0.0127 <span class=\"interval\">[−0.0300,\u00a0&#43;0.0100]</span></td>",
		`<td class="number">&lt;0.001</td><td class="number">12500</td>`,
		`<td class="number">–</td><td class="number">0.0000</td>`, // missing; rounded to zero, without sign
		`C<sup><a href="#note-awkward-1">1</a>,<a href="#note-awkward-2">2</a></sup></th>`,
		`<li id="note-awkward-2"><sup>2</sup> tiny n_1</li>`,
		`<caption><span>50 % of $x_1 &amp; {more} ~ ^2 \ &lt;b&gt;</span></caption>`,
		`<th scope="col" class="number">ΔAUC</th>`,
		`<caption><span>second</span></caption>`, // without a title, the name
		`<th scope="row" class="number">7</th>`,
		`<svg role="img" aria-label="Lines" viewBox="0 0 4 2"><g transform="scale(1, -1)"><path d="M0,0L4,2" style="fill:#FFFFFF"></path><text x="1" y="1">a &lt; b</text></g></svg>`,
		`alt="Pixels" width="192" height="96"`, // 600 × 300 dots at 300 an inch, 96 pixels an inch
		`<th scope="row">eval.resamples</th><td>2000</td>`,
		`<th scope="row">Go</th><td>go1</td>`,
		"tabindex=\"0\">Plumber\nin Kelmouth</div>",
		`<p class="facts">reward 0.5 · gold 0.25</p>`,
		`tabindex="0">(nothing)</div>`,
		`<meta name="viewport" content="width=device-width, initial-scale=1">`,
	} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if i, j := strings.Index(text, "eval.resamples"), strings.Index(text, "ppo.gamma"); i < 0 || j < i {
		t.Errorf("settings are not in the order of their keys: %d, %d", i, j)
	}
	// A rule of the table opens a group: rows 1 and 2, then the rest.
	bodies, ids, links := 0, map[string]bool{}, map[string]bool{}
	for _, e := range elements {
		if e.name == "tbody" {
			bodies++
		}
		if id, ok := e.attr["id"]; ok {
			if ids[id] {
				t.Errorf("id %q is used twice", id)
			}
			ids[id] = true
		}
		if target, ok := strings.CutPrefix(e.attr["href"], "#"); ok {
			links[target] = true
		}
	}
	if want := 2 + 1 + 2; bodies != want { // awkward, second, settings and provenance
		t.Errorf("%d groups of rows, want %d", bodies, want)
	}
	for target := range links {
		if !ids[target] {
			t.Errorf("a link leads to #%s, which is not there", target)
		}
	}
	for _, id := range []string{"one", "two", "table-awkward", "table-second", "figure-drawn", "figure-dots", "samples", "settings", "provenance"} {
		if !links[id] {
			t.Errorf("the table of contents lacks #%s", id)
		}
	}
}

func TestPageEscapes(t *testing.T) {
	plain, _ := readPage(t, pageBytes(t, samplePage(t, "")))
	for _, mark := range []string{`<script>alert("x")</script>`, `"'><img src=x onerror=alert(1)>`, "</div></textarea><!--", "]]>&amp;", "{{.Title}}"} {
		elements, text := readPage(t, pageBytes(t, samplePage(t, mark)))
		if !slices.Equal(names(elements), names(plain)) {
			t.Errorf("%q changed the page's elements", mark)
		}
		// Every place of samplePage that takes a mark, some of which are shown twice: titles of page, section, table and figures in the
		// contents; aria-labels are not texts. 1 title ×2, summary, section ×2, finding, table title ×2, heading, cell, footnote, note, figures
		// 2 × (title ×2, caption), config 2, provenance 2, note and samples 1 + 2, JD 4.
		if n := strings.Count(text, mark); n != 2+1+2+1+2+1+1+1+1+2*3+2+2+3+4 {
			t.Errorf("%q stands on the page %d times", mark, n)
		}
		for _, e := range elements {
			for name := range e.attr {
				if strings.HasPrefix(name, "on") {
					t.Errorf("%q made an attribute %s", mark, name)
				}
			}
		}
	}
}

func names(elements []pageElement) []string {
	var out []string
	for _, e := range elements {
		out = append(out, e.name)
	}
	return out
}

// TestPageForbiddenCharacters: what HTML does not allow even when escaped is replaced, bytes that are no UTF-8 too.
func TestPageForbiddenCharacters(t *testing.T) {
	page := pageBytes(t, samplePage(t, "\x00\x08\x1b\x7f\u0085\ufffe\xff|"))
	if want := strings.Repeat("\uFFFD", 7) + "|"; !bytes.Contains(page, []byte("A run"+want)) {
		t.Errorf("the title is %q", page[bytes.Index(page, []byte("<title>")):][:40])
	}
	if bytes.ContainsAny(page, "\x00\x08\x1b\x7f\u0085\ufffe") || !bytes.Equal(page, bytes.ToValidUTF8(page, nil)) {
		t.Error("a forbidden character came through")
	}
}

func TestPageBytesAreStable(t *testing.T) {
	first := pageBytes(t, samplePage(t, ""))
	for range 5 { // maps are read in another order each time
		if !bytes.Equal(first, pageBytes(t, samplePage(t, ""))) {
			t.Fatal("the same page gave other bytes")
		}
	}
}

// TestPageAsksForNothing: a page of real tables and figures names no address but its own anchors and data.
func TestPageAsksForNothing(t *testing.T) {
	report := simulatedReport(t, 200, 2)
	p := samplePage(t, "")
	p.Sections[0].Tables = append(p.Sections[0].Tables, report.Tables()...)
	for _, f := range figures(t) {
		drawn, err := f.PageFigure(f.Name, "A figure.")
		if err != nil {
			t.Fatal(err)
		}
		p.Sections[1].Figures = append(p.Sections[1].Figures, drawn)
	}
	page := pageBytes(t, p)
	elements, text := readPage(t, page)
	for _, bad := range []string{"http://", "https://", "url(", "@import", "<script", "javascript:"} {
		if bytes.Contains(page, []byte(bad)) {
			t.Errorf("the page contains %q", bad)
		}
	}
	for _, e := range elements {
		for _, name := range []string{"src", "href", "srcset", "action", "data"} {
			if v, ok := e.attr[name]; ok && !strings.HasPrefix(v, "#") && !strings.HasPrefix(v, "data:") {
				t.Errorf("<%s %s=%q>", e.name, name, v)
			}
		}
	}
	for _, want := range []string{"GIRL-SFT (Dot)", "Bayes ceiling", "Gold reward"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	// An address in a text stays a text.
	p.Samples[0].CV = "See https://example.org/me"
	if page := pageBytes(t, p); bytes.Contains(page, []byte(`href="http`)) || !bytes.Contains(page, []byte(">See https://example.org/me<")) {
		t.Error("an address in a CV became a link or is gone")
	}
}

func TestPageLeavesEmptySectionsOut(t *testing.T) {
	elements, text := readPage(t, pageBytes(t, Page{Title: "Bare"}))
	for _, e := range elements {
		if e.name == "h2" || e.name == "a" || e.name == "table" || e.name == "figure" {
			t.Errorf("an empty page has a <%s>", e.name)
		}
	}
	if !strings.Contains(text, "Bare") {
		t.Error("the title is gone")
	}
	if _, text := readPage(t, pageBytes(t, Page{SamplesNote: "Left out."})); !strings.Contains(text, "Left out.") {
		t.Error("the reason why there are no samples is gone")
	}
}

func TestPageRefuses(t *testing.T) {
	svg := func(inner string) []byte { return []byte(`<svg viewBox="0 0 1 1">` + inner + `</svg>`) }
	figure := func(svg []byte) func(*Page) {
		return func(p *Page) { p.Sections[0].Figures[0].SVG = svg }
	}
	for _, tc := range []struct {
		name  string
		spoil func(*Page)
		want  string
	}{
		{"two sections of one name", func(p *Page) { p.Sections[1].Name = "one" }, `section name "one"`},
		{"section name", func(p *Page) { p.Sections[1].Name = "a b" }, `section name "a b"`},
		{"two tables of one name", func(p *Page) { p.Sections[1].Tables[0].Name = "awkward" }, `"awkward"`},
		{"table that cannot be written", func(p *Page) { p.Sections[1].Tables[0].Rows[0].Cells = nil }, "table second: row 1"},
		{"two figures of one name", func(p *Page) { p.Sections[1].Figures[0].Name = "drawn" }, `"drawn"`},
		{"figure name", func(p *Page) { p.Sections[0].Figures[0].Name = `x" onload="y` }, "figure name"},
		{"no caption", func(p *Page) { p.Sections[0].Figures[0].Caption = " " }, "figure drawn: no caption"},
		{"no drawing", figure(nil), "one of SVG and PNG"},
		{"two drawings", func(p *Page) { p.Sections[1].Figures[0].SVG = []byte(tinySVG) }, "one of SVG and PNG"},
		{"PNG that is none", func(p *Page) { p.Sections[1].Figures[0].PNG = []byte("GIF89a") }, "figure dots"},
		{"script", figure(svg(`<script>alert(1)</script>`)), "<script>"},
		{"foreign HTML", figure(svg(`<foreignObject></foreignObject>`)), "<foreignObject>"},
		{"image", figure(svg(`<image href="x.png"/>`)), "<image>"},
		{"handler", figure(svg(`<g onload="alert(1)"></g>`)), `"onload"`},
		{"link by another dialect", figure([]byte(`<svg viewBox="0 0 1 1" xmlns:x="http://www.w3.org/1999/xlink"><g x:d="y"></g></svg>`)), `"d"`},
		{"style that loads", figure(svg(`<g style="fill:URL(x.svg#y)"></g>`)), "style"},
		{"style that loads, spelt otherwise", figure(svg(`<g style="fill:\75rl(x)"></g>`)), "style"},
		{"paint that loads", figure(svg(`<g fill="url(x.svg#y)"></g>`)), "fill"},
		{"no viewBox", figure([]byte(`<svg width="1" height="1"></svg>`)), "viewBox"},
		{"two drawings in a file", figure(append(svg(""), svg("")...)), "<svg>"},
		{"cut short", figure([]byte(tinySVG[:200])), "EOF"},
		{"no SVG", figure([]byte("hello")), "no <svg>"},
		{"an HTML page", figure([]byte("<html></html>")), "<html>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := samplePage(t, "")
			tc.spoil(&p)
			var b bytes.Buffer
			err := p.HTML(&b)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %s", err, tc.want)
			}
			if b.Len() > 0 {
				t.Error("half a page was written")
			}
		})
	}
}

func TestWritePage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.html")
	p := samplePage(t, "")
	if err := WritePage(path, p); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, pageBytes(t, p)) {
		t.Errorf("the file differs from the page (%v)", err)
	}
	p.Sections[0].Tables[0].Name = "?"
	if err := WritePage(path, p); err == nil {
		t.Error("a bad table gave no error")
	}
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(got, again) {
		t.Errorf("a failed write touched the file (%v)", err)
	}
}

// On a phone of 390 pixels a figure is seen whole, and its smallest letters, of 8 points, have at least 9 pixels.
func TestPageFigureFitsPhone(t *testing.T) {
	var b bytes.Buffer
	if err := samplePage(t, "").HTML(&b); err != nil {
		t.Fatal(err)
	}
	_, phone, _ := strings.Cut(b.String(), "@media screen and (max-width: 600px) {")
	phone, _, _ = strings.Cut(phone, "@media")
	var margin, least float64 // in rem of 16 pixels
	for _, rule := range []struct {
		text  string
		value *float64
	}{{`\.drawing \{ margin: 0 -([0-9.]+)rem;`, &margin}, {`\.drawing svg, \.drawing img \{ min-width: ([0-9.]+)rem;`, &least}} {
		m := regexp.MustCompile(rule.text).FindStringSubmatch(phone)
		if m == nil {
			t.Fatalf("the style for phones has no %s:\n%s", rule.text, phone)
		}
		*rule.value = parseFloat(t, m[1])
	}
	const padding = 1 // of main
	if width := 390 - 16*2*(padding-margin); 16*least > width {
		t.Errorf("figures are at least %g pixels wide, the page has %g", 16*least, width)
	}
	if letter := 8 * 16 * least / textWidth.Points(); letter < 9 {
		t.Errorf("letters of 8 points have %.1f pixels", letter)
	}
}
