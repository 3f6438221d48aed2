package girl

import (
	"context"
	"slices"
	"strings"
	"testing"

	"genjobrec/datasets"
	"genjobrec/girl/tokenizer"
)

// describedData has a test CV with a twin, a training CV of the generator and one of the matcher alone.
func describedData() *Data {
	return &Data{
		Dataset: &datasets.Dataset{Name: "small",
			CVs:   []datasets.CV{{ID: "a", Text: "aaaa"}, {ID: "b", Text: "bbbbbb"}, {ID: "c", Text: "ccccccccccccc"}, {ID: "d", Text: "dd"}},
			JDs:   []datasets.JD{{ID: "x", Text: "xxx"}, {ID: "y", Text: "y & z"}},
			Pairs: []datasets.Pair{{CVID: "a", JDID: "x", Label: 1}, {CVID: "a", JDID: "y"}, {CVID: "b", JDID: "x"}, {CVID: "c", JDID: "x", Label: 1}, {CVID: "d", JDID: "x"}, {CVID: "d", JDID: "x", Label: 1}}},
		Assignment: &datasets.Assignment{Split: map[string]datasets.Split{"a": datasets.Train, "b": datasets.Train, "c": datasets.Test, "d": datasets.Test},
			Generator: map[string]bool{"a": true}, Group: map[string]int{"a": 0, "b": 1, "c": 2, "d": 2}, Notes: []string{"a note"}},
	}
}

// byteTokenizer knows no pair: every byte is a token.
func byteTokenizer(t *testing.T) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Train(context.Background(), slices.Values([]string{"ab"}), tokenizer.Options{VocabSize: 256 + len(tokenizer.DefaultSpecialTokens())})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestDataTableByHand(t *testing.T) {
	// Eight tokens of a CV are six of text: 6 bytes fit, 13 do not. Five of a JD are four: 3 fit, 5 do not.
	table, err := describedData().table(byteTokenizer(t), ModelConfig{MaxPrompt: 8, MaxResponse: 5})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := table.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| train | 3 | 2 | 2 | 0.333 | 5 | 4 | 0.000 | 0.500 | 0.000 | 0.000 | 1 | 0 |",
		"| test | 3 | 2 | 1 | 0.667 | 8 | 3 | 0.500 | 0.000 | 1.000 | 0.000 | 0 | 2 |",
		"| all | 6 | 4 | 2 | 0.500 | 5 | 4 | 0.250 | 0.500 | 0.000 | 0.000 | 1 | 2 |",
		"- a note", "8 tokens of a CV", "5 of a JD", "in no training pair",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no line %q in\n%s", want, &b)
		}
	}
	// One token less, and the CV of six bytes is cut, too; one more, and no JD is.
	if table, err = describedData().table(byteTokenizer(t), ModelConfig{MaxPrompt: 7, MaxResponse: 6}); err != nil {
		t.Fatal(err)
	}
	if cvs, jds := table.Rows[0].Cells[7].Value, table.Rows[0].Cells[8].Value; cvs != 0.5 || jds != 0 {
		t.Errorf("of the training CVs %g, of the JDs %g are cut, want 0.5 and 0", cvs, jds)
	}
}

func TestLengthHistogramsRender(t *testing.T) {
	f, err := describedData().lengthFigure()
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

// JDs a hundredth as long as CVs fill their panel, too: its axis ends near the longest of them.
func TestLengthPanelsHaveTheirOwnRange(t *testing.T) {
	d := describedData()
	d.CVs[0].Text = strings.Repeat("a", 900)
	f, err := d.lengthFigure()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := f.Render(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">800</text>", ">5</text>"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no tick %q", want)
		}
	}
	if strings.Contains(b.String(), "stroke-dasharray") {
		t.Error("a histogram is dashed")
	}
}
