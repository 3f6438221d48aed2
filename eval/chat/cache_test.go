package chat

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// line is a cached answer under key number n.
func line(n int, answer string) cacheLine {
	return cacheLine{Key: fmt.Sprintf("%064x", n), Model: "m", Answer: answer, PromptTokens: 3}
}

// filled is the path of a cache with three answers.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "answers.jsonl")
	c := open(t, path)
	for n, answer := range []string{"one", "two \n lines", ""} {
		if err := c.put(line(n, answer)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *Cache {
	t.Helper()
	c, err := OpenCache(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.file.Close() })
	return c
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCacheKeepsAnswers(t *testing.T) {
	c := open(t, filled(t))
	if c.Len() != 3 {
		t.Errorf("%d lines, want 3", c.Len())
	}
	for n, want := range []string{"one", "two \n lines", ""} {
		if l, ok := c.get(fmt.Sprintf("%064x", n)); !ok || l.Answer != want || l.PromptTokens != 3 {
			t.Errorf("%+v %v, want the answer %q", l, ok, want)
		}
	}
	if _, ok := c.get("x"); ok {
		t.Error("an unknown key was found")
	}
}

func TestCacheIsAppendedTo(t *testing.T) {
	path := filled(t)
	before := read(t, path)
	c := open(t, path)
	for range 2 { // the second time changes nothing
		if err := c.put(line(7, "seven")); err != nil {
			t.Fatal(err)
		}
	}
	after := read(t, path)
	if !strings.HasPrefix(after, before) || strings.Count(after, "\n") != 4 {
		t.Errorf("the file was\n%sand became\n%s", before, after)
	}
}

// An interrupted write leaves part of a last line, wherever it was cut.
func TestCacheToleratesCutLastLine(t *testing.T) {
	path := filled(t)
	whole := read(t, path)
	start := strings.LastIndex(whole[:len(whole)-1], "\n") + 1
	for cut := start; cut < len(whole); cut += 7 {
		write(t, path, whole[:cut])
		c := open(t, path)
		if c.Len() != 2 {
			t.Fatalf("cut at %d: %d lines, want 2", cut, c.Len())
		}
		if err := c.put(line(9, "nine")); err != nil {
			t.Fatal(err)
		}
		if again := open(t, path); again.Len() != 3 {
			t.Fatalf("cut at %d: %d lines after another answer, want 3", cut, again.Len())
		}
	}
	// A line that lacks only its end is whole.
	write(t, path, whole[:len(whole)-1])
	if c := open(t, path); c.Len() != 3 || read(t, path) != whole {
		t.Errorf("%d lines, file\n%s", c.Len(), read(t, path))
	}
}

func TestCacheNamesDamage(t *testing.T) {
	path := filled(t)
	lines := strings.SplitAfter(read(t, path), "\n")
	for name, c := range map[string]struct{ damaged, want string }{
		"no JSON":       {"what\n", "line 2 is damaged"},
		"empty line":    {"\n", "line 2 is damaged"},
		"cut":           {lines[1][:40] + "\n", "line 2 is damaged"},
		"two values":    {strings.TrimSpace(lines[1]) + "{}\n", "more than one"},
		"key":           {strings.Replace(lines[1], `"key":"000`, `"key":"xyz`, 1), "64 hexadecimal"},
		"unknown field": {strings.Replace(lines[1], `"model"`, `"engine"`, 1), "engine"},
	} {
		if c.damaged == lines[1] {
			t.Fatalf("%s: nothing was damaged", name)
		}
		text := lines[0] + c.damaged + lines[2]
		write(t, path, text)
		_, err := OpenCache(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path+", line 2") {
			t.Errorf("%s: %v, want file, line 2 and %q", name, err, c.want)
		}
		if read(t, path) != text {
			t.Errorf("%s: the damaged file was changed", name)
		}
	}
	if _, err := OpenCache(t.TempDir()); err == nil {
		t.Error("a folder passed as a cache")
	}
}
