package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Summary says what an importer read, wrote and left out.
type Summary struct {
	Rows    int    // rows of the source that hold decisions, header lines not counted
	Pairs   int    // labelled pairs written
	Matches int    // of these, matched ones
	CVs     int    // CVs written, with or without pairs
	JDs     int    // JDs written, with or without pairs
	Dropped []Drop // rows left out, by reason
	Notes   []string
}

// Drop counts the rows that were left out for one reason.
type Drop struct {
	Reason string
	Rows   int
}

// String gives the counts, one line a reason and a note.
func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows → %d pairs (%d matched, %d mismatched) of %d CVs and %d JDs\n", s.Rows, s.Pairs, s.Matches, s.Pairs-s.Matches, s.CVs, s.JDs)
	for _, d := range s.Dropped {
		fmt.Fprintf(&b, "dropped %d rows: %s\n", d.Rows, d.Reason)
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}

// drop counts rows under a reason.
func (s *Summary) drop(reason string, rows int) {
	if rows == 0 {
		return
	}
	for i := range s.Dropped {
		if s.Dropped[i].Reason == reason {
			s.Dropped[i].Rows += rows
			return
		}
	}
	s.Dropped = append(s.Dropped, Drop{reason, rows})
}

// importer gathers the rows of a public collection. Unlike Open it counts repeated and contradictory
// pairs instead of refusing them.
type importer struct {
	Summary
	b     *builder
	rows  []importRow
	known map[pairKey]int // index into rows
}

// importRow is a pair with the number of source rows that said the same, and whether some said otherwise.
type importRow struct {
	key      pairKey
	label    int
	split    string
	when     time.Time
	at       place
	times    int
	conflict bool
}

func newImporter(in string) *importer {
	return &importer{b: newBuilder(in, func(s string) string { return s }), known: map[pairKey]int{}}
}

// hashID is a stable id: the prefix and the first 12 hexadecimal digits of the text's sha256.
func hashID(prefix, text string) string {
	sum := sha256.Sum256([]byte(text))
	return prefix + hex.EncodeToString(sum[:6])
}

// text adds a text and returns its index; the id is made from the text when it is empty.
func (im *importer) text(t *texts, at place, column, id, text string) (int32, error) {
	if id == "" {
		if err := im.b.checkText(at, column, "", text); err != nil {
			return 0, err
		}
		id = hashID(strings.TrimSuffix(t.idColumn, "id"), text)
	}
	i, _, err := im.b.addText(t, at, column, id, text)
	return i, err
}

// pair records one source row about a pair. Two rows that put one pair into two splits are an error.
func (im *importer) pair(at place, cv, jd int32, label int, split string, when time.Time) error {
	key := pairKey{cv, jd}
	i, ok := im.known[key]
	if !ok {
		im.known[key] = len(im.rows)
		im.rows = append(im.rows, importRow{key: key, label: label, split: split, when: when, at: at, times: 1})
		return nil
	}
	r := &im.rows[i]
	if r.split != split {
		return im.b.fault(at, "split", im.b.cvs.ids[cv]+"/"+im.b.jds.ids[jd], "this pair is in split %q here and in split %q at %s", clip(split, 40), clip(r.split, 40), im.b.where(r.at, at))
	}
	r.times++
	r.conflict = r.conflict || r.label != label
	return nil
}

// finish drops repeats and contradictions, and writes the dataset.
func (im *importer) finish(in, outDir string) (Summary, error) {
	repeats, conflicts := 0, 0
	for _, r := range im.rows {
		if r.conflict {
			conflicts += r.times
			continue
		}
		repeats += r.times - 1
		if err := im.b.addPair(r.at, r.key.cv, r.key.jd, int64(r.label), r.split, r.when); err != nil {
			return Summary{}, err
		}
	}
	im.drop("repeats of a pair with the same label", repeats)
	im.drop("pairs with contradictory labels", conflicts)
	ds, err := im.b.finish(in)
	if err != nil {
		return Summary{}, err
	}
	ds.Name = nameOf(outDir)
	im.Pairs, im.Matches, im.CVs, im.JDs = len(ds.Pairs), im.b.matches, len(ds.CVs), len(ds.JDs)
	if err := Write(outDir, ds); err != nil {
		return Summary{}, err
	}
	return im.Summary, nil
}

// fileOf returns the number of a source file, registering it when it is not the one used last.
func (im *importer) fileOf(path string) int32 {
	if n := len(im.b.files); n > 0 && im.b.files[n-1] == path {
		return int32(n - 1)
	}
	return im.b.file(path)
}

// parseLabel accepts 0, 1, true and false in any case, and the same numbers written as 0.0 and 1.0.
func parseLabel(s string) (int, bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "true":
		return 1, true
	case "0", "false":
		return 0, true
	}
	if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil && (f == 0 || f == 1) {
		return int(f), true
	}
	return 0, false
}

// parseTime accepts RFC 3339, "2006-01-02 15:04:05" and "2006-01-02" (UTC), and Unix seconds; an empty
// string is the zero time.
func parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, true
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0).UTC(), true
	}
	return time.Time{}, false
}
