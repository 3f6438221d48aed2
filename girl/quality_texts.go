package girl

import (
	"cmp"
	"fmt"
	"slices"

	"genjobrec/datasets"
	"genjobrec/eval/judge"
	"genjobrec/results"
)

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
