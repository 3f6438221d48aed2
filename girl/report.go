package girl

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Reporter tells a person how a run is going. Several stages may run at once. On a terminal one line shows a bar and the
// time left for each; elsewhere there are plain lines, at most one every plainInterval a stage.
type Reporter struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	active   []*Task
	lastDraw time.Time
	lineLen  int
	listener func(stage string, done, total int, note string)
}

// Task is one running stage.
type Task struct {
	r           *Reporter
	name        string
	start, last time.Time
	done, total int
	note        string
}

const (
	barInterval   = 200 * time.Millisecond
	plainInterval = 15 * time.Second
	barWidth      = 16
	lineWidth     = 118 // bars are cut to it, so that the line does not wrap on usual terminals
)

// NewReporter writes to w; it draws bars if w is a terminal.
func NewReporter(w io.Writer) *Reporter {
	r := &Reporter{w: w}
	if f, ok := w.(interface{ Fd() uintptr }); ok {
		r.terminal = term.IsTerminal(int(f.Fd()))
	}
	return r
}

// Listen also sends every step and the end of every stage to fn: how a notebook shows its own bar.
func (r *Reporter) Listen(fn func(stage string, done, total int, note string)) { r.listener = fn }

// Linef writes one line above any bar.
func (r *Reporter) Linef(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear()
	fmt.Fprintf(r.w, format+"\n", args...)
}

// Start begins a stage.
func (r *Reporter) Start(stage string) *Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &Task{r: r, name: stage, start: time.Now()}
	t.last = t.start
	r.active = append(r.active, t)
	if !r.terminal {
		fmt.Fprintf(r.w, "%s ...\n", stage)
	}
	return t
}

// Step reports progress within the stage; it is an lm.Progress.
func (t *Task) Step(done, total int, note string) {
	r := t.r
	r.mu.Lock()
	defer r.mu.Unlock()
	t.done, t.total, t.note = done, total, note
	if r.listener != nil {
		r.listener(t.name, done, total, note)
	}
	now := time.Now()
	switch {
	case total <= 0:
	case r.terminal && now.Sub(r.lastDraw) >= barInterval:
		r.lastDraw = now
		bars := make([]string, len(r.active))
		for i, a := range r.active {
			bars[i] = a.bar(now)
		}
		r.draw(strings.Join(bars, " | "))
	case !r.terminal && now.Sub(t.last) >= plainInterval:
		t.last = now
		fmt.Fprintf(r.w, "%s %d/%d, %s left; %s\n", t.name, done, total, t.left(now), note)
	}
}

func (t *Task) bar(now time.Time) string {
	full := 0
	if t.total > 0 {
		full = min(barWidth, barWidth*t.done/t.total)
	}
	s := fmt.Sprintf("%s [%s%s] %s left", t.name, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), t.left(now))
	if len(t.r.active) == 1 {
		s += "; " + t.note
	}
	return s
}

// left extrapolates the time so far.
func (t *Task) left(now time.Time) string {
	if t.done == 0 {
		return "?"
	}
	return short(time.Duration(float64(now.Sub(t.start)) * float64(max(0, t.total-t.done)) / float64(t.done)))
}

// Done ends the stage, whatever its last step was.
func (t *Task) Done(notes ...string) { t.end("done in", true, notes) }

// Failed ends the stage without its result.
func (t *Task) Failed() { t.end("stopped after", false, nil) }

func (t *Task) end(how string, all bool, notes []string) {
	r := t.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if all {
		t.total = max(t.total, 1)
		t.done = t.total
	}
	if r.listener != nil {
		r.listener(t.name, t.done, t.total, how+" "+short(time.Since(t.start)))
	}
	r.clear()
	r.active = slices.DeleteFunc(r.active, func(a *Task) bool { return a == t })
	fmt.Fprintf(r.w, "%s %s %s\n", t.name, how, short(time.Since(t.start)))
	for _, n := range notes {
		fmt.Fprintf(r.w, "  %s\n", n)
	}
}

// Skipped says that a stage's outputs were already there.
func (r *Reporter) Skipped(stage string) { r.Linef("%s already there", stage) }

// draw replaces the bars' line.
func (r *Reporter) draw(line string) {
	if runes := []rune(line); len(runes) > lineWidth {
		line = string(runes[:lineWidth])
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
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
