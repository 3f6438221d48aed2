package measure

import (
	"errors"
	"os"
	"testing"
)

// The peak is that of what is measured, not of what was built before and dropped.
func TestPeakLeavesEarlierWorkOut(t *testing.T) {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skip("this system does not count the peak anew:", err)
	}
	const dropped, held = 400e6, 50e6
	fill := func(n int) error {
		data := make([]byte, n)
		for i := 0; i < n; i += 4096 {
			data[i] = 1 // the system hands out pages that are written to
		}
		if data[0] != 1 {
			return errors.New("memory forgets")
		}
		return nil
	}
	step := func() error { return fill(held) }
	for name, run := range map[string]func(*testing.B){
		"Run":  func(b *testing.B) { Run(b, 1, 1, step) },
		"Peak": func(b *testing.B) { Peak(b, 1, step) },
	} {
		r := testing.Benchmark(func(b *testing.B) {
			if err := fill(dropped); err != nil {
				b.Fatal(err)
			}
			run(b)
		})
		if peak, ok := r.Extra["peak-MB"]; !ok || peak < held/1e6 || peak >= dropped/1e6 {
			t.Errorf("%s: the peak is %.0f MB after %.0f MB were dropped, of a step that takes %.0f", name, peak, dropped/1e6, held/1e6)
		}
	}
}

// MB are millions of bytes.
func TestHighWaterUnit(t *testing.T) {
	if mb, ok := highWater([]byte("VmPeak:\t 7 kB\nVmHWM:\t  1000000 kB\nVmRSS:\t 5 kB\n")); !ok || mb != 1024 {
		t.Errorf("1,000,000 KiB are %g MB (%t), want 1024", mb, ok)
	}
	if _, ok := highWater([]byte("VmPeak:\t 7 kB\n")); ok {
		t.Error("there is a peak where none is told")
	}
}
