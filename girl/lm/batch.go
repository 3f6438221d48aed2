package lm

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
)

// Sequence is a prompt and the response that follows it, as tokens.
type Sequence struct {
	Prompt   []int32
	Response []int32
}

// Len counts prompt and response.
func (s Sequence) Len() int { return len(s.Prompt) + len(s.Response) }

func (s Sequence) at(i int) int32 {
	if i < len(s.Prompt) {
		return s.Prompt[i]
	}
	return s.Response[i-len(s.Prompt)]
}

// Positions says which positions of a sequence a batch selects.
type Positions int

const (
	// Responses selects, for every response token, the position before it: where it is predicted and valued.
	Responses Positions = iota
	// LastToken selects each sequence's last real token: where a reward model reads its score.
	LastToken
)

// Batch is a right-padded block of sequences with a flat list of selected positions. Per-token numbers
// (log-probabilities, advantages, returns) live in arrays of length N in the same order, row by row, so that
// padding never enters a mean.
type Batch struct {
	Rows, T, N int       // padded sizes
	Count      int       // real selected positions: the first Count of N
	Tokens     []int32   // [Rows·T]
	Index      []int32   // [N], flat b·T+t
	Target     []int32   // [N], the token at position t+1; 0 at a sequence's last token
	Mask       []float32 // [N], the weight of each position; 0 for padding
	Offsets    []int     // row r's selected positions are Offsets[r] to Offsets[r+1]
}

// Sizes are rounded up to these so that few shapes are compiled.
const (
	lengthStep = 16
	countStep  = 64
)

// roundUp gives the multiple of step at or above n, at least one step: no block and no list is ever empty.
func roundUp(n, step int) int { return max(1, (n+step-1)/step) * step }

// Pack lays sequences out in rows (at least len(seqs); the surplus is dummy rows) with the selected positions, each of
// weight 1. N is rounded to few sizes.
func Pack(seqs []Sequence, rows int, which Positions) (*Batch, error) {
	return pack(seqs, rows, 1, func(s Sequence) (from, to int) {
		if which == LastToken {
			return s.Len() - 1, s.Len()
		}
		return len(s.Prompt) - 1, s.Len() - 1 // positions whose next token is a response token
	})
}

// PackWeighted selects every position that has a next token: response tokens with weight 1 in Mask, prompt tokens with
// promptWeight.
func PackWeighted(seqs []Sequence, rows int, promptWeight float32) (*Batch, error) {
	return pack(seqs, rows, promptWeight, func(s Sequence) (from, to int) { return 0, s.Len() - 1 })
}

func pack(seqs []Sequence, rows int, promptWeight float32, span func(Sequence) (from, to int)) (*Batch, error) {
	if len(seqs) > rows || len(seqs) == 0 {
		return nil, fmt.Errorf("lm: %d sequences do not fit a batch of %d rows", len(seqs), rows)
	}
	longest, count := 0, 0
	for i, s := range seqs {
		if len(s.Prompt) == 0 {
			return nil, fmt.Errorf("lm: sequence %d has an empty prompt: its first response token has nothing to be predicted from", i)
		}
		longest = max(longest, s.Len())
		from, to := span(s)
		count += to - from
	}
	b := &Batch{Rows: rows, T: roundUp(longest, lengthStep), N: roundUp(count, countStep), Count: count, Offsets: make([]int, 1, len(seqs)+1)}
	b.Tokens = make([]int32, rows*b.T)
	b.Index = make([]int32, b.N)
	b.Target = make([]int32, b.N)
	b.Mask = make([]float32, b.N)
	n := 0
	for r, s := range seqs {
		copy(b.Tokens[r*b.T:], s.Prompt)
		copy(b.Tokens[r*b.T+len(s.Prompt):], s.Response)
		from, to := span(s)
		for t := from; t < to; t++ {
			b.Index[n] = int32(r*b.T + t)
			if t+1 < s.Len() {
				b.Target[n] = s.at(t + 1)
			}
			b.Mask[n] = 1
			if t+1 < len(s.Prompt) {
				b.Mask[n] = promptWeight
			}
			n++
		}
		b.Offsets = append(b.Offsets, n)
	}
	return b, nil
}

// Args are the tensors that the graphs of this package take: tokens [Rows,T], index [N], target [N], mask [N].
func (b *Batch) Args() (tokens, index, target, mask *tensors.Tensor) {
	return tensors.FromFlatDataAndDimensions(b.Tokens, b.Rows, b.T),
		tensors.FromFlatDataAndDimensions(b.Index, b.N),
		tensors.FromFlatDataAndDimensions(b.Target, b.N),
		tensors.FromFlatDataAndDimensions(b.Mask, b.N)
}

// Flatten lays out per-token numbers of each row, in Pack's order, padded with zeros to N.
func (b *Batch) Flatten(rows [][]float32) (*tensors.Tensor, error) {
	if want := len(b.Offsets) - 1; len(rows) != want {
		return nil, fmt.Errorf("lm: %d rows of numbers for %d sequences", len(rows), want)
	}
	flat := make([]float32, b.N)
	for r, row := range rows {
		if n := b.Offsets[r+1] - b.Offsets[r]; len(row) != n {
			return nil, fmt.Errorf("lm: row %d has %d numbers for %d positions", r, len(row), n)
		}
		copy(flat[b.Offsets[r]:], row)
	}
	return tensors.FromFlatDataAndDimensions(flat, b.N), nil
}

// Unflatten cuts flat [N] back into the rows that were packed.
func (b *Batch) Unflatten(flat []float32) [][]float32 {
	rows := make([][]float32, len(b.Offsets)-1)
	for r := range rows {
		rows[r] = append([]float32(nil), flat[b.Offsets[r]:b.Offsets[r+1]]...)
	}
	return rows
}
