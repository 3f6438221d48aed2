package market

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Shares of the population; every value is our choice, see doc.go.
var (
	seniorityOfPeople = []float64{0, 0.07, 0.24, 0.34, 0.25, 0.10}
	seniorityOfJobs   = []float64{0, 0.08, 0.24, 0.33, 0.24, 0.11}
	// abilityLevels[s] are the weights of levels 1..3 at seniority s.
	abilityLevels = [...][]float64{nil, {6, 3, 1}, {4, 5, 1}, {2, 6, 2}, {1, 5, 4}, {1, 4, 5}}
)

const (
	shareChangers = 0.25 // people with an earlier occupation
	shareMovers   = 0.30 // people who would move to another region
	shareClimbers = 0.20
	shareCalm     = 0.12
	shareRemote   = 0.18 // of the vacancies whose occupation allows it
	shareHybrid   = 0.32
	personalPay   = 0.07 // standard deviation of log pay around the market's wage
	offeredPay    = 0.09
)

// payOfKind is the factor of each kind of employer on pay.
var payOfKind = [...]float64{1, 1.04, 1.08, 0.97, 0.95, 0.98}

// drawPerson draws a person of one of the occupations 1 to n.
func drawPerson(r *rand.Rand, n int) Person {
	x := lexicon()
	p := Person{
		Occupation: Occupation(1 + r.IntN(n)),
		Seniority:  Seniority(pickWeight(r, seniorityOfPeople)),
		City:       City(pickWeight(r, x.citySize)),
		Move:       Stays,
	}
	if r.Float64() < shareMovers {
		p.Move = Moves
	}
	switch v := r.Float64(); {
	case v < shareClimbers:
		p.Ambition = Climber
	case v < shareClimbers+shareCalm:
		p.Ambition = Calm
	}
	o := x.occupations[p.Occupation]
	skills := sample(r, o.skills, 5+r.IntN(3))
	if r.Float64() < shareChangers && p.Seniority > Intern {
		p.Before = pick(r, o.near)
		for _, s := range sample(r, x.occupations[p.Before].skills, 2) {
			if !slices.Contains(skills, s) {
				skills = append(skills, s)
			}
		}
	}
	if s := pick(r, x.general); r.Float64() < 0.5 && !slices.Contains(skills, s) {
		skills = append(skills, s)
	}
	for _, s := range skills {
		p.Abilities = append(p.Abilities, Ability{s, uint8(1 + pickWeight(r, abilityLevels[p.Seniority]))})
	}
	wage := x.wage(p.Occupation, p.Seniority, p.City) * math.Exp(personalPay*r.NormFloat64()+0.04*float64(p.Ambition))
	p.Expected = int(math.Round(wage))
	return p
}

// drawJob draws a vacancy in one of the occupations 1 to n.
func drawJob(r *rand.Rand, n int) Job {
	x := lexicon()
	j := Job{
		Occupation: Occupation(1 + r.IntN(n)),
		Seniority:  Seniority(pickWeight(r, seniorityOfJobs)),
		City:       City(pickWeight(r, x.citySize)),
		Mode:       OnSite,
	}
	o := x.occupations[j.Occupation]
	j.Employer = pick(r, x.families[o.family].employers)
	j.Skills = sample(r, o.skills, minSkills+r.IntN(3))
	if s := pick(r, x.general); r.Float64() < 0.3 && !slices.Contains(j.Skills, s) {
		j.Skills = append(j.Skills, s)
	}
	if o.remote {
		switch v := r.Float64(); {
		case v < shareRemote:
			j.Mode = Remote
		case v < shareRemote+shareHybrid:
			j.Mode = Hybrid
		}
	}
	wage := x.wage(j.Occupation, j.Seniority, j.City)
	offer := wage * payOfKind[x.employers[j.Employer].kind] * math.Exp(offeredPay*r.NormFloat64())
	j.Pay = int(math.Round(clamp(offer, 0.7*wage, 1.4*wage)))
	return j
}

// sample draws n different elements (all if there are fewer) in random order.
func sample[T any](r *rand.Rand, from []T, n int) []T {
	out := slices.Clone(from)
	r.Shuffle(len(out), func(a, b int) { out[a], out[b] = out[b], out[a] })
	return out[:min(n, len(out))]
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// pickWeight draws an index with probability proportional to its weight.
func pickWeight(r *rand.Rand, w []float64) int {
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	u := r.Float64() * sum
	for i, v := range w {
		if u < v {
			return i
		}
		u -= v
	}
	for i := len(w) - 1; i > 0; i-- { // rounding left u a hair above the sum
		if w[i] > 0 {
			return i
		}
	}
	return 0
}

// stream returns the generator of one entity: independent of how many others are drawn.
func stream(seed, kind, index uint64) *rand.Rand {
	return rand.New(rand.NewPCG(mix(seed^kind), mix(seed+mix(index^kind<<48))))
}

// mix is the finaliser of splitmix64.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
