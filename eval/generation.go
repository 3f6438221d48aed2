package eval

import "encoding/binary"

// The functions of this file take texts as slices of tokens, whatever a token is: words, word
// pieces, or single characters for Chinese. Compare numbers of the same tokenisation only.

// DistinctN is the diversity of a set of texts: different n-grams over all n-grams, from just above
// 0 (one n-gram all over) to 1. It falls with the amount of text, so compare sets of about the same
// size. 0 where there is no n-gram at all, or n < 1.
//
// Source: Li et al. (2016), arXiv 1510.03055.
func DistinctN(texts [][]string, n int) float64 {
	v := vocabulary{}
	seen := map[string]struct{}{}
	total := 0
	for _, text := range texts {
		for _, gram := range v.ngrams(text, n) {
			seen[gram] = struct{}{}
			total++
		}
	}
	if total == 0 {
		return 0
	}
	return float64(len(seen)) / float64(total)
}

// Repetition is the share of a text's n-grams that already stood earlier in it, 1 − distinct/all:
// 0 for a text that never repeats itself, near 1 for one caught in a loop. 0 where the text is
// shorter than n.
func Repetition(text []string, n int) float64 {
	if len(text) < n || n < 1 {
		return 0
	}
	return 1 - DistinctN([][]string{text}, n)
}

// NGramSet holds the n-grams of a collection, such as the JDs of the training split.
type NGramSet struct {
	n     int
	vocab vocabulary
	grams map[string]struct{}
}

// NewNGramSet collects the n-grams of the texts.
func NewNGramSet(n int, texts [][]string) *NGramSet {
	s := &NGramSet{n: n, vocab: vocabulary{}, grams: map[string]struct{}{}}
	for _, text := range texts {
		for _, gram := range s.vocab.ngrams(text, n) {
			s.grams[gram] = struct{}{}
		}
	}
	return s
}

// CopyRate is the share of the text's n-grams that stand somewhere in the collection: near 1 for a
// text copied from it, and high for small n in any case. 0 where the text is shorter than n.
func (s *NGramSet) CopyRate(text []string) float64 {
	if len(text) < s.n || s.n < 1 {
		return 0
	}
	ids := make([]uint32, len(text))
	for i, token := range text {
		ids[i] = s.vocab[token] // 0: a token the collection does not have
	}
	found := 0
	for i := 0; i+s.n <= len(ids); i++ {
		if _, ok := s.grams[key(ids[i:i+s.n])]; ok {
			found++
		}
	}
	return float64(found) / float64(len(text)-s.n+1)
}

// Rouge is an overlap between a candidate and a reference, each part in [0, 1].
type Rouge struct {
	Precision, Recall, F1 float64
}

// RougeL is the overlap by longest common subsequence (LCS):
//
//	Precision = LCS/|candidate|,  Recall = LCS/|reference|,  F1 = 2PR/(P+R)
//
// It is the sentence-level form with β = 1. Zero where either text is empty. Time |c|·|r|.
//
// Source: Lin (2004), aclanthology.org/W04-1013.
func RougeL(candidate, reference []string) Rouge {
	if len(candidate) == 0 || len(reference) == 0 {
		return Rouge{}
	}
	// row[j] is the LCS of the candidate so far and reference[:j].
	row := make([]int, len(reference)+1)
	for _, c := range candidate {
		diagonal := 0
		for j, r := range reference {
			above := row[j+1]
			if c == r {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	lcs := float64(row[len(reference)])
	if lcs == 0 {
		return Rouge{}
	}
	p, r := lcs/float64(len(candidate)), lcs/float64(len(reference))
	return Rouge{Precision: p, Recall: r, F1: 2 * p * r / (p + r)}
}

// vocabulary numbers tokens from 1, so that n-grams can be keys whatever bytes the tokens hold.
type vocabulary map[string]uint32

// ngrams gives the keys of the text's n-grams in order, adding new tokens to the vocabulary.
func (v vocabulary) ngrams(text []string, n int) []string {
	if n < 1 || len(text) < n {
		return nil
	}
	ids := make([]uint32, len(text))
	for i, token := range text {
		id, ok := v[token]
		if !ok {
			id = uint32(len(v) + 1)
			v[token] = id
		}
		ids[i] = id
	}
	grams := make([]string, 0, len(text)-n+1)
	for i := 0; i+n <= len(ids); i++ {
		grams = append(grams, key(ids[i:i+n]))
	}
	return grams
}

func key(ids []uint32) string {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, id)
	}
	return string(b)
}
