// Package reward trains the reward model U(C, J) that stands in for recruiters (stage 2 of GIRL): matched JDs of a CV must
// score above its mismatched ones, by −log σ(U(C,J⁺) − U(C,J⁻)).
package reward

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

// Config holds the hyper-parameters of reward modelling; all are our own choice, made on validation CVs of the synthetic market (LOG.md).
type Config struct {
	Epochs       int     `default:"2" min:"1" max:"1000" doc:"most passes; in each, every matched JD meets sampled mismatches (ours)"`
	MinSteps     int     `default:"200" min:"0" max:"10000000" doc:"steps below which the passes are not counted: small data get more of them, until early stopping ends it (ours)"`
	LearningRate float64 `default:"0.0004" min:"1e-7" max:"1" doc:"peak learning rate of Adam (ours)"`
	Warmup       int     `default:"20" min:"0" max:"100000" doc:"steps of linear warm-up (ours)"`
	WeightDecay  float64 `default:"0.05" min:"0" max:"1" doc:"decoupled weight decay (Loshchilov and Hutter 2019; the value is ours)"`
	ClipNorm     float64 `default:"1" min:"0" max:"1000" doc:"largest global gradient norm, 0 for no clipping (ours)"`
	BatchRows    int     `default:"32" min:"2" max:"4096" doc:"JDs scored in a step; all those of one CV stay together (ours)"`
	Patience     int     `default:"2" min:"1" max:"1000" doc:"epochs without a better validation loss before stopping (ours)"`
	Matched      int     `default:"2" min:"1" max:"64" doc:"matched JDs of a CV, at most, in an epoch (ours)"`
	Mismatched   int     `default:"2" min:"1" max:"64" doc:"mismatched JDs of a CV, at most, in an epoch (ours)"`
	Random       int     `default:"1" min:"0" max:"64" doc:"JDs of other CVs that also count as mismatches of a CV in an epoch (ours)"`
}

// Validate reports settings that contradict each other.
func (c Config) Validate() error {
	if n := c.Matched + c.Mismatched + c.Random; n > c.BatchRows {
		return fmt.Errorf("reward.batch_rows %d is below the %d JDs that one CV can bring", c.BatchRows, n)
	}
	return nil
}

// Candidates are the JDs of one CV by the recruiters' verdict, as sequences with the CV as prompt.
type Candidates struct {
	Prompt     []int32
	Matched    [][]int32
	Mismatched [][]int32
}

// Comparison is one evaluation pair: the prompt of a CV with a matched and a mismatched response.
type Comparison struct {
	Chosen, Rejected lm.Sequence
	CV               int // whose pair it is; any numbering
}

// Metrics are the held-out figures of a reward model. Every CV weighs the same, as in training, however many pairs it has;
// PairAccuracy alone weighs pairs, so that a CV with ten matched and ten mismatched JDs counts a hundred times in it.
type Metrics struct {
	CVs          int     `json:"cvs"`
	Pairs        int     `json:"pairs"`
	Accuracy     float64 `json:"accuracy"`      // share of a CV's pairs with U(C,J⁺) > U(C,J⁻), ties count half
	PairAccuracy float64 `json:"pair_accuracy"` // the same over all pairs alike
	Loss         float64 `json:"loss"`          // mean of −log σ(margin), nats
	ChosenMean   float64 `json:"chosen_mean"`   // mean U of matched JDs
	RejectedMean float64 `json:"rejected_mean"` // mean U of mismatched JDs
	Calibration  float64 `json:"calibration"`   // mean predicted accuracy σ(|margin|) minus accuracy: 0 is calibrated, above is over-confident

	PaddingDifference float64 `json:"padding_difference"` // largest |U padded − U unpadded| of the shortest sequences: none but rounding
}

// Epoch is one line of the training history.
type Epoch struct {
	Epoch     int     `json:"epoch"`
	TrainLoss float64 `json:"train_loss"`
	Valid     Metrics `json:"valid"`
}

// Result is what training leaves behind beside the weights of the best epoch by validation loss.
type Result struct {
	History  []Epoch
	Best     Epoch
	Tokens   int
	Borrowed int // training CVs without a mismatch of their own, whose mismatches were all borrowed from other CVs
}

// loop is where a training that was interrupted goes on.
type loop struct {
	Random  []byte  // state of the random numbers at the beginning of the epoch
	Done    int     // batches of the epoch
	Sum     float64 // of their losses
	Step    int
	Total   int // steps planned, counted on the first epoch's batches
	Epochs  int // planned
	Tokens  int
	History []Epoch
}

// Run trains u, a model with a scalar head that usually starts from the fine-tuned writer, and leaves the best epoch's
// weights in it; on an error or a cancelled context, too, u holds the best weights so far. With a checkpoint it goes on where an
// interrupted call with the same arguments stopped, and ends with the same bits as one that was not.
func Run(ctx context.Context, backend compute.Backend, c Config, u *lm.Weights, train, valid []Candidates, seed uint64, checkpoint *lm.Checkpoint, progress lm.Progress) (*Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	source := rand.NewPCG(seed, 0x726d) // "rm"
	rng := rand.New(source)
	r := &Result{}
	for _, cand := range train {
		if len(cand.Matched) > 0 && len(cand.Mismatched) == 0 {
			r.Borrowed++
		}
	}
	held := AllPairs(valid)
	trainer, err := lm.NewTrainer(backend, u, lm.AdamConfig{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: c.WeightDecay, ClipNorm: c.ClipNorm}, func(a []*Node) (*Node, []*Node) {
		return Loss(u, a[0], a[1], a[2], a[3], a[4]), nil
	})
	if err != nil {
		return nil, err
	}
	scorer, err := NewScorer(backend, u)
	if err != nil {
		return nil, err
	}
	best, err := u.Snapshot()
	if err != nil {
		return nil, err
	}
	at := &loop{}
	state := lm.State{Loop: at, Trainers: map[string]*lm.Trainer{"reward": trainer}}
	resumed, err := checkpoint.Load(&state)
	if err != nil {
		return nil, err
	}
	if resumed {
		best = state.Best
		if err := source.UnmarshalBinary(at.Random); err != nil {
			return nil, fmt.Errorf("reward: checkpoint: %w", err)
		}
	}
	r.resume(at.History)
	for epoch := len(at.History) + 1; at.Epochs == 0 || epoch <= at.Epochs; epoch++ {
		if at.Random, err = source.MarshalBinary(); err != nil {
			return nil, fmt.Errorf("reward: %w", err)
		}
		batches := draw(train, c, rng)
		if at.Epochs == 0 {
			if len(batches) == 0 || len(held) == 0 {
				return nil, fmt.Errorf("reward: needs CVs with a matched and a mismatched JD in training and validation, got %d batches and %d pairs", len(batches), len(held))
			}
			at.Epochs = lm.Epochs(c.Epochs, c.MinSteps, len(batches))
			at.Total = len(batches) * at.Epochs
		}
		for _, b := range batches[at.Done:] {
			if err := ctx.Err(); err != nil {
				state.Best = best
				return r, u.RestoreAfter(best, errors.Join(err, checkpoint.Save(state)))
			}
			args, err := b.args(c.BatchRows)
			if err != nil {
				return r, u.RestoreAfter(best, err)
			}
			out, err := trainer.Step(lm.CosineRate(c.LearningRate, at.Step, c.Warmup, at.Total), args...)
			if err != nil {
				return r, u.RestoreAfter(best, fmt.Errorf("reward: epoch %d: %w", epoch, err))
			}
			for _, q := range b.seqs {
				at.Tokens += q.Len()
			}
			at.Sum += out.Loss
			at.Step++
			at.Done++
			progress.At(at.Step, max(at.Step, at.Total), fmt.Sprintf("epoch %d, loss %.3f, best validation accuracy %.3f", epoch, out.Loss, r.Best.Valid.Accuracy))
			if checkpoint.Due() {
				state.Best = best
				if err := checkpoint.Save(state); err != nil {
					return r, u.RestoreAfter(best, err)
				}
			}
		}
		metrics, err := Evaluate(ctx, scorer, held)
		if err == nil && !(metrics.Loss < math.Inf(1)) {
			err = fmt.Errorf("reward: epoch %d: training diverged: validation loss %g", epoch, metrics.Loss)
		}
		if err != nil {
			return r, u.RestoreAfter(best, err)
		}
		at.History = append(at.History, Epoch{epoch, at.Sum / float64(len(batches)), metrics})
		at.Sum, at.Done = 0, 0
		r.resume(at.History)
		r.Tokens = at.Tokens
		if r.Best.Epoch == epoch {
			if best, err = u.Snapshot(); err != nil {
				return nil, err
			}
		} else if epoch-r.Best.Epoch >= c.Patience {
			break
		}
	}
	return r, u.Restore(best)
}

// resume takes over the epochs that are done.
func (r *Result) resume(history []Epoch) {
	r.History, r.Best = history, Epoch{}
	r.Best.Valid.Loss = math.Inf(1)
	for _, e := range history {
		if e.Valid.Loss < r.Best.Valid.Loss {
			r.Best = e
		}
	}
}

// Loss is the weighted mean of −log σ(U⁺ − U⁻) over pairs of rows, computed as softplus so that no margin overflows:
// tokens [B,T], index [N ≥ B] of last tokens, chosen and rejected [P] row numbers, weight [P] → [].
func Loss(u *lm.Weights, tokens, index, chosen, rejected, weight *Node) *Node {
	scores := u.Score(u.HiddenAt(tokens, index))
	margin := Sub(Gather(scores, ExpandAxes(rejected, -1)), Gather(scores, ExpandAxes(chosen, -1)))
	return Div(ReduceAllSum(Mul(Softplus(margin), weight)), ReduceAllSum(weight))
}
