package datasets

import (
	"slices"
	"unicode"
)

// shingleTokens is the number of consecutive tokens in a shingle. A token is a run of letters and
// digits, or a single character of a script that is written without spaces (Chinese, Japanese,
// Thai, …), so English is cut into word shingles and Chinese into character shingles.
const shingleTokens = 4

// shingles returns the sorted set of 64-bit hashes of the text's shingles, reusing buf. Case,
// punctuation and spacing do not count. A text with fewer than shingleTokens tokens is one shingle
// of all of them; a text without any token is one shingle of its bytes.
func shingles(text string, buf []uint64) []uint64 {
	tokens := tokenHashes(text, buf[:0])
	n := len(tokens)
	switch {
	case n == 0:
		return append(tokens, hashString(text))
	case n < shingleTokens:
		return append(tokens[:0], hashWindow(tokens))
	}
	// A window's hash may overwrite its first token: no later window needs it.
	for i := 0; i+shingleTokens <= n; i++ {
		tokens[i] = hashWindow(tokens[i : i+shingleTokens])
	}
	tokens = tokens[:n-shingleTokens+1]
	slices.Sort(tokens)
	return slices.Compact(tokens)
}

// tokenHashes appends the hash of every token of text to out.
func tokenHashes(text string, out []uint64) []uint64 {
	h, open := uint64(fnvOffset), false
	flush := func() {
		if open {
			out = append(out, mix(h))
			h, open = fnvOffset, false
		}
	}
	for _, r := range text {
		if r < 0x80 { // the common case, without the tables of package unicode
			switch {
			case 'A' <= r && r <= 'Z':
				r += 'a' - 'A'
			case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			default:
				flush()
				continue
			}
			h, open = (h^uint64(r))*fnvPrime, true
			continue
		}
		switch {
		case unspaced(r):
			flush()
			h, open = (h^uint64(r))*fnvPrime, true
			flush()
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			h, open = (h^uint64(unicode.ToLower(r)))*fnvPrime, true
		default:
			flush()
		}
	}
	flush()
	return out
}

// unspaced reports whether r belongs to a script that does not put spaces between words.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

// hashString is the 64-bit FNV-1a hash of the bytes of s.
func hashString(s string) uint64 {
	h := uint64(fnvOffset)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return mix(h)
}

// hashWindow hashes a sequence of token hashes; the order counts.
func hashWindow(tokens []uint64) uint64 {
	h := uint64(len(tokens))
	for _, t := range tokens {
		h = mix(h ^ t)
	}
	return h
}

// mix is a bijection of 64-bit words in which every input bit changes about half of the output
// bits (multiply and shift, as in the finalisers of common hash functions).
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	return x
}

// jaccard is |a∩b| / |a∪b| of two sorted sets.
func jaccard(a, b []uint64) float64 {
	common := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			common, i, j = common+1, i+1, j+1
		}
	}
	union := len(a) + len(b) - common
	if union == 0 {
		return 1
	}
	return float64(common) / float64(union)
}
