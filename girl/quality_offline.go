package girl

import (
	"context"
	"fmt"
	"math/bits"
	"path/filepath"
	"runtime"
	"sync"

	"genjobrec/datasets"
	"genjobrec/datasets/market"
	"genjobrec/eval/judge"
)

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
