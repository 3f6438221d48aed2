package market

import (
	"math"
	"strings"
	"testing"
)

// bag is a TF-IDF vector of words and pairs of neighbouring words, of length one.
type bag map[string]float64

func grams(text string) map[string]int {
	counts := map[string]int{}
	before := ""
	for _, t := range tokens(nil, text) {
		counts[t.text]++
		if before != "" {
			counts[before+" "+t.text]++
		}
		before = t.text
	}
	return counts
}

func tfidf(texts map[string]string) map[string]bag {
	df := map[string]int{}
	for _, text := range texts {
		for g := range grams(text) {
			df[g]++
		}
	}
	out := map[string]bag{}
	for id, text := range texts {
		b, norm := bag{}, 0.0
		for g, n := range grams(text) {
			w := (1 + math.Log(float64(n))) * math.Log(float64(len(texts)+1)/float64(df[g]+1))
			b[g] = w
			norm += w * w
		}
		for g := range b {
			b[g] /= math.Sqrt(norm)
		}
		out[id] = b
	}
	return out
}

// Shared words say something, but not much: the cosine of TF-IDF vectors stays far below what the texts hold (the
// oracle on both texts), and that below what the latents hold.
func TestSharedWordsAreNotEnough(t *testing.T) {
	if testing.Short() {
		t.Skip("needs 3,000 CVs")
	}
	m := newMarket(t, Params{Seed: 1, CVs: 3000})
	d := m.Dataset()
	texts := map[string]string{}
	for _, c := range d.CVs {
		texts[c.ID] = c.Text
	}
	for _, j := range d.JDs {
		texts[j.ID] = j.Text
	}
	bags := tfidf(texts)
	var cosine, latent, read, readJD []float64
	var label []int
	for _, p := range d.Pairs {
		dot := 0.0
		for g, w := range bags[p.CVID] {
			dot += w * bags[p.JDID][g]
		}
		gold, err := m.Accept(p.CVID, p.JDID)
		if err != nil {
			t.Fatal(err)
		}
		half, _, err := m.AcceptText(p.CVID, texts[p.JDID])
		if err != nil {
			t.Fatal(err)
		}
		plain, _, _ := AcceptTexts(texts[p.CVID], texts[p.JDID])
		cosine, latent, read, readJD = append(cosine, dot), append(latent, gold), append(read, plain), append(readJD, half)
		label = append(label, p.Label)
	}
	cos, lat, txt, half := auc(cosine, label), auc(latent, label), auc(read, label), auc(readJD, label)
	t.Logf("AUC: TF-IDF cosine %.4f, oracle on both texts %.4f, on latents and JD text %.4f, on latents %.4f", cos, txt, half, lat)
	if cos < 0.58 || cos > 0.72 {
		t.Errorf("TF-IDF cosine has AUC %.4f, want 0.58 to 0.72", cos)
	}
	if !(txt > cos+0.12 && half > txt && lat > half) {
		t.Errorf("AUC: TF-IDF cosine %.4f, both texts %.4f, JD text %.4f, latents %.4f; want each clearly above the one before", cos, txt, half, lat)
	}
}

// No text gives its pair away: titles of the two sides differ in wording in most matched pairs.
func TestTitlesDiffer(t *testing.T) {
	m := newMarket(t, Params{Seed: 2, CVs: 1000})
	same, n := 0, 0
	for _, p := range m.pairs {
		cv, jd := m.people[m.cvIndex[p.CVID]], m.jobs[m.jdIndex[p.JDID]]
		if p.Label == 0 || cv.Occupation != jd.Occupation {
			continue
		}
		n++
		e := lexicon().occupations[cv.Occupation]
		a, b := strings.ToLower(m.cvs[m.cvIndex[p.CVID]].Text), strings.ToLower(m.jds[m.jdIndex[p.JDID]].Text)
		for _, title := range append(append(words{}, e.jd...), e.cv...) {
			if title = strings.ToLower(title); strings.Contains(a, title) && strings.Contains(b, title) {
				same++
				break
			}
		}
	}
	if share := float64(same) / float64(n); share > 0.45 {
		t.Errorf("%.3f of the matched pairs of one occupation share a title, want at most 0.45", share)
	}
}
