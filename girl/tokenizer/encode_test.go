package tokenizer

import (
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEncodeByHand(t *testing.T) {
	// Ids: bytes as they are, 256 "lo", 257 "low", 258 " low", 259 " lowe" (see TestTrainByHand).
	tok := mustTrain(t, Options{VocabSize: 300, SpecialTokens: noSpecials}, "low lower lowest")
	for _, tc := range []struct {
		text string
		want []int32
	}{
		{"", []int32{}},
		{"low", []int32{257}},
		{"lowlow", []int32{257, 257}},
		{"slow", []int32{'s', 257}},
		{"lo w", []int32{256, ' ', 'w'}},
		{"lowest", []int32{257, 'e', 's', 't'}}, // merge 3 needs the space
		{" lowest", []int32{259, 's', 't'}},
		{"  low", []int32{' ', 258}},
		{"你\xff", []int32{0xe4, 0xbd, 0xa0, 0xff}},
	} {
		if diff := cmp.Diff(tc.want, tok.Encode(tc.text)); diff != "" {
			t.Errorf("Encode(%q) (-want +got):\n%s", tc.text, diff)
		}
	}
	got := tok.EncodeAppend([]int32{7}, "low low")
	if diff := cmp.Diff([]int32{7, 257, 258}, got); diff != "" {
		t.Errorf("EncodeAppend after 7 (-want +got):\n%s", diff)
	}
}

func TestEncodeEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(anyText(), 1, 8).Draw(t, "texts")
		if strings.Join(texts, "") == "" {
			t.Skip("no words")
		}
		tok := mustTrain(t, Options{VocabSize: 340, MinFrequency: 1}, texts...)
		for _, text := range append(texts, anyText().Draw(t, "text")) {
			for _, from := range []string{"computed", "cached"} {
				if diff := cmp.Diff(slowEncode(tok, text), tok.Encode(text)); diff != "" {
					t.Fatalf("Encode(%q), %s (-reference +got):\n%s", text, from, diff)
				}
			}
		}
	})
}

// Merges of a file may be in any order and make a token in several ways, unlike those of Train.
func TestMergeWordEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tokens := make([]string, 0, 300)
		for b := range 256 {
			tokens = append(tokens, string([]byte{byte(b)}))
		}
		tokens = append(tokens, "aa", "ab", "ba", "aaa", "aab", "aba", "abaa", "aaaa", "aaab")
		var possible []pair
		for l, left := range tokens {
			for r, right := range tokens {
				for _, made := range tokens[256:] {
					if left+right == made {
						possible = append(possible, pair{int32(l), int32(r)})
					}
				}
			}
		}
		merges := rapid.Permutation(possible).Draw(t, "merges")
		merges = merges[:rapid.IntRange(0, len(merges)).Draw(t, "number")]
		tok, err := newTokenizer(tokens, make([]bool, len(tokens)), merges)
		if err != nil {
			t.Fatal(err)
		}
		word := rapid.StringOfN(rapid.SampledFrom([]rune("aab")), 1, maxShortWord, -1).Draw(t, "word")
		want := slowLowestFirst(tok, word)
		if diff := cmp.Diff(want, tok.mergeWord(nil, word)); diff != "" {
			t.Fatalf("mergeWord(%q) (-reference +got):\n%s", word, diff)
		}
		if diff := cmp.Diff(want, tok.mergeLongWord(nil, word)); diff != "" {
			t.Fatalf("mergeLongWord(%q) (-reference +got):\n%s", word, diff)
		}
	})
}

func TestRoundTrip(t *testing.T) {
	tok := mustTrain(t, Options{VocabSize: 600}, mixed)
	check := func(t interface{ Errorf(string, ...any) }, text string) {
		ids := tok.Encode(text)
		if got := tok.Decode(ids); got != text {
			t.Errorf("Decode(Encode(%q)) = %q", text, got)
		}
		if got := tok.DecodeText(ids); got != text {
			t.Errorf("DecodeText(Encode(%q)) = %q", text, got)
		}
	}
	for _, text := range []string{
		"", "\x00", "a\x00b", "\xff\xfe\xfd", "\xe4\xbd", "你好，世界", "👩‍👩‍👧‍👦 ok", "e\u0301", "\ufffd", "\xed\xa0\x80",
		"tab\tnew\nline\r\n  end  ", strings.Repeat("长", 5000), strings.Repeat(" ", 5000), strings.Repeat("\xff", 5000), mixed,
	} {
		check(t, text)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, anyText().Draw(t, "text")) })
}

// mixed is a text of several languages for small trainings.
var mixed = strings.Repeat("Senior software engineer, 5 years of Go; salary 20k–30k. 高级软件工程师，五年经验，月薪两万。 "+
	"Développeur confirmé à Paris. Ведущий инженер. 👩‍💻 we're hiring!\n\n", 8)

func TestTextCannotInjectSpecialTokens(t *testing.T) {
	// Texts full of the special tokens' names, so that training would learn them if it could.
	hostile := strings.Repeat("<|endoftext|><|pad|> <|cv|>\n<|jd|>PAD 填充 ", 50)
	names := append(DefaultSpecialTokens(), "PAD", "填充", "hiring", "[MASK]")
	tok := mustTrain(t, Options{VocabSize: 1000, SpecialTokens: names, MinFrequency: 1}, hostile, mixed)
	check := func(t interface{ Errorf(string, ...any) }, text string) {
		ids := tok.Encode(text)
		for _, id := range ids {
			if tok.IsSpecial(id) {
				t.Errorf("Encode(%q) has the special id %d", text, id)
			}
		}
		if got := tok.DecodeText(ids); got != text {
			t.Errorf("DecodeText(Encode(%q)) = %q", text, got)
		}
	}
	for _, name := range names {
		check(t, name)
		check(t, " "+name+name+" x")
		check(t, byteName(name))
	}
	check(t, hostile)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(names), rapid.String())).Draw(t, "parts")
		check(t, strings.Join(parts, ""))
	})
}

func TestDecode(t *testing.T) {
	tok := mustTrain(t, Options{VocabSize: 300}, "low lower lowest")
	end, _ := tok.ID(EndOfText)
	low, _ := tok.ID("low")
	ids := []int32{end, low, -1, 9999, 0}
	if got, want := tok.Decode(ids), "<|endoftext|>low\ufffd\ufffd<|pad|>"; got != want {
		t.Errorf("Decode = %q, want %q", got, want)
	}
	if got, want := tok.DecodeText(ids), "low\ufffd\ufffd"; got != want {
		t.Errorf("DecodeText = %q, want %q", got, want)
	}
	half := tok.Encode("你")[:2]
	if got := tok.Decode(half); utf8.ValidString(got) || got != "\xe4\xbd" {
		t.Errorf("Decode of half a character = %q, want its bytes", got)
	}
}

func TestConcurrentEncode(t *testing.T) {
	tok := mustTrain(t, Options{VocabSize: 600}, mixed)
	want := tok.Encode(mixed)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if diff := cmp.Diff(want, tok.Encode(mixed)); diff != "" {
					t.Errorf("concurrent Encode (-want +got):\n%s", diff)
					return
				}
			}
		})
	}
	group.Wait()
}

// The caller owns what Encode returns: writing to it must not change what is cached.
func TestCacheIsNotShared(t *testing.T) {
	tok := mustTrain(t, Options{VocabSize: 300}, "low lower lowest")
	want := slowEncode(tok, "lowest")
	for range 2 { // what fills the cache, then what comes from it
		clear(tok.Encode("lowest"))
	}
	if diff := cmp.Diff(want, tok.Encode("lowest")); diff != "" {
		t.Errorf("Encode after the caller's writes (-want +got):\n%s", diff)
	}
}
