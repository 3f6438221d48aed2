package recommend

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Baselines are what a matcher has to beat: counting, comparing words, and regression on them.
type Baselines struct {
	Vectorizer *Vectorizer
	Platt      LinearModel // of the TF-IDF cosine, standardised
	Cosine     [2]float64  // its mean and standard deviation
	LogReg     LinearModel // on the TF-IDF vectors of CV and JD and their product, side by side
	C          float64     // LogReg's inverse penalty, chosen on the validation pairs
	Rate       float64     // share of matches
	JDs, CVs   []Count     // by id, ascending
	Strength   float64     // pseudo-pairs of the priors
}

// Count is how often an id's pairs matched.
type Count struct {
	ID             string
	Matched, Pairs int
}

// baselineKeys in the order of the table.
var baselineKeys = []Key{{Model: TFIDFCosine}, {Model: JDPrior}, {Model: CVPrior}, {Model: LogReg}}

// penalties are the values of C that LogReg is tried with.
var penalties = []float64{0.03, 0.1, 0.3, 1, 3}

// row returns a function that gives LogReg's input for a query, and the cosine. Each distinct text is made a vector once.
func (b *Baselines) row(corp *corpus) func(q Query) (row sparse, cosine float64) {
	vector := once(&corp.library, b.Vectorizer.transformer(corp))
	width := int32(len(b.Vectorizer.Terms))
	return func(q Query) (sparse, float64) {
		cv, jd := vector(corp.cv(q)), vector(corp.jd(q))
		product := cv.times(jd)
		n := len(cv.index) + len(jd.index) + len(product.index)
		row := sparse{index: make([]int32, 0, n), value: make([]float64, 0, n)}
		for i, part := range []sparse{cv, jd, product} {
			for k, col := range part.index {
				row.index = append(row.index, col+int32(i)*width)
				row.value = append(row.value, part.value[k])
			}
		}
		return row, cv.dot(jd)
	}
}

// rows are LogReg's inputs and the cosines.
func (b *Baselines) rows(corp *corpus, queries []Query) (rows []sparse, cosines []float64) {
	row := b.row(corp)
	for _, q := range queries {
		r, cosine := row(q)
		rows, cosines = append(rows, r), append(cosines, cosine)
	}
	return rows, cosines
}

// platt is the cosine as a row of one standardised column.
func (b *Baselines) platt(cosine float64) sparse {
	return sparse{index: []int32{0}, value: []float64{(cosine - b.Cosine[0]) / b.Cosine[1]}}
}

// fitBaselines fits on queries and labels. cs are the penalties to fit LogReg with; the last one's model is kept and the
// others come back too, in order.
func fitBaselines(ctx context.Context, c Config, corp *corpus, v *Vectorizer, queries []Query, labels []int, cs []float64) (*Baselines, []LinearModel, error) {
	b := &Baselines{Vectorizer: v, Strength: c.PriorStrength}
	rows, cosines := b.rows(corp, queries)
	var sum, squares, matched float64
	for i, x := range cosines {
		sum += x
		squares += x * x
		matched += float64(labels[i])
	}
	n := float64(len(cosines))
	b.Rate = matched / n
	b.Cosine[0] = sum / n
	b.Cosine[1] = math.Sqrt(max(squares/n-sum/n*sum/n, 1e-12))
	standard := make([]sparse, len(cosines))
	jds, cvs := make(map[string]Count), make(map[string]Count)
	for i, q := range queries {
		standard[i] = b.platt(cosines[i])
		tally(jds, q.JDID, labels[i])
		tally(cvs, q.CVID, labels[i])
	}
	for _, id := range sortedKeys(jds) {
		b.JDs = append(b.JDs, jds[id])
	}
	for _, id := range sortedKeys(cvs) {
		b.CVs = append(b.CVs, cvs[id])
	}
	var err error
	if b.Platt, err = fitLinear(ctx, standard, labels, 1, 1, nil); err != nil {
		return nil, nil, err
	}
	var fits []LinearModel
	var start *LinearModel
	for _, penalty := range cs {
		m, err := fitLinear(ctx, rows, labels, 3*len(v.Terms), penalty, start)
		if err != nil {
			return nil, nil, err
		}
		fits = append(fits, m)
		start, b.LogReg, b.C = &m, m, penalty
	}
	return b, fits, nil
}

func tally(counts map[string]Count, id string, label int) {
	c := counts[id]
	counts[id] = Count{ID: id, Matched: c.Matched + label, Pairs: c.Pairs + 1}
}

// scorer returns a function that gives each baseline's probabilities. It holds one query's input at a time, and the vectors of the
// distinct texts that it has seen.
func (b *Baselines) scorer(corp *corpus) func(queries []Query) map[Key][]float64 {
	row := b.row(corp)
	jds, cvs := make(map[string]Count, len(b.JDs)), make(map[string]Count, len(b.CVs))
	for _, c := range b.JDs {
		jds[c.ID] = c
	}
	for _, c := range b.CVs {
		cvs[c.ID] = c
	}
	return func(queries []Query) map[Key][]float64 {
		out := make(map[Key][]float64, len(baselineKeys))
		add := func(model string, p float64) {
			k := Key{Model: model}
			out[k] = append(out[k], p)
		}
		for _, q := range queries {
			r, cosine := row(q)
			add(TFIDFCosine, b.Platt.predict(b.platt(cosine)))
			add(JDPrior, b.prior(jds[q.JDID]))
			add(CVPrior, b.prior(cvs[q.CVID]))
			add(LogReg, b.LogReg.predict(r))
		}
		return out
	}
}

// prior is (matched + strength·rate) / (pairs + strength): the overall rate for an unknown id.
func (b *Baselines) prior(c Count) float64 {
	if float64(c.Pairs)+b.Strength == 0 {
		return b.Rate
	}
	return (float64(c.Matched) + b.Strength*b.Rate) / (float64(c.Pairs) + b.Strength)
}

// check reports loaded baselines whose parts do not fit together.
func (b *Baselines) check() bool {
	return b != nil && b.Vectorizer != nil && len(b.Vectorizer.IDF) == len(b.Vectorizer.Terms) &&
		len(b.LogReg.Weights) == 3*len(b.Vectorizer.Terms) && len(b.Platt.Weights) == 1
}

// chooseBaselines chooses C: fitted on the first train queries, judged by LogLoss on the others, then fitted on all of them. It
// also returns the probabilities that the first fit gives the others.
func chooseBaselines(ctx context.Context, c Config, corp *corpus, early, final *Vectorizer, queries []Query, labels []int, train int) (*Baselines, map[Key][]float64, error) {
	b, fits, err := fitBaselines(ctx, c, corp, early, queries[:train], labels[:train], penalties)
	if err != nil {
		return nil, nil, err
	}
	rows, _ := b.rows(corp, queries[train:])
	best, at := math.Inf(1), 0
	for i, m := range fits {
		var loss float64
		for k, r := range rows {
			p := m.predict(r)
			if labels[train+k] == 0 {
				p = 1 - p
			}
			loss -= math.Log(max(p, 1e-300))
		}
		if loss < best {
			best, at = loss, i
		}
	}
	b.LogReg, b.C = fits[at], penalties[at]
	valid := b.scorer(corp)(queries[train:])
	b, _, err = fitBaselines(ctx, c, corp, final, queries, labels, penalties[at:at+1])
	return b, valid, err
}

// KnowsCV reports whether a CV's id is among the training and validation pairs.
func (b *Baselines) KnowsCV(id string) bool { return known(b.CVs, id) }

// KnowsJD reports whether a JD's id is among the training and validation pairs.
func (b *Baselines) KnowsJD(id string) bool { return known(b.JDs, id) }

func known(counts []Count, id string) bool {
	_, found := slices.BinarySearchFunc(counts, id, func(c Count, id string) int { return cmp.Compare(c.ID, id) })
	return found
}
