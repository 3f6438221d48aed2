package lm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// logitsGraph runs TokenLogProbs, Entropy and the gradient of the summed log-probabilities.
func logitsGraph(t *testing.T, logits [][]float32, target []int32, temperature float64) (logProbs, entropy, gradient []float32) {
	w := must(NewWeights(tinyConfig(), TokenHead, 1))(t)
	out := graphOf(t, w, func(a []*Node) []*Node {
		lp := TokenLogProbs(a[0], a[1], temperature)
		return []*Node{lp, Entropy(a[0], temperature), Gradient(ReduceAllSum(lp), a[0])[0]}
	}, logits, target)
	return out[0], out[1], out[2]
}

func TestLogProbsAndEntropyEqualFloat64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for _, temperature := range []float64{0.3, 1, 2.5} {
		const n, vocab = 6, 13
		logits, target := make([][]float32, n), randomTokens(rng, n, vocab)
		for i := range logits {
			logits[i] = make([]float32, vocab)
			for v := range logits[i] {
				logits[i][v] = float32(3 * rng.NormFloat64())
			}
		}
		logProbs, entropy, gradient := logitsGraph(t, logits, target, temperature)
		for i := range logits {
			wide := make([]float64, vocab)
			for v, x := range logits[i] {
				wide[v] = float64(x)
			}
			p, want := softmax(wide, temperature), 0.0
			for _, x := range p {
				want -= x * math.Log(x)
			}
			what := fmt.Sprintf("temperature %g, row %d: ", temperature, i)
			near(t, what+"log-probability", float64(logProbs[i]), math.Log(p[target[i]]), single)
			near(t, what+"entropy", float64(entropy[i]), want, single)
			for v, x := range p { // d log π(target)/d logit = (1[v = target] − π(v))/T
				slope := -x / temperature
				if v == int(target[i]) {
					slope += 1 / temperature
				}
				near(t, what+"gradient", float64(gradient[i*vocab+v]), slope, single)
			}
		}
	}
}

func TestExtremeLogitsDoNotOverflow(t *testing.T) {
	rows := [][]float32{{1e4, -1e4, 0, 1e4}, {1e4, -1e4, 0, 1e4}, {-1e4, -1e4, -1e4, -1e4}, {1e4, 1e4, 1e4, 1e4}, {0, 1e4, 0, 0}}
	target := []int32{0, 1, 2, 3, 0}
	for _, temperature := range []float64{1, 0.5} {
		logProbs, entropy, gradient := logitsGraph(t, rows, target, temperature)
		wantLog := []float64{-math.Ln2, -2e4/temperature - math.Ln2, -math.Log(4), -math.Log(4), -1e4 / temperature}
		wantEntropy := []float64{math.Ln2, math.Ln2, math.Log(4), math.Log(4), 0}
		for i := range rows {
			near(t, "log-probability", float64(logProbs[i]), wantLog[i], single)
			near(t, "entropy", float64(entropy[i]), wantEntropy[i], single)
		}
		for _, g := range gradient {
			if !isFinite(float64(g)) {
				t.Fatalf("gradients %v", gradient)
			}
		}
	}
}
