package reward

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"genjobrec/girl/lm"
)

// batch is a step's worth of CVs: their JDs as sequences and every comparison within each CV. Each JD is scored once,
// however many comparisons it is in (Ouyang et al. 2022).
type batch struct {
	seqs             []lm.Sequence
	chosen, rejected []int32
	weight           []float32 // the comparisons of one CV sum to 1
}

// add appends one CV with its drawn JDs.
func (b *batch) add(prompt []int32, matched, mismatched [][]int32) {
	from := int32(len(b.seqs))
	for _, jd := range slices.Concat(matched, mismatched) {
		b.seqs = append(b.seqs, lm.Sequence{Prompt: prompt, Response: jd})
	}
	w := 1 / float32(len(matched)*len(mismatched))
	for i := range matched {
		for j := range mismatched {
			b.chosen = append(b.chosen, from+int32(i))
			b.rejected = append(b.rejected, from+int32(len(matched)+j))
			b.weight = append(b.weight, w)
		}
	}
}

// pairStep is the multiple to which the number of comparisons is padded, so that few shapes are compiled.
const pairStep = 64

// args are the tensors of Loss.
func (b *batch) args(rows int) ([]any, error) {
	packed, err := lm.Pack(b.seqs, rows, lm.LastToken)
	if err != nil {
		return nil, err
	}
	tokens, index, _, _ := packed.Args()
	n := (len(b.weight) + pairStep - 1) / pairStep * pairStep
	chosen, rejected, weight := make([]int32, n), make([]int32, n), make([]float32, n)
	copy(chosen, b.chosen)
	copy(rejected, b.rejected)
	copy(weight, b.weight)
	return []any{tokens, index, tensors.FromFlatDataAndDimensions(chosen, n), tensors.FromFlatDataAndDimensions(rejected, n),
		tensors.FromFlatDataAndDimensions(weight, n)}, nil
}

// drawn is what one CV brings to an epoch.
type drawn struct {
	prompt              []int32
	matched, mismatched [][]int32
}

func (d drawn) rows() int { return len(d.matched) + len(d.mismatched) }

// longest is the length in tokens of the longest of its sequences.
func (d drawn) longest() int {
	n := 0
	for _, jd := range slices.Concat(d.matched, d.mismatched) {
		n = max(n, len(jd))
	}
	return len(d.prompt) + n
}

// draw makes an epoch's batches: of each CV with a match, some matched JDs, some mismatched ones and some borrowed from
// other CVs. CVs of like length share a batch, which spares padding; the batches come in shuffled order.
func draw(all []Candidates, c Config, rng *rand.Rand) []*batch {
	var epoch []drawn
	for _, i := range rng.Perm(len(all)) {
		cand := all[i]
		if len(cand.Matched) == 0 {
			continue
		}
		d := drawn{cand.Prompt, sample(cand.Matched, c.Matched, rng), sample(cand.Mismatched, c.Mismatched, rng)}
		borrowed := c.Random
		if len(d.mismatched) == 0 {
			borrowed += c.Mismatched
		}
		for range borrowed {
			if jd := borrow(all, i, rng); jd != nil {
				d.mismatched = append(d.mismatched, jd)
			}
		}
		if len(d.mismatched) > 0 {
			epoch = append(epoch, d)
		}
	}
	slices.SortStableFunc(epoch, func(a, b drawn) int { return cmp.Compare(a.longest(), b.longest()) })
	var batches []*batch
	current := &batch{}
	for _, d := range epoch {
		if len(current.seqs)+d.rows() > c.BatchRows {
			batches = append(batches, current)
			current = &batch{}
		}
		current.add(d.prompt, d.matched, d.mismatched)
	}
	if len(current.seqs) > 0 {
		batches = append(batches, current)
	}
	rng.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	return batches
}

// sample draws at most n of the list, without replacement.
func sample(list [][]int32, n int, rng *rand.Rand) [][]int32 {
	var out [][]int32
	for _, j := range rng.Perm(len(list))[:min(n, len(list))] {
		out = append(out, list[j])
	}
	return out
}

// borrow samples a JD of another CV that is not one of CV i's own matches.
func borrow(all []Candidates, i int, rng *rand.Rand) []int32 {
	for range 20 {
		from := rng.IntN(len(all))
		other := all[from]
		n := len(other.Matched) + len(other.Mismatched)
		if n == 0 || from == i {
			continue
		}
		var jd []int32
		if k := rng.IntN(n); k < len(other.Matched) {
			jd = other.Matched[k]
		} else {
			jd = other.Mismatched[k-len(other.Matched)]
		}
		if !slices.ContainsFunc(all[i].Matched, func(own []int32) bool { return slices.Equal(own, jd) }) {
			return jd
		}
	}
	return nil
}
