package girl

import (
	"context"
	"fmt"
	"path/filepath"

	"genjobrec/datasets"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// Score scores the pairs of a dataset, labels optional, with every matcher of a finished run and writes scores.parquet rows. The texts
// are held in memory, the pairs are not.
func Score(ctx context.Context, runDir, pairsDir, out string, report *Reporter) error {
	s, err := openRun(runDir)
	if err != nil {
		return err
	}
	defer s.backend.Finalize()
	ds, err := datasets.OpenUnjudgedStream(ctx, pairsDir)
	if err != nil {
		return err
	}
	w, err := results.CreateScores(out)
	if err != nil {
		return err
	}
	defer w.Abort()
	for _, seed := range s.manifest.Seeds {
		if err := s.scoreSeed(ctx, seed, ds, w, report); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	report.Linef("%d pairs scored with %d seeds into %s", ds.NumPairs, len(s.manifest.Seeds), out)
	return nil
}

// scoreSeed writes JDs for the dataset's CVs and scores its pairs with one seed's matchers.
func (s *savedRun) scoreSeed(ctx context.Context, seed int, ds *datasets.Stream, w *results.Writer[results.ScoreRow], report *Reporter) (err error) {
	m, err := s.openSeed(seed)
	if err != nil {
		return err
	}
	matchers, err := recommend.Load(filepath.Join(m.dir, recommendFiles))
	if err != nil {
		return err
	}
	task := report.Start(fmt.Sprintf("seed-%d/score", seed))
	defer func() {
		if err != nil {
			task.Failed()
		}
	}()
	generated, err := s.write(ctx, m, ds.CVs, s.cfg.Generate, seed, task.Step)
	if err != nil {
		return err
	}
	scorer, err := matchers.NewScorer(s.backend)
	if err != nil {
		return err
	}
	defer scorer.Close()
	p := newPairScorer(scorer, ds, generatedByCV(generated))
	if err := ds.Pairs(ctx, func(run []datasets.Pair) error {
		return p.score(ctx, run, func(row *results.ScoreRow, pair datasets.Pair) {
			row.Split, row.Seed = results.NewPairs, int64(seed)
			row.ColdCV, row.ColdJD = !matchers.Baselines.KnowsCV(pair.CVID), !matchers.Baselines.KnowsJD(pair.JDID)
		}, w)
	}); err != nil {
		return err
	}
	task.Done()
	return nil
}

// pairScorer turns pairs into rows of scores.parquet, run after run.
type pairScorer struct {
	scorer    *recommend.Scorer
	cvs, jds  map[string]string              // texts by id
	generated map[string]map[string][]string // JDs by cv_id and model
	queries   []recommend.Query
	rows      []results.ScoreRow
}

// newPairScorer scores pairs of a dataset's texts; generated are JDs by model and cv_id.
func newPairScorer(scorer *recommend.Scorer, ds *datasets.Stream, generated map[string]map[string][]string) *pairScorer {
	texts := &datasets.Dataset{CVs: ds.CVs, JDs: ds.JDs}
	p := &pairScorer{scorer: scorer, cvs: texts.CVText(), jds: texts.JDText(), generated: make(map[string]map[string][]string)}
	for model, byCV := range generated {
		for id, own := range byCV {
			if p.generated[id] == nil {
				p.generated[id] = make(map[string][]string, len(generated))
			}
			p.generated[id][model] = own
		}
	}
	return p
}

// score writes the rows of a run of pairs, system after system. fill completes a row by what is not of ids, label, system and score.
func (p *pairScorer) score(ctx context.Context, run []datasets.Pair, fill func(*results.ScoreRow, datasets.Pair), w *results.Writer[results.ScoreRow]) error {
	p.queries = p.queries[:0]
	for _, x := range run {
		p.queries = append(p.queries, recommend.Query{CVID: x.CVID, JDID: x.JDID, CV: p.cvs[x.CVID], JD: p.jds[x.JDID], Generated: p.generated[x.CVID]})
	}
	scores, err := p.scorer.Score(ctx, p.queries)
	if err != nil {
		return err
	}
	for _, k := range sortedScoreKeys(scores) {
		p.rows = p.rows[:0]
		for i, x := range run {
			row := results.ScoreRow{CVID: x.CVID, JDID: x.JDID, Label: int32(x.Label), Model: k.Model, Predictor: k.Predictor, Score: scores[k][i]}
			fill(&row, x)
			p.rows = append(p.rows, row)
		}
		if err := w.Write(p.rows...); err != nil {
			return err
		}
	}
	return nil
}
