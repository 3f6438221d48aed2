package lm

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Arguments of the graph of steps.
const (
	argLengths  = iota // [P] int32, of the prompts
	argAges            // [P] int32, tokens that each slot had drawn before
	argColumn          // [] int32, of the ring, that the first of these steps fills
	argHidden          // [P·K,D], from which the first token is drawn
	argLeft            // [P·K] int32, tokens that a row may still draw
	argUniforms        // [N,P·K] in [0,1), one a step
	argCaches          // the first of the prompts' keys and values; the responses' follow
)

// Results of the graph of steps.
const (
	outSteps    = iota // [] int32, steps taken, at most N
	outTokens          // [P·K,N] int32
	outLogProbs        // [P·K,N]
	outHidden          // [P·K,D]
	outRing            // the first of the responses' keys and values
)

// advance draws the next tokens of all slots, and tells how many prompts that finished.
func (b *slotBatch) advance() (finished int, err error) {
	steps, tokens, logProbs, err := b.call(b.arguments())
	if err != nil {
		return 0, err
	}
	b.steps += steps
	for i := range b.slots {
		s := &b.slots[i]
		if s.prompt < 0 {
			continue
		}
		drawn := min(steps, b.c.MaxNew-s.age)
		for j := range b.c.Samples {
			row := (i*b.c.Samples + j) * stepsPerCall
			if r := &b.out[s.prompt][j]; !b.c.complete(*r) {
				r.extend(tokens[row:row+drawn], logProbs[row:row+drawn], b.c.EOS)
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
	return finished, nil
}

// arguments are those before the caches. Free slots get a prompt of one token and nothing left to draw.
func (b *slotBatch) arguments() []*tensors.Tensor {
	k, rows := b.c.Samples, b.layout.slots*b.c.Samples
	lengths, ages, left := make([]int32, b.layout.slots), make([]int32, b.layout.slots), make([]int32, rows)
	uniforms := make([]float32, stepsPerCall*rows)
	for i, s := range b.slots {
		lengths[i], ages[i] = 1, int32(s.age)
		if s.prompt < 0 {
			continue
		}
		lengths[i] = int32(len(b.prompts[s.prompt]))
		for j := range k {
			row := i*k + j
			if b.c.complete(b.out[s.prompt][j]) {
				continue
			}
			left[row] = int32(b.c.MaxNew - s.age)
			for n := range stepsPerCall {
				uniforms[n*rows+row] = s.random[j].Float32()
			}
		}
	}
	return []*tensors.Tensor{
		argLengths:  tensors.FromFlatDataAndDimensions(lengths, len(lengths)),
		argAges:     tensors.FromFlatDataAndDimensions(ages, len(ages)),
		argColumn:   tensors.FromScalar(int32(b.steps % b.layout.r)),
		argHidden:   tensors.FromFlatDataAndDimensions(b.hidden, rows, b.w.Config.Dim),
		argLeft:     tensors.FromFlatDataAndDimensions(left, rows),
		argUniforms: tensors.FromFlatDataAndDimensions(uniforms, stepsPerCall, rows),
	}
}

// call runs the graph of steps and keeps the hidden states and the ring that come out of it. The ring goes in as a gift, to be updated where it lies.
func (b *slotBatch) call(first []*tensors.Tensor) (steps int, tokens []int32, logProbs []float32, err error) {
	defer finalize(first)
	args := make([]any, 0, len(first)+len(b.cache)+len(b.ring))
	for _, ts := range [][]*tensors.Tensor{first, b.cache} {
		for _, t := range ts {
			args = append(args, t)
		}
	}
	for _, t := range b.ring {
		given, err := graph.DonateTensorBuffer(t, b.backend, 0)
		if err != nil {
			return 0, nil, nil, err
		}
		args = append(args, given)
	}
	outs, err := b.stepper.Call(args...)
	if err != nil {
		return 0, nil, nil, err
	}
	b.ring = outs[outRing:]
	defer finalize(outs[:outRing])
	taken, err := tensors.CopyFlatData[int32](outs[outSteps])
	if err != nil {
		return 0, nil, nil, err
	}
	if tokens, err = tensors.CopyFlatData[int32](outs[outTokens]); err != nil {
		return 0, nil, nil, err
	}
	if logProbs, err = tensors.CopyFlatData[float32](outs[outLogProbs]); err != nil {
		return 0, nil, nil, err
	}
	b.hidden, err = tensors.CopyFlatData[float32](outs[outHidden])
	return int(taken[0]), tokens, logProbs, err
}
