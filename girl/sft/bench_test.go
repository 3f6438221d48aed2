package sft

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"genjobrec/girl/internal/measure"
	"genjobrec/girl/lm"
)

// BenchmarkSFTEpoch is an epoch of fine-tuning at the default profile's shape and settings on every eighth pair: batches by length, as Run
// makes them, against fixed-length padding, where each row has the greatest length of a prompt and a response, and logits are computed
// at every position. Tokens are real ones, and so are those that the floating-point operations of MFU count. The lengths are those of
// resume-jd-fit, of which the default profile cuts nearly all to the greatest, and those of the synthetic market.
func BenchmarkSFTEpoch(b *testing.B) {
	shape := measure.Shape{Model: lm.Config{Layers: 2, Dim: 128, Heads: 4, FFN: 344, Vocab: 3072, MaxLen: 240, RopeBase: 10000, NormEps: 1e-5, TiedHead: true},
		Prompt: 128, Response: 112}
	for _, data := range []string{"resume-jd-fit", "market"} {
		b.Run(data+"/by-length", func(b *testing.B) { benchEpoch(b, shape, data, false) })
		b.Run(data+"/fixed-length", func(b *testing.B) { benchEpoch(b, shape, data, true) })
	}
}

func benchEpoch(b *testing.B, s measure.Shape, file string, fixed bool) {
	const budget, promptLoss, every = 1024, 0.1, 8 // the first two are defaults of Config
	seqs, err := pairsOfLengths(s, file, every)
	if err != nil {
		b.Fatal(err)
	}
	lengths := make([]int, len(seqs))
	for i, q := range seqs {
		lengths[i] = q.Len()
		if fixed {
			lengths[i] = s.Model.MaxLen
		}
	}
	var epoch [][]any
	for _, plan := range lm.PlanBatches(lengths, budget, rand.New(rand.NewPCG(1, 1))) {
		batch := must(pick(seqs, plan, promptLoss))(b)
		if fixed {
			batch = padded(batch, s.Model.MaxLen)
		}
		tokens, index, target, mask := batch.Args()
		epoch = append(epoch, []any{tokens, index, target, mask})
	}
	tokens, flops := 0, 0.0
	for _, q := range seqs {
		tokens += q.Len()
		flops += 3 * measure.Shape{Model: s.Model, Prompt: len(q.Prompt), Response: len(q.Response)}.Forward(1, s.Model.Vocab, q.Len()-1)
	}
	w := must(lm.NewWeights(s.Model, lm.TokenHead, 1))(b)
	trainer := must(newTrainer(must(measure.Backend())(b), Config{WeightDecay: 0.05, ClipNorm: 1}, w))(b)
	measure.Run(b, tokens, flops, func() error {
		for _, args := range epoch {
			if _, err := trainer.Step(0.0025, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// pairsOfLengths are random tokens of the lengths in a file, every nth line, cut to the shape's prompt and response.
func pairsOfLengths(s measure.Shape, file string, every int) ([]lm.Sequence, error) {
	text, err := os.ReadFile(filepath.Join("testdata", file+".lengths.tsv"))
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []int32 {
		out := make([]int32, n)
		for i := range out {
			out[i] = rng.Int32N(int32(s.Model.Vocab))
		}
		return out
	}
	var seqs []lm.Sequence
	n := 0
	for line := range bytes.Lines(text) {
		if line[0] == '#' {
			continue
		}
		var prompt, response int
		if _, err := fmt.Sscan(string(line), &prompt, &response); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", file, line, err)
		}
		if n++; n%every == 0 {
			seqs = append(seqs, lm.Sequence{Prompt: random(min(prompt, s.Prompt)), Response: random(min(response, s.Response))})
		}
	}
	return seqs, nil
}

// padded is the batch as code without selected positions has it: each row t tokens long, whatever it holds, and logits at every
// position, of which those without a target weigh nothing.
func padded(b *lm.Batch, t int) *lm.Batch {
	out := &lm.Batch{Rows: b.Rows, T: t, N: b.Rows * t, Count: b.Count, Tokens: make([]int32, b.Rows*t), Index: make([]int32, b.Rows*t),
		Target: make([]int32, b.Rows*t), Mask: make([]float32, b.Rows*t)}
	for r := range b.Rows {
		copy(out.Tokens[r*t:(r+1)*t], b.Tokens[r*b.T:(r+1)*b.T])
	}
	for n := range out.Index {
		out.Index[n] = int32(n)
	}
	for n, at := range b.Index[:b.Count] {
		to := int(at)/b.T*t + int(at)%b.T
		out.Target[to], out.Mask[to] = b.Target[n], b.Mask[n]
	}
	return out
}
