package tokenizer

// heap is a binary heap; pop returns an item that no other goes before.
type heap[T any] struct {
	items  []T
	before func(a, b T) bool
}

func (h *heap[T]) push(item T) {
	h.items = append(h.items, item)
	i := len(h.items) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h.before(h.items[i], h.items[up]) {
			break
		}
		h.items[i], h.items[up] = h.items[up], h.items[i]
		i = up
	}
}

// pop removes the first item; ok is false where there is none.
func (h *heap[T]) pop() (first T, ok bool) {
	if len(h.items) == 0 {
		return first, false
	}
	first = h.items[0]
	end := len(h.items) - 1
	h.items[0] = h.items[end]
	h.items = h.items[:end]
	for i := 0; ; {
		down := 2*i + 1
		if down >= end {
			break
		}
		if down+1 < end && h.before(h.items[down+1], h.items[down]) {
			down++
		}
		if !h.before(h.items[down], h.items[i]) {
			break
		}
		h.items[i], h.items[down] = h.items[down], h.items[i]
		i = down
	}
	return first, true
}
