package eval

import (
	"math"
	"slices"
)

// AUC is the area under the ROC curve, the Mann–Whitney probability that a random positive scores
// above a random negative, ties counting half:
//
//	AUC = 1/(P·N) Σ_{i: yᵢ=1} Σ_{j: yⱼ=0} ( [sᵢ > sⱼ] + ½[sᵢ = sⱼ] )
//
// P and N count the positives and negatives. The double sum is taken over sorted scores in
// O(n log n) and integer arithmetic, so the result does not depend on the order of the input.
// Errors: one class ([ErrOneClass]), NaN scores, labels outside {0, 1}. ±Inf is a valid score.
//
// Source: Mann and Whitney (1947); Hanley and McNeil (1982), doi:10.1148/radiology.143.1.7063747.
func AUC(labels []int, scores []float64) (float64, error) {
	pos, neg, err := checkTwoClasses(labels, scores)
	if err != nil {
		return 0, err
	}
	return float64(concordance(labels, scores)) / 2 / float64(pos) / float64(neg), nil
}

// concordance is twice the Mann–Whitney U statistic: 2 for each (positive, negative) pair in the
// right order, 1 for each tie. Its inputs have been checked.
func concordance(labels []int, scores []float64) uint64 {
	var twiceU, below uint64 // below: negatives with a smaller score
	for block := range tieBlocks(scores, ascending(scores)) {
		var pos, neg uint64
		for _, i := range block {
			if labels[i] == 1 {
				pos++
			} else {
				neg++
			}
		}
		twiceU += pos * (2*below + neg)
		below += neg
	}
	return twiceU
}

// ROCPoint is one corner of a ROC curve: the rates of the rule "positive if score ≥ Threshold".
type ROCPoint struct {
	Threshold float64 // +Inf at the first point, where nothing is called positive
	FPR, TPR  float64 // false and true positive rate, in [0, 1]
}

// ROC is the ROC curve from (0, 0) to (1, 1), one point a distinct score, thresholds falling.
// Tied scores move both rates at once, a slanted segment, so that the trapezoid area under the
// points is [AUC]. Errors as in [AUC].
func ROC(labels []int, scores []float64) ([]ROCPoint, error) {
	pos, neg, err := checkTwoClasses(labels, scores)
	if err != nil {
		return nil, err
	}
	order := ascending(scores)
	slices.Reverse(order)
	curve := []ROCPoint{{Threshold: math.Inf(1)}}
	var tp, fp int
	for block := range tieBlocks(scores, order) {
		for _, i := range block {
			tp += labels[i]
			fp += 1 - labels[i]
		}
		curve = append(curve, ROCPoint{
			Threshold: scores[block[0]],
			FPR:       float64(fp) / float64(neg),
			TPR:       float64(tp) / float64(pos),
		})
	}
	return curve, nil
}
