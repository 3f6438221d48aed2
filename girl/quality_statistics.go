package girl

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"

	"genjobrec/eval"
	"genjobrec/eval/judge"
	"genjobrec/results/wholefile"
)

// statisticsStage counts RQ1's contests and measures and resamples them.
const statisticsStage = "statistics"

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
	_, err := q.stage(q.folder, statisticsStage, key, []string{statisticsFile}, func(rec *stageRecord) error {
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
