package lm

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// move changes the layout of the caches: taken slots close up at the front, in their order.
func (b *slotBatch) move(to slotLayout) error {
	from, k, d := b.layout, b.c.Samples, b.w.Config.Dim
	slots, hidden := make([]slot, to.slots), make([]float32, to.slots*k*d)
	var origin []int // of the slots at the front
	for i, s := range b.slots {
		if s.prompt >= 0 {
			slots[len(origin)] = s
			copy(hidden[len(origin)*k*d:], b.hidden[i*k*d:(i+1)*k*d])
			origin = append(origin, i)
		}
	}
	for i := len(origin); i < len(slots); i++ {
		slots[i].prompt = -1
	}
	_, _, oldest := b.active()
	prompts, recent := []stretch{{0, 0, min(from.t, to.t)}}, ringRuns(b.steps, min(oldest, from.r, to.r), from.r, to.r)
	var err error
	b.cache, err = b.moveAll(b.cache, to, origin, func(kind cacheKind) columns { return b.columns(kind, false, from.t, to.t, prompts) })
	if err != nil {
		return err
	}
	b.ring, err = b.moveAll(b.ring, to, origin, func(kind cacheKind) columns { return b.columns(kind, true, from.r, to.r, recent) })
	b.layout, b.slots, b.hidden = to, slots, hidden
	return err
}

// moveAll makes the keys and values of all layers and parts from those of other slots, which it finalizes.
func (b *slotBatch) moveAll(caches []*tensors.Tensor, to slotLayout, origin []int, how func(cacheKind) columns) (moved []*tensors.Tensor, err error) {
	defer finalize(caches)
	for i := range 2 * b.w.Config.Layers * to.parts {
		layer, part, c := i/(2*to.parts), i/2%to.parts, how(cacheKind(i%2))
		first, size := part*to.perPart, to.size(part)
		into, err := tensors.FromShapeForBackend(b.backend, 0, shapes.Make(dtypes.Float32, append([]int{size}, c.dims...)...))
		if err != nil {
			return moved, err
		}
		moved = append(moved, into)
		for at, o := range origin[min(first, len(origin)):min(first+size, len(origin))] {
			var failed error
			err := tensors.ConstFlatData(caches[b.layout.at(layer, o, c.kind)], func(src []float32) {
				failed = c.copy(into, at, src, o%b.layout.perPart)
			})
			if err = cmp.Or(err, failed); err != nil {
				return moved, err
			}
		}
	}
	return moved, nil
}

// stretch is a piece of columns that is copied as a whole.
type stretch struct{ from, to, n int }

// ringRuns are the columns of the last n steps before the given number of steps, of a ring of one size and of one of another.
func ringRuns(steps, n, from, to int) []stretch {
	var runs []stretch
	for s := steps - n; s < steps; s++ {
		f, t := s%from, s%to
		if last := len(runs) - 1; last >= 0 && runs[last].from+runs[last].n == f && runs[last].to+runs[last].n == t {
			runs[last].n++
			continue
		}
		runs = append(runs, stretch{f, t, 1})
	}
	return runs
}

// columns says how one slot's keys or values are copied from a cache of from columns to one of to columns. Keys have a row
// for each of a bundle's numbers, with a number a column; values a row for each bundle, with its numbers a column.
type columns struct {
	kind        cacheKind
	dims        []int // of a slot in the cache that is copied to
	rows, width int
	from, to    int
	runs        []stretch
}

// columns are those of a prompt, or, with own, those of its samples.
func (b *slotBatch) columns(kind cacheKind, own bool, from, to int, runs []stretch) columns {
	bundles, n := b.w.Config.bundles()
	e := n * b.w.Config.headDim()
	c := columns{kind: kind, dims: []int{bundles, e, to}, rows: bundles * e, width: 1, from: from, to: to, runs: runs}
	if kind == valueCache {
		c.dims, c.rows, c.width = []int{bundles, to, e}, bundles, e
	}
	if own {
		c.dims, c.rows = append([]int{b.c.Samples}, c.dims...), b.c.Samples*c.rows
	}
	return c
}

// copy copies slot number origin of src to slot number at of into.
func (c columns) copy(into *tensors.Tensor, at int, src []float32, origin int) error {
	return tensors.MutableFlatData(into, func(dst []float32) {
		for row := range c.rows {
			d, s := dst[(at*c.rows+row)*c.to*c.width:], src[(origin*c.rows+row)*c.from*c.width:]
			for _, r := range c.runs {
				copy(d[r.to*c.width:(r.to+r.n)*c.width], s[r.from*c.width:])
			}
		}
	})
}
