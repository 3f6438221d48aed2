package tokenizer

import (
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// The slow references: BPE as the papers state it, with no index, queue or cache.

// slowMerges learns merges by counting every pair anew each time.
func slowMerges(texts []string, vocabSize int, minFrequency int64) (tokens []string, merges []pair) {
	var words [][]int32
	for _, text := range texts {
		for _, w := range split(text) {
			ids := make([]int32, len(w))
			for i := range len(w) {
				ids[i] = int32(w[i])
			}
			words = append(words, ids)
		}
	}
	for b := range 256 {
		tokens = append(tokens, string([]byte{byte(b)}))
	}
	for len(tokens) < vocabSize {
		counts := make(map[pair]int64)
		for _, w := range words {
			for i := range len(w) - 1 {
				counts[pair{w[i], w[i+1]}]++
			}
		}
		var best pair
		most := minFrequency - 1
		for p, n := range counts {
			if slices.Contains(tokens, tokens[p.left]+tokens[p.right]) {
				continue
			}
			smaller := p.left < best.left || p.left == best.left && p.right < best.right
			if n > most || n == most && n >= minFrequency && smaller {
				best, most = p, n
			}
		}
		if most < minFrequency {
			break
		}
		for i := range words {
			words[i] = mergeAll(words[i], best, int32(len(tokens)))
		}
		tokens = append(tokens, tokens[best.left]+tokens[best.right])
		merges = append(merges, best)
	}
	return tokens, merges
}

// mergeAll replaces every occurrence of p from left to right.
func mergeAll(word []int32, p pair, id int32) []int32 {
	var out []int32
	for i := 0; i < len(word); i++ {
		if i+1 < len(word) && word[i] == p.left && word[i+1] == p.right {
			out = append(out, id)
			i++
		} else {
			out = append(out, word[i])
		}
	}
	return out
}

// slowEncode goes through the merges once, in the order they were learnt. It is the same as "lowest
// rank first" where every token has one merge that makes it, as Train sees to.
func slowEncode(t *Tokenizer, text string) []int32 {
	ids := []int32{}
	for _, w := range split(text) {
		word := bytesAsIDs(t, w)
		for _, m := range t.merges {
			word = mergeAll(word, m, t.rules[m].id)
		}
		ids = append(ids, word...)
	}
	return ids
}

// slowLowestFirst makes one merge at a time, of lowest rank, the leftmost of equals: right for any
// list of merges that a file may hold.
func slowLowestFirst(t *Tokenizer, word string) []int32 {
	ids := bytesAsIDs(t, word)
	for {
		at, low := -1, len(t.merges)
		for i := range len(ids) - 1 {
			if rank := slices.Index(t.merges, pair{ids[i], ids[i+1]}); rank >= 0 && rank < low {
				at, low = i, rank
			}
		}
		if at < 0 {
			return ids
		}
		made := t.ordinary[t.tokens[ids[at]]+t.tokens[ids[at+1]]]
		ids = slices.Concat(ids[:at], []int32{made}, ids[at+2:])
	}
}

func bytesAsIDs(t *Tokenizer, word string) []int32 {
	ids := make([]int32, len(word))
	for i := range len(word) {
		ids[i] = t.ordinary[word[i:i+1]]
	}
	return ids
}

// anyText draws texts that are hard on a tokenizer: few letters (ties, overlaps), several
// languages, odd spaces, special tokens, and bytes that are not UTF-8.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom([]rune("aaab ")), 0, 200, -1),
		rapid.StringOf(rapid.SampledFrom([]rune("abcd 工程师程工 \n👍🏽é'"))),
		rapid.StringOf(rapid.SampledFrom(tricky)),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.SliceOf(rapid.SampledFrom(DefaultSpecialTokens())), func(s []string) string { return strings.Join(s, "") }),
	)
}
