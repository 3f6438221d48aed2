package market

import "math"

// Terms are the parts of the log-odds that person and job accept each other; the sum, clamped to ±6, is the utility.
type Terms struct {
	Bias, Occupation, Skills, Demand, Seniority, Pay, Place, Employer float64
}

// Total is the utility: the sum of the terms clamped to ±6.
func (t Terms) Total() float64 {
	sum := t.Bias + t.Occupation + t.Skills + t.Demand + t.Seniority + t.Pay + t.Place + t.Employer
	return clamp(sum, -utilityMax, utilityMax)
}

// Probability is σ(Total), the true acceptance probability.
func (t Terms) Probability() float64 { return sigmoid(t.Total()) }

// Utility is the hidden taste of the market for a person in a job. Unknown fields of either side count as their
// documented missing value, which lies on the unfavourable side of a typical vacancy.
func Utility(p Person, j Job) Terms {
	x := lexicon()
	j = credible(x, j)
	kind := EmployerKind(0)
	if j.Employer != 0 {
		kind = x.employers[j.Employer].kind
	}
	t := Terms{Bias: bias}
	t.Occupation = occupationTerm(x, p, j, kind)
	t.Skills = skillTerm(x, p, j)
	t.Demand = demandTerm(x, p, j)
	t.Seniority = seniorityTerm(x, p, j)
	t.Pay = payTerm(x, p, j)
	t.Place = placeTerm(x, p, j)
	switch kind {
	case 0:
		t.Employer = employerMissing
	case Corporate:
		t.Skills *= corporateSkill
	case Agency:
		t.Skills *= agencySkill
		t.Employer = agencyBonus
	case Startup:
		t.Seniority *= startupSeniority
		t.Demand *= startupDemand
	case FamilyFirm:
		switch {
		case j.City == 0 || p.City == 0:
		case j.City == p.City:
			t.Employer = familyFirmSame
		case x.cities[j.City].region != x.cities[p.City].region && j.Mode != Remote:
			t.Employer = familyFirmAway
		}
	}
	return t
}

// credible drops what no recruiter would believe: an employer of another family, remote work or pay that the
// occupation does not offer.
func credible(x *tables, j Job) Job {
	if j.Occupation == 0 {
		j.Pay, j.Employer = 0, 0
		return j
	}
	o := x.occupations[j.Occupation]
	if j.Employer != 0 && x.employers[j.Employer].family != o.family {
		j.Employer = 0
	}
	if j.Mode >= Hybrid && !o.remote {
		j.Mode, j.City = 0, 0
	}
	if w := x.wage(j.Occupation, j.Seniority, j.City); float64(j.Pay) < payFloor*w || float64(j.Pay) > payCeil*w {
		j.Pay = 0
	}
	return j
}

func occupationTerm(x *tables, p Person, j Job, kind EmployerKind) float64 {
	if p.Occupation == 0 || j.Occupation == 0 {
		return occupationMissing
	}
	u := 0.0
	if x.occupations[j.Occupation].lacks {
		u = shortageBonus
	}
	switch x.relation(p.Occupation, j.Occupation) {
	case relSame:
		return u + occupationSame
	case relNear:
		u += occupationNear
	case relFamily:
		u += occupationFamily
	default:
		u += occupationOther
	}
	if kind == Public {
		u += publicCareerMove
	}
	return u
}

// relation of a person's occupation to a job's.
type relation uint8

const (
	relSame relation = iota
	relNear
	relFamily
	relOther
)

func (t *tables) relation(person, job Occupation) relation {
	if person == job {
		return relSame
	}
	for _, n := range t.occupations[person].near {
		if n == job {
			return relNear
		}
	}
	if t.occupations[person].family == t.occupations[job].family {
		return relFamily
	}
	return relOther
}

// skillTerm is skillWeight·(cover − ½): cover is the demand-weighted share of the required skills that the person has.
func skillTerm(x *tables, p Person, j Job) float64 {
	sum, have := 0.0, 0.0
	for _, s := range j.Skills {
		w := x.skills[s].demand
		sum += w
		credit := creditOfLevel[p.level(s)]
		if j.Occupation != 0 && !x.uses(j.Occupation, s) {
			credit *= foreignSkill
		}
		have += w * credit
	}
	n := len(j.Skills)
	sum += float64(max(0, minSkills-n))
	return skillWeight*(have/sum-0.5) - excessSkill*float64(max(0, n-MaxSkills))
}

// uses says whether the occupation lists the skill or the skill is a general one.
func (t *tables) uses(o Occupation, s Skill) bool {
	if int(s) <= len(t.general) {
		return true
	}
	for _, have := range t.occupations[o].skills {
		if have == s {
			return true
		}
	}
	return false
}

func demandTerm(x *tables, p Person, j Job) float64 {
	if j.Occupation == 0 {
		return 0
	}
	n := 0
	for _, s := range x.occupations[j.Occupation].skills {
		if x.skills[s].hot && p.level(s) >= 2 {
			n++
		}
	}
	return demandBonus * float64(min(n, demandMax))
}

func seniorityTerm(x *tables, p Person, j Job) float64 {
	if p.Seniority == 0 || j.Seniority == 0 {
		return seniorityMissing
	}
	gap := float64(j.Seniority) - float64(p.Seniority) - ambitionShift*float64(p.Ambition)
	if j.Occupation != 0 {
		gap -= drift(x.families[x.occupations[j.Occupation].family].drift, p.Seniority)
	}
	gap = clamp(gap, -gapMax, gapMax)
	if gap > 0 {
		return -stretchWeight * gap * gap
	}
	return -overWeight * gap * gap
}

// drift is the family's drift, stopped at the ends of the ladder: nobody drifts above Lead or below Intern.
func drift(d float64, s Seniority) float64 {
	return clamp(float64(s)+d, float64(Intern), float64(Lead)) - float64(s)
}

func payTerm(x *tables, p Person, j Job) float64 {
	if j.Pay == 0 {
		return payMissing
	}
	expected := float64(p.Expected)
	if expected == 0 {
		if p.Occupation == 0 {
			return payMissing
		}
		expected = x.wage(p.Occupation, p.Seniority, p.City)
	}
	return payWeight * clamp(float64(j.Pay)/expected-1, payLow, payHigh)
}

func placeTerm(x *tables, p Person, j Job) float64 {
	if j.Mode == Remote {
		return placeRemote
	}
	if p.City == 0 || j.City == 0 {
		return placeMissing
	}
	if p.City == j.City {
		return placeSame
	}
	u := placeRegion
	if x.cities[p.City].region != x.cities[j.City].region {
		switch p.Move {
		case Moves:
			u = placeAwayMoves
		case Stays:
			u = placeAwayStays
		default:
			u = placeAwayUnknown
		}
	}
	if j.Mode == Hybrid {
		u += hybridRelief
	}
	return u
}

func clamp(v, lo, hi float64) float64 { return math.Max(lo, math.Min(hi, v)) }

func sigmoid(u float64) float64 { return 1 / (1 + math.Exp(-u)) }
