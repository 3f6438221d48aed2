package recommend

import "math"

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
	dim     int
	library *library
	encode  func(text int32) encoded
	means   [][]float32 // mean encoding by list of generated JDs, nil where it has not been asked for
}

func newViewer(e *Encoder, corp *corpus) *viewer {
	transform := e.Vectorizer.transformer(corp)
	return &viewer{dim: e.Dim, library: &corp.library, encode: once(&corp.library, func(text string) encoded {
		raw := transform(text)
		return encoded{raw, e.project(raw)}
	})}
}

// view encodes queries; models are those whose generated JDs are wanted.
func (w *viewer) view(queries []Query, models []string) *view {
	n := len(queries)
	v := &view{cv: make([][]float32, 0, n), jd: make([][]float32, 0, n), cos: make([]float32, 0, n), gen: make(map[string]*generatedView)}
	for _, m := range models {
		v.gen[m] = &generatedView{mean: make([][]float32, 0, n), best: make([]float32, 0, n), average: make([]float32, 0, n)}
	}
	for _, q := range queries {
		c, j := w.encode(w.library.cv(q)), w.encode(w.library.jd(q))
		v.cv, v.jd, v.cos = append(v.cv, c.vec), append(v.jd, j.vec), append(v.cos, float32(c.raw.dot(j.raw)))
		for _, m := range models {
			g, list := v.gen[m], w.library.list(q, m)
			texts := w.library.lists[list].texts
			if len(texts) == 0 {
				g.mean, g.best, g.average = append(g.mean, nil), append(g.best, 0), append(g.average, 0)
				continue
			}
			best, sum := math.Inf(-1), 0.0
			for _, t := range texts {
				cos := w.encode(t).raw.dot(j.raw)
				best, sum = max(best, cos), sum+cos
			}
			g.mean, g.best, g.average = append(g.mean, w.mean(list)), append(g.best, float32(best)), append(g.average, float32(sum/float64(len(texts))))
		}
	}
	return v
}

// mean is the mean encoding of a list of generated JDs.
func (w *viewer) mean(list int32) []float32 {
	for int(list) >= len(w.means) {
		w.means = append(w.means, nil)
	}
	if w.means[list] == nil {
		mean, texts := make([]float32, w.dim), w.library.lists[list].texts
		for _, t := range texts {
			for i, x := range w.encode(t).vec {
				mean[i] += x / float32(len(texts))
			}
		}
		w.means[list] = mean
	}
	return w.means[list]
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
