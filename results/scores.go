package results

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"unicode/utf8"
)

// ScoreRow is what one trained system says about one pair.
type ScoreRow struct {
	CVID      string  `parquet:"cv_id,dict"`
	JDID      string  `parquet:"jd_id,dict"`
	Label     int32   `parquet:"label"` // 1 matched, 0 mismatched
	Model     string  `parquet:"model,dict"`
	Predictor string  `parquet:"predictor,dict"` // empty where the model has only one
	Split     string  `parquet:"split,dict"`
	Seed      int64   `parquet:"seed"`
	Score     float64 `parquet:"score"`   // probability of a match, in [0, 1]
	ColdCV    bool    `parquet:"cold_cv"` // the CV is not in the matcher's training pairs
	ColdJD    bool    `parquet:"cold_jd"` // the JD is not in the matcher's training pairs
	// CVGroup names the near-duplicate group of the CV, the unit that is resampled; empty means the CV
	// itself.
	CVGroup string `parquet:"cv_group,dict"`
}

// Unjudged is the label of a pair that nobody has decided on. Only pairs of the split NewPairs may have it.
const Unjudged = -1

// NewPairs is the split of pairs that a finished run scores later.
const NewPairs = "new"

func (r ScoreRow) check() error {
	err := func() error {
		switch {
		case r.CVID == "" || r.JDID == "":
			return errors.New("an id is empty")
		case r.Model == "":
			return errors.New("model is empty")
		case r.Label == Unjudged && r.Split == NewPairs:
		case r.Label != 0 && r.Label != 1:
			return fmt.Errorf("label is %d, want 0 or 1", r.Label)
		}
		switch {
		case math.IsNaN(r.Score) || math.IsInf(r.Score, 0):
			return fmt.Errorf("score is %g", r.Score)
		case r.Score < 0 || r.Score > 1:
			return fmt.Errorf("score is %g, want a probability in [0, 1] (calibrate raw scores first)", r.Score)
		case r.Seed < 0:
			return fmt.Errorf("seed is %d, want it from 0 up", r.Seed)
		}
		return nil
	}()
	if err != nil {
		return fmt.Errorf("cv_id %q, jd_id %q, model %q, predictor %q, seed %d: %w", r.CVID, r.JDID, r.Model, r.Predictor, r.Seed, err)
	}
	return nil
}

// group is the unit of resampling.
func (r ScoreRow) group() string { return cmp.Or(r.CVGroup, r.CVID) }

// CreateScores opens scores.parquet for writing. A score that is NaN, infinite or no probability is
// an error that names the row.
func CreateScores(path string) (*Writer[ScoreRow], error) {
	return newWriter(path, streamRowGroup, ScoreRow.check)
}

// WriteScores writes all rows at once.
func WriteScores(path string, rows []ScoreRow) error { return writeAll(path, rows, ScoreRow.check) }

// CopyScores writes rows as they come, such as those of several files: they are not all in memory.
func CopyScores(path string, rows iter.Seq2[ScoreRow, error]) error {
	w, err := CreateScores(path)
	if err != nil {
		return err
	}
	defer w.Abort()
	batch := make([]ScoreRow, 0, 1024)
	for row, err := range rows {
		if err != nil {
			return err
		}
		if batch = append(batch, row); len(batch) < cap(batch) {
			continue
		}
		if err := w.Write(batch...); err != nil {
			return err
		}
		batch = batch[:0]
	}
	if err := w.Write(batch...); err != nil {
		return err
	}
	return w.Close()
}

// Scores streams the rows of scores.parquet, checked; an error ends the stream.
func Scores(path string) iter.Seq2[ScoreRow, error] { return readRecords(path, ScoreRow.check) }

// ReadScores reads all rows of scores.parquet.
func ReadScores(path string) ([]ScoreRow, error) { return readAll(Scores(path)) }

// GeneratedRow is one generated job description.
type GeneratedRow struct {
	CVID    string  `parquet:"cv_id,dict"`
	Model   string  `parquet:"model,dict"`
	K       int32   `parquet:"k"` // number of the sample for this CV, from 0 up
	Seed    int64   `parquet:"seed"`
	Text    string  `parquet:"text"`    // may be empty: a generator may say nothing
	Tokens  int32   `parquet:"tokens"`  // generated tokens
	LogProb float64 `parquet:"logprob"` // natural log-probability of the text under the generator
	Reward  float64 `parquet:"reward"`  // what the reward model gives it
}

func (r GeneratedRow) check() error {
	err := func() error {
		switch {
		case r.CVID == "":
			return errors.New("cv_id is empty")
		case r.Model == "":
			return errors.New("model is empty")
		case r.K < 0 || r.Seed < 0 || r.Tokens < 0:
			return fmt.Errorf("k %d, seed %d, tokens %d: want them from 0 up", r.K, r.Seed, r.Tokens)
		case !utf8.ValidString(r.Text):
			return errors.New("text is not UTF-8")
		case math.IsNaN(r.LogProb) || math.IsInf(r.LogProb, 0):
			return fmt.Errorf("logprob is %g", r.LogProb)
		case math.IsNaN(r.Reward) || math.IsInf(r.Reward, 0):
			return fmt.Errorf("reward is %g", r.Reward)
		}
		return nil
	}()
	if err != nil {
		return fmt.Errorf("cv_id %q, model %q, k %d, seed %d: %w", r.CVID, r.Model, r.K, r.Seed, err)
	}
	return nil
}

// CreateGenerated opens generated.parquet for writing.
func CreateGenerated(path string) (*Writer[GeneratedRow], error) {
	return newWriter(path, streamRowGroup, GeneratedRow.check)
}

// WriteGenerated writes all rows at once.
func WriteGenerated(path string, rows []GeneratedRow) error {
	return writeAll(path, rows, GeneratedRow.check)
}

// Generated streams the rows of generated.parquet, checked; an error ends the stream.
func Generated(path string) iter.Seq2[GeneratedRow, error] {
	return readRecords(path, GeneratedRow.check)
}

// ReadGenerated reads all rows of generated.parquet.
func ReadGenerated(path string) ([]GeneratedRow, error) { return readAll(Generated(path)) }

func writeAll[T any](path string, rows []T, check func(T) error) error {
	w, err := newWriter(path, rowGroup, check)
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := w.Write(rows...); err != nil {
		return err
	}
	return w.Close()
}

func readAll[T any](rows iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}
