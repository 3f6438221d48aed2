package girl

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"

	"genjobrec/datasets"
	"genjobrec/eval"
	"genjobrec/eval/judge"
	"genjobrec/results"
)

// The CV's own matched JD is the upper mark of the first research question. On the synthetic market it competes like every other system.
// Elsewhere the offline judge goes by likeness to that very JD, so that it would win for being itself. There it meets the others

//   - before a language model, which does not know it from the others, like every other system;
//   - before an offline judge of its own, which knows only the CV's other matched JDs, for whoever competes, on the CVs that have others
//     (leave-one-out). With fewer references this judge is not that of the table rq1, so these contests have a table of their own, rq1_real.

// Files of the leave-one-out judge in the folder rq1 of a run.
const (
	judgementsRealFile = "judgements-real.jsonl"
	realFile           = "real.gob"
)

// realJudgeID is the leave-one-out judge's short name in rq1.csv.
const realJudgeID = "reference-others"

// realJudged is how all systems fare against the CV's own matched JD where likeness to the CV's other matched JDs judges.
type realJudged struct {
	Matrix judge.Matrix // of contests with the real matched JD only
	CVs    int          // with two matched JDs or more of different texts
}

// meetReal adds a CV's contests with its own matched JD.
func (t *systemTexts) meetReal(d *Data, cv string, seeds []int) {
	for _, system := range t.systems {
		of := seeds
		if t.untrained(system, systemReal) {
			of = []int{0}
		}
		for _, seed := range of {
			if c, ok := t.contest(d, cv, seed, system, systemReal); ok {
				t.real = append(t.real, c)
			}
		}
	}
}

// ofLLM are the contests for a language model: those of the offline judge, and those with the real JD.
func (t *systemTexts) ofLLM() []judge.Contest { return slices.Concat(t.contests, t.real) }

// withReal are the systems with the real JD in the last place, where it stands on the market, too.
func (t *systemTexts) withReal() []string {
	return append(slices.DeleteFunc(slices.Clone(t.systems), func(s string) bool { return s == systemReal }), systemReal)
}

// otherMatched are the texts of each test CV's matched JDs but that of the first, which competes; CVs without any are left out.
func (d *Data) otherMatched() map[string][]string {
	out := map[string][]string{}
	for cv, jds := range d.matchedJDs(datasets.Test) {
		if others := slices.DeleteFunc(slices.Clone(jds), func(jd string) bool { return jd == jds[0] }); len(others) > 0 {
			out[cv] = others
		}
	}
	return out
}

// realJudge goes by likeness to the others alone.
func (d *Data) realJudge(others map[string][]string) (judge.Judge, error) {
	return judge.NewReference(judge.ReferenceConfig{References: func(cv string) []string { return others[cv] }, Training: d.trainingJDs(), Margins: judge.DefaultMargins()})
}

// judgeReal decides the contests with the CV's own matched JD by likeness to the CV's others; nil on the market, where the oracle does, and
// where no CV has others.
func (q *quality) judgeReal() (*realJudged, error) {
	others := q.data.otherMatched()
	if q.data.Market != nil || len(others) == 0 {
		return nil, nil
	}
	path := filepath.Join(q.folder, realFile)
	key := []any{q.contestKey(), reportVersion, q.cfg.Eval.Resamples}
	if _, err := q.stage(q.folder, "judge-real", key, []string{judgementsRealFile, realFile}, func(rec *stageRecord) error {
		texts, err := q.texts()
		if err != nil {
			return err
		}
		j, err := q.data.realJudge(others)
		if err != nil {
			return err
		}
		contests := slices.DeleteFunc(slices.Clone(texts.real), func(c judge.Contest) bool { return len(others[c.CVID]) == 0 })
		js, err := judge.All(q.ctx, watched(j, rec, len(contests)), contests, runtime.GOMAXPROCS(0))
		if err != nil {
			return err
		}
		m, err := judge.NewMatrix(js, texts.withReal(), eval.Bootstrap{Resamples: q.cfg.Eval.Resamples, Seed: uint64(q.cfg.Split.Seed)})
		if err != nil {
			return err
		}
		rec.Notes = append(rec.Notes, fmt.Sprintf("%d contests with the real matched JD, judged by likeness to the CV's others", len(js)))
		if err := writeJudgements(filepath.Join(q.folder, judgementsRealFile), js); err != nil {
			return err
		}
		return writeGob(path, realJudged{Matrix: *m, CVs: len(others)})
	}); err != nil {
		return nil, err
	}
	out := &realJudged{}
	return out, readGob(path, out)
}

// realTable shows these contests.
func (q *quality) realTable(s *qualityStatistics) results.Table {
	about := []string{
		fmt.Sprintf("Judge: likeness to the CV's other matched JDs (ROUGE-L recall, TF-IDF cosine), on the %d test CVs that have any. The first of a CV's matched JDs competes and is, for all systems, no reference: with fewer references than in rq1 this is another judge, and its rates are not those of rq1.", s.Real.CVs),
		"The real matched JD is an upper mark only as far as the JDs that one CV was matched with are alike.",
	}
	if note := q.cutNote(s); note != "" {
		about = append(about, note)
	}
	if note := s.hitNote(); note != "" {
		about = append(about, note)
	}
	return q.winTable("rq1_real", "RQ1 on "+q.data.Name+": against the CV's own matched JD", &s.Real.Matrix, about)
}

// againstReal says how GIRL fares against it.
func (q *quality) againstReal(r *realJudged) []string {
	if r == nil {
		return nil
	}
	return q.verdicts(fmt.Sprintf("likeness to the CV's other matched JDs, on %d CVs", r.CVs), &r.Matrix)
}
