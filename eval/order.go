package eval

import "math"

// Scores are sorted by the bits of their keys, digit by digit from the lowest: a million take a quarter of the time that comparing them does.
const (
	digitBits = 11
	digits    = (64 + digitBits - 1) / digitBits
	digitMask = 1<<digitBits - 1
)

// ascending is the order of the scores, none of them NaN, from the smallest up; equal scores keep their input order.
//
// It is a radix sort of row numbers: two of 32 bits a row are all the memory it takes.
func ascending(scores []float64) []uint32 {
	var counts [digits][1 << digitBits]uint32
	order, spare := make([]uint32, len(scores)), make([]uint32, len(scores))
	for i, s := range scores {
		order[i] = uint32(i)
		key := sortKey(s)
		for d := range counts {
			counts[d][key>>(d*digitBits)&digitMask]++
		}
	}
	for d := range counts {
		shift, next := d*digitBits, &counts[d]
		if len(scores) == 0 || next[sortKey(scores[0])>>shift&digitMask] == uint32(len(scores)) {
			continue // all scores agree in this digit
		}
		at := uint32(0)
		for v, n := range next {
			next[v] = at
			at += n
		}
		for _, i := range order {
			v := sortKey(scores[i]) >> shift & digitMask
			spare[next[v]] = i
			next[v]++
		}
		order, spare = spare, order
	}
	return order
}

// sortKey is a number that rises with the score; the two zeros share one.
func sortKey(score float64) uint64 {
	bits := math.Float64bits(score + 0) // −0 + 0 is +0
	if bits>>63 == 1 {
		return ^bits
	}
	return bits | 1<<63
}

// tieBlocks iterates over the runs of equal scores in a sorted order.
func tieBlocks(scores []float64, order []uint32) func(yield func([]uint32) bool) {
	return func(yield func([]uint32) bool) {
		for start := 0; start < len(order); {
			end := start + 1
			for end < len(order) && scores[order[end]] == scores[order[start]] {
				end++
			}
			if !yield(order[start:end]) {
				return
			}
			start = end
		}
	}
}
