package results

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

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
func collect(rows iter.Seq2[ScoreRow, error], split string, keep func(SystemID) bool) (*testSet, error) {
	c := collector{cvs: numbering{index: map[string]uint32{}}, jds: numbering{index: map[string]uint32{}}, groups: numbering{index: map[string]uint32{}},
		index: map[uint64]uint32{}, runs: map[runID][]float64{}}
	n := 0
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		n++
		if r.Split != split || !keep(SystemID{r.Model, r.Predictor}) {
			continue
		}
		if err := c.add(r); err != nil {
			return nil, fmt.Errorf("score row %d: %w", n, err)
		}
	}
	return c.finish()
}

// collector holds pairs in columns, by order of their first rows: there may be millions.
type collector struct {
	cvs, jds, groups numbering
	index            map[uint64]uint32 // pair by the numbers of its ids → its place in the columns
	cv, jd, group    []uint32
	labels           []int8
	runs             map[runID][]float64 // NaN, or nothing at the end, where a pair has not been scored
}

type runID struct {
	SystemID
	seed int64
}

// numbering numbers strings by order of appearance.
type numbering struct {
	index map[string]uint32
	list  []string
}

func (n *numbering) id(name string) uint32 {
	id, ok := n.index[name]
	if !ok {
		id = uint32(len(n.list))
		name = strings.Clone(name) // a reader's string may keep its whole page alive
		n.index[name], n.list = id, append(n.list, name)
	}
	return id
}

// pair names the pair at a place.
func (c *collector) pair(at int) pairID { return pairID{c.cvs.list[c.cv[at]], c.jds.list[c.jd[at]]} }

func (c *collector) add(r ScoreRow) error {
	if err := r.check(); err != nil {
		return err
	}
	id := SystemID{r.Model, r.Predictor}
	cv, jd, group := c.cvs.id(r.CVID), c.jds.id(r.JDID), c.groups.id(r.group())
	key := uint64(cv)<<32 | uint64(jd)
	at, ok := c.index[key]
	if !ok {
		at = uint32(len(c.labels))
		c.index[key] = at
		c.cv, c.jd, c.group, c.labels = append(c.cv, cv), append(c.jd, jd), append(c.group, group), append(c.labels, int8(r.Label))
	}
	if int32(c.labels[at]) != r.Label {
		return fmt.Errorf("%s of %s has label %d, elsewhere %d", c.pair(int(at)), id, r.Label, c.labels[at])
	}
	if c.group[at] != group {
		return fmt.Errorf("%s of %s has cv_group %q, elsewhere %q", c.pair(int(at)), id, r.group(), c.groups.list[c.group[at]])
	}
	run := runID{id, r.Seed}
	scores := c.runs[run]
	for len(scores) <= int(at) {
		scores = append(scores, math.NaN())
	}
	if !math.IsNaN(scores[at]) {
		return fmt.Errorf("%s is scored twice by %s, seed %d", c.pair(int(at)), id, r.Seed)
	}
	scores[at] = r.Score
	c.runs[run] = scores
	return nil
}

// finish puts the pairs in the order of their ids.
func (c *collector) finish() (*testSet, error) {
	n := len(c.labels)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := c.pair(i), c.pair(j)
		return cmp.Or(cmp.Compare(a.cv, b.cv), cmp.Compare(a.jd, b.jd))
	})
	set := &testSet{pairs: make([]pairID, n), labels: make([]int, n), systems: map[SystemID]*systemScores{}}
	groups := make([]uint32, n)
	for i, at := range order {
		set.pairs[i], set.labels[i], groups[i] = c.pair(at), int(c.labels[at]), c.group[at]
	}
	set.clusters = eval.ClusterIDs(groups)
	runs := slices.SortedFunc(maps.Keys(c.runs), func(a, b runID) int {
		return cmp.Or(compareIDs(a.SystemID, b.SystemID), cmp.Compare(a.seed, b.seed))
	})
	for _, run := range runs {
		all := c.runs[run]
		delete(c.runs, run)
		scores := make([]float64, n)
		for i, at := range order {
			if at >= len(all) || math.IsNaN(all[at]) {
				return nil, fmt.Errorf("%s is not scored by %s, seed %d: systems are compared on the same pairs only", set.pairs[i], run.SystemID, run.seed)
			}
			scores[i] = all[at]
		}
		s := set.systems[run.SystemID]
		if s == nil {
			s = &systemScores{}
			set.systems[run.SystemID] = s
		}
		s.seeds = append(s.seeds, run.seed)
		s.scores = append(s.scores, scores)
	}
	return set, nil
}

// either gives the rows of the one source that is there.
func either(rows []ScoreRow, stream iter.Seq2[ScoreRow, error]) (iter.Seq2[ScoreRow, error], error) {
	switch {
	case stream == nil:
		return each(rows), nil
	case rows != nil:
		return nil, errors.New("Scores and Stream are both given: give one")
	}
	return stream, nil
}

// each goes through rows in memory as if they were read from a file.
func each(rows []ScoreRow) iter.Seq2[ScoreRow, error] {
	return func(yield func(ScoreRow, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}
