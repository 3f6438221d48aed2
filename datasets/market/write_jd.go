package market

import (
	"math/rand/v2"
	"strings"
)

// Shares of JDs that state a field.
const (
	showPayJD      = 0.75
	showEmployerJD = 0.88
	showPlaceJD    = 0.94
	showLevelJD    = 0.90
	showMidJD      = 0.65 // mid level is often left unsaid
	showCityRemote = 0.30
	levelByYearsJD = 0.25
	asideShareJD   = 0.45
	typoRateJD     = 0.002
)

// jdWriter holds what one JD will say.
type jdWriter struct {
	r                              *rand.Rand
	title, place, mode, years, pay string
	employer, task, skills         string
	items                          []string
	kind                           EmployerKind
	asides                         []string // boilerplate and sentences that do not matter
}

// writeJD renders a vacancy without typos. The returned job holds only what the text states.
func writeJD(r *rand.Rand, j Job) (string, Job) {
	x := lexicon()
	w := &jdWriter{r: r, kind: x.employers[j.Employer].kind}
	style := int(j.Employer) % len(jdStyles) // the house style
	if r.Float64() < 0.5 {
		style = r.IntN(len(jdStyles))
	}
	o := x.occupations[j.Occupation]
	w.title = side(r, o.jd, o.cv, ownTitleJD)
	w.task = o.task
	j.Seniority = w.setLevel(j.Seniority)
	w.setPlace(&j)
	if r.Float64() < showPayJD {
		w.pay = payText(r, j.Pay, true)
	} else {
		j.Pay = 0
	}
	if r.Float64() < showEmployerJD {
		w.employer = x.employers[j.Employer].name
	} else {
		j.Employer = 0
	}
	for _, s := range j.Skills {
		w.items = append(w.items, side(r, x.skills[s].jd, x.skills[s].cv, ownSkillJD))
	}
	w.skills = list(w.items)
	w.setAsides(j)
	return jdStyles[style](w), j
}

func (w *jdWriter) setLevel(s Seniority) Seniority {
	share := showLevelJD
	if s == Mid {
		share = showMidJD
	}
	switch {
	case w.r.Float64() >= share:
		return 0
	case s != Intern && w.r.Float64() < levelByYearsJD:
		w.years = yearsText(w.r, s)
	default:
		w.title = pick(w.r, levelJD[s]) + " " + w.title
	}
	return s
}

func (w *jdWriter) setPlace(j *Job) {
	show := showPlaceJD
	if j.Mode == Remote {
		show = showCityRemote
	}
	if w.r.Float64() < show {
		w.place = placeName(w.r, j.City)
	} else {
		j.City = 0
	}
	if j.Mode != OnSite {
		w.mode = pick(w.r, modeWords[j.Mode])
	} else if j.City == 0 {
		j.Mode = 0
	}
}

// setAsides picks one or two sentences of boilerplate and often one that names a trade, a city or a skill that do not count.
func (w *jdWriter) setAsides(j Job) {
	r, x := w.r, lexicon()
	w.asides = append(w.asides, pick(r, boilerplate[w.kind]))
	if r.Float64() < 0.4 {
		w.asides = append(w.asides, pick(r, boilerplateAny))
	}
	if r.Float64() < asideShareJD {
		other := Occupation(1 + r.IntN(len(x.occupations)-1))
		skill := Skill(1 + r.IntN(len(x.skills)-1))
		w.asides = append(w.asides, fill(pick(r, asideJD),
			"o", pick(r, x.occupations[other].jd), "x", otherPlace(r, j.City), "u", pick(r, x.skills[skill].jd)))
	}
	r.Shuffle(len(w.asides), func(a, b int) { w.asides[a], w.asides[b] = w.asides[b], w.asides[a] })
}

func (w *jdWriter) fill(template string) string {
	return fill(template, "e", w.employer, "c", w.place, "t", w.title, "a", article(w.title), "A", upperFirst(article(w.title)),
		"d", w.task, "s", w.skills, "p", w.pay, "m", w.mode, "n", w.years)
}

// one fills a random template, or returns nothing if the field it is about is not stated.
func (w *jdWriter) one(field string, templates words) []string {
	if field == "" {
		return nil
	}
	return []string{w.fill(pick(w.r, templates))}
}

func (w *jdWriter) open(ec, e, c, t words) string {
	switch {
	case w.employer != "" && w.place != "":
		return w.fill(pick(w.r, ec))
	case w.employer != "":
		return w.fill(pick(w.r, e))
	case w.place != "":
		return w.fill(pick(w.r, c))
	}
	return w.fill(pick(w.r, t))
}

// jdStyles are the writing styles of JDs.
var jdStyles = []func(*jdWriter) string{proseJD, fieldedJD, terseJD, adJD, bulletJD}

func proseJD(w *jdWriter) string {
	parts := w.one("x", taskSentences)
	parts = append(parts, w.one("x", skillSentences)...)
	parts = append(parts, w.one(w.years, yearSentences)...)
	parts = append(parts, w.one(w.mode, modeSentences)...)
	parts = append(parts, w.one(w.pay, paySentences)...)
	w.r.Shuffle(len(parts), func(a, b int) { parts[a], parts[b] = parts[b], parts[a] })
	parts = append(parts, w.asides...)
	if w.r.Float64() < 0.3 { // some firms talk about themselves first
		parts = append(w.asides[:1:1], append([]string{w.open(openEC, openE, openC, openT)}, parts[:len(parts)-len(w.asides)]...)...)
		return strings.Join(append(parts, w.asides[1:]...), " ")
	}
	return w.open(openEC, openE, openC, openT) + " " + strings.Join(parts, " ")
}

func fieldedJD(w *jdWriter) string {
	var f []string
	add := func(value string, labels words) {
		if value != "" {
			f = append(f, pick(w.r, labels)+": "+value)
		}
	}
	add(w.title, words{"Role", "Job", "Title"})
	add(w.employer, words{"Firm", "Employer"})
	add(w.place, words{"Where", "Place", "City"})
	add(w.mode, words{"Mode", "Work place"})
	add(w.years, words{"Practice", "Experience"})
	add(w.skills, words{"Skills", "We ask for", "Profile"})
	add(w.task, words{"Task", "Aim"})
	add(w.pay, words{"Pay", "Salary"})
	return strings.Join(f, pick(w.r, words{". ", "\n", "; "})) + ". " + strings.Join(w.asides, " ")
}

func terseJD(w *jdWriter) string {
	var f []string
	for _, v := range []string{w.place, w.mode, w.employer, w.years, w.pay} {
		if v != "" {
			f = append(f, v)
		}
	}
	w.r.Shuffle(len(f), func(a, b int) { f[a], f[b] = f[b], f[a] })
	f = append([]string{upperFirst(w.title)}, f...)
	sep := pick(w.r, words{", ", " / ", " | "})
	return strings.Join(f, sep) + ". " + upperFirst(strings.Join(w.items, sep)) + ". " + upperFirst(w.task) + ". " + w.asides[0]
}

func adJD(w *jdWriter) string {
	parts := []string{w.open(adEC, adE, adC, adT)}
	parts = append(parts, w.one("x", words{"Help us {d}.", "With us you {d}.", "You love to {d}."})...)
	parts = append(parts, w.one("x", adSkills)...)
	parts = append(parts, w.one(w.years, yearSentences)...)
	parts = append(parts, w.asides...)
	parts = append(parts, w.one(w.mode, words{"And it is {m}!", "{m}!"})...)
	parts = append(parts, w.one(w.pay, words{"{p} for you!", "We offer {p}.", "And the pay? {p}!"})...)
	return strings.Join(parts, " ")
}

func bulletJD(w *jdWriter) string {
	var head []string
	for _, v := range []string{upperFirst(w.title), w.employer, w.place, w.mode} {
		if v != "" {
			head = append(head, v)
		}
	}
	text := strings.Join(head, ", ") + "\n- " + w.task
	for _, s := range w.items {
		text += "\n- " + s
	}
	for _, s := range append(w.one(w.years, words{"{n} in the job"}), w.one(w.pay, words{"{p}", "pay: {p}"})...) {
		text += "\n- " + s
	}
	return text + "\n" + strings.Join(w.asides, " ")
}
