package market

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func draws(t *rapid.T) *rand.Rand {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")))
}

// What a JD states is what is read from it.
func TestJDRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := draws(t)
		text, want := writeJD(r, drawJob(r, len(lexicon().occupations)-1))
		got := ParseJD(text)
		if diff := cmp.Diff(want, got.Job); diff != "" || got.Contradictions != 0 || got.Odd != 0 || got.Self != 0 || got.Found&FieldTask == 0 {
			t.Fatalf("%s\ncontradictions %b, %d odd words, %d of a CV (-want +got)\n%s", text, got.Contradictions, got.Odd, got.Self, diff)
		}
	})
}

// What a CV states is what is read from it.
func TestCVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := draws(t)
		text, want := writeCV(r, drawPerson(r, len(lexicon().occupations)-1))
		got := ParseCV(text)
		if diff := cmp.Diff(want, got.Person); diff != "" || got.Contradictions != 0 || got.Odd != 0 {
			t.Fatalf("%s\ncontradictions %b, %d odd words (-want +got)\n%s", text, got.Contradictions, got.Odd, diff)
		}
	})
}

// Case, blanks and punctuation at the end of sentences do not matter.
func TestParseIgnoresCase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := draws(t)
		text, want := writeJD(r, drawJob(r, len(lexicon().occupations)-1))
		for _, s := range []string{strings.ToUpper(text), strings.ToLower(text), "  " + strings.ReplaceAll(text, " ", "   ") + " !!"} {
			if diff := cmp.Diff(want, ParseJD(s).Job); diff != "" {
				t.Fatalf("%s\n(-want +got)\n%s", s, diff)
			}
		}
	})
}

// Any bytes parse without panic, and what is found stays in range.
func TestParseAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text") + string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		job, person := ParseJD(text), ParseCV(text)
		if job.Odd > job.Words || job.Share() < 0 || job.Share() > 1 {
			t.Fatalf("ParseJD(%q) = %+v", text, job)
		}
		if u := job.utility(person.Person); !(u >= utilityEmpty && u <= utilityMax) {
			t.Fatalf("utility of %q is %v", text, u)
		}
	})
}

func TestParseJDByHand(t *testing.T) {
	id := func(name string) Occupation {
		for i, o := range lexicon().occupations {
			if o.id == name {
				return Occupation(i)
			}
		}
		t.Fatalf("no occupation %q", name)
		return 0
	}
	for _, c := range []struct {
		text       string
		occupation Occupation
		seniority  Seniority
		skills     int
		city       string
		mode       Mode
		pay        int
		found      Field
		clash      Field
	}{
		{text: ""},
		{text: "lorem ipsum dolor 12 %% ###"},
		{text: "Senior nurse, Kelmouth, 45k", occupation: id("nurse"), seniority: Senior, city: "Kelmouth", mode: OnSite, pay: 45,
			found: FieldOccupation | FieldSeniority | FieldPlace | FieldPay},
		// A district stands for its city; the top of a range is the pay.
		{text: "nurse / Old Dock / 40-45k", occupation: id("nurse"), city: "Kelmouth", mode: OnSite, pay: 45, found: FieldOccupation | FieldPlace | FieldPay},
		{text: "40 to 45k, 45,000 a year, 45 thousand", pay: 45, found: FieldPay},
		{text: "nurse in Kelmouth. nurse in Kelmouth.", occupation: id("nurse"), city: "Kelmouth", mode: OnSite, found: FieldOccupation | FieldPlace},
		// Contradictions count as missing.
		{text: "nurse in Kelmouth or Osmere", occupation: id("nurse"), found: FieldOccupation, clash: FieldPlace},
		{text: "nurse, plumber", clash: FieldOccupation},
		{text: "senior nurse, junior nurse", occupation: id("nurse"), found: FieldOccupation, clash: FieldSeniority},
		{text: "senior nurse with 2 years", occupation: id("nurse"), found: FieldOccupation, clash: FieldSeniority},
		{text: "senior nurse with 9 years", occupation: id("nurse"), seniority: Senior, found: FieldOccupation | FieldSeniority},
		{text: "40k and 50k", clash: FieldPay},
		{text: "fully remote, hybrid work", clash: FieldPlace},
		{text: "Zelora Labs, Halvek Care is near, Quenby Software", clash: FieldEmployer},
		// Others' titles, other places and skills not needed do not count, within their clause only.
		{text: "nurse. You report to our senior plumber.", occupation: id("nurse"), found: FieldOccupation},
		{text: "You work with a plumber, nurse", occupation: id("nurse"), found: FieldOccupation},
		{text: "Kelmouth. Head office in Osmere.", city: "Kelmouth", mode: OnSite, found: FieldPlace},
		{text: "Python. No need for SQL. We train you in Java.", skills: 1, found: FieldSkills},
		// One typing error in a long word: dropped, added, changed, swapped. A short word or two errors are lost.
		{text: "physiotherapst", occupation: id("physiotherapist"), found: FieldOccupation},
		{text: "physsiotherapist", occupation: id("physiotherapist"), found: FieldOccupation},
		{text: "physiotherapixt", occupation: id("physiotherapist"), found: FieldOccupation},
		{text: "phyisotherapist", occupation: id("physiotherapist"), found: FieldOccupation},
		{text: "phyisotherapixt"},
		{text: "cok"},
		// A phrase does not cross a comma; a longer phrase wins; two wordings are one skill.
		{text: "data, pipelines"},
		{text: "data pipelines, ETL", skills: 1, found: FieldSkills},
		{text: "data engineer", occupation: id("data engineer"), found: FieldOccupation},
		// Level words are adjectives elsewhere.
		{text: "young people"},
		{text: "Level: senior", seniority: Senior, found: FieldSeniority},
		{text: "护士 Kelmouth", city: "Kelmouth", mode: OnSite, found: FieldPlace},
	} {
		got := ParseJD(c.text)
		if got.Job.Occupation != c.occupation || got.Job.Seniority != c.seniority || len(got.Job.Skills) != c.skills ||
			got.Job.City.String() != c.city || got.Job.Mode != c.mode || got.Job.Pay != c.pay || got.Found != c.found || got.Contradictions != c.clash {
			t.Errorf("ParseJD(%q) = %+v\nwant %+v", c.text, got, c)
		}
	}
}

func TestParseCVByHand(t *testing.T) {
	got := ParseCV("veteran ward sister, 8 years, abbey row, expert in drug charts, basic dressings, patient care, 44k. formerly a home carer. " +
		"happy to move. aims higher. studied in osmere. keen to learn first aid.")
	if name := got.Person.Occupation.String(); name != "nurse" {
		t.Errorf("occupation %q, want nurse", name)
	}
	if name := got.Person.Before.String(); name != "carer" {
		t.Errorf("before %q, want carer", name)
	}
	if got.Person.City.String() != "Ardby" || got.Person.Seniority != Senior || got.Person.Expected != 44 || got.Person.Move != Moves || got.Person.Ambition != Climber {
		t.Errorf("got %+v", got.Person)
	}
	levels := map[string]uint8{}
	for _, a := range got.Person.Abilities {
		levels[a.Skill.String()] = a.Level
	}
	if diff := cmp.Diff(map[string]uint8{"meds": 3, "wound": 1, "ward": 2}, levels); diff != "" {
		t.Errorf("abilities (-want +got)\n%s", diff)
	}
}

// With the market's own typing errors nearly every field survives.
func TestParseSurvivesTypos(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	fields, kept := 0, 0
	for range 2000 {
		text, want := writeCV(r, drawPerson(r, len(lexicon().occupations)-1))
		got := ParseCV(typos(r, text, typoRateCV))
		for _, same := range []bool{got.Person.Occupation == want.Occupation, got.Person.Seniority == want.Seniority, got.Person.City == want.City} {
			fields++
			if same {
				kept++
			}
		}
		for _, a := range want.Abilities {
			fields++
			if got.Person.level(a.Skill) > 0 {
				kept++
			}
		}
	}
	if share := float64(kept) / float64(fields); share < 0.97 {
		t.Errorf("%.3f of the fields survive typing errors, want at least 0.97", share)
	}
}

func BenchmarkParseJD(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var texts []string
	for range 100 {
		text, _ := writeJD(r, drawJob(r, len(lexicon().occupations)-1))
		texts = append(texts, text)
	}
	for i := 0; b.Loop(); i++ {
		ParseJD(texts[i%len(texts)])
	}
}

// A slip that fits two words of the language is not repaired.
func TestAmbiguousSlipsAreNotRepaired(t *testing.T) {
	p := language()
	n := 0
	for short, fits := range p.repairs {
		if _, known := p.words[short]; known || len(fits) < 2 {
			continue
		}
		n++
		if got := p.lookup([]byte(short)); got >= 0 {
			t.Errorf("%q, which fits %d words, is read as %q", short, len(fits), p.spell[got])
		}
	}
	if n == 0 {
		t.Error("no ambiguous slip in the language: this test tests nothing")
	}
}
