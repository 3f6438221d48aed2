package lm

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Head says what a model reads off its last hidden state.
type Head string

// The two heads: next-token logits for a writer, one number for a critic or a reward model.
const (
	TokenHead  Head = "token"
	ScalarHead Head = "scalar"
)

// Weights are the parameters of one decoder, held in a GoMLX store so that graphs can train them.
type Weights struct {
	Config Config
	Head   Head
	Store  *model.Store

	// GradientCheckpointing computes each block's activations a second time in a backward pass instead of keeping them: less memory,
	// more work, the same bits on the pure-Go backend. It is read when a graph is built, and neither cloned nor saved.
	GradientCheckpointing bool

	bound     map[string]*graph.Node // stand in for the store's weights inside recomputed
	inference bool                   // for graphs that are not differentiated
}

// forInference gives the same weights for graphs that are not differentiated: their products need no gradients of their own, which would copy
// the weights each time.
func (w *Weights) forInference() *Weights {
	v := *w
	v.inference, v.GradientCheckpointing = true, false
	return &v
}

// parameter is one named weight of the architecture: its shape and the standard deviation of its start value.
// A standard deviation of zero starts at zero; a negative one starts at one (norm gains).
type parameter struct {
	name string
	dims []int
	std  float64
}

// size counts a parameter's numbers.
func (p parameter) size() int {
	n := 1
	for _, d := range p.dims {
		n *= d
	}
	return n
}

// parameters lists the weights in their canonical order, which is also the order on disk.
func parameters(c Config, head Head) []parameter {
	d, kv := c.Dim, c.kvHeads()*c.headDim()
	// GPT-2's rule: projections that write into the residual stream start smaller by √(2·layers).
	const std = 0.02
	out := std / math.Sqrt(2*float64(c.Layers))
	ps := []parameter{{"embed", []int{c.Vocab, d}, std}}
	for l := range c.Layers {
		at := func(n string) string { return fmt.Sprintf("layers.%d.%s", l, n) }
		ps = append(ps,
			parameter{at("attn_norm"), []int{d}, -1},
			parameter{at("wq"), []int{d, d}, std},
			parameter{at("wk"), []int{d, kv}, std},
			parameter{at("wv"), []int{d, kv}, std},
			parameter{at("wo"), []int{d, d}, out},
			parameter{at("ffn_norm"), []int{d}, -1},
			parameter{at("w_gate"), []int{d, c.FFN}, std},
			parameter{at("w_up"), []int{d, c.FFN}, std},
			parameter{at("w_down"), []int{c.FFN, d}, out})
		if c.QKVBias {
			ps = append(ps,
				parameter{at("bq"), []int{d}, 0},
				parameter{at("bk"), []int{kv}, 0},
				parameter{at("bv"), []int{kv}, 0})
		}
	}
	ps = append(ps, parameter{"norm", []int{d}, -1})
	switch {
	case head == ScalarHead:
		// The reward head of Stiennon et al. 2020: N(0, 1/√(d+1)), bias 0.
		ps = append(ps,
			parameter{"score_w", []int{d, 1}, 1 / math.Sqrt(float64(d+1))},
			parameter{"score_b", []int{1}, 0})
	case !c.TiedHead:
		ps = append(ps, parameter{"head", []int{d, c.Vocab}, std})
	}
	return ps
}

// NewWeights draws start values from the seed: the same seed gives the same bytes.
func NewWeights(c Config, head Head, seed uint64) (*Weights, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 0x6c6d)) // "lm": a stream of its own
	w := &Weights{Config: c, Head: head, Store: model.NewStore()}
	for _, p := range parameters(c, head) {
		if err := w.create(p.name, drawParameter(p, rng), p.dims); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func drawParameter(p parameter, rng *rand.Rand) []float32 {
	data := make([]float32, p.size())
	for i := range data {
		switch {
		case p.std < 0:
			data[i] = 1
		case p.std > 0:
			data[i] = float32(rng.NormFloat64() * p.std)
		}
	}
	return data
}

func (w *Weights) create(name string, data []float32, dims []int) error {
	if _, err := w.Store.CreateVariable("/"+name, tensors.FromFlatDataAndDimensions(data, dims...)); err != nil {
		return fmt.Errorf("lm: weight %s: %w", name, err)
	}
	return nil
}

// flat copies the values of one weight.
func (w *Weights) flat(name string) ([]float32, error) {
	v := w.Store.GetVariable("/" + name)
	if v == nil {
		return nil, fmt.Errorf("lm: no weight %s", name)
	}
	value, err := v.Value()
	if err != nil {
		return nil, fmt.Errorf("lm: weight %s: %w", name, err)
	}
	data, err := tensors.CopyFlatData[float32](value)
	if err != nil {
		return nil, fmt.Errorf("lm: weight %s: %w", name, err)
	}
	return data, nil
}

// Snapshot copies every weight, by name: what a test compares and what early stopping restores.
func (w *Weights) Snapshot() (map[string][]float32, error) {
	all := make(map[string][]float32)
	for _, p := range parameters(w.Config, w.Head) {
		data, err := w.flat(p.name)
		if err != nil {
			return nil, err
		}
		all[p.name] = data
	}
	return all, nil
}

// Restore puts a snapshot back; one that does not fit changes nothing. Optimizer state, if any, is left alone.
func (w *Weights) Restore(snapshot map[string][]float32) error {
	ps := parameters(w.Config, w.Head)
	for _, p := range ps {
		if data, ok := snapshot[p.name]; !ok || len(data) != p.size() {
			return fmt.Errorf("lm: the snapshot has %d numbers for weight %s of shape %v", len(data), p.name, p.dims)
		}
	}
	for _, p := range ps {
		value := tensors.FromFlatDataAndDimensions(snapshot[p.name], p.dims...) // copies
		if err := w.Store.GetVariable("/" + p.name).SetValue(value); err != nil {
			return fmt.Errorf("lm: weight %s: %w", p.name, err)
		}
	}
	return nil
}

// RestoreAfter puts a snapshot back before an error goes up, and returns that error.
func (w *Weights) RestoreAfter(snapshot map[string][]float32, cause error) error {
	if err := w.Restore(snapshot); err != nil {
		return fmt.Errorf("%w; and restoring the best weights: %w", cause, err)
	}
	return cause
}

// Clone copies the weights into a store of their own, without optimizer state. With another head the trunk
// is copied and the new head starts from the seed: a critic and a reward model start from a writer this way.
func (w *Weights) Clone(head Head, seed uint64) (*Weights, error) {
	fresh, err := NewWeights(w.Config, head, seed)
	if err != nil {
		return nil, err
	}
	snapshot, err := fresh.Snapshot()
	if err != nil {
		return nil, err
	}
	own, err := w.Snapshot()
	if err != nil {
		return nil, err
	}
	for name := range snapshot {
		if data, ok := own[name]; ok {
			snapshot[name] = data
		}
	}
	return fresh, fresh.Restore(snapshot)
}

// NumParameters counts the trainable numbers.
func (w *Weights) NumParameters() int {
	n := 0
	for _, p := range parameters(w.Config, w.Head) {
		n += p.size()
	}
	return n
}

// checkTokens refuses ids outside the vocabulary: looking them up in a graph is no error but clamps them.
func (w *Weights) checkTokens(ids []int32) error {
	for _, id := range ids {
		if id < 0 || int(id) >= w.Config.Vocab {
			return fmt.Errorf("token %d is outside the model's vocabulary of %d", id, w.Config.Vocab)
		}
	}
	return nil
}

// node reads a weight inside a graph.
func (w *Weights) node(g *graph.Graph, format string, args ...any) *graph.Node {
	name := fmt.Sprintf(format, args...)
	if n, ok := w.bound[name]; ok {
		return n
	}
	return w.Store.GetVariable("/" + name).NodeValue(g)
}
