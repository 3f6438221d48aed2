package tokenizer

import (
	"strings"
	"testing"

	"github.com/dlclark/regexp2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func split(text string) []string {
	var words []string
	for len(text) > 0 {
		n := nextWord(text)
		words = append(words, text[:n])
		text = text[n:]
	}
	return words
}

func TestWords(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"Hello my friend, how?", []string{"Hello", " my", " friend", ",", " how", "?"}},
		{"we'll don't I'VE", []string{"we", "'ll", " don", "'t", " I", "'", "VE"}}, // contractions in lower case only
		{"he's can't you're I've I'm she'll he'd", []string{"he", "'s", " can", "'t", " you", "'re", " I", "'ve", " I", "'m", " she", "'ll", " he", "'d"}},
		{"it's'", []string{"it", "'s", "'"}},
		{" 's", []string{" '", "s"}}, // the space takes the quote before the contraction can
		{"'", []string{"'"}},
		{"'r", []string{"'", "r"}},
		{"x''ve", []string{"x", "''", "ve"}}, // a run of punctuation is greedy
		{"a  b", []string{"a", " ", " b"}},   // the last space goes with the word
		{"a \n b", []string{"a", " \n", " b"}},
		{"a\n\nb", []string{"a", "\n", "\n", "b"}}, // only a plain space joins a word
		{"a\nb", []string{"a", "\n", "b"}},
		{"a  ", []string{"a", "  "}}, // at the end the run stays whole
		{"  ", []string{"  "}},
		{"3 years5k", []string{"3", " years", "5", "k"}},
		{"工资12千,面议。", []string{"工资", "12", "千", ",", "面议", "。"}},
		{"a\u3000b", []string{"a", "\u3000", "b"}}, // an ideographic space is white space
		{"a\u200bb", []string{"a", "\u200b", "b"}}, // a zero-width space is not: class other
		{"½Ⅷ²", []string{"½Ⅷ²"}},                   // \p{N} has fractions, numerals, superscripts
		{"e\u0301", []string{"e", "\u0301"}},       // marks are neither letters nor numbers
		{"👍🏽!", []string{"👍🏽!"}},
		{"a\xff\xfeb", []string{"a", "\xff\xfe", "b"}},
		{"a\xe4\xbd", []string{"a", "\xe4\xbd"}}, // half of 你
		{"\x00\x00 x", []string{"\x00\x00", " x"}},
		{"<|pad|>", []string{"<|", "pad", "|>"}},
	} {
		if diff := cmp.Diff(tc.want, split(tc.text)); diff != "" {
			t.Errorf("words of %q (-want +got):\n%s", tc.text, diff)
		}
	}
}

// gpt2Pattern as published with GPT-2.
const gpt2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// tricky are characters at the borders of the classes.
var tricky = []rune("'''stmdrevlSTaZ09  \t\n\r\v\f\u0085\u00a0\u1680\u180e\u2003\u2028\u2029\u202f\u205f\u3000\u200b\ufeff" +
	"\x00\x1c\x1f.,!<|>-你好ñßſK½Ⅷ²٣\u0301👍🏽\u200d\ufffd")

func TestWordsEqualRegexp(t *testing.T) {
	re := regexp2.MustCompile(gpt2Pattern, regexp2.None)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringOf(rapid.SampledFrom(tricky)), rapid.String()).Draw(t, "text")
		var want []string
		m, err := re.FindStringMatch(text)
		for ; err == nil && m != nil; m, err = re.FindNextMatch(m) {
			want = append(want, m.String())
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, split(text)); diff != "" {
			t.Fatalf("words of %q (-regexp +scanner):\n%s", text, diff)
		}
	})
}

func TestWordsCoverAnyBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		if got := strings.Join(split(text), ""); got != text {
			t.Fatalf("words of %q join to %q", text, got)
		}
	})
}
