package market

// Seniority is a career level; the zero value means unknown.
type Seniority uint8

// The five levels, one apart from the next.
const (
	Intern Seniority = iota + 1
	Junior
	Mid
	Senior
	Lead
)

var seniorityNames = [...]string{"", "intern", "junior", "mid", "senior", "lead"}

// String returns the plain name of the level, "" for unknown.
func (s Seniority) String() string { return nameAt(seniorityNames[:], int(s)) }

// Mode says where the work is done; the zero value means unknown.
type Mode uint8

// The three ways of working.
const (
	OnSite Mode = iota + 1
	Hybrid
	Remote
)

// String returns the plain name of the mode, "" for unknown.
func (m Mode) String() string {
	return nameAt([]string{"", "on site", "hybrid", "remote"}, int(m))
}

// Move says whether a person would move to another region; the zero value means unknown.
type Move uint8

// The two answers.
const (
	Stays Move = iota + 1
	Moves
)

// Ambition shifts the level a person is taken seriously for, in levels. It is a latent that only some CVs mention.
type Ambition int8

// The three attitudes.
const (
	Calm    Ambition = -1
	Steady  Ambition = 0
	Climber Ambition = 1
)

// EmployerKind is a class of employers with one hidden taste; the zero value means unknown.
type EmployerKind uint8

// The five kinds.
const (
	Startup EmployerKind = iota + 1
	Corporate
	Public
	Agency
	FamilyFirm
)

// Indices of the lexicon count from 1; 0 means unknown.
type (
	// Occupation numbers an occupation.
	Occupation uint8
	// Skill numbers a skill.
	Skill uint8
	// City numbers a city.
	City uint8
	// Employer numbers an employer.
	Employer uint8
)

// String returns the name of the occupation, "" for unknown.
func (o Occupation) String() string {
	if o == 0 || int(o) >= len(lexicon().occupations) {
		return ""
	}
	return lexicon().occupations[o].id
}

// String returns the key of the skill, "" for unknown.
func (s Skill) String() string {
	if s == 0 || int(s) >= len(lexicon().skills) {
		return ""
	}
	return lexicon().skills[s].id
}

// String returns the name of the city, "" for unknown.
func (c City) String() string {
	if c == 0 || int(c) >= len(lexicon().cities) {
		return ""
	}
	return lexicon().cities[c].name
}

// String returns the name of the employer, "" for unknown.
func (e Employer) String() string {
	if e == 0 || int(e) >= len(lexicon().employers) {
		return ""
	}
	return lexicon().employers[e].name
}

// Ability is a skill with its level: 1 basic, 2 solid, 3 expert.
type Ability struct {
	Skill Skill
	Level uint8
}

// Person is the latent state of a candidate. Fields with their zero value are unknown, except Ambition (Steady).
type Person struct {
	Occupation Occupation
	Before     Occupation // an earlier occupation, 0 for none
	Seniority  Seniority
	Abilities  []Ability // at most one a skill
	City       City
	Expected   int // pay that the person hopes for, thousand a year
	Move       Move
	Ambition   Ambition
}

// level returns the person's level in the skill, 0 for none.
func (p Person) level(s Skill) uint8 {
	for _, a := range p.Abilities {
		if a.Skill == s {
			return a.Level
		}
	}
	return 0
}

// Job is the latent state of a vacancy. Fields with their zero value are unknown.
type Job struct {
	Occupation Occupation
	Seniority  Seniority
	Skills     []Skill // required, without repeats
	City       City
	Mode       Mode
	Pay        int // top of the offered range, thousand a year
	Employer   Employer
}

func nameAt(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return "?"
	}
	return names[i]
}
