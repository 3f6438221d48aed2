package measure

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"genjobrec/girl/internal/tune"
)

// Peak measures step, which works on so many pairs: pairs/s, and the peak of the process's memory in MB.
func Peak(b *testing.B, pairs int, step func() error) {
	tune.Memory()
	counted := startPeak()
	for b.Loop() {
		if err := step(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(pairs)*float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
	reportPeak(b, counted)
}

// startPeak gives back to the system what was built before and dropped, and makes the kernel count the peak memory anew, so that the peak
// is that of what follows and of what it is given. It tells whether the kernel does: Linux alone can, where /proc may be written to.
func startPeak() (counted bool) {
	runtime.GC() // empties pools, but for what the second collection, in FreeOSMemory, lets go
	debug.FreeOSMemory()
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) == nil
}

// reportPeak adds the largest resident size since startPeak to the benchmark's line, where that was counted.
func reportPeak(b *testing.B, counted bool) {
	if !counted {
		return
	}
	if mb, ok := peakMemory(); ok {
		b.ReportMetric(mb, "peak-MB")
	}
}

// peakMemory is the largest resident size since startPeak in MB, of 10^6 bytes.
func peakMemory() (mb float64, ok bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	return highWater(status)
}

// highWater reads VmHWM, which the kernel tells in KiB, though it writes kB.
func highWater(status []byte) (mb float64, ok bool) {
	_, rest, ok := bytes.Cut(status, []byte("VmHWM:"))
	if !ok {
		return 0, false
	}
	kib, err := strconv.Atoi(string(bytes.Fields(rest)[0]))
	return float64(kib) * 1024 / 1e6, err == nil
}
