package lm

import (
	"slices"
	"testing"
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

// TestLayoutKeepsProductsSmall by hand: with 4 layers of 4 heads of 64 numbers a slot's largest product is 4·256·128.
func TestLayoutKeepsProductsSmall(t *testing.T) {
	c := Config{Layers: 4, Dim: 256, Heads: 4}
	for _, x := range []struct {
		slots, samples, t, r int
		want                 slotLayout
	}{
		{32, 1, 128, 128, slotLayout{slots: 32, samples: 1, parts: 2, perPart: 16, t: 128, r: 128}}, // 32 products make 4 Mi, one too many
		{31, 1, 128, 128, slotLayout{slots: 31, samples: 1, parts: 1, perPart: 31, t: 128, r: 128}},
		{32, 1, 128, 32, slotLayout{slots: 32, samples: 1, parts: 2, perPart: 16, t: 128, r: 32}},
		{32, 3, 32, 32, slotLayout{slots: 32, samples: 3, parts: 1, perPart: 32, t: 32, r: 32}},
		{11, 3, 64, 128, slotLayout{slots: 12, samples: 3, parts: 2, perPart: 6, t: 64, r: 128}}, // 10 fit
		{2, 1, 1 << 20, 32, slotLayout{slots: 2, samples: 1, parts: 2, perPart: 1, t: 1 << 20, r: 32}},
		{64, 1, 1 << 20, 32, slotLayout{slots: 64, samples: 1, parts: maxParts, perPart: 4, t: 1 << 20, r: 32}},
	} {
		if got := newLayout(c, x.slots, x.samples, x.t, x.r); got != x.want {
			t.Errorf("%d slots: %+v, want %+v", x.slots, got, x.want)
		}
	}
}

// TestRingRunsByHand: the last 6 of 9 steps lie in a ring of 6 at 3 4 5 0 1 2, in one of 8 at 3 4 5 6 7 0.
func TestRingRunsByHand(t *testing.T) {
	if got, want := ringRuns(9, 6, 6, 8), []run{{3, 3, 3}, {0, 6, 2}, {2, 0, 1}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := ringRuns(3, 3, 32, 64), []run{{0, 0, 3}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := ringRuns(0, 0, 8, 8); len(got) != 0 {
		t.Errorf("%v of no steps", got)
	}
}

// steps runs a batch to its end and shows it to see before each call.
func (b *batch) run(t *testing.T, see func()) {
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
		b := newBatch(s, [][]int32{{1, 2, 3}}, []uint64{seed})
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
	mixed, rings, sizes := 0, map[int]bool{}, map[int]bool{}
	b := newBatch(s, prompts, seeds)
	b.run(t, func() {
		ages := map[int]bool{}
		taken := 0
		for _, slot := range b.slot {
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
		rings[b.layout.r], sizes[b.layout.slots] = true, true
	})
	if mixed == 0 || len(rings) < 2 || len(sizes) < 2 {
		t.Errorf("%d calls with slots of several ages, rings of %v columns, %v slots: want several of each", mixed, rings, sizes)
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
