// Package datasets holds CV–JD pairs: their schema, Parquet and Arrow in and out, near-duplicate
// groups of CVs, splits that no group straddles, and importers for public collections.
package datasets

import "time"

// CV is one curriculum vitae: any UTF-8 text of any language.
type CV struct {
	ID   string `parquet:"cv_id"`
	Text string `parquet:"text"`
}

// JD is one job description.
type JD struct {
	ID   string `parquet:"jd_id"`
	Text string `parquet:"text"`
}

// Split names the part of the experiment a pair belongs to.
type Split string

// The three splits. Tuning and early stopping look at Valid, never at Test.
const (
	Train Split = "train"
	Valid Split = "valid"
	Test  Split = "test"
)

// Pair is one recruiter decision about a CV and a JD.
type Pair struct {
	CVID  string
	JDID  string
	Label int       // 1 matched, 0 mismatched
	Split Split     // empty: not assigned by the file
	Time  time.Time // zero: unknown
}

// Dataset is a validated set of pairs whose every id resolves to a text.
type Dataset struct {
	Name  string
	CVs   []CV
	JDs   []JD
	Pairs []Pair
}
