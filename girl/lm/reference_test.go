package lm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// slowModel is the decoder written out in float64, one position at a time, from the papers' formulas.
type slowModel struct {
	c Config
	w map[string][]float64
}

func newSlowModel(t testing.TB, w *Weights) slowModel {
	t.Helper()
	m := slowModel{w.Config, make(map[string][]float64)}
	for name, data := range must(w.Snapshot())(t) {
		wide := make([]float64, len(data))
		for i, x := range data {
			wide[i] = float64(x)
		}
		m.w[name] = wide
	}
	return m
}

// times multiplies a row vector with a matrix [len(x), columns].
func times(x, matrix []float64) []float64 {
	columns := len(matrix) / len(x)
	y := make([]float64, columns)
	for i := range x {
		for j := range y {
			y[j] += x[i] * matrix[i*columns+j]
		}
	}
	return y
}

func plus(x, y []float64) []float64 {
	sum := make([]float64, len(x))
	for i := range x {
		sum[i] = x[i] + y[i]
	}
	return sum
}

func (m slowModel) norm(x []float64, name string) []float64 {
	square := 0.0
	for _, v := range x {
		square += v * v / float64(len(x))
	}
	y := make([]float64, len(x))
	for i := range x {
		y[i] = x[i] / math.Sqrt(square+m.c.NormEps) * m.w[name][i]
	}
	return y
}

// turn rotates each head of x by its position: dimension i of a head's first half pairs with dimension i of its second.
func (m slowModel) turn(x []float64, position int) []float64 {
	width := m.c.Dim / m.c.Heads
	y := make([]float64, len(x))
	for head := 0; head < len(x); head += width {
		for i := range width / 2 {
			angle := float64(position) * math.Pow(m.c.RopeBase, -2*float64(i)/float64(width))
			a, b := x[head+i], x[head+i+width/2]
			y[head+i] = a*math.Cos(angle) - b*math.Sin(angle)
			y[head+i+width/2] = b*math.Cos(angle) + a*math.Sin(angle)
		}
	}
	return y
}

func (m slowModel) project(x []float64, l int, weight, bias string) []float64 {
	y := times(x, m.w[layerName(l, weight)])
	if m.c.QKVBias {
		y = plus(y, m.w[layerName(l, bias)])
	}
	return y
}

// hidden gives the normalised last hidden state of every position.
func (m slowModel) hidden(tokens []int32) [][]float64 {
	width := m.c.Dim / m.c.Heads
	groups := m.c.KVHeads
	if groups == 0 {
		groups = m.c.Heads
	}
	x := make([][]float64, len(tokens))
	for t, id := range tokens {
		x[t] = m.w["embed"][int(id)*m.c.Dim : (int(id)+1)*m.c.Dim]
	}
	for l := range m.c.Layers {
		q, k, v := make([][]float64, len(x)), make([][]float64, len(x)), make([][]float64, len(x))
		for t := range x {
			h := m.norm(x[t], layerName(l, "attn_norm"))
			q[t] = m.turn(m.project(h, l, "wq", "bq"), t)
			k[t] = m.turn(m.project(h, l, "wk", "bk"), t)
			v[t] = m.project(h, l, "wv", "bv")
		}
		for t := range x {
			mixed := make([]float64, m.c.Dim)
			for head := range m.c.Heads {
				from := head * groups / m.c.Heads * width // of the keys and values this head shares
				scores := make([]float64, t+1)
				for s := range scores {
					for i := range width {
						scores[s] += q[t][head*width+i] * k[s][from+i] / math.Sqrt(float64(width))
					}
				}
				for s, p := range softmax(scores, 1) {
					for i := range width {
						mixed[head*width+i] += p * v[s][from+i]
					}
				}
			}
			x[t] = plus(x[t], times(mixed, m.w[layerName(l, "wo")]))
		}
		for t := range x {
			h := m.norm(x[t], layerName(l, "ffn_norm"))
			gate, up := times(h, m.w[layerName(l, "w_gate")]), times(h, m.w[layerName(l, "w_up")])
			for i := range up {
				up[i] *= gate[i] / (1 + math.Exp(-gate[i]))
			}
			x[t] = plus(x[t], times(up, m.w[layerName(l, "w_down")]))
		}
	}
	for t := range x {
		x[t] = m.norm(x[t], "norm")
	}
	return x
}

func (m slowModel) logits(h []float64) []float64 {
	if !m.c.TiedHead {
		return times(h, m.w["head"])
	}
	logits := make([]float64, m.c.Vocab)
	for v := range logits {
		for i := range h {
			logits[v] += h[i] * m.w["embed"][v*m.c.Dim+i]
		}
	}
	return logits
}

func (m slowModel) score(h []float64) float64 { return times(h, m.w["score_w"])[0] + m.w["score_b"][0] }

// next gives the logits of the token that follows.
func (m slowModel) next(tokens []int32) []float64 {
	hidden := m.hidden(tokens)
	return m.logits(hidden[len(hidden)-1])
}

// logProbs gives log π of each response token.
func (m slowModel) logProbs(s Sequence, temperature float64) []float64 {
	hidden := m.hidden(join(s))
	var out []float64
	for i, id := range s.Response {
		out = append(out, math.Log(softmax(m.logits(hidden[len(s.Prompt)+i-1]), temperature)[id]))
	}
	return out
}

func join(s Sequence) []int32 { return append(append([]int32(nil), s.Prompt...), s.Response...) }

func softmax(logits []float64, temperature float64) []float64 {
	top := math.Inf(-1)
	for _, x := range logits {
		top = max(top, x)
	}
	p, sum := make([]float64, len(logits)), 0.0
	for i, x := range logits {
		p[i] = math.Exp((x - top) / temperature)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// variants are the architectures that one block serves.
func variants() map[string]Config {
	plain := Config{Layers: 1, Dim: 12, Heads: 2, FFN: 20, Vocab: 17, MaxLen: 64, RopeBase: 10000, NormEps: 1e-5}
	grouped := Config{Layers: 3, Dim: 24, Heads: 6, KVHeads: 3, FFN: 16, Vocab: 23, MaxLen: 64, RopeBase: 100, NormEps: 1e-3, QKVBias: true}
	all := map[string]Config{"plain": plain, "grouped, biases": grouped}
	c := plain
	c.TiedHead, c.NormEps = true, 0.5
	all["tied, large norm_eps"] = c
	c = grouped
	c.KVHeads, c.TiedHead = 1, true
	all["one key head, tied, biases"] = c
	c = grouped
	c.KVHeads, c.QKVBias = 6, false
	all["key heads named, no biases"] = c
	c = plain
	c.Dim, c.Heads = 16, 4
	all["four heads"] = c
	c.Dim, c.Heads = 32, 8
	all["eight heads"] = c
	c.Dim, c.Heads, c.KVHeads = 24, 12, 6
	all["twelve heads in six groups"] = c
	return all
}

func TestDecoderEqualsSlowReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for name, c := range variants() {
		const rows, length = 3, 9
		tokens := [][]int32{randomTokens(rng, length, c.Vocab), randomTokens(rng, length, c.Vocab), randomTokens(rng, length, c.Vocab)}
		writer, scorer := tinyWeights(t, c, TokenHead), tinyWeights(t, c, ScalarHead)
		got := graphOf(t, writer, func(a []*Node) []*Node {
			h := writer.Hidden(a[0])
			return []*Node{h, writer.Logits(h)}
		}, tokens)
		scores := graphOf(t, scorer, func(a []*Node) []*Node { return []*Node{scorer.Score(scorer.Hidden(a[0]))} }, tokens)[0]
		slow, slowScorer := newSlowModel(t, writer), newSlowModel(t, scorer)
		var hidden, logits, wantScores []float64
		for r := range rows {
			for _, h := range slow.hidden(tokens[r]) {
				hidden = append(hidden, h...)
				logits = append(logits, slow.logits(h)...)
			}
			for _, h := range slowScorer.hidden(tokens[r]) {
				wantScores = append(wantScores, slowScorer.score(h))
			}
		}
		nearAll(t, name+": hidden", got[0], hidden)
		nearAll(t, name+": logits", got[1], logits)
		nearAll(t, name+": scores", scores, wantScores)
		// Positions in any order, one of them twice.
		at := []int32{26, 0, 9, 13, 13}
		var picked []float64
		for _, i := range at {
			picked = append(picked, hidden[int(i)*c.Dim:(int(i)+1)*c.Dim]...)
		}
		chosen := graphOf(t, writer, func(a []*Node) []*Node { return []*Node{writer.HiddenAt(a[0], a[1])} }, tokens, at)[0]
		nearAll(t, name+": hidden at positions", chosen, picked)
	}
}

// TestParametersOfEachHead counts by hand.
func TestParametersOfEachHead(t *testing.T) {
	for _, c := range []struct {
		tied, bias bool
		head       Head
		want       int
	}{
		// embed 5·4, norms 3·4, wq wo 2·16, wk wv 2·8, feed-forward 3·24 = 152
		{true, false, TokenHead, 152},
		{false, false, TokenHead, 152 + 20},
		{true, true, TokenHead, 152 + 4 + 2 + 2},
		{true, false, ScalarHead, 152 + 4 + 1},
		{false, true, ScalarHead, 152 + 8 + 4 + 1},
	} {
		config := Config{Layers: 1, Dim: 4, Heads: 2, KVHeads: 1, FFN: 6, Vocab: 5, MaxLen: 8, RopeBase: 10, NormEps: 1e-5, TiedHead: c.tied, QKVBias: c.bias}
		w := must(NewWeights(config, c.head, 1))(t)
		what := fmt.Sprintf("tied %t, biases %t, %s head", c.tied, c.bias, c.head)
		if n := w.NumParameters(); n != c.want {
			t.Errorf("%s: %d parameters, want %d", what, n, c.want)
		}
		n := 0
		for _, data := range must(w.Snapshot())(t) {
			n += len(data)
		}
		if n != c.want {
			t.Errorf("%s: a snapshot of %d numbers, want %d", what, n, c.want)
		}
	}
}
