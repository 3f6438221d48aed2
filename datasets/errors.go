package datasets

import (
	"fmt"
	"strings"
)

// DataError is one fault of the input. Its fields say where the fault is, as far as that is known,
// so that a caller can point at it; Error puts them in one line.
type DataError struct {
	File   string // file or folder at fault; for data made in memory, the dataset's name
	Column string // column at fault
	Row    int    // 1-based row of File, header lines not counted; 0: the fault has no row
	ID     string // id of the CV, the JD, or "cv/jd" of the pair at fault
	Msg    string // what is wrong, and what was expected
	Err    error  // the underlying error, if any
}

// Error gives file, column, row, id and message in one line.
func (e *DataError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	sep := func(s string) {
		if b.Len() > 0 {
			b.WriteString(s)
		}
	}
	if e.Column != "" {
		sep(": ")
		fmt.Fprintf(&b, "column %q", e.Column)
	}
	if e.Row > 0 {
		sep(", ")
		fmt.Fprintf(&b, "row %d", e.Row)
	}
	if e.ID != "" {
		fmt.Fprintf(&b, " (%s)", clip(e.ID, 80))
	}
	sep(": ")
	b.WriteString(e.Msg)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the underlying error.
func (e *DataError) Unwrap() error { return e.Err }

// Overlap is one CV that two splits share: the same id on both sides, or two CVs of one
// near-duplicate group.
type Overlap struct {
	A, B     string  // cv_id on either side; equal when the id itself is shared
	Jaccard  float64 // similarity of the two texts in [0,1]; 1 when the id itself is shared
	Distance int     // links between A and B in the group: 0 same id, 1 direct, 2 unlike texts joined by others
}

// LeakageError says that two splits share CVs, so that a score on one would reward memory of the
// other.
type LeakageError struct {
	A, B     Split
	Overlaps []Overlap // every shared id, and one example a near-duplicate group that straddles
}

// leaksShown is how many overlaps LeakageError.Error spells out.
const leaksShown = 5

// Error counts the overlaps and shows the ids of the first ones.
func (e *LeakageError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "leakage between %s and %s in %d place(s): ", e.A, e.B, len(e.Overlaps))
	for i, o := range e.Overlaps {
		if i == leaksShown {
			fmt.Fprintf(&b, " and %d more", len(e.Overlaps)-leaksShown)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		switch o.Distance {
		case 0:
			fmt.Fprintf(&b, "cv_id %s is in both", clip(o.A, 40))
		case 1:
			fmt.Fprintf(&b, "%s ~ %s (near-duplicate texts, Jaccard %.2f)", clip(o.A, 40), clip(o.B, 40), o.Jaccard)
		default:
			fmt.Fprintf(&b, "%s ~ %s (joined by near-duplicates of both)", clip(o.A, 40), clip(o.B, 40))
		}
	}
	return b.String()
}

// clip shortens s to at most n characters for a message and escapes what a terminal would not show.
func clip(s string, n int) string {
	q := fmt.Sprintf("%q", s)
	q = q[1 : len(q)-1]
	if r := []rune(q); len(r) > n {
		return string(r[:n]) + "…"
	}
	return q
}

// caught turns a panic in a decoder into an error at file; use it deferred. Third-party decoders
// may panic on bytes that no writer makes.
func caught(file string, err *error) {
	if p := recover(); p != nil {
		*err = &DataError{File: file, Msg: fmt.Sprintf("corrupt or unsupported file (decoder stopped: %v)", p)}
	}
}
