package eval

import "fmt"

// ClusterIDs numbers names from 0 in order of first appearance.
func ClusterIDs[T comparable](names []T) []int {
	ids := make([]int, len(names))
	seen := map[T]int{}
	for i, name := range names {
		id, ok := seen[name]
		if !ok {
			id = len(seen)
			seen[name] = id
		}
		ids[i] = id
	}
	return ids
}

// sample is a test set prepared for fast weighted metrics.
type sample struct {
	size, pos      []uint32    // rows and positives of each cluster
	codes          [][]uint32  // [system][row in rising order of score], see encode
	logLoss, brier [][]float64 // [system][cluster]: sum of the losses of the cluster's rows
}

// A code packs what one pass over sorted scores needs to know about a row: its cluster in the upper
// 30 bits, whether a run of equal scores ends there, and its label.
const (
	labelBit   = 1
	tieEndBit  = 2
	codeShift  = 2
	maxCluster = 1 << (32 - codeShift)
)

func newSample(labels, clusters []int, systems [][]float64) (*sample, error) {
	if len(clusters) != len(labels) {
		return nil, fmt.Errorf("eval: %d labels, %d clusters: %w", len(labels), len(clusters), ErrLength)
	}
	ids, count := make([]uint32, len(clusters)), 0
	seen := map[int]uint32{}
	for i, c := range clusters {
		id, ok := seen[c]
		if !ok {
			id = uint32(count)
			seen[c] = id
			count++
		}
		ids[i] = id
	}
	if count < 2 || count >= maxCluster {
		return nil, fmt.Errorf("eval: %d clusters, a bootstrap needs from 2 to %d: %w", count, maxCluster-1, ErrRange)
	}
	s := &sample{size: make([]uint32, count), pos: make([]uint32, count)}
	for i, c := range ids {
		s.size[c]++
		s.pos[c] += uint32(labels[i])
	}
	for _, probs := range systems {
		s.codes = append(s.codes, encode(labels, ids, probs))
		logs, squares := make([]float64, count), make([]float64, count)
		for i, c := range ids {
			logs[c] += logLoss(labels[i], probs[i])
			squares[c] += brierLoss(labels[i], probs[i])
		}
		s.logLoss, s.brier = append(s.logLoss, logs), append(s.brier, squares)
	}
	return s, nil
}

// encode sorts the rows by score and packs each into a code.
func encode(labels []int, clusters []uint32, scores []float64) []uint32 {
	codes := make([]uint32, 0, len(labels))
	for block := range tieBlocks(scores, ascending(scores)) {
		for _, i := range block {
			codes = append(codes, clusters[i]<<codeShift|uint32(labels[i])*labelBit)
		}
		codes[len(codes)-1] |= tieEndBit
	}
	return codes
}
