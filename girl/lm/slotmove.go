package lm

import (
	"github.com/gomlx/gomlx/core/tensors"
)

// move changes the layout of the caches: taken slots close up at the front, in their order.
func (b *batch) move(to slotLayout) error {
	from, k, d := b.layout, b.c.Samples, b.w.Config.Dim
	bundles, groups := b.w.Config.bundles()
	e := groups * b.w.Config.headDim()
	slot, hidden := make([]slot, to.slots), make([]float32, to.slots*k*d)
	var origin []int // of the slots at the front
	for i, s := range b.slot {
		if s.prompt >= 0 {
			slot[len(origin)] = s
			copy(hidden[len(origin)*k*d:], b.hidden[i*k*d:(i+1)*k*d])
			origin = append(origin, i)
		}
	}
	for i := len(origin); i < len(slot); i++ {
		slot[i].prompt = -1
	}
	_, _, oldest := b.active()
	prefix, recent := []run{{0, 0, min(from.t, to.t)}}, ringRuns(b.steps, min(oldest, from.r, to.r), from.r, to.r)
	var cache, ring []*tensors.Tensor
	for i := range 2 * b.w.Config.Layers * to.parts {
		l, part, kind := i/(2*to.parts), i/2%to.parts, i%2
		first := part * to.perPart
		own := origin[min(first, len(origin)):min(first+to.perPart, len(origin))]
		// Keys have a row for each of a bundle's numbers, with a number a column; values a row for each bundle, with its numbers a column.
		rows, width := bundles*e, 1
		dims := func(columns int, outer ...int) []int { return append(outer, bundles, e, columns) }
		if kind == 1 {
			rows, width = bundles, e
			dims = func(columns int, outer ...int) []int { return append(outer, bundles, columns, e) }
		}
		prompts, responses := make([]float32, to.perPart*rows*width*to.t), make([]float32, to.perPart*k*rows*width*to.r)
		for j, o := range own {
			at := 2*(l*from.parts+o/from.perPart) + kind
			c := columns{rows: rows, width: width, from: from.t, to: to.t, runs: prefix}
			if err := c.copy(prompts, j, b.cache[at], o%from.perPart); err != nil {
				return err
			}
			c = columns{rows: k * rows, width: width, from: from.r, to: to.r, runs: recent}
			if err := c.copy(responses, j, b.ring[at], o%from.perPart); err != nil {
				return err
			}
		}
		cache = append(cache, tensors.FromFlatDataAndDimensions(prompts, dims(to.t, to.perPart)...))
		ring = append(ring, tensors.FromFlatDataAndDimensions(responses, dims(to.r, to.perPart, k)...))
	}
	b.release()
	b.layout, b.slot, b.hidden, b.cache, b.ring = to, slot, hidden, cache, ring
	return nil
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

// columns says how the caches of one slot are copied: rows of from columns become rows of to columns.
type columns struct {
	rows, width, from, to int
	runs                  []run
}

// copy copies slot number origin of src to slot number at of dst.
func (c columns) copy(dst []float32, at int, src *tensors.Tensor, origin int) error {
	return tensors.ConstFlatData(src, func(flat []float32) {
		for row := range c.rows {
			d := dst[(at*c.rows+row)*c.to*c.width:]
			s := flat[(origin*c.rows+row)*c.from*c.width:]
			for _, r := range c.runs {
				copy(d[r.to*c.width:(r.to+r.n)*c.width], s[r.from*c.width:])
			}
		}
	})
}
