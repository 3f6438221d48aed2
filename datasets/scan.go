package datasets

import (
	"context"
	"strings"
)

// ScanPairs reads the pairs table of a dataset, as Open finds it, and calls fn with one run of some thousand pairs
// after another, so that a dataset larger than memory can be walked. The slice is reused: fn must
// copy what it keeps. Each row is checked by itself (ids, label, split); what only the whole shows
// (duplicates, one class, missing texts) is Open's affair. An error of fn ends the scan and is returned.
func ScanPairs(ctx context.Context, path string, fn func(run []Pair) error) error {
	l, err := findTables(path)
	if err != nil {
		return err
	}
	b := newBuilder(nameOf(path), strings.Clone)
	ids := map[string]string{} // one copy of each id
	intern := func(at place, column, view string) (string, error) {
		if s, ok := ids[view]; ok {
			return s, nil
		}
		if err := b.checkID(at, column, view); err != nil {
			return "", err
		}
		if len(ids) >= maxInterned {
			clear(ids)
		}
		s := strings.Clone(view)
		ids[s] = s
		return s, nil
	}
	return b.scanPairs(ctx, l.pairs, func(at place, d decision) (Pair, error) {
		cvID, err := intern(at, "cv_id", d.cvID)
		if err != nil {
			return Pair{}, err
		}
		jdID, err := intern(at, "jd_id", d.jdID)
		if err != nil {
			return Pair{}, err
		}
		split, err := b.checkDecision(at, cvID, jdID, d.label, d.split)
		if err != nil {
			return Pair{}, err
		}
		return Pair{CVID: cvID, JDID: jdID, Label: int(d.label), Split: split, Time: d.when}, nil
	}, fn)
}

const (
	scanRun     = 4 * batchRows // pairs after which a scan hands over a run
	scanBytes   = 1 << 20       // bytes of CVs after which it does
	maxInterned = 1 << 16       // ids that a scan keeps to share their copies
)

// scanPairs makes pairs of the rows of files and hands them over in runs.
func (b *builder) scanPairs(ctx context.Context, parts []string, pair func(at place, d decision) (Pair, error), fn func(run []Pair) error) error {
	columns := pairColumns(false, false)[:colCV]
	columns[colLabel].optional = b.unjudged
	run := make([]Pair, 0, scanRun+batchRows)
	handOver := func() error {
		if len(run) == 0 {
			return nil
		}
		err := fn(run)
		run = run[:0]
		return err
	}
	for _, part := range parts {
		file := b.file(part)
		if err := scanParquet(ctx, part, columns, func(rows *batch) error {
			for i := range rows.n {
				at := place{file, int32(rows.row + i)}
				d, err := b.decisionAt(at, rows, i)
				if err != nil {
					return err
				}
				p, err := pair(at, d)
				if err != nil {
					return err
				}
				run = append(run, p)
			}
			if len(run) < scanRun {
				return nil
			}
			return handOver()
		}); err != nil {
			return err
		}
	}
	return handOver()
}

// ScanCVs reads a Parquet table of CVs (cv_id and text, cv or cv_text; a file, a folder of parts, or a
// dataset folder with a table cvs) and calls fn with one run of CVs after another. Each row is checked
// by itself. The slice is reused, its strings are not. An error of fn ends the scan and is returned.
func ScanCVs(ctx context.Context, path string, fn func(run []CV) error) error {
	parts, err := cvParts(path)
	if err != nil {
		return err
	}
	b := newBuilder(nameOf(path), strings.Clone)
	want := []columnSpec{{names: []string{b.cvs.idColumn}}, {names: textColumns(&b.cvs)}}
	var run []CV
	size := 0
	handOver := func() error {
		if len(run) == 0 {
			return nil
		}
		err := fn(run)
		clear(run)
		run, size = run[:0], 0
		return err
	}
	for _, part := range parts {
		file := b.file(part)
		err := scanParquet(ctx, part, want, func(rows *batch) error {
			for i := range rows.n {
				at := place{file, int32(rows.row + i)}
				id, text, err := b.textAt(at, rows, i)
				if err != nil {
					return err
				}
				if err := b.checkID(at, rows.names[0], id); err != nil {
					return err
				}
				if err := b.checkText(at, rows.names[1], id, text); err != nil {
					return err
				}
				run = append(run, CV{ID: strings.Clone(id), Text: strings.Clone(text)})
				if size += len(id) + len(text); size < scanBytes {
					continue
				}
				if err := handOver(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return handOver()
}
