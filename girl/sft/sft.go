package sft

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"genjobrec/girl/lm"
)

// Config holds the hyper-parameters of supervised fine-tuning. None of the paper's are known to us: every default is
// our own choice, made on validation CVs of the synthetic market (LOG.md).
type Config struct {
	Epochs       int     `default:"3" min:"1" max:"1000" doc:"most passes over the pairs (ours)"`
	MinSteps     int     `default:"1300" min:"0" max:"10000000" doc:"steps below which the passes are not counted: small data get more of them, until early stopping ends it (ours)"`
	LearningRate float64 `default:"0.0025" min:"1e-7" max:"1e9" doc:"peak learning rate of Adam (ours)"`
	Warmup       int     `default:"100" min:"0" max:"100000" doc:"steps of linear warm-up (ours)"`
	WeightDecay  float64 `default:"0.05" min:"0" max:"1" doc:"decoupled weight decay (Loshchilov and Hutter 2019; the value is ours)"`
	ClipNorm     float64 `default:"1" min:"0" max:"1000" doc:"largest global gradient norm, 0 for no clipping (ours)"`
	BatchTokens  int     `default:"1024" min:"32" max:"10000000" doc:"tokens a batch, padding included (ours)"`
	Patience     int     `default:"2" min:"1" max:"1000" doc:"epochs without a better validation loss before stopping (ours)"`
	PromptLoss   float64 `default:"0.1" min:"0" max:"1" doc:"weight of the loss on prompt (CV) tokens beside 1 on JD tokens (ours)"`
}

// Epoch is one line of the training history.
type Epoch struct {
	Epoch     int     `json:"epoch"`
	TrainLoss float64 `json:"train_loss"` // nats a weighted token, mean over the epoch's steps
	ValidLoss float64 `json:"valid_loss"` // nats a JD token
	Tokens    int     `json:"tokens"`     // processed so far, prompts included
}

// Result is what fine-tuning leaves behind: the weights of the best epoch by validation loss.
type Result struct {
	History   []Epoch
	BestEpoch int
	BestLoss  float64 // nats a JD token on validation pairs
	Tokens    int
}

// loop is where a training that was interrupted goes on.
type loop struct {
	Random  []byte  // state of the random numbers at the beginning of the epoch
	Done    int     // batches of the epoch
	Sum     float64 // of their losses
	Step    int
	Tokens  int
	History []Epoch
}

// Run trains w in place on the training sequences and stops early on the validation sequences' loss. It returns with
// the best epoch's weights in place; on an error or a cancelled context, too, w holds the best weights so far. With a checkpoint it goes
// on where an interrupted call with the same arguments stopped, and ends with the same bits as one that was not.
func Run(ctx context.Context, backend compute.Backend, c Config, w *lm.Weights, train, valid []lm.Sequence, seed uint64, checkpoint *lm.Checkpoint, progress lm.Progress) (*Result, error) {
	if len(train) == 0 || len(valid) == 0 {
		return nil, fmt.Errorf("sft: needs training and validation pairs, got %d and %d", len(train), len(valid))
	}
	trainer, err := newTrainer(backend, c, w)
	if err != nil {
		return nil, err
	}
	evaluate, err := lm.NewLogProbs(backend, w, 1, 32)
	if err != nil {
		return nil, err
	}
	source := rand.NewPCG(seed, 0x736674) // "sft"
	rng := rand.New(source)
	lengths := make([]int, len(train))
	for i, s := range train {
		lengths[i] = s.Len()
	}
	perEpoch := len(lm.PlanBatches(lengths, c.BatchTokens, rng))
	epochs := lm.Epochs(c.Epochs, c.MinSteps, perEpoch)
	total := perEpoch * epochs
	best, err := w.Snapshot()
	if err != nil {
		return nil, err
	}
	at := &loop{}
	state := lm.State{Loop: at, Trainers: map[string]*lm.Trainer{"writer": trainer}}
	resumed, err := checkpoint.Load(&state)
	if err != nil {
		return nil, err
	}
	if resumed {
		best = state.Best
		if err := source.UnmarshalBinary(at.Random); err != nil {
			return nil, fmt.Errorf("sft: checkpoint: %w", err)
		}
	}
	r := &Result{BestLoss: math.Inf(1)}
	r.resume(at.History)
	for epoch := len(at.History) + 1; epoch <= epochs; epoch++ {
		if at.Random, err = source.MarshalBinary(); err != nil {
			return nil, fmt.Errorf("sft: %w", err)
		}
		plans := lm.PlanBatches(lengths, c.BatchTokens, rng)
		for _, plan := range plans[at.Done:] {
			if err := ctx.Err(); err != nil {
				state.Best = best
				return r, w.RestoreAfter(best, errors.Join(err, checkpoint.Save(state)))
			}
			batch, err := pick(train, plan, c.PromptLoss)
			if err != nil {
				return r, w.RestoreAfter(best, err)
			}
			tokens, index, target, mask := batch.Args()
			out, err := trainer.Step(lm.CosineRate(c.LearningRate, at.Step, c.Warmup, total), tokens, index, target, mask)
			if err != nil {
				return r, w.RestoreAfter(best, fmt.Errorf("sft: epoch %d: %w", epoch, err))
			}
			at.Sum += out.Loss
			at.Step++
			at.Done++
			for _, i := range plan.Index {
				at.Tokens += lengths[i]
			}
			progress.At(at.Step, total, fmt.Sprintf("epoch %d, loss %.3f, best validation loss %.3f", epoch, out.Loss, r.BestLoss))
			if checkpoint.Due() {
				state.Best = best
				if err := checkpoint.Save(state); err != nil {
					return r, w.RestoreAfter(best, err)
				}
			}
		}
		validLoss, err := MeanLoss(ctx, evaluate, valid)
		if err != nil {
			return r, w.RestoreAfter(best, err)
		}
		at.History = append(at.History, Epoch{epoch, at.Sum / float64(len(plans)), validLoss, at.Tokens})
		at.Sum, at.Done = 0, 0
		r.resume(at.History)
		if r.BestEpoch == epoch {
			if best, err = w.Snapshot(); err != nil {
				return nil, err
			}
		} else if epoch-r.BestEpoch >= c.Patience {
			break
		}
	}
	return r, w.Restore(best)
}

// newTrainer steps on Loss.
func newTrainer(backend compute.Backend, c Config, w *lm.Weights) (*lm.Trainer, error) {
	return lm.NewTrainer(backend, w, lm.AdamConfig{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: c.WeightDecay, ClipNorm: c.ClipNorm}, func(a []*Node) (*Node, []*Node) {
		return Loss(w, a[0], a[1], a[2], a[3]), nil
	})
}

// resume takes over the epochs that are done.
func (r *Result) resume(history []Epoch) {
	*r = Result{History: history, BestLoss: math.Inf(1)}
	for _, e := range history {
		r.Tokens = e.Tokens
		if e.ValidLoss < r.BestLoss {
			r.BestLoss, r.BestEpoch = e.ValidLoss, e.Epoch
		}
	}
}

// pick packs one planned batch. Prompt tokens, if they count, carry promptWeight in the mask.
func pick(seqs []lm.Sequence, plan lm.BatchPlan, promptWeight float64) (*lm.Batch, error) {
	picked := make([]lm.Sequence, len(plan.Index))
	for i, at := range plan.Index {
		picked[i] = seqs[at]
	}
	if promptWeight > 0 {
		return lm.PackWeighted(picked, plan.Rows, float32(promptWeight))
	}
	return lm.Pack(picked, plan.Rows, lm.Responses)
}

// Loss is the masked mean of −log π(token), weights in mask: tokens [B,T], index, target, mask [N] → [].
func Loss(w *lm.Weights, tokens, index, target, mask *Node) *Node {
	logProbs := lm.TokenLogProbs(w.Logits(w.HiddenAt(tokens, index)), target, 1)
	return Neg(Div(ReduceAllSum(Mul(logProbs, mask)), ReduceAllSum(mask)))
}

// MeanLoss is the mean of −log π over all response tokens, in nats a token. A mean that is not finite, of no tokens or of a
// model that has diverged, is an error.
func MeanLoss(ctx context.Context, logProbs *lm.Forward, seqs []lm.Sequence) (float64, error) {
	rows, err := logProbs.All(ctx, seqs)
	if err != nil {
		return 0, err
	}
	sum, n := 0.0, 0
	for _, row := range rows {
		for _, x := range row {
			sum -= float64(x)
		}
		n += len(row)
	}
	if mean := sum / float64(n); !math.IsNaN(mean) && !math.IsInf(mean, 0) {
		return mean, nil
	}
	return 0, fmt.Errorf("sft: the loss of %d response tokens is %g in all: no mean", n, sum)
}
