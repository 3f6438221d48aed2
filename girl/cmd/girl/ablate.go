package main

import (
	"context"
	"fmt"
	"io"

	"genjobrec/girl"
	"genjobrec/results"
)

const ablateText = `Take GIRL apart, for a finished run (research question 3): an untuned language model, PPO without fine-tuning before it, without
reward normalisation and without the KL penalty, and the reward model's choice among n JDs in place of PPO; then the matchers on CVs and
JDs that they have and have not met in training. Tables and figures named rq3 and rq3.csv join the run's folder. What is already
there is not computed again.

  girl ablate -run runs/market
  girl ablate -run runs/market -best-of 4
`

func ablateCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := newFlags("girl ablate", ablateText, stderr)
	o := girl.DefaultAblation()
	runDir := fs.String("run", "", "folder of a finished run (needed)")
	fs.IntVar(&o.BestOf, "best-of", o.BestOf, "n of best-of-n reranking")
	fs.Float64Var(&o.Cold.JDShare, "cold-jds", o.Cold.JDShare, "share of the JDs kept from the matchers' training in the cold-start test")
	fs.Float64Var(&o.Cold.PairShare, "cold-pairs", o.Cold.PairShare, "share of the other pairs of training CVs kept for that test")
	if err := parse(fs, args, 0, stdout); err != nil {
		return err
	}
	if err := need("run", *runDir); err != nil {
		return err
	}
	r, err := girl.Ablate(ctx, *runDir, o, girl.NewReporter(stdout))
	if err != nil {
		return err
	}
	for _, t := range []results.Table{r.Writers, r.Matching, r.Cold} {
		fmt.Fprintln(stdout)
		if err := t.Markdown(stdout); err != nil {
			return err
		}
	}
	return nil
}
