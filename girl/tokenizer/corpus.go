package tokenizer

import (
	"fmt"
	"math"
)

// corpus is the distinct words of the training texts as token sequences, with the weighted count
// and the places of every pair of neighbours kept up to date while merges shorten the sequences.
// Each byte of the words is a position; a token sits at the position of its first byte.
type corpus struct {
	ids          []int32 // by position: the token, or -1 where a token to the left covers it
	links        links   // neighbours within a word
	word         []int32 // by position: index into weight
	weight       []int64 // by word: how often it occurs
	pairs        map[pair]*occurrences
	queue        heap[frequency]
	created      []pair // pairs that the current merge made
	minFrequency int64
}

// occurrences of a pair: the exact weighted count, and all places of its left token, ascending.
// Places that a merge has since taken are still listed.
type occurrences struct {
	count int64
	at    []int32
}

// frequency is a queued pair with its count when it was queued. Counts of queued pairs only fall,
// so the queue holds upper bounds.
type frequency struct {
	count int64
	pair  pair
}

func frequencyBefore(a, b frequency) bool {
	switch {
	case a.count != b.count:
		return a.count > b.count
	case a.pair.left != b.pair.left:
		return a.pair.left < b.pair.left
	}
	return a.pair.right < b.pair.right
}

// newCorpus lays the words out as bytes; byte b is token firstByte+b.
func newCorpus(words []wordCount, firstByte int32, minFrequency int64) (*corpus, error) {
	size := 0
	for _, w := range words {
		size += len(w.word)
	}
	if size > math.MaxInt32 {
		return nil, fmt.Errorf("distinct words take %d bytes, at most %d fit; train on a sample of the texts", size, math.MaxInt32)
	}
	c := &corpus{
		ids:          make([]int32, size),
		links:        newLinks(size),
		word:         make([]int32, size),
		weight:       make([]int64, len(words)),
		pairs:        make(map[pair]*occurrences),
		queue:        heap[frequency]{before: frequencyBefore},
		minFrequency: minFrequency,
	}
	at := int32(0)
	for i, w := range words {
		c.weight[i] = w.count
		for j := range len(w.word) {
			c.ids[at] = firstByte + int32(w.word[j])
			c.word[at] = int32(i)
			if j > 0 {
				c.add(at-1, pair{c.ids[at-1], c.ids[at]})
			}
			at++
		}
		c.links.cut(at - 1)
	}
	c.enqueue()
	return c, nil
}

// mostFrequent returns the most frequent pair; ok is false where none reaches the minimum.
func (c *corpus) mostFrequent() (best pair, ok bool) {
	for {
		top, ok := c.queue.pop()
		if !ok {
			return pair{}, false
		}
		o := c.pairs[top.pair]
		switch {
		case o == nil:
		case o.count < c.minFrequency:
			delete(c.pairs, top.pair)
		case o.count == top.count:
			return top.pair, true
		default:
			c.queue.push(frequency{o.count, top.pair})
		}
	}
}

// forget takes a pair out of the race for good.
func (c *corpus) forget(p pair) { delete(c.pairs, p) }

// merge replaces every occurrence of p, from left to right, by the new token id.
func (c *corpus) merge(p pair, id int32) {
	places := c.pairs[p].at
	delete(c.pairs, p)
	for _, at := range places {
		right := c.links.next[at]
		if c.ids[at] != p.left || right < 0 || c.ids[right] != p.right {
			continue
		}
		before, after := c.links.prev[at], c.links.next[right]
		if before >= 0 {
			c.subtract(at, pair{c.ids[before], p.left})
			c.add(before, pair{c.ids[before], id})
		}
		if after >= 0 {
			c.subtract(at, pair{p.right, c.ids[after]})
			c.add(at, pair{id, c.ids[after]})
		}
		c.ids[at], c.ids[right] = id, -1
		c.links.remove(right)
	}
	c.enqueue()
}

// add counts one more occurrence of p, in the word at a place that is later than all of its others.
func (c *corpus) add(at int32, p pair) {
	o := c.pairs[p]
	if o == nil {
		o = &occurrences{}
		c.pairs[p] = o
		c.created = append(c.created, p)
	}
	o.count += c.weight[c.word[at]]
	o.at = append(o.at, at)
}

// subtract counts one occurrence of p less, in the word at a place.
func (c *corpus) subtract(at int32, p pair) {
	if o := c.pairs[p]; o != nil { // nil: forgotten, too rare, or being merged
		o.count -= c.weight[c.word[at]]
	}
}

// enqueue queues the pairs that were created since it was last called and drops the rare ones.
func (c *corpus) enqueue() {
	for _, p := range c.created {
		if o := c.pairs[p]; o.count < c.minFrequency {
			delete(c.pairs, p)
		} else {
			c.queue.push(frequency{o.count, p})
		}
	}
	c.created = c.created[:0]
}
