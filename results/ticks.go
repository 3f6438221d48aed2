package results

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// sparseTicks puts three to six labels on round numbers (1, 2, 2.5 or 5 times a power of ten) all
// written with the same number of decimals.
type sparseTicks struct {
	steps int  // at most, between labels; 0: five
	whole bool // whole numbers only
}

// Ticks implements [plot.Ticker].
func (s sparseTicks) Ticks(low, high float64) []plot.Tick {
	most := 5.0
	if s.steps > 0 {
		most = float64(s.steps)
	}
	span := high - low
	// A span of rounding errors has no round numbers in it, and steps of its size would not move k.
	if !(span > 1e-9*math.Max(math.Abs(low), math.Abs(high))) || math.IsInf(span, 0) {
		return []plot.Tick{{Value: low, Label: strconv.FormatFloat(low, 'g', 4, 64)}}
	}
	power := math.Floor(math.Log10(span)) - 1
	var step float64
	var decimals int
search:
	for {
		for _, m := range []struct {
			factor float64
			extra  int // further decimals the factor needs
		}{{1, 0}, {2, 0}, {2.5, 1}, {5, 0}} {
			step = m.factor * math.Pow(10, power)
			decimals = max(0, int(-power)+m.extra)
			if span/step <= most && (!s.whole || step == math.Trunc(step)) {
				break search
			}
		}
		power++
	}
	if s.whole {
		decimals = 0
	}
	first := math.Ceil(low/step - 1e-9)
	format := byte('f')
	if largest := math.Max(math.Abs(low), math.Abs(high)); largest >= 1e6 || largest < 1e-4 {
		format, decimals = 'g', 4
	}
	var ticks []plot.Tick
	for k := first; k*step <= high+1e-9*step; k++ {
		v := k * step
		if k == 0 {
			v = 0 // never "-0"
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, format, decimals, 64)})
	}
	return ticks
}

// ticksAt labels the values given, in rising order, where they have room beside each other on the axis of a panel: otherwise nil.
func ticksAt(values []float64) []plot.Tick {
	const room, gap = 105 * vg.Inch / 72, 5 * vg.Inch / 72 // of the axes of panels, which differ a little
	if len(values) < 2 {
		return nil
	}
	style, span := textStyle(tickSize), values[len(values)-1]-values[0]
	var ticks []plot.Tick
	for i, v := range values {
		label := strconv.FormatFloat(v, 'g', 6, 64)
		if i > 0 && room*vg.Length((v-values[i-1])/span) < (style.Width(label)+style.Width(ticks[i-1].Label))/2+gap {
			return nil
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: label})
	}
	return ticks
}
