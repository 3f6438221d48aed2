package datasets

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// ReadCVs reads unlabelled CVs: a Parquet file, a folder of Parquet parts, the table cvs of a dataset
// folder, or a CSV or TSV file. The columns are cv_id and text (or cv, or cv_text); others are passed over. The
// first fault comes back as a *DataError: a missing column, an empty or non-UTF-8 text, an id with
// two texts, an empty table. An id that is repeated with the same text is read once.
func ReadCVs(path string) ([]CV, error) {
	parts, err := cvParts(path)
	if err != nil {
		return nil, err
	}
	b := newBuilder(nameOf(path), strings.Clone)
	if isParquet(parts[0]) {
		err = b.readTexts(context.Background(), &b.cvs, parts)
	} else {
		err = b.readDelimitedCVs(path)
	}
	if err != nil {
		return nil, err
	}
	if len(b.cvs.ids) == 0 {
		return nil, &DataError{File: path, Msg: "empty table: no CV"}
	}
	cvs := make([]CV, len(b.cvs.ids))
	for i, id := range b.cvs.ids {
		cvs[i] = CV{ID: id, Text: b.cvs.texts[i]}
	}
	return cvs, nil
}

// readDelimitedCVs adds the rows of a CSV or TSV file.
func (b *builder) readDelimitedCVs(path string) error {
	file := b.file(path)
	want := []columnSpec{{names: []string{b.cvs.idColumn}}, {names: textColumns(&b.cvs)}}
	return scanDelimited(context.Background(), path, want, func(_ string, row int, fields []string) error {
		_, _, err := b.addText(&b.cvs, place{file, int32(row)}, "text", fields[0], fields[1])
		return err
	})
}

// cvParts resolves the path of a table of CVs to its files.
func cvParts(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	parts, _, err := tableParts(path, cvTable)
	if err != nil || parts != nil {
		return parts, err
	}
	if parts, err = listParts(path); err != nil {
		return nil, err
	}
	if _, pairs, _ := tableParts(path, pairTable); pairs != "" {
		return nil, &DataError{File: path, Msg: "no table of CVs here, only " + filepath.Base(pairs)}
	}
	return parts, nil
}
