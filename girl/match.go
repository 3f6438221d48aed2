package girl

import (
	"fmt"
	"strings"

	"genjobrec/datasets"
	"genjobrec/girl/recommend"
	"genjobrec/girl/reward"
	"genjobrec/results"
)

// rewardBaseline is the reward model itself as a matcher, scaled to probabilities on the validation pairs.
const rewardBaseline = "reward model"

// match tunes and trains the matchers and baselines and scores the test pairs: stage 4.
func (s *seedRun) match() error {
	outputs := []string{recommendFiles, scoresFile}
	rec, err := s.stage(s.path, "match", []any{s.seed, s.keys["generate"], s.cfg.Recommend}, outputs, func(rec *stageRecord) error {
		data, err := s.matcherData()
		if err != nil {
			return err
		}
		lines := 0
		res, err := recommend.Run(s.ctx, s.backend, s.cfg.Recommend, uint64(s.seed), data, func(format string, args ...any) {
			lines++
			rec.progress.At(lines, matcherLines, strings.TrimPrefix(fmt.Sprintf(format, args...), "recommend: "))
		})
		if err != nil {
			return err
		}
		valid, test := s.pairs(datasets.Valid), s.pairs(datasets.Test)
		labelled := append(s.pairs(datasets.Train), valid...)
		var rows []results.ScoreRow
		for _, sc := range res.Scores {
			rows = append(rows, s.scoreRows(sc.Key, valid, datasets.Valid, sc.Valid, nil)...)
			rows = append(rows, s.scoreRows(sc.Key, test, datasets.Test, sc.Test, labelled)...)
		}
		u, err := s.rewardScores(valid, test)
		if err != nil {
			return err
		}
		rows = append(rows, s.scoreRows(recommend.Key{Model: rewardBaseline}, valid, datasets.Valid, u.valid, nil)...)
		rows = append(rows, s.scoreRows(recommend.Key{Model: rewardBaseline}, test, datasets.Test, u.test, labelled)...)
		if err := replaceIn(s.path, recommendFiles, res.Save); err != nil {
			return err
		}
		return results.WriteScores(s.file(scoresFile), rows)
	})
	if err != nil {
		return err
	}
	s.keys["match"] = rec.Key
	return nil
}

// matcherLines is how many lines recommend.Run reports: one at the start and one a matcher.
const matcherLines = 7

func (s *seedRun) pairs(split datasets.Split) []datasets.Pair {
	return s.data.Assignment.Pairs(s.data.Dataset, split)
}

// matcherData gathers the labelled pairs of all splits and the generated JDs. Base and the JD′ matchers are trained on the
// same pairs, those of the generator's CVs included; only their JDs are withheld (see Data.matcherCVs).
func (s *seedRun) matcherData() (recommend.Data, error) {
	d := recommend.Data{CVs: s.data.cv, JDs: s.data.jd, Groups: s.data.Assignment.Group, Generated: map[string]map[string][]string{}}
	for _, part := range []struct {
		split datasets.Split
		into  *[]recommend.Pair
	}{{datasets.Train, &d.Train}, {datasets.Valid, &d.Valid}, {datasets.Test, &d.Test}} {
		for _, p := range s.pairs(part.split) {
			*part.into = append(*part.into, recommend.Pair{CVID: p.CVID, JDID: p.JDID, Label: p.Label})
		}
	}
	rows, err := results.ReadGenerated(s.file(generatedFile))
	if err != nil {
		return d, err
	}
	d.Generated = generatedByCV(rows)
	return d, nil
}

// generatedByCV groups written JDs by model and CV, both writers always among the models. An empty JD says nothing and is left out.
func generatedByCV(rows []results.GeneratedRow) map[string]map[string][]string {
	out := map[string]map[string][]string{modelSFT: {}, modelGIRL: {}}
	addByCV(out, rows)
	return out
}

func addByCV(out map[string]map[string][]string, rows []results.GeneratedRow) {
	for _, r := range rows {
		if out[r.Model] == nil {
			out[r.Model] = map[string][]string{}
		}
		if strings.TrimSpace(r.Text) != "" {
			out[r.Model][r.CVID] = append(out[r.Model][r.CVID], r.Text)
		}
	}
}

// scoreRows makes rows of scores.parquet. trained are the pairs the model has learned from, for the cold flags; nil leaves
// the flags off (validation pairs are themselves used in training the averaged matchers).
func (s *seedRun) scoreRows(k recommend.Key, pairs []datasets.Pair, split datasets.Split, probs []float64, trained []datasets.Pair) []results.ScoreRow {
	coldCV, coldJD := make([]bool, len(pairs)), make([]bool, len(pairs))
	if trained != nil {
		coldCV, coldJD = datasets.ColdFlags(trained, pairs)
	}
	rows := make([]results.ScoreRow, len(pairs))
	for i, p := range pairs {
		rows[i] = results.ScoreRow{CVID: p.CVID, JDID: p.JDID, Label: int32(p.Label), Model: k.Model, Predictor: k.Predictor,
			Split: string(split), Seed: int64(s.seed), Score: probs[i], ColdCV: coldCV[i], ColdJD: coldJD[i],
			CVGroup: fmt.Sprintf("g%d", s.data.Assignment.Group[p.CVID])}
	}
	return rows
}

type validTest struct{ valid, test []float64 }

// rewardScores turns U(C, J) of the pairs into probabilities by Platt scaling on the validation pairs.
func (s *seedRun) rewardScores(valid, test []datasets.Pair) (validTest, error) {
	scorer, err := reward.NewScorer(s.backend, s.reward)
	if err != nil {
		return validTest{}, err
	}
	score := func(pairs []datasets.Pair) ([]float64, error) {
		seqs := s.candidateSequences(pairs)
		return scorer.Scores(s.ctx, seqs)
	}
	rawValid, err := score(valid)
	if err != nil {
		return validTest{}, err
	}
	rawTest, err := score(test)
	if err != nil {
		return validTest{}, err
	}
	return plattScaled(valid, rawValid, rawTest)
}
