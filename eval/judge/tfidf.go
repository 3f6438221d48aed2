package judge

import (
	"maps"
	"math"
	"slices"
	"strings"
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
	x, y := t.vector(a), t.vector(b)
	var xy float64
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch c := strings.Compare(x[i].term, y[j].term); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			xy += x[i].weight * y[j].weight
			i, j = i+1, j+1
		}
	}
	return cosine(xy, x.square(), y.square())
}

// vector holds a text's terms with their weights, in the order of the terms: sums of floats depend on their order, and a
// map has none.
type vector []struct {
	term   string
	weight float64
}

func (t *TFIDF) vector(text string) vector {
	counts := terms(Tokens(text))
	v := make(vector, len(counts))
	for i, term := range slices.Sorted(maps.Keys(counts)) {
		v[i].term, v[i].weight = term, float64(counts[term])*t.idf(term)
	}
	return v
}

func (v vector) square() float64 {
	sum := 0.0
	for _, x := range v {
		sum += x.weight * x.weight
	}
	return sum
}

func cosine(xy, xx, yy float64) float64 {
	if xy == 0 {
		return 0
	}
	return min(1, xy/math.Sqrt(xx*yy))
}

// Index finds the nearest of many texts without comparing with each of them.
type Index struct {
	words    *TFIDF
	postings map[string][]posting // term → texts that have it
	squares  []float64
}

type posting struct {
	text   int
	weight float64
}

// Index prepares the texts for [Index.Nearest].
func (t *TFIDF) Index(texts []string) *Index {
	x := &Index{words: t, postings: map[string][]posting{}, squares: make([]float64, len(texts))}
	for i, text := range texts {
		v := t.vector(text)
		x.squares[i] = v.square()
		for _, w := range v {
			x.postings[w.term] = append(x.postings[w.term], posting{i, w.weight})
		}
	}
	return x
}

// Nearest is the place of the text with the largest [TFIDF.Cosine], the first of several, and that cosine. at is −1 where
// there are no texts.
func (x *Index) Nearest(text string) (at int, similarity float64) {
	v := x.words.vector(text)
	products := make([]float64, len(x.squares))
	for _, w := range v {
		for _, p := range x.postings[w.term] {
			products[p.text] += w.weight * p.weight
		}
	}
	at, square := -1, v.square()
	for i, xy := range products {
		if c := cosine(xy, square, x.squares[i]); at < 0 || c > similarity {
			at, similarity = i, c
		}
	}
	return at, similarity
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
