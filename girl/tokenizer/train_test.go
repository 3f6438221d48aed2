package tokenizer

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// noSpecials starts the ids at the bytes, so that byte b is id b and the first merge makes id 256.
var noSpecials = []string{}

// mustTrain trains on texts or ends the test.
func mustTrain(tb interface {
	Helper()
	Fatal(...any)
}, opts Options, texts ...string) *Tokenizer {
	tb.Helper()
	t, err := Train(context.Background(), slices.Values(texts), opts)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func learnt(t *Tokenizer) []string { return t.tokens[len(t.tokens)-len(t.merges):] }

func TestTrainByHand(t *testing.T) {
	for _, tc := range []struct {
		name  string
		texts []string
		opts  Options
		want  []string // learnt tokens in order
	}{
		{
			// Words: "low", " lower", " lowest", once each.
			// 1. l·o 3, o·w 3, ␣·l 2, w·e 2, others 1: of the two with 3, l (0x6c) < o (0x6f): "lo"
			// 2. lo·w 3, ␣·lo 2, w·e 2: "low"
			// 3. ␣·low 2, low·e 2: ␣ (0x20) < low (257): " low"
			// 4. ␣low·e 2 (low·e is now 0): " lowe"
			// 5. ␣lowe·r 1, ␣lowe·s 1, s·t 1: below the minimum of 2, stop.
			name: "low lower lowest", texts: []string{"low lower lowest"},
			opts: Options{VocabSize: 1000, SpecialTokens: noSpecials},
			want: []string{"lo", "low", " low", " lowe"},
		},
		{
			name: "stops at the size", texts: []string{"low lower lowest"},
			opts: Options{VocabSize: 258, SpecialTokens: noSpecials},
			want: []string{"lo", "low"},
		},
		{
			// The same texts apart: no spaces, so w·e 2 is followed by low·e 2, then lowe·r, lowe·s
			// and s·t with 1 each: s (0x73) < lowe (258): "st"; then lowe·r 1, lowe·st 1: r (0x72) < st (259).
			name: "minimum of one", texts: []string{"low", "lower", "lowest"},
			opts: Options{VocabSize: 1000, SpecialTokens: noSpecials, MinFrequency: 1},
			want: []string{"lo", "low", "lowe", "st", "lower", "lowest"},
		},
		{
			// a·a occurs 4 times in aaaaa: aa aa a. Then aa·aa 1 and aa·a 1; right a (0x61) < aa: "aaa"
			// from the pair on the right, aa aaa. Then aa·aaa.
			name: "overlap", texts: []string{"aaaaa"},
			opts: Options{VocabSize: 1000, SpecialTokens: noSpecials, MinFrequency: 1},
			want: []string{"aa", "aaa", "aaaaa"},
		},
		{
			// 工 is e5 b7 a5 and 工工 twice gives e5·b7 4, b7·a5 4, a5·e5 2: b7·a5 goes first, then
			// e5·(b7a5) 4 is the character, then two of them 2.
			name: "Chinese", texts: []string{"工工", "工工"},
			opts: Options{VocabSize: 1000, SpecialTokens: noSpecials},
			want: []string{"\xb7\xa5", "工", "工工"},
		},
		{
			// "ab" and " ab" are special, so the bytes start at 2. a·b 3 would be named ab: not merged.
			// ␣·a 2, c·d 2: ␣ < c: " a". Then c·d 2, ␣a·b 2: c (0x63+2) < ␣a (258): "cd". Then ␣a·b:
			// the file names these bytes Ġab, which no special token is called, so they are merged.
			name: "no token shares the name of a special one", texts: []string{"ab ab ab", "cd cd"},
			opts: Options{VocabSize: 1000, SpecialTokens: []string{"ab", " ab"}, MinFrequency: 2},
			want: []string{" a", "cd", " ab"},
		},
	} {
		got := mustTrain(t, tc.opts, tc.texts...)
		if diff := cmp.Diff(tc.want, learnt(got)); diff != "" {
			t.Errorf("%s: learnt tokens (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestTrainLayout(t *testing.T) {
	tok := mustTrain(t, Options{VocabSize: 264}, "low lower lowest")
	for want, token := range []string{Pad, EndOfText, CV, JD, "\x00", "\x01"} {
		if got, ok := tok.ID(token); !ok || got != int32(want) {
			t.Errorf("ID(%q) = %d, %v, want %d", token, got, ok, want)
		}
	}
	if got, ok := tok.ID(" lowe"); !ok || got != 263 {
		t.Errorf("ID of the last merge = %d, %v, want 263", got, ok)
	}
	if got := tok.VocabSize(); got != 264 {
		t.Errorf("VocabSize() = %d, want 264", got)
	}
	if diff := cmp.Diff(DefaultSpecialTokens(), tok.SpecialTokens()); diff != "" {
		t.Errorf("special tokens (-want +got):\n%s", diff)
	}
	for _, id := range []int32{-1, 264} {
		if token, ok := tok.Token(id); ok || tok.IsSpecial(id) {
			t.Errorf("Token(%d) = %q, %v, want nothing", id, token, ok)
		}
	}
	if !tok.IsSpecial(3) || tok.IsSpecial(4) {
		t.Error("IsSpecial is not true for 3 and false for 4")
	}
	if id, ok := tok.ID("no such token"); ok {
		t.Errorf("ID of no token = %d, true", id)
	}
}

func TestTrainEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(anyText(), 1, 8).Draw(t, "texts")
		if strings.Join(texts, "") == "" {
			t.Skip("no words")
		}
		size := rapid.IntRange(256, 320).Draw(t, "size")
		least := rapid.IntRange(1, 3).Draw(t, "least")
		got := mustTrain(t, Options{VocabSize: size, SpecialTokens: noSpecials, MinFrequency: least}, texts...)
		tokens, merges := slowMerges(texts, size, int64(least))
		if diff := cmp.Diff(tokens, got.tokens); diff != "" {
			t.Fatalf("tokens (-reference +got):\n%s", diff)
		}
		if diff := cmp.Diff(merges, got.merges, cmp.AllowUnexported(pair{})); diff != "" {
			t.Fatalf("merges (-reference +got):\n%s", diff)
		}
	})
}

func TestTrainIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(anyText(), 1, 8).Draw(t, "texts")
		if strings.Join(texts, "") == "" {
			t.Skip("no words")
		}
		opts := Options{VocabSize: 300, MinFrequency: 1}
		first := mustTrain(t, opts, texts...).format()
		slices.Reverse(texts)
		if !bytes.Equal(first, mustTrain(t, opts, texts...).format()) {
			t.Fatal("texts in another order give another tokenizer")
		}
	})
}

func TestTrainErrors(t *testing.T) {
	for _, tc := range []struct {
		opts Options
		text string
		want string
	}{
		{Options{}, "a", "VocabSize is 0, want 260"},
		{Options{VocabSize: 259}, "a", "VocabSize is 259"},
		{Options{VocabSize: 1 << 30}, "a", "VocabSize is"},
		{Options{VocabSize: 300, MinFrequency: -1}, "a", "MinFrequency is -1"},
		{Options{VocabSize: 300, SpecialTokens: []string{"<x>", ""}}, "a", "SpecialTokens[1] is empty"},
		{Options{VocabSize: 300, SpecialTokens: []string{"<x>", "<x>"}}, "a", "twice"},
		{Options{VocabSize: 300, SpecialTokens: []string{"\xff"}}, "a", "not valid UTF-8"},
		{Options{VocabSize: 300, SpecialTokens: []string{"Ġ"}}, "a", "name of byte 0x20"},
		{Options{VocabSize: 300}, "", "texts are empty"},
	} {
		got, err := Train(context.Background(), slices.Values([]string{tc.text}), tc.opts)
		if err == nil || !strings.Contains(err.Error(), tc.want) || got != nil {
			t.Errorf("Train(%+v) = %v, error %v, want error with %q", tc.opts, got, err, tc.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, slices.Values([]string{"a"}), Options{VocabSize: 300}); !errors.Is(err, context.Canceled) {
		t.Errorf("error of a cancelled training = %v, want context.Canceled", err)
	}
}

// One word of 600,000 bytes: with a scan of the word for each merge this would take minutes.
func TestTrainLongWord(t *testing.T) {
	text := strings.Repeat("工程师设计开发", 30_000)
	tok := mustTrain(t, Options{VocabSize: 2000, MinFrequency: 2}, text)
	if n := len(tok.Encode(text)); n > 1000 {
		t.Errorf("a repeated phrase of %d bytes takes %d tokens, want at most 1000", len(text), n)
	}
}
