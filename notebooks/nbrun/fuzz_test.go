package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Whatever a notebook's file holds: an error, or a notebook that is written as one that reads and writes as the same.
func FuzzParseNotebook(f *testing.F) {
	files, err := filepath.Glob("../*.ipynb")
	if err != nil || len(files) == 0 {
		f.Fatalf("no notebooks: %v", err)
	}
	for _, file := range files[:1] {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"nbformat":4,"nbformat_minor":2,"metadata":{},"cells":[{"cell_type":"code","source":["a\n","b"],"outputs":[{"output_type":"stream"}],"execution_count":1,"id":null},{"cell_type":"markdown","source":"<script>"}]}`))
	f.Add([]byte(`{"nbformat":4,"nbformat_minor":5,"cells":[null]}`))
	f.Add([]byte(`{"nbformat":4,"nbformat_minor":5,"cells":null}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		nb, err := parseNotebook(data)
		if err != nil {
			return
		}
		if err := nb.clear(); err != nil {
			t.Fatal(err)
		}
		first, err := nb.encode()
		if err != nil {
			t.Fatalf("a notebook that was read cannot be written: %v", err)
		}
		again, err := parseNotebook(first)
		if err != nil {
			t.Fatalf("a notebook that was written cannot be read: %v\n%s", err, first)
		}
		if second, err := again.encode(); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("error %v; written as\n%s\nthen as\n%s", err, first, second)
		}
	})
}

// Messages come from another process: an error, or a message that was signed with the key.
func FuzzDecodeMessage(f *testing.F) {
	key := []byte("key")
	m, err := newRequest("session", "execute_request", map[string]any{"code": "x"})
	if err != nil {
		f.Fatal(err)
	}
	frames, err := m.encode(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Join(frames, []byte{0}))
	f.Add([]byte("<IDS|MSG>\x00\x00{}\x00{}\x00{}\x00{}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, wire []byte) {
		own := bytes.Split(wire, []byte{0})
		if m, err := decode(key, own); err == nil {
			again, err := m.encode(key)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := decode(key, again); err != nil || back.Header != m.Header || !bytes.Equal(back.Content, m.Content) {
				t.Fatalf("%v: %+v came back as %+v", err, m, back)
			}
		}
		// A signature of nobody's is never accepted, and without a key every well-formed message is.
		if _, err := decode([]byte("another key"), own); err == nil {
			t.Fatal("a message with a foreign signature was accepted")
		}
		_, _ = decode(nil, own) // an error or a message
	})
}
