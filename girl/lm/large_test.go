package lm

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestLargeProductsAgree: the backend multiplies with one kernel below smallProduct multiplications and with another from there on, and the models of
// the other tests are too small for the second. Here the head and the feed-forward take it, and the caches of sampling lie in several parts.
func TestLargeProductsAgree(t *testing.T) {
	c := Config{Layers: 1, Dim: 256, Heads: 4, FFN: 344, Vocab: 2048, MaxLen: 256, RopeBase: 10000, NormEps: 1e-5}
	w := must(NewWeights(c, TokenHead, 3))(t)
	const slots, length = 32, 128
	rng := rand.New(rand.NewPCG(4, 4))
	var prompts [][]int32
	var seeds []uint64
	for i := range slots {
		prompts, seeds = append(prompts, randomTokens(rng, length-i, c.Vocab)), append(seeds, uint64(i))
	}
	s := must(NewSampler(testBackend(t), w, SampleConfig{Samples: 1, MaxNew: length, Temperature: 1, EOS: -1, BatchRows: slots}))(t)
	parts := 0
	b := newSlotBatch(s, prompts, seeds)
	b.run(t, func() { parts = max(parts, b.layout.parts) })
	if parts < 2 || slots*c.Dim*c.Vocab < smallProduct {
		t.Fatalf("%d parts: the products of this test are small", parts)
	}
	var seqs []Sequence
	for i := range prompts {
		seqs = append(seqs, Sequence{prompts[i], b.out[i][0].Tokens})
	}
	all := must(must(NewLogProbs(testBackend(t), w, 1, 8))(t).All(context.Background(), seqs))(t)
	for i := range all {
		for j := range all[i] {
			near(t, fmt.Sprintf("response %d, token %d", i, j), float64(b.out[i][0].LogProbs[j]), float64(all[i][j]), reference)
		}
	}
	slow := newSlowModel(t, w)
	for _, i := range []int{0, slots - 1} { // the log-probability of a first token, a middle one and the last, in float64
		for _, j := range []int{0, 60, length - 1} {
			text := append(append([]int32(nil), prompts[i]...), seqs[i].Response[:j]...)
			p := softmax(slow.next(text), 1)
			near(t, fmt.Sprintf("response %d, token %d, in float64", i, j), float64(all[i][j]), math.Log(p[seqs[i].Response[j]]), reference)
		}
	}
}
