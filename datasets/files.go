package datasets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A table of a dataset folder: one file NAME.parquet, or a folder NAME or NAME.parquet of part files.
const (
	cvTable   = "cvs"
	jdTable   = "jds"
	pairTable = "pairs"
)

// layout says where the tables of a dataset lie. A table that is not there has no parts.
type layout struct {
	cvs, jds, pairs []string // part files in order of name
	pairsAt         string   // what to call the pairs table in a message
}

// findTables resolves the path given to Open: a folder of tables, a pairs file, or a folder of parts of one.
func findTables(path string) (layout, error) {
	info, err := os.Stat(path)
	if err != nil {
		return layout{}, fileError(path, err)
	}
	if !info.IsDir() {
		return layout{pairs: []string{path}, pairsAt: path}, nil
	}
	var l layout
	if l.pairs, l.pairsAt, err = tableParts(path, pairTable); err != nil {
		return layout{}, err
	}
	if l.cvs, _, err = tableParts(path, cvTable); err != nil {
		return layout{}, err
	}
	if l.jds, _, err = tableParts(path, jdTable); err != nil {
		return layout{}, err
	}
	if l.pairs != nil {
		return l, nil
	}
	if l.cvs == nil && l.jds == nil && isPartFolder(path) {
		parts, err := listParts(path)
		return layout{pairs: parts, pairsAt: path}, err
	}
	return layout{}, &DataError{File: path, Msg: "no pairs table: expected pairs.parquet or a folder pairs/ of part files; found " + listing(path)}
}

// tableParts returns the part files of one table of a dataset folder, and the table's path; no parts
// when the table is not there.
func tableParts(dir, table string) (parts []string, at string, err error) {
	for _, name := range []string{table + ".parquet", table} {
		p := filepath.Join(dir, name)
		info, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) || err == nil && name == table && !info.IsDir() {
			continue
		}
		if err != nil {
			return nil, "", fileError(p, err)
		}
		if at != "" {
			return nil, "", &DataError{File: dir, Msg: fmt.Sprintf("both %s and %s are there: keep one", filepath.Base(at), name)}
		}
		at = p
		if parts = []string{p}; info.IsDir() {
			if parts, err = listParts(p); err != nil {
				return nil, "", err
			}
		}
	}
	return parts, at, nil
}

// isPartFolder reports whether a folder is itself one table, as Spark or DuckDB name theirs.
func isPartFolder(dir string) bool {
	if base := filepath.Base(filepath.Clean(dir)); base == pairTable || base == cvTable || strings.HasSuffix(base, ".parquet") {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "_SUCCESS"))
	return err == nil
}

// listParts returns the part files of a table folder in order of name. Hidden files, checksums and
// files whose name starts with an underscore (_SUCCESS, _metadata) are passed over; anything else
// that is no Parquet file is an error, so that no part is lost to a misspelt name.
func listParts(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fileError(dir, err)
	}
	var parts []string
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || strings.HasSuffix(name, ".crc"):
		case e.IsDir():
			return nil, &DataError{File: filepath.Join(dir, name), Msg: "folder among the part files: partitioned tables are not supported, write the parts side by side"}
		case strings.HasSuffix(name, ".parquet"):
			parts = append(parts, filepath.Join(dir, name))
		default:
			return nil, &DataError{File: filepath.Join(dir, name), Msg: "not a .parquet file among the part files"}
		}
	}
	if len(parts) == 0 {
		return nil, &DataError{File: dir, Msg: "no .parquet part file in this folder"}
	}
	slices.Sort(parts)
	return parts, nil
}

// listing names the first visible entries of a folder, for a message.
func listing(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	switch {
	case len(names) == 0:
		return "an empty folder"
	case len(names) > 6:
		return strings.Join(names[:6], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

// fileError says that a file or folder cannot be read.
func fileError(path string, err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		err = p.Err // the path is said already
	}
	return &DataError{File: path, Msg: "cannot be read", Err: err}
}
