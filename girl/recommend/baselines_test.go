package recommend

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// randomRows draws rows of a few of the columns, and labels that follow the first column.
func randomRows(n, columns int) (rows []sparse, labels []int) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range n {
		var r sparse
		for j := range columns {
			if rng.IntN(2) == 0 {
				r.index, r.value = append(r.index, int32(j)), append(r.value, rng.NormFloat64())
			}
		}
		label := 0
		if len(r.index) > 0 && r.index[0] == 0 && r.value[0]+rng.NormFloat64() > 0 {
			label = 1
		}
		rows, labels = append(rows, r), append(labels, label)
	}
	return rows, labels
}

func TestLinearGradientAgainstFiniteDifferences(t *testing.T) {
	rows, labels := randomRows(20, 5)
	theta := []float64{0.3, -0.2, 0.5, 1, -1, 0.1}
	grad := make([]float64, len(theta))
	linearLoss(theta, rows, labels, 0.7, grad)
	for j := range theta {
		const h = 1e-6
		old := theta[j]
		theta[j] = old + h
		up := linearLoss(theta, rows, labels, 0.7, nil)
		theta[j] = old - h
		down := linearLoss(theta, rows, labels, 0.7, nil)
		theta[j] = old
		if want := (up - down) / (2 * h); !near(grad[j], want, 1e-6*max(1, math.Abs(want))) {
			t.Errorf("gradient %d is %v, want %v", j, grad[j], want)
		}
	}
}

// At the minimum the gradient vanishes; a warm start ends at the same place.
func TestFitLinear(t *testing.T) {
	rows, labels := randomRows(200, 5)
	cold, err := fitLinear(context.Background(), rows, labels, 5, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	grad := make([]float64, 6)
	linearLoss(append(append([]float64(nil), cold.Weights...), cold.Bias), rows, labels, 2, grad)
	for j, g := range grad {
		if !near(g, 0, 0.05) { // of 200 terms of order 1
			t.Errorf("gradient %d at the minimum is %v", j, g)
		}
	}
	warm, err := fitLinear(context.Background(), rows, labels, 5, 2, &LinearModel{Weights: []float64{1, 1, 1, 1, 1}, Bias: 1})
	if err != nil {
		t.Fatal(err)
	}
	for j := range cold.Weights {
		if !near(cold.Weights[j], warm.Weights[j], 1e-2) {
			t.Errorf("weight %d is %v from zero and %v from elsewhere", j, cold.Weights[j], warm.Weights[j])
		}
	}
}

// Labels of two ids and the rate 3/5; with strength 2 the prior is (matched + 2·3/5) / (pairs + 2).
func TestPriors(t *testing.T) {
	c := DefaultConfig()
	c.MinDF, c.MaxDFShare = 1, 1
	var queries []Query
	var labels []int
	for _, q := range []struct {
		cv, jd string
		label  int
	}{{"a", "x", 1}, {"a", "y", 1}, {"b", "x", 1}, {"b", "y", 0}, {"c", "x", 0}} {
		queries = append(queries, Query{CVID: q.cv, JDID: q.jd, CV: "cv of " + q.cv + q.cv, JD: "job " + q.jd + q.jd})
		labels = append(labels, q.label)
	}
	corp := newCorpus()
	v, err := fitVectorizer(c, corp, []string{queries[0].CV, queries[0].JD})
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := fitBaselines(context.Background(), c, corp, v, queries, labels, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	got := b.scorer(corp)([]Query{{CVID: "a", JDID: "x"}, {CVID: "new", JDID: "new"}, {CVID: "c", JDID: "y"}})
	for i, want := range []struct{ cv, jd float64 }{
		{(2 + 1.2) / 4, (2 + 1.2) / 5},
		{0.6, 0.6},
		{(0 + 1.2) / 3, (1 + 1.2) / 4},
	} {
		if g := got[Key{Model: CVPrior}][i]; !near(g, want.cv, exact) {
			t.Errorf("query %d: CV prior %v, want %v", i, g, want.cv)
		}
		if g := got[Key{Model: JDPrior}][i]; !near(g, want.jd, exact) {
			t.Errorf("query %d: JD prior %v, want %v", i, g, want.jd)
		}
	}
}

// The baselines find what is planted: CV and JD match if they name the same trade, one label in twenty apart.
func TestBaselinesLearn(t *testing.T) {
	d := plantedData(300, 40, 8, 1, noGenerated)
	rng := rand.New(rand.NewPCG(5, 6))
	for _, part := range [][]Pair{d.Train, d.Valid, d.Test} {
		for i, p := range part {
			same := strings.Fields(d.CVs[p.CVID])[0] == strings.Fields(d.JDs[p.JDID])[0]
			if part[i].Label = 0; same != (rng.Float64() < 0.05) {
				part[i].Label = 1
			}
		}
	}
	s := newExperiment(smallConfig(), 1, &d)
	if err := s.encode(context.Background()); err != nil {
		t.Fatal(err)
	}
	b, valid, err := chooseBaselines(context.Background(), s.Config, s.corpus, s.tuning.enc.Vectorizer, s.vectorizer, s.queries[:s.labelled], s.labels, len(d.Train))
	if err != nil {
		t.Fatal(err)
	}
	test := b.scorer(s.corpus)(s.queries[s.labelled:])
	for _, model := range []string{TFIDFCosine, LogReg} {
		if got := auc(testLabels(d), test[Key{Model: model}]); got < 0.8 {
			t.Errorf("%s: AUC %.3f", model, got)
		}
		if got := auc(s.labels[len(d.Train):], valid[Key{Model: model}]); got < 0.8 {
			t.Errorf("%s: validation AUC %.3f", model, got)
		}
	}
	if got := auc(testLabels(d), test[Key{Model: CVPrior}]); got != 0.5 {
		t.Errorf("CV prior of new CVs: AUC %v, want 0.5", got)
	}
}

// LogReg's columns are the CV's terms, the JD's and the products', one block after the other.
func TestLogRegRows(t *testing.T) {
	b := &Baselines{Vectorizer: &Vectorizer{Terms: []string{"aa", "bb", "cc"}, IDF: []float64{1, 1, 1}}}
	rows, cosines := b.rows(newCorpus(), []Query{{CV: "aa cc", JD: "cc"}})
	half := 1 / math.Sqrt2
	want := sparse{index: []int32{0, 2, 3 + 2, 6 + 2}, value: []float64{half, half, 1, half}}
	if !slices.Equal(rows[0].index, want.index) {
		t.Errorf("columns %v, want %v", rows[0].index, want.index)
	}
	for i, v := range rows[0].value {
		if !near(v, want.value[i], exact) {
			t.Errorf("values %v, want %v", rows[0].value, want.value)
		}
	}
	if !near(cosines[0], half, exact) {
		t.Errorf("cosine %v, want %v", cosines[0], half)
	}
}
