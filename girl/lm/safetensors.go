package lm

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Weights are stored as safetensors (https://huggingface.co/docs/safetensors): an 8-byte little-endian header length,
// a JSON header that maps names to dtype, shape and byte range, then the raw numbers. The architecture and the head
// travel in the header's metadata, so that a file says by itself what it holds.

type tensorEntry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

const maxHeader = 16 << 20

// Save writes the weights to path, by a temporary file and a rename: a crash or a full disk leaves what was there.
func (w *Weights) Save(path string) error {
	config, err := json.Marshal(w.Config)
	if err != nil {
		return fmt.Errorf("lm: %s: %w", path, err)
	}
	var list []namedTensor
	for _, p := range parameters(w.Config, w.Head) {
		data, err := w.flat(p.name)
		if err != nil {
			return err
		}
		list = append(list, namedTensor{name: p.name, dims: p.dims, numbers: data})
	}
	return writeTensors(path, map[string]string{"config": string(config), "head": string(w.Head)}, list)
}

// namedTensor is one entry of a file: numbers is a []float32 or []int64.
type namedTensor struct {
	name    string
	dims    []int
	numbers any
}

// layout gives the entry's place behind offset, and where it ends.
func (t namedTensor) layout(offset int64) (tensorEntry, int64) {
	dims := t.dims
	if dims == nil {
		dims = []int{} // a scalar
	}
	dtype, size := "F32", int64(4)
	if _, ok := t.numbers.([]int64); ok {
		dtype, size = "I64", 8
	}
	for _, d := range dims {
		size *= int64(d)
	}
	return tensorEntry{dtype, dims, [2]int64{offset, offset + size}}, offset + size
}

// writeTensors writes a safetensors file, by a temporary file and a rename.
func writeTensors(path string, meta map[string]string, list []namedTensor) (err error) {
	header := map[string]any{"__metadata__": meta}
	offset := int64(0)
	for _, t := range list {
		header[t.name], offset = t.layout(offset)
	}
	head, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("lm: %s: %w", path, err)
	}
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("lm: saving %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("lm: saving %s: %w", path, err), file.Close(), os.Remove(file.Name()))
		}
	}()
	out := bufio.NewWriterSize(file, 1<<16)
	if err := binary.Write(out, binary.LittleEndian, uint64(len(head))); err != nil {
		return err
	}
	if _, err := out.Write(head); err != nil {
		return err
	}
	for _, t := range list {
		if err := binary.Write(out, binary.LittleEndian, t.numbers); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// LoadWeights reads what Save wrote. A truncated file, a missing or surplus tensor, another shape or a number that is not
// finite is an error that names the file and the tensor.
func LoadWeights(path string) (w *Weights, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("lm: loading weights %s: %w", path, err)
		}
	}()
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(file, 1<<16)
	entries, w, dataSize, err := readHeader(in, info.Size())
	if err != nil {
		return nil, err
	}
	data := make([]byte, dataSize)
	if _, err := io.ReadFull(in, data); err != nil {
		return nil, fmt.Errorf("truncated: %w", err)
	}
	snapshot := make(map[string][]float32)
	for _, p := range parameters(w.Config, w.Head) {
		e, ok := entries[p.name]
		if !ok {
			return nil, fmt.Errorf("no tensor %q", p.name)
		}
		delete(entries, p.name)
		if snapshot[p.name], err = e.floats(p, data); err != nil {
			return nil, err
		}
	}
	for name := range entries {
		return nil, fmt.Errorf("unknown tensor %q", name)
	}
	return w, w.Restore(snapshot)
}

func readHeader(in io.Reader, fileSize int64) (map[string]tensorEntry, *Weights, int64, error) {
	var length uint64
	if err := binary.Read(in, binary.LittleEndian, &length); err != nil {
		return nil, nil, 0, fmt.Errorf("truncated: %w", err)
	}
	if length > maxHeader || int64(length) > fileSize-8 {
		return nil, nil, 0, fmt.Errorf("not a safetensors file, or truncated: header of %d bytes in a file of %d", length, fileSize)
	}
	head := make([]byte, length)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, nil, 0, fmt.Errorf("truncated: %w", err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(head, &raw); err != nil {
		return nil, nil, 0, fmt.Errorf("header: %w", err)
	}
	var meta struct{ Config, Head string }
	if err := json.Unmarshal(raw["__metadata__"], &meta); err != nil {
		return nil, nil, 0, fmt.Errorf("header: __metadata__: %w", err)
	}
	delete(raw, "__metadata__")
	var c Config
	dec := json.NewDecoder(strings.NewReader(meta.Config))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, nil, 0, fmt.Errorf("header: config: %w", err)
	}
	if meta.Head != string(TokenHead) && meta.Head != string(ScalarHead) {
		return nil, nil, 0, fmt.Errorf("header: unknown head %q", meta.Head)
	}
	if err := c.Validate(); err != nil {
		return nil, nil, 0, fmt.Errorf("header: %w", err)
	}
	dataSize := fileSize - 8 - int64(length)
	if !fits(c, dataSize) {
		return nil, nil, 0, fmt.Errorf("truncated or of another model: %d bytes of numbers are too few for the config %s", dataSize, meta.Config)
	}
	need := int64(0)
	for _, p := range parameters(c, Head(meta.Head)) {
		need += 4 * int64(p.size())
	}
	if need != dataSize {
		return nil, nil, 0, fmt.Errorf("truncated or of another model: %d bytes of numbers where the config needs %d", dataSize, need)
	}
	entries := make(map[string]tensorEntry, len(raw))
	for name, r := range raw {
		var e tensorEntry
		if err := json.Unmarshal(r, &e); err != nil {
			return nil, nil, 0, fmt.Errorf("header: tensor %q: %w", name, err)
		}
		entries[name] = e
	}
	w, err := NewWeights(c, Head(meta.Head), 0)
	return entries, w, dataSize, err
}

// fits reports whether the largest matrix of each kind, and so any number computed from a config that was read, stays
// within the bytes of a file: a header may claim anything, and nothing that it claims may cost memory before that.
func fits(c Config, bytes int64) bool {
	numbers := bytes / 4
	d := int64(c.Dim)
	return d <= numbers/int64(c.Vocab) && d <= numbers/d && d <= numbers/int64(c.FFN) && d*d <= numbers/int64(c.Layers)
}

// floats cuts a parameter out of the file's numbers.
func (e tensorEntry) floats(p parameter, data []byte) ([]float32, error) {
	if e.DType != "F32" || !slices.Equal(e.Shape, p.dims) {
		return nil, fmt.Errorf("tensor %q is %s %v, want F32 %v", p.name, e.DType, e.Shape, p.dims)
	}
	size := 4 * int64(p.size())
	from, to := e.Offsets[0], e.Offsets[1]
	if from < 0 || from > int64(len(data))-size || to != from+size {
		return nil, fmt.Errorf("tensor %q lies at bytes %d to %d of %d, want %d of them", p.name, from, to, len(data), size)
	}
	out := make([]float32, size/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[from+4*int64(i):]))
		if !isFinite(float64(out[i])) {
			return nil, fmt.Errorf("tensor %q holds %g at %d", p.name, out[i], i)
		}
	}
	return out, nil
}
