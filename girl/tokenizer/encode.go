package tokenizer

import "slices"

// maxShortWord is the length in bytes up to which a scan for the next merge beats a heap.
const maxShortWord = 64

// Encode returns the tokens of a text: any bytes, any language, empty included. It never returns a
// special id, whatever the text says, and Decode gives the text back byte for byte.
func (t *Tokenizer) Encode(text string) []int32 {
	return t.EncodeAppend(nil, text)
}

// EncodeAppend appends the tokens of a text to dst and returns the extended slice. The words of a
// text are encoded one by one, so Encode(a+b) may differ from Encode(a) followed by Encode(b).
func (t *Tokenizer) EncodeAppend(dst []int32, text string) []int32 {
	dst = slices.Grow(dst, len(text)/4+1)
	for len(text) > 0 {
		n := nextWord(text)
		dst = t.appendWord(dst, text[:n])
		text = text[n:]
	}
	return dst
}

func (t *Tokenizer) appendWord(dst []int32, word string) []int32 {
	switch {
	case len(word) == 1:
		return append(dst, t.bytes[word[0]])
	case len(word) > maxCacheWord:
		return t.mergeWord(dst, word)
	}
	ids, slot := t.cache.lookup(word)
	if ids != nil {
		return append(dst, ids...)
	}
	start := len(dst)
	dst = t.mergeWord(dst, word)
	t.cache.store(slot, word, dst[start:])
	return dst
}

// mergeWord appends the tokens of one word: its bytes, then again and again the merge of lowest
// rank, the leftmost of equals, until no merge applies.
func (t *Tokenizer) mergeWord(dst []int32, word string) []int32 {
	if len(word) > maxShortWord {
		return t.mergeLongWord(dst, word)
	}
	start := len(dst)
	for i := range len(word) {
		dst = append(dst, t.bytes[word[i]])
	}
	ids := dst[start:]
	var buffer [maxShortWord]rule // rules[i] joins ids[i] and ids[i+1]
	rules := buffer[:len(ids)-1]
	for i := range rules {
		rules[i] = t.ruleOf(ids[i], ids[i+1])
	}
	for len(rules) > 0 {
		best := 0
		for i := range rules {
			if rules[i].rank < rules[best].rank {
				best = i
			}
		}
		if rules[best] == noRule {
			break
		}
		ids[best] = rules[best].id
		ids = slices.Delete(ids, best+1, best+2)
		rules = slices.Delete(rules, best, best+1)
		if best > 0 {
			rules[best-1] = t.ruleOf(ids[best-1], ids[best])
		}
		if best < len(rules) {
			rules[best] = t.ruleOf(ids[best], ids[best+1])
		}
	}
	return dst[:start+len(ids)]
}

func (t *Tokenizer) ruleOf(left, right int32) rule {
	if r, ok := t.rules[pair{left, right}]; ok {
		return r
	}
	return noRule
}
