package nb

import (
	"strings"
	"testing"

	"genjobrec/datasets"
	"genjobrec/girl"
)

// smallData has a test CV with a twin, a training CV of the generator and one of the matcher alone.
func smallData() *girl.Data {
	return &girl.Data{
		Dataset: &datasets.Dataset{Name: "small",
			CVs:   []datasets.CV{{ID: "a", Text: "aaaa"}, {ID: "b", Text: "bbbbbb"}, {ID: "c", Text: "<script>alert(1)</script>"}, {ID: "d", Text: "dd"}},
			JDs:   []datasets.JD{{ID: "x", Text: "xxx"}, {ID: "y", Text: "y & z"}},
			Pairs: []datasets.Pair{{CVID: "a", JDID: "x", Label: 1}, {CVID: "a", JDID: "y"}, {CVID: "b", JDID: "x"}, {CVID: "c", JDID: "x", Label: 1}, {CVID: "c", JDID: "y"}, {CVID: "d", JDID: "y", Label: 1}}},
		Assignment: &datasets.Assignment{Split: map[string]datasets.Split{"a": datasets.Train, "b": datasets.Train, "c": datasets.Test, "d": datasets.Test},
			Generator: map[string]bool{"a": true}, Group: map[string]int{"a": 0, "b": 1, "c": 2, "d": 2}, Notes: []string{"a note"}},
	}
}

func TestDataTableByHand(t *testing.T) {
	table := DataTable(smallData())
	var b strings.Builder
	if err := table.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| train | 3 | 2 | 2 | 0.333 | 5 | 4 | 0.000 | 0.000 | 1 | 0 |",
		"| test | 3 | 2 | 2 | 0.667 | 14 | 4 | 1.000 | 0.000 | 0 | 2 |",
		"| all | 6 | 4 | 2 | 0.500 | 5 | 4 | 0.000 | 0.000 | 1 | 2 |",
		"- a note",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no line %q in\n%s", want, &b)
		}
	}
}

func TestPairsAreEscaped(t *testing.T) {
	got := pairsHTML(smallData(), datasets.Test, 5) // d has no mismatch and is left out
	if strings.Count(got, "<tr>") != 2 || strings.Contains(got, "<script>") || !strings.Contains(got, "&lt;script&gt;") {
		t.Errorf("%s", got)
	}
	if matched, mismatched := strings.Index(got, ">xxx<"), strings.Index(got, ">y &amp; z<"); matched < 0 || mismatched < matched {
		t.Errorf("the matched JD does not stand before the mismatched one: %s", got)
	}
}

func TestLengthFigureRenders(t *testing.T) {
	f, err := LengthFigure(smallData())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := f.Render(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"train", "test", "characters"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the figure does not say %q", want)
		}
	}
}

func TestProgressIsEscaped(t *testing.T) {
	got := progressHTML("<b>", 3, 0, "a & b")
	if want := `&lt;b&gt; <progress value="3" max="1"></progress> 3/0, a &amp; b`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
