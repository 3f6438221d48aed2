package lm

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// slotLayout is the shape of what a batch of prompts under way keeps: the keys and values of prompts, [S,B,nE,T] and [S,B,T,nE] for B bundles of
// n groups of heads of width E, and of their responses, [S,K,B,nE,R] and [S,K,B,R,nE], for each layer and in parts of S slots.
//
// The columns of the responses are a ring: every slot writes its step's key and value into the same one, whenever it began.
type slotLayout struct {
	slots, samples int // P, a multiple of parts, and K
	parts, perPart int // and S
	t, r           int
}

// Sizes of caches are rounded up to these, so that few shapes are compiled.
const (
	promptStep = 32
	ringStep   = 32
)

// smallProduct is how many multiplications the backend does at most with its kernel for small matrix products, which reads caches
// where they lie; the one for large products copies them first. Parts keep the products of a step below it.
const smallProduct = 4 << 20

// maxParts bounds the size of the graph.
const maxParts = 16

func newLayout(c Config, slots, samples, t, r int) slotLayout {
	bundles, _ := c.bundles()
	m, width := c.Heads/bundles, c.kvHeads()*c.headDim()
	one := width * max(samples*roundUp(m, rowTile)*r, roundUp(samples*m, rowTile)*t) // multiplications of a slot
	perPart := min(slots, max(1, (smallProduct-1)/one))
	parts := min(maxParts, (slots+perPart-1)/perPart)
	perPart = (slots + parts - 1) / parts
	return slotLayout{slots: parts * perPart, samples: samples, parts: parts, perPart: perPart, t: t, r: r}
}

// slot is where one prompt's responses are drawn.
type slot struct {
	prompt  int // index, or -1: free
	age     int // tokens that each response has
	running int // responses that have not ended
	random  []*rand.Rand
}

// batch is one call of Sample.
type batch struct {
	*Sampler
	prompts [][]int32
	seeds   []uint64
	out     [][]Sample
	waiting []int // prompts, the longest first

	layout slotLayout
	slot   []slot
	steps  int               // of all calls so far; modulo R, the column to fill next
	hidden []float32         // [P·K,D]
	cache  []*tensors.Tensor // of each layer and part, in turn: the prompts' keys and values
	ring   []*tensors.Tensor // likewise, of responses
}

func newBatch(s *Sampler, prompts [][]int32, seeds []uint64) *batch {
	b := &batch{Sampler: s, prompts: prompts, seeds: seeds, out: make([][]Sample, len(prompts)), waiting: make([]int, len(prompts))}
	for i := range prompts {
		b.waiting[i] = i
	}
	// The longest first: the caches need not grow for later ones.
	slices.SortStableFunc(b.waiting, func(i, j int) int { return cmp.Compare(len(prompts[j]), len(prompts[i])) })
	return b
}

func (b *batch) release() {
	finalize(b.cache)
	finalize(b.ring)
}

// active counts the slots that are taken, the longest prompt and the greatest age in them.
func (b *batch) active() (slots, longest, oldest int) {
	for _, s := range b.slot {
		if s.prompt >= 0 {
			slots++
			longest, oldest = max(longest, len(b.prompts[s.prompt])), max(oldest, s.age)
		}
	}
	return slots, longest, oldest
}

// admit lets waiting prompts into free slots, unless too few are free for it to be worth a call, and fits the caches to the slots.
func (b *batch) admit() error {
	most := b.c.BatchRows / b.c.Samples
	taken, longest, oldest := b.active()
	entering := min(most-taken, len(b.waiting))
	if taken > 0 && entering < min((most+7)/8, len(b.waiting)) {
		entering = 0
	}
	if entering > 0 {
		longest = max(longest, len(b.prompts[b.waiting[0]]))
	}
	size := most
	for half := (size + 1) / 2; half < size && half >= taken+entering; half = (size + 1) / 2 {
		size = half
	}
	// A ring is at most as long as responses may be, rounded up to whole vectors of the kernels.
	r := min(roundUp(oldest+stepsPerCall, ringStep), roundUp(b.c.MaxNew, lengthStep))
	want := newLayout(b.w.Config, size, b.c.Samples, roundUp(longest, promptStep), r)
	if smaller := want.slots < b.layout.slots || want.t != b.layout.t; smaller && entering+taken > 0 || want.slots > b.layout.slots || want.r > b.layout.r {
		if err := b.move(want); err != nil {
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

// enter encodes prompts and puts them into free slots.
func (b *batch) enter(prompts []int) error {
	rows := b.layout.slots
	for half := (rows + 1) / 2; half < rows && half >= len(prompts); half = (rows + 1) / 2 {
		rows = half
	}
	t := b.layout.t
	tokens, lengths := make([]int32, rows*t), make([]int32, rows)
	for i := range lengths {
		lengths[i] = 1 // of a dummy prompt
	}
	for i, p := range prompts {
		copy(tokens[i*t:], b.prompts[p])
		lengths[i] = int32(len(b.prompts[p]))
	}
	outs, err := b.encode.Call(tensors.FromFlatDataAndDimensions(tokens, rows, t), tensors.FromFlatDataAndDimensions(lengths, rows))
	if err != nil {
		return err
	}
	defer finalize(outs)
	hidden, err := tensors.CopyFlatData[float32](outs[0])
	if err != nil {
		return err
	}
	at := make([]int, len(prompts)) // slots
	next, d := 0, b.w.Config.Dim
	for i, p := range prompts {
		for b.slot[next].prompt >= 0 {
			next++
		}
		at[i] = next
		b.slot[next] = b.begin(p)
		for k := range b.c.Samples {
			copy(b.hidden[(next*b.c.Samples+k)*d:], hidden[i*d:(i+1)*d])
		}
	}
	size := b.w.Config.kvHeads() * b.w.Config.headDim() * t // of a prompt's keys, and of its values
	for l := range b.w.Config.Layers {
		for kind := range 2 {
			var failed error
			err := tensors.ConstFlatData(outs[1+2*l+kind], func(from []float32) {
				for i, slot := range at {
					into := b.cache[b.tensor(l, slot, kind)]
					failed = cmp.Or(failed, tensors.MutableFlatData(into, func(to []float32) {
						copy(to[slot%b.layout.perPart*size:], from[i*size:(i+1)*size])
					}))
				}
			})
			if err := cmp.Or(err, failed); err != nil {
				return err
			}
		}
	}
	return nil
}

// tensor is the place in cache and ring of a layer's keys (kind 0) or values (1) of the part that holds a slot.
func (b *batch) tensor(l, slot, kind int) int {
	return 2*(l*b.layout.parts+slot/b.layout.perPart) + kind
}

// begin makes a slot for a prompt.
func (b *batch) begin(prompt int) slot {
	k := b.c.Samples
	s := slot{prompt: prompt, running: k, random: make([]*rand.Rand, k)}
	for j := range s.random {
		s.random[j] = rand.New(rand.NewPCG(b.seeds[prompt], uint64(j)))
	}
	b.out[prompt] = make([]Sample, k)
	return s
}

// advance draws the next tokens of all slots, and tells how many prompts that finished.
func (b *batch) advance() (finished int, err error) {
	k, rows := b.c.Samples, b.layout.slots*b.c.Samples
	lengths, ages, left := make([]int32, b.layout.slots), make([]int32, b.layout.slots), make([]int32, rows)
	uniforms := make([]float32, stepsPerCall*rows)
	for i, s := range b.slot {
		lengths[i], ages[i] = 1, int32(s.age)
		if s.prompt >= 0 {
			lengths[i] = int32(len(b.prompts[s.prompt]))
		}
		for j := range k {
			row := i*k + j
			if s.prompt < 0 || b.c.complete(b.out[s.prompt][j]) {
				continue
			}
			left[row] = int32(b.c.MaxNew - s.age)
			for n := range stepsPerCall {
				uniforms[n*rows+row] = s.random[j].Float32()
			}
		}
	}
	args := []any{tensors.FromFlatDataAndDimensions(lengths, len(lengths)), tensors.FromFlatDataAndDimensions(ages, len(ages)),
		int32(b.steps % b.layout.r), tensors.FromFlatDataAndDimensions(b.hidden, rows, b.w.Config.Dim),
		tensors.FromFlatDataAndDimensions(left, rows), tensors.FromFlatDataAndDimensions(uniforms, stepsPerCall, rows)}
	for _, t := range b.cache {
		args = append(args, t)
	}
	for _, t := range b.ring {
		donated, err := graph.DonateTensorBuffer(t, b.backend, 0)
		if err != nil {
			return 0, err
		}
		args = append(args, donated)
	}
	b.ring = nil
	outs, err := b.Sampler.advance.Call(args...)
	if err != nil {
		return 0, err
	}
	defer finalize(outs[:4])
	b.ring = outs[4:]
	steps := int(tensors.ToScalar[int32](outs[0]))
	tokens, err := tensors.CopyFlatData[int32](outs[1])
	if err != nil {
		return 0, err
	}
	logProbs, err := tensors.CopyFlatData[float32](outs[2])
	if err != nil {
		return 0, err
	}
	if b.hidden, err = tensors.CopyFlatData[float32](outs[3]); err != nil {
		return 0, err
	}
	for i := range b.slot {
		s := &b.slot[i]
		if s.prompt < 0 {
			continue
		}
		n := min(steps, b.c.MaxNew-s.age)
		for j := range k {
			row := (i*k + j) * stepsPerCall
			if r := &b.out[s.prompt][j]; !b.c.complete(*r) {
				r.extend(tokens[row:row+n], logProbs[row:row+n], b.c.EOS)
				if b.c.complete(*r) {
					s.running--
				}
			}
		}
		s.age += steps
		if s.running == 0 {
			s.prompt = -1
			finished++
		}
	}
	b.steps += steps
	return finished, nil
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
