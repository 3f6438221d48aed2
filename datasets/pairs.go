package datasets

import (
	"cmp"
	"slices"
)

// Pairs returns the pairs of ds whose CV is in split s, ordered by cv_id, then jd_id. Where Assign was
// given a test set, ds is Merge of the two.
func (a *Assignment) Pairs(ds *Dataset, s Split) []Pair {
	return a.sorted(ds, func(p Pair) bool { return a.Split[p.CVID] == s })
}

// GeneratorPairs returns the training pairs that SFT and the reward model may see, ordered as by Pairs.
func (a *Assignment) GeneratorPairs(ds *Dataset) []Pair {
	return a.sorted(ds, func(p Pair) bool { return a.Generator[p.CVID] })
}

func (a *Assignment) sorted(ds *Dataset, in func(Pair) bool) []Pair {
	var out []Pair
	for _, p := range ds.Pairs {
		if in(p) {
			p.Split = a.Split[p.CVID]
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(x.CVID, y.CVID), cmp.Compare(x.JDID, y.JDID))
	})
	return out
}

// ColdFlags tells for each test pair whether its CV and whether its JD occur in no training pair.
// Under an Assignment every test CV is cold, because no CV lies in two splits.
func ColdFlags(trainPairs, testPairs []Pair) (coldCV, coldJD []bool) {
	cvs, jds := map[string]bool{}, map[string]bool{}
	for _, p := range trainPairs {
		cvs[p.CVID], jds[p.JDID] = true, true
	}
	coldCV, coldJD = make([]bool, len(testPairs)), make([]bool, len(testPairs))
	for i, p := range testPairs {
		coldCV[i], coldJD[i] = !cvs[p.CVID], !jds[p.JDID]
	}
	return coldCV, coldJD
}

// CVText returns the text of every CV by cv_id.
func (ds *Dataset) CVText() map[string]string {
	m := make(map[string]string, len(ds.CVs))
	for _, cv := range ds.CVs {
		m[cv.ID] = cv.Text
	}
	return m
}

// JDText returns the text of every JD by jd_id.
func (ds *Dataset) JDText() map[string]string {
	m := make(map[string]string, len(ds.JDs))
	for _, jd := range ds.JDs {
		m[jd.ID] = jd.Text
	}
	return m
}
