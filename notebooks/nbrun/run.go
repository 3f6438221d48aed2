package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"genjobrec/results/wholefile"
)

// runner runs notebooks.
type runner struct {
	repo    repository
	out     string        // folder of the executed copies
	tmp     string        // where kernels keep their temporary files, each in a folder of its own
	timeout time.Duration // of one cell
	grace   time.Duration // from the interrupt of a cell to the end of the kernel
	set     []string      // KEY=VALUE, environment of the kernel
	log     io.Writer
}

// defaultGrace is longer than the five seconds after which the kernel itself kills what ignores the interrupt.
const defaultGrace = 7 * time.Second

// cellError is the failure of a cell.
type cellError struct {
	notebook string
	index    int // from 1 up, over all cells
	reason   string
}

func (e *cellError) Error() string {
	return fmt.Sprintf("%s: cell %d: %s", e.notebook, e.index, e.reason)
}

// run executes a notebook in a kernel of its own and writes the executed copy, also when a cell has failed: its outputs up to
// there show why.
func (r *runner) run(ctx context.Context, path string) (err error) {
	target := filepath.Join(r.out, filepath.Base(path))
	if same, err := sameFile(path, target); err != nil {
		return err
	} else if same {
		return fmt.Errorf("%s: the executed copy would replace the notebook: choose another -out", path)
	}
	nb, err := readNotebook(path)
	if err != nil {
		return err
	}
	if err := nb.clear(); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return err
	}
	start := time.Now()
	k, err := startKernel(ctx, r.repo.specFile(), dir, r.tmp, r.set)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprintf(r.log, "%s: kernel ready in %s\n", path, short(time.Since(start)))
	c := newCollector()
	err = r.cells(ctx, k, c, nb, path)
	grace := stopTimeout
	if err != nil {
		grace = abortTimeout
	}
	k.stop(grace)
	blob, encodeErr := nb.encode()
	if encodeErr != nil {
		return errors.Join(err, encodeErr)
	}
	if writeErr := wholefile.WriteBytes(target, blob); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	fmt.Fprintf(r.log, "%s: %s, written to %s\n", path, short(time.Since(start)), target)
	return err
}

// cells runs the code cells in order, up to the first failure, and records what all of them have put out.
func (r *runner) cells(ctx context.Context, k *kernel, c *collector, nb *notebook, path string) (err error) {
	type ran struct {
		cell *cell
		out  *cellOutputs
	}
	var done []ran
	defer func() {
		// At the end, as a display may be updated by a later cell.
		for _, d := range done {
			err = errors.Join(err, d.cell.setOutputs(d.out.list, &d.out.count))
		}
	}()
	for i, code := range nb.cells {
		if code.kind != "code" || strings.TrimSpace(code.source) == "" {
			continue
		}
		start := time.Now()
		id, err := k.send(k.shell, "execute_request", map[string]any{"code": code.source, "silent": false, "store_history": true,
			"user_expressions": map[string]string{}, "allow_stdin": false, "stop_on_error": true})
		if err != nil {
			return err
		}
		out := c.expect(id)
		done = append(done, ran{code, out})
		reason, err := r.wait(ctx, k, c, id, out)
		if err != nil {
			return fmt.Errorf("%s: cell %d: %w", path, i+1, err)
		}
		if reason == "" {
			reason = failure(code.source, out.list)
		}
		fmt.Fprintf(r.log, "%s: cell %d of %d: %s  %s\n", path, i+1, len(nb.cells), short(time.Since(start)), title(code.source))
		if reason != "" {
			return &cellError{path, i + 1, reason}
		}
	}
	return nil
}

// wait collects until the kernel has replied to the request and is idle again. A cell that takes longer than the timeout is
// interrupted, which is the reason given; a kernel that then does not come back is an error.
func (r *runner) wait(ctx context.Context, k *kernel, c *collector, id string, out *cellOutputs) (reason string, err error) {
	timer := time.NewTimer(r.timeout)
	defer timer.Stop()
	replied := false
	for !replied || !out.idle {
		select {
		case e := <-k.events:
			switch {
			case e.err != nil:
				return "", e.err
			case e.published:
				if err := c.add(e.message); err != nil {
					return "", err
				}
			case e.Header.Type == "execute_reply" && e.Parent.ID == id:
				replied = true
			}
		case <-timer.C:
			if reason != "" {
				return "", fmt.Errorf("%s, and went on after the interrupt", reason)
			}
			reason = fmt.Sprintf("took longer than %s (-timeout)", r.timeout)
			if err := k.interrupt(); err != nil {
				return "", errors.Join(errors.New(reason), err)
			}
			timer.Reset(r.grace)
		case <-k.exited:
			return "", k.ended()
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return reason, nil
}

// stderrLines is how much of a failed cell's stderr its error repeats.
const stderrLines = 20

// failure says why a finished cell failed; "" if it did not.
func failure(source string, outputs []*output) string {
	status := failedShell(source, outputs)
	reason := status
	if status != "" {
		reason = "a shell command failed: " + status
	}
	var stderr string
	for _, o := range outputs {
		switch {
		case o.Type == "error" && o.EValue != nil:
			status = strings.TrimSpace(*o.EValue)
			if reason = status; reason == "" {
				reason = "failed without saying why"
			}
		case o.Type == "stream" && o.Name == "stderr":
			stderr += string(o.Text)
		}
	}
	// The kernel writes a program's exit status to stderr, too.
	stderr = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(stderr), status))
	if reason == "" || stderr == "" {
		return reason
	}
	last := strings.Split(stderr, "\n")
	return reason + "\n" + strings.Join(last[max(0, len(last)-stderrLines):], "\n")
}

// title is the first line of a cell that says something.
func title(source string) string {
	for line := range strings.Lines(source) {
		if line = strings.TrimSpace(line); line != "" && line != "%%" {
			if r := []rune(line); len(r) > 60 {
				line = string(r[:60]) + "…"
			}
			return line
		}
	}
	return ""
}

func sameFile(a, b string) (bool, error) {
	x, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	y, err := os.Stat(b)
	if err != nil {
		return false, nil // nothing there to replace
	}
	return os.SameFile(x, y), nil
}

func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
