package market

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Best is the vacancy of highest utility for a CV of the market, and its acceptance probability: the upper end of the
// scale on which a generated JD is judged. It tries every occupation, level and employer with the three required
// skills that the person knows best, work at home or near it, and the lowest pay that earns the full pay term.
func (m *Market) Best(cvID string) (Job, float64, error) {
	i, ok := m.cvIndex[cvID]
	if !ok {
		return Job{}, 0, fmt.Errorf("market: no CV %q", cvID)
	}
	x, p := lexicon(), m.people[i]
	var best Job
	top := math.Inf(-1)
	for o := Occupation(1); int(o) < len(x.occupations); o++ {
		// Best known first; among equals the ones that count most, which matters only if not all are mastered.
		skills := slices.Clone(x.occupations[o].skills)
		slices.SortStableFunc(skills, func(a, b Skill) int {
			return cmp.Or(cmp.Compare(p.level(b), p.level(a)), cmp.Compare(x.skills[b].demand, x.skills[a].demand))
		})
		skills = skills[:minSkills]
		for s := Intern; s <= Lead; s++ {
			high := math.Floor(payCeil * x.wage(o, s, p.City))
			pay := math.Min(high, math.Ceil(float64(p.Expected)*(1+payHigh)))
			for _, e := range x.families[x.occupations[o].family].employers {
				j := Job{Occupation: o, Seniority: s, Skills: skills, City: p.City, Mode: OnSite, Pay: int(pay), Employer: e}
				if u := Utility(p, j).Total(); u > top {
					best, top = j, u
				}
			}
		}
	}
	return best, sigmoid(top), nil
}
