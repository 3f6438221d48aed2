package eval

import (
	"fmt"
)

// Binning says how predictions are cut into bins.
type Binning int

const (
	// EqualWidth cuts [0, 1] into bins of the same width; 1 belongs to the last bin.
	EqualWidth Binning = iota
	// EqualMass cuts the sorted predictions into bins of about the same count. Equal predictions
	// share one bin, that of their mean rank, so the input's order does not matter.
	EqualMass
)

// DefaultBins is the number of bins of [ECE], the 15 of Guo et al. (2017), arXiv 1706.04599.
const DefaultBins = 15

// Bin is one non-empty bin of a reliability diagram.
type Bin struct {
	Low, High float64 // the bin's edges (EqualWidth) or its extreme predictions (EqualMass)
	Count     int
	MeanProb  float64 // mean predicted probability
	PosRate   float64 // observed share of positives
}

// Reliability sorts the predictions into bins and gives the non-empty ones in rising order.
// Errors: bins < 1, and those of [LogLoss].
func Reliability(labels []int, probs []float64, bins int, how Binning) ([]Bin, error) {
	if _, _, err := checkLabels(labels); err != nil {
		return nil, err
	}
	if err := checkProbs(labels, probs); err != nil {
		return nil, err
	}
	if bins < 1 {
		return nil, fmt.Errorf("eval: %d bins, want at least 1: %w", bins, ErrRange)
	}
	all := make([]Bin, bins)
	order := ascending(probs)
	rank := 0
	for block := range tieBlocks(probs, order) {
		p := probs[block[0]]
		var b int
		switch how {
		case EqualWidth:
			b = equalWidthBin(p, bins)
		case EqualMass:
			mid := float64(rank) + float64(len(block))/2 // in (0, n): the block's centre
			b = min(int(mid/float64(len(probs))*float64(bins)), bins-1)
		default:
			return nil, fmt.Errorf("eval: unknown binning %d: %w", how, ErrRange)
		}
		rank += len(block)
		bin := &all[b]
		if bin.Count == 0 {
			bin.Low = p
		}
		bin.High = p
		bin.Count += len(block)
		for _, i := range block {
			bin.MeanProb += probs[i]
			bin.PosRate += float64(labels[i])
		}
	}
	used := all[:0]
	for b, bin := range all {
		if bin.Count == 0 {
			continue
		}
		bin.MeanProb /= float64(bin.Count)
		bin.PosRate /= float64(bin.Count)
		if how == EqualWidth {
			bin.Low, bin.High = float64(b)/float64(bins), float64(b+1)/float64(bins)
		}
		used = append(used, bin)
	}
	return used, nil
}

// equalWidthBin is the bin of a probability among bins of equal width.
func equalWidthBin(p float64, bins int) int { return min(int(p*float64(bins)), bins-1) }

// ECE is [ECEWith] in its usual form: [DefaultBins] bins of equal width.
func ECE(labels []int, probs []float64) (float64, error) {
	return ECEWith(labels, probs, DefaultBins, EqualWidth)
}

// ECEWith is the expected calibration error, the gap between predicted and observed rate averaged
// over the bins of a reliability diagram:
//
//	ECE = Σ_b n_b/n · | mean p in b − share of positives in b |
//
// It is biased upwards on small samples (a perfectly calibrated model has ECE > 0), so compare it
// only between models on the same pairs. Errors as in [Reliability].
//
// Source: Naeini et al. (2015), doi:10.1609/aaai.v29i1.9602; Guo et al. (2017), arXiv 1706.04599.
func ECEWith(labels []int, probs []float64, bins int, how Binning) (float64, error) {
	all, err := Reliability(labels, probs, bins, how)
	if err != nil {
		return 0, err
	}
	ece := 0.0
	for _, b := range all {
		gap := b.MeanProb - b.PosRate
		ece += float64(b.Count) / float64(len(labels)) * max(gap, -gap)
	}
	return ece, nil
}
