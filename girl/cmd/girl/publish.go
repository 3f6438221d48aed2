package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"genjobrec/girl"
)

const publishText = `Copy what of a finished run may be shown to others: tables, figures as PNG, SVG and PDF, numbers in long form, the page and the manifests without
the folders of this machine. No CVs, JDs or scores of single pairs go along, and the page of a run on real data that shows texts
is refused. With -readme the section on this run in that file is written anew, between the lines <!-- OUT --> and <!-- end of OUT -->; a file
without them is left as it is.

  girl publish -run runs/paper-market -out results/paper-market -readme README.md
`

func publishCommand(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := newFlags("girl publish", publishText, stderr)
	runDir := fs.String("run", "", "folder of a finished run (needed)")
	out := fs.String("out", "", "folder to fill, emptied before (needed)")
	readme := fs.String("readme", "", "file whose section on this run is written anew")
	if err := parse(fs, args, 0, stdout); err != nil {
		return err
	}
	for _, f := range []struct{ name, value string }{{"run", *runDir}, {"out", *out}} {
		if err := need(f.name, f.value); err != nil {
			return err
		}
	}
	if err := girl.Publish(*runDir, *out); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "published in", *out)
	if *readme == "" {
		return nil
	}
	link, err := filepath.Rel(filepath.Dir(*readme), *out)
	if err != nil {
		return err
	}
	err = girl.UpdateReadme(*readme, *out, filepath.ToSlash(link))
	if errors.Is(err, girl.ErrNoSection) { // as for every new dataset: all else is done
		fmt.Fprintln(stdout, err)
		return nil
	}
	return err
}
