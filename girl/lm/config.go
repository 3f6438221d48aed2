// Package lm is the decoder-only language model that every stage shares: a LLaMA-style pre-norm
// transformer as GoMLX graphs, its weights, teacher-forced log-probabilities, scalar heads for values
// and rewards, and batched sampling with a key–value cache.
//
// Dimension letters used in shapes: B sequences, T positions, D model width, H query heads, G key–value
// heads, E head width (D/H), F feed-forward width, V vocabulary, N selected positions, P prompts,
// K samples a prompt, R response positions.
package lm

import "fmt"

// Config fixes the architecture. It is saved beside the weights.
type Config struct {
	Layers   int     `json:"layers"`    // decoder blocks
	Dim      int     `json:"dim"`       // D, width of the residual stream
	Heads    int     `json:"heads"`     // H, query heads; divides Dim
	KVHeads  int     `json:"kv_heads"`  // G, key–value heads; divides Heads (grouped-query attention), 0 means Heads
	FFN      int     `json:"ffn"`       // F, hidden width of the SwiGLU feed-forward
	Vocab    int     `json:"vocab"`     // V, number of tokens
	MaxLen   int     `json:"max_len"`   // longest sequence, prompt and response together, in tokens
	RopeBase float64 `json:"rope_base"` // base of the rotary frequencies (Su et al. 2021 use 10000)
	NormEps  float64 `json:"norm_eps"`  // added to the mean square in RMSNorm
	TiedHead bool    `json:"tied_head"` // logits use the transposed embedding
	QKVBias  bool    `json:"qkv_bias"`  // biases on the query, key and value projections
}

// Validate reports the first field that no model can be built from.
func (c Config) Validate() error {
	switch {
	case c.Layers < 1 || c.Dim < 1 || c.Heads < 1 || c.FFN < 1 || c.Vocab < 2 || c.MaxLen < 2:
		return fmt.Errorf("lm: sizes must be positive: layers %d, dim %d, heads %d, ffn %d, vocab %d, max_len %d",
			c.Layers, c.Dim, c.Heads, c.FFN, c.Vocab, c.MaxLen)
	case c.Dim%c.Heads != 0:
		return fmt.Errorf("lm: dim %d is not a multiple of heads %d", c.Dim, c.Heads)
	case c.headDim()%2 != 0:
		return fmt.Errorf("lm: head width %d is odd; rotary positions need an even one", c.headDim())
	case c.kvHeads() < 1 || c.Heads%c.kvHeads() != 0:
		return fmt.Errorf("lm: heads %d is not a multiple of kv_heads %d", c.Heads, c.KVHeads)
	case !(c.RopeBase > 1) || !(c.NormEps > 0) || !isFinite(c.RopeBase) || !isFinite(c.NormEps):
		return fmt.Errorf("lm: rope_base %g must exceed 1, norm_eps %g must be positive, both finite", c.RopeBase, c.NormEps)
	}
	return nil
}

func (c Config) headDim() int { return c.Dim / c.Heads }

func (c Config) kvHeads() int {
	if c.KVHeads == 0 {
		return c.Heads
	}
	return c.KVHeads
}
