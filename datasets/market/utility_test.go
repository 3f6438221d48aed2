package market

import (
	"math"
	"testing"
)

// names resolves lexicon names for tests.
type names struct{ t *testing.T }

func (n names) occupation(id string) Occupation {
	for i, o := range lexicon().occupations {
		if o.id == id {
			return Occupation(i)
		}
	}
	n.t.Fatalf("no occupation %q", id)
	return 0
}

func (n names) skill(id string) Skill {
	for i, s := range lexicon().skills {
		if s.id == id {
			return Skill(i)
		}
	}
	n.t.Fatalf("no skill %q", id)
	return 0
}

func (n names) city(name string) City {
	for i, c := range lexicon().cities {
		if c.name == name {
			return City(i)
		}
	}
	n.t.Fatalf("no city %q", name)
	return 0
}

func (n names) employer(name string) Employer {
	for i, e := range lexicon().employers {
		if e.name == name {
			return Employer(i)
		}
	}
	n.t.Fatalf("no employer %q", name)
	return 0
}

// The table starts from one pair and changes one thing at a time; the arithmetic is in the comments.
func TestUtilityByHand(t *testing.T) {
	n := names{t}
	// A mid-level carpenter of Dellbrook (plain) who hopes for 34k. building has drift 0, joinery is its own plain skill.
	person := func() Person {
		return Person{
			Occupation: n.occupation("carpenter"), Seniority: Mid, City: n.city("Dellbrook"), Expected: 34, Move: Stays,
			Abilities: []Ability{{n.skill("joinery"), 3}, {n.skill("fitting"), 2}, {n.skill("drawings"), 1}, {n.skill("estimate"), 2}},
		}
	}
	// Ullane Trades is an agency: skills ×0.8, +0.3.
	job := func() Job {
		return Job{
			Occupation: n.occupation("carpenter"), Seniority: Mid, City: n.city("Dellbrook"), Mode: OnSite, Pay: 34,
			Employer: n.employer("Ullane Trades"), Skills: []Skill{n.skill("joinery"), n.skill("fitting"), n.skill("drawings"), n.skill("safety")},
		}
	}
	base := Terms{
		Bias: 1.3, Occupation: 1.0,
		Skills:    0.8 * 4 * ((1+0.85+0.45+0)/4 - 0.5), // four plain skills: cover 0.575
		Demand:    0.45,                                // estimate is hot, level 2, a carpenter's skill
		Seniority: 0, Pay: 0, Place: 0.6, Employer: 0.3,
	}
	for _, c := range []struct {
		name string
		edit func(*Person, *Job)
		want func(*Terms)
	}{
		{"base", func(*Person, *Job) {}, func(*Terms) {}},
		// Occupation.
		{"neighbour", func(p *Person, j *Job) {
			p.Occupation = n.occupation("surveyor")
			j.Occupation = n.occupation("site manager")
			j.Skills = nil
			j.Pay = 0
		},
			func(w *Terms) { w.Occupation = 0; w.Skills = 0.8 * 4 * -0.5; w.Pay = -0.4; w.Demand = 0.45 }}, // a site manager uses estimate too
		{"same family", func(p *Person, _ *Job) { p.Occupation = n.occupation("welder") }, func(w *Terms) { w.Occupation = -0.9 }},
		{"other family", func(p *Person, _ *Job) { p.Occupation = n.occupation("nurse") }, func(w *Terms) { w.Occupation = -3.2 }},
		{"unknown occupation of the person", func(p *Person, _ *Job) { p.Occupation = 0 }, func(w *Terms) { w.Occupation = -3.6 }},
		// Without an occupation the job's pay and employer mean nothing, and no skill is hot or foreign.
		{"unknown occupation of the job", func(_ *Person, j *Job) { j.Occupation = 0 },
			func(w *Terms) {
				*w = Terms{Bias: 1.3, Occupation: -3.6, Skills: 4 * (0.575 - 0.5), Pay: -0.4, Place: 0.6, Employer: -0.3}
			}},
		// Skills.
		{"no skills", func(_ *Person, j *Job) { j.Skills = nil }, func(w *Terms) { w.Skills = 0.8 * 4 * -0.5 }},
		{"one skill, filled up to three", func(_ *Person, j *Job) { j.Skills = j.Skills[:1] }, func(w *Terms) { w.Skills = 0.8 * 4 * (1.0/3 - 0.5) }},
		{"a hot skill counts twice", func(_ *Person, j *Job) {
			j.Skills = []Skill{n.skill("joinery"), n.skill("estimate"), n.skill("safety")}
		},
			func(w *Terms) { w.Skills = 0.8 * 4 * ((1+2*0.85)/4 - 0.5) }},
		{"a foreign skill is half believed", func(p *Person, j *Job) {
			p.Abilities = append(p.Abilities, Ability{n.skill("ward"), 3})
			j.Skills = append(j.Skills, n.skill("ward"))
		}, func(w *Terms) { w.Skills = 0.8 * 4 * ((1+0.85+0.45+0.5)/5 - 0.5) }},
		// Eight plain skills, three of them known: cover 2.3/8, and −0.5 for each of the two too many.
		{"eight skills", func(_ *Person, j *Job) {
			j.Skills = append(j.Skills, n.skill("driving"), n.skill("team"), n.skill("crews"), n.skill("codes"))
		}, func(w *Terms) { w.Skills = 0.8 * (4*(2.3/8-0.5) - 0.5*2) }},
		// Demand.
		{"hot skill at basic level", func(p *Person, _ *Job) { p.Abilities[3].Level = 1 }, func(w *Terms) { w.Demand = 0 }},
		// Seniority, drift 0.
		{"one up", func(_ *Person, j *Job) { j.Seniority = Senior }, func(w *Terms) { w.Seniority = -0.8 }},
		{"two down", func(_ *Person, j *Job) { j.Seniority = Intern; j.Pay = 0 }, func(w *Terms) { w.Seniority = -0.5 * 4; w.Pay = -0.4 }},
		{"a climber one up", func(p *Person, j *Job) { p.Ambition = Climber; j.Seniority = Senior }, func(w *Terms) { w.Seniority = -0.8 * 0.25 }},
		{"gap is capped", func(p *Person, j *Job) { p.Seniority = Intern; j.Seniority = Lead; j.Pay = 0 },
			func(w *Terms) { w.Seniority = -0.8 * 2.5 * 2.5; w.Pay = -0.4 }},
		{"unknown level", func(_ *Person, j *Job) { j.Seniority = 0 }, func(w *Terms) { w.Seniority = -1.3 }},
		// Pay. 40/34 − 1 = 0.176 is cut at 0.15; 30/34 − 1 = −0.1176.
		{"high pay", func(_ *Person, j *Job) { j.Pay = 40 }, func(w *Terms) { w.Pay = 4 * 0.15 }},
		{"low pay", func(_ *Person, j *Job) { j.Pay = 30 }, func(w *Terms) { w.Pay = 4 * (30.0/34 - 1) }},
		{"very low pay", func(p *Person, _ *Job) { p.Expected = 60 }, func(w *Terms) { w.Pay = 4 * -0.3 }},
		{"pay not believed", func(_ *Person, j *Job) { j.Pay = 900 }, func(w *Terms) { w.Pay = -0.4 }},
		{"no pay", func(_ *Person, j *Job) { j.Pay = 0 }, func(w *Terms) { w.Pay = -0.4 }},
		// The market's wage of a mid-level carpenter in the plain is 35·0.96 = 33.6.
		{"hope unknown", func(p *Person, _ *Job) { p.Expected = 0 }, func(w *Terms) { w.Pay = 4 * (34/33.6 - 1) }},
		// Place: Graynor is in the same region, Kelmouth is not.
		{"commute", func(_ *Person, j *Job) { j.City = n.city("Graynor") }, func(w *Terms) { w.Place = -0.1 }},
		{"away, stays", func(_ *Person, j *Job) { j.City = n.city("Kelmouth") }, func(w *Terms) { w.Place = -2.2 }},
		{"away, moves", func(p *Person, j *Job) { p.Move = Moves; j.City = n.city("Kelmouth") }, func(w *Terms) { w.Place = -0.8 }},
		{"away, unknown", func(p *Person, j *Job) { p.Move = 0; j.City = n.city("Kelmouth") }, func(w *Terms) { w.Place = -1.3 }},
		{"no place", func(_ *Person, j *Job) { j.City, j.Mode = 0, 0 }, func(w *Terms) { w.Place = -1.5 }},
		{"a carpenter cannot work from home", func(_ *Person, j *Job) { j.Mode = Remote }, func(w *Terms) { w.Place = -1.5 }},
		// Employers.
		{"corporation", func(_ *Person, j *Job) { j.Employer = n.employer("Tolbrandt Construction") }, func(w *Terms) { w.Skills *= 1.25 / 0.8; w.Employer = 0 }},
		{"start-up one up", func(_ *Person, j *Job) { j.Employer = n.employer("Ixley Solar"); j.Seniority = Senior },
			func(w *Terms) { w.Skills /= 0.8; w.Employer = 0; w.Seniority = -0.8 * 0.6; w.Demand = 0.45 * 1.5 }},
		{"public, other trade", func(p *Person, j *Job) {
			j.Employer = n.employer("Farrick Housing Office")
			p.Occupation = n.occupation("welder")
		}, func(w *Terms) { w.Skills /= 0.8; w.Employer = 0; w.Occupation = -0.9 - 0.6 }},
		{"family firm", func(_ *Person, j *Job) { j.Employer = n.employer("Garnwick Build") }, func(w *Terms) { w.Skills /= 0.8; w.Employer = 0.4 }},
		{"family firm away", func(_ *Person, j *Job) { j.Employer = n.employer("Garnwick Build"); j.City = n.city("Kelmouth") },
			func(w *Terms) { w.Skills /= 0.8; w.Employer = -0.6; w.Place = -2.2 }},
		{"employer of another family", func(_ *Person, j *Job) { j.Employer = n.employer("Vostin Bank") }, func(w *Terms) { w.Skills /= 0.8; w.Employer = -0.3 }},
	} {
		p, j, want := person(), job(), base
		c.edit(&p, &j)
		c.want(&want)
		got := Utility(p, j)
		for _, f := range []struct {
			name      string
			got, want float64
		}{
			{"bias", got.Bias, want.Bias}, {"occupation", got.Occupation, want.Occupation}, {"skills", got.Skills, want.Skills},
			{"demand", got.Demand, want.Demand}, {"seniority", got.Seniority, want.Seniority}, {"pay", got.Pay, want.Pay},
			{"place", got.Place, want.Place}, {"employer", got.Employer, want.Employer},
		} {
			if math.Abs(f.got-f.want) > exact {
				t.Errorf("%s: %s term is %.4f, want %.4f", c.name, f.name, f.got, f.want)
			}
		}
	}
	// Sum of the base: 1.3 + 1 + 0.24 + 0.45 + 0 + 0 + 0.6 + 0.3 = 3.89, σ = 0.97996.
	if got := Utility(person(), job()).Probability(); math.Abs(got-1/(1+math.Exp(-3.89))) > exact {
		t.Errorf("probability %.5f, want σ(3.89)", got)
	}
}

// Drift: in digital (+1) a mid-level person is right for a senior job, in health (−1) for a junior one, and nobody
// drifts off the ladder.
func TestDrift(t *testing.T) {
	n := names{t}
	for _, c := range []struct {
		occupation    string
		person, right Seniority
	}{
		{"tester", Mid, Senior}, {"tester", Lead, Lead}, {"nurse", Mid, Junior}, {"nurse", Intern, Intern}, {"welder", Mid, Mid},
	} {
		for s := Intern; s <= Lead; s++ {
			o := n.occupation(c.occupation)
			u := Utility(Person{Occupation: o, Seniority: c.person}, Job{Occupation: o, Seniority: s}).Seniority
			if (u == 0) != (s == c.right) {
				t.Errorf("a %v %s for a %v job: seniority term %.2f; want 0 exactly at %v", c.person, c.occupation, s, u, c.right)
			}
		}
	}
}

// Remote and hybrid work, in an occupation that offers them; several hot skills count at most twice.
func TestRemoteAndDemandCap(t *testing.T) {
	n := names{t}
	p := Person{Occupation: n.occupation("data engineer"), Seniority: Mid, City: n.city("Dellbrook"), Move: Stays,
		Abilities: []Ability{{n.skill("etl"), 3}, {n.skill("python"), 2}, {n.skill("cloud"), 2}}}
	j := Job{Occupation: p.Occupation, City: n.city("Kelmouth"), Mode: Hybrid}
	if got := Utility(p, j).Place; math.Abs(got-(-2.2+0.4)) > exact {
		t.Errorf("hybrid away: %.2f, want −1.8", got)
	}
	j.Mode = Remote
	if got := Utility(p, j).Place; got != 0.3 {
		t.Errorf("remote: %.2f, want 0.3", got)
	}
	if got := Utility(p, j).Demand; got != 0.9 {
		t.Errorf("demand of three hot skills: %.2f, want 2·0.45", got)
	}
	if got := Utility(p, j).Occupation; got != 1.5 { // a shortage occupation
		t.Errorf("occupation: %.2f, want 1 + 0.5", got)
	}
}
