package recommend

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
)

// Tolerances, in one place.
const (
	exact      = 1e-12 // float64 arithmetic in another order
	float32ish = 2e-5  // float32 graph against a float64 reference
)

func newBackend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := compute.NewWithConfig("go:ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

func newScorer(t testing.TB, m *Model) *Scorer {
	t.Helper()
	s, err := m.NewScorer(newBackend(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func near(a, b, tolerance float64) bool { return a-b <= tolerance && b-a <= tolerance }

// auc is the share of (match, mismatch) pairs in the right order, ties counting half.
func auc(labels []int, p []float64) float64 {
	var right, pairs float64
	for i, a := range labels {
		for j, b := range labels {
			if a == 1 && b == 0 {
				pairs++
				if p[i] > p[j] {
					right++
				} else if p[i] == p[j] {
					right += 0.5
				}
			}
		}
	}
	return right / pairs
}

// smallConfig trains in about a second.
func smallConfig() Config {
	c := DefaultConfig()
	c.MinDF, c.Dim, c.Width, c.Members, c.Trials, c.BatchPairs, c.MaxSteps, c.EvalEvery, c.Patience = 2, 12, 8, 2, 2, 64, 60, 10, 3
	return c
}

// plantedData has CVs and JDs of some trades, each text a bag of its trade's word and of noise. Each JD offers a perk,
// and each CV likes one, which its text does not tell. A pair matches with probability 0.1, plus 0.3 within a trade,
// plus 0.55 if the JD offers the liked perk. generate writes a CV's JDs, given the perk it likes; nil for none.
func plantedData(cvs, jds, perCV int, seed uint64, generate func(rng *rand.Rand, liked string) []string) Data {
	rng := rand.New(rand.NewPCG(seed, 7))
	trades := []string{"welder", "nurse", "driver", "cook", "clerk"}
	perks := []string{"remote", "nightshift", "pension", "travel"}
	word := func() string { return fmt.Sprintf("filler%d", rng.IntN(40)) }
	d := Data{CVs: map[string]string{}, JDs: map[string]string{}, Generated: map[string]map[string][]string{GIRL: {}}}
	jdTrade, jdPerk := make([]string, jds), make([]string, jds)
	for j := range jds {
		jdTrade[j], jdPerk[j] = trades[rng.IntN(len(trades))], perks[rng.IntN(len(perks))]
		d.JDs[fmt.Sprintf("j%03d", j)] = strings.Join([]string{jdTrade[j], jdTrade[j], jdPerk[j], jdPerk[j], word(), word(), word()}, " ")
	}
	for i := range cvs {
		id, trade, liked := fmt.Sprintf("c%03d", i), trades[rng.IntN(len(trades))], perks[rng.IntN(len(perks))]
		d.CVs[id] = strings.Join([]string{trade, trade, word(), word(), word(), word(), fmt.Sprintf("name%d", i)}, " ")
		if g := generate(rng, liked); g != nil {
			d.Generated[GIRL][id] = g
		}
		for _, j := range rng.Perm(jds)[:perCV] {
			p := 0.1
			if jdTrade[j] == trade {
				p += 0.3
			}
			if jdPerk[j] == liked {
				p += 0.55
			}
			label := 0
			if rng.Float64() < p {
				label = 1
			}
			pair := Pair{id, fmt.Sprintf("j%03d", j), label}
			switch {
			case i < cvs*6/10:
				d.Train = append(d.Train, pair)
			case i < cvs*8/10:
				d.Valid = append(d.Valid, pair)
			default:
				d.Test = append(d.Test, pair)
			}
		}
	}
	return d
}

func noGenerated(*rand.Rand, string) []string { return nil }

func testLabels(d Data) []int {
	var out []int
	for _, p := range d.Test {
		out = append(out, p.Label)
	}
	return out
}

func scoresOf(t *testing.T, r *Result, k Key) Scores {
	t.Helper()
	for _, s := range r.Scores {
		if s.Key == k {
			return s
		}
	}
	t.Fatalf("no scores of %v", k)
	return Scores{}
}
