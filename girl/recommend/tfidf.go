package recommend

import (
	"errors"
	"math"
	"slices"
	"strings"
)

// sparse is a vector by its non-zero entries, columns ascending.
type sparse struct {
	index []int32
	value []float64
}

// dot is Σ aᵢbᵢ.
func (a sparse) dot(b sparse) float64 {
	var sum float64
	for i, j := 0, 0; i < len(a.index) && j < len(b.index); {
		switch {
		case a.index[i] < b.index[j]:
			i++
		case a.index[i] > b.index[j]:
			j++
		default:
			sum += a.value[i] * b.value[j]
			i++
			j++
		}
	}
	return sum
}

// times is the element-wise product.
func (a sparse) times(b sparse) sparse {
	var p sparse
	for i, j := 0, 0; i < len(a.index) && j < len(b.index); {
		switch {
		case a.index[i] < b.index[j]:
			i++
		case a.index[i] > b.index[j]:
			j++
		default:
			p.index = append(p.index, a.index[i])
			p.value = append(p.value, a.value[i]*b.value[j])
			i++
			j++
		}
	}
	return p
}

// Vectorizer turns a text into its TF-IDF vector of unit length:
//
//	weight(t, text) = tf · idf(t),   idf(t) = ln((1+n)/(1+df(t))) + 1
//
// where tf is the count of t (or 1+ln count), df the number of the n fitting texts with t. Unknown terms are left out; a
// text of unknown terms only is the zero vector.
type Vectorizer struct {
	Terms []string // column by column, in byte order
	IDF   []float64
	LogTF bool
}

// fitVectorizer chooses the terms from distinct texts.
func fitVectorizer(c Config, corp *corpus, texts []string) (*Vectorizer, error) {
	df := make(map[int32]int)
	for _, t := range texts {
		for _, tc := range corp.counts(t) {
			df[tc.term]++
		}
	}
	least := max(2, min(c.MinDF, int(math.Round(c.MinDFShare*float64(len(texts))))))
	if c.MinDF < 2 {
		least = c.MinDF
	}
	most := max(least, int(c.MaxDFShare*float64(len(texts))))
	var keep []int32
	for t, n := range df {
		if n >= least && n <= most {
			keep = append(keep, t)
		}
	}
	if len(keep) == 0 {
		return nil, errors.New("recommend: no term is frequent enough to be encoded; lower MinDF or give more texts")
	}
	slices.SortFunc(keep, func(a, b int32) int {
		if df[a] != df[b] {
			return df[b] - df[a]
		}
		return strings.Compare(corp.terms[a], corp.terms[b])
	})
	keep = keep[:min(len(keep), c.MaxTerms)]
	slices.SortFunc(keep, func(a, b int32) int { return strings.Compare(corp.terms[a], corp.terms[b]) })
	v := &Vectorizer{LogTF: c.LogTF}
	for _, t := range keep {
		v.Terms = append(v.Terms, corp.terms[t])
		v.IDF = append(v.IDF, math.Log(float64(1+len(texts))/float64(1+df[t]))+1)
	}
	return v, nil
}

// transformer returns a function from a text to its vector. Terms are looked up once for the corpus, not for each text.
func (v *Vectorizer) transformer(corp *corpus) func(text string) sparse {
	byTerm := make(map[int32]int32, len(v.Terms))
	for col, t := range v.Terms {
		byTerm[corp.id(t)] = int32(col)
	}
	column := make([]int32, len(corp.terms))
	for t := range column {
		column[t] = -1
	}
	for t, col := range byTerm {
		column[t] = col
	}
	return func(text string) sparse {
		counts := corp.counts(text)
		type entry struct {
			col int32
			w   float64
		}
		var entries []entry
		var norm float64
		for _, tc := range counts {
			if int(tc.term) >= len(column) || column[tc.term] < 0 {
				continue // later texts add terms to the corpus, which the vectorizer does not know
			}
			col := column[tc.term]
			tf := float64(tc.count)
			if v.LogTF {
				tf = 1 + math.Log(tf)
			}
			entries = append(entries, entry{col, tf * v.IDF[col]})
		}
		slices.SortFunc(entries, func(a, b entry) int { return int(a.col - b.col) })
		s := sparse{index: make([]int32, len(entries)), value: make([]float64, len(entries))}
		for i, e := range entries {
			s.index[i], s.value[i] = e.col, e.w
			norm += e.w * e.w
		}
		if norm > 0 {
			norm = math.Sqrt(norm)
			for i := range s.value {
				s.value[i] /= norm
			}
		}
		return s
	}
}
