package judge

import (
	"context"
	"errors"
	"fmt"
	"math"

	"genjobrec/eval"
)

// ReferenceConfig are the inputs of a [Reference] judge.
type ReferenceConfig struct {
	References func(cvID string) []string // the JDs that truly matched the CV; none makes the CV's contests invalid
	Training   []string                   // JDs of the training split: rarity of words, yardstick of conciseness, source of copies
	// Similarity, if there is one, replaces the cosine as relevance, for instance a reward model's value of CV and JD.
	// Give the margin of relevance in its unit then.
	Similarity func(ctx context.Context, cv, jd string) (float64, error)
	Margins    Margins
	CopyN      int // tokens in a row that make a copy of a training JD; default DefaultCopyN
	RepeatN    int // tokens in a row that make a repetition; default DefaultRepeatN
}

// Defaults of [ReferenceConfig]: runs long enough that they hardly come about by chance.
const (
	DefaultCopyN   = 8
	DefaultRepeatN = 4
)

// Reference judges by the JDs that truly matched the CV, where the truth itself is not known:
//
//	detail      ROUGE-L recall: how much of the real JD, in its order, the text covers
//	relevance   cosine of TF-IDF vectors, or Similarity where given
//	conciseness [Economy.Conciseness] of [TFIDF.Information]
//	overall     as in [Market]
//
// Each of the first two is the largest over the CV's real JDs: a text need not resemble all of them. Likeness to a past
// JD is a proxy: a good JD that is unlike every past one loses. Recall grows with length, conciseness opposes it, and
// [LengthEffect] shows what remains.
type Reference struct {
	config  ReferenceConfig
	words   *TFIDF
	economy Economy
	copies  *eval.NGramSet
}

// NewReference prepares a judge. Errors: no References, too few training JDs for [FitEconomy], a size out of range.
func NewReference(c ReferenceConfig) (*Reference, error) {
	if c.References == nil {
		return nil, errors.New("judge: a reference judge needs References")
	}
	if c.CopyN == 0 {
		c.CopyN = DefaultCopyN
	}
	if c.RepeatN == 0 {
		c.RepeatN = DefaultRepeatN
	}
	if c.CopyN < 1 || c.RepeatN < 1 {
		return nil, fmt.Errorf("judge: CopyN is %d, RepeatN %d, want both above 0", c.CopyN, c.RepeatN)
	}
	if err := c.Margins.check(); err != nil {
		return nil, err
	}
	r := &Reference{config: c, words: NewTFIDF(c.Training)}
	lengths, information, tokens := make([]int, len(c.Training)), make([]float64, len(c.Training)), make([][]string, len(c.Training))
	for i, jd := range c.Training {
		tokens[i] = Tokens(jd)
		lengths[i], information[i] = len(tokens[i]), r.words.Information(jd)
	}
	r.copies = eval.NewNGramSet(c.CopyN, tokens)
	var err error
	r.economy, err = FitEconomy(lengths, information)
	return r, err
}

// Economy is the yardstick of conciseness.
func (r *Reference) Economy() Economy { return r.economy }

// Measures are the numbers of one generated JD. What needs a real JD is NaN where the CV has none.
type Measures struct {
	Tokens      int
	RougeRecall float64 // ROUGE-L recall, the largest over the real JDs
	RougeF1     float64 // ROUGE-L F1, likewise
	Cosine      float64 // of TF-IDF vectors, likewise
	Similarity  float64 // of ReferenceConfig; NaN without
	Conciseness float64 // see Economy
	Repetition  float64 // share of RepeatN-grams that stood earlier in the text
	CopyRate    float64 // share of CopyN-grams that stand in a training JD
}

// Measure gives the numbers of one JD.
func (r *Reference) Measure(ctx context.Context, cvID, cv, jd string) (Measures, error) {
	tokens := Tokens(jd)
	m := Measures{
		Tokens: len(tokens), RougeRecall: math.NaN(), RougeF1: math.NaN(), Cosine: math.NaN(), Similarity: math.NaN(),
		Conciseness: r.economy.Conciseness(len(tokens), r.words.Information(jd)),
		Repetition:  eval.Repetition(tokens, r.config.RepeatN),
		CopyRate:    r.copies.CopyRate(tokens),
	}
	for i, ref := range r.config.References(cvID) {
		rouge, cosine := eval.RougeL(tokens, Tokens(ref)), r.words.Cosine(jd, ref)
		if i == 0 {
			m.RougeRecall, m.RougeF1, m.Cosine = rouge.Recall, rouge.F1, cosine
			continue
		}
		m.RougeRecall, m.RougeF1, m.Cosine = max(m.RougeRecall, rouge.Recall), max(m.RougeF1, rouge.F1), max(m.Cosine, cosine)
	}
	if r.config.Similarity == nil {
		return m, nil
	}
	var err error
	if m.Similarity, err = r.config.Similarity(ctx, cv, jd); err != nil {
		return m, fmt.Errorf("judge: similarity of CV %q: %w", clip(cvID, 80), err)
	}
	if math.IsNaN(m.Similarity) || math.IsInf(m.Similarity, 0) {
		return m, fmt.Errorf("judge: similarity of CV %q is %g", clip(cvID, 80), m.Similarity)
	}
	return m, nil
}

// Judge compares the two JDs.
func (r *Reference) Judge(ctx context.Context, c Contest) (Judgement, error) {
	if err := c.check(); err != nil {
		return Judgement{}, err
	}
	if err := ctx.Err(); err != nil {
		return Judgement{}, err
	}
	var s [2]scores
	for i, jd := range []string{c.A, c.B} {
		m, err := r.Measure(ctx, c.CVID, c.CV, jd)
		if err != nil {
			return Judgement{}, err
		}
		s[i] = scores{detail: m.RougeRecall, relevance: m.Cosine, conciseness: m.Conciseness}
		if r.config.Similarity != nil {
			s[i].relevance = m.Similarity
		}
	}
	return Judgement{Contest: c, Verdict: s[0].against(s[1], r.config.Margins)}, nil
}

// Diversity is [eval.DistinctN] of the texts of one system: different n-grams of tokens over all of them. Compare systems
// on the same CVs only, as it falls with the amount of text.
func Diversity(texts []string, n int) float64 {
	tokens := make([][]string, len(texts))
	for i, t := range texts {
		tokens[i] = Tokens(t)
	}
	return eval.DistinctN(tokens, n)
}
