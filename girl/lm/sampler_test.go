package lm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// boundary is how close to the edge of a token's interval a uniform may fall for float32 to take the neighbour.
const boundary = 1e-5

func drawAll(t *testing.T, w *Weights, c SampleConfig, prompts [][]int32, seeds []uint64) [][]Sample {
	t.Helper()
	s := must(NewSampler(testBackend(t), w, c))(t)
	return must(s.Sample(context.Background(), prompts, seeds, nil))(t)
}

func somePrompts(vocab int) ([][]int32, []uint64) {
	rng := rand.New(rand.NewPCG(1, 1))
	var prompts [][]int32
	var seeds []uint64
	for i, n := range []int{3, 17, 40, 1, 32, 33} {
		prompts = append(prompts, randomTokens(rng, n, vocab))
		seeds = append(seeds, uint64(i))
	}
	return prompts, seeds
}

// checkEnd checks a response's shape: cut at its first EOS, or full.
func checkEnd(t *testing.T, s Sample, c SampleConfig) {
	t.Helper()
	at := slices.Index(s.Tokens, c.EOS)
	if s.Ended != (at >= 0) || s.Ended && at != len(s.Tokens)-1 || !s.Ended && len(s.Tokens) != c.MaxNew || len(s.LogProbs) != len(s.Tokens) {
		t.Errorf("response %v with %d log-probabilities, ended %t", s.Tokens, len(s.LogProbs), s.Ended)
	}
}

// TestSamplesEqualFullRecomputation draws each token again from the float64 reference run over the whole text so far, with
// the same uniforms.
func TestSamplesEqualFullRecomputation(t *testing.T) {
	configs := variants()
	configs["tiny"] = tinyConfig()
	for name, c := range configs {
		c.MaxLen = 64
		w := tinyWeights(t, c, TokenHead)
		slow := newSlowModel(t, w)
		prompts, seeds := somePrompts(c.Vocab)
		for _, temperature := range []float64{1, 0.6} {
			sc := SampleConfig{Samples: 3, MaxNew: 7, Temperature: temperature, EOS: 5, BatchRows: 6}
			for i, samples := range drawAll(t, w, sc, prompts, seeds) {
				if len(samples) != 3 {
					t.Fatalf("%s: %d samples of a prompt", name, len(samples))
				}
				for k, s := range samples {
					checkEnd(t, s, sc)
					rng := rand.New(rand.NewPCG(seeds[i], uint64(k)))
					text := slices.Clone(prompts[i])
					for n, token := range s.Tokens {
						what := fmt.Sprintf("%s, temperature %g, prompt %d, sample %d, token %d", name, temperature, i, k, n)
						p, below := softmax(slow.next(text), temperature), 0.0
						for _, x := range p[:token] {
							below += x
						}
						if u := float64(rng.Float32()); u < below-boundary || u > below+p[token]+boundary {
							t.Fatalf("%s: drew %d, whose interval is %g to %g, with %g", what, token, below, below+p[token], u)
						}
						near(t, what+": log-probability", float64(s.LogProbs[n]), math.Log(p[token]), reference)
						text = append(text, token)
					}
				}
			}
		}
	}
}

// TestSamplingLogProbsEqualTeacherForced samples for longer than a call and a ring of caches last, and for more prompts than there are slots.
func TestSamplingLogProbsEqualTeacherForced(t *testing.T) {
	w := tinyWeights(t, tinyConfig(), TokenHead)
	prompts, seeds := somePrompts(40)
	for range 2 {
		more, _ := somePrompts(40)
		prompts, seeds = append(prompts, more...), append(seeds, seeds[len(seeds)-1]+1, 21, 22, 23, 24, 25)
	}
	for _, temperature := range []float64{1, 0.7} {
		var seqs []Sequence
		var want [][]float32
		ended := 0
		for i, samples := range drawAll(t, w, SampleConfig{Samples: 3, MaxNew: 75, Temperature: temperature, EOS: 5, BatchRows: 9}, prompts, seeds) {
			for _, s := range samples {
				seqs, want = append(seqs, Sequence{prompts[i], s.Tokens}), append(want, s.LogProbs)
				if s.Ended {
					ended++
				}
			}
		}
		all := must(must(NewLogProbs(testBackend(t), w, temperature, 5))(t).All(context.Background(), seqs))(t)
		for i := range all {
			for j := range all[i] {
				near(t, fmt.Sprintf("temperature %g, response %d, token %d", temperature, i, j), float64(want[i][j]), float64(all[i][j]), single)
			}
		}
		if ended == 0 || ended == len(seqs) {
			t.Errorf("%d of %d responses ended: the test needs both kinds", ended, len(seqs))
		}
	}
}

// compareSamples compares as many responses of a prompt as both have.
func compareSamples(t *testing.T, what string, got, want []Sample) {
	t.Helper()
	for k := range min(len(got), len(want)) {
		if !slices.Equal(got[k].Tokens, want[k].Tokens) || got[k].Ended != want[k].Ended {
			t.Errorf("%s, sample %d: %v, before %v", what, k, got[k].Tokens, want[k].Tokens)
			continue
		}
		for n := range got[k].LogProbs {
			near(t, what+": log-probability", float64(got[k].LogProbs[n]), float64(want[k].LogProbs[n]), single)
		}
	}
}

// TestResponsesDependOnSeedAndPromptOnly draws the same prompts in other company.
func TestResponsesDependOnSeedAndPromptOnly(t *testing.T) {
	w := tinyWeights(t, tinyConfig(), TokenHead)
	prompts, seeds := somePrompts(40)
	c := SampleConfig{Samples: 2, MaxNew: 70, Temperature: 1, EOS: 5, BatchRows: 4}
	want := drawAll(t, w, c, prompts, seeds)
	for _, rows := range []int{2, 7, 40} {
		c.BatchRows = rows
		for i, got := range drawAll(t, w, c, prompts, seeds) {
			compareSamples(t, fmt.Sprintf("%d rows, prompt %d", rows, i), got, want[i])
		}
	}
	for i := range prompts {
		compareSamples(t, fmt.Sprintf("prompt %d alone", i), drawAll(t, w, c, prompts[i:i+1], seeds[i:i+1])[0], want[i])
	}
	c.Samples = 5 // the first two of five are the two of two
	for i, got := range drawAll(t, w, c, prompts, seeds) {
		compareSamples(t, fmt.Sprintf("five samples, prompt %d", i), got, want[i])
		if slices.Equal(got[0].Tokens, got[1].Tokens) && slices.Equal(got[1].Tokens, got[2].Tokens) && slices.Equal(got[2].Tokens, got[3].Tokens) {
			t.Errorf("prompt %d: all samples are %v", i, got[0].Tokens)
		}
	}
	changedSeeds := slices.Clone(seeds)
	changedSeeds[0] = 1000
	c.Samples = 2
	got := drawAll(t, w, c, prompts, changedSeeds)
	if slices.Equal(got[0][0].Tokens, want[0][0].Tokens) && slices.Equal(got[0][1].Tokens, want[0][1].Tokens) {
		t.Error("another seed gives the same samples")
	}
	compareSamples(t, "another prompt's seed changed", got[1], want[1])
}

func TestTemperatureZeroTakesTheMostProbable(t *testing.T) {
	w := tinyWeights(t, tinyConfig(), TokenHead)
	slow := newSlowModel(t, w)
	prompts, seeds := somePrompts(40)
	c := SampleConfig{Samples: 2, MaxNew: 10, Temperature: 0, EOS: 5, BatchRows: 4}
	for i, samples := range drawAll(t, w, c, prompts, seeds) {
		for _, s := range samples {
			checkEnd(t, s, c)
			text := slices.Clone(prompts[i])
			for n, token := range s.Tokens {
				p := softmax(slow.next(text), 1)
				if p[token] < slices.Max(p)-boundary {
					t.Fatalf("prompt %d, token %d: %d of probability %g, the largest is %g", i, n, token, p[token], slices.Max(p))
				}
				near(t, "log-probability", float64(s.LogProbs[n]), math.Log(p[token]), reference)
				text = append(text, token)
			}
		}
	}
}

// TestFrequenciesMatchSoftmax counts pairs of successive tokens, so that a uniform used twice shows too.
func TestFrequenciesMatchSoftmax(t *testing.T) {
	c := minute()
	c.Vocab = 4
	w := tinyWeights(t, c, TokenHead)
	slow := newSlowModel(t, w)
	const prompts, samples = 8, 1000
	var ps [][]int32
	var seeds []uint64
	for i := range prompts {
		ps, seeds = append(ps, []int32{1, 2}), append(seeds, uint64(100+i))
	}
	counts := make([]float64, 16)
	for _, drawn := range drawAll(t, w, SampleConfig{Samples: samples, MaxNew: 2, Temperature: 0.8, EOS: -1, BatchRows: 2 * samples}, ps, seeds) {
		for _, s := range drawn {
			counts[s.Tokens[0]*4+s.Tokens[1]]++
		}
	}
	first := softmax(slow.next([]int32{1, 2}), 0.8)
	chi, cells := 0.0, 0.0
	for a := range int32(4) {
		second := softmax(slow.next([]int32{1, 2, a}), 0.8)
		for b := range 4 {
			if want := prompts * samples * first[a] * second[b]; want >= 5 {
				chi += (counts[int(a)*4+b] - want) * (counts[int(a)*4+b] - want) / want
				cells++
			}
		}
	}
	// χ² of n cells has mean n−1 and variance 2(n−1): five standard deviations.
	if bound := cells - 1 + 5*math.Sqrt(2*(cells-1)); cells < 12 || chi > bound {
		t.Errorf("χ² is %.1f over %.0f cells, bound %.1f; counts %v", chi, cells, bound, counts)
	}
}

func TestSamplerRefusesAndStops(t *testing.T) {
	backend := testBackend(t)
	w := tinyWeights(t, tinyConfig(), TokenHead)
	good := SampleConfig{Samples: 2, MaxNew: 8, Temperature: 1, EOS: 5, BatchRows: 4}
	for name, change := range map[string]func(*SampleConfig){
		"no samples": func(c *SampleConfig) { c.Samples = 0 }, "no new tokens": func(c *SampleConfig) { c.MaxNew = 0 },
		"negative temperature": func(c *SampleConfig) { c.Temperature = -0.1 }, "temperature NaN": func(c *SampleConfig) { c.Temperature = math.NaN() },
		"fewer rows than samples": func(c *SampleConfig) { c.BatchRows = 1 },
	} {
		c := good
		change(&c)
		if _, err := NewSampler(backend, w, c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := NewSampler(backend, tinyWeights(t, tinyConfig(), ScalarHead), good); err == nil {
		t.Error("a scalar head writes")
	}
	s := must(NewSampler(backend, w, good))(t)
	ctx := context.Background()
	fits := make([]int32, 120) // of max_len 128, with 8 to come
	for name, prompt := range map[string][]int32{"empty": nil, "too long": append(fits, 1), "unknown token": {1, 40}, "negative token": {-1}} {
		if out, err := s.Sample(ctx, [][]int32{{1}, prompt}, []uint64{1, 2}, nil); err == nil || out != nil {
			t.Errorf("%s prompt: got %v, error %v", name, out, err)
		}
	}
	if _, err := s.Sample(ctx, [][]int32{{1}}, []uint64{1, 2}, nil); err == nil {
		t.Error("a prompt with two seeds: no error")
	}
	if out := must(s.Sample(ctx, nil, nil, nil))(t); len(out) != 0 {
		t.Errorf("no prompts give %v", out)
	}
	var heard []int
	prompts := [][]int32{fits, {1}, {2}, {3}, {4}}
	out := must(s.Sample(ctx, prompts, make([]uint64, 5), func(done int) { heard = append(heard, done) }))(t)
	if len(out) != 5 || !slices.IsSorted(heard) || slices.Max(heard) != 5 || len(heard) < 2 {
		t.Errorf("%d results, progress %v", len(out), heard)
	}
	cancelled, cancel := context.WithCancel(ctx)
	out, err := s.Sample(cancelled, prompts, make([]uint64, 5), func(int) { cancel() })
	if !errors.Is(err, context.Canceled) || out != nil {
		t.Errorf("cancelled after a batch: got %v, error %v", out, err)
	}
}
