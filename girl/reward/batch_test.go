package reward

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"genjobrec/girl/lm"
)

func has(list [][]int32, jd []int32) bool {
	return slices.ContainsFunc(list, func(x []int32) bool { return slices.Equal(x, jd) })
}

// anyCandidates are CVs with JDs out of a small common pool, so that one CV's match is another's mismatch. JDs are single
// tokens, and no JD is both a match and a mismatch of one CV.
func anyCandidates(t *rapid.T) []Candidates {
	all := make([]Candidates, rapid.IntRange(0, 12).Draw(t, "cvs"))
	for i := range all {
		pool := rapid.Permutation([]int32{0, 1, 2, 3, 4, 5, 6, 7}).Draw(t, "pool")
		m := rapid.IntRange(0, 5).Draw(t, "matched")
		x := rapid.IntRange(0, 3).Draw(t, "mismatched")
		all[i].Prompt = []int32{100 + int32(i)}
		for _, id := range pool[:m] {
			all[i].Matched = append(all[i].Matched, []int32{id})
		}
		for _, id := range pool[m : m+x] {
			all[i].Mismatched = append(all[i].Mismatched, []int32{id})
		}
	}
	return all
}

func TestDraw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyCandidates(t)
		c := Config{Matched: rapid.IntRange(1, 3).Draw(t, "c.matched"), Mismatched: rapid.IntRange(1, 3).Draw(t, "c.mismatched"), Random: rapid.IntRange(0, 2).Draw(t, "c.random")}
		c.BatchRows = c.Matched + c.Mismatched + c.Random + rapid.IntRange(0, 9).Draw(t, "spare rows")
		seed := rapid.Uint64().Draw(t, "seed")
		batches := draw(all, c, rand.New(rand.NewPCG(seed, 1)))
		weight, matched, mismatched := make([]float64, len(all)), make([]map[int32]bool, len(all)), make([]map[int32]bool, len(all))
		in, rows := make([]int, len(all)), 0 // batch of each CV, from 1
		for n, b := range batches {
			if len(b.seqs) == 0 || len(b.seqs) > c.BatchRows {
				t.Fatalf("%d rows in a batch of %d", len(b.seqs), c.BatchRows)
			}
			rows += len(b.seqs)
			for p := range b.weight {
				chosen, rejected := b.seqs[b.chosen[p]], b.seqs[b.rejected[p]]
				if !slices.Equal(chosen.Prompt, rejected.Prompt) {
					t.Fatalf("CVs %v and %v in one comparison", chosen.Prompt, rejected.Prompt)
				}
				i := int(chosen.Prompt[0] - 100)
				if in[i] == 0 {
					in[i], matched[i], mismatched[i] = n+1, map[int32]bool{}, map[int32]bool{}
				}
				if in[i] != n+1 {
					t.Fatalf("CV %d is in batches %d and %d", i, in[i], n+1)
				}
				if !has(all[i].Matched, chosen.Response) || has(all[i].Matched, rejected.Response) {
					t.Fatalf("CV %d with matches %v prefers %v to %v", i, all[i].Matched, chosen.Response, rejected.Response)
				}
				weight[i] += float64(b.weight[p])
				matched[i][b.chosen[p]], mismatched[i][b.rejected[p]] = true, true
			}
		}
		if rows <= len(batches)/2*c.BatchRows && len(batches) > 1 {
			t.Fatalf("%d rows in %d batches of %d: some would fit one", rows, len(batches), c.BatchRows)
		}
		for i, cand := range all {
			if in[i] == 0 {
				if len(cand.Matched) > 0 && len(cand.Mismatched) > 0 {
					t.Fatalf("CV %d has both kinds of JD and was not drawn", i)
				}
				continue
			}
			if weight[i] < 1-single || weight[i] > 1+single {
				t.Fatalf("the comparisons of CV %d weigh %g", i, weight[i])
			}
			if want := min(c.Matched, len(cand.Matched)); len(matched[i]) != want {
				t.Fatalf("CV %d has %d matched JDs in the batch, want %d", i, len(matched[i]), want)
			}
			own := min(c.Mismatched, len(cand.Mismatched))
			most := own + c.Random
			if own == 0 {
				most += c.Mismatched
			}
			if n := len(mismatched[i]); n < own || n > most {
				t.Fatalf("CV %d has %d mismatched JDs in the batch, want %d to %d", i, n, own, most)
			}
		}
		again := draw(all, c, rand.New(rand.NewPCG(seed, 1)))
		if len(again) != len(batches) {
			t.Fatal("the same seed draws other batches")
		}
		for n := range again {
			if !slices.Equal(again[n].chosen, batches[n].chosen) || string32(again[n].seqs[0].Response) != string32(batches[n].seqs[0].Response) {
				t.Fatal("the same seed draws other batches")
			}
		}
	})
}

// TestDrawBorrows: a CV without a mismatch of its own gets as many from other CVs, and none from itself.
func TestDrawBorrows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	one, two := Candidates{Prompt: []int32{1}, Matched: [][]int32{{10}}}, Candidates{Prompt: []int32{2}, Matched: [][]int32{{20}}, Mismatched: [][]int32{{21}, {10}}}
	c := Config{Matched: 3, Mismatched: 3, Random: 0, BatchRows: 8}
	seen := map[int32]bool{}
	for range 20 {
		for _, b := range draw([]Candidates{one, two}, c, rng) {
			for p := range b.weight {
				if q := b.seqs[b.rejected[p]]; q.Prompt[0] == 1 {
					seen[q.Response[0]] = true
				} else if q.Response[0] != 21 && q.Response[0] != 10 {
					t.Errorf("CV 2 has mismatches of its own and meets %v", q.Response)
				}
			}
		}
	}
	if len(seen) != 2 || !seen[20] || !seen[21] {
		t.Errorf("CV 1 borrowed %v, want 20 and 21", seen)
	}
	c.Random = 2
	for range 20 {
		for _, b := range draw([]Candidates{two, one}, c, rng) {
			for i, q := range b.seqs {
				if q.Prompt[0] == 2 && q.Response[0] == 21 && slices.ContainsFunc(b.seqs[:i], func(s lm.Sequence) bool { return slices.Equal(s.Response, q.Response) && s.Prompt[0] == 2 }) {
					t.Fatal("CV 2 borrowed a mismatch of its own")
				}
			}
		}
	}
	for name, alone := range map[string][]Candidates{"nothing to borrow": {one}, "only own matches to borrow": {one, one}, "no match": {{Prompt: []int32{1}, Mismatched: [][]int32{{1}}}}, "no CVs": nil} {
		if batches := draw(alone, c, rng); len(batches) != 0 {
			t.Errorf("%s: %d batches", name, len(batches))
		}
	}
}

// TestDrawVaries: over epochs every JD of a CV gets its turn.
func TestDrawVaries(t *testing.T) {
	cand := Candidates{Prompt: []int32{1}}
	for id := range int32(6) {
		cand.Matched, cand.Mismatched = append(cand.Matched, []int32{id}), append(cand.Mismatched, []int32{10 + id})
	}
	rng, seen := rand.New(rand.NewPCG(1, 1)), map[int32]bool{}
	for range 40 {
		for _, b := range draw([]Candidates{cand}, Config{Matched: 2, Mismatched: 2, BatchRows: 4}, rng) {
			for _, q := range b.seqs {
				seen[q.Response[0]] = true
			}
		}
	}
	if len(seen) != 12 {
		t.Errorf("in 40 epochs %d of 12 JDs were drawn", len(seen))
	}
}

func TestConfigValidate(t *testing.T) {
	c := Config{Matched: 3, Mismatched: 3, Random: 2, BatchRows: 8}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c.BatchRows = 7
	if err := c.Validate(); err == nil {
		t.Error("8 JDs of a CV in 7 rows: no error")
	}
}
