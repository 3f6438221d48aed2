// Package reward trains the reward model U(C, J) that stands in for recruiters (stage 2 of GIRL): matched JDs of a CV must
// score above its mismatched ones, by −log σ(U(C,J⁺) − U(C,J⁻)).
package reward

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"genjobrec/girl/lm"
)

// Config holds the hyper-parameters of reward modelling; all are our own choice, made on validation loss.
type Config struct {
	Epochs       int     `default:"6" min:"1" max:"1000" doc:"most passes; in each, every matched JD meets sampled mismatches"`
	LearningRate float64 `default:"0.0005" min:"1e-7" max:"1" doc:"peak learning rate of Adam"`
	Warmup       int     `default:"20" min:"0" max:"100000" doc:"steps of linear warm-up"`
	WeightDecay  float64 `default:"0.05" min:"0" max:"1" doc:"decoupled weight decay"`
	ClipNorm     float64 `default:"1" min:"0" max:"1000" doc:"largest global gradient norm, 0 for no clipping"`
	BatchPairs   int     `default:"16" min:"1" max:"4096" doc:"(matched, mismatched) pairs a step"`
	Patience     int     `default:"2" min:"1" max:"1000" doc:"epochs without a better validation loss before stopping"`
	Mismatches   int     `default:"1" min:"1" max:"64" doc:"own mismatches a matched JD meets in an epoch"`
	Random       int     `default:"1" min:"0" max:"64" doc:"mismatches of other CVs a matched JD also meets in an epoch"`
}

// Candidates are the JDs of one CV by the recruiters' verdict, as sequences with the CV as prompt.
type Candidates struct {
	Prompt     []int32
	Matched    [][]int32
	Mismatched [][]int32
}

// Comparison is one training or evaluation pair: the prompt with a matched and a mismatched response.
type Comparison struct {
	Chosen, Rejected lm.Sequence
}

// Metrics are the held-out figures of a reward model.
type Metrics struct {
	Pairs        int     `json:"pairs"`
	Accuracy     float64 `json:"accuracy"`      // share of pairs with U(C,J⁺) > U(C,J⁻), ties count half
	Loss         float64 `json:"loss"`          // mean of −log σ(margin), nats
	ChosenMean   float64 `json:"chosen_mean"`   // mean U of matched JDs
	RejectedMean float64 `json:"rejected_mean"` // mean U of mismatched JDs
	Calibration  float64 `json:"calibration"`   // mean predicted accuracy σ(|margin|) minus accuracy: 0 is calibrated, above is over-confident
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

// Run trains u, a model with a scalar head that usually starts from the fine-tuned writer, and leaves the best epoch's
// weights in it.
func Run(ctx context.Context, backend compute.Backend, c Config, u *lm.Weights, train, valid []Candidates, seed uint64, progress lm.Progress) (*Result, error) {
	rng := rand.New(rand.NewPCG(seed, 0x726d)) // "rm"
	r := &Result{}
	for _, cand := range train {
		if len(cand.Matched) > 0 && len(cand.Mismatched) == 0 {
			r.Borrowed++
		}
	}
	held := AllPairs(valid)
	first := draw(train, c, rng)
	if len(first) == 0 || len(held) == 0 {
		return nil, fmt.Errorf("reward: needs CVs with a matched and a mismatched JD in training and validation, got %d and %d pairs", len(first), len(held))
	}
	trainer, err := lm.NewTrainer(backend, u, lm.AdamConfig{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: c.WeightDecay, ClipNorm: c.ClipNorm}, func(a []*Node) (*Node, []*Node) {
		return Loss(u, a[0], a[1], a[2], c.BatchPairs), nil
	})
	if err != nil {
		return nil, err
	}
	scorer, err := NewScorer(backend, u)
	if err != nil {
		return nil, err
	}
	steps := (len(first) + c.BatchPairs - 1) / c.BatchPairs
	total, step := steps*c.Epochs, 0
	best, err := u.Snapshot()
	if err != nil {
		return nil, err
	}
	r.Best.Valid.Loss = math.Inf(1)
	for epoch := 1; epoch <= c.Epochs; epoch++ {
		pairs := first
		if epoch > 1 {
			pairs = draw(train, c, rng)
		}
		sum := 0.0
		for from := 0; from < len(pairs); from += c.BatchPairs {
			if err := ctx.Err(); err != nil {
				return r, u.RestoreAfter(best, err)
			}
			out, err := trainStep(trainer, pairs[from:min(from+c.BatchPairs, len(pairs))], c, lm.CosineRate(c.LearningRate, step, c.Warmup, total), r)
			if err != nil {
				return r, u.RestoreAfter(best, fmt.Errorf("reward: epoch %d: %w", epoch, err))
			}
			sum += out.Loss
			step++
			progress.At(step, total, fmt.Sprintf("epoch %d, loss %.3f, best validation accuracy %.3f", epoch, out.Loss, r.Best.Valid.Accuracy))
		}
		metrics, err := Evaluate(ctx, scorer, held)
		if err != nil {
			return r, u.RestoreAfter(best, err)
		}
		e := Epoch{epoch, sum / float64(steps), metrics}
		r.History = append(r.History, e)
		if metrics.Loss < r.Best.Valid.Loss {
			r.Best = e
			if best, err = u.Snapshot(); err != nil {
				return nil, err
			}
		} else if epoch-r.Best.Epoch >= c.Patience {
			break
		}
	}
	return r, u.Restore(best)
}

// trainStep packs chosen sequences in the first half of the batch and rejected ones in the second.
func trainStep(trainer *lm.Trainer, pairs []Comparison, c Config, rate float64, r *Result) (lm.StepResult, error) {
	seqs := make([]lm.Sequence, 2*c.BatchPairs)
	mask := make([]float32, c.BatchPairs)
	for i := range c.BatchPairs {
		p := pairs[min(i, len(pairs)-1)] // the last batch repeats a pair, with weight 0
		seqs[i], seqs[c.BatchPairs+i] = p.Chosen, p.Rejected
		if i < len(pairs) {
			mask[i] = 1
			r.Tokens += p.Chosen.Len() + p.Rejected.Len()
		}
	}
	batch, err := lm.Pack(seqs, len(seqs), lm.LastToken)
	if err != nil {
		return lm.StepResult{}, err
	}
	tokens, index, _, _ := batch.Args()
	return trainer.Step(rate, tokens, index, mask)
}

// Loss is the mean of −log σ(U⁺ − U⁻) over weighted pairs, computed as softplus so that no margin overflows:
// tokens [2P,T] with chosen rows first, index [N ≥ 2P], mask [P] → [].
func Loss(u *lm.Weights, tokens, index, mask *Node, pairs int) *Node {
	mask.AssertDims(pairs)
	scores := u.Score(lm.Select(u.Hidden(tokens), index))
	chosen := SliceAxis(scores, 0, AxisRange(0, pairs))
	rejected := SliceAxis(scores, 0, AxisRange(pairs, 2*pairs))
	return Div(ReduceAllSum(Mul(Softplus(Sub(rejected, chosen)), mask)), ReduceAllSum(mask))
}

// draw makes an epoch's pairs: each matched JD against sampled mismatches of its own CV and of others.
func draw(all []Candidates, c Config, rng *rand.Rand) []Comparison {
	var pairs []Comparison
	for i, cand := range all {
		for _, m := range cand.Matched {
			chosen := lm.Sequence{Prompt: cand.Prompt, Response: m}
			add := func(mismatch []int32) {
				pairs = append(pairs, Comparison{chosen, lm.Sequence{Prompt: cand.Prompt, Response: mismatch}})
			}
			own := min(c.Mismatches, len(cand.Mismatched))
			for _, j := range rng.Perm(len(cand.Mismatched))[:own] {
				add(cand.Mismatched[j])
			}
			borrowed := c.Random
			if own == 0 {
				borrowed += c.Mismatches
			}
			for range borrowed {
				if other := borrow(all, i, rng); other != nil {
					add(other)
				}
			}
		}
	}
	rng.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	return pairs
}

// borrow samples a JD of another CV that is not one of CV i's own matches.
func borrow(all []Candidates, i int, rng *rand.Rand) []int32 {
	for range 20 {
		other := all[rng.IntN(len(all))]
		n := len(other.Matched) + len(other.Mismatched)
		if n == 0 {
			continue
		}
		jd := pickJD(other, rng.IntN(n))
		if !contains(all[i].Matched, jd) {
			return jd
		}
	}
	return nil
}

func pickJD(c Candidates, n int) []int32 {
	if n < len(c.Matched) {
		return c.Matched[n]
	}
	return c.Mismatched[n-len(c.Matched)]
}

func contains(list [][]int32, x []int32) bool {
	for _, y := range list {
		if string32(y) == string32(x) {
			return true
		}
	}
	return false
}
