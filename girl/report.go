package girl

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Reporter tells a person how a run is going. On a terminal long stages show a bar with the time left; elsewhere plain lines,
// at most one every plainInterval.
type Reporter struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	stage    string
	start    time.Time
	last     time.Time
	lineLen  int
	listener func(stage string, done, total int, note string)
}

const (
	barInterval   = 200 * time.Millisecond
	plainInterval = 15 * time.Second
	barWidth      = 24
)

// NewReporter writes to w; it draws bars if w is a terminal.
func NewReporter(w io.Writer) *Reporter {
	r := &Reporter{w: w}
	if f, ok := w.(interface{ Fd() uintptr }); ok {
		r.terminal = term.IsTerminal(int(f.Fd()))
	}
	return r
}

// Listen also sends every step to fn: how a notebook shows its own bar.
func (r *Reporter) Listen(fn func(stage string, done, total int, note string)) { r.listener = fn }

// Linef writes one line above any bar.
func (r *Reporter) Linef(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear()
	fmt.Fprintf(r.w, format+"\n", args...)
}

// Start begins a stage.
func (r *Reporter) Start(stage string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage, r.start, r.last = stage, time.Now(), time.Time{}
	if !r.terminal {
		fmt.Fprintf(r.w, "%s ...\n", stage)
		r.last = r.start
	}
}

// Step reports progress within the current stage.
func (r *Reporter) Step(done, total int, note string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener != nil {
		r.listener(r.stage, done, total, note)
	}
	now := time.Now()
	interval := plainInterval
	if r.terminal {
		interval = barInterval
	}
	if now.Sub(r.last) < interval || total <= 0 {
		return
	}
	r.last = now
	left := "?"
	if done > 0 {
		left = short(time.Duration(float64(now.Sub(r.start)) * float64(total-done) / float64(done)))
	}
	if !r.terminal {
		fmt.Fprintf(r.w, "%s %d/%d, %s left; %s\n", r.stage, done, total, left, note)
		return
	}
	full := barWidth * done / total
	r.draw(fmt.Sprintf("%s [%s%s] %d/%d, %s left; %s", r.stage, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, total, left, note))
}

// Done ends the current stage.
func (r *Reporter) Done(notes ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear()
	fmt.Fprintf(r.w, "%s done in %s\n", r.stage, short(time.Since(r.start)))
	for _, n := range notes {
		fmt.Fprintf(r.w, "  %s\n", n)
	}
}

// Failed ends the current stage without its result.
func (r *Reporter) Failed(error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear()
	fmt.Fprintf(r.w, "%s stopped after %s\n", r.stage, short(time.Since(r.start)))
}

// Skipped says that a stage's outputs were already there.
func (r *Reporter) Skipped(stage string) { r.Linef("%s already there", stage) }

// draw replaces the bar's line, cut to the terminal's usual width.
func (r *Reporter) draw(line string) {
	if runes := []rune(line); len(runes) > 118 {
		line = string(runes[:118])
	}
	pad := max(0, r.lineLen-len(line))
	fmt.Fprintf(r.w, "\r%s%s", line, strings.Repeat(" ", pad))
	r.lineLen = len(line)
}

func (r *Reporter) clear() {
	if r.lineLen > 0 {
		fmt.Fprintf(r.w, "\r%s\r", strings.Repeat(" ", r.lineLen))
		r.lineLen = 0
	}
}

func short(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}
