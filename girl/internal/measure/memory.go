package measure

import (
	"runtime"
	"runtime/debug"
	"testing"

	"genjobrec/girl/internal/tune"
)

// Peak measures step, which works on so many pairs: pairs/s, and the peak of the process's memory in MB. What the benchmark has built before
// and dropped goes back to the system first, so that the peak is that of step and of what it is given.
func Peak(b *testing.B, pairs int, step func() error) {
	tune.Memory()
	runtime.GC() // empties pools, but for what the second collection, in FreeOSMemory, lets go
	debug.FreeOSMemory()
	forgetPeak()
	for b.Loop() {
		if err := step(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(pairs)*float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
	if mb, ok := peakMemory(); ok {
		b.ReportMetric(mb, "peak-MB")
	}
}
