package datasets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Unjudged is the label of a pair that nobody has decided on; only [OpenUnjudgedStream] gives it.
const Unjudged = -1

// Stream is a validated dataset whose texts are in memory and whose pairs stay in their files: its memory grows with the CVs and JDs,
// and while it is opened by some two bytes a pair, which find duplicates. It is for scoring pairs by the million with a model that is
// there already, as girl score does. Training needs the whole table in memory and takes [Open].
type Stream struct {
	Name     string
	CVs      []CV
	JDs      []JD
	NumPairs int

	parts    []part // of the pairs table
	unjudged bool
	counts   []cvCount // by CV
	cvID     map[string]int32
	jdID     map[string]int32
}

// part is a file as it was when it was opened.
type part struct {
	path     string
	size     int64
	modified time.Time
}

func statPart(path string) (part, error) {
	info, err := os.Stat(path)
	if err != nil {
		return part{}, fileError(path, err)
	}
	return part{path, info.Size(), info.ModTime()}, nil
}

// cvCount is what a split needs to know about the pairs of a CV.
type cvCount struct {
	labels [3]int32          // pairs by label, from Unjudged up
	jd     [3]int32          // of the first pair of each label, for a message
	splits [len(splits)]bool // those that its pairs name
}

// splits are those that a file may name.
var splits = [...]Split{Train, Valid, Test}

// count adds a pair to its CV's counts.
func (b *builder) count(cv, jd int32, label int, split Split) {
	for int(cv) >= len(b.counts) {
		b.counts = append(b.counts, cvCount{})
	}
	c := &b.counts[cv]
	k := label - Unjudged
	if c.labels[k] == 0 {
		c.jd[k] = jd
	}
	c.labels[k]++
	for i, s := range splits {
		c.splits[i] = c.splits[i] || s == split
	}
}

// OpenStream reads and validates a dataset as [Open] does, with the same errors, but keeps no pairs: [Stream.Pairs] reads them again.
// With [Stream.Assign] it is how BenchmarkPairs of package girl evaluates a million pairs; a run, which trains, has no use for it.
func OpenStream(ctx context.Context, path string) (*Stream, error) {
	return openStream(ctx, path, false)
}

// OpenUnjudgedStream is [OpenStream] for pairs that are to be scored: the label column or single labels may be missing, which makes
// them Unjudged, and one class is enough.
func OpenUnjudgedStream(ctx context.Context, path string) (*Stream, error) {
	return openStream(ctx, path, true)
}

func openStream(ctx context.Context, path string, unjudged bool) (*Stream, error) {
	l, err := findTables(path)
	if err != nil {
		return nil, err
	}
	b := newBuilder(nameOf(path), strings.Clone)
	b.unjudged, b.counts = unjudged, []cvCount{}
	s := &Stream{Name: b.name, unjudged: unjudged, cvID: b.cvs.index, jdID: b.jds.index}
	for _, path := range l.pairs {
		p, err := statPart(path)
		if err != nil {
			return nil, err
		}
		s.parts = append(s.parts, p)
	}
	b.first = func(k pairKey) (place, int, error) { return b.firstInFiles(ctx, l.pairs, k) }
	ds, err := b.read(ctx, l)
	if err != nil {
		return nil, err
	}
	s.CVs, s.JDs, s.NumPairs, s.counts = ds.CVs, ds.JDs, b.rows, b.counts
	for len(s.counts) < len(s.CVs) {
		s.counts = append(s.counts, cvCount{})
	}
	return s, nil
}

// firstInFiles reads the files again up to a pair that is in them.
func (b *builder) firstInFiles(ctx context.Context, parts []string, k pairKey) (at place, label int, err error) {
	again := *b
	again.files = nil
	found := errors.New("found")
	err = again.scanPairs(ctx, parts, func(p place, d decision) (Pair, error) {
		if d.cvID == b.cvs.ids[k.cv] && d.jdID == b.jds.ids[k.jd] {
			at, label = p, int(d.label)
			at.file += int32(slices.Index(b.files, parts[0])) // the files of texts come first
			return Pair{}, found
		}
		return Pair{}, nil
	}, func([]Pair) error { return nil })
	if errors.Is(err, found) {
		err = nil
	}
	return at, label, err
}

// Pairs calls fn with one run of some thousand pairs after another, in the order of the files. The slice is reused: fn must copy
// what it keeps. An error of fn ends the reading and is returned. Files of another size or time than when they were opened, an id that
// was not there and another number of pairs are errors; the last is known only when fn has seen all pairs.
func (s *Stream) Pairs(ctx context.Context, fn func(run []Pair) error) error {
	var paths []string
	for _, was := range s.parts {
		now, err := statPart(was.path)
		if err != nil {
			return err
		}
		if now.size != was.size || !now.modified.Equal(was.modified) {
			return &DataError{File: was.path, Msg: "the file has changed since it was opened: start again, and leave it alone meanwhile"}
		}
		paths = append(paths, was.path)
	}
	b := newBuilder(s.Name, strings.Clone)
	b.unjudged = s.unjudged
	err := b.scanPairs(ctx, paths, func(at place, d decision) (Pair, error) {
		cv, okCV := s.cvID[d.cvID]
		jd, okJD := s.jdID[d.jdID]
		if !okCV || !okJD {
			return Pair{}, b.fault(at, "cv_id", d.cvID+"/"+d.jdID, "this pair was not there before: the file has changed since it was opened")
		}
		b.rows++
		split, err := b.checkDecision(at, d.cvID, d.jdID, d.label, d.split)
		return Pair{CVID: s.CVs[cv].ID, JDID: s.JDs[jd].ID, Label: int(d.label), Split: split, Time: d.when}, err
	}, fn)
	if err == nil && b.rows != s.NumPairs {
		err = &DataError{File: paths[len(paths)-1], Msg: fmt.Sprintf("the pairs table has %d rows, and had %d when it was opened: it has changed", b.rows, s.NumPairs)}
	}
	return err
}

// Assign is [Assign] for a dataset without an explicit test set.
func (s *Stream) Assign(o SplitOptions) (*Assignment, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	named := &Dataset{Name: s.Name} // one pair for each split that a CV's pairs name
	for i, c := range s.counts {
		for k, there := range c.splits {
			if there {
				named.Pairs = append(named.Pairs, Pair{CVID: s.CVs[i].ID, Split: splits[k]})
			}
		}
	}
	given, err := explicitSplits(named, nil)
	if err != nil {
		return nil, err
	}
	return assign(s.Name, s.CVs, given, o, func(yield func(labelled) bool) {
		for i, c := range s.counts {
			for k, n := range c.labels {
				if n > 0 && !yield(labelled{s.CVs[i].ID, s.JDs[c.jd[k]].ID, k + Unjudged, int(n)}) {
					return
				}
			}
		}
	})
}
