package lm

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// move changes the layout of the caches: taken slots close up at the front, in their order.
func (b *batch) move(to slotLayout) error {
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
	prompts, recent := []run{{0, 0, min(from.t, to.t)}}, ringRuns(b.steps, min(oldest, from.r, to.r), from.r, to.r)
	var cache, ring []*tensors.Tensor
	for i := range 2 * b.w.Config.Layers * to.parts {
		layer, part, kind := i/(2*to.parts), i/2%to.parts, i%2
		first, size := part*to.perPart, to.size(part)
		own := origin[min(first, len(origin)):min(first+size, len(origin))]
		into, err := b.moved(b.cache, own, layer, b.columns(kind, from.t, to.t, prompts), size)
		if err != nil {
			return err
		}
		cache = append(cache, into)
		if into, err = b.moved(b.ring, own, layer, b.columns(kind, from.r, to.r, recent), size, k); err != nil {
			return err
		}
		ring = append(ring, into)
	}
	b.release()
	b.layout, b.slots, b.hidden, b.cache, b.ring = to, slots, hidden, cache, ring
	return nil
}

// moved makes the cache of a part from the slots of origin, whatever part they are in. outer are the axes before the bundles: [S] or [S,K].
func (b *batch) moved(caches []*tensors.Tensor, origin []int, layer int, c columns, outer ...int) (*tensors.Tensor, error) {
	into, err := tensors.FromShapeForBackend(b.backend, 0, shapes.Make(dtypes.Float32, c.dims(outer)...))
	if err != nil {
		return nil, err
	}
	if len(outer) > 1 {
		c.rows *= outer[1]
	}
	for at, o := range origin {
		var failed error
		err := tensors.ConstFlatData(caches[b.layout.at(layer, o, c.kind)], func(src []float32) {
			failed = c.copy(into, at, src, o%b.layout.perPart)
		})
		if err = cmp.Or(err, failed); err != nil {
			return nil, err
		}
	}
	return into, nil
}

// run is a piece of columns that is copied as a whole.
type run struct{ from, to, n int }

// ringRuns are the columns of the last n steps before the given number of steps, of a ring of one size and of one of another.
func ringRuns(steps, n, from, to int) []run {
	var runs []run
	for s := steps - n; s < steps; s++ {
		f, t := s%from, s%to
		if last := len(runs) - 1; last >= 0 && runs[last].from+runs[last].n == f && runs[last].to+runs[last].n == t {
			runs[last].n++
			continue
		}
		runs = append(runs, run{f, t, 1})
	}
	return runs
}

// columns says how one slot's keys (kind 0) or values (1) are copied from a cache of from columns to one of to columns. Keys have a row
// for each of a bundle's numbers, with a number a column; values a row for each bundle, with its numbers a column.
type columns struct {
	kind, bundles, perBundle int // perBundle numbers, nE
	rows, width              int
	from, to                 int
	runs                     []run
}

func (b *batch) columns(kind, from, to int, runs []run) columns {
	bundles, n := b.w.Config.bundles()
	e := n * b.w.Config.headDim()
	c := columns{kind: kind, bundles: bundles, perBundle: e, rows: bundles * e, width: 1, from: from, to: to, runs: runs}
	if kind == 1 {
		c.rows, c.width = bundles, e
	}
	return c
}

// dims is the shape of the cache that is copied to.
func (c columns) dims(outer []int) []int {
	dims := append([]int(nil), outer...)
	if c.kind == 1 {
		return append(dims, c.bundles, c.to, c.perBundle)
	}
	return append(dims, c.bundles, c.perBundle, c.to)
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
