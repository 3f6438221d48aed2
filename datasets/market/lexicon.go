package market

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

type words []string

// skillEntry is a skill with the wordings of JDs and those of CVs: the two sides of the market speak differently.
type skillEntry struct {
	id     string
	jd, cv words
}

// occupationEntry is an occupation: its titles on both sides, mid-level pay (thousand a year), whether remote work is
// credible, its skills (separated by blanks), the neighbours that its people move to (separated by commas), the
// task sentence of JDs ("you will ...") and the one of CVs ("I ...").
type occupationEntry struct {
	id           string
	jd, cv       words
	pay          int
	remote       bool
	skills, near string
	task, did    string
}

type employerEntry struct {
	name string
	kind EmployerKind
}

type familyEntry struct {
	id          string
	skills      []skillEntry
	occupations []occupationEntry
	employers   []employerEntry
}

type regionEntry struct {
	id     string
	wage   float64 // factor on pay
	cities []cityEntry
}

type cityEntry struct {
	name      string
	districts words
	size      int // weight in the draw of people and vacancies
}

// tables is the lexicon with names resolved to indices; index 0 of each slice is the unknown.
type tables struct {
	skills      []skillInfo
	occupations []occupationInfo
	employers   []employerInfo
	cities      []cityInfo
	general     []Skill
	families    []familyInfo
	citySize    []float64
}

type skillInfo struct {
	skillEntry
	demand float64
	hot    bool
}

type occupationInfo struct {
	occupationEntry
	family int
	skills []Skill
	near   []Occupation
	lacks  bool // too few people: the market is lenient
}

type employerInfo struct {
	employerEntry
	family int
}

type cityInfo struct {
	cityEntry
	region int
	wage   float64
}

type familyInfo struct {
	id          string
	drift       float64
	occupations []Occupation
	employers   []Employer
}

// lexicon returns the resolved tables. They are built once from constants and never change.
var lexicon = sync.OnceValue(buildTables)

func buildTables() *tables {
	t := &tables{
		skills: make([]skillInfo, 1), occupations: make([]occupationInfo, 1),
		employers: make([]employerInfo, 1), cities: make([]cityInfo, 1), citySize: make([]float64, 1),
	}
	skillOf := map[string]Skill{}
	addSkill := func(e skillEntry) Skill {
		s := Skill(len(t.skills))
		skillOf[e.id] = s
		t.skills = append(t.skills, skillInfo{e, demandOf(e.id), slices.Contains(hotSkills, e.id)})
		return s
	}
	for _, e := range generalSkills {
		t.general = append(t.general, addSkill(e))
	}
	occupationOf := map[string]Occupation{}
	for f, fam := range families {
		info := familyInfo{id: fam.id, drift: familyDrift[fam.id]}
		for _, e := range fam.skills {
			addSkill(e)
		}
		for _, e := range fam.employers {
			info.employers = append(info.employers, Employer(len(t.employers)))
			t.employers = append(t.employers, employerInfo{e, f})
		}
		for _, e := range fam.occupations {
			o := Occupation(len(t.occupations))
			occupationOf[e.id] = o
			info.occupations = append(info.occupations, o)
			t.occupations = append(t.occupations, occupationInfo{
				occupationEntry: e, family: f, lacks: slices.Contains(shortages, e.id),
			})
		}
		t.families = append(t.families, info)
	}
	for i := 1; i < len(t.occupations); i++ {
		o := &t.occupations[i]
		for _, id := range strings.Fields(o.occupationEntry.skills) {
			o.skills = append(o.skills, must(skillOf, id))
		}
		for _, id := range strings.Split(o.occupationEntry.near, ",") {
			o.near = append(o.near, must(occupationOf, id))
		}
	}
	for r, region := range regions {
		for _, c := range region.cities {
			t.cities = append(t.cities, cityInfo{c, r, region.wage})
			t.citySize = append(t.citySize, float64(c.size))
		}
	}
	return t
}

// must resolves a name written in the lexicon's own source; a miss is a mistake in these files, which the tests catch.
func must[T any](m map[string]T, id string) T {
	v, ok := m[id]
	if !ok {
		panic(fmt.Sprintf("market: the lexicon has no %q", id))
	}
	return v
}

// wage is the market's pay for an occupation at a level in a city, thousand a year; an unknown level counts as
// Mid, an unknown city as the average one.
func (t *tables) wage(o Occupation, s Seniority, c City) float64 {
	w := float64(t.occupations[o].pay) * wageOfLevel[s]
	if c != 0 {
		w *= t.cities[c].wage
	}
	return w
}
