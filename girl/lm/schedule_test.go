package lm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCosineRateByHand(t *testing.T) {
	for _, c := range []struct {
		step, warmup, total int
		want                float64
	}{
		{0, 4, 24, 0.5}, {1, 4, 24, 1}, {3, 4, 24, 2}, // linear warm-up
		{4, 4, 24, 2}, {14, 4, 24, 1.1}, {24, 4, 24, 0.2}, {9, 4, 24, 0.2 + 0.9*(1+math.Sqrt2/2)},
		{30, 4, 24, 0.2},                // past the end
		{0, 0, 10, 2}, {10, 0, 10, 0.2}, // no warm-up
		{7, 8, 8, 2}, {8, 8, 8, 2}, {9, 8, 8, 0.2}, // nothing but warm-up
		{2, 8, 4, 0.75}, // stops within the warm-up
	} {
		near(t, fmt.Sprintf("step %d of %d, warm-up %d", c.step, c.total, c.warmup), CosineRate(2, c.step, c.warmup, c.total), c.want, exact)
	}
}

func TestLinearRateByHand(t *testing.T) {
	for step, want := range map[int]float64{0: 2, 1: 1.5, 2: 1, 4: 0, 9: 0} {
		near(t, fmt.Sprintf("step %d", step), LinearRate(2, step, 4), want, exact)
	}
}

func TestEpochsByHand(t *testing.T) {
	for _, c := range []struct{ asked, minSteps, perEpoch, want int }{
		{3, 0, 10, 3}, {3, 30, 10, 3}, {3, 31, 10, 4}, {3, 100, 10, 10}, {3, 5, 10, 3}, {1, 7, 2, 4},
	} {
		if got := Epochs(c.asked, c.minSteps, c.perEpoch); got != c.want {
			t.Errorf("%d epochs of %d steps, at least %d steps: %d epochs, want %d", c.asked, c.perEpoch, c.minSteps, got, c.want)
		}
	}
}

func TestPlanBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(0, 200), 0, 60).Draw(t, "lengths")
		budget := rapid.IntRange(1, 1000).Draw(t, "budget")
		seed := rapid.Uint64().Draw(t, "seed")
		plan := func() []BatchPlan { return PlanBatches(lengths, budget, rand.New(rand.NewPCG(seed, 1))) }
		plans := plan()
		if !reflect.DeepEqual(plans, plan()) {
			t.Fatal("the same seed gives another plan")
		}
		seen := make([]int, len(lengths))
		rowsOf := map[int]int{}
		short := map[int]int{}
		for _, p := range plans {
			if len(p.Index) == 0 || len(p.Index) > p.Rows {
				t.Fatalf("%d sequences in %d rows", len(p.Index), p.Rows)
			}
			padded := paddedLength(lengths[p.Index[0]])
			for _, i := range p.Index {
				seen[i]++
				if paddedLength(lengths[i]) != padded {
					t.Fatalf("lengths %d and %d in one batch", lengths[p.Index[0]], lengths[i])
				}
			}
			if p.Rows > 1 && p.Rows*padded > budget || (p.Rows+1)*padded <= budget {
				t.Fatalf("%d rows of %d tokens under a budget of %d", p.Rows, padded, budget)
			}
			if rows, ok := rowsOf[padded]; ok && rows != p.Rows {
				t.Fatalf("batches of %d and of %d rows of %d tokens", rows, p.Rows, padded)
			}
			rowsOf[padded] = p.Rows
			if len(p.Index) < p.Rows {
				short[padded]++
			}
		}
		for i, n := range seen {
			if n != 1 {
				t.Fatalf("sequence %d is in %d batches", i, n)
			}
		}
		for padded, n := range short {
			if n > 1 {
				t.Fatalf("%d unfilled batches of %d tokens a row", n, padded)
			}
		}
	})
}

// paddedLength says what Pack makes of a length.
func paddedLength(n int) int { return max(16, (n+15)/16*16) }

func TestPlanBatchesShuffles(t *testing.T) {
	lengths := make([]int, 64)
	for i := range lengths {
		lengths[i] = 10 + 30*(i%2)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	first, second := PlanBatches(lengths, 256, rng), PlanBatches(lengths, 256, rng)
	groups := func(plans []BatchPlan) map[string]bool {
		all := map[string]bool{}
		for _, p := range plans {
			all[fmt.Sprint(slices.Sorted(slices.Values(p.Index)))] = true
		}
		return all
	}
	if reflect.DeepEqual(groups(first), groups(second)) {
		t.Error("two plans of one generator put the same sequences together")
	}
	sorted := true
	for i := 1; i < len(first); i++ {
		sorted = sorted && lengths[first[i-1].Index[0]] <= lengths[first[i].Index[0]]
	}
	if sorted {
		t.Error("batches come in order of length")
	}
}

func TestProgressMayBeNil(t *testing.T) {
	Progress(nil).At(1, 2, "note")
	var got string
	Progress(func(done, total int, note string) { got = fmt.Sprint(done, total, note) }).At(1, 2, "note")
	if got != fmt.Sprint(1, 2, "note") {
		t.Errorf("progress heard %q", got)
	}
}
