package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"genjobrec/girl"
)

const sweepText = `Vary how JDs are written, for a finished run: GIRL writes K JDs a CV for each K, and with each temperature, matchers are tuned
and trained on them as in the run, and tables/rq4.*, figures/rq4_*.* and rq4.csv join the run's folder (research question 4). What
is already there is not computed again.

  girl sweep -run runs/market
  girl sweep -run runs/market -k 1,3,9 -temperatures 0.5,1
`

func sweepCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := newFlags("girl sweep", sweepText, stderr)
	usual := girl.DefaultSweep()
	runDir := fs.String("run", "", "folder of a finished run (needed)")
	samples := fs.String("k", join(usual.Samples), "numbers of JDs a CV, separated by commas")
	temperatures := fs.String("temperatures", join(usual.Temperatures), "sampling temperatures, separated by commas")
	if err := parse(fs, args, 0, stdout); err != nil {
		return err
	}
	if err := need("run", *runDir); err != nil {
		return err
	}
	var o girl.SweepOptions
	for _, text := range split(*samples) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%w: -k %q: %q is not a whole number", errUsage, *samples, text)
		}
		o.Samples = append(o.Samples, n)
	}
	for _, text := range split(*temperatures) {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%w: -temperatures %q: %q is not a number", errUsage, *temperatures, text)
		}
		o.Temperatures = append(o.Temperatures, x)
	}
	r, err := girl.Sweep(ctx, *runDir, o, girl.NewReporter(stdout))
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout)
	if err := r.Table.Markdown(stdout); err != nil || r.Steps.Name == "" {
		return err
	}
	fmt.Fprintln(stdout)
	return r.Steps.Markdown(stdout)
}

// split cuts a comma-separated list; an empty text is an empty list.
func split(text string) []string {
	var out []string
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func join[T any](list []T) string {
	var parts []string
	for _, x := range list {
		parts = append(parts, fmt.Sprint(x))
	}
	return strings.Join(parts, ",")
}
