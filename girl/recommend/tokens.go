package recommend

import (
	"sort"
	"unicode"
)

// tokens cuts a text into lower-case words. A word is a run of letters and digits, with + and # at its end (C++, C#); it
// also ends where a lower-case letter meets an upper-case one, because texts taken from web pages and PDFs run headings
// and sentences together ("SummaryHighly"). Single letters are dropped. Scripts without spaces (Han, kana, Thai, ...) give one
// token a character, so that the bigrams of tokens are their words.
func tokens(text string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 1 || (len(word) == 1 && unicode.IsDigit(word[0])) {
			out = append(out, string(word))
		}
		word = word[:0]
	}
	var last rune
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			flush()
			out = append(out, string(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r) || (unicode.IsMark(r) && len(word) > 0):
			if unicode.IsUpper(r) && unicode.IsLower(last) || isSuffix(last) {
				flush()
			}
			word = append(word, unicode.ToLower(r))
		case isSuffix(r) && len(word) > 0:
			word = append(word, r)
		default:
			flush()
		}
		last = r
	}
	flush()
	return out
}

func isSuffix(r rune) bool { return r == '+' || r == '#' }

// termCount says how often a term occurs in a text. Terms are numbered by the corpus.
type termCount struct{ term, count int32 }

// corpus counts the words and bigrams of texts, each distinct text once.
type corpus struct {
	library
	ids   map[string]int32
	terms []string
	docs  map[string][]termCount
}

func newCorpus() *corpus {
	return &corpus{library: newLibrary(), ids: make(map[string]int32), docs: make(map[string][]termCount)}
}

func (c *corpus) id(term string) int32 {
	id, ok := c.ids[term]
	if !ok {
		id = int32(len(c.terms))
		c.ids[term] = id
		c.terms = append(c.terms, term)
	}
	return id
}

// counts returns the term counts of a text, by term number.
func (c *corpus) counts(text string) []termCount {
	if d, ok := c.docs[text]; ok {
		return d
	}
	words := tokens(text)
	n := make(map[int32]int32, 2*len(words))
	for i, w := range words {
		n[c.id(w)]++
		if i > 0 {
			n[c.id(words[i-1]+" "+w)]++
		}
	}
	d := make([]termCount, 0, len(n))
	for t, k := range n {
		d = append(d, termCount{t, k})
	}
	sort.Slice(d, func(i, j int) bool { return d[i].term < d[j].term })
	c.docs[text] = d
	return d
}
