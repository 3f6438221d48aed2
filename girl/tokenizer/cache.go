package tokenizer

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"
)

const (
	cacheSlots   = 1 << 14
	maxCacheWord = 64 // bytes; longer words are rarely seen twice
)

// wordCache remembers the tokens of words it saw lately. A word has one slot and evicts what is
// there: at most cacheSlots entries of at most maxCacheWord bytes and as many ids, about 6 MiB.
// Safe for concurrent use without locks; entries are never changed once they are visible.
type wordCache struct {
	seed  maphash.Seed
	slots [cacheSlots]atomic.Pointer[cacheEntry]
}

type cacheEntry struct {
	word string
	ids  []int32
}

func newWordCache() *wordCache { return &wordCache{seed: maphash.MakeSeed()} }

// lookup returns the tokens of word, which the caller must not change, or nil, and the word's slot.
func (c *wordCache) lookup(word string) ([]int32, *atomic.Pointer[cacheEntry]) {
	slot := &c.slots[maphash.String(c.seed, word)%cacheSlots]
	if e := slot.Load(); e != nil && e.word == word {
		return e.ids, slot
	}
	return nil, slot
}

// store copies word and ids into a slot that lookup returned for word.
func (c *wordCache) store(slot *atomic.Pointer[cacheEntry], word string, ids []int32) {
	slot.Store(&cacheEntry{word: strings.Clone(word), ids: slices.Clone(ids)})
}
