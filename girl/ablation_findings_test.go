package girl

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/datasets"
	"genjobrec/eval"
	"genjobrec/girl/ppo"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

func estimate(v, low, high float64) eval.Estimate {
	return eval.Estimate{Value: v, Low: low, High: high}
}

// evaluated is a training by PPO with the given gold and proxy rewards, an evaluation every five rounds.
func evaluated(gold, proxy []float64) (p PPOReport) {
	for i := range gold {
		p.Evaluations = append(p.Evaluations, ppo.Evaluation{Iteration: 5 * i, KL: float64(i), Gold: gold[i], Score: proxy[i]})
	}
	return p
}

func TestOverOptimisedByHand(t *testing.T) {
	turning := func(end float64) PPOReport {
		return evaluated([]float64{0.1, 0.2, 0.3, 0.2, end}, []float64{0, 1, 2, 3, 4 + end})
	}
	const (
		turned = "Over-optimisation, x: on validation CVs gold peaks before the proxy in 2 of 2 seeds (gold in rounds 10, 10, at a mean KL of 2.000 nats; proxy in rounds 20, 20, at 4.000). "
		half   = "In the second half of training the proxy changes by "
	)
	for _, c := range []struct {
		name    string
		reports []PPOReport
		want    string
		p       float64 // with two seeds Student's distribution is Cauchy's: p = 1 − 2·atan(|t|)/π, t = mean/(half the difference)
	}{
		{"gold falls while the proxy rises", []PPOReport{turning(0.1), turning(0.102)},
			turned + half + "+2.10 [+2.09, +2.11] and gold by −0.199 [−0.212, −0.186]: ", 1 - 2*math.Atan(0.199/0.001)/math.Pi},
		{"gold falls in one seed alone", []PPOReport{turning(0.1), turning(0.28)},
			turned + half + "+2.19 [+1.05, +3.33] and gold by −0.110 [−1.254, +1.034]: ", 1 - 2*math.Atan(0.11/0.09)/math.Pi},
		{"gold rises", []PPOReport{turning(0.5), turning(0.502)},
			"Over-optimisation, x: on validation CVs gold peaks before the proxy in 0 of 2 seeds (gold in rounds 20, 20, at a mean KL of 4.000 nats; proxy in rounds 20, 20, at 4.000). " +
				half + "+2.50 [+2.49, +2.51] and gold by +0.201 [+0.188, +0.214]: ", 1},
		{"one seed", []PPOReport{turning(0.1)},
			"Over-optimisation, x: on validation CVs gold peaks before the proxy in 1 of 1 seeds (gold in rounds 10, at a mean KL of 2.000 nats; proxy in rounds 20, at 4.000). " +
				half + "+2.10 and gold by −0.200: one seed, no interval.", 1},
		{"two evaluations", []PPOReport{evaluated([]float64{0.1, 0.2}, []float64{1, 1})},
			"Over-optimisation, x: on validation CVs gold peaks before the proxy in 0 of 1 seeds (gold in rounds 5, at a mean KL of 1.000 nats; proxy in rounds 0, at 0.000). Too few evaluations for more.", 1},
	} {
		got := overOptimised("x", make([]int, len(c.reports)), c.reports)
		if diff := cmp.Diff(c.want, got.text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if math.Abs(got.p-c.p) > 1e-9 || got.tested != strings.HasSuffix(got.text, ": ") {
			t.Errorf("%s: p = %g, want %g; tested %t", c.name, got.p, c.p, got.tested)
		}
	}

	// Four writers, one of them over-optimised at p = 0.0032, which Holm takes times four.
	a := handMadeAblation(t)
	still := turning(0.5)
	a.ppo = map[string][]PPOReport{}
	for _, model := range trained() {
		a.ppo[model] = []PPOReport{still, still}
	}
	a.ppo[withoutKL] = []PPOReport{turning(0.1), turning(0.102)}
	for i, text := range a.overOptimisedWriters() {
		want := "over-optimisation is not shown, p = 1.000 (Holm), the larger"
		if trained()[i] == withoutKL {
			want = "over-optimisation is shown, p = 0.013 (Holm), the larger"
		}
		if !strings.Contains(text, want) {
			t.Errorf("%s: %q lacks %q", trained()[i], text, want)
		}
	}
}

func TestStageBudget(t *testing.T) {
	for _, c := range []struct {
		best, last []int
		want       string
	}{
		{[]int{3, 5}, []int{5, 7}, "SFT: validation loss had turned before training ended in every seed (best epoch 3 of 5, 5 of 7)."},
		{[]int{5, 5}, []int{5, 7}, "SFT: in 1 of 2 seeds the best epoch is the last (best epoch 5 of 5, 5 of 7): there training ended with its budget, not by early stopping."},
		{[]int{5, 7}, []int{5, 7}, "SFT: the best epoch is the last in every seed (best epoch 5 of 5, 7 of 7): training ended with its budget, not by early stopping, and more of it might still have helped."},
	} {
		if got := (stageBudget{"SFT", c.best, c.last}).finding(); got != c.want {
			t.Errorf("%s\nwant\n%s", got, c.want)
		}
	}
}

// handMadeAblation has one effect, one contrast of the matchers and two cells of the cold-start test.
func handMadeAblation(t *testing.T) *ablation {
	t.Helper()
	r := marketRun(t, 1, 2)
	r.data.Market = nil // no gold, no over-optimisation
	girl, base := results.SystemID{Model: modelGIRL, Predictor: recommend.MLPPredictor}, results.SystemID{Model: recommend.Base, Predictor: recommend.MLPPredictor}
	systems := []results.SystemResult{{ID: girl, Seeds: []int64{1, 2}}, {ID: base, Seeds: []int64{1, 2}}}
	compared := func(split string) *results.Comparison {
		return &results.Comparison{Split: split, Pairs: 100, Groups: 40, Systems: systems, Contrasts: []results.ContrastResult{{Contrast: results.Contrast{A: girl, B: base},
			DiffAUC: estimate(0.03, 0.01, 0.05), HolmAUC: 0.012, DiffLogLoss: estimate(0.001, -0.01, 0.012), HolmLogLoss: 0.8}}}
	}
	return &ablation{run: r, options: DefaultAblation(), warnings: []string{"Warning: kept."},
		effects:  []effect{{modelSFT, estimate(0.032, -0.001, 0.064), 0.06}},
		matching: compared("test"),
		cold: []coldResult{{coldCell: coldCells[0], why: "one label only"},
			{coldCell: coldCells[2], Comparison: compared("cold-start"), pairs: 100, matched: 31}},
		stages: []stageBudget{{"SFT", []int{5, 7}, []int{5, 8}}}}
}

// The sentences follow the numbers.
func TestAblationFindings(t *testing.T) {
	diff := func(a *ablation, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, a.findings()); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	const (
		kept     = "Warning: kept."
		matched  = "1 of 2 tests of AUC and LogLoss (two-sided, Holm; 2 seeds, 100 test pairs of 40 CV groups) survive correction between matchers with GIRL's JDs and with those of the other writers or none: 1 better, 0 worse than what they are compared with."
		base     = "Matchers, GIRL − Base (MLP): AUC +0.0300 [+0.0100, +0.0500], p = 0.012 (Holm): shown, better; LogLoss +0.0010 [−0.0100, +0.0120], p = 0.800 (Holm): not shown; 2 seeds."
		circular = "Proxy reward is what PPO and the choice among several JDs raise: that they raise it says that they work, not that the JDs suit better, which nobody knows here."
		warm     = "Cold start, warm: nothing to compare, one label only."
		budget   = "SFT: in 1 of 2 seeds the best epoch is the last (best epoch 5 of 5, 7 of 8): there training ended with its budget, not by early stopping."
	)
	diff(handMadeAblation(t), kept,
		"Reward model and PPO: GIRL − SFT only (GIRL-SFT) in proxy reward: +0.032 [−0.001, +0.064], p = 0.060 (Holm), 2 seeds: not shown.",
		circular, matched, base, warm,
		"Cold start, cold JD (100 pairs, 31 % matched): 1 of 2 tests of AUC and LogLoss (two-sided, Holm; 2 seeds, 100 cold-start pairs of 40 CV groups) survive correction between GIRL-SFT or GIRL and Base: 1 better, 0 worse than what they are compared with. Comparisons with Base favour the writers here, which were trained on these JDs.",
		"Cold start, cold JD, GIRL − Base (MLP): AUC +0.0300 [+0.0100, +0.0500], p = 0.012 (Holm): shown, better; LogLoss +0.0010 [−0.0100, +0.0120], p = 0.800 (Holm): not shown; 2 seeds.",
		budget)

	other := handMadeAblation(t)
	other.warnings, other.cold = nil, other.cold[1:]
	other.effects[0] = effect{withoutKL, estimate(-0.032, -0.064, -0.001), 0.03}
	for _, c := range []*results.Comparison{other.matching, other.cold[0].Comparison} {
		c.Contrasts[0].HolmAUC = 0.05
	}
	diff(other,
		"KL penalty: GIRL − without KL penalty in proxy reward: −0.032 [−0.064, −0.001], p = 0.030 (Holm), 2 seeds: shown, worse.",
		circular,
		"No difference between matchers with GIRL's JDs and with those of the other writers or none survives correction: 0 of 2 tests of AUC and LogLoss (two-sided, Holm; 2 seeds, 100 test pairs of 40 CV groups) have p < 0.05. That is no proof that there is none: the intervals say how large it may be.",
		"Cold start, cold JD (100 pairs, 31 % matched): No difference between GIRL-SFT or GIRL and Base survives correction: 0 of 2 tests of AUC and LogLoss (two-sided, Holm; 2 seeds, 100 cold-start pairs of 40 CV groups) have p < 0.05.",
		budget)
	for _, model := range writersShown() {
		if parts[model] == "" && model != modelGIRL {
			t.Errorf("nothing says what GIRL has over %q", model)
		}
	}
}

// Best rounds, early stops and warnings of PPO stand by seed.
func TestTrainingOfVariants(t *testing.T) {
	a := handMadeAblation(t)
	a.ppo = map[string][]PPOReport{withoutKL: {{Best: ppo.Evaluation{Iteration: 20, KL: 3}}, {Stopped: "KL 201 nats", Warnings: []string{"round 3: entropy"}}}}
	best, stopped, notes := a.training(withoutKL)
	if best != "20, 0 (its start)" || stopped != "seed 2" {
		t.Errorf("best rounds %q, stopped %q", best, stopped)
	}
	if diff := cmp.Diff([]string{"Seed 2 stopped early: KL 201 nats.", "Seed 2, warning of PPO: round 3: entropy."}, notes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if best, stopped, notes = a.training(modelSFT); best != "–" || stopped != "–" || notes != nil {
		t.Errorf("GIRL-SFT had no PPO: %q, %q, %q", best, stopped, notes)
	}
	if _, stopped, _ = (&ablation{run: a.run, ppo: map[string][]PPOReport{withoutKL: {{}}}}).training(withoutKL); stopped != "no" {
		t.Errorf("stopped %q", stopped)
	}
	kl, err := a.kl(withoutKL) // 3 and 0 nats: mean 1.5, Student's interval is cut at 0
	if err != nil || kl.Value != 1.5 || kl.Low != 0 || kl.High < 20 {
		t.Errorf("KL %+v, error %v", kl, err)
	}
}

// Every table of the cold start says whom comparisons with cold JDs favour, and shows the share of matches.
func TestColdTableSaysWhomItFavours(t *testing.T) {
	a := handMadeAblation(t)
	table := a.coldTable()
	if !strings.Contains(strings.Join(table.Notes, "\n"), "favour the writers") {
		t.Error("the notes do not say that the comparison is unfair to Base")
	}
	for i, c := range table.Columns {
		if c.Key == "matched_share" && table.Rows[1].Cells[i].Value != 0.31 {
			t.Errorf("share of matches %g, want 0.31", table.Rows[1].Cells[i].Value)
		}
	}
	if f, err := a.coldFigure(); err != nil || f == nil {
		t.Errorf("figure %v, error %v", f, err)
	}
}

// Near-duplicate JDs are drawn, and are cold, together.
func TestColdJDsInGroups(t *testing.T) {
	d := marketRun(t, 1).data
	for i := range d.JDs { // pairs of copies
		if i%2 == 1 {
			d.JDs[i].Text = d.JDs[i-1].Text
		}
	}
	groups := d.jdGroups(0.5)
	for i := 1; i < len(d.JDs); i += 2 {
		if a, b := d.JDs[i-1].ID, d.JDs[i].ID; groups[a] != groups[b] || groups[a] > min(a, b) {
			t.Fatalf("copies %s and %s are in groups %s and %s", a, b, groups[a], groups[b])
		}
	}
	train, valid, test := d.divideCold(DefaultColdStart(), groups, 7)
	trained := map[string]bool{}
	for _, p := range append(train, valid...) {
		trained[groups[p.JDID]] = true
	}
	rows := make([]results.ScoreRow, len(test))
	for i, p := range test {
		rows[i] = results.ScoreRow{CVID: p.CVID, JDID: p.JDID}
	}
	flagCold(rows, append(train, valid...), test, groups)
	cold, single := 0, 0
	_, byID := datasets.ColdFlags(append(train, valid...), test)
	for i, r := range rows {
		if r.ColdJD == trained[groups[r.JDID]] {
			t.Errorf("%s: cold %v, its group trained on %v", r.JDID, r.ColdJD, trained[groups[r.JDID]])
		}
		if r.ColdJD {
			cold++
		}
		if byID[i] {
			single++
		}
	}
	if cold == 0 || cold > single {
		t.Errorf("%d test pairs with cold JDs, %d if near-duplicates are overlooked", cold, single)
	}
}

// A copy of a JD that was trained on is not cold.
func TestFlagColdByHand(t *testing.T) {
	group := map[string]string{"a": "a", "copy of a": "a", "b": "b"}
	rows := []results.ScoreRow{{CVID: "old", JDID: "copy of a", ColdJD: true}, {CVID: "new", JDID: "b"}, {CVID: "new", JDID: "copy of a"}}
	flagCold(rows, []datasets.Pair{{CVID: "old", JDID: "a"}}, []datasets.Pair{{CVID: "new", JDID: "copy of a"}, {CVID: "new", JDID: "b"}, {CVID: "old", JDID: "copy of a"}}, group)
	for i, want := range [][2]bool{{false, false}, {true, true}, {true, false}} {
		if got := [2]bool{rows[i].ColdCV, rows[i].ColdJD}; got != want {
			t.Errorf("%s, %s: cold CV and JD %v, want %v", rows[i].CVID, rows[i].JDID, got, want)
		}
	}
}
