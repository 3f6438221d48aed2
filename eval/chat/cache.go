package chat

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Cache keeps the answers of a model in a file of JSON lines, so that no question is paid for twice and an interrupted run
// goes on where it stopped. Lines are only ever appended. One process at a time may have the file open for writing.
//
// The key of a line is a hash of the endpoint's address, as two endpoints may give one name to different models, of model,
// temperature, format and both texts of the question. It does not hold the limit of answer tokens: an answer that was cut off
// there is not kept, and one that ended before would have ended under a larger limit, too. Where a key stands twice, the
// first line counts. Delete a line to ask its question again.
type Cache struct {
	path  string
	mu    sync.Mutex
	file  *os.File
	size  int64 // bytes of whole lines
	lines map[string]cacheLine
}

// cacheLine is one answer.
type cacheLine struct {
	Key          string `json:"key"`   // see Client.key
	Model        string `json:"model"` // for human readers; the key holds it too
	Answer       string `json:"answer"`
	PromptTokens int64  `json:"prompt_tokens"` // 0 where the endpoint did not say
	AnswerTokens int64  `json:"answer_tokens"`
}

// OpenCache opens the file, or makes it, and reads what it holds. A last line without its end, as an interrupted write
// leaves it, is dropped; any other damage is an error that names file and line.
func OpenCache(path string) (*Cache, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("chat: cache: %w", err)
	}
	c := &Cache{path: path, file: f, lines: map[string]cacheLine{}}
	if err := c.read(); err != nil {
		f.Close()
		return nil, err
	}
	return c, nil
}

func (c *Cache) read() error {
	r := bufio.NewReader(c.file)
	for n := 1; ; n++ {
		raw, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("chat: cache %s, line %d: %w", c.path, n, err)
		}
		ended := err == nil
		if len(raw) == 0 && !ended {
			return nil
		}
		l, fault := parseLine(raw)
		switch {
		case fault != nil && ended:
			return fmt.Errorf("chat: cache %s, line %d is damaged: %w", c.path, n, fault)
		case fault != nil: // an interrupted write: the next line must not be glued to it
			if err := c.file.Truncate(c.size); err != nil {
				return fmt.Errorf("chat: cache %s, line %d is cut off and cannot be removed: %w", c.path, n, err)
			}
			return nil
		}
		c.size += int64(len(raw))
		if _, known := c.lines[l.Key]; !known {
			c.lines[l.Key] = l
		}
		if !ended {
			if _, err := c.file.WriteString("\n"); err != nil {
				return fmt.Errorf("chat: cache %s: %w", c.path, err)
			}
			c.size++
			return nil
		}
	}
}

// parseLine reads a line and checks that it is whole.
func parseLine(raw []byte) (cacheLine, error) {
	var l cacheLine
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return l, errors.New("more than one JSON value")
	}
	if b, err := hex.DecodeString(l.Key); err != nil || len(b) != 32 {
		return l, fmt.Errorf("key %q, want 64 hexadecimal digits", clip(l.Key, 80))
	}
	return l, nil
}

// Len is the number of different questions that the cache can answer.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.lines)
}

func (c *Cache) get(key string) (cacheLine, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.lines[key]
	return l, ok
}

// put appends the line in one write and flushes it to the disk: an answer costs more than a flush.
func (c *Cache) put(l cacheLine) error {
	raw, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("chat: cache %s: %w", c.path, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.lines[l.Key]; known {
		return nil
	}
	n, err := c.file.Write(append(raw, '\n'))
	if err != nil { // a full disk may have taken half a line: the next one must not be glued to it
		return fmt.Errorf("chat: cache %s: %w", c.path, errors.Join(err, c.file.Truncate(c.size)))
	}
	c.size += int64(n)
	if err := c.file.Sync(); err != nil {
		return fmt.Errorf("chat: cache %s: %w", c.path, err)
	}
	c.lines[l.Key] = l
	return nil
}

// Close closes the file.
func (c *Cache) Close() error {
	if err := c.file.Close(); err != nil {
		return fmt.Errorf("chat: cache: %w", err)
	}
	return nil
}
