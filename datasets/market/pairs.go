package market

import (
	"math"
	"math/rand/v2"
	"sort"
	"time"

	"genjobrec/datasets"
)

// What the platform shows a person: its own choice of vacancies, not yet a match. See doc.go.
var exposure = []float64{relSame: 0.55, relNear: 0.28, relFamily: 0.09, relOther: 0.08}

const (
	popularitySpread = 1.1  // standard deviation of the log of how often a vacancy is shown
	nearerShare      = 0.60 // how often the nearer of two candidate vacancies is shown
	yearDays         = 365
	maxDelayDays     = 20
)

// firstDay is day 0 of the market's year.
var firstDay = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)

// platform holds the vacancies by occupation, with their popularity.
type platform struct {
	params Params
	jobs   []Job
	posted []float64 // day
	by     []pool    // by occupation; 0 holds all
}

// pool is a set of vacancies drawn by popularity.
type pool struct {
	jobs []int
	upTo []float64 // running sum of popularity
}

func (p *pool) add(job int, weight float64) {
	if n := len(p.upTo); n > 0 {
		weight += p.upTo[n-1]
	}
	p.jobs, p.upTo = append(p.jobs, job), append(p.upTo, weight)
}

func (p *pool) draw(r *rand.Rand) int {
	n := len(p.jobs)
	u := r.Float64() * p.upTo[n-1]
	return p.jobs[min(n-1, sort.SearchFloat64s(p.upTo, u))]
}

func newPlatform(p Params, jobs []Job) *platform {
	f := &platform{params: p, jobs: jobs, posted: make([]float64, len(jobs)), by: make([]pool, len(lexicon().occupations))}
	for i, j := range jobs {
		r := stream(p.Seed, streamPopularity, uint64(i))
		weight := math.Exp(popularitySpread * r.NormFloat64())
		f.posted[i] = r.Float64()*(yearDays+60) - 60
		f.by[0].add(i, weight)
		f.by[j.Occupation].add(i, weight)
	}
	return f
}

// pairs draws what each labelled CV sees and how both sides decide, CV by CV, each CV's pairs in order of time.
func (f *platform) pairs(m *Market) []datasets.Pair {
	out := make([]datasets.Pair, 0, f.params.CVs*f.params.PairsPerCV)
	for c := range f.params.CVs {
		r := stream(f.params.Seed, streamPairs, uint64(c))
		p := m.people[c]
		arrival := r.Float64() * yearDays
		n := f.params.PairsPerCV
		spread := min(2, n-1)
		n += r.IntN(2*spread+1) - spread
		first := len(out)
		for _, j := range f.shown(r, p, min(n, len(f.jobs))) {
			day := math.Max(arrival, f.posted[j]) + r.Float64()*maxDelayDays
			pair := datasets.Pair{
				CVID: m.cvs[c].ID, JDID: m.jds[j].ID,
				Time: firstDay.Add(time.Duration(day*24*3600) * time.Second),
			}
			if r.Float64() < Utility(p, f.jobs[j]).Probability() {
				pair.Label = 1
			}
			out = append(out, pair)
		}
		mine := out[first:]
		sort.SliceStable(mine, func(a, b int) bool { return mine[a].Time.Before(mine[b].Time) })
	}
	return out
}

// shown draws n different vacancies.
func (f *platform) shown(r *rand.Rand, p Person, n int) []int {
	var out []int
	seen := make(map[int]bool, n)
	from := f.pool(r, p)
	for tries := 1; len(out) < n && tries < 30*n; tries++ {
		if tries%10 == 0 { // perhaps this pool holds nothing new
			from = f.pool(r, p)
		}
		j := from.draw(r)
		if k := from.draw(r); r.Float64() < nearerShare && distance(p, f.jobs[k]) < distance(p, f.jobs[j]) {
			j = k
		}
		if !seen[j] {
			seen[j] = true
			out = append(out, j)
			from = f.pool(r, p)
		}
	}
	for j := 0; len(out) < n; j++ { // a small market: take what is left
		if !seen[j] {
			seen[j] = true
			out = append(out, j)
		}
	}
	return out
}

// pool picks the kind of vacancy to show; a pool without vacancies gives way to the family's, then to all.
func (f *platform) pool(r *rand.Rand, p Person) *pool {
	x := lexicon()
	family := x.families[x.occupations[p.Occupation].family].occupations
	o := p.Occupation
	switch relation(pickWeight(r, exposure)) {
	case relNear:
		o = pick(r, x.occupations[o].near)
	case relFamily:
		o = pick(r, family)
	case relOther:
		o = 0
	}
	if o != 0 && len(f.by[o].jobs) == 0 {
		o = pick(r, family)
	}
	if len(f.by[o].jobs) == 0 {
		o = 0
	}
	return &f.by[o]
}

// distance is what the platform's filters see: region and level, without any taste of the market.
func distance(p Person, j Job) float64 {
	x := lexicon()
	d := math.Abs(float64(j.Seniority) - float64(p.Seniority))
	if j.Mode != Remote && x.cities[j.City].region != x.cities[p.City].region {
		d += 1.5
	}
	return d
}
