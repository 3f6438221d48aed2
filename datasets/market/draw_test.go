package market

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The population has the shares that draw.go promises: within 4.5 standard errors of 20,000 draws.
func TestPopulation(t *testing.T) {
	const n = 20000
	r := rand.New(rand.NewPCG(4, 4))
	all := len(lexicon().occupations) - 1
	var level [6]float64
	var movers, climbers, calm, changers, remote, hybrid, canRemote float64
	for range n {
		p, j := drawPerson(r, all), drawJob(r, all)
		level[p.Seniority]++
		for _, c := range []struct {
			is bool
			n  *float64
		}{
			{p.Move == Moves, &movers}, {p.Ambition == Climber, &climbers}, {p.Ambition == Calm, &calm}, {p.Before != 0, &changers},
			{j.Mode == Remote, &remote}, {j.Mode == Hybrid, &hybrid}, {lexicon().occupations[j.Occupation].remote, &canRemote},
		} {
			if c.is {
				*c.n++
			}
		}
		if w := lexicon().wage(j.Occupation, j.Seniority, j.City); credible(lexicon(), j).Pay == 0 {
			t.Fatalf("a drawn vacancy pays %d where the wage is %.0f: not credible", j.Pay, w)
		}
	}
	share := func(name string, got, of, want float64) {
		t.Helper()
		if math.Abs(got/of-want) > 4.5*math.Sqrt(want*(1-want)/of) {
			t.Errorf("%s: share %.4f, want %.4f", name, got/of, want)
		}
	}
	for s, want := range seniorityOfPeople {
		share("level "+Seniority(s).String(), level[s], n, want)
	}
	share("movers", movers, n, shareMovers)
	share("climbers", climbers, n, shareClimbers)
	share("calm", calm, n, shareCalm)
	share("changers", changers, n, shareChangers*(1-seniorityOfPeople[Intern]))
	share("remote", remote, canRemote, shareRemote)
	share("hybrid", hybrid, canRemote, shareHybrid)
}

func TestPickWeight(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var n [4]float64
	for range 30000 {
		n[pickWeight(r, []float64{0, 1, 0, 3})]++
	}
	if n[0] != 0 || n[2] != 0 || math.Abs(n[3]/30000-0.75) > 0.012 {
		t.Errorf("counts %v, want shares 0, ¼, 0, ¾", n)
	}
}

func TestTypos(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	if got := typos(r, "Bed for 12 abc, ok.", 1); got != "Bed for 12 abc, ok." {
		t.Errorf("short words and numbers changed: %q", got)
	}
	for range 200 {
		got := typos(r, "nurse", 1)
		if got == "nurse" || got[0] != 'n' || len(got) < 4 || len(got) > 6 {
			t.Fatalf("typos(nurse) = %q, want one slip after the first letter", got)
		}
	}
	if got := typos(r, "every word as it was", 0); got != "every word as it was" {
		t.Errorf("rate 0 gives %q", got)
	}
}
