package lm

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Forward evaluates a model without training it: log-probabilities of responses for a writer, scalars at the
// selected positions for a critic or a reward model. It sees every update made to the weights.
type Forward struct {
	w     *Weights
	rows  int
	which Positions
	exec  *model.Exec
}

// NewLogProbs evaluates log π(token) of every response token under softmax(logits/temperature), rows sequences at a time.
func NewLogProbs(backend compute.Backend, w *Weights, temperature float64, rows int) (*Forward, error) {
	if w.Head != TokenHead {
		return nil, fmt.Errorf("lm: a model with a %s head has no log-probabilities", w.Head)
	}
	if !(temperature > 0) {
		return nil, fmt.Errorf("lm: log-probabilities need a temperature above 0, got %g", temperature)
	}
	return newForward(backend, w, rows, Responses, func(tokens, index, target *Node) *Node {
		w := w.forInference()
		return TokenLogProbs(w.Logits(w.HiddenAt(tokens, index)), target, temperature)
	})
}

// NewScores evaluates the scalar head at the given positions, rows sequences at a time.
func NewScores(backend compute.Backend, w *Weights, which Positions, rows int) (*Forward, error) {
	if w.Head != ScalarHead {
		return nil, fmt.Errorf("lm: a model with a %s head has no scores", w.Head)
	}
	return newForward(backend, w, rows, which, func(tokens, index, _ *Node) *Node {
		w := w.forInference()
		return w.Score(w.HiddenAt(tokens, index))
	})
}

func newForward(backend compute.Backend, w *Weights, rows int, which Positions, fn func(tokens, index, target *Node) *Node) (*Forward, error) {
	exec, err := model.NewExec(backend, w.Store, func(_ *model.Scope, tokens, index, target *Node) *Node {
		return fn(tokens, index, target)
	})
	if err != nil {
		return nil, fmt.Errorf("lm: forward: %w", err)
	}
	return &Forward{w: w, rows: rows, which: which, exec: exec.SetMaxCache(-1)}, nil
}

// Batch evaluates one packed batch: N numbers in the batch's flat order.
func (f *Forward) Batch(b *Batch) ([]float32, error) {
	if err := f.w.checkTokens(b.Tokens); err != nil {
		return nil, fmt.Errorf("lm: forward: %w", err)
	}
	tokens, index, target, _ := b.Args()
	outs, err := f.exec.Call(tokens, index, target)
	if err != nil {
		return nil, fmt.Errorf("lm: forward: %w", err)
	}
	defer finalize(outs)
	return tensors.CopyFlatData[float32](outs[0])
}

// All evaluates every sequence, batched by length, and returns one row of numbers a sequence in the order given.
func (f *Forward) All(ctx context.Context, seqs []Sequence) ([][]float32, error) {
	order := make([]int, len(seqs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(seqs[a].Len(), seqs[b].Len()) })
	out := make([][]float32, len(seqs))
	for from := 0; from < len(order); from += f.rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		batch := order[from:min(from+f.rows, len(order))]
		picked := make([]Sequence, len(batch))
		for i, o := range batch {
			picked[i] = seqs[o]
		}
		packed, err := Pack(picked, f.rows, f.which)
		if err != nil {
			return nil, err
		}
		flat, err := f.Batch(packed)
		if err != nil {
			return nil, err
		}
		for i, row := range packed.Unflatten(flat) {
			out[batch[i]] = row
		}
	}
	return out, nil
}
