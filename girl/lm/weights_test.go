package lm

import (
	"errors"
	"math"
	"testing"
)

func TestStartValues(t *testing.T) {
	c := Config{Layers: 2, Dim: 64, Heads: 4, FFN: 96, Vocab: 300, MaxLen: 8, RopeBase: 10000, NormEps: 1e-5, QKVBias: true}
	first, again := must(must(NewWeights(c, TokenHead, 3))(t).Snapshot())(t), must(must(NewWeights(c, TokenHead, 3))(t).Snapshot())(t)
	other, scorer := must(must(NewWeights(c, TokenHead, 4))(t).Snapshot())(t), must(must(NewWeights(c, ScalarHead, 3))(t).Snapshot())(t)
	if name := changed(first, again); name != "" {
		t.Errorf("one seed gives two values of %s", name)
	}
	if equalBits(first["embed"], other["embed"]) {
		t.Error("two seeds give one embedding")
	}
	deviation := func(x []float32) float64 {
		sum := 0.0
		for _, v := range x {
			sum += float64(v) * float64(v) / float64(len(x))
		}
		return math.Sqrt(sum)
	}
	// Of n draws the deviation is known to 1/√(2n); four of those.
	for name, want := range map[string]float64{"embed": 0.02, "layers.1.wq": 0.02, "layers.0.w_gate": 0.02, "head": 0.02,
		"layers.0.wo": 0.01, "layers.1.w_down": 0.01} {
		if got := deviation(first[name]); math.Abs(got/want-1) > 4/math.Sqrt(2*float64(len(first[name]))) {
			t.Errorf("%s: standard deviation %g, want %g", name, got, want)
		}
	}
	if got, want := deviation(scorer["score_w"]), 1/math.Sqrt(65); math.Abs(got/want-1) > 4/math.Sqrt(2*64) {
		t.Errorf("score_w: standard deviation %g, want %g", got, want)
	}
	for name, want := range map[string]float32{"norm": 1, "layers.0.attn_norm": 1, "layers.1.ffn_norm": 1, "layers.0.bq": 0, "layers.1.bk": 0, "layers.1.bv": 0} {
		for _, x := range first[name] {
			if x != want {
				t.Errorf("%s starts at %g, want %g", name, x, want)
			}
		}
	}
	if scorer["score_b"][0] != 0 {
		t.Error("the score's bias does not start at 0")
	}
}

func TestRestore(t *testing.T) {
	w := tinyWeights(t, tinyConfig(), TokenHead)
	before := must(w.Snapshot())(t)
	for name, spoil := range map[string]func(map[string][]float32){
		"missing weight": func(s map[string][]float32) { delete(s, "norm") },
		"short weight":   func(s map[string][]float32) { s["norm"] = s["norm"][:3] },
		"long weight":    func(s map[string][]float32) { s["norm"] = append(s["norm"], 1) },
	} {
		s := must(must(NewWeights(tinyConfig(), TokenHead, 99))(t).Snapshot())(t)
		spoil(s)
		if err := w.Restore(s); err == nil {
			t.Errorf("%s: no error", name)
		}
		if at := changed(before, must(w.Snapshot())(t)); at != "" {
			t.Errorf("%s: a snapshot that was refused changed %s", name, at)
		}
	}
	other := must(must(NewWeights(tinyConfig(), TokenHead, 99))(t).Snapshot())(t)
	cause := errors.New("cause")
	if err := w.RestoreAfter(other, cause); !errors.Is(err, cause) {
		t.Errorf("RestoreAfter returned %v", err)
	}
	other["norm"][0] = 77 // the model must not share memory with its snapshot
	now := must(w.Snapshot())(t)
	if now["norm"][0] == 77 || !equalBits(now["embed"], other["embed"]) {
		t.Errorf("restored norm starts with %g", now["norm"][0])
	}
	delete(other, "norm")
	if err := w.RestoreAfter(other, cause); !errors.Is(err, cause) || err.Error() == cause.Error() {
		t.Errorf("RestoreAfter with a bad snapshot returned %v", err)
	}
}

func TestCloneCopiesTrunk(t *testing.T) {
	for _, tied := range []bool{true, false} {
		c := tinyConfig()
		c.TiedHead = tied
		writer := tinyWeights(t, c, TokenHead)
		original := must(writer.Snapshot())(t)
		scorer := must(writer.Clone(ScalarHead, 5))(t)
		other := must(writer.Clone(ScalarHead, 6))(t)
		got := must(scorer.Snapshot())(t)
		for _, p := range parameters(c, ScalarHead) {
			if data, ok := original[p.name]; ok && !equalBits(data, got[p.name]) {
				t.Errorf("tied %t: the clone has another %s", tied, p.name)
			}
		}
		if scorer.Head != ScalarHead || scorer.Config != c {
			t.Errorf("tied %t: the clone has head %s and config %+v", tied, scorer.Head, scorer.Config)
		}
		if equalBits(got["score_w"], must(other.Snapshot())(t)["score_w"]) {
			t.Error("two seeds give one score head")
		}
		again := must(writer.Clone(TokenHead, 9))(t)
		if at := changed(original, must(again.Snapshot())(t)); at != "" {
			t.Errorf("tied %t: a clone with the same head has another %s", tied, at)
		}
		original["norm"][0]++
		if err := again.Restore(original); err != nil {
			t.Fatal(err)
		}
		if must(writer.Snapshot())(t)["norm"][0] == original["norm"][0] {
			t.Error("a clone shares its weights with the original")
		}
	}
}
