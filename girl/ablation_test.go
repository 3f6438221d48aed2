package girl

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/datasets"
	"genjobrec/girl/reward"
	"genjobrec/results"
)

func TestRerankByHand(t *testing.T) {
	row := func(cv string, k int, reward float64) results.GeneratedRow {
		return results.GeneratedRow{CVID: cv, K: int32(k), Reward: reward}
	}
	rows := []results.GeneratedRow{row("a", 0, 1), row("a", 1, 3), row("a", 2, -1), row("a", 3, -2), row("b", 0, 5), row("b", 1, 5), row("b", 2, 0), row("b", 3, 1)}
	got := rerank(rows, 2)
	// Of equals the first; k counts what is kept.
	if diff := cmp.Diff([]results.GeneratedRow{row("a", 0, 3), row("a", 1, -1), row("b", 0, 5), row("b", 1, 1)}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(rows, rerank(rows, 1)); diff != "" {
		t.Errorf("the best of one is another (-want +got):\n%s", diff)
	}
}

func TestBestOfKL(t *testing.T) {
	if got := bestOfKL(1); got != 0 {
		t.Errorf("best of 1: %g nats", got)
	}
	if got, want := bestOfKL(4), 2*math.Ln2-0.75; math.Abs(got-want) > 1e-15 {
		t.Errorf("best of 4: %g nats, want %g", got, want)
	}
}

// Each variant differs from GIRL in the one thing that its name says.
func TestVariantsDifferInOneThing(t *testing.T) {
	r := marketRun(t, 1)
	s := &seedRun{run: r, seed: 1, path: "seed", normalizer: reward.Normalizer{Gain: 2, Bias: -1}, keys: map[string]string{"sft": "a", "untuned": "b"}}
	r.cfg.PPO.AdaptiveKL = true
	for _, variant := range ablated {
		a := s.alignmentOf(variant)
		var got []string
		if a.start != filepath.Join("seed", sftFile) {
			got = append(got, "start "+filepath.Base(a.start))
		}
		if a.normalizer != s.normalizer {
			got = append(got, "normaliser")
			if a.normalizer.Apply(0.3) != 0.3 {
				t.Errorf("%s: a normaliser that normalises: %+v", variant, a.normalizer)
			}
		}
		if a.config.KLCoefficient != r.cfg.PPO.KLCoefficient {
			got = append(got, "KL")
			if a.config.KLCoefficient != 0 || a.config.AdaptiveKL {
				t.Errorf("%s: β = %g, adaptive %v", variant, a.config.KLCoefficient, a.config.AdaptiveKL)
			}
		}
		want := map[string]string{withoutSFT: "start " + untunedFile, withoutNormalisation: "normaliser", withoutKL: "KL"}[variant]
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", variant, diff)
		}
		rest := a.config
		rest.KLCoefficient, rest.AdaptiveKL = r.cfg.PPO.KLCoefficient, r.cfg.PPO.AdaptiveKL
		if rest != r.cfg.PPO {
			t.Errorf("%s: other settings differ: %+v", variant, a.config)
		}
	}
}

func TestStrangers(t *testing.T) {
	r := marketRun(t, 1, 2)
	pairs := r.data.Assignment.GeneratorPairs(r.data.Dataset)
	suits, jds := map[[2]string]bool{}, map[string]int{}
	for _, p := range pairs {
		if p.Label == 1 {
			suits[[2]string{p.CVID, p.JDID}] = true
			jds[p.JDID]++
		}
	}
	drawn := map[int][]datasets.Pair{}
	for _, seed := range []int{1, 2} {
		s := &seedRun{run: r, seed: seed}
		out, err := s.strangers(pairs)
		if err != nil {
			t.Fatal(err)
		}
		left := map[string]int{}
		for jd, n := range jds {
			left[jd] = n
		}
		for _, p := range out {
			if suits[[2]string{p.CVID, p.JDID}] {
				t.Errorf("seed %d: %s and %s are a match", seed, p.CVID, p.JDID)
			}
			left[p.JDID]--
		}
		for jd, n := range left {
			if n != 0 {
				t.Errorf("seed %d: JD %s occurs %d times too seldom", seed, jd, n)
			}
		}
		again, err := s.strangers(pairs)
		if err != nil || !cmp.Equal(out, again) {
			t.Errorf("seed %d: not the same twice, error %v", seed, err)
		}
		drawn[seed] = out
	}
	if cmp.Equal(drawn[1], drawn[2]) {
		t.Error("two seeds draw the same strangers")
	}
	lone := &seedRun{run: r, seed: 1}
	if out, err := lone.strangers(pairs[:1]); err == nil {
		t.Errorf("one CV alone has a stranger: %v", out)
	}
}

// The cold-start division: nothing is tested that was trained on, no drawn JD is left in training, JDs are there for every tested
// CV, the run's own test pairs are all tested, and all four kinds of pairs occur.
func TestDivideCold(t *testing.T) {
	d := marketRun(t, 1).data
	train, valid, test := d.divideCold(DefaultColdStart(), d.jdGroups(0.5), 7)
	type id struct{ cv, jd string }
	trained, tested := map[id]bool{}, map[id]bool{}
	for _, p := range append(train, valid...) {
		trained[id{p.CVID, p.JDID}] = true
	}
	written := map[string]bool{}
	for _, x := range d.matcherCVs() {
		written[x.ID] = true
	}
	for _, p := range test {
		k := id{p.CVID, p.JDID}
		if trained[k] || tested[k] {
			t.Errorf("pair %v is trained on and tested, or tested twice", k)
		}
		if !written[p.CVID] {
			t.Errorf("no JD is written for the tested CV %s", p.CVID)
		}
		tested[k] = true
	}
	for _, p := range d.Assignment.Pairs(d.Dataset, datasets.Test) {
		if !tested[id{p.CVID, p.JDID}] {
			t.Errorf("test pair %s, %s is not tested", p.CVID, p.JDID)
		}
	}
	coldCV, coldJD := datasets.ColdFlags(append(train, valid...), test)
	cells := map[[2]bool]int{}
	for i := range test {
		cells[[2]bool{coldCV[i], coldJD[i]}]++
	}
	if len(cells) != 4 {
		t.Errorf("pairs by (cold CV, cold JD): %v", cells)
	}
	share := 0.0
	for _, j := range d.JDs {
		cold := true
		for k := range trained {
			cold = cold && k.jd != j.ID
		}
		if cold {
			share += 1 / float64(len(d.JDs))
		}
	}
	if share < 0.1 || share > 0.4 { // 0.2 drawn of 53, and a few that nobody was judged on
		t.Errorf("%.2f of the JDs are cold", share)
	}
	_, _, other := d.divideCold(DefaultColdStart(), d.jdGroups(0.5), 8)
	if cmp.Equal(test, other) {
		t.Error("another seed divides alike")
	}
}

func TestStudySeeds(t *testing.T) {
	r := marketRun(t, 4, 5, 6)
	for limit, want := range map[int]int{0: 3, 2: 2, 3: 3, 9: 3} {
		r.opts.Seeds, r.cfg.Eval.StudySeeds = []int{4, 5, 6}, limit
		r.report = NewReporter(t.Output())
		r.limitSeeds()
		if len(r.opts.Seeds) != want || r.opts.Seeds[0] != 4 {
			t.Errorf("limit %d leaves seeds %v", limit, r.opts.Seeds)
		}
	}
	if _, err := NewConfig("paper", []string{"eval.study_seeds=-1"}); err == nil {
		t.Error("a negative number of seeds is accepted")
	}
}
