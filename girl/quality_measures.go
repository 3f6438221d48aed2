package girl

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"genjobrec/datasets"
	"genjobrec/eval"
	"genjobrec/eval/judge"
	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
	"genjobrec/results"
)

// The table rq1_measures: numbers of each system's JDs by themselves, without a judge.

// rewardScoresFile holds, in rq1 of a seed's folder, what the seed's reward model thinks of the JDs of all systems: system → CV → score.
const rewardScoresFile = "reward-scores.json"

func (s *seedRun) rewardScoresPath() string {
	return filepath.Join(s.seedDir(s.seed), "rq1", rewardScoresFile)
}

// measured are the systems of the table of measures in its order.
func (q *quality) measured() []string {
	systems := []string{modelUntuned, systemNearest, modelSFT, modelGIRL}
	if q.llm != "" {
		systems = append(systems, q.llm)
	}
	return append(systems, systemReal)
}

// scoreTexts scores the JDs of all systems for the judged CVs with the seed's reward model, normalised as in PPO. The texts are scored as
// such: one that its writer did not end counts as ended, as a real JD does that is too long for the reward model.
func (q *quality) scoreTexts(s *seedRun) error {
	path := s.rewardScoresPath()
	key := []any{qualityVersion, s.seed, s.keys["reward"], s.keys["generate"], s.keys[untunedWritten], q.writerKey}
	rec, err := s.stage(filepath.Dir(path), "reward-scores", key, []string{rewardScoresFile}, func(rec *stageRecord) error {
		texts, err := q.collectSeeds(s.seed)
		if err != nil {
			return err
		}
		scorer, err := reward.NewScorer(s.backend, s.reward)
		if err != nil {
			return err
		}
		out := map[string]map[string]float64{}
		for i, system := range q.measured() {
			rec.progress.At(i, len(q.measured()), "JDs of "+system)
			var cvs []string
			var seqs []lm.Sequence
			for _, cv := range s.data.judgedCVs() {
				if jd, ok := texts.text(system, cv, s.seed); ok {
					cvs, seqs = append(cvs, cv), append(seqs, s.template.Sequence(s.data.cv[cv], jd))
				}
			}
			raw, err := scorer.Scores(s.ctx, seqs)
			if err != nil {
				return fmt.Errorf("JDs of %s: %w", system, err)
			}
			out[system] = map[string]float64{}
			for k, cv := range cvs {
				out[system][cv] = s.normalizer.Apply(raw[k])
			}
		}
		return writeJSON(path, out)
	})
	if err != nil {
		return err
	}
	s.keys["reward-scores"] = rec.Key
	return nil
}

// measure is one number of a JD, or of a system's JDs, as the table shows it.
type measure struct {
	key, name string
	digits    int
	of        func(judge.Measures) float64 // of one JD; nil: diversity of all of them
	n         int                          // of diversity: tokens of an n-gram
	reward    bool                         // depends on the seed's reward model
	high      float64                      // the largest value there can be; 0: no bound, and where reward is false the smallest is 0
}

var measures = []measure{
	{key: "rouge_l", name: "ROUGE-L F1", digits: 3, high: 1, of: func(m judge.Measures) float64 { return m.RougeF1 }},
	{key: "tfidf_cosine", name: "TF-IDF cosine", digits: 3, high: 1, of: func(m judge.Measures) float64 { return m.Cosine }},
	{key: "reward", name: "Reward", digits: 2, of: func(m judge.Measures) float64 { return m.Similarity }, reward: true},
	{key: "distinct_1", name: "Distinct-1", digits: 3, n: 1, high: 1},
	{key: "distinct_2", name: "Distinct-2", digits: 3, n: 2, high: 1},
	{key: "repetition", name: "Repetition", digits: 3, high: 1, of: func(m judge.Measures) float64 { return m.Repetition }},
	{key: "copy_rate", name: "Copy rate", digits: 3, high: 1, of: func(m judge.Measures) float64 { return m.CopyRate }},
	{key: "words", name: "Words", digits: 1, of: func(m judge.Measures) float64 { return float64(m.Tokens) }},
}

// systemMeasures are the measures of one system.
type systemMeasures struct {
	System    string
	CVs       int             // judged CVs that the system has a JD for
	Compared  int             // of these, CVs with a JD to compare with
	Estimates []eval.Estimate // in the order of measures
}

// measureSystems measures the JDs of all systems. scores holds what each seed's reward model thinks of them.
func (q *quality) measureSystems(texts *systemTexts, scores map[int]map[string]map[string]float64, boot eval.Bootstrap, progress lm.Progress) ([]systemMeasures, error) {
	own := q.data.matchedJDs(datasets.Test)
	var now struct { // what is being measured
		system, jd string
		scores     map[string]float64
		cv         string
	}
	ref, err := judge.NewReference(judge.ReferenceConfig{
		Training: q.data.trainingJDs(), Margins: judge.DefaultMargins(),
		References: func(cv string) []string {
			if now.system != systemReal {
				return own[cv]
			}
			return slices.DeleteFunc(slices.Clone(own[cv]), func(jd string) bool { return jd == now.jd }) // no JD is compared with itself
		},
		Similarity: func(context.Context, string, string) (float64, error) {
			score, ok := now.scores[now.cv]
			if !ok {
				return 0, fmt.Errorf("the reward model has no score for the JD of %s", now.system)
			}
			return score, nil
		},
	})
	if err != nil {
		return nil, err
	}
	var out []systemMeasures
	done, all := 0, len(q.measured())*len(q.opts.Seeds)
	for _, system := range q.measured() {
		m := systemMeasures{System: system}
		var cvs, groups []string
		for _, cv := range q.data.judgedCVs() {
			if _, ok := texts.text(system, cv, q.opts.Seeds[0]); ok {
				cvs, groups = append(cvs, cv), append(groups, fmt.Sprintf("g%d", q.data.Assignment.Group[cv]))
			}
		}
		m.CVs = len(cvs)
		bySeed, jds := make([][]judge.Measures, len(q.opts.Seeds)), make([][]string, len(q.opts.Seeds))
		for i, seed := range q.opts.Seeds {
			progress.At(done, all, "measures of "+system)
			done++
			now.system, now.scores = system, scores[seed][system]
			for _, cv := range cvs {
				jd, ok := texts.text(system, cv, seed)
				if !ok {
					return nil, fmt.Errorf("%s, seed %d, has no JD for CV %s", system, seed, cv)
				}
				now.cv, now.jd = cv, jd
				x, err := ref.Measure(q.ctx, cv, q.data.cv[cv], jd)
				if err != nil {
					return nil, err
				}
				bySeed[i], jds[i] = append(bySeed[i], x), append(jds[i], jd)
			}
		}
		for _, x := range bySeed[0] {
			if !math.IsNaN(x.Cosine) {
				m.Compared++
			}
		}
		for _, c := range measures {
			// What was not trained is the same in all seeds, but for what reward models think of it.
			seeds := len(q.opts.Seeds)
			if q.fixedSystem(system) && !c.reward {
				seeds = 1
			}
			var e eval.Estimate
			if c.of == nil {
				e, err = judge.DiversityEstimate(jds[:seeds], groups, c.n, boot.Level)
			} else {
				e, err = meanMeasure(c.of, bySeed[:seeds], groups, boot)
			}
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", c.key, system, err)
			}
			if q.fixedSystem(system) && !c.reward {
				e.Warnings = slices.DeleteFunc(e.Warnings, func(w eval.Warning) bool { return strings.HasPrefix(string(w), "one seed") })
			}
			m.Estimates = append(m.Estimates, e)
		}
		out = append(out, m)
	}
	return out, nil
}

// meanMeasure is the mean over CVs and seeds; CVs for which the measure does not exist are left out.
func meanMeasure(of func(judge.Measures) float64, bySeed [][]judge.Measures, groups []string, boot eval.Bootstrap) (eval.Estimate, error) {
	var kept []string
	values := make([][]float64, len(bySeed))
	for i := range groups {
		if math.IsNaN(of(bySeed[0][i])) {
			continue
		}
		kept = append(kept, groups[i])
		for s := range bySeed {
			values[s] = append(values[s], of(bySeed[s][i]))
		}
	}
	clusters := eval.ClusterIDs(kept)
	nan := math.NaN()
	switch {
	case len(kept) == 0:
		return eval.Estimate{Value: nan, SE: nan, Low: nan, High: nan, P: nan}, nil
	case slices.Max(clusters) == 0:
		return eval.Estimate{Value: average(slices.Concat(values...)), SE: nan, Low: nan, High: nan, P: nan, Warnings: []eval.Warning{"one CV group: there is no interval"}}, nil
	}
	return boot.Mean(clusters, values...)
}

// measureTable shows the measures of each system.
func (q *quality) measureTable(s *qualityStatistics) results.Table {
	t := results.Table{Name: "rq1_measures", Title: "RQ1 on " + q.data.Name + ": measures of the JDs", Wide: true,
		Columns: []results.Column{{Key: "system", Name: "System"}, {Key: "cvs", Name: "CVs", Kind: results.KindCount}}}
	for _, c := range measures {
		t.Columns = append(t.Columns, results.Column{Key: c.key, Name: c.name, Kind: results.KindNumber, Digits: c.digits, Interval: true})
	}
	seeds := fmt.Sprintf("%d seeds", len(q.opts.Seeds))
	if len(q.opts.Seeds) == 1 {
		seeds = "one seed"
	}
	t.Notes = append(t.Notes,
		fmt.Sprintf("Means over the test CVs with a matched pair and over %s, one JD a CV and seed. 95 %% intervals from the bootstrap over CV groups, those of distinct-n from the jackknife over them, and from two seeds on the spread between seeds.", seeds),
		"ROUGE-L F1, TF-IDF cosine: likeness to the CV's own matched JDs, the largest over them. A JD unlike every past one may still be good.",
		"Reward: what each seed's reward model thinks of CV and JD, 0 being the mean of JDs by GIRL-SFT for training CVs and 1 their standard deviation. It is what PPO raises: for GIRL it is no independent witness. Here a JD that does not end keeps its own, while PPO and the tables of training and RQ3 put a penalty in its place.",
		fmt.Sprintf("Distinct-1, -2: different words, and pairs of neighbouring words, over all, in a seed's JDs together; they fall with the amount of text. Repetition: share of a JD's runs of %d tokens that stood in it before. Copy rate: share of its runs of %d tokens that stand in a JD of a training pair. Words: characters in scripts without spaces; tokens in the other measures are these.", judge.DefaultRepeatN, judge.DefaultCopyN))
	if note := s.hitNote(); note != "" {
		t.Notes = append(t.Notes, note)
	}
	if s.manyHits() {
		t.Notes = append(t.Notes, "Warning: where the nearest matched JD is one of the CV's own, its likeness is 1 by construction.")
	}
	for _, m := range s.Measures {
		row := results.TableRow{Cells: []results.Cell{results.Text(m.System), results.Number(float64(m.CVs))}}
		for i, e := range m.Estimates {
			if !measures[i].reward {
				e.Low = max(e.Low, 0)
			}
			if top := measures[i].high; top > 0 {
				e.High = min(e.High, top)
			}
			row.Cells = append(row.Cells, estimateCell(e))
			for _, note := range warningNotes(e.Warnings) {
				if !slices.Contains(row.Notes, note) {
					row.Notes = append(row.Notes, note)
				}
			}
		}
		switch m.System {
		case systemReal:
			row.Notes = append(row.Notes, fmt.Sprintf("The first of the CV's matched JDs. It is compared with the CV's other matched JDs, on the %d CVs that have any. Where CVs share JDs it stands in training pairs, too.", m.Compared))
			row.Rule = true
		case systemNearest:
			row.Notes = append(row.Notes, "A JD of a training pair: its copy rate is 1 by construction, but for JDs shorter than a run.")
		case q.llm:
			row.Notes = append(row.Notes, "Of fewer CVs than the other systems: distinct-n is not comparable.")
		case modelUntuned:
			row.Notes = append(row.Notes, untunedNote)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// untunedNote says what the untuned model is.
const untunedNote = "untuned LM: the writers' network, trained from scratch on the same JDs, each behind the CV of a stranger, so that it cannot learn what suits whom."

// trainingJDs are the texts of the JDs in training pairs: all that words' rarity, the yardstick of conciseness and the search for
// copies may know.
func (d *Data) trainingJDs() []string {
	seen := map[string]bool{}
	for _, p := range d.Assignment.Pairs(d.Dataset, datasets.Train) {
		seen[p.JDID] = true
	}
	var out []string
	for _, jd := range d.JDs {
		if seen[jd.ID] {
			out = append(out, jd.Text)
		}
	}
	return out
}

// countHits counts the judged CVs whose nearest matched JD is, to the letter, one that they were matched with themselves.
func (d *Data) countHits() (hits, of int) {
	nearest, own := d.nearestMatched(), d.matchedJDs(datasets.Test)
	for _, cv := range d.judgedCVs() {
		if jd, ok := nearest[cv]; ok {
			of++
			if slices.Contains(own[cv], jd) {
				hits++
			}
		}
	}
	return hits, of
}

// hitNote says how often copying hits one of the CV's own JDs.
func (s *qualityStatistics) hitNote() string {
	if s.Nearest == 0 {
		return ""
	}
	return fmt.Sprintf("The nearest matched JD is literally one of the CV's own matched JDs for %d of %d CVs (%.1f %%).", s.Hits, s.Nearest, 100*float64(s.Hits)/float64(s.Nearest))
}

// manyHits is above one in twenty.
func (s *qualityStatistics) manyHits() bool { return 20*s.Hits > s.Nearest }
