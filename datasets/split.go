package datasets

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// SplitOptions says how Assign splits. The shares count CVs, not pairs.
type SplitOptions struct {
	Seed           uint64  // drawing of the groups; any value
	ValidShare     float64 // validation's share, in [0,1): of all CVs; of the CVs outside the test set where that is given; 0: no validation
	TestShare      float64 // test's share of all CVs, in [0,1); ignored where the test set is given; 0: no test
	GeneratorShare float64 // share of the training CVs whose pairs SFT and the reward model may see, in [0,1]
	MaxValid       int     // about how many CVs validation is to hold at most where it is drawn, as groups stay whole; 0: no limit
	MaxTest        int     // the same of test
	NearDuplicate  float64 // Jaccard similarity in (0,1] from which CVs are grouped; 0: DefaultNearDuplicate
}

// Assignment is the outcome of Assign.
type Assignment struct {
	Split     map[string]Split // cv_id → its split
	Generator map[string]bool  // training CVs whose labelled pairs SFT and the reward model may see
	Group     map[string]int   // cv_id → near-duplicate group, from 0 in order of the least cv_id
	Notes     []string         // what a reader of the results must know
}

// Assign gives every CV of a dataset to a split, whole near-duplicate groups at a time.
//
// Where the split comes from:
//
//   - test given (an explicit test set): its pairs are Test; the pairs of ds are Train, or Valid where
//     ds has a split column that says so. The Assignment then speaks of Merge(ds, test).
//   - ds has a split column: it rules. If it names no validation pairs, validation is carved from training.
//   - otherwise groups are drawn at random by Seed.
//
// A CV or a group that an explicit split puts on two sides is a *LeakageError. A JD on both sides is normal.
// CVs without pairs follow their group, or else count as any other in a random draw and as
// training under an explicit split. Every split that was asked for must hold both classes, and the
// generator's share too; otherwise a *DataError names it. The same seed gives the same assignment
// whatever the order of the rows.
func Assign(ds *Dataset, test *Dataset, o SplitOptions) (*Assignment, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	given, err := explicitSplits(ds, test)
	if err != nil {
		return nil, err
	}
	all := ds
	if test != nil {
		if all, err = Merge(ds, test); err != nil {
			return nil, err
		}
	}
	return assign(all.Name, all.CVs, given, o, func(yield func(labelled) bool) {
		for _, p := range all.Pairs {
			if !yield(labelled{p.CVID, p.JDID, p.Label, 1}) {
				return
			}
		}
	})
}

// labelled are pairs of one CV with one label.
type labelled struct {
	cvID, jdID   string // the JD of the first of them, for a message
	label, pairs int
}

// assign divides CVs by the splits that their pairs name, if they do, or else at random.
func assign(name string, cvs []CV, given map[string]map[Split]bool, o SplitOptions, pairs iter.Seq[labelled]) (*Assignment, error) {
	groups, err := groupCVs(cvs, o.NearDuplicate)
	if err != nil {
		return nil, err
	}
	a := &Assignment{Split: map[string]Split{}, Generator: map[string]bool{}, Group: map[string]int{}}
	for i, g := range groups {
		for _, cv := range g {
			a.Group[cv.ID] = i
		}
	}
	a.noteGroups(groups)
	rng := rand.New(rand.NewPCG(o.Seed, 0x6a6f62726563)) // the second word only keeps this stream apart

	if given == nil {
		left := a.draw(rng, groups, Test, a.target(Test, o.TestShare, len(cvs), o.MaxTest))
		left = a.draw(rng, left, Valid, a.target(Valid, o.ValidShare, len(cvs), o.MaxValid))
		a.rest(left)
	} else if err := a.follow(rng, groups, given, o); err != nil {
		return nil, err
	}
	a.drawGenerator(rng, groups, o.GeneratorShare)
	a.noteUnlabelled(len(cvs), pairs)
	if err := a.checkClasses(name, pairs, o, given); err != nil {
		return nil, err
	}
	return a, nil
}

func (o SplitOptions) check() error {
	for _, f := range []struct {
		name  string
		value float64
	}{{"ValidShare", o.ValidShare}, {"TestShare", o.TestShare}, {"GeneratorShare", o.GeneratorShare}, {"NearDuplicate", o.NearDuplicate}} {
		if !(f.value >= 0 && f.value <= 1) {
			return fmt.Errorf("split options: %s is %v, expected a number in [0,1]", f.name, f.value)
		}
	}
	if o.MaxValid < 0 || o.MaxTest < 0 {
		return fmt.Errorf("split options: MaxValid %d and MaxTest %d must not be negative", o.MaxValid, o.MaxTest)
	}
	if s := o.ValidShare + o.TestShare; s >= 1 {
		return fmt.Errorf("split options: ValidShare %v and TestShare %v leave nothing for training", o.ValidShare, o.TestShare)
	}
	return nil
}

// groupCVs returns the near-duplicate groups in order of their least id, members in order of id.
func groupCVs(cvs []CV, threshold float64) ([][]CV, error) {
	cvs = slices.SortedFunc(slices.Values(cvs), func(a, b CV) int { return cmp.Compare(a.ID, b.ID) })
	texts := make([]string, len(cvs))
	for i, cv := range cvs {
		if i > 0 && cv.ID == cvs[i-1].ID {
			return nil, &DataError{Column: "cv_id", ID: cv.ID, Msg: "duplicate id"}
		}
		texts[i] = cv.Text
	}
	var groups [][]CV
	for i, g := range NearDuplicateGroups(texts, threshold) {
		if g == len(groups) {
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], cvs[i])
	}
	return groups, nil
}

// target is how many CVs a drawn split is to hold: its share of n, but no more than limit where there is one.
func (a *Assignment) target(s Split, share float64, n, limit int) float64 {
	target := share * float64(n)
	if limit <= 0 || target <= float64(limit) {
		return target
	}
	a.Notes = append(a.Notes, fmt.Sprintf("split %s is limited to about %d CVs instead of %.0f; the others are for training", s, limit, target))
	return float64(limit)
}

// draw moves groups at random to split s until it holds about target CVs, and returns the groups left over
// in their old order. A group is taken when that brings the count nearer to the target.
func (a *Assignment) draw(rng *rand.Rand, groups [][]CV, s Split, target float64) (left [][]CV) {
	taken := make([]bool, len(groups))
	count := 0.0
	for _, i := range rng.Perm(len(groups)) {
		size := float64(len(groups[i]))
		if math.Abs(count+size-target) <= math.Abs(count-target) {
			taken[i] = true
			count += size
		}
	}
	for i, g := range groups {
		if !taken[i] {
			left = append(left, g)
			continue
		}
		for _, cv := range g {
			a.Split[cv.ID] = s
		}
	}
	return left
}

// rest gives the groups left over to training.
func (a *Assignment) rest(groups [][]CV) {
	for _, g := range groups {
		for _, cv := range g {
			a.Split[cv.ID] = Train
		}
	}
}

// drawGenerator chooses the generator's CVs among the training groups.
func (a *Assignment) drawGenerator(rng *rand.Rand, groups [][]CV, share float64) {
	var train [][]CV
	n := 0
	for _, g := range groups {
		if a.Split[g[0].ID] == Train {
			train = append(train, g)
			n += len(g)
		}
	}
	chosen := &Assignment{Split: map[string]Split{}}
	chosen.draw(rng, train, Train, share*float64(n))
	for id := range chosen.Split {
		a.Generator[id] = true
	}
}

// follow applies explicit splits: each group goes where its labelled CVs are, the others to training,
// and validation is carved from training where it was not given.
func (a *Assignment) follow(rng *rand.Rand, groups [][]CV, given map[string]map[Split]bool, o SplitOptions) error {
	if err := findLeaks(groups, given, cmp.Or(o.NearDuplicate, DefaultNearDuplicate)); err != nil {
		return err
	}
	validGiven := false
	var train [][]CV
	n := 0
	for _, g := range groups {
		s := Train
		for _, cv := range g {
			for given := range given[cv.ID] {
				s = given
			}
		}
		validGiven = validGiven || s == Valid
		for _, cv := range g {
			a.Split[cv.ID] = s
		}
		if s == Train {
			train = append(train, g)
		}
		if s != Test {
			n += len(g)
		}
	}
	if validGiven || o.ValidShare == 0 {
		return nil
	}
	a.draw(rng, train, Valid, a.target(Valid, o.ValidShare, n, o.MaxValid))
	carved := 0
	for _, s := range a.Split {
		if s == Valid {
			carved++
		}
	}
	a.Notes = append(a.Notes, fmt.Sprintf("no validation pairs were given: %d of %d training CVs were set aside for validation, by near-duplicate group", carved, n))
	return nil
}

// noteGroups reports how many CVs have near-duplicates.
func (a *Assignment) noteGroups(groups [][]CV) {
	several, members := 0, 0
	for _, g := range groups {
		if len(g) > 1 {
			several++
			members += len(g)
		}
	}
	if several > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("%d CVs are near-duplicates of others and form %d groups; each group lies in one split", members, several))
	}
}

// noteUnlabelled reports the CVs that no pair names.
func (a *Assignment) noteUnlabelled(cvs int, pairs iter.Seq[labelled]) {
	named := map[string]bool{}
	for p := range pairs {
		named[p.cvID] = true
	}
	if n := cvs - len(named); n > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("%d of %d CVs have no labelled pair", n, cvs))
	}
}

// checkClasses wants both classes in every split that was asked for, and in the generator's share.
func (a *Assignment) checkClasses(name string, pairs iter.Seq[labelled], o SplitOptions, given map[string]map[Split]bool) error {
	count := map[Split]*[2]int{Train: {}, Valid: {}, Test: {}}
	var generator [2]int
	for p := range pairs {
		s, ok := a.Split[p.cvID]
		if !ok || p.label < 0 || p.label > 1 {
			return &DataError{File: name, ID: p.cvID + "/" + p.jdID, Msg: "the dataset is not valid: unknown cv_id, or a label other than 0 and 1"}
		}
		count[s][p.label] += p.pairs
		if a.Generator[p.cvID] {
			generator[p.label] += p.pairs
		}
	}
	asked := map[Split]bool{Train: true, Valid: o.ValidShare > 0, Test: o.TestShare > 0}
	for splits := range maps.Values(given) {
		for s := range splits {
			asked[s] = true
		}
	}
	for _, s := range []Split{Train, Valid, Test} {
		if n := count[s]; asked[s] && (n[0] == 0 || n[1] == 0) {
			return &DataError{File: name, Column: "label", Msg: fmt.Sprintf("split %s has %d matched and %d mismatched pairs: both classes are needed (more data, a larger share, or another seed)", s, n[1], n[0])}
		}
	}
	if o.GeneratorShare > 0 && (generator[0] == 0 || generator[1] == 0) {
		return &DataError{File: name, Column: "label", Msg: fmt.Sprintf("the generator's share of the training CVs has %d matched and %d mismatched pairs: both classes are needed (a larger share, or another seed)", generator[1], generator[0])}
	}
	return nil
}
