package girl

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"genjobrec/datasets"
	"genjobrec/datasets/market"
	bench "genjobrec/girl/internal/measure"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// BenchmarkPairs opens a dataset of 2,000 CVs and 2,000 JDs with ever more pairs as a stream, splits it, scores the test pairs with the six
// matchers, three generated JDs a CV and writer, and the baselines, and judges the scores as the tables do: bootstrap by CV group with 2,000
// resamples, DeLong, calibration. Ten times the pairs should take at most ten times as long and 1.2 times the memory, in any order.
func BenchmarkPairs(b *testing.B) {
	const texts = 2000
	m, err := market.New(market.Params{Seed: 1, CVs: texts, JDs: texts, PairsPerCV: 10})
	if err != nil {
		b.Fatal(err)
	}
	base := m.Dataset()
	generated := someGenerated(base)
	scorer := smallScorer(b, base, generated)
	rng := rand.New(rand.NewPCG(1, 1))
	decide := func(cv, jd string) int {
		if p, err := m.Accept(cv, jd); err != nil {
			b.Fatal(err)
		} else if rng.Float64() < p {
			return 1
		}
		return 0
	}
	for _, c := range []struct {
		pairs    int
		shuffled bool // else in the order of the CVs
	}{{10_000, false}, {100_000, false}, {1_000_000, false}, {1_000_000, true}} {
		name := fmt.Sprintf("pairs=%d", c.pairs)
		if c.shuffled {
			name += "/shuffled"
		}
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			writePairs(b, dir, base, c.pairs, c.shuffled, decide)
			bench.Peak(b, c.pairs, func() error { return loadSplitScore(b.Context(), scorer, generated, dir) })
		})
	}
}

// someGenerated stands for what the writers write: three JDs a CV and model.
func someGenerated(ds *datasets.Dataset) map[string]map[string][]string {
	rng := rand.New(rand.NewPCG(2, 2))
	out := map[string]map[string][]string{modelSFT: {}, modelGIRL: {}}
	for _, model := range []string{modelSFT, modelGIRL} {
		for _, cv := range ds.CVs {
			for range 3 {
				out[model][cv.ID] = append(out[model][cv.ID], ds.JDs[rng.IntN(len(ds.JDs))].Text)
			}
		}
	}
	return out
}

// writePairs writes a dataset of n random pairs of the given texts.
func writePairs(b *testing.B, dir string, base *datasets.Dataset, n int, shuffled bool, decide func(cv, jd string) int) {
	rng := rand.New(rand.NewPCG(1, 1))
	ds := &datasets.Dataset{Name: "pairs", CVs: base.CVs, JDs: base.JDs}
	perCV := n / len(ds.CVs)
	for _, cv := range ds.CVs {
		for _, j := range rng.Perm(len(ds.JDs))[:perCV] {
			ds.Pairs = append(ds.Pairs, datasets.Pair{CVID: cv.ID, JDID: ds.JDs[j].ID, Label: decide(cv.ID, ds.JDs[j].ID)})
		}
	}
	if shuffled {
		rng.Shuffle(len(ds.Pairs), func(i, j int) { ds.Pairs[i], ds.Pairs[j] = ds.Pairs[j], ds.Pairs[i] })
	}
	if err := datasets.Write(dir, ds); err != nil {
		b.Fatal(err)
	}
}

// smallScorer has matchers that were trained for a moment.
func smallScorer(b *testing.B, ds *datasets.Dataset, generated map[string]map[string][]string) *recommend.Scorer {
	c := recommend.DefaultConfig()
	c.Members, c.Trials, c.MaxSteps, c.EvalEvery = 2, 1, 20, 20
	data := recommend.Data{CVs: ds.CVText(), JDs: ds.JDText(), Generated: generated}
	pairs := matcherPairs(ds.Pairs)
	data.Train, data.Valid = pairs[:2000], pairs[2000:2500]
	backend, err := bench.Backend()
	if err != nil {
		b.Fatal(err)
	}
	r, err := recommend.Run(b.Context(), backend, c, 1, data, nil)
	if err != nil {
		b.Fatal(err)
	}
	s, err := r.Model.NewScorer(backend)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	// All encodings are there from the start, as they belong to the texts, of which the smallest dataset's test pairs do not name all.
	queries := make([]recommend.Query, len(ds.CVs))
	for i, cv := range ds.CVs {
		queries[i] = recommend.Query{CVID: cv.ID, JDID: ds.JDs[i].ID, CV: cv.Text, JD: ds.JDs[i].Text,
			Generated: map[string][]string{modelSFT: generated[modelSFT][cv.ID], modelGIRL: generated[modelGIRL][cv.ID]}}
	}
	if _, err := s.Score(b.Context(), queries); err != nil {
		b.Fatal(err)
	}
	return s
}

func loadSplitScore(ctx context.Context, scorer *recommend.Scorer, generated map[string]map[string][]string, dir string) error {
	ds, err := datasets.OpenStream(ctx, dir)
	if err != nil {
		return err
	}
	c, err := NewConfig("default", nil)
	if err != nil {
		return err
	}
	a, err := ds.Assign(c.splitOptions())
	if err != nil {
		return err
	}
	path := filepath.Join(dir, scoresFile)
	w, err := results.CreateScores(path)
	if err != nil {
		return err
	}
	defer w.Abort()
	p := newPairScorer(scorer, ds, generated)
	test := make([]datasets.Pair, 0, 1024)
	score := func() error {
		defer func() { test = test[:0] }()
		return p.score(ctx, test, func(row *results.ScoreRow, x datasets.Pair) {
			row.Split, row.ColdCV, row.CVGroup = string(datasets.Test), true, fmt.Sprintf("g%d", a.Group[x.CVID])
		}, w)
	}
	if err := ds.Pairs(ctx, func(run []datasets.Pair) error {
		for _, x := range run {
			if a.Split[x.CVID] != datasets.Test {
				continue
			}
			if test = append(test, x); len(test) == cap(test) {
				if err := score(); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := score(); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	var systems []results.SystemID
	for _, model := range []string{recommend.TFIDFCosine, recommend.JDPrior, recommend.CVPrior, recommend.LogReg} {
		systems = append(systems, results.SystemID{Model: model})
	}
	_, err = results.Compare(results.CompareInput{Stream: results.Scores(path), Systems: append(systems, results.Matchers()...)})
	return err
}
