package market

import (
	"fmt"
	"slices"

	"genjobrec/datasets"
)

// Version is the version of the generator and of the hidden taste. It changes whenever the same Params give other
// texts, other labels or other probabilities.
const Version = 1

// Params are the size and the seed of a market; nothing else about it can be chosen.
type Params struct {
	Seed       uint64 `json:"seed"`         // draws people, vacancies, exposures and decisions; the hidden taste is constant
	CVs        int    `json:"cvs"`          // people with decisions, 1 to 1,000,000
	JDs        int    `json:"jds"`          // vacancies; 0 means CVs/3, at least 1
	PairsPerCV int    `json:"pairs_per_cv"` // mean number of JDs a CV sees, within ±2 of it; 0 means 8
	Unlabelled int    `json:"unlabelled"`   // further people without decisions
}

// maxCount bounds each count of Params.
const maxCount = 1_000_000

// withDefaults fills in the zero values and checks the ranges.
func (p Params) withDefaults() (Params, error) {
	if p.CVs < 1 || p.CVs > maxCount {
		return p, fmt.Errorf("market: cvs is %d, want 1 to %d", p.CVs, maxCount)
	}
	if p.JDs == 0 {
		p.JDs = max(1, p.CVs/3)
	}
	if p.JDs < 1 || p.JDs > maxCount {
		return p, fmt.Errorf("market: jds is %d, want 1 to %d (0: cvs/3)", p.JDs, maxCount)
	}
	if p.PairsPerCV == 0 {
		p.PairsPerCV = 8
	}
	if p.PairsPerCV < 1 || p.PairsPerCV > 1000 {
		return p, fmt.Errorf("market: pairs_per_cv is %d, want 1 to 1000 (0: 8)", p.PairsPerCV)
	}
	if p.Unlabelled < 0 || p.Unlabelled > maxCount {
		return p, fmt.Errorf("market: unlabelled is %d, want 0 to %d", p.Unlabelled, maxCount)
	}
	return p, nil
}

// Small markets have fewer families, so that each occupation keeps a choice of vacancies.
const (
	minFamilies  = 2
	jdsPerFamily = 40 // six or seven an occupation; 400 JDs or more have all ten families
)

// occupations is the number of occupations that the market draws from.
func (p Params) occupations() int {
	n := 0
	for i, f := range lexicon().families {
		if i < max(minFamilies, p.JDs/jdsPerFamily) {
			n += len(f.occupations)
		}
	}
	return n
}

// Market is a drawn labour market with its oracle. It is immutable and safe for concurrent use.
type Market struct {
	params  Params
	people  []Person // the labelled, then the unlabelled
	jobs    []Job
	cvs     []datasets.CV
	jds     []datasets.JD
	pairs   []datasets.Pair
	cvIndex map[string]int
	jdIndex map[string]int
}

// Streams of random numbers, one for each kind of entity.
const (
	streamPerson uint64 = iota + 1
	streamCV
	streamJob
	streamJD
	streamPairs
	streamPopularity
)

// New draws the market of the given parameters. The same parameters give the same bytes; person i and vacancy i do
// not depend on how many others there are, except that small markets have fewer families.
func New(p Params) (*Market, error) {
	p, err := p.withDefaults()
	if err != nil {
		return nil, err
	}
	n := p.CVs + p.Unlabelled
	open := p.occupations()
	m := &Market{
		params: p, people: make([]Person, n), cvs: make([]datasets.CV, n),
		jobs: make([]Job, p.JDs), jds: make([]datasets.JD, p.JDs),
		cvIndex: make(map[string]int, n), jdIndex: make(map[string]int, p.JDs),
	}
	for i := range m.people {
		index := uint64(i)
		prefix := "cv_"
		if i >= p.CVs {
			index = uint64(i-p.CVs) | 1<<40 // independent of the number of labelled people
			prefix = "cv_u"
		}
		m.people[i] = drawPerson(stream(p.Seed, streamPerson, index), open)
		r := stream(p.Seed, streamCV, index)
		text, _ := writeCV(r, m.people[i])
		id := fmt.Sprintf("%s%05d", prefix, index&(1<<40-1)+1)
		m.cvs[i] = datasets.CV{ID: id, Text: typos(r, text, typoRateCV)}
		m.cvIndex[id] = i
	}
	for i := range m.jobs {
		m.jobs[i] = drawJob(stream(p.Seed, streamJob, uint64(i)), open)
		r := stream(p.Seed, streamJD, uint64(i))
		text, _ := writeJD(r, m.jobs[i])
		id := fmt.Sprintf("jd_%05d", i+1)
		m.jds[i] = datasets.JD{ID: id, Text: typos(r, text, typoRateJD)}
		m.jdIndex[id] = i
	}
	m.pairs = newPlatform(p, m.jobs).pairs(m)
	return m, nil
}

// Params returns the parameters with the defaults filled in.
func (m *Market) Params() Params { return m.params }

// Dataset returns the labelled CVs (cv_00001 ...), all JDs (jd_00001 ...) and the decisions with their times. The
// slices are the caller's.
func (m *Market) Dataset() *datasets.Dataset {
	return &datasets.Dataset{
		Name:  "market",
		CVs:   slices.Clone(m.cvs[:m.params.CVs]),
		JDs:   slices.Clone(m.jds),
		Pairs: slices.Clone(m.pairs),
	}
}

// Unlabelled returns the CVs without decisions (cv_u00001 ...).
func (m *Market) Unlabelled() []datasets.CV { return slices.Clone(m.cvs[m.params.CVs:]) }

// Person returns the latent state of a CV's author.
func (m *Market) Person(cvID string) (Person, error) {
	i, ok := m.cvIndex[cvID]
	if !ok {
		return Person{}, fmt.Errorf("market: no CV %q", cvID)
	}
	p := m.people[i]
	p.Abilities = slices.Clone(p.Abilities)
	return p, nil
}

// Job returns the latent state of a vacancy.
func (m *Market) Job(jdID string) (Job, error) {
	i, ok := m.jdIndex[jdID]
	if !ok {
		return Job{}, fmt.Errorf("market: no JD %q", jdID)
	}
	j := m.jobs[i]
	j.Skills = slices.Clone(j.Skills)
	return j, nil
}

// Accept is the true probability that the pair is labelled 1: the latents of both sides decide, whatever their texts
// leave out or misspell.
func (m *Market) Accept(cvID, jdID string) (float64, error) {
	c, ok := m.cvIndex[cvID]
	if !ok {
		return 0, fmt.Errorf("market: no CV %q", cvID)
	}
	j, ok := m.jdIndex[jdID]
	if !ok {
		return 0, fmt.Errorf("market: no JD %q", jdID)
	}
	return Utility(m.people[c], m.jobs[j]).Probability(), nil
}

// AcceptText is the gold value of any JD text for a CV of the market: the person's latents against the job that the
// text states (see ParseJD); what cannot be parsed counts as missing.
func (m *Market) AcceptText(cvID, jdText string) (float64, JobParse, error) {
	i, ok := m.cvIndex[cvID]
	if !ok {
		return 0, JobParse{}, fmt.Errorf("market: no CV %q", cvID)
	}
	parsed := ParseJD(jdText)
	return sigmoid(parsed.utility(m.people[i])), parsed, nil
}

// AcceptTexts values any CV text with any JD text: both sides are parsed, and the probability is that of the latents
// found. It is a plug-in estimate from the words alone, not the posterior mean.
func AcceptTexts(cvText, jdText string) (float64, PersonParse, JobParse) {
	person, job := ParseCV(cvText), ParseJD(jdText)
	return sigmoid(job.utility(person.Person)), person, job
}
