package market

import (
	"math/rand/v2"
	"strings"
)

// Shares of CVs that state a field.
const (
	showLevelCV    = 0.93
	showCityCV     = 0.93
	showPayCV      = 0.45
	showBeforeCV   = 0.75
	showMovesCV    = 0.60 // of those who would move
	showStaysCV    = 0.25 // of those who would not
	showAmbitionCV = 0.55
	showGradeCV    = 0.55 // of the skills at level 1 or 3
	maxSkillsCV    = 6
	typoRateCV     = 0.02
)

// cvWriter holds what one CV will say.
type cvWriter struct {
	r                                *rand.Rand
	title, years, place, pay, before string
	did                              string
	items                            []string
	move, ambition                   string
	asides                           []string // hobbies, schooling, other places, skills only wished for
}

// writeCV renders a person without typos. The returned person holds only what the text states.
func writeCV(r *rand.Rand, p Person) (string, Person) {
	x := lexicon()
	w := &cvWriter{r: r}
	o := x.occupations[p.Occupation]
	w.title, w.did = side(r, o.cv, o.jd, ownTitleCV), o.did
	p.Seniority = w.setLevel(p.Seniority)
	w.setSkills(&p)
	if r.Float64() < showCityCV {
		w.place = placeName(r, p.City)
	} else {
		p.City = 0
	}
	if r.Float64() < showPayCV {
		w.pay = payText(r, p.Expected, false)
	} else {
		p.Expected = 0
	}
	if p.Before != 0 && r.Float64() < showBeforeCV {
		b := x.occupations[p.Before]
		w.before = side(r, b.cv, b.jd, ownTitleCV)
	} else {
		p.Before = 0
	}
	share := showStaysCV
	if p.Move == Moves {
		share = showMovesCV
	}
	if r.Float64() < share {
		w.move = upperFirst(pick(r, moveWords[p.Move])) + "."
	} else {
		p.Move = 0
	}
	w.setAmbition(&p)
	w.setAsides(p)
	return cvStyles[r.IntN(len(cvStyles))](w), p
}

func (w *cvWriter) setLevel(s Seniority) Seniority {
	v := w.r.Float64()
	if v >= showLevelCV {
		return 0
	}
	if s == Intern || v < 0.5 {
		w.title = pick(w.r, levelCV[s]) + " " + w.title
	}
	if s != Intern && v > 0.4 {
		w.years = yearsText(w.r, s)
	}
	return s
}

func (w *cvWriter) setSkills(p *Person) {
	x := lexicon()
	shown := sample(w.r, p.Abilities, min(len(p.Abilities)-w.r.IntN(3), maxSkillsCV))
	p.Abilities = nil
	for _, a := range shown {
		text := side(w.r, x.skills[a.Skill].cv, x.skills[a.Skill].jd, ownSkillCV)
		switch {
		case a.Level != 2 && w.r.Float64() >= showGradeCV:
			a.Level = 2 // an ungraded skill reads as solid
		case a.Level == 1:
			text = pick(w.r, basicWords) + " " + text
		case a.Level == 3:
			text = pick(w.r, goodWords) + " " + text
		}
		p.Abilities = append(p.Abilities, a)
		w.items = append(w.items, text)
	}
}

func (w *cvWriter) setAmbition(p *Person) {
	if p.Ambition != Steady && w.r.Float64() >= showAmbitionCV {
		p.Ambition = Steady
	}
	switch p.Ambition {
	case Climber:
		w.ambition = upperFirst(pick(w.r, climbWords)) + "."
	case Calm:
		w.ambition = upperFirst(pick(w.r, calmWords)) + "."
	}
}

func (w *cvWriter) setAsides(p Person) {
	r, x := w.r, lexicon()
	w.asides = append(w.asides, pick(r, hobbies))
	if r.Float64() < 0.5 {
		w.asides = append(w.asides, pick(r, schooling))
	}
	if r.Float64() < 0.4 {
		w.asides = append(w.asides, pick(r, politeWords))
	}
	if r.Float64() < 0.25 {
		w.asides = append(w.asides, fill(pick(r, cvElsewhere), "x", otherPlace(r, p.City)))
	}
	if r.Float64() < 0.25 {
		s := Skill(1 + r.IntN(len(x.skills)-1))
		if p.level(s) == 0 {
			w.asides = append(w.asides, fill(pick(r, cvLearn), "u", side(r, x.skills[s].cv, x.skills[s].jd, ownSkillCV)))
		}
	}
	r.Shuffle(len(w.asides), func(a, b int) { w.asides[a], w.asides[b] = w.asides[b], w.asides[a] })
}

func (w *cvWriter) one(field string, templates words) []string {
	if field == "" {
		return nil
	}
	return []string{fill(pick(w.r, templates), "t", w.title, "a", article(w.title), "A", upperFirst(article(w.title)),
		"n", w.years, "did", w.did, "Did", upperFirst(w.did), "s", list(w.items), "b", article(w.before), "c", w.place, "p", w.pay)}
}

func stated(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// cvStyles are the writing styles of CVs.
var cvStyles = []func(*cvWriter) string{proseCV, fieldedCV, noteCV, listCV}

func proseCV(w *cvWriter) string {
	head := append(w.one("x", cvOpen), w.one(w.years, cvYears)...)
	mid := append(w.one("x", cvDid), w.one("x", cvSkills)...)
	mid = append(mid, w.one(w.before, cvBefore)...)
	mid = append(mid, w.one(w.place, cvPlace)...)
	mid = append(mid, w.asides...)
	w.r.Shuffle(len(mid), func(a, b int) { mid[a], mid[b] = mid[b], mid[a] })
	tail := append(stated(w.move), stated(w.ambition)...)
	tail = append(tail, w.one(w.pay, cvPay)...)
	return strings.Join(append(append(head, mid...), tail...), " ")
}

func fieldedCV(w *cvWriter) string {
	var f []string
	add := func(value string, labels words) {
		if value != "" {
			f = append(f, pick(w.r, labels)+": "+value)
		}
	}
	add(w.title, words{"Profile", "Job", "Now"})
	add(w.years, words{"Practice", "Experience"})
	add(w.place, words{"Home", "Lives in", "Address"})
	add(list(w.items), words{"Skills", "Strengths", "Can do"})
	add(w.did, words{"Last post", "Done"})
	add(w.pay, words{"Pay wish", "Asks"})
	sep := pick(w.r, words{". ", "\n", "; "})
	tail := append(w.one(w.before, cvBefore), stated(w.move)...)
	tail = append(append(tail, stated(w.ambition)...), w.asides...)
	return strings.Join(f, sep) + ". " + strings.Join(tail, " ")
}

// noteCV is the short note of a recruiter or of somebody in a hurry, without capitals.
func noteCV(w *cvWriter) string {
	f := append([]string{w.title}, stated(w.years)...)
	f = append(append(f, stated(w.place)...), w.items...)
	f = append(f, stated(w.pay)...)
	tail := append(w.one(w.before, cvBefore), stated(w.move)...)
	tail = append(append(tail, stated(w.ambition)...), w.one("x", cvDid)...)
	tail = append(tail, w.asides...)
	return strings.ToLower(strings.Join(f, ", ") + ". " + strings.Join(tail, " "))
}

func listCV(w *cvWriter) string {
	head := append([]string{upperFirst(w.title)}, stated(w.place)...)
	lines := append(stated(w.years), w.did)
	lines = append(lines, w.items...)
	lines = append(lines, w.one(w.pay, words{"{p} asked", "hopes for {p}"})...)
	tail := append(w.one(w.before, cvBefore), stated(w.move)...)
	tail = append(append(tail, stated(w.ambition)...), w.asides...)
	return strings.Join(head, ", ") + "\n- " + strings.Join(lines, "\n- ") + "\n" + strings.Join(tail, " ")
}
