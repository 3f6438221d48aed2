package recommend

import (
	"math"
	"slices"
	"strings"
)

// view is a list of queries as one encoder sees them. Each distinct text is encoded once; queries share the vectors.
type view struct {
	cv, jd [][]float32 // encodings by query
	cos    []float32   // TF-IDF cosine between CV and JD
	gen    map[string]*generatedView
}

// generatedView is what a model's generated JDs tell about each query. Neither their order nor their number has a
// place of its own: they are averaged, and compared with the JD by the best and the mean cosine.
type generatedView struct {
	mean          [][]float32 // mean encoding, nil without generated JDs
	best, average []float32   // largest and mean TF-IDF cosine between the JD and the generated ones, 0 without any
}

// encoded is a text as an encoder sees it.
type encoded struct {
	raw sparse
	vec []float32
}

// viewer makes views by one encoder and keeps what it has encoded: a text that comes again, in this view or a later one, costs a look-up.
type viewer struct {
	dim    int
	encode func(text string) encoded
	means  map[string][]float32 // mean encoding of a list of generated JDs, by their texts
}

func newViewer(e *Encoder, corp *corpus) *viewer {
	transform := e.Vectorizer.transformer(corp)
	return &viewer{dim: e.Dim, means: make(map[string][]float32), encode: once(func(text string) encoded {
		raw := transform(text)
		return encoded{raw, e.project(raw)}
	})}
}

// once keeps what f returned for each text.
func once[T any](f func(text string) T) func(text string) T {
	kept := make(map[string]T)
	return func(text string) T {
		x, ok := kept[text]
		if !ok {
			x = f(text)
			kept[text] = x
		}
		return x
	}
}

// view encodes queries; models are those whose generated JDs are wanted.
func (w *viewer) view(queries []Query, models []string) *view {
	encode, n := w.encode, len(queries)
	v := &view{cv: make([][]float32, 0, n), jd: make([][]float32, 0, n), cos: make([]float32, 0, n), gen: make(map[string]*generatedView)}
	for _, q := range queries {
		c, j := encode(q.CV), encode(q.JD)
		v.cv, v.jd, v.cos = append(v.cv, c.vec), append(v.jd, j.vec), append(v.cos, float32(c.raw.dot(j.raw)))
	}
	for _, m := range models {
		g := &generatedView{mean: make([][]float32, 0, n), best: make([]float32, 0, n), average: make([]float32, 0, n)}
		for _, q := range queries {
			// In byte order, so that not even rounding depends on the order they come in.
			texts := slices.Sorted(slices.Values(q.Generated[m]))
			texts = slices.DeleteFunc(texts, func(t string) bool { return strings.TrimSpace(t) == "" })
			if len(texts) == 0 {
				g.mean, g.best, g.average = append(g.mean, nil), append(g.best, 0), append(g.average, 0)
				continue
			}
			key := strings.Join(texts, "\x00")
			mean, ok := w.means[key]
			jd, best, sum := encode(q.JD), math.Inf(-1), 0.0
			for _, t := range texts {
				x := encode(t)
				cos := x.raw.dot(jd.raw)
				best, sum = max(best, cos), sum+cos
			}
			if !ok {
				mean = make([]float32, w.dim)
				for _, t := range texts {
					for i, x := range encode(t).vec {
						mean[i] += x / float32(len(texts))
					}
				}
				w.means[key] = mean
			}
			g.mean, g.best, g.average = append(g.mean, mean), append(g.best, float32(best)), append(g.average, float32(sum/float64(len(texts))))
		}
		v.gen[m] = g
	}
	return v
}

// Moments standardise the cosines by their training pairs.
type Moments struct {
	Mean, Scale [3]float32 // cosine of CV and JD; best and mean cosine of generated JDs and JD
}

// moments of the cosines over the listed queries; those of generated JDs over the queries that have some.
func (v *view) moments(model string, list []int) Moments {
	var n, sum, squares [3]float64
	add := func(i int, x float32) {
		n[i]++
		sum[i] += float64(x)
		squares[i] += float64(x) * float64(x)
	}
	g := v.gen[model]
	for _, q := range list {
		add(0, v.cos[q])
		if g != nil && g.mean[q] != nil {
			add(1, g.best[q])
			add(2, g.average[q])
		}
	}
	var m Moments
	for i := range n {
		m.Scale[i] = 1
		if n[i] > 0 {
			mean := sum[i] / n[i]
			m.Mean[i] = float32(mean)
			if sd := math.Sqrt(max(0, squares[i]/n[i]-mean*mean)); sd > 1e-6 {
				m.Scale[i] = float32(1 / sd)
			}
		}
	}
	return m
}
