package girl

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"genjobrec/datasets"
	"genjobrec/results"
)

// pageFile is the run as one HTML page.
const pageFile = "index.html"

// pageCVs is the number of test CVs that the page shows with JDs written for them.
const pageCVs = 3

// showsTexts reports whether CVs and JDs may stand on the page: those of the synthetic market may, others when asked for.
func (r *run) showsTexts() bool { return r.data.Market != nil || r.opts.PageTexts }

// savePage keeps what the page says about the run itself: training, stages, samples, settings and provenance.
func (r *run) savePage(key string, training results.PageSection, generated []results.GeneratedRow) error {
	m, err := r.runManifest()
	if err != nil {
		return err
	}
	stages := results.PageSection{Name: "stages", Title: "Stages", Tables: []results.Table{stagesTable(m)}}
	page := results.Page{Title: "GIRL on " + r.data.Name, Summary: r.summary(), Sections: []results.PageSection{training, stages},
		Config: map[string]string{}, Provenance: m.facts(), SamplesNote: "Texts are left out: CVs are personal data. The flag -page-texts of girl run shows them."}
	for key, v := range r.cfg.Resolved() {
		page.Config[key] = fmt.Sprint(v)
	}
	if r.showsTexts() {
		seed := r.opts.Seeds[0]
		if page.Samples, err = r.pageSamples(generated, int64(seed)); err != nil {
			return err
		}
		page.SamplesNote = fmt.Sprintf("%d test CVs drawn by lot (split.seed), each with the first JD that both writers of seed %d wrote for it.", len(page.Samples), seed)
		if r.data.Market != nil {
			page.SamplesNote += " Reward is what the reward model thinks of it; true acceptance is what the market's recruiters would do."
		}
	}
	return writeJSON(r.sectionFile("run"), savedPage{key, page})
}

// summary says in a paragraph what the run is.
func (r *run) summary() string {
	seeds := fmt.Sprintf("%d training seeds", len(r.opts.Seeds))
	if len(r.opts.Seeds) == 1 {
		seeds = "one training seed"
	}
	data := fmt.Sprintf("the dataset %s", r.data.Name)
	if r.data.Market != nil {
		data = "a synthetic labour market, whose true match probabilities are known"
	}
	return fmt.Sprintf("Generative job recommendation (GIRL, arXiv 2307.02157): a language model is fine-tuned to write the job description that suits a CV (GIRL-SFT), "+
		"PPO aligns it with a reward model learned from matched and mismatched pairs (GIRL), and the written job descriptions join a matcher of CVs and vacancies. "+
		"This run is of the profile %s with %s on %s: %d CVs, %d vacancies, %d judged pairs.",
		r.opts.Profile, seeds, data, len(r.data.CVs), len(r.data.JDs), len(r.data.Pairs))
}

func (r *run) ceilingWords() string {
	if r.data.Market == nil {
		return ""
	}
	return ", the best that any matcher can expect (Bayes ceiling) as a solid one"
}

// pageSamples draws test CVs by lot and finds the first JD of each writer of a seed.
func (r *run) pageSamples(generated []results.GeneratedRow, seed int64) ([]results.PageSample, error) {
	cvs := r.data.cvsOf(datasets.Test)
	lot := func(x datasets.CV) uint64 { return mix(uint64(r.cfg.Split.Seed), "page", x.ID) }
	slices.SortStableFunc(cvs, func(a, b datasets.CV) int { return cmp.Compare(lot(a), lot(b)) })
	var out []results.PageSample
	for _, x := range cvs[:min(len(cvs), pageCVs)] {
		sample := results.PageSample{ID: x.ID, CV: x.Text}
		for _, model := range []string{modelSFT, modelGIRL} {
			i := slices.IndexFunc(generated, func(g results.GeneratedRow) bool {
				return g.CVID == x.ID && g.Model == model && g.Seed == seed && g.K == 0
			})
			if i < 0 {
				return nil, fmt.Errorf("%s has no JD of %s and seed %d for test CV %q", generatedFile, model, seed, x.ID)
			}
			jd := results.PageJD{Name: model, Text: generated[i].Text, Facts: []results.Fact{{Name: "reward", Value: decimal(generated[i].Reward)}}}
			if r.data.Market != nil {
				gold, _, err := r.data.Market.AcceptText(x.ID, jd.Text)
				if err != nil {
					return nil, err
				}
				jd.Facts = append(jd.Facts, results.Fact{Name: "true acceptance", Value: decimal(gold)})
			}
			sample.JDs = append(sample.JDs, jd)
		}
		out = append(out, sample)
	}
	return out, nil
}

// decimal writes three decimals with a typographic minus sign.
func decimal(v float64) string { return strings.Replace(fmt.Sprintf("%.3f", v), "-", "\u2212", 1) }

// stagesTable lists how long each stage took and what it had to say.
func stagesTable(m *manifest) results.Table {
	t := results.Table{Name: "stages", Title: "What each stage took",
		Columns: []results.Column{{Key: "stage", Name: "stage"}, {Key: "minutes", Name: "minutes", Kind: results.KindNumber, Digits: 2},
			{Key: "tokens", Name: "tokens", Kind: results.KindCount}, {Key: "outcome", Name: "outcome"}},
		Notes: []string{"Seeds run side by side: the minutes do not add up to the wall clock. A stage that was there already keeps the minutes it took."}}
	dir := ""
	for _, s := range m.Stages {
		tokens := results.Missing()
		if s.Tokens > 0 {
			tokens = results.Number(float64(s.Tokens))
		}
		t.Rows = append(t.Rows, results.TableRow{Rule: s.Dir != dir, Cells: []results.Cell{results.Text(strings.TrimPrefix(s.Dir+"/"+s.Stage, "./")),
			results.Number(s.Seconds / 60), tokens, results.Text(strings.Join(s.Notes, "; "))}})
		dir = s.Dir
	}
	return t
}

// studiesTable lists what each study took that was added to the run; no rows where none was.
func studiesTable(runDir string) (results.Table, error) {
	t := results.Table{Name: "studies", Title: "What each study took beside the run",
		Columns: []results.Column{{Key: "study", Name: "study"}, {Key: "minutes", Name: "wall minutes", Kind: results.KindNumber, Digits: 1}, {Key: "stages", Name: "stages", Kind: results.KindCount},
			{Key: "tokens", Name: "tokens", Kind: results.KindCount}, {Key: "started", Name: "started"}, {Key: "revision", Name: "git revision"}},
		Notes: []string{"What two studies need, such as the untuned LM, was made for the first of them and is counted in the tokens of both.", "The stages of each, with minutes, tokens and outcomes: rq1.manifest.json, rq3.manifest.json and rq4.manifest.json."}}
	for _, name := range studies {
		var m manifest
		switch err := readJSON(filepath.Join(runDir, studyManifest(name)), &m); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return t, err
		}
		tokens := 0
		for _, s := range m.Stages {
			tokens += s.Tokens
		}
		t.Rows = append(t.Rows, results.TableRow{Cells: []results.Cell{results.Text(strings.ToUpper(name)), results.Number(m.Seconds / 60), results.Number(float64(len(m.Stages))),
			results.Number(float64(tokens)), results.Text(m.Started.Format(time.RFC3339)), results.Text(cmp.Or(m.Revision, "unknown"))}})
	}
	return t, nil
}

// facts are what a reader needs to make the run again. Inputs are named without their folders, which are nobody's business.
func (m *manifest) facts() []results.Fact {
	facts := []results.Fact{
		{Name: "program", Value: m.Program},
		{Name: "git revision", Value: cmp.Or(m.Revision, "unknown")},
		{Name: "Go", Value: m.GoVersion},
		{Name: "machine", Value: m.Machine},
		{Name: "backend", Value: m.Backend},
		{Name: "profile", Value: m.Profile},
		{Name: "seeds", Value: strings.Trim(fmt.Sprint(m.Seeds), "[]")},
		{Name: "started", Value: m.Started.Format(time.RFC3339)},
		{Name: "wall minutes", Value: fmt.Sprintf("%.1f", m.Seconds/60)},
		{Name: "data, sha256", Value: m.DataKey},
	}
	var inputs []string
	for path, hash := range m.Inputs {
		inputs = append(inputs, filepath.Base(path)+": "+hash)
	}
	slices.Sort(inputs)
	for _, input := range inputs {
		facts = append(facts, results.Fact{Name: "input, sha256", Value: input})
	}
	for _, note := range m.Notes {
		facts = append(facts, results.Fact{Name: "note", Value: note})
	}
	for _, path := range []string{"github.com/gomlx/gomlx", "github.com/gomlx/compute"} {
		if v, ok := m.Modules[path]; ok {
			facts = append(facts, results.Fact{Name: path, Value: v})
		}
	}
	return facts
}
