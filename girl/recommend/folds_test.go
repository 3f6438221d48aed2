package recommend

import (
	"context"
	"math"
	"testing"
)

// Cosines are standardised by the training side of a fold: over its pairs they have mean 0 and variance 1, over the held pairs they
// have not.
func TestMomentsAreThoseOfTheTrainingPairs(t *testing.T) {
	d := plantedData(60, 20, 4, 1, liked)
	c := smallConfig()
	c.Members = 3
	s := newExperiment(c, 2, &d)
	if err := s.encode(context.Background()); err != nil {
		t.Fatal(err)
	}
	for k := range s.folds {
		f := &s.folds[k]
		task := s.task(f, Trial{}, GIRL, k)
		for i, cosines := range [][]float32{f.view.cos, f.view.gen[GIRL].best, f.view.gen[GIRL].average} {
			standard := func(list []int) (mean, variance float64) {
				for _, q := range list {
					mean += float64((cosines[q]-task.moments.Mean[i])*task.moments.Scale[i]) / float64(len(list))
				}
				for _, q := range list {
					x := float64((cosines[q]-task.moments.Mean[i])*task.moments.Scale[i]) - mean
					variance += x * x / float64(len(list))
				}
				return mean, variance
			}
			if mean, variance := standard(f.train); !near(mean, 0, 1e-4) || !near(variance, 1, 1e-4) {
				t.Errorf("fold %d, cosine %d: mean %.5f and variance %.5f over the training pairs", k, i, mean, variance)
			}
			if mean, _ := standard(f.valid); math.Abs(mean) < 1e-3 {
				t.Errorf("fold %d, cosine %d: mean %.5f over the held pairs: the test shows nothing", k, i, mean)
			}
		}
	}
}

// A validation pair's score is that of the one member that was not trained on its CV, by itself.
func TestValidationScoresAreOutOfFold(t *testing.T) {
	d := plantedData(60, 20, 4, 1, liked)
	c := smallConfig()
	c.Members, c.Trials, c.MaxSteps = 3, 1, 30
	r := mustRun(t, c, 3, d)
	s := newExperiment(c, 3, &d)
	if err := s.encode(context.Background()); err != nil {
		t.Fatal(err)
	}
	var views []*view
	for _, f := range s.folds {
		views = append(views, f.view)
	}
	for _, m := range r.Model.Matchers {
		want := scoresOf(t, r, m.Key).Valid
		compared := 0
		for k, f := range s.folds {
			alone := m
			alone.Members = m.Members[k : k+1]
			n, err := alone.network(newBackend(t), c.Width)
			if err != nil {
				t.Fatal(err)
			}
			got, err := alone.score(context.Background(), n, views, s.encoders, f.valid)
			n.close()
			if err != nil {
				t.Fatal(err)
			}
			for i, q := range f.valid {
				if q < len(d.Train) {
					continue
				}
				compared++
				if p := want[q-len(d.Train)]; !near(p, got[i], 1e-5) {
					t.Fatalf("%v: validation pair %d has score %.6f, the member that held it out says %.6f", m.Key, q-len(d.Train), p, got[i])
				}
			}
		}
		if compared != len(d.Valid) {
			t.Errorf("%v: %d of %d validation pairs are held out", m.Key, compared, len(d.Valid))
		}
	}
}
