package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"genjobrec/datasets"
	"genjobrec/girl"
)

const scoreText = `Score new CV–JD pairs with the six matchers and the baselines of a finished run: each row of the output is one pair, one
model, one predictor, one seed, with the probability of a match. JDs are written for the new CVs on the way.

  girl score -run runs/market -pairs new-pairs -out new-scores.parquet
`

func scoreCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := newFlags("girl score", scoreText, stderr)
	runDir := fs.String("run", "", "folder of a finished run (needed)")
	pairs := fs.String("pairs", "", "dataset folder of the pairs to score; its labels may be missing (needed)")
	out := fs.String("out", "", "Parquet file to write (needed)")
	if err := parse(fs, args, 0, stdout); err != nil {
		return err
	}
	for _, f := range [][2]string{{"run", *runDir}, {"pairs", *pairs}, {"out", *out}} {
		if err := need(f[0], f[1]); err != nil {
			return err
		}
	}
	return girl.Score(ctx, *runDir, *pairs, *out, girl.NewReporter(stdout))
}

const generateText = `Write JDs for one CV with both writers of a finished run and print them, best reward first.

  girl generate -run runs/market -cv cv.txt -k 3
  echo "Plumber, eight years, welding" | girl generate -run runs/market -cv -
`

func generateCommand(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	fs := newFlags("girl generate", generateText, stderr)
	runDir := fs.String("run", "", "folder of a finished run (needed)")
	cvFile := fs.String("cv", "", "text file with the CV, - for standard input (needed)")
	k := fs.Int("k", 0, "JDs from each writer; default: as many as the run wrote")
	seed := fs.Int("seed", 1, "seed of the sampling; the writers are those of the run's first seed")
	if err := parse(fs, args, 0, stdout); err != nil {
		return err
	}
	for _, f := range [][2]string{{"run", *runDir}, {"cv", *cvFile}} {
		if err := need(f[0], f[1]); err != nil {
			return err
		}
	}
	if *k < 0 || *k > girl.MaxSamples {
		return fmt.Errorf("%w: -k %d must lie between 0 and %d", errUsage, *k, girl.MaxSamples)
	}
	name, in := *cvFile, stdin
	if *cvFile == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(*cvFile)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return girl.Generate(ctx, *runDir, name, string(text), *k, *seed, stdout)
}

const marketText = `Draw the synthetic labour market and write it as a dataset: people with CVs, vacancies with JDs, and recruiters' decisions.
market.json keeps the oracle beside the tables, so that a run on the folder still knows the truth; cvs without decisions go to
unlabelled/cvs.parquet.

  girl market -seed 1 -cvs 5000 -out markets/five-thousand
`

func marketCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := newFlags("girl market", marketText, stderr)
	seed := fs.Int("seed", 1, "seed that draws people, vacancies and decisions")
	cvs := fs.Int("cvs", 3200, "labelled CVs")
	pairs := fs.Int("pairs-per-cv", 4, "JDs each CV is judged on, on average")
	unlabelled := fs.Int("unlabelled", 400, "further CVs without decisions")
	out := fs.String("out", "", "folder to write (needed)")
	if err := parse(fs, args, 0, stdout); err != nil {
		return err
	}
	if err := need("out", *out); err != nil {
		return err
	}
	return girl.WriteMarket(*seed, *cvs, *pairs, *unlabelled, *out, stdout)
}

const importText = `Turn a collection into a dataset of three Parquet tables.

  girl import resume-jd-fit IN OUT [-only-good]   resume_text, job_description_text, label (No Fit, Potential Fit, Good Fit); CSV or Parquet
  girl import zhaopin DIR OUT                     Zhaopin/Tianchi 2019: table1_user, table2_jd, table3_action
  girl import pairs IN OUT -cv-col C -jd-col J -label-col L   any CSV, TSV or Parquet with the texts in two columns

  girl import resume-jd-fit pairs.parquet fit
  girl import pairs applications.csv mine -cv-col resume -jd-col posting -label-col hired
`

func importCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	kind := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		kind, args = args[0], args[1:]
	}
	fs := newFlags("girl import "+kind, importText, stderr)
	var fit datasets.FitOptions
	var cols datasets.PairColumns
	switch kind {
	case "resume-jd-fit":
		fs.BoolVar(&fit.OnlyGood, "only-good", false, "count only Good Fit as a match; default: Good and Potential Fit")
	case "pairs":
		fs.StringVar(&cols.CV, "cv-col", "", "column with the CV text (needed)")
		fs.StringVar(&cols.JD, "jd-col", "", "column with the JD text (needed)")
		fs.StringVar(&cols.Label, "label-col", "", "column with the label: 0, 1, true or false (needed)")
		fs.StringVar(&cols.CVID, "cv-id-col", "", "column with CV ids; default: a hash of the text")
		fs.StringVar(&cols.JDID, "jd-id-col", "", "column with JD ids; default: a hash of the text")
		fs.StringVar(&cols.Split, "split-col", "", "column with train, valid or test")
		fs.StringVar(&cols.Time, "time-col", "", "column with the time of the decision")
	case "zhaopin":
	default:
		for _, a := range args {
			if a == "-h" || a == "--help" || a == "-help" {
				fmt.Fprint(stdout, importText)
				return nil
			}
		}
		return fmt.Errorf("%w: there is no importer %q; there are resume-jd-fit, zhaopin and pairs", errUsage, kind)
	}
	if err := parse(fs, args, 2, stdout); err != nil {
		return err
	}
	in, out := fs.Arg(0), fs.Arg(1)
	var summary datasets.Summary
	var err error
	switch kind {
	case "resume-jd-fit":
		summary, err = datasets.ImportResumeJDFit(in, out, fit)
	case "zhaopin":
		summary, err = datasets.ImportZhaopin(in, out)
	case "pairs":
		for _, f := range [][2]string{{"cv-col", cols.CV}, {"jd-col", cols.JD}, {"label-col", cols.Label}} {
			if err := need(f[0], f[1]); err != nil {
				return err
			}
		}
		summary, err = datasets.ImportPairs(in, out, cols)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, summary)
	return nil
}
