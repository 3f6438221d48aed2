package datasets

import (
	"fmt"
	"slices"
)

// explicitSplits gathers the splits that files assign to each CV that has pairs; nil when none does.
func explicitSplits(ds, test *Dataset) (map[string]map[Split]bool, error) {
	given := map[string]map[Split]bool{}
	add := func(id string, s Split) {
		if given[id] == nil {
			given[id] = map[Split]bool{}
		}
		given[id][s] = true
	}
	counts, unset := map[Split]int{}, 0
	for i, p := range ds.Pairs {
		s, ok := parseSplit(string(p.Split))
		if !ok {
			return nil, &DataError{File: ds.Name, Column: "split", Row: i + 1, ID: p.CVID + "/" + p.JDID, Msg: fmt.Sprintf("unknown split %q", clip(string(p.Split), 40))}
		}
		if s == "" {
			unset++
			s = Train // as far as a test set is given
		} else {
			counts[s]++
		}
		add(p.CVID, s)
	}
	switch set := len(ds.Pairs) - unset; {
	case set > 0 && unset > 0:
		return nil, &DataError{File: ds.Name, Column: "split", Msg: fmt.Sprintf("%d pairs have a split and %d have none: give every pair a split or none", set, unset)}
	case test == nil && set == 0:
		return nil, nil
	case test == nil && counts[Test] == 0:
		return nil, &DataError{File: ds.Name, Column: "split", Msg: "names no test pairs: add them, give a test file, or remove the column"}
	case test != nil && counts[Test] > 0:
		return nil, &DataError{File: ds.Name, Column: "split", Msg: fmt.Sprintf("names %d test pairs, and a test file is given too: choose one", counts[Test])}
	case set > 0 && counts[Train] == 0:
		return nil, &DataError{File: ds.Name, Column: "split", Msg: "names no training pairs"}
	}
	if test != nil {
		for i, p := range test.Pairs {
			if p.Split != "" && p.Split != Test {
				return nil, &DataError{File: test.Name, Column: "split", Row: i + 1, ID: p.CVID + "/" + p.JDID, Msg: fmt.Sprintf("a pair of split %q in the test file", clip(string(p.Split), 40))}
			}
			add(p.CVID, Test)
		}
	}
	return given, nil
}

// findLeaks looks for CVs and near-duplicate groups that explicit splits put on two sides. Overlap
// with the test split is reported first.
func findLeaks(groups [][]CV, given map[string]map[Split]bool, threshold float64) error {
	for _, sides := range [][2]Split{{Train, Test}, {Valid, Test}, {Train, Valid}} {
		leak := &LeakageError{A: sides[0], B: sides[1]}
		for _, g := range groups {
			var a, b []CV
			shared := false
			for _, cv := range g {
				inA, inB := given[cv.ID][sides[0]], given[cv.ID][sides[1]]
				if inA && inB {
					shared = true
					leak.Overlaps = append(leak.Overlaps, Overlap{A: cv.ID, B: cv.ID, Jaccard: 1})
				}
				if inA {
					a = append(a, cv)
				}
				if inB {
					b = append(b, cv)
				}
			}
			if !shared && len(a) > 0 && len(b) > 0 {
				leak.Overlaps = append(leak.Overlaps, closest(a, b, threshold))
			}
		}
		if len(leak.Overlaps) > 0 {
			// Shared ids are the surest sign: they come first.
			slices.SortStableFunc(leak.Overlaps, func(x, y Overlap) int { return x.Distance - y.Distance })
			return leak
		}
	}
	return nil
}

// closest is the most similar pair of texts on the two sides of one group; the first by id among equals.
// Only the first members of a large group are compared: one example is enough.
func closest(a, b []CV, threshold float64) Overlap {
	const enough = 50
	best := Overlap{Jaccard: -1}
	sets := make([][]uint64, min(len(b), enough))
	for i := range sets {
		sets[i] = shingles(b[i].Text, nil)
	}
	for _, x := range a[:min(len(a), enough)] {
		set := shingles(x.Text, nil)
		for i := range sets {
			if j := jaccard(set, sets[i]); j > best.Jaccard {
				best = Overlap{A: x.ID, B: b[i].ID, Jaccard: j, Distance: 1}
			}
		}
	}
	if best.Jaccard < threshold {
		best.Distance = 2
	}
	return best
}

// Merge joins a dataset and its explicit test set into one whose pairs all carry a split: those of test
// are Test, those of ds keep their split, or are Train where they have none. A CV or JD that both
// hold appears once; the same id with another text is a *DataError. A pair that both hold is kept
// from each side: Assign reports its CV as leakage.
func Merge(ds, test *Dataset) (*Dataset, error) {
	out := &Dataset{Name: ds.Name, CVs: slices.Clone(ds.CVs), JDs: slices.Clone(ds.JDs), Pairs: slices.Clone(ds.Pairs)}
	cvs, jds := map[string]string{}, map[string]string{}
	for _, cv := range ds.CVs {
		cvs[cv.ID] = cv.Text
	}
	for _, jd := range ds.JDs {
		jds[jd.ID] = jd.Text
	}
	for i, cv := range test.CVs {
		text, ok := cvs[cv.ID]
		if ok && text != cv.Text {
			return nil, &DataError{File: test.Name, Column: "cv_id", Row: i + 1, ID: cv.ID, Msg: "this id has another text in " + ds.Name}
		}
		if !ok {
			out.CVs = append(out.CVs, cv)
		}
	}
	for i, jd := range test.JDs {
		text, ok := jds[jd.ID]
		if ok && text != jd.Text {
			return nil, &DataError{File: test.Name, Column: "jd_id", Row: i + 1, ID: jd.ID, Msg: "this id has another text in " + ds.Name}
		}
		if !ok {
			out.JDs = append(out.JDs, jd)
		}
	}
	for i := range out.Pairs {
		if out.Pairs[i].Split == "" {
			out.Pairs[i].Split = Train
		}
	}
	for _, p := range test.Pairs {
		p.Split = Test
		out.Pairs = append(out.Pairs, p)
	}
	return out, nil
}
