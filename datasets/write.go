package datasets

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/parquet-go/parquet-go"
)

// pairRow is a row of the pairs table.
type pairRow struct {
	CVID  string    `parquet:"cv_id,dict"`
	JDID  string    `parquet:"jd_id,dict"`
	Label int32     `parquet:"label"`
	Split string    `parquet:"split,optional,dict"`
	Time  time.Time `parquet:"time,optional,timestamp(microsecond)"`
}

// Write writes a dataset to the folder dir as cvs.parquet, jds.parquet and pairs.parquet, compressed
// with zstd; the folder is made when it is not there. The dataset is validated first, so what was written can
// be opened. Every table is written under a temporary name, and only when all three are complete are
// they renamed, replacing tables of those names: an error leaves no half-written table and no new
// folder. A table that is there as a folder of parts is an error. Times keep microseconds, in UTC.
func Write(dir string, ds *Dataset) error {
	if err := Validate(ds); err != nil {
		return err
	}
	for _, table := range []string{cvTable, jdTable, pairTable} {
		for _, name := range []string{table, table + ".parquet"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() {
				return &DataError{File: filepath.Join(dir, name), Msg: "a table of part files is already there: remove it or choose another folder"}
			}
		}
	}
	return writeFiles(dir, []fileWriter{
		{cvTable + ".parquet", func(w io.WriteSeeker) error {
			return writeRows(w, len(ds.CVs), func(i int) (CV, int) { return ds.CVs[i], len(ds.CVs[i].Text) })
		}},
		{jdTable + ".parquet", func(w io.WriteSeeker) error {
			return writeRows(w, len(ds.JDs), func(i int) (JD, int) { return ds.JDs[i], len(ds.JDs[i].Text) })
		}},
		{pairTable + ".parquet", func(w io.WriteSeeker) error {
			return writeRows(w, len(ds.Pairs), func(i int) (pairRow, int) {
				p := ds.Pairs[i]
				return pairRow{CVID: p.CVID, JDID: p.JDID, Label: int32(p.Label), Split: string(p.Split), Time: p.Time}, 64
			})
		}},
	})
}

// rowGroupBytes is the size of texts at which a row group is closed: readers work a group at a time.
const rowGroupBytes = 64 << 20

// writeRows writes n rows of T; row also gives the approximate size of a row in bytes.
func writeRows[T any](w io.Writer, n int, row func(int) (T, int)) error {
	out := parquet.NewGenericWriter[T](w, parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(1<<20), parquet.WriteBufferSize(1<<20), parquet.CreatedBy("genjobrec", "", ""))
	buf := make([]T, 0, 256)
	size := 0
	flush := func() error {
		_, err := out.Write(buf)
		buf = buf[:0]
		return err
	}
	for i := range n {
		r, bytes := row(i)
		buf = append(buf, r)
		size += bytes
		if len(buf) == cap(buf) || size >= rowGroupBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		if size >= rowGroupBytes {
			if err := out.Flush(); err != nil {
				return err
			}
			size = 0
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return out.Close()
}

// fileWriter is a file to write: its name in the folder and what writes its content.
type fileWriter struct {
	name  string
	write func(io.WriteSeeker) error
}

// writeFiles writes files to dir, all of them or none: under temporary names first, synced, then
// renamed in the order given.
func writeFiles(dir string, files []fileWriter) (err error) {
	_, statErr := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing a dataset: %w", err)
	}
	var temps []string
	defer func() {
		if err == nil {
			return
		}
		for _, t := range temps {
			_ = os.Remove(t)
		}
		if errors.Is(statErr, fs.ErrNotExist) {
			_ = os.Remove(dir) // only if it is empty
		}
	}()
	for _, f := range files {
		temp, err := writeTemp(dir, f)
		if temp != "" {
			temps = append(temps, temp)
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", filepath.Join(dir, f.name), err)
		}
	}
	for i, f := range files {
		if err := os.Rename(temps[i], filepath.Join(dir, f.name)); err != nil {
			return fmt.Errorf("writing %s: %w", filepath.Join(dir, f.name), err)
		}
	}
	return nil
}

// writeTemp writes one file under a hidden temporary name in dir, which readers pass over.
func writeTemp(dir string, f fileWriter) (name string, err error) {
	file, err := os.CreateTemp(dir, ".tmp-*-"+f.name)
	if err != nil {
		return "", err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := f.write(file); err != nil {
		return file.Name(), err
	}
	if err := file.Chmod(0o644); err != nil {
		return file.Name(), err
	}
	return file.Name(), file.Sync()
}
