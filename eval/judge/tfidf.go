package judge

import (
	"maps"
	"math"
	"slices"
)

// TFIDF compares texts by the words and pairs of neighbouring words they share, weighted by rarity among the fitting
// texts:
//
//	weight(t, text) = count · idf(t),   idf(t) = ln((1+n)/(1+df(t))) + 1
//
// with df the number of the n fitting texts that have term t. A term that none of them has counts as one with df = 0: it
// takes its share of a text's length, so that filling a text with invented words does not leave its cosine untouched.
type TFIDF struct {
	n  int
	df map[string]int
}

// NewTFIDF counts the terms of the fitting texts.
func NewTFIDF(texts []string) *TFIDF {
	t := &TFIDF{n: len(texts), df: map[string]int{}}
	for _, text := range texts {
		for term := range terms(Tokens(text)) {
			t.df[term]++
		}
	}
	return t
}

// Cosine is the cosine of two texts' TF-IDF vectors, from 0 (no term in common) to 1. 0 where either text has no word.
func (t *TFIDF) Cosine(a, b string) float64 {
	x, y := terms(Tokens(a)), terms(Tokens(b))
	var xy, xx, yy float64
	// In the order of the terms: sums of floats depend on their order, and a map has none.
	for _, term := range slices.Sorted(maps.Keys(x)) {
		w := t.idf(term)
		xx += float64(x[term]*x[term]) * w * w
		xy += float64(x[term]*y[term]) * w * w
	}
	for _, term := range slices.Sorted(maps.Keys(y)) {
		w := t.idf(term)
		yy += float64(y[term]*y[term]) * w * w
	}
	if xy == 0 {
		return 0
	}
	return min(1, xy/math.Sqrt(xx*yy))
}

// Information is the sum of ln((1+n)/(1+df)) over the different words of the text, nats: a word that is in every fitting
// text says nothing, a word said twice says it once, and a word that no fitting text has is passed over as noise.
func (t *TFIDF) Information(text string) float64 {
	seen, sum := map[string]bool{}, 0.0
	for _, word := range Tokens(text) {
		if df := t.df[word]; df > 0 && !seen[word] {
			seen[word] = true
			sum += math.Log(float64(1+t.n) / float64(1+df))
		}
	}
	return sum
}

func (t *TFIDF) idf(term string) float64 { return math.Log(float64(1+t.n)/float64(1+t.df[term])) + 1 }

// terms counts words and pairs of neighbouring words. Words hold no space, so that a pair is no other word.
func terms(words []string) map[string]int {
	out := make(map[string]int, 2*len(words))
	for i, w := range words {
		out[w]++
		if i > 0 {
			out[words[i-1]+" "+w]++
		}
	}
	return out
}
