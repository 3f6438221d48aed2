package datasets

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// SplitStats describes one split. Lengths are in characters (Unicode code points).
type SplitStats struct {
	Split          Split   // train, valid, test, or "all" for the whole
	Pairs          int     // labelled pairs
	CVs, JDs       int     // distinct ids among the pairs
	LabelRate      float64 // share of matched pairs; 0 where there are no pairs
	CVChars        Lengths // over the distinct CVs
	JDChars        Lengths // over the distinct JDs
	ColdCV, ColdJD float64 // share of pairs whose CV, JD is in no training pair; 0 for train and all
	GeneratorCVs   int     // CVs with pairs in the generator's share
	GeneratorPairs int     // pairs in the generator's share
}

// Lengths sums up text lengths in characters; zero where there are no texts.
type Lengths struct{ Mean, Median float64 }

// Describe gives the statistics of train, valid and test, as far as they hold pairs, and of all pairs
// last. With a nil assignment it gives the last only. Where Assign was given a test set, ds is Merge
// of the two.
func Describe(ds *Dataset, a *Assignment) []SplitStats {
	cvLen, jdLen := make(map[string]int, len(ds.CVs)), make(map[string]int, len(ds.JDs))
	for _, cv := range ds.CVs {
		cvLen[cv.ID] = utf8.RuneCountInString(cv.Text)
	}
	for _, jd := range ds.JDs {
		jdLen[jd.ID] = utf8.RuneCountInString(jd.Text)
	}
	var out []SplitStats
	if a != nil {
		train := a.Pairs(ds, Train)
		for _, s := range []Split{Train, Valid, Test} {
			pairs := a.Pairs(ds, s)
			if len(pairs) == 0 {
				continue
			}
			st := describe(pairs, cvLen, jdLen, a.Generator)
			st.Split = s
			if s != Train {
				cv, jd := ColdFlags(train, pairs)
				st.ColdCV, st.ColdJD = share(cv), share(jd)
			}
			out = append(out, st)
		}
	}
	var generator map[string]bool
	if a != nil {
		generator = a.Generator
	}
	all := describe(ds.Pairs, cvLen, jdLen, generator)
	all.Split = "all"
	return append(out, all)
}

func describe(pairs []Pair, cvLen, jdLen map[string]int, generator map[string]bool) SplitStats {
	st := SplitStats{Pairs: len(pairs)}
	var cvs, jds []int
	seenCV, seenJD := map[string]bool{}, map[string]bool{}
	matches := 0
	for _, p := range pairs {
		matches += p.Label
		if generator[p.CVID] {
			st.GeneratorPairs++
		}
		if !seenCV[p.CVID] {
			seenCV[p.CVID] = true
			cvs = append(cvs, cvLen[p.CVID])
			if generator[p.CVID] {
				st.GeneratorCVs++
			}
		}
		if !seenJD[p.JDID] {
			seenJD[p.JDID] = true
			jds = append(jds, jdLen[p.JDID])
		}
	}
	st.CVs, st.JDs = len(cvs), len(jds)
	st.CVChars, st.JDChars = lengths(cvs), lengths(jds)
	if len(pairs) > 0 {
		st.LabelRate = float64(matches) / float64(len(pairs))
	}
	return st
}

func lengths(n []int) Lengths {
	if len(n) == 0 {
		return Lengths{}
	}
	slices.Sort(n)
	sum := 0
	for _, x := range n {
		sum += x
	}
	mid := len(n) / 2
	median := float64(n[mid])
	if len(n)%2 == 0 {
		median = (median + float64(n[mid-1])) / 2
	}
	return Lengths{Mean: float64(sum) / float64(len(n)), Median: median}
}

// share is the share of true values, 0 when there are none at all.
func share(flags []bool) float64 {
	n := 0
	for _, f := range flags {
		if f {
			n++
		}
	}
	if len(flags) == 0 {
		return 0
	}
	return float64(n) / float64(len(flags))
}

// String gives the statistics in one line.
func (s SplitStats) String() string {
	line := fmt.Sprintf("%s: %d pairs, %d CVs, %d JDs, %.1f %% matched, median length CV %.0f and JD %.0f characters",
		s.Split, s.Pairs, s.CVs, s.JDs, 100*s.LabelRate, s.CVChars.Median, s.JDChars.Median)
	if s.ColdCV > 0 || s.ColdJD > 0 {
		line += fmt.Sprintf(", %.1f %% cold CVs and %.1f %% cold JDs", 100*s.ColdCV, 100*s.ColdJD)
	}
	if s.GeneratorCVs > 0 {
		line += fmt.Sprintf(", generator %d CVs with %d pairs", s.GeneratorCVs, s.GeneratorPairs)
	}
	return line
}
