package lm

import "testing"

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
		{11, 3, 64, 128, slotLayout{slots: 11, samples: 3, parts: 2, perPart: 6, t: 64, r: 128}}, // 10 fit
		{2, 1, 1 << 20, 32, slotLayout{slots: 2, samples: 1, parts: 2, perPart: 1, t: 1 << 20, r: 32}},
		{64, 1, 1 << 20, 32, slotLayout{slots: 64, samples: 1, parts: maxParts, perPart: 4, t: 1 << 20, r: 32}},
		{17, 1, 1 << 20, 32, slotLayout{slots: 17, samples: 1, parts: 9, perPart: 2, t: 1 << 20, r: 32}}, // 16 parts of 2 would be too many for 17 slots
	} {
		if got := newLayout(c, smallProduct, x.slots, x.samples, x.t, x.r); got != x.want {
			t.Errorf("%d slots: %+v, want %+v", x.slots, got, x.want)
		}
	}
}

// TestPartsHoldEachSlotOnce for every number of slots and every size of parts.
func TestPartsHoldEachSlotOnce(t *testing.T) {
	c := Config{Layers: 1, Dim: 4, Heads: 1}
	for slots := 1; slots <= 40; slots++ {
		for fit := 1; fit <= 40; fit++ {
			l := newLayout(c, fit*4*4*32+1, slots, 1, 32, 32) // a slot multiplies 4 rows of a tile by 4 numbers by 32 columns
			sum := 0
			for part := range l.parts {
				if n := l.size(part); n < 1 || n > l.perPart {
					t.Fatalf("%d slots, %d fit: part %d holds %d in %+v", slots, fit, part, n, l)
				}
				sum += l.size(part)
			}
			if sum != slots || l.slots != slots || l.parts > maxParts || slots <= maxParts*fit && l.perPart > fit {
				t.Errorf("%d slots, %d fit: %+v, whose parts hold %d", slots, fit, l, sum)
			}
		}
	}
}

// TestSizesAreFew: each size is a graph.
func TestSizesAreFew(t *testing.T) {
	for n, want := range map[int]int{1: 32, 32: 32, 33: 64, 65: 96, 97: 128, 128: 128, 129: 192, 193: 256, 257: 384, 385: 512, 513: 768, 1024: 1024} {
		if got := bucket(n); got != want {
			t.Errorf("bucket(%d) is %d, want %d", n, got, want)
		}
	}
	for _, x := range []struct{ n, needed, want int }{{32, 32, 32}, {32, 17, 32}, {32, 16, 16}, {21, 3, 3}, {21, 6, 6}, {21, 7, 11}, {1, 1, 1}, {5, 0, 1}} {
		if got := halved(x.n, x.needed); got != x.want {
			t.Errorf("halved(%d, %d) is %d, want %d", x.n, x.needed, got, x.want)
		}
	}
}

// TestLayoutsChangeRarely by hand: with a batch of 8 slots.
func TestLayoutsChangeRarely(t *testing.T) {
	c, sc := Config{Layers: 1, Dim: 8, Heads: 1}, SampleConfig{Samples: 2, MaxNew: 100, BatchRows: 17}
	type shape struct{ slots, t, r int }
	for _, x := range []struct {
		what                   string
		before                 shape
		inUse, longest, oldest int
		want                   shape
	}{
		{"first", shape{}, 8, 200, 16, shape{8, 256, 32}},
		{"a ring grows", shape{8, 256, 32}, 8, 200, 33, shape{8, 256, 64}},
		{"a ring ends with the longest response", shape{8, 256, 96}, 8, 200, 112, shape{8, 256, 112}},
		{"younger responses keep the ring", shape{8, 256, 112}, 8, 200, 16, shape{8, 256, 112}},
		{"somewhat shorter prompts keep their cache", shape{8, 256, 112}, 8, 130, 16, shape{8, 256, 112}},
		{"half as long ones do not", shape{8, 256, 112}, 8, 128, 16, shape{8, 128, 112}},
		{"more than half the slots in use", shape{8, 256, 112}, 5, 200, 16, shape{8, 256, 112}},
		{"half of them", shape{8, 256, 112}, 4, 130, 16, shape{4, 192, 32}},
	} {
		var before slotLayout
		if x.before.slots > 0 {
			before = newLayout(c, smallProduct, x.before.slots, 2, x.before.t, x.before.r)
		}
		got := before.fit(c, smallProduct, sc, x.inUse, x.longest, x.oldest)
		if (shape{got.slots, got.t, got.r}) != x.want {
			t.Errorf("%s: %+v, want %+v", x.what, got, x.want)
		}
	}
}
