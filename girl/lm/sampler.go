package lm

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// SampleConfig says how responses are drawn. Sampling is always from the plain policy softmax(logits/T): no
// top-k, no top-p, no minimum length, so that the recorded log-probabilities are those of the distribution sampled from.
type SampleConfig struct {
	Samples     int     // K, responses a prompt
	MaxNew      int     // R, longest response in tokens, end-of-text included
	Temperature float64 // T > 0; 0 takes the most probable token
	EOS         int32   // ends a response
	BatchRows   int     // responses drawn at once; at least Samples
}

// Sample is one drawn response.
type Sample struct {
	Tokens   []int32   // with the end-of-text token where there is one
	LogProbs []float32 // of each token, in nats, under the sampling distribution
	Ended    bool      // the response ends in EOS
}

// Sampler draws responses from a writer's current weights: it sees every update made to them.
type Sampler struct {
	w    *Weights
	c    SampleConfig
	exec *model.Exec
}

// NewSampler prepares sampling from w.
func NewSampler(backend compute.Backend, w *Weights, c SampleConfig) (*Sampler, error) {
	if c.Samples < 1 || c.MaxNew < 1 || !(c.Temperature >= 0) || c.BatchRows < c.Samples {
		return nil, fmt.Errorf("lm: sampling needs samples ≥ 1, max_new ≥ 1, temperature ≥ 0 and batch_rows ≥ samples, got %+v", c)
	}
	if w.Head != TokenHead {
		return nil, fmt.Errorf("lm: a model with a %s head cannot write", w.Head)
	}
	s := &Sampler{w: w, c: c}
	exec, err := model.NewExec(backend, w.Store, func(_ *model.Scope, prompts, lengths, uniforms *Node) (tokens, logProbs, counts *Node) {
		return w.decode(prompts, lengths, uniforms, c)
	})
	if err != nil {
		return nil, fmt.Errorf("lm: sampler: %w", err)
	}
	s.exec = exec.SetMaxCache(-1)
	return s, nil
}

// Sample draws K responses for each prompt. Response k of prompt i depends on seeds[i], k and the weights
// only, whatever else is in the batch. Prompts are batched by length; the result is in the order given.
// progress, if not nil, hears the number of finished prompts.
func (s *Sampler) Sample(ctx context.Context, prompts [][]int32, seeds []uint64, progress func(done int)) ([][]Sample, error) {
	if len(prompts) != len(seeds) {
		return nil, fmt.Errorf("lm: %d prompts with %d seeds", len(prompts), len(seeds))
	}
	order := make([]int, len(prompts))
	for i := range order {
		order[i] = i
		if n := len(prompts[i]); n == 0 || n+s.c.MaxNew > s.w.Config.MaxLen {
			return nil, fmt.Errorf("lm: prompt %d has %d tokens: with %d new ones it must be between 1 and max_len %d",
				i, n, s.c.MaxNew, s.w.Config.MaxLen)
		}
		if err := s.w.checkTokens(prompts[i]); err != nil {
			return nil, fmt.Errorf("lm: prompt %d: %w", i, err)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(prompts[a]), len(prompts[b])) })
	out := make([][]Sample, len(prompts))
	perBatch := s.c.BatchRows / s.c.Samples
	for from := 0; from < len(order); from += perBatch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		batch := order[from:min(from+perBatch, len(order))]
		if err := s.sampleBatch(batch, perBatch, prompts, seeds, out); err != nil {
			return nil, err
		}
		if progress != nil {
			progress(from + len(batch))
		}
	}
	return out, nil
}

func (s *Sampler) sampleBatch(batch []int, rows int, prompts [][]int32, seeds []uint64, out [][]Sample) (err error) {
	k, r := s.c.Samples, s.c.MaxNew
	t := roundUp(len(prompts[batch[len(batch)-1]]), lengthStep)
	flat := make([]int32, rows*t)
	lengths := make([]int32, rows)
	uniforms := make([]float32, rows*k*r)
	for p := range rows {
		if p >= len(batch) {
			continue // a dummy row: length 0, finished from the start
		}
		i := batch[p]
		copy(flat[p*t:], prompts[i])
		lengths[p] = int32(len(prompts[i]))
		for j := range k {
			rng := rand.New(rand.NewPCG(seeds[i], uint64(j)))
			for n := range r {
				uniforms[n*rows*k+p*k+j] = rng.Float32()
			}
		}
	}
	results, err := s.exec.Call(
		tensors.FromFlatDataAndDimensions(flat, rows, t),
		tensors.FromFlatDataAndDimensions(lengths, rows),
		tensors.FromFlatDataAndDimensions(uniforms, r, rows*k))
	if err != nil {
		return fmt.Errorf("lm: sampling: %w", err)
	}
	defer finalize(results)
	tokens, err := tensors.CopyFlatData[int32](results[0])
	if err != nil {
		return err
	}
	logProbs, err := tensors.CopyFlatData[float32](results[1])
	if err != nil {
		return err
	}
	for p, i := range batch {
		out[i] = make([]Sample, k)
		for j := range k {
			at := (p*k + j) * r
			out[i][j] = cutAtEOS(tokens[at:at+r], logProbs[at:at+r], s.c.EOS)
		}
	}
	return nil
}

// cutAtEOS keeps a response up to and including its first end-of-text token.
func cutAtEOS(tokens []int32, logProbs []float32, eos int32) Sample {
	n, ended := len(tokens), false
	if i := slices.Index(tokens, eos); i >= 0 {
		n, ended = i+1, true
	}
	return Sample{Tokens: slices.Clone(tokens[:n]), LogProbs: slices.Clone(logProbs[:n]), Ended: ended}
}

func finalize(ts []*tensors.Tensor) {
	for _, t := range ts {
		t.MustFinalizeAll()
	}
}
