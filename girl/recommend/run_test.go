package recommend

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustRun(t *testing.T, c Config, seed uint64, d Data) *Result {
	t.Helper()
	r, err := Run(context.Background(), newBackend(t), c, seed, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func modelBytes(t *testing.T, r *Result) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := r.Save(dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// liked writes a JD that offers the liked perk: what no CV tells.
func liked(rng *rand.Rand, perk string) []string {
	return []string{"we offer " + perk, perk + " for all"}
}

func TestSameSeedSameBytes(t *testing.T) {
	d := plantedData(60, 20, 4, 1, liked)
	first, second, other := mustRun(t, smallConfig(), 3, d), mustRun(t, smallConfig(), 3, d), mustRun(t, smallConfig(), 4, d)
	if !bytes.Equal(modelBytes(t, first), modelBytes(t, second)) {
		t.Error("two runs with one seed saved different models")
	}
	if diff := cmp.Diff(first.Scores, second.Scores); diff != "" {
		t.Errorf("two runs with one seed scored differently:\n%s", diff)
	}
	if cmp.Equal(first.Scores, other.Scores) {
		t.Error("two seeds gave the same scores")
	}
}

// Order of the generated JDs, of map entries and of pairs' texts must not matter; nor must blank JDs.
func TestOrderOfGeneratedJDs(t *testing.T) {
	d := plantedData(60, 20, 4, 1, func(rng *rand.Rand, perk string) []string {
		return []string{"we offer " + perk, "nurse wanted", perk + " for all filler1"}
	})
	e := plantedData(60, 20, 4, 1, func(rng *rand.Rand, perk string) []string {
		return []string{perk + " for all filler1", " ", "we offer " + perk, "nurse wanted", ""}
	})
	a, b := mustRun(t, smallConfig(), 3, d), mustRun(t, smallConfig(), 3, e)
	if diff := cmp.Diff(a.Scores, b.Scores); diff != "" {
		t.Errorf("the order of generated JDs changes the scores:\n%s", diff)
	}
}

// GIRL without a single generated JD is trained exactly as Base, whatever is masked.
func TestAbsentGeneratedJDsAreBase(t *testing.T) {
	d := plantedData(60, 20, 4, 1, noGenerated)
	r := mustRun(t, smallConfig(), 3, d)
	for _, predictor := range []string{MLPPredictor, DotPredictor} {
		base, girl := scoresOf(t, r, Key{Base, predictor}), scoresOf(t, r, Key{GIRL, predictor})
		if diff := cmp.Diff(base.Test, girl.Test); diff != "" {
			t.Errorf("%s: GIRL without generated JDs differs from Base:\n%s", predictor, diff)
		}
	}
}

// Generated JDs that tell the hidden taste must help; noise must not harm by much.
func TestPlantedSignal(t *testing.T) {
	c := smallConfig()
	c.Dim, c.Width, c.Members, c.MaxSteps, c.Trials, c.Patience = 24, 16, 3, 300, 4, 8
	backend := newBackend(t)
	run := func(generate func(*rand.Rand, string) []string) (base, girl map[string]float64) {
		d := plantedData(300, 40, 8, 1, generate)
		r, err := Run(context.Background(), backend, c, 1, d, nil)
		if err != nil {
			t.Fatal(err)
		}
		base, girl = map[string]float64{}, map[string]float64{}
		for _, p := range []string{MLPPredictor, DotPredictor} {
			base[p], girl[p] = auc(testLabels(d), scoresOf(t, r, Key{Base, p}).Test), auc(testLabels(d), scoresOf(t, r, Key{GIRL, p}).Test)
		}
		return base, girl
	}
	base, girl := run(liked)
	for p := range base {
		t.Logf("%s: Base %.3f, GIRL with telling JDs %.3f", p, base[p], girl[p])
		if girl[p] < base[p]+0.05 {
			t.Errorf("%s: telling JDs raise AUC from %.3f to %.3f only", p, base[p], girl[p])
		}
	}
	noiseBase, noise := run(func(rng *rand.Rand, _ string) []string {
		return []string{"we offer " + []string{"remote", "nightshift", "pension", "travel"}[rng.IntN(4)]}
	})
	for p := range noiseBase {
		t.Logf("%s: Base %.3f, GIRL with noise %.3f", p, noiseBase[p], noise[p])
		if noise[p] < noiseBase[p]-0.04 {
			t.Errorf("%s: noise lowers AUC from %.3f to %.3f", p, noiseBase[p], noise[p])
		}
	}
}

// A loaded model scores the test pairs as Run did, to the last bit; baselines included.
func TestSaveLoadScore(t *testing.T) {
	d := plantedData(60, 20, 4, 1, func(rng *rand.Rand, perk string) []string {
		if rng.IntN(2) == 0 {
			return nil
		}
		return liked(rng, perk)
	})
	r := mustRun(t, smallConfig(), 3, d)
	dir := t.TempDir()
	if err := r.Save(dir); err != nil {
		t.Fatal(err)
	}
	m, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var queries []Query
	for _, p := range d.Test {
		queries = append(queries, d.query(p))
	}
	// Another order: no score depends on the pairs beside it.
	slices.Reverse(queries)
	scores, err := newScorer(t, m).Score(context.Background(), queries)
	if err != nil {
		t.Fatal(err)
	}
	if len(scores) != len(r.Scores) {
		t.Errorf("%d scored models, want %d", len(scores), len(r.Scores))
	}
	for _, want := range r.Scores {
		got := slices.Clone(scores[want.Key])
		slices.Reverse(got)
		if diff := cmp.Diff(want.Test, got); diff != "" {
			t.Errorf("%v: the loaded model scores differently:\n%s", want.Key, diff)
		}
		for _, p := range slices.Concat(want.Valid, want.Test) {
			if !(p > 0 && p < 1) {
				t.Errorf("%v: probability %v", want.Key, p)
			}
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "broken")
	for _, broken := range [][]byte{nil, []byte("something else"), data[:len(data)/2], data[:len(data)-1]} {
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadModel(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("a file of %d bytes in place of %d: error %v does not name the file", len(broken), len(data), err)
		}
	}
	tuning, err := os.ReadFile(filepath.Join(dir, TuningFile))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := bytes.Count(tuning, []byte("\n")), 1+4*smallConfig().Trials; got != want {
		t.Errorf("tuning.csv has %d lines, want %d", got, want)
	}
}

// Every matcher sees the same settings, and exactly one is chosen: the one with the lowest LogLoss.
func TestTuningIsEqual(t *testing.T) {
	c := smallConfig()
	c.Trials = 5
	r := mustRun(t, c, 3, plantedData(60, 20, 4, 1, liked))
	byKey := map[Key][]TuningRow{}
	for _, row := range r.Tuning {
		byKey[row.Key] = append(byKey[row.Key], row)
	}
	if len(byKey) != 4 {
		t.Fatalf("%d matchers tuned, want 4", len(byKey))
	}
	want := byKey[Key{Base, MLPPredictor}]
	for k, rows := range byKey {
		chosen, best := 0, math.Inf(1)
		for i, row := range rows {
			if row.Trial != want[i].Trial {
				t.Errorf("%v: trial %d is %+v, want %+v as for the others", k, i, row.Trial, want[i].Trial)
			}
			if row.Chosen {
				chosen++
			}
			best = min(best, row.ValidLogLoss)
		}
		for _, row := range rows {
			if row.Chosen && row.ValidLogLoss != best {
				t.Errorf("%v: chose %v, the best is %v", k, row.ValidLogLoss, best)
			}
		}
		if chosen != 1 || len(rows) != c.Trials {
			t.Errorf("%v: %d of %d rows chosen", k, chosen, len(rows))
		}
	}
}

// Folds keep groups together, cover every labelled pair once, and their encoders know no word of a held CV alone.
func TestFolds(t *testing.T) {
	d := plantedData(60, 20, 4, 1, noGenerated)
	d.Groups = map[string]int{}
	for i, id := range sortedKeys(d.CVs) {
		d.Groups[id] = i / 2
	}
	c := smallConfig()
	c.Members, c.MinDF = 4, 1
	s := newExperiment(c, 9, &d)
	if err := s.encode(context.Background()); err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	for k, f := range s.folds {
		held := map[int]bool{}
		for _, q := range f.valid {
			seen[q]++
			held[d.Groups[s.queries[q].CVID]] = true
		}
		for _, q := range f.train {
			if held[d.Groups[s.queries[q].CVID]] {
				t.Errorf("fold %d: the group of %s is on both sides", k, s.queries[q].CVID)
			}
		}
		if len(f.train)+len(f.valid) != s.labelled {
			t.Errorf("fold %d: %d + %d pairs of %d", k, len(f.train), len(f.valid), s.labelled)
		}
		known := map[string]bool{}
		for _, term := range f.enc.Vectorizer.Terms {
			known[term] = true
		}
		for _, q := range f.valid { // each CV has its own "nameN"
			words := strings.Fields(s.queries[q].CV)
			if name := words[len(words)-1]; known[name] {
				t.Errorf("fold %d: its encoder knows %q of a held CV", k, name)
			}
		}
	}
	for q := range s.labelled {
		if seen[q] != 1 {
			t.Errorf("pair %d is held %d times", q, seen[q])
		}
	}
}

func TestBadInput(t *testing.T) {
	good := func() Data { return plantedData(30, 10, 3, 1, liked) }
	for _, tc := range []struct {
		name string
		edit func(*Config, *Data)
		want string
	}{
		{"label", func(_ *Config, d *Data) { d.Train[0].Label = 2 }, "label 2"},
		{"no CV text", func(_ *Config, d *Data) { d.Train[0].CVID = "nobody" }, "nobody"},
		{"no JD text", func(_ *Config, d *Data) { d.Valid[0].JDID = "nothing" }, "nothing"},
		{"no training pairs", func(_ *Config, d *Data) { d.Train = nil }, "no training pairs"},
		{"no validation pairs", func(_ *Config, d *Data) { d.Valid = nil }, "no validation pairs"},
		{"one class", func(_ *Config, d *Data) {
			for i := range d.Train {
				d.Train[i].Label = 1
			}
		}, "one class"},
		{"leak", func(_ *Config, d *Data) { d.Test = append(d.Test, d.Train[0]) }, "both a training and a test pair"},
		{"model without JDs", func(_ *Config, d *Data) { d.Generated = map[string]map[string][]string{Base: nil} }, `"Base"`},
		{"baseline", func(_ *Config, d *Data) { d.Generated = map[string]map[string][]string{TFIDFCosine: nil} }, `"TF-IDF cosine"`},
		{"nameless model", func(_ *Config, d *Data) { d.Generated = map[string]map[string][]string{"": nil} }, `""`},
		{"config", func(c *Config, _ *Data) { c.Trials = 0 }, "Trials"},
		{"config NaN", func(c *Config, _ *Data) { c.DropGenerated = math.NaN() }, "DropGenerated"},
		{"no terms", func(c *Config, _ *Data) { c.MinDF, c.MinDFShare = 1000, 1 }, "no term"},
	} {
		c, d := smallConfig(), good()
		tc.edit(&c, &d)
		if _, err := Run(context.Background(), newBackend(t), c, 1, d, nil); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", tc.name, err, tc.want)
		}
	}
}

func TestDivergenceIsAnError(t *testing.T) {
	d := plantedData(30, 10, 3, 1, noGenerated)
	s := newExperiment(smallConfig(), 1, &d)
	if err := s.encode(context.Background()); err != nil {
		t.Fatal(err)
	}
	ta := s.task(&s.tuning, Trial{LearningRate: 1e30}, Base, 0)
	a := arch{MLPPredictor, Base, 1, s.tuning.enc.Dim, 8}
	_, err := fit(context.Background(), newBackend(t), s.Config, a, []task{ta}, s.labels, 1)
	if err == nil || !strings.Contains(err.Error(), "loss is") || !strings.Contains(err.Error(), "step") {
		t.Errorf("error %v, want one that names the loss and the step", err)
	}
}

func TestCancel(t *testing.T) {
	c := smallConfig()
	c.MaxSteps, c.Patience = 1_000_000, 1_000_000
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := Run(ctx, newBackend(t), c, 1, plantedData(60, 20, 4, 1, liked), nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("cancelling took %v", took)
	}
}
