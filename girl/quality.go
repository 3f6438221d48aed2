package girl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"genjobrec/datasets"
	"genjobrec/eval/chat"
	"genjobrec/eval/judge"
	"genjobrec/results"
)

// Systems of the first research question beside the two writers and the untuned one.
const (
	systemNearest = "nearest matched JD"
	systemReal    = "real matched JD"
)

// WriterRole is the prefix of the environment variables that name the writing model behind an endpoint, see [chat.FromEnv];
// that of the judging one is [judge.Role].
const WriterRole = "GIRL_WRITER"

// EnvSendTexts allows, if true, that CVs of other data than the synthetic market are sent to an endpoint.
const EnvSendTexts = "GIRL_SEND_TEXTS"

// QualityOptions say who writes and judges beside the run's own writers and the offline judge.
type QualityOptions struct {
	Writer    chat.Config // a language model behind an endpoint that writes a JD for each CV; without a model's name there is none
	Judge     chat.Config // one that judges, likewise
	CVs       int         // the most test CVs that an endpoint sees, drawn by split.seed; 0: all
	Workers   int         // requests to an endpoint at a time
	SendTexts bool        // send CVs to an endpoint also where they are not of the synthetic market
	Samples   int         // CVs to show with the JDs of all systems
	ShowTexts bool        // show them also where they are not of the synthetic market
}

// QualityFromEnv takes base URL and key of the endpoint, both models and the permission to send texts from the environment.
func QualityFromEnv() (QualityOptions, error) {
	o := QualityOptions{CVs: 50, Workers: 4}
	var errs [3]error
	o.Writer, errs[0] = chat.FromEnv(WriterRole)
	o.Judge, errs[1] = chat.FromEnv(judge.Role)
	o.Writer.Temperature = 0.7
	if v := os.Getenv(EnvSendTexts); v != "" {
		if o.SendTexts, errs[2] = strconv.ParseBool(v); errs[2] != nil {
			errs[2] = fmt.Errorf("%s is %q, want true or false", EnvSendTexts, v)
		}
	}
	return o, errors.Join(errs[:]...)
}

func (o QualityOptions) validate() error {
	switch {
	case o.CVs < 0:
		return fmt.Errorf("%d CVs for an endpoint: want 0 (all) or more", o.CVs)
	case o.Workers < 0:
		return fmt.Errorf("%d requests at a time: want at least 1", o.Workers)
	case o.Samples < 0:
		return fmt.Errorf("%d CVs to show: want 0 or more", o.Samples)
	}
	return nil
}

// QualityReport is what the study of the first research question shows.
type QualityReport struct {
	Judge   string          // the offline judge
	Tables  []results.Table // rq1, rq1_measures, rq1_length; off the market rq1_real; where a language model judged, rq1_llm and rq1_agreement
	Figures []*results.Figure
	Samples []QualitySample
	// SamplesNote says how the samples were drawn, or why there are none.
	SamplesNote string
}

// ByLLM gives the tables and figures that only are there where a language model judged.
func (q *QualityReport) ByLLM() (tables []results.Table, figures []*results.Figure) {
	for _, t := range q.Tables {
		if t.Name == "rq1_llm" || t.Name == "rq1_agreement" {
			tables = append(tables, t)
		}
	}
	for _, f := range q.Figures {
		if strings.HasPrefix(f.Name, "rq1_llm") {
			figures = append(figures, f)
		}
	}
	return tables, figures
}

// QualitySample is a CV with a JD of every system.
type QualitySample struct {
	CVID, CV string
	JDs      []SystemText
}

// SystemText is a JD with the name of the system that it comes from.
type SystemText struct{ System, Text string }

// quality is the state of the study.
type quality struct {
	*run
	options QualityOptions
	folder  string // rq1/ of the run's folder

	keys      map[int][2]string // seed → keys of what the run's writers and the untuned one wrote
	scoreKeys map[int]string    // seed → key of its reward model's scores
	llm       string            // name of the writing model's system; empty without
	writerKey string            // of what it wrote
	notes     []string          // on endpoints
	texts     func() (*systemTexts, error)
}

// Quality answers the first research question for a finished run: JDs of all systems for the test CVs with a matched pair are
// judged pairwise. The systems are the matched JD of the training CV that is nearest by TF-IDF, the untuned language model, GIRL-SFT and
// GIRL (the first JD of each CV and seed), a language model behind an endpoint if there is one, and the CV's own matched JD as an upper
// mark. On the market the oracle judges; elsewhere likeness to the CV's own matched JDs does, so that such a JD cannot compete: there it
// meets the others in contests of its own, judged by likeness to the CV's other matched JDs (table rq1_real, see [realJudged]). A language
// model behind an endpoint judges too, if there is one, the real JD included on any data.
//
// The untuned language model is no pretrained one: it is the writers' network, trained on the same JDs, each behind a stranger's CV. A model
// trained on JDs without any CV would be the plainer choice, but the prompt that makes it write, with a CV in it, would be unlike all it was
// trained on, and what it loses by that would pass for what the pairs teach. Behind strangers' CVs it can learn to write, and
// nothing of who suits what.
//
// Tables and figures named rq1 are left in the run's folder, judgements and answers in its folder rq1. The table rq1_measures needs no
// judge. What is already there is neither computed nor asked again. Errors: a run that is not finished, options out of range, an endpoint
// that refuses or fails (what it answered before is kept).
func Quality(ctx context.Context, runDir string, o QualityOptions, report *Reporter) (*QualityReport, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	r, err := reopen(ctx, runDir, report)
	if err != nil {
		return nil, err
	}
	defer r.close()
	q := &quality{run: r, options: o, folder: r.path("rq1"), keys: map[int][2]string{}, scoreKeys: map[int]string{}}
	q.texts = sync.OnceValues(q.collect)
	q.guardTexts()
	if err := q.write(); err != nil { // before the seeds, whose reward models score its JDs, too
		return nil, err
	}
	var mu sync.Mutex // guards both maps of keys
	if err := r.eachSeed((*seedRun).untune, (*seedRun).writeUntuned, q.scoreTexts, func(s *seedRun) error {
		mu.Lock()
		defer mu.Unlock()
		q.keys[s.seed], q.scoreKeys[s.seed] = [2]string{s.keys["generate"], s.keys[untunedWritten]}, s.keys["reward-scores"]
		return nil
	}); err != nil {
		return nil, err
	}
	offline, err := q.judgeOffline()
	if err != nil {
		return nil, err
	}
	llm, err := q.judgeLLM()
	if err != nil {
		return nil, err
	}
	stats, err := q.statistics(offline, llm)
	if err != nil {
		return nil, err
	}
	out, err := q.conclude(stats, llm)
	if err != nil {
		return nil, err
	}
	return out, q.samples(out)
}

// guardTexts takes the endpoints away where real people's CVs would be sent to them unasked.
func (q *quality) guardTexts() {
	if q.options.Writer.Model == "" && q.options.Judge.Model == "" {
		q.notes = append(q.notes, fmt.Sprintf("No language model behind an endpoint takes part: none is named by %s_MODEL or %s_MODEL.", WriterRole, judge.Role))
		return
	}
	if q.data.Market != nil || q.options.SendTexts {
		return
	}
	q.options.Writer.Model, q.options.Judge.Model = "", ""
	note := "A language model behind an endpoint is named, but nothing was sent to it: the CVs are not of the synthetic market, and those of real people are only sent where " +
		"that is asked for (-send-texts of girl judge, or " + EnvSendTexts + "=true)."
	q.notes = append(q.notes, note)
	q.report.Linef("%s", note)
}

// untunedWritten names the stage and the key of the untuned model's JDs.
const untunedWritten = "write-untuned"

func (s *seedRun) untunedPath() string {
	return filepath.Join(s.seedDir(s.seed), "rq1", "untuned.parquet")
}

// writeUntuned writes one JD for each test CV with the untuned language model, as the run's writers do.
func (s *seedRun) writeUntuned() error {
	c := s.cfg.Generate
	c.Samples = 1
	path := s.untunedPath()
	rec, err := s.stage(filepath.Dir(path), untunedWritten, []any{s.seed, s.keys["untuned"], s.keys["reward"], c}, []string{filepath.Base(path)}, func(rec *stageRecord) error {
		j, err := newJDWriter(s.backend, s.template, s.untuned, s.reward, s.normalizer, s.cfg.PPO.EOSPenalty, modelUntuned, s.seed, c)
		if err != nil {
			return err
		}
		rows, err := j.write(s.ctx, s.data.cvsOf(datasets.Test), rec.progress)
		if err != nil {
			return err
		}
		for _, r := range rows {
			rec.Tokens += int(r.Tokens)
		}
		return results.WriteGenerated(path, rows)
	})
	if err != nil {
		return err
	}
	s.keys[untunedWritten] = rec.Key
	return nil
}
