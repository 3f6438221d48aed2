package results

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"genjobrec/eval"
)

// SystemID names a scored system.
type SystemID struct {
	Model     string
	Predictor string // empty where the model has only one
}

// String is "Model (Predictor)".
func (id SystemID) String() string {
	if id.Predictor == "" {
		return id.Model
	}
	return id.Model + " (" + id.Predictor + ")"
}

func compareIDs(a, b SystemID) int {
	return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Predictor, b.Predictor))
}

// testSet holds the pairs of a split, in the order of their ids, and what each system says about them.
type testSet struct {
	pairs    []pairID
	labels   []int
	clusters []int
	systems  map[SystemID]*systemScores
}

// systemScores are the scores of one system: scores[i] belongs to seeds[i], and seeds rise.
type systemScores struct {
	seeds  []int64
	scores [][]float64
}

type pairID struct{ cv, jd string }

func (p pairID) String() string { return fmt.Sprintf("cv_id %q, jd_id %q", p.cv, p.jd) }

// collect arranges score rows of a split by pair, system and seed; the order of the rows does not
// matter. Every kept system and seed must have scored exactly the same pairs: a missing or doubled
// pair, or two labels or groups for one pair, is an error that names it.
func collect(rows []ScoreRow, split string, keep func(SystemID) bool) (*testSet, error) {
	index := map[pairID]int{}
	var pairs []pairID
	var first []ScoreRow // the first row of each pair
	for i, r := range rows {
		id := SystemID{r.Model, r.Predictor}
		if r.Split != split || !keep(id) {
			continue
		}
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("score row %d: %w", i+1, err)
		}
		p := pairID{r.CVID, r.JDID}
		at, ok := index[p]
		if !ok {
			index[p] = len(pairs)
			pairs, first = append(pairs, p), append(first, r)
			continue
		}
		if first[at].Label != r.Label {
			return nil, fmt.Errorf("score row %d: %s of %s has label %d, elsewhere %d", i+1, p, id, r.Label, first[at].Label)
		}
		if first[at].group() != r.group() {
			return nil, fmt.Errorf("score row %d: %s of %s has cv_group %q, elsewhere %q", i+1, p, id, r.group(), first[at].group())
		}
	}
	slices.SortFunc(pairs, func(a, b pairID) int {
		return cmp.Or(cmp.Compare(a.cv, b.cv), cmp.Compare(a.jd, b.jd))
	})
	set := &testSet{pairs: pairs, systems: map[SystemID]*systemScores{}}
	groups := make([]string, len(pairs))
	position := make(map[pairID]int, len(pairs))
	for i, p := range pairs {
		r := first[index[p]]
		set.labels = append(set.labels, int(r.Label))
		groups[i] = r.group()
		position[p] = i
	}
	set.clusters = eval.ClusterIDs(groups)

	type runID struct {
		SystemID
		seed int64
	}
	runs := map[runID][]float64{}
	for i, r := range rows {
		id := SystemID{r.Model, r.Predictor}
		if r.Split != split || !keep(id) {
			continue
		}
		run := runID{id, r.Seed}
		scores, ok := runs[run]
		if !ok {
			scores = make([]float64, len(pairs))
			for j := range scores {
				scores[j] = math.NaN() // not seen yet
			}
			runs[run] = scores
		}
		p := pairID{r.CVID, r.JDID}
		if at := position[p]; math.IsNaN(scores[at]) {
			scores[at] = r.Score
		} else {
			return nil, fmt.Errorf("score row %d: %s is scored twice by %s, seed %d", i+1, p, id, r.Seed)
		}
	}
	order := make([]runID, 0, len(runs))
	for run := range runs {
		order = append(order, run)
	}
	slices.SortFunc(order, func(a, b runID) int {
		return cmp.Or(compareIDs(a.SystemID, b.SystemID), cmp.Compare(a.seed, b.seed))
	})
	for _, run := range order {
		if at := slices.IndexFunc(runs[run], math.IsNaN); at >= 0 {
			return nil, fmt.Errorf("%s is not scored by %s, seed %d: systems are compared on the same pairs only", pairs[at], run.SystemID, run.seed)
		}
		s := set.systems[run.SystemID]
		if s == nil {
			s = &systemScores{}
			set.systems[run.SystemID] = s
		}
		s.seeds = append(s.seeds, run.seed)
		s.scores = append(s.scores, runs[run])
	}
	return set, nil
}
