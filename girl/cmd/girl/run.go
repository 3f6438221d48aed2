package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"genjobrec/girl"
)

const runText = `Train the writer (SFT), the reward model and PPO, write JDs with both writers, train the six matchers and the
baselines, and leave index.html, tables, figures, results.csv, scores.parquet, generated.parquet and manifest.json in -out.
Stages that are already there with the same data and settings are not run again, so the same command resumes
an interrupted run.

  girl run -data market -profile default -seeds 1,2,3 -out runs/market
  girl run -data fit -cvs more-cvs.parquet -set ppo.kl_coefficient=0.1 -set generate.samples=8 -out runs/fit

-data is "market" (the synthetic labour market) or a folder of Parquet tables: cvs (cv_id, text), jds (jd_id, text), pairs
(cv_id, jd_id, label, optional split and time), or one pairs.parquet that also carries the texts.
`

// listFlag collects a flag that may be given several times.
type listFlag []string

func (l *listFlag) String() string     { return strings.Join(*l, " ") }
func (l *listFlag) Set(s string) error { *l = append(*l, s); return nil }

func runCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := girl.NewConfig("default", nil)
	if err != nil {
		return err
	}
	text := runText + "\nSettings for -set, with the values of the default profile:\n" + c.Help()
	fs := newFlags("girl run", text, stderr)
	var opts girl.Options
	var set listFlag
	fs.StringVar(&opts.Data, "data", "", `"market" or a dataset folder (needed)`)
	fs.StringVar(&opts.Test, "test", "", "dataset folder of test pairs; default: a share of -data, whole CV groups at a time")
	fs.StringVar(&opts.CVs, "cvs", "", "Parquet or CSV file of unlabelled CVs (cv_id, text or cv), as further prompts for PPO")
	fs.StringVar(&opts.Profile, "profile", "default", "sizes and steps: "+strings.Join(girl.ProfileNames(), ", "))
	seeds := fs.String("seeds", "1", "training seeds, separated by commas")
	fs.Var(&set, "set", "one setting as key=value; may be repeated")
	fs.StringVar(&opts.Out, "out", "", "folder for artefacts and results (needed)")
	fs.DurationVar(&opts.CheckpointEvery, "checkpoint-every", 20*time.Second, "time between two checkpoints inside SFT, reward model and PPO: what a crash can cost")
	fs.BoolVar(&opts.PageTexts, "page-texts", false, "show some CVs and written JDs on index.html also where the data are not the synthetic market")
	if err := parse(fs, args, 0, stdout); err != nil {
		return err
	}
	if err := need("data", opts.Data); err != nil {
		return err
	}
	if err := need("out", opts.Out); err != nil {
		return err
	}
	for _, s := range strings.Split(*seeds, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil {
			return fmt.Errorf("%w: -seeds %q: %q is not a whole number", errUsage, *seeds, s)
		}
		opts.Seeds = append(opts.Seeds, n)
	}
	if opts.CheckpointEvery <= 0 {
		return fmt.Errorf("%w: -checkpoint-every %v: want a time above 0", errUsage, opts.CheckpointEvery)
	}
	opts.Set = set
	opts.Reporter = girl.NewReporter(stdout)
	return girl.Run(ctx, opts)
}
