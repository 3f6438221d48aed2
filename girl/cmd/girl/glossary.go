package main

import (
	"context"
	"fmt"
	"io"

	"genjobrec/girl"
)

const glossaryText = `Explain every number that SFT, reward model and PPO log, and every metric of results.csv, rq3.csv and rq4.csv: its formula, its unit, what is healthy, and
where training warns.

  girl glossary
`

func glossaryCommand(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := newFlags("girl glossary", glossaryText, stderr)
	if err := parse(fs, args, 0, stdout); err != nil {
		return err
	}
	where := ""
	for _, term := range girl.Glossary() {
		if term.Where != where {
			where = term.Where
			fmt.Fprintf(stdout, "\n%s\n", where)
		}
		fmt.Fprintf(stdout, "  %-18s %s\n  %-18s unit: %s; healthy: %s\n", term.Name, term.Formula, "", term.Unit, term.Healthy)
	}
	return nil
}
