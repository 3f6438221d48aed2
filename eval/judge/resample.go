package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"genjobrec/eval"
)

// resample draws whole groups of rows with replacement, as [eval.Bootstrap] does, for a statistic that is no mean: stat
// gets the rows of a draw, and says whether it exists there. Draws on which it does not are left out, and a warning counts
// them. The estimate has no interval (NaN, with a warning) where there are fewer than two groups or no two draws.
func resample(b eval.Bootstrap, groups []string, stat func(rows []int) (float64, bool)) (eval.Estimate, error) {
	all, err := resampleAll(b, groups, 1, func(rows []int) ([]float64, bool) {
		v, ok := stat(rows)
		return []float64{v}, ok
	})
	if err != nil {
		return eval.Estimate{}, err
	}
	return all[0], nil
}

// resampleAll is resample for several statistics that come from one computation and exist on the same draws. stat is called from
// several goroutines; the result does not depend on how many.
func resampleAll(b eval.Bootstrap, groups []string, statistics int, stat func(rows []int) ([]float64, bool)) ([]eval.Estimate, error) {
	out := make([]eval.Estimate, statistics)
	all := make([]int, len(groups))
	byGroup := [][]int{}
	for i, g := range eval.ClusterIDs(groups) {
		all[i] = i
		if g == len(byGroup) {
			byGroup = append(byGroup, nil)
		}
		byGroup[g] = append(byGroup[g], i)
	}
	observed, ok := stat(all)
	if !ok {
		for k := range out {
			out[k] = unknown("the statistic does not exist on these contests")
		}
		return out, nil
	}
	if len(byGroup) < 2 {
		for k := range out {
			out[k] = pointOnly(observed[k], len(byGroup))
		}
		return out, nil
	}
	var warnings []eval.Warning
	if len(byGroup) < fewGroups {
		warnings = append(warnings, eval.Warning(fmt.Sprintf("only %d CV groups: bootstrap intervals are too narrow", len(byGroup))))
	}
	n := b.Resamples
	if n == 0 {
		n = 2000
	}
	values := make([][]float64, n) // nil where the statistics do not exist
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			rows := make([]int, 0, len(groups))
			for r := int(next.Add(1)) - 1; r < n; r = int(next.Add(1)) - 1 {
				rng := rand.New(rand.NewPCG(b.Seed, uint64(r)))
				rows = rows[:0]
				for range byGroup {
					rows = append(rows, byGroup[rng.IntN(len(byGroup))]...)
				}
				if v, ok := stat(rows); ok {
					values[r] = v
				}
			}
		})
	}
	wg.Wait()
	draws := make([][]float64, statistics)
	for _, v := range values {
		for k := range v {
			draws[k] = append(draws[k], v[k])
		}
	}
	drawn := len(draws[0])
	if missing := n - drawn; missing > 0 {
		warnings = append(warnings, eval.Warning(fmt.Sprintf("the statistic does not exist on %d of %d resamples, which are left out", missing, n)))
	}
	for k := range out {
		if drawn < 2 {
			out[k] = pointOnly(observed[k], len(byGroup))
			out[k].Warnings = append(slices.Clip(warnings), out[k].Warnings...)
			continue
		}
		var err error
		if out[k], err = b.Summarise(observed[k], draws[k], slices.Clip(warnings)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fewGroups is the number of groups below which eval warns about cluster bootstraps.
const fewGroups = 30

// unknown is an estimate without a value.
func unknown(why string) eval.Estimate {
	nan := math.NaN()
	return eval.Estimate{Value: nan, SE: nan, Low: nan, High: nan, P: nan, Warnings: []eval.Warning{eval.Warning(why)}}
}

// pointOnly is an estimate without an interval.
func pointOnly(value float64, groups int) eval.Estimate {
	e := unknown(fmt.Sprintf("%d CV groups: there is no interval", groups))
	e.Value = value
	return e
}
