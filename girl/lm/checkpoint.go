package lm

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Checkpoint keeps a training that is under way in a file, so that it can go on after a crash with the very numbers it would have
// had. A nil Checkpoint keeps nothing.
//
// The file is safetensors with a sha256 over its contents. The one before is kept beside it: where the newest is truncated or
// spoilt, training goes on from there.
type Checkpoint struct {
	Path   string
	Every  time.Duration     // between two saves; 0: at every occasion
	Key    string            // of the training: a file with another one is refused
	Config map[string]string // setting → value, to say what differs then

	Spent time.Duration // on the training in earlier calls, as Load found it

	last, began time.Time
}

// State is a training at one moment.
type State struct {
	// Loop is what the training loop keeps beside models and optimizers: step, random numbers, history. It must come back
	// from JSON as it was.
	Loop any
	// Trainers by name: their models' weights and their optimizers' moments and step counts.
	Trainers map[string]*Trainer
	// Best are the best weights so far, as Snapshot gives them.
	Best map[string][]float32
}

// Due says whether it is time to save.
func (c *Checkpoint) Due() bool {
	if c == nil {
		return false
	}
	if c.last.IsZero() {
		c.last = time.Now()
	}
	return time.Since(c.last) >= c.Every
}

// previous is where the checkpoint before the newest lies.
func (c *Checkpoint) previous() string { return c.Path + ".previous" }

// bestPrefix and others name the tensors of a checkpoint's parts.
const (
	bestPrefix = "best/"
	checkpoint = "checkpoint"
)

// Save writes the state. A crash at any moment leaves a file that can be loaded; so does a full disk, which is an error.
func (c *Checkpoint) Save(s State) error {
	if c == nil {
		return nil
	}
	var list []namedTensor
	for _, name := range slices.Sorted(maps.Keys(s.Trainers)) {
		own, err := s.Trainers[name].tensors(name + "/")
		if err != nil {
			return err
		}
		list = append(list, own...)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Best)) {
		list = append(list, namedTensor{bestPrefix + name, []int{len(s.Best[name])}, s.Best[name]})
	}
	loop, err := json.Marshal(s.Loop)
	if err != nil {
		return fmt.Errorf("lm: checkpoint: %w", err)
	}
	config, err := json.Marshal(c.Config)
	if err != nil {
		return fmt.Errorf("lm: checkpoint: %w", err)
	}
	spent := c.Spent
	if !c.began.IsZero() {
		spent += time.Since(c.began)
	}
	meta := map[string]string{"spent": spent.String(), "kind": checkpoint, "loop": string(loop), "key": c.Key, "config": string(config)}
	meta["sha256"] = digest(meta, list)
	fresh := c.Path + ".new"
	if err := writeTensors(fresh, meta, list); err != nil {
		return err
	}
	if err := os.Rename(c.Path, c.previous()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("lm: checkpoint: %w", err)
	}
	if err := os.Rename(fresh, c.Path); err != nil {
		return fmt.Errorf("lm: checkpoint: %w", err)
	}
	c.last = time.Now()
	return nil
}

// Load puts the newest good checkpoint back into the state's trainers and loop (a pointer) and sets Best. It reports false where there
// is none. A checkpoint of another config is an error that lists the keys that differ; one that is spoilt is passed over
// for the one before, and where that is spoilt, too, is an error.
func (c *Checkpoint) Load(s *State) (bool, error) {
	if c == nil {
		return false, nil
	}
	c.last, c.began = time.Now(), time.Now()
	var faults []error
	for _, path := range []string{c.Path + ".new", c.Path, c.previous()} {
		f, err := readCheckpoint(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("lm: checkpoint %s: %w", path, err))
			continue
		}
		if err := c.refuseOther(path, f); err != nil {
			return false, err
		}
		if err := f.into(s); err != nil {
			return false, fmt.Errorf("lm: checkpoint %s: %w", path, err)
		}
		c.Spent = f.spent
		return true, nil
	}
	return false, errors.Join(faults...)
}

// Remove deletes the files when training is done, and what a crash in the middle of writing left.
func (c *Checkpoint) Remove() error {
	if c == nil {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(c.Path), "."+filepath.Base(c.Path)+".new-*"))
	errs := []error{err}
	for _, path := range append(files, c.Path+".new", c.Path, c.previous()) {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// OtherConfigError says that a checkpoint belongs to a training with another config.
type OtherConfigError struct {
	Path string
	Keys []string // "key: value in the file, value now"
}

func (e *OtherConfigError) Error() string {
	return fmt.Sprintf("the checkpoint %s is of another config (%s): go on with that config, remove the file, or choose another folder", e.Path, strings.Join(e.Keys, "; "))
}

func (c *Checkpoint) refuseOther(path string, f *checkpointFile) error {
	if f.key == c.Key {
		return nil
	}
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(c.Config)) {
		if then, now := orNothing(f.config, key), c.Config[key]; then != now {
			keys = append(keys, fmt.Sprintf("%s: %s in the file, %s now", key, then, now))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(f.config)) {
		if _, ok := c.Config[key]; !ok {
			keys = append(keys, fmt.Sprintf("%s: %s in the file, nothing now", key, f.config[key]))
		}
	}
	if len(keys) == 0 {
		keys = []string{"the settings agree, but not the version of the program or an earlier stage"}
	}
	return &OtherConfigError{path, keys}
}

func orNothing(m map[string]string, key string) string {
	if v, ok := m[key]; ok {
		return v
	}
	return "nothing"
}

// digest hashes everything that a checkpoint says, its own hash apart.
func digest(meta map[string]string, list []namedTensor) string {
	h := sha256.New()
	for _, key := range []string{"kind", "loop", "key", "config"} {
		hashText(h, meta[key])
	}
	for _, t := range list {
		hashText(h, t.name)
		hashText(h, fmt.Sprint(t.dims))
		// Writing to a hash does not fail, and both kinds of numbers have a fixed size.
		_ = binary.Write(h, binary.LittleEndian, t.numbers)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashText(h hash.Hash, text string) {
	_, _ = fmt.Fprintf(h, "%d %s\n", len(text), text)
}

// checkpointFile is a checkpoint that has been read and found whole.
type checkpointFile struct {
	loop, key string
	config    map[string]string
	spent     time.Duration
	tensors   map[string]namedTensor
}

func readCheckpoint(path string) (*checkpointFile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data) < 8 {
		return nil, io.ErrUnexpectedEOF
	}
	length := binary.LittleEndian.Uint64(data)
	if length > maxHeader || length > uint64(len(data)-8) {
		return nil, errors.New("truncated, or not a checkpoint")
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data[8:8+length], &raw); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	var meta map[string]string
	if err := json.Unmarshal(raw["__metadata__"], &meta); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	delete(raw, "__metadata__")
	data = data[8+length:]
	var list []namedTensor
	entries := map[string]tensorEntry{}
	for name, r := range raw {
		var e tensorEntry
		if err := json.Unmarshal(r, &e); err != nil {
			return nil, fmt.Errorf("header: tensor %q: %w", name, err)
		}
		entries[name] = e
		t, err := e.read(name, data)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b namedTensor) int { // as they were written
		return cmp.Compare(entries[a.name].Offsets[0], entries[b.name].Offsets[0])
	})
	if meta["kind"] != checkpoint || meta["sha256"] != digest(meta, list) {
		return nil, errors.New("its contents do not have the sha256 that it names: truncated or spoilt")
	}
	f := &checkpointFile{loop: meta["loop"], key: meta["key"], tensors: map[string]namedTensor{}}
	for _, t := range list {
		f.tensors[t.name] = t
	}
	if spent, ok := meta["spent"]; ok { // checkpoints of earlier versions lack it
		if f.spent, err = time.ParseDuration(spent); err != nil || f.spent < 0 {
			return nil, fmt.Errorf("time spent is %q, want a duration: spoilt", spent)
		}
	}
	return f, json.Unmarshal([]byte(meta["config"]), &f.config)
}

// read cuts a tensor of any shape out of a file's numbers.
func (e tensorEntry) read(name string, data []byte) (namedTensor, error) {
	size, n := int64(4), int64(1)
	if e.DType == "I64" {
		size = 8
	} else if e.DType != "F32" {
		return namedTensor{}, fmt.Errorf("tensor %q is of type %q, want F32 or I64", name, e.DType)
	}
	for _, d := range e.Shape {
		if d < 0 || int64(d) > int64(len(data)) || n*int64(d) > int64(len(data)) {
			return namedTensor{}, fmt.Errorf("tensor %q has shape %v in a file of %d bytes", name, e.Shape, len(data))
		}
		n *= int64(d)
	}
	from, to := e.Offsets[0], e.Offsets[1]
	if from < 0 || to > int64(len(data)) || to-from != n*size {
		return namedTensor{}, fmt.Errorf("tensor %q lies at bytes %d to %d of %d, want %d of them: truncated or spoilt", name, from, to, len(data), n*size)
	}
	t := namedTensor{name: name, dims: e.Shape}
	if e.DType == "I64" {
		numbers := make([]int64, n)
		for i := range numbers {
			numbers[i] = int64(binary.LittleEndian.Uint64(data[from+8*int64(i):]))
		}
		t.numbers = numbers
		return t, nil
	}
	numbers := make([]float32, n)
	for i := range numbers {
		numbers[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[from+4*int64(i):]))
	}
	t.numbers = numbers
	return t, nil
}

// into puts the file's contents where the state points.
func (f *checkpointFile) into(s *State) error {
	for name, t := range s.Trainers {
		if err := t.restore(name+"/", f.tensors); err != nil {
			return err
		}
	}
	s.Best = map[string][]float32{}
	for name, t := range f.tensors {
		if own, ok := strings.CutPrefix(name, bestPrefix); ok {
			s.Best[own], _ = t.numbers.([]float32)
		}
	}
	return json.Unmarshal([]byte(f.loop), s.Loop)
}

// tensors lists all that a trainer keeps: weights, moments, counters.
func (t *Trainer) tensors(prefix string) ([]namedTensor, error) {
	var list []namedTensor
	for v := range t.w.Store.IterVariables() {
		value, err := v.Value()
		if err != nil {
			return nil, fmt.Errorf("lm: checkpoint: %s: %w", v.Path(), err)
		}
		own := namedTensor{name: prefix + strings.TrimPrefix(v.Path(), "/"), dims: value.Shape().Dimensions}
		switch dtype := value.DType(); dtype {
		case dtypes.Float32:
			own.numbers, err = tensors.CopyFlatData[float32](value)
		case dtypes.Int64:
			own.numbers, err = tensors.CopyFlatData[int64](value)
		default:
			err = fmt.Errorf("numbers of type %s cannot be kept", dtype)
		}
		if err != nil {
			return nil, fmt.Errorf("lm: checkpoint: %s: %w", v.Path(), err)
		}
		list = append(list, own)
	}
	slices.SortFunc(list, func(a, b namedTensor) int { return strings.Compare(a.name, b.name) })
	return list, nil
}

// restore puts everything back. The optimizer's variables, which only its first step would make, are made here.
func (t *Trainer) restore(prefix string, from map[string]namedTensor) error {
	for _, p := range parameters(t.w.Config, t.w.Head) {
		if own, ok := from[prefix+p.name]; !ok || !slices.Equal(own.dims, p.dims) {
			return fmt.Errorf("weight %s is missing or has another shape", prefix+p.name)
		}
	}
	for name, own := range from {
		path, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		var value *tensors.Tensor
		switch numbers := own.numbers.(type) {
		case []float32:
			value = tensors.FromFlatDataAndDimensions(numbers, own.dims...)
		case []int64:
			value = tensors.FromFlatDataAndDimensions(numbers, own.dims...)
		}
		if v := t.w.Store.GetVariable("/" + path); v != nil {
			if err := v.SetValue(value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			continue
		}
		v, err := t.w.Store.CreateVariable("/"+path, value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v.SetTrainable(false)
	}
	return nil
}
