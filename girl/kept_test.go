package girl

import (
	"testing"

	"genjobrec/girl/ppo"
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
	if r.seedWords() != "3 seeds" || r.on() != r.data.Name {
		t.Errorf("the run itself: %q, %q", r.seedWords(), r.on())
	}
	r.limitSeeds()
	if got, want := r.seedWords(), "2 of the run's 3 seeds"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := r.on(), r.data.Name+" (2 of the run's 3 seeds)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := r.seedNumbers(); got != "4, 5" {
		t.Errorf("seeds %q", got)
	}
}
