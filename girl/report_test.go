package girl

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestBarsNeverPanic: stages may report more than their total; the bar stays within its width.
func TestBarsNeverPanic(t *testing.T) {
	var out strings.Builder
	r := NewReporter(&out)
	r.terminal = true
	a, b := r.Start("seed-1/sft"), r.Start("seed-2/sft")
	for _, step := range []struct{ done, total int }{{0, 10}, {5, 10}, {10, 10}, {14, 10}, {1, 0}} {
		r.lastDraw = r.lastDraw.AddDate(-1, 0, 0)
		a.Step(step.done, step.total, "loss 1.0 – 损失")
		b.Step(step.done, step.total, "")
	}
	b.Done("a note")
	a.Failed()
	got := out.String()
	for _, want := range []string{"[########........]", "[################]", " | ", "seed-2/sft done in", "  a note\n", "seed-1/sft stopped after"} {
		if !strings.Contains(got, want) {
			t.Errorf("output lacks %q: %q", want, got)
		}
	}
	for _, line := range strings.FieldsFunc(got, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if n := len([]rune(strings.TrimRight(line, " "))); n > lineWidth {
			t.Errorf("a line of %d characters: %q", n, line)
		}
	}
	if len(r.active) != 0 {
		t.Errorf("%d stages still active", len(r.active))
	}
}

func TestPlainLinesWithoutATerminal(t *testing.T) {
	var out strings.Builder
	r := NewReporter(&out)
	var heard []string
	r.Listen(func(stage string, done, total int, note string) {
		heard = append(heard, fmt.Sprintf("%s %d/%d %s", stage, done, total, strings.Fields(note)[0]))
	})
	task := r.Start("sft")
	task.Step(1, 10, "loss 3")
	task.last = task.last.Add(-2 * plainInterval)
	task.Step(5, 10, "loss 2")
	task.Done()
	if got := out.String(); strings.Contains(got, "\r") || strings.Contains(got, "loss 3") || !strings.Contains(got, "sft 5/10") || !strings.Contains(got, "loss 2") {
		t.Errorf("want one plain line for the second step alone, got %q", got)
	}
	task = r.Start("ppo")
	task.Step(1, 10, "score 1")
	task.Failed()
	if want := []string{"sft 1/10 loss", "sft 5/10 loss", "sft 10/10 done", "ppo 1/10 score", "ppo 1/10 stopped"}; !slices.Equal(heard, want) {
		t.Errorf("the listener heard %q, want %q", heard, want)
	}
}
