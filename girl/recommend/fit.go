package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
)

// task is what one member is trained on.
type task struct {
	view         *view
	moments      Moments
	sharpening   []float32 // [D]
	train, valid []int     // query numbers
	trial        Trial
	seed         uint64 // of its initial weights
	order        uint64 // of its minibatches
}

// fitted is a member at its best validation.
type fitted struct {
	weights  map[string][]float32
	logLoss  float64   // on the validation pairs
	bestStep int       // the step it was best at
	valid    []float64 // logits of the validation pairs then
}

// fit trains the members of an architecture side by side, each on its own task, and returns each at its best validation.
func fit(ctx context.Context, backend compute.Backend, c Config, a arch, tasks []task, labels []int, seed uint64) ([]fitted, error) {
	initial := make([]map[string][]float32, len(tasks))
	pairs := c.BatchPairs
	held := make([][]int, len(tasks))
	for m, t := range tasks {
		initial[m] = a.initial(t.seed)
		pairs = min(pairs, len(t.train))
		held[m] = t.valid
	}
	n, err := newNetwork(backend, a, initial, tasks)
	if err != nil {
		return nil, err
	}
	defer n.close()
	validation, err := n.prepare(ctx, tasks, held)
	if err != nil {
		return nil, err
	}
	decks := make([]*deck, len(tasks))
	for m, t := range tasks {
		decks[m] = newDeck(t.train, t.order)
	}
	best := make([]fitted, len(tasks))
	for m := range best {
		best[m].logLoss = math.Inf(1)
	}
	b, noise := newBatch(a, pairs, true), make([]*corruption, len(tasks))
	for m, t := range tasks {
		noise[m] = newCorruption(t.trial, c.DropGenerated, t.order+seed)
	}
	args := b.tensors()
	defer finalize(args)
	for step := 1; step <= c.MaxSteps; step++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n.each(func(m int) {
			b.fill(m, &tasks[m], decks[m].draw(pairs), labels, noise[m])
			b.mask(m, noise[m])
		})
		if err := b.refresh(args); err != nil {
			return nil, err
		}
		y := tensors.FromFlatDataAndDimensions(b.y, len(tasks), pairs)
		outs, err := n.train.Call(append([]any{y}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("recommend: %s step %d: %w", Key{a.model, a.predictor}, step, err)
		}
		losses, err := tensors.CopyFlatData[float32](outs[0])
		if err != nil {
			return nil, fmt.Errorf("recommend: training: %w", err)
		}
		outs[0].MustFinalizeAll()
		for m, l := range losses {
			if math.IsNaN(float64(l)) || math.IsInf(float64(l), 0) {
				return nil, fmt.Errorf("recommend: %s: the loss is %v at step %d with %+v; the usual cause is too high a learning rate", Key{a.model, a.predictor}, l, step, tasks[m].trial)
			}
		}
		if step%c.EvalEvery != 0 && step != c.MaxSteps {
			continue
		}
		logits, err := n.score(ctx, validation)
		if err != nil {
			return nil, err
		}
		latest := 0
		for m := range tasks {
			if l := logLoss(logits[m], held[m], labels); l < best[m].logLoss {
				w, err := n.member(m)
				if err != nil {
					return nil, err
				}
				best[m] = fitted{weights: w, logLoss: l, bestStep: step, valid: logits[m]}
			}
			latest = max(latest, best[m].bestStep)
		}
		if step-latest >= c.Patience*c.EvalEvery {
			break
		}
	}
	for m := range best {
		if best[m].weights == nil {
			return nil, errors.New("recommend: the validation LogLoss was never finite")
		}
	}
	return best, nil
}

// logLoss is the mean of max(l,0) - l·y + ln(1+e^-|l|) over the listed queries, in nats.
func logLoss(logits []float64, list []int, labels []int) float64 {
	var sum float64
	for i, q := range list {
		l := logits[i]
		sum += max(l, 0) - l*float64(labels[q]) + math.Log1p(math.Exp(-math.Abs(l)))
	}
	return sum / float64(len(list))
}

// deck deals a list in random order, over and over.
type deck struct {
	cards, hand []int
	next        int
	rng         *rand.Rand
}

func newDeck(list []int, seed uint64) *deck {
	return &deck{cards: slices.Clone(list), next: len(list), rng: rand.New(rand.NewPCG(seed, 0xda942042e4dd58b5))}
}

// draw takes n cards, valid until the next draw.
func (d *deck) draw(n int) []int {
	d.hand = d.hand[:0]
	for range n {
		if d.next >= len(d.cards) {
			d.rng.Shuffle(len(d.cards), func(i, j int) { d.cards[i], d.cards[j] = d.cards[j], d.cards[i] })
			d.next = 0
		}
		d.hand = append(d.hand, d.cards[d.next])
		d.next++
	}
	return d.hand
}
