package recommend

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The models and predictors of the experiment, and the baselines, which have no predictor.
const (
	Base    = "Base"
	GIRLSFT = "GIRL-SFT"
	GIRL    = "GIRL"

	MLPPredictor = "MLP"
	DotPredictor = "Dot"

	TFIDFCosine = "TF-IDF cosine"
	JDPrior     = "JD-id prior"
	CVPrior     = "CV-id prior"
	LogReg      = "LR on TF-IDF"
)

// Key names a matcher or a baseline.
type Key struct {
	Model     string // Base, GIRLSFT, GIRL or another model with generated JDs, or a baseline
	Predictor string // MLPPredictor or DotPredictor, empty for a baseline
}

func (k Key) String() string {
	if k.Predictor == "" {
		return k.Model
	}
	return k.Model + " (" + k.Predictor + ")"
}

// Pair is one decision.
type Pair struct {
	CVID, JDID string
	Label      int // 1 matched, 0 mismatched
}

// Data is what the matchers are trained and judged on.
type Data struct {
	CVs, JDs           map[string]string // texts by id
	Train, Valid, Test []Pair

	// Groups puts near-duplicate CVs together, so that no group straddles two folds. A CV that is not listed is a group of its own.
	Groups map[string]int

	// Generated holds the generated JDs of a CV by model (GIRLSFT, GIRL, or any other name) and CV id. Each model gets matchers
	// of its own; a CV without an entry has none, as it should be for the CVs whose pairs trained the generator, whose JDs
	// would leak labels.
	Generated map[string]map[string][]string
}

// Query is a pair to score, ids optional: without them the priors answer with the overall rate.
type Query struct {
	CVID, JDID string
	CV, JD     string              // texts
	Generated  map[string][]string // generated JDs by model; may be empty
}

// models are Base and the models with generated JDs, in the order of the table, others by name after them.
func (d *Data) models() []string {
	out := []string{Base}
	for _, m := range []string{GIRLSFT, GIRL} {
		if _, ok := d.Generated[m]; ok {
			out = append(out, m)
		}
	}
	for _, m := range sortedKeys(d.Generated) {
		if m != GIRLSFT && m != GIRL {
			out = append(out, m)
		}
	}
	return out
}

// query resolves a pair's texts.
func (d *Data) query(p Pair) Query {
	q := Query{CVID: p.CVID, JDID: p.JDID, CV: d.CVs[p.CVID], JD: d.JDs[p.JDID]}
	for m, byCV := range d.Generated {
		if texts := byCV[p.CVID]; len(texts) > 0 {
			if q.Generated == nil {
				q.Generated = make(map[string][]string, len(d.Generated))
			}
			q.Generated[m] = texts
		}
	}
	return q
}

// validate refuses what cannot be trained on.
func (d *Data) validate() error {
	for m := range d.Generated {
		if m == "" || m == Base || slices.ContainsFunc(baselineKeys, func(k Key) bool { return k.Model == m }) {
			return fmt.Errorf("recommend: generated JDs of a model called %q: the name is taken by what has none", m)
		}
	}
	seen := make(map[Pair]string)
	for _, part := range []struct {
		name  string
		pairs []Pair
		both  bool
	}{{"training", d.Train, true}, {"validation", d.Valid, false}, {"test", d.Test, false}} {
		if len(part.pairs) == 0 && part.name != "test" {
			return fmt.Errorf("recommend: there are no %s pairs", part.name)
		}
		var count [2]int
		for _, p := range part.pairs {
			if p.Label != 0 && p.Label != 1 {
				return fmt.Errorf("recommend: %s pair %s, %s has label %d, which is neither 0 nor 1", part.name, p.CVID, p.JDID, p.Label)
			}
			count[p.Label]++
			if d.CVs[p.CVID] == "" {
				return fmt.Errorf("recommend: %s pair %s, %s: there is no text of that CV", part.name, p.CVID, p.JDID)
			}
			if d.JDs[p.JDID] == "" {
				return fmt.Errorf("recommend: %s pair %s, %s: there is no text of that JD", part.name, p.CVID, p.JDID)
			}
			id := Pair{CVID: p.CVID, JDID: p.JDID}
			if other, ok := seen[id]; ok && other != part.name {
				return fmt.Errorf("recommend: pair %s, %s is both a %s and a %s pair", p.CVID, p.JDID, other, part.name)
			}
			seen[id] = part.name
		}
		if part.both && (count[0] == 0 || count[1] == 0) {
			return errors.New("recommend: the training pairs are of one class only")
		}
	}
	return nil
}

// group is the near-duplicate group of a CV, as a comparable value.
func (d *Data) group(cvID string) string {
	if g, ok := d.Groups[cvID]; ok {
		return fmt.Sprintf("group %d", g)
	}
	return "cv " + cvID
}

// sortedKeys lists a map's keys in order: maps have none of their own, and results must not depend on it.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
