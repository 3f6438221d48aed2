package judge

import (
	"fmt"
	"math"

	"genjobrec/eval"
)

// Agreement is how far two judges agree on one criterion.
type Agreement struct {
	Criterion Criterion
	N         int       // contests that both decided
	Invalid   int       // contests that either left undecided
	OnlyOne   int       // contests that only one of them was given
	Confusion [3][3]int // first judge's lose, tie, win by the second's, in that order
	// Raw is the share of contests with the same verdict, 0 to 1; its P, against 0, means little.
	Raw eval.Estimate
	// Kappa is Cohen's κ = (p₀ − pₑ)/(1 − pₑ), with p₀ the share of equal verdicts and pₑ the share expected if both judged
	// with their own frequencies but independently: 1 perfect, 0 no better than chance. NaN where pₑ is 1.
	Kappa eval.Estimate
}

// Agree compares two judges on the contests they share, criterion by criterion, whichever system each of them called A.
// Intervals are percentiles of the bootstrap over CV groups. A tie is a verdict of its own: κ is not weighted, so that a
// tie against a win counts as much as a loss against a win. Errors: a judgement that no judge made, a contest judged twice
// by one judge.
//
// Source: Cohen (1960), doi:10.1177/001316446002000104.
func Agree(first, second []Judgement, b eval.Bootstrap) ([]Agreement, error) {
	// One order of the systems for both judges, so that each contest has one key.
	place, err := places(append(append([]Judgement{}, first...), second...), nil)
	if err != nil {
		return nil, err
	}
	others := map[contestKey]Judgement{}
	for _, j := range second {
		key, j := normal(j, place)
		if _, twice := others[key]; twice {
			return nil, fmt.Errorf("judge: %v, seed %d: the second judge judged twice", j.Contest, j.Contest.Seed)
		}
		others[key] = j
	}
	type both struct{ x, y Judgement }
	var shared []both
	onlyFirst := 0
	seen := map[contestKey]bool{}
	for _, j := range first {
		key, j := normal(j, place)
		if seen[key] {
			return nil, fmt.Errorf("judge: %v, seed %d: the first judge judged twice", j.Contest, j.Contest.Seed)
		}
		seen[key] = true
		if o, ok := others[key]; ok {
			shared = append(shared, both{j, o})
		} else {
			onlyFirst++
		}
	}
	out := make([]Agreement, numCriteria)
	for i := range out {
		a := Agreement{Criterion: Criterion(i), OnlyOne: onlyFirst + len(others) - len(shared)}
		var groups []string
		var cells [][2]int
		for _, s := range shared {
			x, y := s.x.Verdict[i], s.y.Verdict[i]
			if x == Invalid || y == Invalid {
				a.Invalid++
				continue
			}
			cell := [2]int{int(x - Lose), int(y - Lose)}
			a.N++
			a.Confusion[cell[0]][cell[1]]++
			groups, cells = append(groups, s.x.Contest.group()), append(cells, cell)
		}
		count := func(rows []int) (table [3][3]int) {
			for _, r := range rows {
				table[cells[r][0]][cells[r][1]]++
			}
			return table
		}
		if a.Raw, err = resample(b, groups, func(rows []int) (float64, bool) { raw, _ := kappa(count(rows)); return raw, len(rows) > 0 }); err != nil {
			return nil, err
		}
		if a.Kappa, err = resample(b, groups, func(rows []int) (float64, bool) {
			_, k := kappa(count(rows))
			return k, !math.IsNaN(k)
		}); err != nil {
			return nil, err
		}
		out[i] = a
	}
	return out, nil
}

// kappa is the share of equal verdicts and Cohen's κ of a table of counts; NaN where they do not exist.
func kappa(table [3][3]int) (raw, k float64) {
	var n, equal, chance float64
	var row, column [3]float64
	for i := range table {
		for j, count := range table[i] {
			c := float64(count)
			n, row[i], column[j] = n+c, row[i]+c, column[j]+c
			if i == j {
				equal += c
			}
		}
	}
	for i := range row {
		chance += row[i] * column[i]
	}
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	// In counts, as n² − Σ row·column is exactly 0 where κ does not exist.
	if n*n == chance {
		return equal / n, math.NaN()
	}
	return equal / n, (n*equal - chance) / (n*n - chance)
}
