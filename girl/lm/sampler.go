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
	BatchRows   int     // responses drawn at once, at most: BatchRows/K prompts, at least one
}

// Sample is one drawn response.
type Sample struct {
	Tokens   []int32   // with the end-of-text token where there is one
	LogProbs []float32 // of each token, in nats, under the sampling distribution
	Ended    bool      // the response ends in EOS
}

// Sampler draws responses from a writer's current weights: it sees every update made to them. Several goroutines may sample at a
// time as long as none changes the weights.
//
// Its work is continuous batching (Yu et al. 2022, Orca) by prompts: the K responses of a prompt hold a slot of the batch until the last of them has
// ended, then the next prompt enters. Prompts are encoded once for all their responses. Sizes are rounded, so that few graphs are compiled.
type Sampler struct {
	w       *Weights
	c       SampleConfig
	backend compute.Backend
	encoder *model.Exec // of prompts
	stepper *model.Exec // draws up to stepsPerCall tokens of each response
	small   int         // multiplications of a small matrix product at most, see smallProduct
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
	encoder, err := model.NewExec(backend, w.Store, func(_ *model.Scope, prompts, lengths *Node) []*Node {
		return w.forInference().prefill(prompts, lengths)
	})
	if err != nil {
		return nil, fmt.Errorf("lm: sampler: %w", err)
	}
	stepper, err := model.NewExec(backend, w.Store, func(_ *model.Scope, args []*Node) []*Node {
		return newDecoding(w.forInference(), c, args).decode()
	})
	if err != nil {
		return nil, fmt.Errorf("lm: sampler: %w", err)
	}
	return &Sampler{w: w, c: c, backend: backend, encoder: encoder.SetMaxCache(-1), stepper: stepper.SetMaxCache(-1), small: smallProduct}, nil
}

// Sample draws K responses for each prompt, in the order given. The same call gives the same bits. Response k of prompt i is drawn with random numbers
// of seeds[i] and k alone; what else is in the batch may change how the backend adds up its products, so its log-probabilities, up to the rounding of
// float32. progress, if not nil, hears the number of finished prompts.
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
	b := newSlotBatch(s, prompts, seeds)
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

// finalize gives the memory of tensors back before the garbage collector would. An error means that it was not theirs any more: there is nothing to do.
func finalize(ts []*tensors.Tensor) {
	for _, t := range ts {
		_ = t.FinalizeAll()
	}
}
