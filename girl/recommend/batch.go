package recommend

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// batch is the input of the networks on the host: M members, each with B pairs of its own. Sharpening, noise and dropout
// are applied here, where they cost a pass over memory.
type batch struct {
	arch
	pairs   int         // B
	x, z, g []float32   // [M, D+1, B]
	s       []float32   // [M, S, B]
	keep    [][]float32 // masks of [M, W, B]
	y       []float32   // [M, B] labels
}

// newBatch makes a batch for training, with masks, or for scoring, without.
func newBatch(a arch, pairs int, training bool) *batch {
	n := a.members * pairs
	b := &batch{arch: a, pairs: pairs, x: make([]float32, n*a.inputs()), z: make([]float32, n*a.inputs()), s: make([]float32, n*a.sides()), y: make([]float32, n)}
	if a.generated() {
		b.g = make([]float32, n*a.inputs())
	}
	for training && len(b.keep) < b.masks() {
		b.keep = append(b.keep, make([]float32, n*a.width))
	}
	return b
}

// fill sets the pairs of member m to the listed queries. A nil corruption leaves encodings and generated JDs as they are.
func (b *batch) fill(m int, t *task, list, labels []int, c *corruption) {
	v, mo, size, n := t.view, t.moments, b.pairs, b.inputs()
	// Encodings are made row by row in a tile of some pairs and then written column by column, a cache line at a time.
	const tile = 16
	x, z, g := make([]float32, tile*n), make([]float32, tile*n), make([]float32, tile*n)
	put := func(dst, src []float32, generated bool) {
		if src == nil {
			clear(dst)
			return
		}
		noise, factor := c.dealEncoding(len(src), generated)
		sharpening := t.sharpening[:len(src)]
		noise, factor, out := noise[:len(src)], factor[:len(src)], dst[:len(src)]
		for j, e := range src {
			out[j] = (e*sharpening[j] + noise[j]) * factor[j]
		}
		clear(dst[len(src):])
		dst[n-1] = 1
	}
	flush := func(dst, src []float32, first, count int) {
		for j := range n {
			row := dst[(m*n+j)*size+first:][:count]
			for i := range row {
				row[i] = src[i*n+j]
			}
		}
	}
	for first := 0; first < len(list); first += tile {
		part := list[first:min(len(list), first+tile)]
		for i, q := range part {
			put(x[i*n:(i+1)*n], v.cv[q], false)
			put(z[i*n:(i+1)*n], v.jd[q], false)
			if labels != nil {
				b.y[m*size+first+i] = float32(labels[q])
			}
			sides := [5]float32{(v.cos[q] - mo.Mean[0]) * mo.Scale[0], 1}
			if b.generated() {
				if gv := v.gen[b.model]; gv.mean[q] != nil && !c.hides() {
					put(g[i*n:(i+1)*n], gv.mean[q], true)
					sides[2], sides[3], sides[4] = (gv.best[q]-mo.Mean[1])*mo.Scale[1], (gv.average[q]-mo.Mean[2])*mo.Scale[2], 1
				} else {
					put(g[i*n:(i+1)*n], nil, true)
				}
			}
			for j := range b.sides() {
				b.s[(m*b.sides()+j)*size+first+i] = sides[j]
			}
		}
		flush(b.x, x, first, len(part))
		flush(b.z, z, first, len(part))
		if b.generated() {
			flush(b.g, g, first, len(part))
		}
	}
}

// mask draws the dropout masks of member m's hidden units.
func (b *batch) mask(m int, c *corruption) {
	size := b.pairs * b.width
	for i, k := range b.keep {
		rng := c.rng
		if i >= 3 {
			rng = c.extra
		}
		part := k[m*size : (m+1)*size]
		for len(part) > 0 {
			n := min(len(part), 1024)
			copy(part, deal(c.factor, n, rng))
			part = part[n:]
		}
	}
}

// tensors are new arguments of the graphs: x, z, s, g unless Base, and masks if there are any.
func (b *batch) tensors() []any {
	var out []any
	for _, p := range b.parts() {
		out = append(out, tensors.FromFlatDataAndDimensions(p.values, b.members, p.rows, b.pairs))
	}
	return out
}

// refresh writes the batch into arguments that tensors made: new ones for every step would be megabytes for the garbage collector.
func (b *batch) refresh(args []any) error {
	for i, p := range b.parts() {
		if err := tensors.MutableFlatData(args[i].(*tensors.Tensor), func(flat []float32) { copy(flat, p.values) }); err != nil {
			return fmt.Errorf("recommend: a batch: %w", err)
		}
	}
	return nil
}

// part is one argument on the host: [M, rows, B].
type part struct {
	values []float32
	rows   int
}

func (b *batch) parts() []part {
	out := []part{{b.x, b.inputs()}, {b.z, b.inputs()}, {b.s, b.sides()}}
	if b.generated() {
		out = append(out, part{b.g, b.inputs()})
	}
	for _, k := range b.keep {
		out = append(out, part{k, b.width})
	}
	return out
}

// corruption draws a member's noise and dropout. It deals them from two long reels drawn once, each time from a random
// place.
//
// What concerns generated JDs has random numbers of its own: where no CV has any, GIRL is trained exactly as Base is.
type corruption struct {
	rng, extra    *rand.Rand
	noise, factor []float32 // Gaussian at the trial's strength; 0 or 1/(1-dropout)
	hide          float64   // probability of hiding the generated JDs
}

// reel is long against an encoding, short against the processor's cache.
const reel = 1 << 16

func newCorruption(t Trial, hide float64, seed uint64) *corruption {
	c := &corruption{rng: rand.New(rand.NewPCG(seed, 0x632be59bd9b4e019)), extra: rand.New(rand.NewPCG(seed, 0x9fb21c651e98df25)), noise: make([]float32, reel), factor: make([]float32, reel), hide: hide}
	for i := range reel {
		c.noise[i] = float32(t.Noise * c.rng.NormFloat64())
		if c.rng.Float64() >= t.Dropout {
			c.factor[i] = float32(1 / (1 - t.Dropout))
		}
	}
	return c
}

// deal takes n values of a reel.
func deal(from []float32, n int, rng *rand.Rand) []float32 {
	start := rng.IntN(len(from) - n)
	return from[start : start+n]
}

// dealEncoding takes noise to add to an encoding and factors to multiply it by; those of a nil corruption change nothing.
func (c *corruption) dealEncoding(n int, generated bool) (noise, factor []float32) {
	if c == nil {
		return zeros[:n], ones[:n]
	}
	rng := c.rng
	if generated {
		rng = c.extra
	}
	return deal(c.noise, n, rng), deal(c.factor, n, rng)
}

// maxDim is the widest encoding, as Config's tags have it.
const maxDim = 4096

var zeros, ones = make([]float32, maxDim), slices.Repeat([]float32{1}, maxDim)

// hides says whether to hide a pair's generated JDs.
func (c *corruption) hides() bool { return c != nil && c.hide > 0 && c.extra.Float64() < c.hide }
