// Package results writes what an experiment found: long-form metrics, scores of every test pair,
// generated texts, tables and figures. It computes uncertainty through package eval and knows nothing
// of models.
//
// Every file is written to a temporary name in its own folder and renamed when complete: a reader
// sees the old file or the new one, never half of one. The same input gives the same bytes.
package results

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// atomicFile is a file that appears under its path when committed, and not before.
type atomicFile struct {
	*bufio.Writer
	file *os.File
	path string
	done bool
}

// createAtomic opens a temporary file beside path, making the folder where it is missing.
func createAtomic(path string) (*atomicFile, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	file, err := os.CreateTemp(dir, "."+filepath.Base(path)+".tmp-*")
	if err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	return &atomicFile{Writer: bufio.NewWriterSize(file, 1<<16), file: file, path: path}, nil
}

// commit flushes to disk and gives the file its name. On error nothing is left behind and a file that
// already had the name stays as it was.
func (a *atomicFile) commit() error {
	if a.done {
		return nil
	}
	// CreateTemp makes files for their owner alone; results are meant to be read.
	err := errors.Join(a.Flush(), a.file.Chmod(0o644), a.file.Sync())
	if err != nil {
		a.abort()
		return fmt.Errorf("results: writing %s: %w", a.path, err)
	}
	a.done = true
	if err := a.file.Close(); err != nil {
		return fmt.Errorf("results: writing %s: %w", a.path, errors.Join(err, os.Remove(a.file.Name())))
	}
	if err := os.Rename(a.file.Name(), a.path); err != nil {
		return fmt.Errorf("results: %w", errors.Join(err, os.Remove(a.file.Name())))
	}
	return nil
}

// abort drops what was written. After commit it does nothing, so that it can be deferred.
func (a *atomicFile) abort() {
	if a.done {
		return
	}
	a.done = true
	// The file is being thrown away: there is nothing to do about a failure.
	_ = a.file.Close()
	_ = os.Remove(a.file.Name())
}

// writeAtomic writes a whole file through write.
func writeAtomic(path string, write func(io.Writer) error) error {
	a, err := createAtomic(path)
	if err != nil {
		return err
	}
	defer a.abort()
	if err := write(a); err != nil {
		return fmt.Errorf("results: writing %s: %w", path, err)
	}
	return a.commit()
}
