package market

import (
	"math/bits"
	"slices"
)

// Field is a set of the things that a text may state.
type Field uint16

// The fields. JDs may state the first seven, CVs the others and FieldOccupation to FieldPay (the pay hoped for).
const (
	FieldOccupation Field = 1 << iota
	FieldSeniority
	FieldSkills
	FieldPlace // JD: city, or remote work; CV: home
	FieldPay
	FieldEmployer
	FieldTask // the task sentence of the JD's occupation
	FieldMove
	FieldAmbition
	FieldBefore
)

// fieldsJD is how many fields a complete JD states.
const fieldsJD = 7

// JobParse is what a JD text says.
type JobParse struct {
	Job            Job   // unknown where the text is silent or contradicts itself
	Found          Field // stated without contradiction
	Contradictions Field // stated twice with different values
	Words, Odd     int   // words, and those outside the language
	Self           int   // phrases in which somebody speaks about himself, as in a CV
}

// Share is the share of the seven fields of a JD that the text states without contradiction.
func (p JobParse) Share() float64 { return float64(bits.OnesCount16(uint16(p.Found))) / fieldsJD }

// Excess is the number of skills beyond what a real JD lists.
func (p JobParse) Excess() int { return max(0, len(p.Job.Skills)-MaxSkills) }

// utility is the utility of a person for the text's job: that of the job found, less a price for each field that is not
// stated, for speaking like a CV and for text outside the language. A text that states nothing is worth the least.
func (p JobParse) utility(person Person) float64 {
	if p.Found == 0 {
		return utilityEmpty
	}
	u := Utility(person, p.Job).Total()
	u -= missingFieldPrice * float64(fieldsJD-bits.OnesCount16(uint16(p.Found)))
	u -= selfPrice * float64(p.Self)
	if p.Words > 0 {
		u -= oddWordPrice * max(0, float64(p.Odd)/float64(p.Words)-oddWordShare)
	}
	return clamp(u, -utilityMax, utilityMax)
}

// PersonParse is what a CV text says.
type PersonParse struct {
	Person         Person
	Found          Field
	Contradictions Field
	Words, Odd     int
}

// once takes the value of a field that must not be stated twice.
type once struct {
	found, clash Field
}

func set[T comparable](o *once, f Field, dst *T, v T) {
	if o.found&f != 0 && *dst != v {
		o.clash |= f
	}
	o.found |= f
	*dst = v
}

// ParseJD reads a JD text back to a latent job. Case and punctuation do not matter much, one typing error in a long
// word is forgiven, and text outside the language is passed over.
func ParseJD(text string) JobParse {
	s := scan(text)
	var (
		o    once
		j    Job
		task Occupation
		self int
	)
	s.walk(func(m match, mark uint8, alone bool) {
		switch {
		case m.kind == kindTitle && mark == 0:
			set(&o, FieldOccupation, &j.Occupation, Occupation(m.value))
		case m.kind == kindLevel && mark == 0 && alone:
			set(&o, FieldSeniority, &j.Seniority, Seniority(m.value))
		case m.kind == kindSkill && mark != markLearn && !slices.Contains(j.Skills, Skill(m.value)):
			j.Skills = append(j.Skills, Skill(m.value))
			o.found |= FieldSkills
		case m.kind == kindCity && mark != markElsewhere:
			set(&o, FieldPlace, &j.City, City(m.value))
		case m.kind == kindTask:
			set(&o, FieldTask, &task, Occupation(m.value))
		case m.kind == kindSelf, m.kind == kindMove, m.kind == kindDesire, m.kind == kindTitle && mark == markBefore:
			self++
		case m.kind == kindEmployer:
			set(&o, FieldEmployer, &j.Employer, Employer(m.value))
		}
	})
	modes := once{}
	for _, m := range s.matches {
		if m.kind == kindMode {
			set(&modes, FieldPlace, &j.Mode, Mode(m.value))
		}
	}
	o.clash |= modes.clash
	if j.Mode == 0 && j.City != 0 {
		j.Mode = OnSite
	}
	if j.Mode == Remote {
		o.found |= FieldPlace
	}
	s.levelAndPay(&o, &j.Seniority, &j.Pay)
	if j.Occupation != task {
		o.found &^= FieldTask // the task of another trade is no task
	}
	// Contradictions count as missing.
	if o.clash&FieldOccupation != 0 {
		j.Occupation = 0
	}
	if o.clash&FieldSeniority != 0 {
		j.Seniority = 0
	}
	if o.clash&FieldPlace != 0 {
		j.City, j.Mode = 0, 0
	}
	if o.clash&FieldPay != 0 {
		j.Pay = 0
	}
	if o.clash&FieldEmployer != 0 {
		j.Employer = 0
	}
	return JobParse{Job: j, Found: o.found &^ o.clash, Contradictions: o.clash, Words: len(s.tokens), Odd: s.odd, Self: self + s.graded()}
}

// ParseCV reads a CV text back to a latent person, with the same tolerance as ParseJD.
func ParseCV(text string) PersonParse {
	s := scan(text)
	var (
		o     once
		p     Person
		grade match
	)
	s.walk(func(m match, mark uint8, alone bool) {
		switch {
		case m.kind == kindTitle && mark == markBefore:
			set(&o, FieldBefore, &p.Before, Occupation(m.value))
		case m.kind == kindTitle && mark == 0:
			set(&o, FieldOccupation, &p.Occupation, Occupation(m.value))
		case m.kind == kindLevel && mark == 0 && alone:
			set(&o, FieldSeniority, &p.Seniority, Seniority(m.value))
		case m.kind == kindGrade:
			grade = m
		case m.kind == kindSkill && mark != markLearn && p.level(Skill(m.value)) == 0:
			a := Ability{Skill(m.value), 2}
			if grade.value != 0 && grade.end == m.start && s.tokens[m.start].before == gapNone {
				a.Level = grade.value
			}
			p.Abilities = append(p.Abilities, a)
			o.found |= FieldSkills
		case m.kind == kindCity && mark != markElsewhere:
			set(&o, FieldPlace, &p.City, City(m.value))
		case m.kind == kindMove:
			set(&o, FieldMove, &p.Move, Move(m.value))
		case m.kind == kindDesire:
			set(&o, FieldAmbition, &p.Ambition, []Ambition{Steady, Climber, Calm}[m.value])
		}
	})
	s.levelAndPay(&o, &p.Seniority, &p.Expected)
	if o.clash&FieldOccupation != 0 {
		p.Occupation = 0
	}
	if o.clash&FieldSeniority != 0 {
		p.Seniority = 0
	}
	if o.clash&FieldPlace != 0 {
		p.City = 0
	}
	if o.clash&FieldPay != 0 {
		p.Expected = 0
	}
	if o.clash&FieldMove != 0 {
		p.Move = 0
	}
	if o.clash&FieldAmbition != 0 {
		p.Ambition = Steady
	}
	if o.clash&FieldBefore != 0 {
		p.Before = 0
	}
	return PersonParse{Person: p, Found: o.found &^ o.clash, Contradictions: o.clash, Words: len(s.tokens), Odd: s.odd}
}

// walk visits the phrases with the marker in force in their clause. alone says whether a level word stands directly
// before a title or fills its clause: elsewhere it is an ordinary adjective.
func (s *scanned) walk(visit func(m match, mark uint8, alone bool)) {
	mark, pos := uint8(0), 0
	for i, m := range s.matches {
		for ; pos <= m.start; pos++ {
			if s.tokens[pos].before != gapNone {
				mark = 0
			}
		}
		if m.kind == kindMarker {
			mark = m.value
			continue
		}
		alone := false
		if m.kind == kindLevel {
			next := m.end == len(s.tokens) || s.tokens[m.end].before != gapNone
			alone = next && s.tokens[m.start].before != gapNone
			if i+1 < len(s.matches) {
				n := s.matches[i+1]
				alone = alone || n.kind == kindTitle && n.start == m.end && !next
			}
		}
		visit(m, mark, alone)
	}
}

// graded counts the skills that are graded ("basic ...", "expert in ..."), which only CVs do.
func (s *scanned) graded() int {
	n := 0
	for i := 1; i < len(s.matches); i++ {
		a, b := s.matches[i-1], s.matches[i]
		if a.kind == kindGrade && b.kind == kindSkill && a.end == b.start && s.tokens[b.start].before == gapNone {
			n++
		}
	}
	return n
}

// levelAndPay reads the numbers: years of experience stand for a level.
func (s *scanned) levelAndPay(o *once, level *Seniority, pay *int) {
	for _, v := range s.pays {
		set(o, FieldPay, pay, v)
	}
	for _, v := range s.years {
		set(o, FieldSeniority, level, levelOfYears(v))
	}
}

func levelOfYears(n int) Seniority {
	for s := Junior; s < Lead; s++ {
		if n <= yearsOf[s][1] {
			return s
		}
	}
	return Lead
}
