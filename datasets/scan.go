package datasets

import (
	"context"
	"strings"
)

// ScanPairs reads the pairs table of a dataset, as Open finds it, and calls fn with the pairs of one row
// group after another, so that a dataset larger than memory can be walked. The slice is reused: fn must
// copy what it keeps. Each row is checked by itself (ids, label, split); what only the whole shows
// (duplicates, one class, missing texts) is Open's affair. An error of fn ends the scan and is returned.
func ScanPairs(ctx context.Context, path string, fn func(rowGroup []Pair) error) error {
	l, err := findTables(path)
	if err != nil {
		return err
	}
	b := newBuilder(nameOf(path), strings.Clone)
	ids := map[string]string{} // one copy of each id of a row group
	intern := func(view string) string {
		if s, ok := ids[view]; ok {
			return s
		}
		s := strings.Clone(view)
		ids[s] = s
		return s
	}
	var group []Pair
	for _, part := range l.pairs {
		file := b.file(part)
		row := func(rows *batch, i int) error {
			at := place{file, int32(rows.row + i)}
			d, err := b.decisionAt(at, rows, i)
			if err != nil {
				return err
			}
			if err := b.checkID(at, "cv_id", d.cvID); err != nil {
				return err
			}
			if err := b.checkID(at, "jd_id", d.jdID); err != nil {
				return err
			}
			split, err := b.checkDecision(at, d.cvID, d.jdID, d.label, d.split)
			if err != nil {
				return err
			}
			group = append(group, Pair{CVID: intern(d.cvID), JDID: intern(d.jdID), Label: int(d.label), Split: split, Time: d.when})
			return nil
		}
		err := scanParquet(ctx, part, pairColumns(false, false)[:colCV], func(rows *batch) error {
			for i := range rows.n {
				if err := row(rows, i); err != nil {
					return err
				}
			}
			return nil
		}, func() error {
			err := fn(group)
			group = group[:0]
			clear(ids)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ScanCVs reads a Parquet table of CVs (cv_id and text, cv or cv_text; a file, a folder of parts, or a
// dataset folder with a table cvs) and calls fn with the CVs of one row group after another. Each row is checked
// by itself. The slice is reused, its strings are not. An error of fn ends the scan and is returned.
func ScanCVs(ctx context.Context, path string, fn func(rowGroup []CV) error) error {
	parts, err := cvParts(path)
	if err != nil {
		return err
	}
	b := newBuilder(nameOf(path), strings.Clone)
	want := []columnSpec{{names: []string{b.cvs.idColumn}}, {names: textColumns(&b.cvs)}}
	var group []CV
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
				group = append(group, CV{ID: strings.Clone(id), Text: strings.Clone(text)})
			}
			return nil
		}, func() error {
			err := fn(group)
			clear(group)
			group = group[:0]
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
