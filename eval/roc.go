package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// MeanROC is the vertical average of ROC curves: at each false positive rate the mean of the curves' true positive rates. It has a
// corner wherever one of the curves has one, and both ends of every vertical step, so that the area under it is the mean of the
// areas ([ROCArea]) to rounding. Thresholds mean nothing across curves and are NaN. It is the way to average the curves of
// several training runs on the same rows; pooling their scores would compare scores of different runs. Errors: no curve, a curve
// that does not rise from (0, 0) to (1, 1).
//
// Source: Fawcett (2006), doi:10.1016/j.patrec.2005.10.010, section 8, there on a grid.
func MeanROC(curves ...[]ROCPoint) ([]ROCPoint, error) {
	if len(curves) == 0 {
		return nil, fmt.Errorf("eval: mean of ROC curves: %w", ErrEmpty)
	}
	var fprs []float64
	for i, c := range curves {
		if err := checkROC(c); err != nil {
			return nil, fmt.Errorf("eval: ROC curve %d: %w", i, err)
		}
		for _, p := range c {
			fprs = append(fprs, p.FPR)
		}
	}
	slices.Sort(fprs)
	var mean []ROCPoint
	for _, x := range slices.Compact(fprs) {
		low, high := 0.0, 0.0
		for _, c := range curves {
			l, h := tprAt(c, x)
			low, high = low+l, high+h
		}
		n := float64(len(curves))
		mean = append(mean, ROCPoint{math.NaN(), x, low / n})
		if high > low {
			mean = append(mean, ROCPoint{math.NaN(), x, high / n})
		}
	}
	return mean, nil
}

func checkROC(curve []ROCPoint) error {
	if n := len(curve); n < 2 || curve[0].FPR != 0 || curve[0].TPR != 0 || curve[n-1].FPR != 1 || curve[n-1].TPR != 1 {
		return fmt.Errorf("it does not lead from (0, 0) to (1, 1): %w", ErrRange)
	}
	for i := 1; i < len(curve); i++ {
		if !(curve[i].FPR >= curve[i-1].FPR && curve[i].TPR >= curve[i-1].TPR) {
			return fmt.Errorf("it falls after point %d: %w", i, ErrRange)
		}
	}
	return nil
}

// tprAt is the true positive rate of a curve at a false positive rate: the lower and the upper end where the curve is vertical.
func tprAt(curve []ROCPoint, x float64) (low, high float64) {
	first, there := slices.BinarySearchFunc(curve, x, func(p ROCPoint, x float64) int { return cmp.Compare(p.FPR, x) })
	if !there {
		a, b := curve[first-1], curve[first]
		y := a.TPR + (b.TPR-a.TPR)*(x-a.FPR)/(b.FPR-a.FPR)
		return y, y
	}
	last := first
	for last+1 < len(curve) && curve[last+1].FPR == x {
		last++
	}
	return curve[first].TPR, curve[last].TPR
}

// TPRAt is the true positive rate of a curve from [ROC] at a false positive rate from 0 to 1: the upper end where the curve is
// vertical, as a threshold can be chosen there.
func TPRAt(curve []ROCPoint, fpr float64) float64 {
	_, high := tprAt(curve, fpr)
	return high
}

// ROCArea is the area under a ROC curve by the trapezoid rule.
func ROCArea(curve []ROCPoint) float64 {
	area := 0.0
	for i := 1; i < len(curve); i++ {
		area += (curve[i].FPR - curve[i-1].FPR) * (curve[i].TPR + curve[i-1].TPR) / 2
	}
	return area
}

// ExpectedROC is the ROC curve of true probabilities as scores, without the noise of one draw of the labels: expected true
// positives over expected positives against the same of negatives,
//
//	TPR(t) = Σ_{pᵢ ≥ t} pᵢ / Σ pᵢ,  FPR(t) = Σ_{pᵢ ≥ t} (1−pᵢ) / Σ (1−pᵢ)
//
// No score of the same information has a curve above it. Errors: no rows, values outside [0, 1], all of them 0 or all 1.
func ExpectedROC(probs []float64) ([]ROCPoint, error) {
	if len(probs) == 0 {
		return nil, fmt.Errorf("eval: %w", ErrEmpty)
	}
	if err := checkProbs(make([]int, len(probs)), probs); err != nil {
		return nil, err
	}
	pos := 0.0
	for _, p := range probs {
		pos += p
	}
	neg := float64(len(probs)) - pos
	if pos == 0 || neg == 0 {
		return nil, fmt.Errorf("eval: probabilities that are all %g: %w", probs[0], ErrOneClass)
	}
	order := ascending(probs)
	slices.Reverse(order)
	curve := []ROCPoint{{Threshold: math.Inf(1)}}
	var tp, fp float64
	for block := range tieBlocks(probs, order) {
		p := probs[block[0]]
		tp, fp = tp+p*float64(len(block)), fp+(1-p)*float64(len(block))
		curve = append(curve, ROCPoint{p, min(fp/neg, 1), min(tp/pos, 1)})
	}
	last := &curve[len(curve)-1]
	last.FPR, last.TPR = 1, 1 // but for rounding
	return curve, nil
}

// DrawTPR gives the true positive rate at false positive rates on every resample, [system][rate][resample]; where a curve is
// vertical, the upper end. The resamples are those of [Bootstrap.Draw] with the same seed. Errors as there, and rates that are
// outside [0, 1] or do not rise.
func (b Bootstrap) DrawTPR(labels, clusters []int, fprs []float64, systems ...[]float64) ([][][]float64, error) {
	if b.Resamples == 0 {
		b.Resamples = 2000
	}
	if _, _, err := checkTwoClasses(labels, systems...); err != nil {
		return nil, err
	}
	for i, x := range fprs {
		if !(x >= 0 && x <= 1) || i > 0 && x <= fprs[i-1] {
			return nil, fmt.Errorf("eval: false positive rate %d is %g, want rising values in [0, 1]: %w", i, x, ErrRange)
		}
	}
	s, err := newSample(labels, clusters, systems)
	if err != nil {
		return nil, err
	}
	out := make([][][]float64, len(systems))
	for k := range out {
		out[k] = make([][]float64, len(fprs))
		for i := range fprs {
			out[k][i] = make([]float64, b.Resamples)
		}
	}
	_, err = s.eachResample(b, func(r int, counts []uint32) {
		rates := make([]float64, len(fprs))
		for k := range systems {
			weightedTPR(s.codes[k], counts, fprs, rates)
			for i, v := range rates {
				out[k][i][r] = v
			}
		}
	})
	return out, err
}

// weightedTPR fills rates with the true positive rates at the false positive rates when clusters count as often as they were drawn.
func weightedTPR(codes, counts []uint32, fprs, rates []float64) {
	var pos, neg uint64
	for _, code := range codes {
		w := uint64(counts[code>>codeShift])
		pos += w * uint64(code&labelBit)
		neg += w * uint64(1-code&labelBit)
	}
	// From the lowest score up the curve runs back from (1, 1).
	next := len(fprs) - 1
	for ; next >= 0 && fprs[next] >= 1; next-- {
		rates[next] = 1
	}
	tp, fp := pos, neg
	fromX, fromY := 1.0, 1.0
	for _, code := range codes {
		w := uint64(counts[code>>codeShift])
		tp -= w * uint64(code&labelBit)
		fp -= w * uint64(1-code&labelBit)
		if code&tieEndBit == 0 {
			continue
		}
		x, y := float64(fp)/float64(neg), float64(tp)/float64(pos)
		for ; next >= 0 && fprs[next] >= x; next-- { // fprs[next] < fromX
			rates[next] = y + (fromY-y)*(fprs[next]-x)/(fromX-x)
		}
		fromX, fromY = x, y
	}
}
