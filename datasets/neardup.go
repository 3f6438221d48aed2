package datasets

import (
	"math"
	"runtime"
	"slices"
	"sync"
)

// DefaultNearDuplicate is the Jaccard similarity of 4-token shingle sets from which two CVs count as
// versions of one.
//
// It was chosen on public English résumés: the versions of one résumé (same person, same length,
// some words changed) lie anywhere between 0.35 and 0.97, most of them between 0.6 and 0.95, while the résumés
// of different people stay below 0.3, nearly all below 0.1. The usual 0.8 would miss half of the
// versions. Very short texts of different people can be joined: 17 of 4,500 Chinese keyword CVs are.
const DefaultNearDuplicate = 0.5

// signatureBins is the length of a MinHash signature: 1 KiB a text.
const signatureBins = 256

// NearDuplicateGroups puts texts into groups of near-duplicates and returns one group number a text,
// counted from 0 in order of first appearance; the result depends on nothing but the texts and their order,
// and the partition not even on the order.
//
// Two texts are linked when the Jaccard similarity of their shingle sets (see shingles: four words,
// or four characters of a language without spaces) is at least threshold, a number in (0,1]; a group
// is a connected component of links, so its ends may be less alike. A threshold that is NaN or not
// above 0 stands for DefaultNearDuplicate, one above 1 for 1.
//
// Candidates come from MinHash signatures cut into bands; each is checked exactly, so no group is too
// large by chance. A pair just at the threshold is overlooked with probability below 0.001, and
// identical texts never. Time is linear in the texts as long as few of them are alike without being
// near-duplicates; memory is 1 KiB a text. Reference: Broder, "On the resemblance and containment of
// documents", 1997; one permutation and densification: Shrivastava, "Optimal densification for fast
// and accurate minwise hashing", ICML 2017.
func NearDuplicateGroups(texts []string, threshold float64) []int {
	if !(threshold > 0) {
		threshold = DefaultNearDuplicate
	}
	threshold = min(threshold, 1)

	// Identical texts are joined first: they would only crowd the buckets.
	first := make(map[string]int, len(texts))
	var unique []string
	position := make([]int, len(texts)) // index into unique
	for i, t := range texts {
		p, ok := first[t]
		if !ok {
			p = len(unique)
			first[t] = p
			unique = append(unique, t)
		}
		position[i] = p
	}

	l := &linker{
		texts:     unique,
		threshold: threshold,
		signature: signatures(unique),
		parent:    make([]int, len(unique)),
		sets:      map[int][]uint64{},
		unlike:    map[[2]int]bool{},
	}
	for i := range l.parent {
		l.parent[i] = i
	}
	l.linkBands()

	groups := make([]int, len(texts))
	number := map[int]int{}
	for i, p := range position {
		root := l.find(p)
		if _, ok := number[root]; !ok {
			number[root] = len(number)
		}
		groups[i] = number[root]
	}
	return groups
}

// bandRows chooses the longest band (and with it the fewest candidates) that still meets a pair at
// the threshold with probability 0.999: 1 − (1 − Jʳ)ᵇ with b = signatureBins / r bands of r rows.
func bandRows(threshold float64) int {
	for r := 16; r > 1; r-- {
		b := float64(signatureBins / r)
		if 1-math.Pow(1-math.Pow(threshold, float64(r)), b) >= 0.999 {
			return r
		}
	}
	return 1
}

// signatures returns one MinHash signature a text, computed on all processors.
func signatures(texts []string) [][signatureBins]uint32 {
	out := make([][signatureBins]uint32, len(texts))
	workers := min(runtime.GOMAXPROCS(0), len(texts))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			var buf []uint64
			for i := w; i < len(texts); i += workers {
				buf = shingles(texts[i], buf)
				out[i] = minHash(buf)
			}
		})
	}
	wg.Wait()
	return out
}

// minHash is the one-permutation MinHash of a non-empty set: bin i keeps the least value among the
// elements that fall into it. A bin that nothing fell into copies one that is not empty, drawn by a
// hash of (bin, attempt) alone, so that two sets draw alike; any two signatures agree in a bin with a
// probability of about the Jaccard similarity.
func minHash(set []uint64) (sig [signatureBins]uint32) {
	var filled [signatureBins]bool
	for _, x := range set {
		h := mix(x + 0x9e3779b97f4a7c15) // not the order of the set itself
		bin, v := h%signatureBins, uint32(h>>32)
		if !filled[bin] || v < sig[bin] {
			sig[bin], filled[bin] = v, true
		}
	}
	for bin := range uint64(signatureBins) {
		for attempt := uint64(1); !filled[bin]; attempt++ {
			if from := mix(bin<<32|attempt) % signatureBins; filled[from] {
				sig[bin] = sig[from]
				break
			}
		}
	}
	return sig
}

// linker joins near-duplicates in a union-find forest.
type linker struct {
	texts     []string
	threshold float64
	signature [][signatureBins]uint32
	parent    []int
	sets      map[int][]uint64 // shingle sets of recent candidates
	unlike    map[[2]int]bool  // candidates already found to be below the threshold
}

// cachedSets bounds the shingle sets kept between exact checks: some 6 KiB each.
const cachedSets = 4096

// linkBands looks at each band of the signatures in turn and links the near-duplicates among the
// texts that agree in it.
func (l *linker) linkBands() {
	rows := bandRows(l.threshold)
	type entry struct {
		key  uint64
		text int
	}
	entries := make([]entry, len(l.texts))
	for from := 0; from+rows <= signatureBins; from += rows {
		for i := range l.texts {
			key := uint64(from)
			for _, v := range l.signature[i][from : from+rows] {
				key = mix(key ^ uint64(v))
			}
			entries[i] = entry{key, i}
		}
		slices.SortFunc(entries, func(a, b entry) int {
			switch {
			case a.key < b.key:
				return -1
			case a.key > b.key:
				return 1
			}
			return a.text - b.text
		})
		for start := 0; start < len(entries); {
			end := start + 1
			for end < len(entries) && entries[end].key == entries[start].key {
				end++
			}
			if end-start > 1 {
				var bucket [][]int // members of the bucket by group
				for _, e := range entries[start:end] {
					bucket = l.place(bucket, e.text)
				}
			}
			start = end
		}
	}
}

// place adds a text to the bucket's group it belongs to, joining all groups that it links.
func (l *linker) place(bucket [][]int, text int) [][]int {
	home := -1
	for g := 0; g < len(bucket); g++ {
		joined := l.find(bucket[g][0]) == l.find(text)
		for i := 0; !joined && i < len(bucket[g]); i++ {
			joined = l.alike(bucket[g][i], text)
		}
		if !joined {
			continue
		}
		l.parent[l.find(bucket[g][0])] = l.find(text)
		if home < 0 {
			home = g
			continue
		}
		bucket[home] = append(bucket[home], bucket[g]...)
		bucket = slices.Delete(bucket, g, g+1)
		g--
	}
	if home < 0 {
		return append(bucket, []int{text})
	}
	bucket[home] = append(bucket[home], text)
	return bucket
}

// alike checks a candidate exactly, after a look at the signatures: an estimate from 256 bins strays
// by 0.2 from the truth in fewer than one case in a million.
func (l *linker) alike(a, b int) bool {
	equal := 0
	for i, v := range &l.signature[a] {
		if v == l.signature[b][i] {
			equal++
		}
	}
	if float64(equal)/signatureBins < l.threshold-0.2 {
		return false
	}
	key := [2]int{min(a, b), max(a, b)}
	if l.unlike[key] {
		return false
	}
	if jaccard(l.set(a), l.set(b)) >= l.threshold {
		return true
	}
	l.unlike[key] = true
	return false
}

func (l *linker) set(i int) []uint64 {
	if s, ok := l.sets[i]; ok {
		return s
	}
	if len(l.sets) >= cachedSets {
		clear(l.sets)
	}
	s := shingles(l.texts[i], nil)
	l.sets[i] = s
	return s
}

func (l *linker) find(i int) int {
	for l.parent[i] != i {
		l.parent[i] = l.parent[l.parent[i]]
		i = l.parent[i]
	}
	return i
}
