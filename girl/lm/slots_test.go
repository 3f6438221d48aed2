package lm

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
)

// TestBundlesFillTiles: of H heads in G groups, n groups attend together.
func TestBundlesFillTiles(t *testing.T) {
	for _, c := range []struct{ heads, groups, bundles, n int }{
		{4, 4, 1, 4}, {8, 8, 2, 4}, {4, 2, 1, 2}, {8, 2, 2, 1}, {12, 3, 3, 1}, {6, 6, 6, 1}, {2, 2, 2, 1}, {1, 1, 1, 1}, {12, 6, 3, 2},
	} {
		b, n := Config{Dim: 48, Heads: c.heads, KVHeads: c.groups}.bundles()
		if b != c.bundles || n != c.n {
			t.Errorf("%d heads in %d groups: %d bundles of %d, want %d of %d", c.heads, c.groups, b, n, c.bundles, c.n)
		}
	}
}

// TestRingRunsByHand: the last 6 of 9 steps lie in a ring of 6 at 3 4 5 0 1 2, in one of 8 at 3 4 5 6 7 0.
func TestRingRunsByHand(t *testing.T) {
	if got, want := ringRuns(9, 6, 6, 8), []stretch{{3, 3, 3}, {0, 6, 2}, {2, 0, 1}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := ringRuns(3, 3, 32, 64), []stretch{{0, 0, 3}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := ringRuns(0, 0, 8, 8); len(got) != 0 {
		t.Errorf("%v of no steps", got)
	}
}

// run runs a batch to its end and calls see before each call of the graph.
func (b *slotBatch) run(t *testing.T, see func()) {
	t.Helper()
	defer b.release()
	for done := 0; done < len(b.prompts); {
		if err := b.admit(); err != nil {
			t.Fatal(err)
		}
		see()
		done += must(b.advance())(t)
	}
}

// TestSamplingStopsWithTheLastResponse: one response alone takes as many steps as it has tokens.
func TestSamplingStopsWithTheLastResponse(t *testing.T) {
	w := tinyWeights(t, tinyConfig(), TokenHead)
	s := must(NewSampler(testBackend(t), w, SampleConfig{Samples: 1, MaxNew: 60, Temperature: 1, EOS: 5, BatchRows: 4}))(t)
	ended := 0
	for seed := range uint64(8) {
		b := newSlotBatch(s, [][]int32{{1, 2, 3}}, []uint64{seed})
		b.run(t, func() {})
		r := b.out[0][0]
		checkEnd(t, r, s.c)
		if b.steps != len(r.Tokens) {
			t.Errorf("%d steps for a response of %d tokens", b.steps, len(r.Tokens))
		}
		if r.Ended && len(r.Tokens)%stepsPerCall != 0 {
			ended++
		}
	}
	if ended == 0 {
		t.Error("no response ended within a call: the test shows nothing")
	}
}

// TestPromptsEnterWhileOthersAreUnderWay: slots change hands one by one, caches grow with the responses and shrink when nobody waits any more,
// and there are fewer steps than batches that wait for their longest response would take.
func TestPromptsEnterWhileOthersAreUnderWay(t *testing.T) {
	w := tinyWeights(t, tinyConfig(), TokenHead)
	c := SampleConfig{Samples: 2, MaxNew: 64, Temperature: 1, EOS: 5, BatchRows: 16}
	s := must(NewSampler(testBackend(t), w, c))(t)
	var prompts [][]int32
	var seeds []uint64
	for i := range 60 {
		prompts, seeds = append(prompts, []int32{1, int32(i % 40), 3}), append(seeds, uint64(i))
	}
	mixed, rings, sizes, layouts := 0, map[int]bool{}, map[int]bool{}, map[slotLayout]bool{}
	b := newSlotBatch(s, prompts, seeds)
	b.run(t, func() {
		ages := map[int]bool{}
		taken := 0
		for _, slot := range b.slots {
			if slot.prompt >= 0 {
				ages[slot.age] = true
				taken++
			}
		}
		if taken > c.BatchRows/c.Samples {
			t.Fatalf("%d prompts under way, %d samples each, with %d rows at most", taken, c.Samples, c.BatchRows)
		}
		if len(ages) > 1 {
			mixed++
		}
		rings[b.layout.r], sizes[b.layout.slots], layouts[b.layout] = true, true, true
	})
	if mixed == 0 || len(rings) < 2 || len(sizes) < 2 {
		t.Errorf("%d calls with slots of several ages, rings of %v columns, %v slots: want several of each", mixed, rings, sizes)
	}
	if len(layouts) > 8 {
		t.Errorf("%d layouts, each with a graph of its own: %v", len(layouts), layouts)
	}
	static := 0
	for batch := range slices.Chunk(b.out, c.BatchRows/c.Samples) {
		longest := 0
		for _, samples := range batch {
			for _, r := range samples {
				longest = max(longest, len(r.Tokens))
			}
		}
		static += longest
	}
	if b.steps >= static {
		t.Errorf("%d steps, batches one after the other take %d", b.steps, static)
	}
	t.Logf("%d steps, batches one after the other: %d", b.steps, static)
}

// TestPartsDrawTheSame draws with caches in parts, the last of which is smaller, and in one piece.
func TestPartsDrawTheSame(t *testing.T) {
	prompts, seeds := somePrompts(40)
	for range 2 {
		more, _ := somePrompts(40)
		prompts, seeds = append(prompts, more...), append(seeds, seeds[len(seeds)-1]+1, 31, 32, 33, 34, 35)
	}
	for name, config := range map[string]Config{"groups of two heads": tinyConfig(), "heads in bundles": {Layers: 2, Dim: 16, Heads: 8, KVHeads: 4, FFN: 16, Vocab: 40, MaxLen: 128, RopeBase: 100, NormEps: 1e-3}} {
		w := tinyWeights(t, config, TokenHead)
		c := SampleConfig{Samples: 2, MaxNew: 70, Temperature: 1, EOS: 5, BatchRows: 14}
		want := drawAll(t, w, c, prompts, seeds)
		s := must(NewSampler(testBackend(t), w, c))(t)
		one := newLayout(config, smallProduct, 1, c.Samples, 64, 64)
		for s.small = 1; newLayout(config, s.small, 7, c.Samples, one.t, one.r).perPart < 3; s.small *= 2 {
		}
		uneven := 0
		b := newSlotBatch(s, prompts, seeds)
		b.run(t, func() {
			if l := b.layout; l.parts > 2 && l.size(l.parts-1) < l.perPart {
				uneven++
			}
		})
		if uneven < 3 {
			t.Errorf("%s: %d calls with several parts and a smaller one: the test shows too little", name, uneven)
		}
		for i := range want {
			compareSamples(t, fmt.Sprintf("%s, prompt %d", name, i), b.out[i], want[i])
		}
	}
}

// TestSamplersOfSeveralGoroutines: one sampler, several calls at a time.
func TestSamplersOfSeveralGoroutines(t *testing.T) {
	w := tinyWeights(t, tinyConfig(), TokenHead)
	prompts, seeds := somePrompts(40)
	s := must(NewSampler(testBackend(t), w, SampleConfig{Samples: 2, MaxNew: 20, Temperature: 1, EOS: 5, BatchRows: 6}))(t)
	want := must(s.Sample(context.Background(), prompts, seeds, nil))(t)
	got := make([][][]Sample, 4)
	var g errgroup.Group
	for i := range got {
		g.Go(func() (err error) {
			got[i], err = s.Sample(context.Background(), prompts, seeds, nil)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("goroutine %d drew other responses", i)
		}
	}
}
