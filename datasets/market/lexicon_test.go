package market

import (
	"slices"
	"testing"
)

func TestLexiconSizes(t *testing.T) {
	x := lexicon()
	if got := len(x.occupations) - 1; got < 40 {
		t.Errorf("%d occupations, want at least 40", got)
	}
	if got := len(x.cities) - 1; got != 15 {
		t.Errorf("%d cities, want 15", got)
	}
	for _, o := range x.occupations[1:] {
		seen := slices.Clone(o.skills)
		slices.Sort(seen)
		if got := len(slices.Compact(seen)); got < 8 || got != len(o.skills) {
			t.Errorf("%s has %d different skills of %d, want at least 8 and no repeats", o.id, got, len(o.skills))
		}
		if len(o.jd) < 2 || len(o.cv) < 2 {
			t.Errorf("%s has %d JD titles and %d CV titles, want 2 of each", o.id, len(o.jd), len(o.cv))
		}
		if len(o.near) == 0 || o.task == "" || o.did == "" || o.pay < 15 {
			t.Errorf("%s is incomplete: %+v", o.id, o)
		}
		own := 0
		for _, s := range o.skills {
			own++
			if int(s) <= len(x.general) {
				own--
			}
		}
		if own < 4 {
			t.Errorf("%s has %d skills besides the general ones, want at least 4", o.id, own)
		}
	}
	for _, f := range x.families {
		kinds := map[EmployerKind]bool{}
		for _, e := range f.employers {
			kinds[x.employers[e].kind] = true
		}
		if len(kinds) != 5 {
			t.Errorf("family %s has %d kinds of employers, want 5", f.id, len(kinds))
		}
	}
}

// Neighbours share skills: that is what makes them neighbours.
func TestNeighboursShareSkills(t *testing.T) {
	x := lexicon()
	near, far, nNear, nFar := 0, 0, 0, 0
	for a := 1; a < len(x.occupations); a++ {
		for b := 1; b < len(x.occupations); b++ {
			if a == b {
				continue
			}
			shared := 0
			for _, s := range x.occupations[a].skills {
				if slices.Contains(x.occupations[b].skills, s) {
					shared++
				}
			}
			if x.relation(Occupation(a), Occupation(b)) == relNear {
				near, nNear = near+shared, nNear+1
			} else {
				far, nFar = far+shared, nFar+1
			}
		}
	}
	got, other := float64(near)/float64(nNear), float64(far)/float64(nFar)
	if got < 1.5 || got < 2*other {
		t.Errorf("neighbours share %.2f skills, others %.2f; want at least 1.5 and twice the others'", got, other)
	}
}

// Every name in the taste is one of the lexicon, and nothing is both hot and dated.
func TestTasteNamesExist(t *testing.T) {
	x := lexicon()
	var skills, occupations, fams []string
	for _, s := range x.skills {
		skills = append(skills, s.id)
	}
	for _, o := range x.occupations {
		occupations = append(occupations, o.id)
	}
	for _, f := range x.families {
		fams = append(fams, f.id)
	}
	for _, id := range slices.Concat(hotSkills, datedSkills) {
		if !slices.Contains(skills, id) {
			t.Errorf("taste names the skill %q, which the lexicon lacks", id)
		}
	}
	for _, id := range hotSkills {
		if slices.Contains(datedSkills, id) {
			t.Errorf("%q is both hot and dated", id)
		}
	}
	for _, id := range shortages {
		if !slices.Contains(occupations, id) {
			t.Errorf("taste names the occupation %q, which the lexicon lacks", id)
		}
	}
	for id := range familyDrift {
		if !slices.Contains(fams, id) {
			t.Errorf("taste names the family %q, which the lexicon lacks", id)
		}
	}
	if len(familyDrift) != len(fams) {
		t.Errorf("%d drifts for %d families", len(familyDrift), len(fams))
	}
}

// No phrase means two things, and skill keys are unique.
func TestPhrasesAreUnambiguous(t *testing.T) {
	for _, c := range language().clashes {
		t.Error(c)
	}
	seen := map[string]bool{}
	for _, s := range lexicon().skills[1:] {
		if seen[s.id] {
			t.Errorf("two skills have the key %q", s.id)
		}
		seen[s.id] = true
	}
}

// Sentences without a field must not look as if they had one.
func TestFillersStateNothing(t *testing.T) {
	for _, l := range fillers() {
		for _, s := range l {
			if p := ParseJD(s); p.Found|p.Contradictions != 0 {
				t.Errorf("ParseJD(%q) found %+v", s, p.Job)
			}
			if p := ParseCV(s); p.Found|p.Contradictions != 0 {
				t.Errorf("ParseCV(%q) found %+v", s, p.Person)
			}
		}
	}
}
