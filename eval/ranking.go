package eval

import "fmt"

// PairAccuracy says how well scores order the JDs of one and the same CV.
type PairAccuracy struct {
	Micro    float64 // share of all within-CV (positive, negative) pairs in the right order, ties half
	Macro    float64 // the same share for each CV, averaged over CVs
	Pairs    int     // within-CV (positive, negative) pairs
	CVs      int     // CVs with at least one such pair
	Warnings []Warning
}

// PairwiseAccuracy compares scores within CVs only, as a reward model is trained to:
//
//	Micro = Σ_c U_c / Σ_c P_c·N_c,   Macro = mean_c U_c/(P_c·N_c)
//
// U_c is the Mann–Whitney count of CV c, a tie counting half, P_c and N_c its positives and
// negatives. CVs of one class have no pair; they are left out and counted in a warning. Errors: no
// CV with both classes ([ErrOneClass]), NaN scores, labels outside {0, 1}.
func PairwiseAccuracy(cvs []string, labels []int, scores []float64) (PairAccuracy, error) {
	if len(cvs) != len(labels) {
		return PairAccuracy{}, fmt.Errorf("eval: %d CV ids, %d labels: %w", len(cvs), len(labels), ErrLength)
	}
	if _, _, err := checkTwoClasses(labels, scores); err != nil {
		return PairAccuracy{}, err
	}
	type cv struct {
		labels []int
		scores []float64
		pos    int
	}
	var all []cv
	for i, c := range ClusterIDs(cvs) {
		if c == len(all) {
			all = append(all, cv{})
		}
		all[c].labels = append(all[c].labels, labels[i])
		all[c].scores = append(all[c].scores, scores[i])
		all[c].pos += labels[i]
	}
	var acc PairAccuracy
	var twiceU uint64
	for _, c := range all {
		pairs := c.pos * (len(c.labels) - c.pos)
		if pairs == 0 {
			continue
		}
		u := concordance(c.labels, c.scores)
		twiceU += u
		acc.Pairs += pairs
		acc.CVs++
		acc.Macro += float64(u) / 2 / float64(pairs)
	}
	if acc.Pairs == 0 {
		return PairAccuracy{}, fmt.Errorf("eval: none of %d CVs has both a positive and a negative: %w", len(all), ErrOneClass)
	}
	acc.Micro = float64(twiceU) / 2 / float64(acc.Pairs)
	acc.Macro /= float64(acc.CVs)
	if left := len(all) - acc.CVs; left > 0 {
		acc.Warnings = append(acc.Warnings, Warning(fmt.Sprintf("%d of %d CVs have one class only and are left out", left, len(all))))
	}
	return acc, nil
}
