package main

import (
	"context"
	"fmt"
	"io"

	"genjobrec/girl"
)

const judgeText = `Judge the written JDs of a finished run pairwise (research question 1): level of detail, relevance, conciseness, overall. GIRL and
GIRL-SFT compete with an untuned language model (their network, trained from scratch on the same JDs, each behind the CV of a stranger), with
the matched JD of the nearest training CV and with the CV's own matched JD. The judge needs no network: the market's oracle, elsewhere
likeness to the CV's own matched JDs. There a matched JD competes only in tables/rq1_real.*, where it is no reference, on CVs that have
others. tables/rq1_measures.* holds numbers of each system's JDs by themselves.
tables/rq1*.*, figures/rq1*.* and rq1.csv join the run's folder. What is already there is neither computed nor asked again.

rq1.csv has a row for each pair of systems a, b, criterion and judge (oracle, reference, reference-others of rq1_real, or a language model's name): win, tie, lose, invalid
contests from the side of a, net = (win - lose)/(win + tie + lose), its 95 % interval low to high, p, p_holm and the number of seeds.

  girl judge -run runs/market

A language model behind any OpenAI-compatible endpoint writes JDs where GIRL_WRITER_MODEL names one, and judges, too, where
GIRL_JUDGE_MODEL does. OPENAI_BASE_URL and OPENAI_API_KEY say where it is. Each judged CV costs it two answers for each pair of systems and seed;
GIRL_WRITER_PRICES and GIRL_JUDGE_PRICES, a million prompt and a million answer tokens each, have the cost added up. CVs of other data
than the synthetic market are only sent with -send-texts. The key is written nowhere.

GIRL_JUDGE_MAX_TOKENS and GIRL_WRITER_MAX_TOKENS bound an answer, the model's reasoning included: by default 4000 tokens for a verdict
and 4000 beyond four a word for a JD. What is cut off there counts as invalid, or as no JD, and is not kept: with a larger bound the same
command asks for that alone. Where a model refuses every temperature, GIRL_JUDGE_TEMPERATURE=default sends none (GIRL_WRITER_TEMPERATURE
likewise, in place of -writer-temperature). GIRL_JUDGE_FORMAT is how the verdict's JSON is asked for: json_object, json_schema or text.

  OPENAI_BASE_URL=http://localhost:8000/v1 GIRL_WRITER_MODEL=qwen3 GIRL_JUDGE_MODEL=qwen3 GIRL_JUDGE_MAX_TOKENS=8000 \
    girl judge -run runs/market -cvs 20
  OPENAI_API_KEY=... GIRL_JUDGE_MODEL=gpt-4.1-mini GIRL_JUDGE_PRICES=0.4,1.6 girl judge -run runs/fit -cvs 30 -send-texts
`

func judgeCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := newFlags("girl judge", judgeText, stderr)
	o, envErr := girl.QualityFromEnv()
	runDir := fs.String("run", "", "folder of a finished run (needed)")
	fs.IntVar(&o.CVs, "cvs", o.CVs, "the most test CVs that an endpoint sees, drawn by split.seed; 0: all")
	fs.IntVar(&o.Workers, "workers", o.Workers, "requests to the endpoint at a time")
	fs.Float64Var(&o.Writer.Temperature, "writer-temperature", o.Writer.Temperature, "sampling temperature of the writing model")
	fs.BoolVar(&o.SendTexts, "send-texts", o.SendTexts, "send CVs and JDs to the endpoint also where they are not of the synthetic market; GIRL_SEND_TEXTS=true does the same")
	if err := parse(fs, args, 0, stdout); err != nil {
		return err
	}
	if err := need("run", *runDir); err != nil {
		return err
	}
	if envErr != nil {
		return envErr
	}
	r, err := girl.Quality(ctx, *runDir, o, girl.NewReporter(stdout))
	if err != nil {
		return err
	}
	for _, t := range r.Tables {
		fmt.Fprintln(stdout)
		if err := t.Markdown(stdout); err != nil {
			return err
		}
	}
	return nil
}
