package market

import "testing"

// The oracle judges any text: the probability is one, and the same text has the same.
func FuzzAcceptTexts(f *testing.F) {
	m, err := New(Params{Seed: 3, CVs: 60, PairsPerCV: 4})
	if err != nil {
		f.Fatal(err)
	}
	ds := m.Dataset()
	for i := range 8 {
		f.Add(ds.CVs[i].Text, ds.JDs[i].Text)
		f.Add(ds.JDs[i].Text, ds.CVs[i].Text)
	}
	f.Add("", "\xff\x00")
	f.Add("99999999999999999999 years", "from -1 to 1e309 crowns, 99999999999999999999999 years of experience")
	f.Fuzz(func(t *testing.T, cv, jd string) {
		p, _, _ := AcceptTexts(cv, jd)
		if !(p >= 0 && p <= 1) {
			t.Fatalf("probability %v", p)
		}
		if again, _, _ := AcceptTexts(cv, jd); again != p {
			t.Fatalf("%v, then %v", p, again)
		}
	})
}
