package recommend

import (
	"fmt"
	"math"
)

// Encoder maps a text to a vector: TF-IDF, then its projection on the leading components of the fitting texts (latent
// semantic analysis). Components are neither whitened nor centred; Spread tells how much each varies, and the
// matcher's sharpening uses it (see Trial).
type Encoder struct {
	Vectorizer *Vectorizer
	Components []float32 // [terms, Dim], row by row
	Dim        int
	Spread     []float64 // standard deviation of each component over the fitting texts
}

// fitEncoder fits on distinct texts.
func fitEncoder(c Config, corp *corpus, texts []string, seed uint64) (*Encoder, error) {
	v, err := fitVectorizer(c, corp, texts)
	if err != nil {
		return nil, err
	}
	transform := v.transformer(corp)
	rows := make([]sparse, len(texts))
	for i, t := range texts {
		rows[i] = transform(t)
	}
	components, _, err := truncatedSVD(rows, len(v.Terms), c.Dim, seed)
	if err != nil {
		return nil, err
	}
	e := &Encoder{Vectorizer: v}
	_, e.Dim = components.Dims()
	e.Components = make([]float32, len(v.Terms)*e.Dim)
	for i, x := range components.RawMatrix().Data {
		e.Components[i] = float32(x)
	}
	sum, squares := make([]float64, e.Dim), make([]float64, e.Dim)
	for _, r := range rows {
		for j, x := range e.project(r) {
			sum[j] += float64(x)
			squares[j] += float64(x) * float64(x)
		}
	}
	e.Spread = make([]float64, e.Dim)
	n := float64(len(rows))
	for j := range e.Spread {
		e.Spread[j] = math.Sqrt(max(0, squares[j]/n-sum[j]/n*sum[j]/n))
	}
	return e, nil
}

// project is the encoding of a TF-IDF vector: [Dim].
func (e *Encoder) project(s sparse) []float32 {
	sum := make([]float64, e.Dim)
	for k, col := range s.index {
		w := s.value[k]
		for j, c := range e.Components[int(col)*e.Dim : (int(col)+1)*e.Dim] {
			sum[j] += w * float64(c)
		}
	}
	out := make([]float32, e.Dim)
	for j, x := range sum {
		out[j] = float32(x)
	}
	return out
}

// check reports a loaded encoder whose parts do not fit together.
func (e *Encoder) check() error {
	if e == nil || e.Vectorizer == nil || e.Dim < 1 || len(e.Spread) != e.Dim || len(e.Vectorizer.IDF) != len(e.Vectorizer.Terms) ||
		len(e.Components) != len(e.Vectorizer.Terms)*e.Dim {
		return fmt.Errorf("recommend: the encoder's parts do not fit together")
	}
	return nil
}

// sharpening is the factor of each component before the networks see it, spreadʲ^power, scaled so that the encodings of
// the fitting texts have mean square 1. A power of -1 would whiten; positive powers hold back the weak components,
// which tell single texts apart rather than occupations. Adam needs that: its steps do not shrink with a component's
// size, as those of plain gradient descent do.
func (e *Encoder) sharpening(power float64) []float32 {
	out := make([]float32, e.Dim)
	var total float64
	for _, s := range e.Spread {
		x := math.Pow(s, 1+power)
		total += x * x
	}
	scale := math.Sqrt(float64(e.Dim) / math.Max(total, math.SmallestNonzeroFloat64))
	for j, s := range e.Spread {
		out[j] = float32(math.Pow(s, power) * scale)
	}
	return out
}
