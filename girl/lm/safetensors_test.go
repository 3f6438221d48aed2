package lm

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// minute is the smallest model with every kind of weight.
func minute() Config {
	return Config{Layers: 1, Dim: 4, Heads: 2, KVHeads: 1, FFN: 2, Vocab: 3, MaxLen: 8, RopeBase: 10, NormEps: 1e-5, QKVBias: true}
}

// saved gives the bytes of a saved model.
func saved(t testing.TB, w *Weights) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.safetensors")
	if err := w.Save(path); err != nil {
		t.Fatal(err)
	}
	return must(os.ReadFile(path))(t)
}

func loadBytes(t testing.TB, data []byte) (*Weights, string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.safetensors")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := LoadWeights(path)
	return w, path, err
}

func TestSaveAndLoadKeepEveryBit(t *testing.T) {
	for name, c := range variants() {
		for _, head := range []Head{TokenHead, ScalarHead} {
			w := tinyWeights(t, c, head)
			before := must(w.Snapshot())(t)
			before["norm"][0], before["norm"][1], before["norm"][2] = math.SmallestNonzeroFloat32, -math.MaxFloat32, float32(math.Copysign(0, -1))
			if err := w.Restore(before); err != nil {
				t.Fatal(err)
			}
			data := saved(t, w)
			got, _, err := loadBytes(t, data)
			if err != nil {
				t.Fatal(err)
			}
			if got.Config != c || got.Head != head {
				t.Errorf("%s: came back as %s %+v", name, got.Head, got.Config)
			}
			if at := changed(before, must(got.Snapshot())(t)); at != "" {
				t.Errorf("%s: %s changed", name, at)
			}
			if !bytes.Equal(data, saved(t, got)) {
				t.Errorf("%s: saved again, the file has other bytes", name)
			}
			if length := binary.LittleEndian.Uint64(data); length%8 != 0 {
				t.Errorf("%s: the numbers start at byte %d, not aligned", name, 8+length)
			}
		}
	}
}

func TestTruncatedFilesAreErrors(t *testing.T) {
	data := saved(t, tinyWeights(t, minute(), TokenHead))
	path := filepath.Join(t.TempDir(), "w.safetensors")
	for n := range data {
		if err := os.WriteFile(path, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if w, err := LoadWeights(path); err == nil || w != nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("the first %d of %d bytes: weights %v, error %v", n, len(data), w, err)
		}
	}
	if _, _, err := loadBytes(t, append(data, 0)); err == nil {
		t.Error("a byte too many: no error")
	}
}

// edited rebuilds a file after a change to its header and its numbers.
func edited(t testing.TB, file []byte, change func(header map[string]any, numbers []byte)) []byte {
	t.Helper()
	length := binary.LittleEndian.Uint64(file)
	var header map[string]any
	if err := json.Unmarshal(file[8:8+length], &header); err != nil {
		t.Fatal(err)
	}
	numbers := bytes.Clone(file[8+length:])
	change(header, numbers)
	return assemble(must(json.Marshal(header))(t), numbers)
}

func assemble(header, numbers []byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), numbers...)
}

// badFiles are files that no Save wrote, each with what its error must say.
func badFiles(t testing.TB) map[string]struct {
	data []byte
	want string
} {
	t.Helper()
	file := saved(t, tinyWeights(t, minute(), TokenHead))
	length := binary.LittleEndian.Uint64(file)
	numbers := file[8+length:]
	headerLength := func(n uint64) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), file[8:]...) }
	entry := func(name, key string, value any) []byte {
		return edited(t, file, func(h map[string]any, _ []byte) { h[name].(map[string]any)[key] = value })
	}
	meta := func(key string, value any) []byte { return entry("__metadata__", key, value) }
	config := func(change func(*Config)) []byte {
		c := minute()
		change(&c)
		return meta("config", string(must(json.Marshal(c))(t)))
	}
	number := func(x float64) []byte {
		return edited(t, file, func(h map[string]any, numbers []byte) {
			at := int(h["norm"].(map[string]any)["data_offsets"].([]any)[0].(float64))
			binary.LittleEndian.PutUint32(numbers[at+8:], math.Float32bits(float32(x)))
		})
	}
	type bad = struct {
		data []byte
		want string
	}
	return map[string]bad{
		"not safetensors":     {[]byte("PK\x03\x04 a zip archive, say"), "not a safetensors file"},
		"header of 2^64-1":    {headerLength(math.MaxUint64), "not a safetensors file"},
		"header of 2^63":      {headerLength(1 << 63), "not a safetensors file"},
		"header of 17 MiB":    {headerLength(17 << 20), "not a safetensors file"},
		"header past the end": {headerLength(uint64(len(file)) - 7), "not a safetensors file"},
		"header not JSON":     {assemble([]byte(`{"__metadata__":`), numbers), "header"},
		"header no object":    {assemble([]byte(`[1,2]`), numbers), "header"},
		"no metadata":         {edited(t, file, func(h map[string]any, _ []byte) { delete(h, "__metadata__") }), "__metadata__"},
		"config not JSON":     {meta("config", "{"), "config"},
		"config unknown key":  {meta("config", `{"layers":1,"experts":8}`), "experts"},
		"config null":         {meta("config", "null"), "sizes"},
		"invalid config":      {config(func(c *Config) { c.Heads = 3 }), "heads"},
		"another config":      {config(func(c *Config) { c.Layers = 2 }), "another model"},
		"10^12 layers":        {config(func(c *Config) { c.Layers = 1e12 }), "another model"},
		"width 2^40":          {config(func(c *Config) { c.Dim = 1 << 40 }), "another model"},
		"vocabulary 2^62":     {config(func(c *Config) { c.Vocab = 1 << 62 }), "another model"},
		"feed-forward 2^62":   {config(func(c *Config) { c.FFN = 1 << 62 }), "another model"},
		"unknown head":        {meta("head", "value"), "value"},
		"another head":        {meta("head", "scalar"), "another model"},
		"unknown tensor":      {edited(t, file, func(h map[string]any, _ []byte) { h["extra"] = h["norm"] }), `"extra"`},
		"missing tensor":      {edited(t, file, func(h map[string]any, _ []byte) { delete(h, "norm") }), `"norm"`},
		"entry no object":     {edited(t, file, func(h map[string]any, _ []byte) { h["norm"] = 3 }), `"norm"`},
		"half precision":      {entry("norm", "dtype", "F16"), `"norm"`},
		"other shape":         {entry("layers.0.w_up", "shape", []int{2, 4}), `"layers.0.w_up"`},
		"flat shape":          {entry("layers.0.w_up", "shape", []int{8}), `"layers.0.w_up"`},
		"negative offsets":    {entry("norm", "data_offsets", []int64{-16, 0}), `"norm"`},
		"short offsets":       {entry("norm", "data_offsets", []int64{0, 12}), `"norm"`},
		"offsets past end":    {entry("norm", "data_offsets", []int{len(numbers) - 12, len(numbers) + 4}), `"norm"`},
		"offsets that wrap":   {entry("norm", "data_offsets", []int64{math.MaxInt64 - 7, math.MinInt64 + 8}), `"norm"`},
		"NaN":                 {number(math.NaN()), `"norm"`},
		"infinity":            {number(math.Inf(-1)), `"norm"`},
	}
}

func TestBadFilesAreErrors(t *testing.T) {
	for name, c := range badFiles(t) {
		w, path, err := loadBytes(t, c.data)
		if err == nil || w != nil {
			t.Errorf("%s: weights %v, error %v", name, w, err)
			continue
		}
		if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q names not both the file and %s", name, err, c.want)
		}
	}
	dir := t.TempDir()
	for name, path := range map[string]string{"missing file": filepath.Join(dir, "none"), "folder": dir} {
		if w, err := LoadWeights(path); err == nil || w != nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: weights %v, error %v", name, w, err)
		}
	}
}

// TestHeaderOrderIsFree: other writers of safetensors order names and numbers as they like.
func TestHeaderOrderIsFree(t *testing.T) {
	w := tinyWeights(t, minute(), TokenHead)
	file := saved(t, w)
	swapped := edited(t, file, func(h map[string]any, numbers []byte) {
		a, b := h["layers.0.attn_norm"].(map[string]any), h["norm"].(map[string]any)
		x, y := int(a["data_offsets"].([]any)[0].(float64)), int(b["data_offsets"].([]any)[0].(float64))
		old := bytes.Clone(numbers[x : x+16])
		copy(numbers[x:x+16], numbers[y:y+16])
		copy(numbers[y:y+16], old)
		a["data_offsets"], b["data_offsets"] = b["data_offsets"], a["data_offsets"]
	})
	got, _, err := loadBytes(t, swapped)
	if err != nil {
		t.Fatal(err)
	}
	if at := changed(must(w.Snapshot())(t), must(got.Snapshot())(t)); at != "" {
		t.Errorf("%s changed", at)
	}
}

// FuzzLoadWeights: whatever a file holds, loading ends in an error or in finite weights that survive another trip.
// Run it with -fuzzminimizetime 5x: minimising seemingly interesting inputs otherwise takes all the time.
func FuzzLoadWeights(f *testing.F) {
	f.Add(saved(f, tinyWeights(f, minute(), TokenHead)))
	f.Add(saved(f, tinyWeights(f, minute(), ScalarHead)))
	bad := badFiles(f)
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		f.Add(bad[name].data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w, _, err := loadBytes(t, data)
		if err != nil {
			return
		}
		before := must(w.Snapshot())(t)
		for name, numbers := range before {
			for _, x := range numbers {
				if !isFinite(float64(x)) {
					t.Fatalf("%s holds %g", name, x)
				}
			}
		}
		again, _, err := loadBytes(t, saved(t, w))
		if err != nil {
			t.Fatal(err)
		}
		if at := changed(before, must(again.Snapshot())(t)); at != "" {
			t.Fatalf("%s changed", at)
		}
	})
}
