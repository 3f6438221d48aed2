package datasets

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/RoaringBitmap/roaring/v2"
)

// builder gathers the rows of a dataset and checks each as it comes, so that a fault is reported
// with its file, column and row.
type builder struct {
	name     string
	files    []string            // the files seen so far
	keep     func(string) string // copies a string that is a view into a buffer
	cvs      texts
	jds      texts
	pairs    []Pair           // unless counts are kept in their place
	pairAt   places           // of pairs
	known    []roaring.Bitmap // by CV, the JDs of its pairs so far: two bytes a pair, some hundred a CV
	counts   []cvCount        // by CV, where the pairs are only counted; nil where they are kept
	first    firstPair        // finds a pair again that came before
	rows     int              // pairs so far
	matches  int
	unjudged bool  // labels may be missing, and one class is enough
	noSplit  place // first pair without a split, if any
	inSplit  place // first pair with a split, if any
}

// pairKey is a pair as indexes into builder.cvs and builder.jds.
type pairKey struct{ cv, jd int32 }

// firstPair finds the first pair with a key.
type firstPair func(k pairKey) (at place, label int, err error)

// texts is a table of texts by id.
type texts struct {
	what, idColumn string
	index          map[string]int32
	ids, texts     []string
	at             []place
}

func newBuilder(name string, keep func(string) string) *builder {
	b := &builder{
		name: name,
		keep: keep,
		cvs:  texts{what: "CV", idColumn: "cv_id", index: map[string]int32{}},
		jds:  texts{what: "JD", idColumn: "jd_id", index: map[string]int32{}},
	}
	b.first = b.firstKept
	return b
}

// firstKept looks through the pairs that were kept.
func (b *builder) firstKept(k pairKey) (place, int, error) {
	i := slices.IndexFunc(b.pairs, func(p Pair) bool { return p.CVID == b.cvs.ids[k.cv] && p.JDID == b.jds.ids[k.jd] })
	return b.pairAt.at(i), b.pairs[i].Label, nil
}

// file registers the file that the next rows come from.
func (b *builder) file(path string) int32 {
	b.files = append(b.files, path)
	return int32(len(b.files) - 1)
}

// fault makes an error for a row.
func (b *builder) fault(at place, column, id, format string, args ...any) error {
	e := &DataError{File: b.name, Column: column, Row: int(at.row), ID: strings.Clone(id), Msg: fmt.Sprintf(format, args...)}
	if int(at.file) < len(b.files) {
		e.File = b.files[at.file]
	}
	return e
}

// where names a row for the inside of a message.
func (b *builder) where(at, near place) string {
	if at.file == near.file || int(at.file) >= len(b.files) {
		return fmt.Sprintf("row %d", at.row)
	}
	return fmt.Sprintf("%s, row %d", b.files[at.file], at.row)
}

// addText adds a text under an id and returns its index. Repeating an id with the same text is allowed
// and reported by fresh = false; with another text it is an error.
func (b *builder) addText(t *texts, at place, textColumn, id, text string) (i int32, fresh bool, err error) {
	if err := b.checkID(at, t.idColumn, id); err != nil {
		return 0, false, err
	}
	if i, ok := t.index[id]; ok {
		if t.texts[i] != text {
			return 0, false, b.fault(at, t.idColumn, id, "duplicate id with another text: the first is at %s", b.where(t.at[i], at))
		}
		return i, false, nil
	}
	if err := b.checkText(at, textColumn, id, text); err != nil {
		return 0, false, err
	}
	i = int32(len(t.ids))
	id = b.keep(id)
	t.index[id] = i
	t.ids, t.texts, t.at = append(t.ids, id), append(t.texts, b.keep(text)), append(t.at, at)
	return i, true, nil
}

// find returns the index of an id that a pair names.
func (b *builder) find(t *texts, at place, id string) (int32, error) {
	if i, ok := t.index[id]; ok {
		return i, nil
	}
	if err := b.checkID(at, t.idColumn, id); err != nil {
		return 0, err
	}
	return 0, b.fault(at, t.idColumn, id, "no %s has this id, so the pair has no text", t.what)
}

// addPair adds a labelled pair of texts that are already known.
func (b *builder) addPair(at place, cv, jd int32, label int64, split string, when time.Time) error {
	cvID, jdID := b.cvs.ids[cv], b.jds.ids[jd]
	s, err := b.checkDecision(at, cvID, jdID, label, split)
	if err != nil {
		return err
	}
	for int(cv) >= len(b.known) {
		b.known = append(b.known, roaring.Bitmap{})
	}
	if !b.known[cv].CheckedAdd(uint32(jd)) {
		was, other, err := b.first(pairKey{cv, jd})
		if err != nil {
			return err
		}
		id := cvID + "/" + jdID
		if other != int(label) {
			return b.fault(at, "label", id, "conflicting labels: %d here, %d at %s", label, other, b.where(was, at))
		}
		return b.fault(at, "cv_id", id, "duplicate pair: the first is at %s", b.where(was, at))
	}
	if s == "" && b.noSplit.row == 0 {
		b.noSplit = at
	}
	if s != "" && b.inSplit.row == 0 {
		b.inSplit = at
	}
	b.matches += int(label)
	b.rows++
	if b.counts != nil {
		b.count(cv, jd, int(label), s)
		return nil
	}
	b.pairAt.add(len(b.pairs), at)
	b.pairs = append(b.pairs, Pair{CVID: cvID, JDID: jdID, Label: int(label), Split: s, Time: when})
	return nil
}

// finish checks what only the whole shows and returns the dataset.
func (b *builder) finish(file string) (*Dataset, error) {
	switch {
	case b.rows == 0:
		return nil, &DataError{File: file, Msg: "empty table: no labelled pair"}
	case b.unjudged:
	case b.matches == 0 || b.matches == b.rows:
		return nil, &DataError{File: file, Column: "label", Msg: fmt.Sprintf("only one class: all %d labels are %d, both 0 and 1 are needed", b.rows, min(b.matches, 1))}
	}
	if b.noSplit.row > 0 && b.inSplit.row > 0 {
		return nil, b.fault(b.noSplit, "split", "", "empty split, while %s has one: give every pair a split or none", b.where(b.inSplit, b.noSplit))
	}
	ds := &Dataset{Name: b.name, Pairs: slices.Clip(b.pairs), CVs: make([]CV, len(b.cvs.ids)), JDs: make([]JD, len(b.jds.ids))}
	for i, id := range b.cvs.ids {
		ds.CVs[i] = CV{ID: id, Text: b.cvs.texts[i]}
	}
	for i, id := range b.jds.ids {
		ds.JDs[i] = JD{ID: id, Text: b.jds.texts[i]}
	}
	return ds, nil
}

func (b *builder) checkID(at place, column, id string) error {
	switch {
	case strings.TrimSpace(id) == "":
		return b.fault(at, column, "", "empty id")
	case !utf8.ValidString(id):
		return b.fault(at, column, id, "id is not UTF-8 (byte %d)", firstInvalid(id))
	}
	return nil
}

func (b *builder) checkText(at place, column, id, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return b.fault(at, column, id, "empty text")
	case !utf8.ValidString(text):
		return b.fault(at, column, id, "text is not UTF-8 (byte %d)", firstInvalid(text))
	}
	return nil
}

// checkDecision checks a pair's label and brings its split to one of the three names.
func (b *builder) checkDecision(at place, cvID, jdID string, label int64, split string) (Split, error) {
	if label != 0 && label != 1 && (!b.unjudged || label != Unjudged) {
		return "", b.fault(at, "label", cvID+"/"+jdID, "label %d: expected 1 (matched) or 0 (mismatched)", label)
	}
	s, ok := parseSplit(split)
	if !ok {
		return "", b.fault(at, "split", cvID+"/"+jdID, "unknown split %q: expected train, valid (or validation, dev) or test", clip(split, 40))
	}
	return s, nil
}

// parseSplit accepts the usual names of the three splits and the empty one.
func parseSplit(s string) (Split, bool) {
	switch s {
	case "", "train", "valid", "test":
		return Split(s), true
	case "validation", "dev":
		return Valid, true
	}
	return "", false
}

// firstInvalid is the 0-based offset of the first byte that is not UTF-8.
func firstInvalid(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return len(s)
}

// Validate checks a dataset made in memory by the rules that Open applies to files: texts neither
// empty nor other than UTF-8, unique ids, pairs that resolve and occur once, labels in {0,1} and both
// of them there, splits for all pairs or for none. The first fault comes back as a *DataError whose
// Row counts within the slice at fault, from 1.
func Validate(ds *Dataset) error {
	b := newBuilder(ds.Name, func(s string) string { return s })
	file := b.file(ds.Name + " cvs")
	for i, cv := range ds.CVs {
		at := place{file, int32(i + 1)}
		if _, fresh, err := b.addText(&b.cvs, at, "text", cv.ID, cv.Text); err != nil {
			return err
		} else if !fresh {
			return b.fault(at, "cv_id", cv.ID, "duplicate id")
		}
	}
	file = b.file(ds.Name + " jds")
	for i, jd := range ds.JDs {
		at := place{file, int32(i + 1)}
		if _, fresh, err := b.addText(&b.jds, at, "text", jd.ID, jd.Text); err != nil {
			return err
		} else if !fresh {
			return b.fault(at, "jd_id", jd.ID, "duplicate id")
		}
	}
	file = b.file(ds.Name + " pairs")
	b.counts = make([]cvCount, len(ds.CVs)) // there is no need of a second copy of the pairs
	b.first = func(k pairKey) (place, int, error) {
		i := slices.IndexFunc(ds.Pairs, func(p Pair) bool { return p.CVID == b.cvs.ids[k.cv] && p.JDID == b.jds.ids[k.jd] })
		return place{file, int32(i + 1)}, ds.Pairs[i].Label, nil
	}
	for i, p := range ds.Pairs {
		at := place{file, int32(i + 1)}
		cv, err := b.find(&b.cvs, at, p.CVID)
		if err != nil {
			return err
		}
		jd, err := b.find(&b.jds, at, p.JDID)
		if err != nil {
			return err
		}
		if err := b.addPair(at, cv, jd, int64(p.Label), string(p.Split), p.Time); err != nil {
			return err
		}
	}
	_, err := b.finish(ds.Name)
	return err
}
