package results

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/parquet-go/parquet-go"
)

// Writer streams typed rows into a Parquet file that appears when the writer is closed.
type Writer[T any] struct {
	file  *atomicFile
	out   *parquet.GenericWriter[T]
	check func(T) error
	rows  int
	err   error // the first error; the file can no longer be committed
}

// The number of rows a Parquet row group holds, all of which a writer has in memory before it writes them: of files whose rows are in
// memory anyway, and of files that are written as their rows are made.
const (
	rowGroup       = 1 << 17
	streamRowGroup = 1 << 14
)

func newWriter[T any](path string, rowGroup int64, check func(T) error) (*Writer[T], error) {
	file, err := createAtomic(path)
	if err != nil {
		return nil, err
	}
	out := parquet.NewGenericWriter[T](file,
		parquet.Compression(&parquet.Zstd),
		parquet.MaxRowsPerRowGroup(rowGroup),
		parquet.CreatedBy("genjobrec", "1", ""))
	return &Writer[T]{file: file, out: out, check: check}, nil
}

// Write appends rows. A row that may not be in the file is an error that names it; after an error no
// file is made.
func (w *Writer[T]) Write(rows ...T) error {
	if w.err != nil {
		return w.err
	}
	for i, row := range rows {
		if err := w.check(row); err != nil {
			w.err = fmt.Errorf("results: %s: row %d: %w", w.file.path, w.rows+i+1, err)
			return w.err
		}
	}
	n, err := w.out.Write(rows)
	w.rows += n
	if err != nil {
		w.err = fmt.Errorf("results: writing %s: %w", w.file.path, err)
	}
	return w.err
}

// Close completes the file and gives it its name; after an error it drops the file and returns the
// error again.
func (w *Writer[T]) Close() error {
	if w.file.done {
		return w.err
	}
	if w.err == nil {
		if err := w.out.Close(); err != nil {
			w.err = fmt.Errorf("results: writing %s: %w", w.file.path, err)
		}
	}
	if w.err != nil {
		w.file.abort()
		return w.err
	}
	w.err = w.file.commit()
	return w.err
}

// Abort drops the file. After Close it does nothing, so that it can be deferred.
func (w *Writer[T]) Abort() { w.file.abort() }

// readRecords streams the rows of a Parquet file. A file of other columns, or one cut short, is an
// error.
func readRecords[T any](path string, check func(T) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		fail := func(err error) { yield(zero, fmt.Errorf("results: %s: %w", path, err)) }
		file, err := os.Open(path)
		if err != nil {
			yield(zero, fmt.Errorf("results: %w", err))
			return
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			fail(err)
			return
		}
		pq, in, err := openRecords[T](file, info.Size())
		if err != nil {
			fail(err)
			return
		}
		defer func() { _ = decode(in.Close) }() // read only
		batch := make([]T, 1024)
		for row := 1; ; {
			clear(batch)
			var n int
			err := decode(func() (err error) { n, err = in.Read(batch); return err })
			for _, record := range batch[:n] {
				if err := check(record); err != nil {
					fail(fmt.Errorf("row %d: %w", row, err))
					return
				}
				if !yield(record, nil) {
					return
				}
				row++
			}
			if errors.Is(err, io.EOF) {
				if want := pq.NumRows() + 1; int64(row) != want {
					fail(fmt.Errorf("%d rows, want %d: the file is damaged", row-1, want-1))
				}
				return
			}
			if err != nil {
				fail(err)
				return
			}
		}
	}
}

// openRecords reads the footer of a Parquet file and checks the columns.
func openRecords[T any](file io.ReaderAt, size int64) (pq *parquet.File, in *parquet.GenericReader[T], err error) {
	err = decode(func() error {
		var zero T
		if pq, err = parquet.OpenFile(file, size); err != nil {
			return err
		}
		if err := sameColumns(pq.Schema(), parquet.SchemaOf(zero)); err != nil {
			return err
		}
		in = parquet.NewGenericReader[T](pq)
		return nil
	})
	return pq, in, err
}

// decode calls into the Parquet decoder, whose panics on spoilt files become errors.
func decode(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("corrupt Parquet data: %v", p)
		}
	}()
	return f()
}

// sameColumns says which wanted column a file lacks or holds as another type.
func sameColumns(got, want *parquet.Schema) error {
	for _, path := range want.Columns() {
		w, _ := want.Lookup(path...)
		g, ok := got.Lookup(path...)
		if !ok {
			return fmt.Errorf("column %s is missing", path[0])
		}
		if g.Node.Type().Kind() != w.Node.Type().Kind() || g.Node.Repeated() {
			return fmt.Errorf("column %s is %s, want %s", path[0], g.Node.Type(), w.Node.Type())
		}
	}
	return nil
}
