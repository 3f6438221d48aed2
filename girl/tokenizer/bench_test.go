package tokenizer

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// corpusOf makes size bytes of words drawn from a lexicon, with a Zipf-like distribution.
func corpusOf(size int, chinese bool) []string {
	rng := rand.New(rand.NewPCG(1, 2))
	lexicon := make([]string, 20_000)
	for i := range lexicon {
		var w strings.Builder
		for range 2 + rng.IntN(4) {
			if chinese {
				w.WriteRune(rune(0x4e00 + int(3000*rng.Float64()*rng.Float64())))
			} else {
				w.WriteByte("bcdfglmnprst"[rng.IntN(12)])
				w.WriteByte("aeiou"[rng.IntN(5)])
			}
		}
		lexicon[i] = w.String()
	}
	zipf := rand.NewZipf(rng, 1.1, 4, uint64(len(lexicon)-1))
	var texts []string
	for size > 0 {
		var text strings.Builder
		for text.Len() < 2000 {
			for range 4 + rng.IntN(8) {
				text.WriteString(lexicon[zipf.Uint64()])
				if !chinese {
					text.WriteByte(' ')
				}
			}
			fmt.Fprintf(&text, "%d", rng.IntN(100))
			if chinese {
				text.WriteString("，")
			} else {
				text.WriteString(". ")
			}
		}
		size -= text.Len()
		texts = append(texts, text.String())
	}
	return texts
}

func scriptName(chinese bool) string {
	if chinese {
		return "Chinese"
	}
	return "Latin"
}

func BenchmarkTrain(b *testing.B) {
	for _, chinese := range []bool{false, true} {
		name := scriptName(chinese)
		b.Run(name+"10MB", func(b *testing.B) {
			texts := corpusOf(10<<20, chinese)
			b.SetBytes(10 << 20)
			b.ReportAllocs()
			for b.Loop() {
				mustTrain(b, Options{VocabSize: 8192}, texts...)
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, chinese := range []bool{false, true} {
		name := scriptName(chinese)
		texts := corpusOf(2<<20, chinese)
		tok := mustTrain(b, Options{VocabSize: 8192}, texts[:len(texts)/2]...)
		rest := strings.Join(texts[len(texts)/2:], "\n") // unseen by the training
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(rest)))
			var ids []int32
			for b.Loop() {
				ids = tok.EncodeAppend(ids[:0], rest)
			}
			b.ReportMetric(float64(len(rest))/float64(len(ids)), "bytes/token")
		})
	}
	tok := mustTrain(b, Options{VocabSize: 8192}, corpusOf(1<<20, true)...)
	long := strings.Repeat("高级软件工程师", 50_000)
	b.Run("OneWord1MB", func(b *testing.B) {
		b.SetBytes(int64(len(long)))
		for b.Loop() {
			tok.Encode(long)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	data := mustTrain(b, Options{VocabSize: 8192}, corpusOf(1<<20, false)...).format()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
