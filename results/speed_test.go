//go:build unix

package results

import (
	"syscall"
	"testing"
	"time"
)

// TestRQ2Speed holds the whole table to the time it may take on two cores, 5 s: 6 matchers of 3 seeds and
// the baselines, 5,000 pairs, 2,000 resamples. Processor time is what it counts, twice 5 s: a busy
// machine stretches the wall clock, not the work.
func TestRQ2Speed(t *testing.T) {
	if testing.Short() {
		t.Skip("timing")
	}
	rows := simulate(5000, 3)
	start, wall := processorTime(t), time.Now()
	if _, err := RQ2(RQ2Input{Dataset: "d", Scores: rows}); err != nil {
		t.Fatal(err)
	}
	took := processorTime(t) - start
	t.Logf("%v of processor time, %v by the clock", took, time.Since(wall))
	if took > 10*time.Second {
		t.Errorf("the RQ2 table took %v of processor time, want less than 10 s", took)
	}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
