package lm

import (
	"context"
	"fmt"

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
	BatchRows   int     // responses drawn at once, at most; at least Samples
}

// Sample is one drawn response.
type Sample struct {
	Tokens   []int32   // with the end-of-text token where there is one
	LogProbs []float32 // of each token, in nats, under the sampling distribution
	Ended    bool      // the response ends in EOS
}

// Sampler draws responses from a writer's current weights: it sees every update made to them.
//
// Its work is continuous batching (Yu et al. 2022, Orca): the responses of a prompt hold a slot of the batch until the last of them has ended, then
// the next prompt enters. Prompts are encoded once for all their responses. Sizes are rounded, so that few graphs are compiled.
type Sampler struct {
	w       *Weights
	c       SampleConfig
	backend compute.Backend
	encode  *model.Exec // prompts
	advance *model.Exec // stepsPerCall tokens of each slot
}

// stepsPerCall is how many tokens are drawn before slots change hands: the mean number of steps that a finished response waits for is half of it.
const stepsPerCall = 16

// NewSampler prepares sampling from w.
func NewSampler(backend compute.Backend, w *Weights, c SampleConfig) (*Sampler, error) {
	if c.Samples < 1 || c.MaxNew < 1 || !(c.Temperature >= 0) || c.BatchRows < c.Samples {
		return nil, fmt.Errorf("lm: sampling needs samples ≥ 1, max_new ≥ 1, temperature ≥ 0 and batch_rows ≥ samples, got %+v", c)
	}
	if w.Head != TokenHead {
		return nil, fmt.Errorf("lm: a model with a %s head cannot write", w.Head)
	}
	s := &Sampler{w: w, c: c, backend: backend}
	encode, err := model.NewExec(backend, w.Store, func(_ *model.Scope, prompts, lengths *Node) []*Node { return w.notTrained().prefill(prompts, lengths) })
	if err != nil {
		return nil, fmt.Errorf("lm: sampler: %w", err)
	}
	advance, err := model.NewExec(backend, w.Store, func(_ *model.Scope, a []*Node) []*Node {
		return newDecoding(w.notTrained(), c, a).decode(a[3], a[4], a[5], c)
	})
	if err != nil {
		return nil, fmt.Errorf("lm: sampler: %w", err)
	}
	s.encode, s.advance = encode.SetMaxCache(-1), advance.SetMaxCache(-1)
	return s, nil
}

// Sample draws K responses for each prompt. Response k of prompt i depends on seeds[i], k and the weights
// only, whatever else is in the batch. The result is in the order given. progress, if not nil, hears the number of finished prompts.
func (s *Sampler) Sample(ctx context.Context, prompts [][]int32, seeds []uint64, progress func(done int)) ([][]Sample, error) {
	if len(prompts) != len(seeds) {
		return nil, fmt.Errorf("lm: %d prompts with %d seeds", len(prompts), len(seeds))
	}
	for i, p := range prompts {
		if n := len(p); n == 0 || n+s.c.MaxNew > s.w.Config.MaxLen {
			return nil, fmt.Errorf("lm: prompt %d has %d tokens: with %d new ones it must be between 1 and max_len %d",
				i, n, s.c.MaxNew, s.w.Config.MaxLen)
		}
		if err := s.w.checkTokens(p); err != nil {
			return nil, fmt.Errorf("lm: prompt %d: %w", i, err)
		}
	}
	b := newBatch(s, prompts, seeds)
	defer b.release()
	for done := 0; done < len(prompts); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := b.admit(); err != nil {
			return nil, fmt.Errorf("lm: sampling: %w", err)
		}
		finished, err := b.advance()
		if err != nil {
			return nil, fmt.Errorf("lm: sampling: %w", err)
		}
		done += finished
		if progress != nil && finished > 0 {
			progress(done)
		}
	}
	return b.out, nil
}

func finalize(ts []*tensors.Tensor) {
	for _, t := range ts {
		t.MustFinalizeAll()
	}
}
