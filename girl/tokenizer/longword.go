package tokenizer

// candidate is a merge that was possible at a place when it was found.
type candidate struct {
	at   int32 // position of the left token
	pair pair
	rule rule
}

func candidateBefore(a, b candidate) bool {
	if a.rule.rank != b.rule.rank {
		return a.rule.rank < b.rule.rank
	}
	return a.at < b.at
}

// maxChunk bounds the positions of one word to what an int32 counts.
const maxChunk = 1 << 30

// mergeLongWord does what mergeWord does for long words, such as a page of Chinese without
// punctuation or a hostile input, in O(n log n) time. Words beyond 1 GiB are cut there.
func (t *Tokenizer) mergeLongWord(dst []int32, word string) []int32 {
	for len(word) > maxChunk {
		dst = t.mergeLongWord(dst, word[:maxChunk])
		word = word[maxChunk:]
	}
	list := newLinks(len(word))
	ids := make([]int32, len(word))
	for i := range len(word) {
		ids[i] = t.bytes[word[i]]
	}
	queue := heap[candidate]{before: candidateBefore}
	offer := func(left int32) {
		if left < 0 || list.next[left] < 0 {
			return
		}
		p := pair{ids[left], ids[list.next[left]]}
		if r := t.ruleOf(p.left, p.right); r != noRule {
			queue.push(candidate{at: left, pair: p, rule: r})
		}
	}
	for i := range ids {
		offer(int32(i))
	}
	for {
		c, ok := queue.pop()
		if !ok {
			break
		}
		right := list.next[c.at]
		if ids[c.at] != c.pair.left || right < 0 || ids[right] != c.pair.right {
			continue // an earlier merge took one of the two
		}
		ids[c.at], ids[right] = c.rule.id, -1
		list.remove(right)
		offer(list.prev[c.at])
		offer(c.at)
	}
	for i := int32(0); i >= 0; i = list.next[i] {
		dst = append(dst, ids[i])
	}
	return dst
}

// links is a doubly linked list over the positions 0, 1, …, n-1; -1 ends it on both sides.
type links struct{ prev, next []int32 }

func newLinks(n int) links {
	l := links{prev: make([]int32, n), next: make([]int32, n)}
	for i := range n {
		l.prev[i], l.next[i] = int32(i)-1, int32(i)+1
	}
	if n > 0 {
		l.next[n-1] = -1
	}
	return l
}

// cut ends the list after position i and starts another one at i+1.
func (l links) cut(i int32) {
	l.next[i] = -1
	if int(i)+1 < len(l.prev) {
		l.prev[i+1] = -1
	}
}

// remove takes position i, which has a predecessor, out of its list.
func (l links) remove(i int32) {
	before, after := l.prev[i], l.next[i]
	l.next[before] = after
	if after >= 0 {
		l.prev[after] = before
	}
	l.next[i] = -1
}
