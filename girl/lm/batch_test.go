package lm

import (
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// handBatch is a prompt of three with two tokens of response, and a prompt of one with three.
func handBatch() []Sequence {
	return []Sequence{{[]int32{10, 11, 12}, []int32{20, 21}}, {[]int32{30}, []int32{40, 41, 42}}}
}

func TestPackByHand(t *testing.T) {
	pack := func(which Positions) func() (*Batch, error) {
		return func() (*Batch, error) { return Pack(handBatch(), 3, which) }
	}
	for _, c := range []struct {
		name    string
		pack    func() (*Batch, error)
		index   []int32
		target  []int32
		mask    []float32
		offsets []int
	}{
		{"responses", pack(Responses), []int32{2, 3, 16, 17, 18}, []int32{20, 21, 40, 41, 42}, []float32{1, 1, 1, 1, 1}, []int{0, 2, 5}},
		{"last token", pack(LastToken), []int32{4, 19}, []int32{0, 0}, []float32{1, 1}, []int{0, 1, 2}},
		{"weighted", func() (*Batch, error) { return PackWeighted(handBatch(), 3, 0.25) }, []int32{0, 1, 2, 3, 16, 17, 18},
			[]int32{11, 12, 20, 21, 40, 41, 42}, []float32{0.25, 0.25, 1, 1, 1, 1, 1}, []int{0, 4, 7}},
	} {
		b := must(c.pack())(t)
		if b.Rows != 3 || b.T != 16 || b.N != 64 || b.Count != len(c.index) {
			t.Errorf("%s: rows %d, T %d, N %d, count %d, want 3, 16, 64, %d", c.name, b.Rows, b.T, b.N, b.Count, len(c.index))
		}
		padded := func(real []int32) []int32 { return append(slices.Clone(real), make([]int32, 64-len(real))...) }
		if want := padded(c.index); !slices.Equal(b.Index, want) {
			t.Errorf("%s: index %v, want %v", c.name, b.Index, want)
		}
		if want := padded(c.target); !slices.Equal(b.Target, want) {
			t.Errorf("%s: target %v, want %v", c.name, b.Target, want)
		}
		if want := append(c.mask, make([]float32, 64-len(c.mask))...); !slices.Equal(b.Mask, want) {
			t.Errorf("%s: mask %v, want %v", c.name, b.Mask, want)
		}
		if !slices.Equal(b.Offsets, c.offsets) {
			t.Errorf("%s: offsets %v, want %v", c.name, b.Offsets, c.offsets)
		}
		tokens := make([]int32, 3*16)
		copy(tokens, []int32{10, 11, 12, 20, 21})
		copy(tokens[16:], []int32{30, 40, 41, 42})
		if !slices.Equal(b.Tokens, tokens) {
			t.Errorf("%s: tokens %v, want %v", c.name, b.Tokens, tokens)
		}
	}
}

func TestPackRoundsSizesUp(t *testing.T) {
	for _, c := range []struct{ prompt, response, length, count int }{
		{1, 15, 16, 64}, {1, 16, 32, 64}, {1, 64, 80, 64}, {1, 65, 80, 128}, {40, 1, 48, 64}, {5, 0, 16, 64},
	} {
		b := must(Pack([]Sequence{{make([]int32, c.prompt), make([]int32, c.response)}}, 1, Responses))(t)
		if b.T != c.length || b.N != c.count || b.Count != c.response {
			t.Errorf("%d + %d tokens: T %d, N %d, count %d, want %d, %d, %d", c.prompt, c.response, b.T, b.N, b.Count, c.length, c.count, c.response)
		}
	}
}

func TestPackRefuses(t *testing.T) {
	one := Sequence{[]int32{1}, []int32{2}}
	for name, c := range map[string]struct {
		seqs []Sequence
		rows int
	}{
		"more sequences than rows": {[]Sequence{one, one}, 1},
		"no sequences":             {nil, 2},
		"empty prompt":             {[]Sequence{one, {nil, []int32{2}}}, 2},
	} {
		for _, which := range []Positions{Responses, LastToken} {
			if b, err := Pack(c.seqs, c.rows, which); err == nil || b != nil {
				t.Errorf("%s: got %v, error %v", name, b, err)
			}
		}
		if b, err := PackWeighted(c.seqs, c.rows, 1); err == nil || b != nil {
			t.Errorf("weighted, %s: got %v, error %v", name, b, err)
		}
	}
}

func TestFlattenAndUnflatten(t *testing.T) {
	b := must(Pack(handBatch(), 3, Responses))(t)
	rows := [][]float32{{1, 2}, {3, 4, 5}}
	flat := must(tensors.CopyFlatData[float32](must(b.Flatten(rows))(t)))(t)
	if want := append([]float32{1, 2, 3, 4, 5}, make([]float32, 59)...); !slices.Equal(flat, want) {
		t.Errorf("flat %v, want %v", flat, want)
	}
	back := b.Unflatten(flat)
	if len(back) != 2 || !slices.Equal(back[0], rows[0]) || !slices.Equal(back[1], rows[1]) {
		t.Errorf("unflattened to %v", back)
	}
	back[0][0] = 9
	if flat[0] == 9 {
		t.Error("Unflatten shares memory with its argument")
	}
	for name, wrong := range map[string][][]float32{
		"short row": {{1}, {3, 4, 5}}, "long row": {{1, 2}, {3, 4, 5, 6}}, "row missing": {{1, 2}}, "row too many": {{1, 2}, {3, 4, 5}, {6}},
	} {
		if _, err := b.Flatten(wrong); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
