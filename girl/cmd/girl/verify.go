package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"genjobrec/girl"
)

const verifyText = `Check a finished run against its manifests: every artefact has the hash that was recorded, the data are those of the run, and every
number of results.csv comes out again from the scores, the written JDs and the training histories. What does not match is listed, and the exit
status is 1 then.

  girl verify runs/market
`

func verifyCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := newFlags("girl verify", verifyText, stderr)
	if err := parse(fs, args, 1, stdout); err != nil {
		return err
	}
	v, err := girl.Verify(ctx, fs.Arg(0))
	if err != nil {
		return err
	}
	for _, f := range v.Faults {
		fmt.Fprintln(stdout, f)
	}
	fmt.Fprintf(stdout, "%d files and %d numbers checked, %d faults\n", v.Files, v.Numbers, len(v.Faults))
	if len(v.Faults) > 0 {
		return errors.New("the run does not match its manifest")
	}
	return nil
}
