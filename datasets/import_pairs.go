package datasets

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// FitOptions says how ImportResumeJDFit reads its three labels.
type FitOptions struct {
	OnlyGood bool // only Good Fit is a match, Potential Fit a mismatch; otherwise both are matches
}

// ImportResumeJDFit reads a CSV or Parquet file (or a folder of Parquet parts) with the columns
// resume_text, job_description_text and label (No Fit, Potential Fit, Good Fit, in any case) and writes a dataset to outDir.
// Ids are made from the texts, so they are the same whatever the order of the rows. Rows with an empty text, repeats of a pair and
// pairs with contradictory labels are dropped and counted. A missing column, a label of another name
// and a text that is not UTF-8 are a *DataError; then nothing is written.
func ImportResumeJDFit(in, outDir string, o FitOptions) (Summary, error) {
	im := newImporter(in)
	want := []columnSpec{
		{names: []string{"resume_text"}},
		{names: []string{"job_description_text"}},
		{names: []string{"label"}},
	}
	err := scanFields(context.Background(), in, want, func(path string, row int, f []string) error {
		im.Rows++
		at := place{im.fileOf(path), int32(row)}
		label, ok := fitLabel(f[2], o)
		if !ok {
			return im.b.fault(at, "label", "", "label %q: expected No Fit, Potential Fit or Good Fit", clip(f[2], 40))
		}
		resume, jd := strings.TrimSpace(f[0]), strings.TrimSpace(f[1])
		if resume == "" || jd == "" {
			im.drop("empty résumé or job description", 1)
			return nil
		}
		i, err := im.text(&im.b.cvs, at, "resume_text", "", resume)
		if err != nil {
			return err
		}
		j, err := im.text(&im.b.jds, at, "job_description_text", "", jd)
		if err != nil {
			return err
		}
		return im.pair(at, i, j, label, "", time.Time{})
	})
	if err != nil {
		return Summary{}, err
	}
	return im.finish(in, outDir)
}

// fitLabel turns a label of the collection into 0 or 1.
func fitLabel(s string, o FitOptions) (label int, ok bool) {
	switch strings.ToLower(strings.Join(strings.Fields(s), " ")) {
	case "no fit":
		return 0, true
	case "potential fit":
		if o.OnlyGood {
			return 0, true
		}
		return 1, true
	case "good fit":
		return 1, true
	}
	return 0, false
}

// PairColumns names the columns that ImportPairs reads.
type PairColumns struct {
	CV, JD, Label string // texts and label: required
	CVID, JDID    string // optional; empty: ids are made from the texts
	Split, Time   string // optional; empty: none
}

// ImportPairs reads labelled pairs from a CSV or TSV file, a Parquet file or a folder of Parquet parts
// under the column names given, and writes a dataset to outDir. A label is 0, 1, true or false; a
// time is RFC 3339, "2006-01-02 15:04:05", a date, or Unix seconds, taken as UTC. Repeats of a pair and pairs with
// contradictory labels are dropped and counted; any other fault (missing column, empty or non-UTF-8
// text, unknown label, split or time, an id with two texts) is a *DataError, and then nothing is written.
func ImportPairs(in, outDir string, c PairColumns) (Summary, error) {
	want := make([]columnSpec, 0, 7)
	for _, f := range []struct {
		flag, name string
		required   bool
	}{{"CV", c.CV, true}, {"JD", c.JD, true}, {"Label", c.Label, true}, {"CVID", c.CVID, false}, {"JDID", c.JDID, false}, {"Split", c.Split, false}, {"Time", c.Time, false}} {
		if f.name == "" && f.required {
			return Summary{}, fmt.Errorf("importing %s: no column name given for %s", in, f.flag)
		}
		want = append(want, columnSpec{names: []string{f.name}, kind: anyKind, optional: f.name == ""})
	}
	im := newImporter(in)
	err := scanFields(context.Background(), in, want, func(path string, row int, f []string) error {
		im.Rows++
		return im.genericRow(place{im.fileOf(path), int32(row)}, c, f)
	})
	if err != nil {
		return Summary{}, err
	}
	return im.finish(in, outDir)
}

// genericRow adds one row of ImportPairs: CV, JD, label, cv id, jd id, split, time.
func (im *importer) genericRow(at place, c PairColumns, f []string) error {
	if c.CVID != "" && f[3] == "" {
		return im.b.fault(at, c.CVID, "", "empty id")
	}
	if c.JDID != "" && f[4] == "" {
		return im.b.fault(at, c.JDID, "", "empty id")
	}
	cv, err := im.text(&im.b.cvs, at, c.CV, f[3], f[0])
	if err != nil {
		return err
	}
	jd, err := im.text(&im.b.jds, at, c.JD, f[4], f[1])
	if err != nil {
		return err
	}
	id := im.b.cvs.ids[cv] + "/" + im.b.jds.ids[jd]
	label, ok := parseLabel(f[2])
	if !ok {
		return im.b.fault(at, c.Label, id, "label %q: expected 1 or true (matched), 0 or false (mismatched)", clip(f[2], 40))
	}
	split, ok := parseSplit(strings.ToLower(strings.TrimSpace(f[5])))
	if !ok {
		return im.b.fault(at, c.Split, id, "unknown split %q: expected train, valid (or validation, dev) or test", clip(f[5], 40))
	}
	when, ok := parseTime(f[6])
	if !ok {
		return im.b.fault(at, c.Time, id, "time %q: expected RFC 3339, 2006-01-02 15:04:05, 2006-01-02 or Unix seconds", clip(f[6], 40))
	}
	return im.pair(at, cv, jd, label, string(split), when)
}
