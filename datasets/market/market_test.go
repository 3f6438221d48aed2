package market

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/datasets"
)

func newMarket(t testing.TB, p Params) *Market {
	t.Helper()
	m, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParams(t *testing.T) {
	m := newMarket(t, Params{CVs: 30})
	if diff := cmp.Diff(Params{CVs: 30, JDs: 10, PairsPerCV: 8}, m.Params()); diff != "" {
		t.Errorf("defaults (-want +got)\n%s", diff)
	}
	for _, c := range []struct {
		params Params
		want   string
	}{
		{Params{}, "cvs is 0"}, {Params{CVs: -1}, "cvs is -1"}, {Params{CVs: 1 << 30}, "cvs"}, {Params{CVs: 1, JDs: -1}, "jds is -1"},
		{Params{CVs: 1, PairsPerCV: -2}, "pairs_per_cv is -2"}, {Params{CVs: 1, Unlabelled: -1}, "unlabelled is -1"},
	} {
		if _, err := New(c.params); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%+v): error %v, want one with %q", c.params, err, c.want)
		}
	}
}

func TestDeterminism(t *testing.T) {
	p := Params{Seed: 5, CVs: 200, Unlabelled: 20}
	a, b := newMarket(t, p), newMarket(t, p)
	if diff := cmp.Diff(a.Dataset(), b.Dataset()); diff != "" {
		t.Errorf("two markets of one seed differ:\n%s", diff)
	}
	p.Seed = 6
	if c := newMarket(t, p); c.hash() == a.hash() || c.cvs[0].Text == a.cvs[0].Text {
		t.Error("another seed gives the same market")
	}
}

// A known answer: any change of generator or taste must change Version, and then this line.
func TestGolden(t *testing.T) {
	const want = "a794c488cfe615f389d85f85f93b9c0be72d7c20f5a7a6b0d4c4c78cde2fbf39"
	if got := newMarket(t, Params{Seed: 1, CVs: 300, Unlabelled: 10}).hash(); got != want {
		t.Errorf("hash %s, want %s (of version %d)", got, want, Version)
	}
}

// People and vacancies do not depend on how many others there are.
func TestEntitiesAreIndependent(t *testing.T) {
	small := newMarket(t, Params{Seed: 9, CVs: 50, JDs: 400, Unlabelled: 5})
	large := newMarket(t, Params{Seed: 9, CVs: 90, JDs: 450, Unlabelled: 9})
	if diff := cmp.Diff(small.Dataset().CVs, large.Dataset().CVs[:50]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(small.Dataset().JDs, large.Dataset().JDs[:400]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(small.Unlabelled(), large.Unlabelled()[:5]); diff != "" {
		t.Error(diff)
	}
}

// The dataset is sound: unique ids, every pair resolves and is unique, texts are not empty, sizes as promised.
func TestDatasetIsSound(t *testing.T) {
	for _, p := range []Params{{Seed: 1, CVs: 1}, {Seed: 1, CVs: 5, JDs: 2}, {Seed: 2, CVs: 60, PairsPerCV: 1}, {Seed: 3, CVs: 400, Unlabelled: 30}} {
		m := newMarket(t, p)
		d := m.Dataset()
		cvs, jds := map[string]bool{}, map[string]bool{}
		for _, c := range append(d.CVs, m.Unlabelled()...) {
			if cvs[c.ID] || c.Text == "" {
				t.Errorf("%+v: CV %q repeats or is empty", p, c.ID)
			}
			cvs[c.ID] = true
		}
		for _, j := range d.JDs {
			if jds[j.ID] || j.Text == "" {
				t.Errorf("%+v: JD %q repeats or is empty", p, j.ID)
			}
			jds[j.ID] = true
		}
		seen := map[[2]string]bool{}
		perCV := map[string]int{}
		for _, pair := range d.Pairs {
			key := [2]string{pair.CVID, pair.JDID}
			if seen[key] || !cvs[pair.CVID] || !jds[pair.JDID] || strings.HasPrefix(pair.CVID, "cv_u") || pair.Time.IsZero() || pair.Split != "" {
				t.Errorf("%+v: bad pair %+v", p, pair)
			}
			seen[key] = true
			perCV[pair.CVID]++
		}
		if len(d.CVs) != p.CVs || len(m.Unlabelled()) != p.Unlabelled || len(perCV) != p.CVs {
			t.Errorf("%+v: %d CVs, %d unlabelled, %d with pairs", p, len(d.CVs), len(m.Unlabelled()), len(perCV))
		}
		for id, n := range perCV {
			want := m.Params().PairsPerCV
			if n > want+2 || n < min(max(1, want-2), m.Params().JDs) {
				t.Errorf("%+v: %s has %d pairs", p, id, n)
			}
		}
	}
}

// Labels follow the probabilities: in ten bins of p, the share of matches lies within 4.5 standard errors.
func TestLabelsAreCalibrated(t *testing.T) {
	m := newMarket(t, Params{Seed: 11, CVs: 6000})
	var n, sum, variance, hits [10]float64
	for _, pair := range m.pairs {
		p, err := m.Accept(pair.CVID, pair.JDID)
		if err != nil {
			t.Fatal(err)
		}
		b := min(9, int(p*10))
		n[b]++
		sum[b] += p
		variance[b] += p * (1 - p)
		hits[b] += float64(pair.Label)
	}
	for b := range n {
		if n[b] < 300 {
			t.Errorf("bin %d has only %.0f pairs", b, n[b])
		}
		if d := math.Abs(hits[b] - sum[b]); d > 4.5*math.Sqrt(variance[b]) {
			t.Errorf("bin %d: %.0f matches, expected %.0f ± %.0f", b, hits[b], sum[b], math.Sqrt(variance[b]))
		}
	}
}

// The shape of the data, as doc.go promises it.
func TestStatistics(t *testing.T) {
	m := newMarket(t, Params{Seed: 12, CVs: 3000})
	d := m.Dataset()
	positive, per := 0, map[string]int{}
	matched := map[string]bool{}
	for _, p := range d.Pairs {
		positive += p.Label
		per[p.JDID]++
		if p.Label == 1 {
			matched[p.CVID] = true
		}
	}
	between := func(name string, got, lo, hi float64) {
		t.Helper()
		if !(got >= lo && got <= hi) {
			t.Errorf("%s is %.3f, want %v to %v", name, got, lo, hi)
		}
	}
	between("share of matches", float64(positive)/float64(len(d.Pairs)), 0.35, 0.45)
	between("pairs a CV", float64(len(d.Pairs))/float64(len(d.CVs)), 7.8, 8.2)
	between("share of CVs with a match", float64(len(matched))/float64(len(d.CVs)), 0.85, 0.99)
	rare := 0
	for _, j := range d.JDs {
		if per[j.ID] <= 5 {
			rare++
		}
	}
	between("share of JDs seen at most five times", float64(rare)/float64(len(d.JDs)), 0.1, 0.4)
	c, err := m.Ceiling(d.Pairs)
	if err != nil {
		t.Fatal(err)
	}
	between("Bayes AUC", c.ExpectedAUC, 0.85, 0.92)
	between("drawn less expected AUC", c.AUC-c.ExpectedAUC, -0.01, 0.01)
	between("drawn less expected log loss", c.LogLoss-c.ExpectedLogLoss, -0.01, 0.01)
	cv, jd := 0, 0
	for _, x := range d.CVs {
		n := len(strings.Fields(x.Text))
		if n < 15 || n > 85 {
			t.Errorf("%s has %d words", x.ID, n)
		}
		cv += n
	}
	for _, x := range d.JDs {
		n := len(strings.Fields(x.Text))
		if n < 15 || n > 80 {
			t.Errorf("%s has %d words", x.ID, n)
		}
		jd += n
	}
	between("words a CV", float64(cv)/float64(len(d.CVs)), 35, 60)
	between("words a JD", float64(jd)/float64(len(d.JDs)), 35, 60)
}

// Missing fields lie on the unfavourable side of the vacancies that people are shown.
func TestMissingIsUnfavourable(t *testing.T) {
	m := newMarket(t, Params{Seed: 13, CVs: 1000})
	var sum Terms
	for _, p := range m.pairs {
		u := Utility(m.people[m.cvIndex[p.CVID]], m.jobs[m.jdIndex[p.JDID]])
		sum.Occupation += u.Occupation
		sum.Skills += u.Skills
		sum.Seniority += u.Seniority
		sum.Pay += u.Pay
		sum.Place += u.Place
		sum.Employer += u.Employer
	}
	n := float64(len(m.pairs))
	for _, c := range []struct {
		name          string
		mean, missing float64
	}{
		{"occupation", sum.Occupation / n, occupationMissing}, {"skills", sum.Skills / n, -skillWeight / 2}, {"seniority", sum.Seniority / n, seniorityMissing},
		{"pay", sum.Pay / n, payMissing}, {"place", sum.Place / n, placeMissing}, {"employer", sum.Employer / n, employerMissing},
	} {
		if c.missing > c.mean {
			t.Errorf("%s: missing counts %.2f, better than the mean %.2f", c.name, c.missing, c.mean)
		}
	}
}

// meanText is the mean gold value of texts made for CVs.
func meanText(t *testing.T, m *Market, text func(cv int) string) float64 {
	t.Helper()
	sum := 0.0
	for i := range m.params.CVs {
		p, _, err := m.AcceptText(m.cvs[i].ID, text(i))
		if err != nil {
			t.Fatal(err)
		}
		sum += p
	}
	return sum / float64(m.params.CVs)
}

// Gold values: matched JDs far above random ones, and every kind of hacked text below.
func TestHackedTextsAreWorthLittle(t *testing.T) {
	m := newMarket(t, Params{Seed: 14, CVs: 600, JDs: 300})
	x := lexicon()
	r := rand.New(rand.NewPCG(1, 2))
	match := map[int]string{}
	for _, p := range m.pairs {
		if p.Label == 1 {
			match[m.cvIndex[p.CVID]] = m.jds[m.jdIndex[p.JDID]].Text
		}
	}
	everySkill, everyCity, everyTitle := "", "", ""
	for _, s := range x.skills[1:] {
		everySkill += s.jd[0] + ", "
	}
	for _, c := range x.cities[1:] {
		everyCity += c.name + ", "
	}
	for _, o := range x.occupations[1:] {
		everyTitle += o.jd[0] + ", "
	}
	own := func(i int) string { return x.occupations[m.people[i].Occupation].jd[0] }
	matched, hits := 0.0, 0
	for i, text := range match {
		p, _, _ := m.AcceptText(m.cvs[i].ID, text) // the id is the market's own
		matched, hits = matched+p, hits+1
	}
	matched /= float64(hits)
	random := meanText(t, m, func(int) string { return m.jds[r.IntN(len(m.jds))].Text })
	if matched < 0.5 || random > 0.1 {
		t.Errorf("matched JDs are worth %.3f, random ones %.3f; want over 0.5 and under 0.1", matched, random)
	}
	for name, text := range map[string]func(int) string{
		"all skills, right title": func(i int) string { return own(i) + ". " + everySkill },
		"all cities, right title": func(i int) string { return own(i) + ". " + everyCity },
		"all titles":              func(int) string { return everyTitle },
		"everything": func(int) string {
			return everyTitle + everySkill + everyCity + "10k 20k 30k 40k 50k 60k senior junior lead"
		},
		"word salad":           func(int) string { return "the house of data care and blue 7 the steel nurs of a fast wine" },
		"letters":              func(int) string { return strings.Repeat("qx zzv ", 30) },
		"only the right title": own,
		"the CV itself":        func(i int) string { return m.cvs[i].Text },
	} {
		limit := 0.5 * matched
		switch name {
		case "all titles", "everything", "word salad", "letters":
			limit = 0.02
		case "all skills, right title", "all cities, right title", "only the right title":
			limit = 0.1
		}
		if got := meanText(t, m, text); got > limit {
			t.Errorf("%s is worth %.3f, want at most %.3f (matched JDs: %.3f)", name, got, limit, matched)
		}
	}
}

// The empty text is worth less than any other, for everybody.
func TestEmptyIsWorst(t *testing.T) {
	m := newMarket(t, Params{Seed: 15, CVs: 100, JDs: 60})
	for i := range m.cvs {
		empty, parsed, err := m.AcceptText(m.cvs[i].ID, "")
		if err != nil || parsed.Share() != 0 {
			t.Fatal(err, parsed)
		}
		for j := range m.jds {
			if p, _, _ := m.AcceptText(m.cvs[i].ID, m.jds[j].Text); p <= empty {
				t.Fatalf("%q is worth %g for %s, no more than an empty text (%g)", m.jds[j].Text, p, m.cvs[i].ID, empty)
			}
		}
	}
}

// Best is above every real vacancy, and a text of it keeps its value.
func TestBest(t *testing.T) {
	m := newMarket(t, Params{Seed: 16, CVs: 60, JDs: 200})
	for i := range m.cvs {
		_, best, err := m.Best(m.cvs[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range m.jobs {
			if u := Utility(m.people[i], j).Probability(); u > best+exact {
				t.Fatalf("%s: vacancy %+v has %.4f, Best has %.4f", m.cvs[i].ID, j, u, best)
			}
		}
	}
}

func TestUnknownIDs(t *testing.T) {
	m := newMarket(t, Params{CVs: 3})
	if _, err := m.Accept("cv_x", "jd_00001"); err == nil || !strings.Contains(err.Error(), `"cv_x"`) {
		t.Errorf("Accept: %v", err)
	}
	if _, err := m.Accept("cv_00001", "jd_x"); err == nil || !strings.Contains(err.Error(), `"jd_x"`) {
		t.Errorf("Accept: %v", err)
	}
	if _, _, err := m.AcceptText("cv_x", ""); err == nil {
		t.Error("AcceptText of an unknown CV: no error")
	}
	if _, err := m.Person("cv_x"); err == nil {
		t.Error("Person of an unknown CV: no error")
	}
	if _, err := m.Job("jd_x"); err == nil {
		t.Error("Job of an unknown JD: no error")
	}
	if _, _, err := m.Best("cv_x"); err == nil {
		t.Error("Best of an unknown CV: no error")
	}
	if _, err := m.Ceiling([]datasets.Pair{{CVID: "cv_x"}}); err == nil {
		t.Error("Ceiling of an unknown CV: no error")
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		newMarket(b, Params{Seed: 1, CVs: 12500})
	}
}

func BenchmarkAcceptText(b *testing.B) {
	m := newMarket(b, Params{Seed: 1, CVs: 100})
	for i := 0; b.Loop(); i++ {
		if _, _, err := m.AcceptText(m.cvs[i%len(m.cvs)].ID, m.jds[i%len(m.jds)].Text); err != nil {
			b.Fatal(err)
		}
	}
}
