package lm

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Progress hears how far a long stage is: done of total steps and a short note of its current numbers. A nil Progress
// is silent.
type Progress func(done, total int, note string)

// At reports, if anyone listens.
func (p Progress) At(done, total int, note string) {
	if p != nil {
		p(done, total, note)
	}
}

// CosineRate is the learning rate of a step: linear warm-up over the first steps, then half a cosine down to a tenth of
// the peak (Loshchilov and Hutter 2017).
func CosineRate(peak float64, step, warmup, total int) float64 {
	if step < warmup {
		return peak * float64(step+1) / float64(warmup)
	}
	x := min(1, float64(step-warmup)/float64(max(1, total-warmup)))
	return peak * (0.1 + 0.9*0.5*(1+math.Cos(math.Pi*x)))
}

// LinearRate decays linearly from the peak at step 0 to 0 at total.
func LinearRate(peak float64, step, total int) float64 {
	return peak * max(0, 1-float64(step)/float64(total))
}

// Epochs is how many passes of perEpoch steps to make: as many as asked for, or more where those are fewer than minSteps.
func Epochs(asked, minSteps, perEpoch int) int {
	return max(asked, (minSteps+perEpoch-1)/perEpoch)
}

// BatchPlan is the rows of one batch, as indices into the caller's sequences, and how many rows to pad it to.
type BatchPlan struct {
	Index []int
	Rows  int
}

// PlanBatches groups sequences of similar length under a budget of tokens a batch, padding included, instead of padding
// all to the longest. The grouping is reshuffled by rng; rows of one padded length always form batches of one size,
// so that few shapes are compiled.
func PlanBatches(lengths []int, budget int, rng *rand.Rand) []BatchPlan {
	order := rng.Perm(len(lengths))
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(roundUp(lengths[a], lengthStep), roundUp(lengths[b], lengthStep))
	})
	var plans []BatchPlan
	for from := 0; from < len(order); {
		t := roundUp(lengths[order[from]], lengthStep)
		rows := max(1, budget/t)
		to := from
		for to < len(order) && to-from < rows && roundUp(lengths[order[to]], lengthStep) == t {
			to++
		}
		plans = append(plans, BatchPlan{Index: order[from:to], Rows: rows})
		from = to
	}
	rng.Shuffle(len(plans), func(i, j int) { plans[i], plans[j] = plans[j], plans[i] })
	return plans
}
