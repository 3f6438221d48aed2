package eval

// lanes is the number of resamples that one pass over the rows serves: each row's cluster is then looked up once for all of them.
// With four, sums and counts of negatives stay in registers.
const lanes = 4

// interleave puts the multiplicities of up to [lanes] resamples side by side, cluster by cluster; lanes left over are zero.
func interleave(counts [][]uint32) [][lanes]uint32 {
	weights := make([][lanes]uint32, len(counts[0]))
	for l, c := range counts {
		for i, w := range c {
			weights[i][l] = w
		}
	}
	return weights
}

// weightedAUC is the AUC in which a row counts as often as its cluster was drawn: the sums of
// [AUC] with weights, in integers, so that no order of summation can change it. A lane of zeros has NaN.
func (s *sample) weightedAUC(system int, weights [][lanes]uint32) (auc [lanes]float64) {
	codes := s.codes[system]
	var u0, u1, u2, u3 uint64 // twice the Mann–Whitney statistic
	var n0, n1, n2, n3 uint64 // negatives with a smaller score
	for start := 0; start < len(codes); {
		code := codes[start]
		start++
		w := &weights[code>>codeShift]
		switch code & (tieEndBit | labelBit) {
		case tieEndBit | labelBit: // a positive whose score no other row has
			u0 += uint64(w[0]) * n0 * 2
			u1 += uint64(w[1]) * n1 * 2
			u2 += uint64(w[2]) * n2 * 2
			u3 += uint64(w[3]) * n3 * 2
			continue
		case tieEndBit:
			n0 += uint64(w[0])
			n1 += uint64(w[1])
			n2 += uint64(w[2])
			n3 += uint64(w[3])
			continue
		}
		var tied [2][lanes]uint64 // negatives and positives of a run of equal scores
		for {
			into, w := &tied[code&labelBit], &weights[code>>codeShift]
			for l := range lanes {
				into[l] += uint64(w[l])
			}
			if code&tieEndBit != 0 {
				break
			}
			code = codes[start]
			start++
		}
		neg, pos := &tied[0], &tied[1]
		u0 += pos[0] * (2*n0 + neg[0])
		u1 += pos[1] * (2*n1 + neg[1])
		u2 += pos[2] * (2*n2 + neg[2])
		u3 += pos[3] * (2*n3 + neg[3])
		n0, n1, n2, n3 = n0+neg[0], n1+neg[1], n2+neg[2], n3+neg[3]
	}
	var pos [lanes]uint64
	for c := range weights {
		for l, w := range &weights[c] {
			pos[l] += uint64(w) * uint64(s.pos[c])
		}
	}
	u, neg := [lanes]uint64{u0, u1, u2, u3}, [lanes]uint64{n0, n1, n2, n3}
	for l := range auc {
		auc[l] = float64(u[l]) / 2 / float64(pos[l]) / float64(neg[l])
	}
	return auc
}

// weightedMean is the mean loss a row when clusters count as often as they were drawn; sums are the losses of clusters.
func (s *sample) weightedMean(sums []float64, weights [][lanes]uint32) (mean [lanes]float64) {
	var rows [lanes]uint64
	for c := range weights {
		for l, w := range &weights[c] {
			mean[l] += float64(w) * sums[c]
			rows[l] += uint64(w) * uint64(s.size[c])
		}
	}
	for l := range mean {
		mean[l] /= float64(rows[l])
	}
	return mean
}
