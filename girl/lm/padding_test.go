package lm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// unequal are sequences on both sides of a padding step.
func unequal(rng *rand.Rand, vocab int) []Sequence {
	var seqs []Sequence
	for _, n := range [][2]int{{1, 4}, {20, 11}, {7, 25}, {7, 26}, {30, 20}, {3, 1}} {
		seqs = append(seqs, Sequence{randomTokens(rng, n[0], vocab), randomTokens(rng, n[1], vocab)})
	}
	return seqs
}

// evaluators are every way to read numbers off a model; name → sequences → rows of numbers, padded to at least rows rows.
func evaluators(t *testing.T) map[string]func(rows int) *Forward {
	backend := testBackend(t)
	writer, scorer := tinyWeights(t, tinyConfig(), TokenHead), tinyWeights(t, tinyConfig(), ScalarHead)
	return map[string]func(rows int) *Forward{
		"log-probabilities": func(rows int) *Forward { return must(NewLogProbs(backend, writer, 0.7, rows))(t) },
		"values":            func(rows int) *Forward { return must(NewScores(backend, scorer, Responses, rows))(t) },
		"scores":            func(rows int) *Forward { return must(NewScores(backend, scorer, LastToken, rows))(t) },
	}
}

// TestPaddingChangesNothing: a sequence's numbers are the same alone, beside others, beside dummy rows and in a longer block.
func TestPaddingChangesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	seqs := unequal(rng, 40)
	long := Sequence{randomTokens(rng, 60, 40), randomTokens(rng, 60, 40)}
	for name, forward := range evaluators(t) {
		var alone [][]float32
		for _, s := range seqs {
			alone = append(alone, must(forward(1).All(context.Background(), []Sequence{s}))(t)[0])
		}
		for _, c := range []struct {
			what string
			rows int
			seqs []Sequence
		}{
			{"unequal rows", len(seqs), seqs},
			{"dummy rows", len(seqs) + 5, seqs},
			{"longer block", len(seqs) + 1, append(append([]Sequence(nil), seqs...), long)},
			{"batches of two", 2, seqs},
		} {
			got := must(forward(c.rows).All(context.Background(), c.seqs))(t)
			for i, want := range alone {
				if len(got[i]) != len(want) {
					t.Fatalf("%s, %s: sequence %d has %d numbers, alone %d", name, c.what, i, len(got[i]), len(want))
				}
				for j := range want {
					near(t, fmt.Sprintf("%s, %s, sequence %d, number %d", name, c.what, i, j), float64(got[i][j]), float64(want[j]), single)
				}
			}
		}
	}
}

// TestPaddingIsNotRead: whatever tokens stand in padding and in dummy rows, every number of a real position has the same bits, logits included. EOS
// may have the id 0, with which padding is filled: positions and weights tell them apart.
func TestPaddingIsNotRead(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 5))
	writer, scorer := tinyWeights(t, tinyConfig(), TokenHead), tinyWeights(t, tinyConfig(), ScalarHead)
	seqs := unequal(rng, 40)
	seqs[1].Response[len(seqs[1].Response)-1] = 0
	numbers := func(b *Batch) (logits, values [][]float32) {
		tokens, index, target, _ := b.Args()
		out := graphOf(t, writer, func(a []*Node) []*Node {
			at := writer.Logits(writer.HiddenAt(a[0], a[1]))
			return []*Node{writer.Logits(writer.Hidden(a[0])), at, TokenLogProbs(at, a[2], 0.7)}
		}, tokens, index, target)
		for r, s := range seqs {
			from := r * b.T * 40
			logits = append(logits, out[0][from:from+s.Len()*40])
		}
		logits = append(logits, out[1][:b.Count*40], out[2][:b.Count])
		scores := graphOf(t, scorer, func(a []*Node) []*Node {
			return []*Node{scorer.Score(scorer.Hidden(a[0])), scorer.Score(scorer.HiddenAt(a[0], a[1]))}
		}, tokens, index)
		for r, s := range seqs {
			values = append(values, scores[0][r*b.T:r*b.T+s.Len()])
		}
		return logits, append(values, scores[1][:b.Count])
	}
	for _, which := range []Positions{Responses, LastToken} {
		clean := must(Pack(seqs, len(seqs)+2, which))(t)
		if clean.Mask[clean.Offsets[2]-1] != 1 {
			t.Error("a last token with the id of padding has no weight")
		}
		spoilt := must(Pack(seqs, len(seqs)+2, which))(t)
		for i := range spoilt.Tokens {
			if r := i / spoilt.T; r >= len(seqs) || i%spoilt.T >= seqs[r].Len() {
				spoilt.Tokens[i] = int32(rng.IntN(40))
			}
		}
		for i := spoilt.Count; i < spoilt.N; i++ {
			spoilt.Index[i], spoilt.Target[i] = int32(rng.IntN(len(spoilt.Tokens))), int32(rng.IntN(40))
		}
		wantLogits, wantValues := numbers(clean)
		gotLogits, gotValues := numbers(spoilt)
		for i := range wantLogits {
			if !equalBits(gotLogits[i], wantLogits[i]) {
				t.Errorf("part %d of the logits and log-probabilities reads padding", i)
			}
		}
		for i := range wantValues {
			if !equalBits(gotValues[i], wantValues[i]) {
				t.Errorf("part %d of the values reads padding", i)
			}
		}
	}
}

// TestForwardEqualsSlowReference ties the batched numbers to their sequences.
func TestForwardEqualsSlowReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 5))
	backend, ctx := testBackend(t), context.Background()
	writer, scorer := tinyWeights(t, tinyConfig(), TokenHead), tinyWeights(t, tinyConfig(), ScalarHead)
	slow, slowScorer := newSlowModel(t, writer), newSlowModel(t, scorer)
	seqs := unequal(rng, 40)
	logProbs := must(must(NewLogProbs(backend, writer, 0.7, 4))(t).All(ctx, seqs))(t)
	values := must(must(NewScores(backend, scorer, Responses, 4))(t).All(ctx, seqs))(t)
	scores := must(must(NewScores(backend, scorer, LastToken, 4))(t).All(ctx, seqs))(t)
	for i, s := range seqs {
		nearAll(t, "log-probabilities", logProbs[i], slow.logProbs(s, 0.7))
		var want []float64
		for _, h := range slowScorer.hidden(join(s)) {
			want = append(want, slowScorer.score(h))
		}
		nearAll(t, "values", values[i], want[len(s.Prompt)-1:s.Len()-1])
		nearAll(t, "scores", scores[i], want[s.Len()-1:])
	}
}

// TestCausality: a changed token moves the numbers from its own position on and none before.
func TestCausality(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 5))
	before := Sequence{randomTokens(rng, 5, 40), randomTokens(rng, 12, 40)}
	after := Sequence{before.Prompt, append([]int32(nil), before.Response...)}
	const at = 6
	after.Response[at] = (after.Response[at] + 1) % 40
	for name, forward := range evaluators(t) {
		rows := must(forward(2).All(context.Background(), []Sequence{before, after}))(t)
		if name == "scores" {
			if rows[0][0] == rows[1][0] {
				t.Errorf("%s: the last position does not see response token %d", name, at)
			}
			continue
		}
		first := at // a log-probability of token at reads it as its target; a value there stands before it
		if name == "values" {
			first++
		}
		for j := range rows[0] {
			if same := rows[0][j] == rows[1][j]; same != (j < first) {
				t.Errorf("%s: number %d went from %g to %g when response token %d changed", name, j, rows[0][j], rows[1][j], at)
			}
		}
	}
}

func TestForwardRefusesAndStops(t *testing.T) {
	backend := testBackend(t)
	writer, scorer := tinyWeights(t, tinyConfig(), TokenHead), tinyWeights(t, tinyConfig(), ScalarHead)
	for _, temperature := range []float64{0, -1, math.NaN()} {
		if _, err := NewLogProbs(backend, writer, temperature, 2); err == nil {
			t.Errorf("temperature %g: no error", temperature)
		}
	}
	if _, err := NewLogProbs(backend, scorer, 1, 2); err == nil {
		t.Error("log-probabilities of a model with a scalar head: no error")
	}
	if _, err := NewScores(backend, writer, LastToken, 2); err == nil {
		t.Error("scores of a model with a token head: no error")
	}
	f := must(NewLogProbs(backend, writer, 1, 2))(t)
	ctx := context.Background()
	for name, s := range map[string]Sequence{
		"empty prompt": {nil, []int32{1}}, "unknown prompt token": {[]int32{40}, []int32{1}},
		"unknown response token": {[]int32{1}, []int32{1, 40}}, "negative token": {[]int32{-1}, []int32{1}},
	} {
		if _, err := f.All(ctx, []Sequence{{[]int32{1}, []int32{2}}, s}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	rows := must(f.All(ctx, []Sequence{{[]int32{1}, nil}}))(t)
	if len(rows) != 1 || len(rows[0]) != 0 {
		t.Errorf("an empty response has the numbers %v", rows)
	}
	if rows := must(f.All(ctx, nil))(t); len(rows) != 0 {
		t.Errorf("no sequences have the numbers %v", rows)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := f.All(cancelled, []Sequence{{[]int32{1}, []int32{2}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v", err)
	}
}
