package lm

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// slot is where one prompt's responses are drawn.
type slot struct {
	prompt  int // index, or -1: free
	age     int // tokens that each response has
	running int // responses that have not ended
	random  []*rand.Rand
}

// slotBatch is one call of Sample.
type slotBatch struct {
	*Sampler
	prompts [][]int32
	seeds   []uint64
	out     [][]Sample
	waiting []int // prompts, the longest first

	layout slotLayout
	slots  []slot
	steps  int               // of all calls so far; modulo R, the column to fill next
	hidden []float32         // [P·K,D], from which the next token is drawn
	cache  []*tensors.Tensor // keys and values of prompts, each at its place layout.at
	ring   []*tensors.Tensor // likewise, of responses
}

func newSlotBatch(s *Sampler, prompts [][]int32, seeds []uint64) *slotBatch {
	b := &slotBatch{Sampler: s, prompts: prompts, seeds: seeds, out: make([][]Sample, len(prompts)), waiting: make([]int, len(prompts))}
	for i := range prompts {
		b.waiting[i] = i
	}
	// The longest first: the caches need not grow for later ones.
	slices.SortStableFunc(b.waiting, func(i, j int) int { return cmp.Compare(len(prompts[j]), len(prompts[i])) })
	return b
}

func (b *slotBatch) release() {
	finalize(b.cache)
	finalize(b.ring)
}

// active counts the slots that are taken, the longest prompt and the greatest age in them.
func (b *slotBatch) active() (taken, longest, oldest int) {
	for _, s := range b.slots {
		if s.prompt >= 0 {
			taken++
			longest, oldest = max(longest, len(b.prompts[s.prompt])), max(oldest, s.age)
		}
	}
	return taken, longest, oldest
}

// admit lets waiting prompts into free slots, unless too few are free for it to be worth a call, and fits the caches to the slots.
func (b *slotBatch) admit() error {
	most := max(1, b.c.BatchRows/b.c.Samples)
	taken, longest, oldest := b.active()
	entering := min(most-taken, len(b.waiting))
	if taken > 0 && entering < min((most+7)/8, len(b.waiting)) {
		entering = 0
	}
	if entering > 0 {
		longest = max(longest, len(b.prompts[b.waiting[0]]))
	}
	if to := b.layout.fit(b.w.Config, b.small, b.c, taken+entering, longest, oldest+stepsPerCall); to != b.layout {
		if err := b.move(to); err != nil {
			return err
		}
	}
	if entering == 0 {
		return nil
	}
	err := b.enter(b.waiting[:entering])
	b.waiting = b.waiting[entering:]
	return err
}

// enter encodes prompts, the longest first, and puts them into free slots.
func (b *slotBatch) enter(prompts []int) error {
	rows, t := halved(b.layout.slots, len(prompts)), bucket(len(b.prompts[prompts[0]]))
	tokens, lengths := make([]int32, rows*t), make([]int32, rows)
	for i := range lengths {
		lengths[i] = 1 // of a dummy prompt
	}
	for i, p := range prompts {
		copy(tokens[i*t:], b.prompts[p])
		lengths[i] = int32(len(b.prompts[p]))
	}
	args := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(tokens, rows, t), tensors.FromFlatDataAndDimensions(lengths, rows)}
	defer finalize(args)
	outs, err := b.encoder.Call(args[0], args[1])
	if err != nil {
		return err
	}
	defer finalize(outs)
	hidden, err := tensors.CopyFlatData[float32](outs[0])
	if err != nil {
		return err
	}
	free := make([]int, 0, len(prompts)) // the slot of each
	for i := range b.slots {
		if b.slots[i].prompt < 0 && len(free) < len(prompts) {
			free = append(free, i)
		}
	}
	k, d := b.c.Samples, b.w.Config.Dim
	for i, at := range free {
		b.slots[at] = b.begin(prompts[i])
		for j := range k {
			copy(b.hidden[(at*k+j)*d:], hidden[i*d:(i+1)*d])
		}
	}
	for i := range 2 * b.w.Config.Layers {
		layer, kind := i/2, cacheKind(i%2)
		c := b.columns(kind, false, t, b.layout.t, []stretch{{0, 0, t}})
		var failed error
		err := tensors.ConstFlatData(outs[1+i], func(from []float32) {
			for row, at := range free {
				failed = cmp.Or(failed, c.copy(b.cache[b.layout.at(layer, at, kind)], at%b.layout.perPart, from, row))
			}
		})
		if err := cmp.Or(err, failed); err != nil {
			return err
		}
	}
	return nil
}

// begin makes a slot for a prompt.
func (b *slotBatch) begin(prompt int) slot {
	k := b.c.Samples
	s := slot{prompt: prompt, running: k, random: make([]*rand.Rand, k)}
	for j := range s.random {
		s.random[j] = rand.New(rand.NewPCG(b.seeds[prompt], uint64(j)))
	}
	b.out[prompt] = make([]Sample, k)
	return s
}

// complete says whether a response has ended, or is as long as may be.
func (c SampleConfig) complete(s Sample) bool { return s.Ended || len(s.Tokens) == c.MaxNew }

// extend appends tokens up to and including the first end-of-text token.
func (s *Sample) extend(tokens []int32, logProbs []float32, eos int32) {
	if i := slices.Index(tokens, eos); i >= 0 {
		tokens, logProbs, s.Ended = tokens[:i+1], logProbs[:i+1], true
	}
	s.Tokens, s.LogProbs = append(s.Tokens, tokens...), append(s.LogProbs, logProbs...)
}
