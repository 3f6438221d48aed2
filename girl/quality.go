package girl

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"genjobrec/datasets"
	"genjobrec/datasets/market"
	"genjobrec/eval"
	"genjobrec/eval/chat"
	"genjobrec/eval/judge"
	"genjobrec/results"
	"genjobrec/results/wholefile"
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

// Files of the study in the folder rq1 of a run.
const (
	judgementsFile    = "judgements.jsonl"
	judgementsLLMFile = "judgements-llm.jsonl"
	statisticsFile    = "statistics.gob"
)

// qualityVersion enters the keys of the study's stages: raise it when a change of judges or contests changes what they write.
const qualityVersion = 3

// contestKey is what the contests depend on.
func (q *quality) contestKey() []any {
	key := []any{qualityVersion, q.dataKey, q.cfg.Split.Seed, q.writerKey}
	for _, seed := range q.opts.Seeds {
		key = append(key, seed, q.keys[seed])
	}
	return key
}

// judgeOffline decides all contests without a network.
func (q *quality) judgeOffline() (*stageRecord, error) {
	return q.stage(q.folder, "judge", q.contestKey(), []string{judgementsFile}, func(rec *stageRecord) error {
		texts, err := q.texts()
		if err != nil {
			return err
		}
		j, _, err := q.data.offlineJudge()
		if err != nil {
			return err
		}
		js, err := judge.All(q.ctx, watched(j, rec, len(texts.contests)), texts.contests, runtime.GOMAXPROCS(0))
		if err != nil {
			return err
		}
		rec.Notes = append(rec.Notes, fmt.Sprintf("%d contests by %s", len(js), q.data.offlineJudgeName()))
		return writeJudgements(filepath.Join(q.folder, judgementsFile), js)
	})
}

// counter counts what several goroutines have done.
type counter struct {
	mu   sync.Mutex
	done int
}

func (c *counter) step(report func(done int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	report(c.done)
}

// watchedJudge reports each contest it decides.
type watchedJudge struct {
	inner  judge.Judge
	done   counter
	report func(done int)
}

func watched(j judge.Judge, rec *stageRecord, total int) judge.Judge {
	return &watchedJudge{inner: j, report: func(done int) { rec.progress.At(done, total, "contests") }}
}

// Judge implements [judge.Judge].
func (w *watchedJudge) Judge(ctx context.Context, c judge.Contest) (judge.Judgement, error) {
	j, err := w.inner.Judge(ctx, c)
	w.done.step(w.report)
	return j, err
}

// judgementLine is a judgement in a file of JSON lines; the texts are found again by CV, seed and systems.
type judgementLine struct {
	CVID        string            `json:"cv_id"`
	Seed        uint64            `json:"seed"` // of the writers; 0 where neither system was trained
	A           string            `json:"a"`
	B           string            `json:"b"`
	Detail      judge.Outcome     `json:"detail"` // win, tie, lose or invalid, from the side of A
	Relevance   judge.Outcome     `json:"relevance"`
	Conciseness judge.Outcome     `json:"conciseness"`
	Overall     judge.Outcome     `json:"overall"`
	Shown       *[2]judge.Verdict `json:"shown,omitempty"` // of a language model: A shown first, B shown first; in the order of the criteria above
}

func writeJudgements(path string, js []judge.Judgement) error {
	var data []byte
	for _, j := range js {
		v := j.Verdict
		line, err := json.Marshal(judgementLine{j.Contest.CVID, j.Contest.Seed, j.Contest.NameA, j.Contest.NameB,
			v[judge.Detail], v[judge.Relevance], v[judge.Conciseness], v[judge.Overall], j.Shown})
		if err != nil {
			return err
		}
		data = append(append(data, line...), '\n')
	}
	return wholefile.WriteBytes(path, data)
}

// readJudgements joins the verdicts of a file to their contests.
func readJudgements(path string, contests []judge.Contest) ([]judge.Judgement, error) {
	type key struct {
		cv, a, b string
		seed     uint64
	}
	at := map[key]judge.Contest{}
	for _, c := range contests {
		at[key{c.CVID, c.NameA, c.NameB, c.Seed}] = c
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []judge.Judgement
	for d := json.NewDecoder(f); ; {
		var l judgementLine
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s, judgement %d: %w", path, len(out)+1, err)
		}
		c, ok := at[key{l.CVID, l.A, l.B, l.Seed}]
		if !ok {
			return nil, fmt.Errorf("%s, judgement %d: there is no such contest of CV %q", path, len(out)+1, l.CVID)
		}
		out = append(out, judge.Judgement{Contest: c, Verdict: judge.Verdict{l.Detail, l.Relevance, l.Conciseness, l.Overall}, Shown: l.Shown})
	}
}

// qualityStatistics is what the judgements come to.
type qualityStatistics struct {
	Matrix   judge.Matrix
	Lengths  []judge.LengthReport
	Shortest float64 // tokens below which a JD counts as so long in the offline judge's conciseness
	Short    float64 // share of GIRL's JDs that are shorter

	Measures      []systemMeasures
	Hits, Nearest int // CVs whose nearest matched JD is one of their own, of so many that have a nearest one

	// Of the language model as judge, if there is one.
	LLM        *judge.Matrix // the CV's own matched JD is among its systems on any data
	LLMLengths []judge.LengthReport
	Orders     []judge.OrderReport
	Agreement  []judge.Agreement

	Real *realJudged // a stage of its own, added when the rest was read
}

// statistics counts and resamples, which takes longer than judging; the result is kept as Go's own binary encoding, because it holds
// NaN where nothing is known. The same numbers are in the tables' CSV files.
func (q *quality) statistics(offline *stageRecord, llm *llmJudged) (*qualityStatistics, error) {
	key := []any{reportVersion, offline.Key, q.cfg.Eval.Resamples, q.cfg.Split.Seed}
	for _, seed := range q.opts.Seeds {
		key = append(key, q.scoreKeys[seed])
	}
	if llm != nil {
		key = append(key, llm.key)
	}
	path := filepath.Join(q.folder, statisticsFile)
	_, err := q.stage(q.folder, "statistics", key, []string{statisticsFile}, func(rec *stageRecord) error {
		s, err := q.compute(llm != nil, rec)
		if err != nil {
			return err
		}
		return writeGob(path, s)
	})
	if err != nil {
		return nil, err
	}
	s := &qualityStatistics{}
	if err := readGob(path, s); err != nil {
		return nil, err
	}
	s.Real, err = q.judgeReal()
	return s, err
}

func (q *quality) compute(llm bool, rec *stageRecord) (*qualityStatistics, error) {
	texts, err := q.texts()
	if err != nil {
		return nil, err
	}
	boot := eval.Bootstrap{Resamples: q.cfg.Eval.Resamples, Seed: uint64(q.cfg.Split.Seed)}
	s := &qualityStatistics{}
	rest := func(file string, contests []judge.Contest, systems []string) (js []judge.Judgement, m *judge.Matrix, lengths []judge.LengthReport, err error) {
		if js, err = readJudgements(filepath.Join(q.folder, file), contests); err != nil {
			return nil, nil, nil, err
		}
		if m, err = judge.NewMatrix(js, systems, boot); err != nil {
			return nil, nil, nil, err
		}
		for _, pair := range lengthPairs {
			for _, c := range judge.Criteria() {
				rec.progress.At(len(lengths), len(lengthPairs)*len(judge.Criteria()), "regressions on length")
				l, err := judge.LengthEffect(js, pair[0], pair[1], c, boot, nil)
				if err != nil {
					return nil, nil, nil, err
				}
				lengths = append(lengths, l)
			}
		}
		return js, m, lengths, nil
	}
	js, m, lengths, err := rest(judgementsFile, texts.contests, texts.systems)
	if err != nil {
		return nil, err
	}
	s.Matrix, s.Lengths = *m, lengths
	if err := q.countShort(s); err != nil {
		return nil, err
	}
	s.Hits, s.Nearest = q.data.countHits()
	scores := map[int]map[string]map[string]float64{}
	for _, seed := range q.opts.Seeds {
		own := &seedRun{run: q.run, seed: seed}
		x := map[string]map[string]float64{}
		if err := readJSON(own.rewardScoresPath(), &x); err != nil {
			return nil, err
		}
		scores[seed] = x
	}
	if s.Measures, err = q.measureSystems(texts, scores, boot, rec.progress); err != nil {
		return nil, err
	}
	if !llm {
		return s, nil
	}
	others, m, lengths, err := rest(judgementsLLMFile, texts.ofLLM(), texts.withReal())
	if err != nil {
		return nil, err
	}
	s.LLM, s.LLMLengths, s.Orders = m, lengths, judge.Orders(others)
	s.Agreement, err = judge.Agree(js, others, boot)
	return s, err
}

// countShort counts the JDs for which conciseness is not what it says, see [judge.Economy].
func (q *quality) countShort(s *qualityStatistics) error {
	texts, err := q.texts()
	if err != nil {
		return err
	}
	_, economy, err := q.data.offlineJudge()
	if err != nil {
		return err
	}
	s.Shortest = economy.Shortest
	short, n := 0, 0
	for _, seed := range q.opts.Seeds {
		for _, cv := range q.data.judgedCVs() {
			if text, ok := texts.text(modelGIRL, cv, seed); ok {
				n++
				if float64(judge.Length(text)) < s.Shortest {
					short++
				}
			}
		}
	}
	s.Short = float64(short) / float64(max(n, 1))
	return nil
}

// lengthPairs are the systems whose win rate is related to length.
var lengthPairs = [][2]string{{modelGIRL, modelSFT}, {modelGIRL, systemNearest}}

func writeGob(path string, v any) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return wholefile.WriteBytes(path, b.Bytes())
}

func readGob(path string, v any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := gob.NewDecoder(f).Decode(v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// systemTexts are the JDs of all systems and their contests.
type systemTexts struct {
	systems  []string                             // that compete, in the order of tables: the earlier one of two is A
	fixed    map[string]map[string]string         // system without training seeds → CV → JD
	trained  map[string]map[int]map[string]string // system → seed → CV → JD
	contests []judge.Contest
	// real are contests with the CV's own matched JD where it is not among the systems, as the offline judge there goes by likeness
	// to it: for judges who do not.
	real []judge.Contest
}

// collect reads what the systems wrote.
func (q *quality) collect() (*systemTexts, error) { return q.collectSeeds(q.opts.Seeds...) }

// collectSeeds reads what the systems of some seeds wrote.
func (q *quality) collectSeeds(seeds ...int) (*systemTexts, error) {
	trained := map[string]map[int]map[string]string{}
	add := func(rows []results.GeneratedRow) {
		for _, g := range rows {
			if g.K != 0 {
				continue
			}
			if trained[g.Model] == nil {
				trained[g.Model] = map[int]map[string]string{}
			}
			if trained[g.Model][int(g.Seed)] == nil {
				trained[g.Model][int(g.Seed)] = map[string]string{}
			}
			trained[g.Model][int(g.Seed)][g.CVID] = g.Text
		}
	}
	for _, seed := range seeds {
		s := &seedRun{run: q.run, seed: seed, path: q.seedDir(seed)}
		for _, file := range []string{s.file(generatedFile), s.untunedPath()} {
			rows, err := results.ReadGenerated(file)
			if err != nil {
				return nil, err
			}
			add(rows)
		}
	}
	llm, err := q.llmTexts()
	if err != nil {
		return nil, err
	}
	t := q.data.systemTexts(seeds, trained, q.llm, llm)
	if len(t.contests) == 0 {
		return nil, fmt.Errorf("%s: no test CV has both a matched pair and a generated JD", q.dir)
	}
	return t, nil
}

// systemTexts pairs the systems' JDs for every test CV with a matched pair, seed by seed; systems that were not trained meet each other once.
// llm names the language model behind an endpoint, if there is one, and written its JDs.
func (d *Data) systemTexts(seeds []int, trained map[string]map[int]map[string]string, llm string, written map[string]string) *systemTexts {
	own := d.matchedJDs(datasets.Test)
	t := &systemTexts{systems: []string{modelGIRL, modelSFT, modelUntuned}, trained: trained, fixed: map[string]map[string]string{systemNearest: d.nearestMatched(), systemReal: {}}}
	if llm != "" {
		t.systems, t.fixed[llm] = append(t.systems, llm), written
	}
	t.systems = append(t.systems, systemNearest)
	if d.Market != nil {
		t.systems = append(t.systems, systemReal)
	}
	for cv, jds := range own {
		t.fixed[systemReal][cv] = jds[0]
	}
	for _, cv := range d.judgedCVs() {
		t.meet(d, cv, 0, true)
		for _, seed := range seeds {
			t.meet(d, cv, seed, false)
		}
		if d.Market == nil {
			t.meetReal(d, cv, seeds)
		}
	}
	return t
}

// judgedCVs are the test CVs with a matched pair.
func (d *Data) judgedCVs() []string {
	own := d.matchedJDs(datasets.Test)
	var ids []string
	for _, x := range d.cvsOf(datasets.Test) {
		if len(own[x.ID]) > 0 {
			ids = append(ids, x.ID)
		}
	}
	return ids
}

// text is a system's JD for a CV.
func (t *systemTexts) text(system, cv string, seed int) (string, bool) {
	if texts, ok := t.fixed[system]; ok {
		text, ok := texts[cv]
		return text, ok
	}
	text, ok := t.trained[system][seed][cv]
	return text, ok
}

// meet adds the contests of a CV: those between two fixed systems, or those of a seed.
func (t *systemTexts) meet(d *Data, cv string, seed int, fixed bool) {
	for i, a := range t.systems {
		for _, b := range t.systems[i+1:] {
			if t.untrained(a, b) != fixed {
				continue
			}
			if c, ok := t.contest(d, cv, seed, a, b); ok {
				t.contests = append(t.contests, c)
			}
		}
	}
}

// contest is that of two systems' JDs for a CV, if there are both.
func (t *systemTexts) contest(d *Data, cv string, seed int, a, b string) (judge.Contest, bool) {
	textA, okA := t.text(a, cv, seed)
	textB, okB := t.text(b, cv, seed)
	return judge.Contest{CVID: cv, Group: fmt.Sprintf("g%d", d.Assignment.Group[cv]), Seed: uint64(seed), CV: d.cv[cv], NameA: a, A: textA, NameB: b, B: textB}, okA && okB
}

// untrained reports whether neither system was trained.
func (t *systemTexts) untrained(a, b string) bool {
	_, fixedA := t.fixed[a]
	_, fixedB := t.fixed[b]
	return fixedA && fixedB
}

// matchedJDs are the texts of the JDs that a split's CVs were matched with, by CV, in the order of the pairs.
func (d *Data) matchedJDs(s datasets.Split) map[string][]string {
	out := map[string][]string{}
	for _, p := range d.Assignment.Pairs(d.Dataset, s) {
		if p.Label == 1 {
			out[p.CVID] = append(out[p.CVID], d.jd[p.JDID])
		}
	}
	return out
}

// nearestMatched gives each test CV the matched JD of the training CV whose text is nearest by TF-IDF cosine: what copying would do.
// Like the writers it knows the pairs of the generator's share of the training CVs only.
func (d *Data) nearestMatched() map[string]string {
	train, matched := d.cvsOf(datasets.Train), d.matchedJDs(datasets.Train)
	train = slices.DeleteFunc(train, func(x datasets.CV) bool { return len(matched[x.ID]) == 0 || !d.Assignment.Generator[x.ID] })
	texts := make([]string, len(train))
	for i, x := range train {
		texts[i] = x.Text
	}
	index := judge.NewTFIDF(texts).Index(texts)
	out := map[string]string{}
	for _, x := range d.cvsOf(datasets.Test) {
		if at, _ := index.Nearest(x.Text); at >= 0 {
			out[x.ID] = matched[train[at].ID][0]
		}
	}
	return out
}

// drawCVs draws n of the judged CVs by lot, the first of them those of any smaller n; 0: all.
func (q *quality) drawCVs(n int) []string {
	ids := q.data.judgedCVs()
	lot := func(id string) uint64 { return mix(uint64(q.cfg.Split.Seed), "rq1", id) }
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(lot(a), lot(b)) })
	if n > 0 {
		ids = ids[:min(n, len(ids))]
	}
	return ids
}

// samples shows some CVs with the JDs of all systems, where that may be.
func (q *quality) samples(out *QualityReport) error {
	switch {
	case q.options.Samples == 0:
		return nil
	case !q.options.ShowTexts:
		may, err := q.data.MayShowTexts(q.dir)
		if err != nil {
			return err
		}
		if !may {
			out.SamplesNote = NoTexts
			return nil
		}
	}
	texts, err := q.texts()
	if err != nil {
		return err
	}
	seed := q.opts.Seeds[0]
	for _, id := range q.drawCVs(q.options.Samples) {
		s := QualitySample{CVID: id, CV: q.data.cv[id]}
		for _, system := range texts.systems {
			if text, ok := texts.text(system, id, seed); ok {
				s.JDs = append(s.JDs, SystemText{system, text})
			}
		}
		out.Samples = append(out.Samples, s)
	}
	out.SamplesNote = fmt.Sprintf("%d test CVs drawn by lot (split.seed); the writers are those of seed %d.", len(out.Samples), seed)
	return nil
}

// marketFields is how many fields of a JD the market's parser looks for.
const marketFields = 7

// offlineJudge is the oracle on the market, elsewhere likeness to the CV's own matched JDs; and its yardstick of conciseness.
func (d *Data) offlineJudge() (judge.Judge, judge.Economy, error) {
	training := d.trainingJDs()
	if d.Market == nil {
		own := d.matchedJDs(datasets.Test)
		j, err := judge.NewReference(judge.ReferenceConfig{References: func(cv string) []string { return own[cv] }, Training: training, Margins: judge.DefaultMargins()})
		if err != nil {
			return nil, judge.Economy{}, err
		}
		return j, j.Economy(), nil
	}
	facts := func(jd string) judge.Facts {
		p := market.ParseJD(jd)
		count := func(f market.Field) int { return bits.OnesCount16(uint16(f)) }
		return judge.Facts{Stated: count(p.Found), Contradicted: count(p.Contradictions), Possible: marketFields}
	}
	economy, err := judge.FactsEconomy(training, facts)
	return &judge.Market{Economy: economy, Facts: facts, Margins: judge.DefaultMargins(), Gold: func(cv, jd string) (float64, error) {
		p, _, err := d.Market.AcceptText(cv, jd)
		return p, err
	}}, economy, err
}

// offlineJudgeID is the judge's short name in rq1.csv.
func (d *Data) offlineJudgeID() string {
	if d.Market == nil {
		return "reference"
	}
	return "oracle"
}

// offlineJudgeName says who judges.
func (d *Data) offlineJudgeName() string {
	if d.Market == nil {
		return "likeness to the CV's own matched JDs (ROUGE-L recall, TF-IDF cosine)"
	}
	return "the market's oracle"
}
