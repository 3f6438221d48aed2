// Package tune fits the Go runtime to training: much memory that is soon free again.
package tune

import (
	"os"
	"runtime/debug"
)

const (
	// memoryGoal is where the garbage collector starts to work harder, so that two seeds side by side stay below 4 GiB. It is no
	// limit: a larger model takes what it needs.
	memoryGoal = 3 << 30
	// gcPercent is how much the heap may grow between two collections. The buffers of a training step are few and large: collecting
	// more often than Go does by itself costs no time that could be measured, and a PPO round then peaks a quarter lower.
	gcPercent = 40
)

// Memory makes the garbage collector keep memory lower than Go's defaults do. GOMEMLIMIT and GOGC override it.
func Memory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
