package girl

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/datasets"
	"genjobrec/eval"
	"genjobrec/girl/ppo"
	"genjobrec/results"
)

func TestKeptStart(t *testing.T) {
	p := func(round int) PPOReport { return PPOReport{Best: ppo.Evaluation{Iteration: round}} }
	for _, c := range []struct {
		seeds   []int
		reports []PPOReport
		want    string
		rounds  string
	}{
		{[]int{4, 5}, []PPOReport{p(20), p(5)}, "", "20, 5"},
		{[]int{4, 5, 6}, []PPOReport{p(20), p(0), p(0)}, "in 2 of 3 seeds (5, 6) PPO's best round was its start: GIRL is GIRL-SFT there", "20, 0 (its start), 0 (its start)"},
		{[]int{4}, []PPOReport{p(0)}, "PPO's best round was its start: GIRL is GIRL-SFT in this run", "0 (its start)"},
	} {
		if got := keptStart(c.seeds, c.reports, modelGIRL, modelSFT); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		if got := bestRounds(c.reports); got != c.rounds {
			t.Errorf("%q, want %q", got, c.rounds)
		}
	}
}

// A study with fewer seeds than the run says so.
func TestSeedWords(t *testing.T) {
	r := marketRun(t, 4, 5, 6)
	r.report, r.cfg.Eval.StudySeeds = NewReporter(t.Output()), 2
	if r.fewerSeeds() != nil || r.seedWords() != "3 seeds" || r.on() != r.data.Name {
		t.Errorf("the run itself: %q, %q", r.seedWords(), r.on())
	}
	r.limitSeeds()
	if got, want := r.seedWords(), "2 of the run's 3 seeds"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := r.fewerSeeds(); !slices.Equal(got, []string{"This study looks at 2 of the run's 3 seeds."}) {
		t.Errorf("%q", got)
	}
	if got, want := r.on(), r.data.Name+" (2 of the run's 3 seeds)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := r.seedNumbers(); got != "4, 5" {
		t.Errorf("seeds %q", got)
	}
}

// A seed in which PPO kept its start is warned of wherever GIRL's numbers stand: beside the trainings and in the second research
// question.
func TestKeptStartIsWarnedOf(t *testing.T) {
	r := marketRun(t, 1, 2)
	r.dir = t.TempDir()
	reports := []PPOReport{{Best: ppo.Evaluation{Iteration: 20}}, {Stopped: "KL 201 nats", Warnings: []string{"round 3: entropy"}}}
	for i, p := range reports {
		if err := errors.Join(os.MkdirAll(r.seedDir(i+1), 0o755), writeJSON(filepath.Join(r.seedDir(i+1), ppoHistory), p)); err != nil {
			t.Fatal(err)
		}
	}
	const kept = "in 1 of 2 seeds (2) PPO's best round was its start: GIRL is GIRL-SFT there"
	want := []string{"Best PPO round by seed (1, 2): 20, 0 (its start).", "Warning: " + kept + ".", "Warning: PPO of seed 2 stopped early: KL 201 nats.", "Warning of PPO, seed 2: round 3: entropy."}
	if diff := cmp.Diff(want, r.ppoNotes(reports)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var scores []results.ScoreRow
	for i, p := range r.data.Assignment.Pairs(r.data.Dataset, datasets.Test) {
		for _, model := range []string{results.Base, results.GIRL} {
			scores = append(scores, results.ScoreRow{CVID: p.CVID, JDID: p.JDID, Label: int32(p.Label), Model: model, Predictor: results.MLP, Split: "test", Seed: 1,
				Score: float64(1+i%7) / 8, CVGroup: p.CVID})
		}
	}
	r.cfg.Eval.Resamples = 20
	if err := results.WriteScores(r.path(scoresFile), scores); err != nil {
		t.Fatal(err)
	}
	report, err := r.rq2(results.Scores(r.path(scoresFile)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(report.Warnings, eval.Warning(kept)) {
		t.Errorf("warnings %q", report.Warnings)
	}
	a := &ablation{run: r, options: DefaultAblation(), warnings: []string{"Warning: " + kept + "."}, matching: &results.Comparison{}}
	for _, table := range []results.Table{a.matchingTable(), a.coldTable()} {
		if !slices.Contains(table.Notes, "Warning: "+kept+".") {
			t.Errorf("table %s does not warn", table.Name)
		}
	}
}

// Best-of-n is measured on the CVs and the number of JDs that PPO's evaluations have: the first validation CVs, one JD each.
func TestBestOfIsMeasuredAsPPO(t *testing.T) {
	r := marketRun(t, 1)
	r.dir, r.data.Market, r.cfg.PPO.EvalPrompts = t.TempDir(), nil, 2
	cvs := r.data.cvsOf(datasets.Valid)
	var rows []results.GeneratedRow
	for i, x := range cvs {
		for k := range 2 {
			rows = append(rows, results.GeneratedRow{CVID: x.ID, Model: bestOf, K: int32(k), Seed: 1, Text: "x", Tokens: 1, Reward: float64(10*i + 100*k)})
		}
	}
	dir := filepath.Join(r.seedDir(1), "rq3")
	if err := errors.Join(os.MkdirAll(dir, 0o755), results.WriteGenerated(filepath.Join(dir, stem(bestOf)+".parquet"), rows)); err != nil {
		t.Fatal(err)
	}
	got, err := (&ablation{run: r, options: DefaultAblation()}).bestOfRewards()
	if err != nil {
		t.Fatal(err)
	}
	if len(cvs) < 3 || got["proxy_reward"][0].Value[0] != 5 { // the mean of 0 and 10
		t.Errorf("%d validation CVs, proxy reward %v, want 5", len(cvs), got["proxy_reward"])
	}
}
