package ppo

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
)

// TestGAEEqualsGraph computes advantages a second way: a padded block of rows in one graph, as the product of the temporal differences
// with the matrix of (γλ)^(l−t), l ≥ t.
func TestGAEEqualsGraph(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const rows, longest, gamma, lambda = 7, 23, 0.97, 0.9
	// Padding holds numbers that would show.
	rewards, values, mask := make([][]float32, rows), make([][]float32, rows), make([][]float32, rows)
	lengths := make([]int, rows)
	for r := range rows {
		lengths[r] = 1 + rng.IntN(longest)
		for c := range longest {
			rewards[r], values[r] = append(rewards[r], float32(rng.NormFloat64())), append(values[r], float32(rng.NormFloat64()))
			real := float32(0)
			if c < lengths[r] {
				real = 1
			}
			mask[r] = append(mask[r], real)
		}
	}
	powers := make([][]float32, longest)
	for l := range powers {
		powers[l] = make([]float32, longest)
		for c := 0; c <= l; c++ {
			powers[l][c] = float32(math.Pow(gamma*lambda, float64(l-c)))
		}
	}
	outs, err := MustNewExec(testBackend(t), func(a []*Node) []*Node {
		rewards, values, mask, powers := a[0], Mul(a[1], a[2]), a[2], a[3]
		next := Concatenate([]*Node{SliceAxis(values, 1, AxisRangeToEnd(1)), Zeros(a[0].Graph(), SliceAxis(values, 1, AxisElem(0)).Shape())}, 1)
		delta := Mul(Sub(Add(rewards, MulScalar(next, gamma)), values), mask)
		advantages := MatMul(delta, powers)
		return []*Node{advantages, Add(advantages, values)}
	}).Call(rewards, values, mask, powers)
	if err != nil {
		t.Fatal(err)
	}
	gotAdvantages, gotReturns := outs[0].Value().([][]float32), outs[1].Value().([][]float32)
	for r, n := range lengths {
		advantages, returns := GAE(toFloat64(rewards[r][:n]), toFloat64(values[r][:n]), gamma, lambda)
		for c := range n {
			near(t, fmt.Sprintf("advantage %d of row %d", c, r), float64(gotAdvantages[r][c]), advantages[c], single)
			near(t, fmt.Sprintf("return %d of row %d", c, r), float64(gotReturns[r][c]), returns[c], single)
		}
	}
}

// TestMaskedTokensCountNowhere: every number that the losses give is that of the tokens of weight 1 alone, whatever stands in the others.
func TestMaskedTokensCountNowhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 6))
	draw := func(n int, scale float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(scale * rng.NormFloat64())
		}
		return x
	}
	all := func(a []*Node) []*Node {
		loss, clipped, kl, ratio, variance := PolicyLoss(a[0], a[1], a[2], a[3], 0.2)
		valueLoss, valueClipped := ValueLoss(a[0], a[1], a[2], a[3], 0.2)
		return []*Node{loss, clipped, kl, ratio, variance, valueLoss, valueClipped}
	}
	const real, padding = 9, 6
	x, old, third := draw(real, 0.4), draw(real, 0.4), draw(real, 1)
	ones := slices.Repeat([]float32{1}, real)
	want := evaluate(t, all, x, old, third, ones)
	got := evaluate(t, all, slices.Concat(draw(padding, 5), x, draw(padding, 5)), slices.Concat(draw(padding, 5), old, draw(padding, 5)),
		slices.Concat(draw(padding, 50), third, draw(padding, 50)), slices.Concat(make([]float32, padding), ones, make([]float32, padding)))
	for i, name := range []string{"policy loss", "clipped tokens", "approximate KL", "mean ratio", "variance of the ratio", "value loss", "clipped values"} {
		near(t, name, got[i], want[i], single)
	}
	if want[1] == 0 || want[6] == 0 {
		t.Error("nothing is clipped: the test shows little")
	}
	// By hand in float64, the mean being over tokens.
	mean, square := 0.0, 0.0
	for i := range x {
		ratio := math.Exp(float64(x[i]) - float64(old[i]))
		mean += ratio / real
		square += ratio * ratio / real
	}
	near(t, "mean ratio", want[3], mean, single)
	near(t, "variance of the ratio", want[4], square-mean*mean, single)
}

// TestLogRatioIsClampedAndKLIsNot: one absurd token neither overflows the losses nor is hidden in the log: of r − 1 − log r the ratio alone is clamped.
func TestLogRatioIsClampedAndKLIsNot(t *testing.T) {
	for _, c := range []struct{ logRatio, clamped float64 }{{5e8, maxLogRatio}, {500, maxLogRatio}, {-500, -maxLogRatio}, {19, 19}, {-19, -19}} {
		got := evaluate(t, func(a []*Node) []*Node {
			loss, _, kl, ratio, variance := PolicyLoss(a[0], a[1], a[2], a[3], 0.2)
			return []*Node{loss, kl, ratio, variance, ReduceAllSum(Gradient(loss, a[0])[0])}
		}, []float32{float32(c.logRatio)}, []float32{0}, []float32{-1}, []float32{1})
		for _, x := range got {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Errorf("log-ratio %g: %v", c.logRatio, got)
			}
		}
		near(t, "ratio", got[2]/math.Exp(c.clamped), 1, single)
		near(t, "approximate KL", got[1], math.Exp(c.clamped)-1-c.logRatio, 1e-4)
	}
	it := summarise([]*episode{{old: []float64{-1, -2}, ref: []float64{-501, -3}}, {old: []float64{-1}, ref: []float64{-1}}}, 0.1, 1)
	near(t, "logged KL", it.KL, (500.0+1)/2, exact)
	near(t, "logged reward", it.Reward, -0.1*501/2, exact)
	near(t, "logged entropy", it.Entropy, 4.0/3, exact)
}

// TestLossGradientsThroughModels: the two update steps' losses against central differences in the weights.
func TestLossGradientsThroughModels(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 6))
	c, in := bandit(t)
	spread(t, in.Policy)
	spread(t, in.Critic)
	batch, err := lm.Pack([]lm.Sequence{{Prompt: []int32{2, 3}, Response: []int32{4, 1, 0}}, {Prompt: []int32{5}, Response: []int32{3, 3}}, {Prompt: []int32{1, 1, 2}, Response: []int32{0}}}, 3, lm.Responses)
	if err != nil {
		t.Fatal(err)
	}
	tokens, index, target, mask := batch.Args()
	logProbs, err := lm.NewLogProbs(testBackend(t), in.Policy, c.Temperature, 3)
	if err != nil {
		t.Fatal(err)
	}
	values, err := lm.NewScores(testBackend(t), in.Critic, lm.Responses, 3)
	if err != nil {
		t.Fatal(err)
	}
	// Ratios and value moves of ±0.1 or ±0.4: clear of the clip boundaries at ±0.2.
	moved := func(f *lm.Forward) any {
		flat, err := f.Batch(batch)
		if err != nil {
			t.Fatal(err)
		}
		old := make([]float32, batch.N)
		for i := range batch.Count {
			old[i] = flat[i] + []float32{0.1, -0.1, 0.4, -0.4}[rng.IntN(4)]
		}
		return tensors.FromFlatDataAndDimensions(old, batch.N)
	}
	third := make([]float32, batch.N)
	for i := range batch.Count {
		third[i] = float32(rng.NormFloat64())
	}
	other := tensors.FromFlatDataAndDimensions(third, batch.N) // advantages or returns
	for name, x := range map[string]struct {
		w    *lm.Weights
		loss lm.LossFn
		args []any
	}{
		"policy": {in.Policy, policyStep(in.Policy, c), []any{tokens, index, target, mask, moved(logProbs), other}},
		"value":  {in.Critic, valueStep(in.Critic, c), []any{tokens, index, mask, moved(values), other}},
	} {
		snapshot, err := x.w.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for weight := range snapshot {
			names = append(names, weight)
		}
		slices.Sort(names)
		exec, err := model.NewExec(testBackend(t), x.w.Store, func(_ *model.Scope, a []*Node) []*Node {
			loss, _ := x.loss(a)
			var weights []*Node
			for _, weight := range names {
				weights = append(weights, x.w.Store.GetVariable("/"+weight).NodeValue(loss.Graph()))
			}
			return append([]*Node{loss}, Gradient(loss, weights...)...)
		})
		if err != nil {
			t.Fatal(err)
		}
		run := func() [][]float32 {
			outs, err := exec.Call(x.args...)
			if err != nil {
				t.Fatal(err)
			}
			flat := make([][]float32, len(outs))
			for i, o := range outs {
				if flat[i], err = tensors.CopyFlatData[float32](o); err != nil {
					t.Fatal(err)
				}
			}
			return flat
		}
		gradients := run()[1:]
		const h = 1e-2
		for i, weight := range names {
			probes := append(steepest(gradients[i], 4), len(gradients[i])/2)
			scale := math.Abs(float64(gradients[i][probes[0]]))
			for _, at := range probes {
				shifted := func(by float32) float64 {
					s := make(map[string][]float32)
					for k, v := range snapshot {
						s[k] = slices.Clone(v)
					}
					s[weight][at] += by
					if err := x.w.Restore(s); err != nil {
						t.Fatal(err)
					}
					return float64(run()[0][0])
				}
				if want := (shifted(h) - shifted(-h)) / (2 * h); !(math.Abs(float64(gradients[i][at])-want) <= 5e-3*scale) {
					t.Errorf("%s loss, %s[%d]: got %.6g, want %.6g, where the steepest is %.6g", name, weight, at, gradients[i][at], want, scale)
				}
			}
			if scale == 0 {
				t.Errorf("%s loss: no gradient on %s", name, weight)
			}
		}
	}
}

// steepest are the places of the n largest magnitudes, or of all.
func steepest(x []float32, n int) []int {
	at := make([]int, len(x))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(math.Abs(float64(x[b])), math.Abs(float64(x[a]))) })
	return at[:min(n, len(at))]
}

// spread draws matrices large enough that every part of a model matters.
func spread(t *testing.T, w *lm.Weights) {
	t.Helper()
	s, err := w.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range s {
		if name == "score_w" || name == "score_b" || len(data) <= w.Config.Dim {
			continue
		}
		for i := range data {
			data[i] *= 12
		}
	}
	if err := w.Restore(s); err != nil {
		t.Fatal(err)
	}
}

// TestEpisodesByHand follows a round's episodes: what U reads, the penalty, rewards, returns and whitened advantages.
func TestEpisodesByHand(t *testing.T) {
	ctx := context.Background()
	c, in := bandit(t)
	in.Normalizer = reward.Normalizer{Gain: 3, Bias: -1}
	c.Rollouts, c.Gamma, c.Lambda = 32, 0.9, 0.8
	spread(t, in.Policy) // another policy than the reference
	tr, err := newTrainer(testBackend(t), c, in)
	if err != nil {
		t.Fatal(err)
	}
	episodes, err := tr.rollout(ctx)
	if err != nil {
		t.Fatal(err)
	}
	order := tr.rng.Perm(len(episodes))
	if err := tr.annotate(ctx, episodes, order); err != nil {
		t.Fatal(err)
	}
	it := tr.advantages(episodes, 1)
	scorer, err := reward.NewScorer(testBackend(t), in.Reward)
	if err != nil {
		t.Fatal(err)
	}
	ended, full := 0, 0
	sum, squares, n := 0.0, 0.0, 0.0
	for i, e := range episodes {
		at := slices.Index(e.seq.Response, in.EOS)
		if e.ended != (at >= 0) || e.ended && at != len(e.seq.Response)-1 || !e.ended && len(e.seq.Response) != in.MaxNew {
			t.Errorf("episode %d: response %v, ended %t", i, e.seq.Response, e.ended)
		}
		want := c.EOSPenalty
		if e.ended {
			ended++
			if len(e.seq.Response) == in.MaxNew {
				full++ // ends with its very last token
			}
			raw, err := scorer.Scores(ctx, []lm.Sequence{e.seq})
			if err != nil {
				t.Fatal(err)
			}
			want = 3*raw[0] - 1
		}
		near(t, fmt.Sprintf("score of episode %d", i), e.score, want, single)
		// Rewards, values, returns: of the response's tokens, no more and no fewer.
		rewards := make([]float64, len(e.seq.Response))
		for k := range rewards {
			rewards[k] = -c.KLCoefficient * (e.old[k] - e.ref[k])
		}
		rewards[len(rewards)-1] += e.score
		plain, returns := GAE(rewards, e.values, 0.9, 0.8)
		for k := range rewards {
			near(t, fmt.Sprintf("return %d of episode %d", k, i), e.returns[k], returns[k], exact)
			near(t, "a return is the advantage before whitening plus the value", e.returns[k]-e.values[k], plain[k], exact)
			sum += e.advantages[k]
			squares += e.advantages[k] * e.advantages[k]
			n++
		}
	}
	if ended == 0 || ended == len(episodes) || full == 0 {
		t.Fatalf("%d of %d episodes ended, %d of them with the last token there may be: the test needs every kind", ended, len(episodes), full)
	}
	near(t, "mean advantage", sum/n, 0, 1e-9)
	near(t, "variance of the advantages", squares/n, 1, 1e-6)
	near(t, "logged tokens", float64(it.Tokens), n, 0)
	near(t, "logged EOS rate", it.EOSRate, float64(ended)/float64(len(episodes)), exact)
	if it.KL == 0 {
		t.Error("the policy is the reference: the test shows little")
	}
}

// TestCriticStartsAsNormalisedReward: the critic's value of a whole text is the normalised score.
func TestCriticStartsAsNormalisedReward(t *testing.T) {
	u := banditWeights(t, lm.ScalarHead, 2)
	spread(t, u)
	n := reward.Normalizer{Gain: 2.5, Bias: -0.75}
	critic, err := NewCritic(u, n)
	if err != nil {
		t.Fatal(err)
	}
	seqs := []lm.Sequence{{Prompt: []int32{2, 3}, Response: []int32{4, 1, 0}}, {Prompt: []int32{5}, Response: []int32{3, 3}}}
	score := func(w *lm.Weights) []float64 {
		s, err := reward.NewScorer(testBackend(t), w)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := s.Scores(context.Background(), seqs)
		if err != nil {
			t.Fatal(err)
		}
		return scores
	}
	raw, values := score(u), score(critic)
	for i := range raw {
		near(t, "first value", values[i], n.Apply(raw[i]), single)
	}
	if math.Abs(raw[0]-raw[1]) < 1e-3 {
		t.Errorf("scores %v: the test shows little", raw)
	}
}

// TestEpochsAreShuffledAfresh: the first epoch keeps the order in which old log-probabilities were computed, every further one has its own.
func TestEpochsAreShuffledAfresh(t *testing.T) {
	tr := &trainer{c: Config{Epochs: 3, MinibatchRows: 4}, rng: rand.New(rand.NewPCG(1, 1))}
	first := tr.rng.Perm(12)
	all := tr.minibatches(first)
	if len(all) != 9 {
		t.Fatalf("%d minibatches", len(all))
	}
	var epochs [][]int
	for from := 0; from < 9; from += 3 {
		epoch := slices.Concat(all[from : from+3]...)
		if sorted := slices.Sorted(slices.Values(epoch)); !slices.Equal(sorted, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) {
			t.Errorf("an epoch visits %v", sorted)
		}
		epochs = append(epochs, epoch)
	}
	if !slices.Equal(epochs[0], first) || slices.Equal(epochs[1], first) || slices.Equal(epochs[2], first) || slices.Equal(epochs[1], epochs[2]) {
		t.Errorf("orders %v after the first, %v", epochs, first)
	}
}

// TestRatesDecayLinearly: from the configured rate in the first update step that a model makes to nearly 0 in the last.
func TestRatesDecayLinearly(t *testing.T) {
	tr := &trainer{c: Config{PolicyRate: 0.6, ValueRate: 1, Iterations: 5, CriticWarmup: 2}, perRound: 4}
	for step, want := range map[int][2]float64{0: {0, 1}, 8: {0.6, 0.6}, 14: {0.3, 0.3}, 19: {0.05, 0.05}} {
		near(t, fmt.Sprintf("critic's rate in step %d", step), tr.valueRate(step), want[1], exact)
		if step >= tr.warmSteps() {
			near(t, fmt.Sprintf("policy's rate in step %d", step), tr.policyRate(step), want[0], exact)
		}
	}
}

// TestBetaFollowsKL: the penalty of a round is the one before, moved after the update by the round's own KL.
func TestBetaFollowsKL(t *testing.T) {
	c, in := bandit(t)
	c.AdaptiveKL, c.KLTarget, c.KLHorizon, c.Iterations = true, 0.1, 40, 6
	r, err := Run(context.Background(), testBackend(t), c, in)
	if err != nil {
		t.Fatal(err)
	}
	beta, ups, downs := c.KLCoefficient, 0, 0
	for _, it := range r.History {
		near(t, fmt.Sprintf("β in round %d", it.Iteration), it.Beta, beta, exact)
		next := AdaptiveBeta(beta, it.KL, 0.1, 40, c.Rollouts)
		if next > beta {
			ups++
		} else {
			downs++
		}
		beta = next
	}
	near(t, "final β", r.FinalBeta, beta, exact)
	if ups == 0 || downs == 0 {
		t.Errorf("β rose %d and fell %d times: the test shows little", ups, downs)
	}
}

// TestOneTemperatureEverywhere: the log-probabilities that the sampler records, the old ones, the reference's and those of the first update
// are of one distribution, that of the sampling temperature.
func TestOneTemperatureEverywhere(t *testing.T) {
	ctx := context.Background()
	c, in := bandit(t)
	spread(t, in.Policy)
	var err error
	if in.Reference, err = in.Policy.Clone(lm.TokenHead, 0); err != nil {
		t.Fatal(err)
	}
	for _, temperature := range []float64{0.4, 1, 1.6} {
		c.Temperature = temperature
		tr, err := newTrainer(testBackend(t), c, in)
		if err != nil {
			t.Fatal(err)
		}
		seeds := []uint64{1, 2, 3}
		samples, err := tr.sampler.Sample(ctx, in.Prompts, seeds, nil)
		if err != nil {
			t.Fatal(err)
		}
		var episodes []*episode
		for i, s := range samples {
			episodes = append(episodes, &episode{seq: lm.Sequence{Prompt: in.Prompts[i], Response: s[0].Tokens}})
		}
		if err := tr.annotate(ctx, episodes, []int{0, 1, 2}); err != nil {
			t.Fatal(err)
		}
		for i, e := range episodes {
			for k, sampled := range toFloat64(samples[i][0].LogProbs) {
				near(t, "old log-probability", e.old[k], sampled, single)
				near(t, "reference's log-probability", e.ref[k], sampled, single)
			}
		}
		policy, err := in.Policy.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		it, err := tr.iterate(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		if it.FirstRatio != 1 {
			t.Errorf("temperature %g: the ratio of the first minibatch is %.9g, want exactly 1", temperature, it.FirstRatio)
		}
		if err := in.Policy.Restore(policy); err != nil {
			t.Fatal(err)
		}
	}
	c.Temperature = 0
	if _, err := Run(ctx, testBackend(t), c, in); err == nil {
		t.Error("a rollout that takes the most probable tokens: no error")
	}
}

// TestPolicyReachesOptimumOverTexts: responses of one or two tokens, of which those that end earn a score each of their own, have the
// optimum π(y) ∝ π_ref(y)·exp(r(y)/β) over all texts y.
func TestPolicyReachesOptimumOverTexts(t *testing.T) {
	const beta, vocab, eos = 0.7, 6, 0
	ctx := context.Background()
	_, in := bandit(t)
	spread(t, in.Reward)
	prompt := []int32{2}
	var texts []lm.Sequence
	var endings []bool
	add := func(ended bool, tokens ...int32) {
		texts, endings = append(texts, lm.Sequence{Prompt: prompt, Response: tokens}), append(endings, ended)
	}
	add(true, eos)
	for v := int32(1); v < vocab; v++ {
		for x := range int32(vocab) {
			add(x == eos, v, x)
		}
	}
	scorer, err := reward.NewScorer(testBackend(t), in.Reward)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := scorer.Scores(ctx, texts)
	if err != nil {
		t.Fatal(err)
	}
	if in.Normalizer, err = reward.FitNormalizer(raw); err != nil {
		t.Fatal(err)
	}
	if in.Critic, err = NewCritic(in.Reward, in.Normalizer); err != nil {
		t.Fatal(err)
	}
	in.Prompts, in.ValidPrompts, in.EOS, in.MaxNew = [][]int32{prompt}, [][]int32{prompt}, eos, 2
	c := Config{Iterations: 90, CriticWarmup: 5, Rollouts: 128, MinibatchRows: 64, Epochs: 2, PolicyRate: 0.01, ValueRate: 0.01, AdamEps: 1e-5, ClipNorm: 1,
		Gamma: 1, Lambda: 0.95, PolicyClip: 0.2, ValueClip: 0.2, KLCoefficient: beta, Temperature: 1, EOSPenalty: -0.5, EvalEvery: 1000, EvalPrompts: 1, MaxKL: 100}
	tr, err := newTrainer(testBackend(t), c, in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Iterations {
		if _, err := tr.iterate(ctx, i+1); err != nil {
			t.Fatal(err)
		}
	}
	distribution := func(w *lm.Weights) []float64 {
		f, err := lm.NewLogProbs(testBackend(t), w, 1, 32)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.All(ctx, texts)
		if err != nil {
			t.Fatal(err)
		}
		p, sum := make([]float64, len(rows)), 0.0
		for i, row := range rows {
			logProb := 0.0
			for _, x := range row {
				logProb += float64(x)
			}
			p[i] = math.Exp(logProb)
			sum += p[i]
		}
		near(t, "sum of the probabilities of all texts", sum, 1, 1e-5)
		return p
	}
	ref, got := distribution(in.Reference), distribution(in.Policy)
	want, sum := make([]float64, len(ref)), 0.0
	for i := range want {
		r := c.EOSPenalty
		if endings[i] {
			r = in.Normalizer.Apply(raw[i])
		}
		want[i] = ref[i] * math.Exp(r/beta)
		sum += want[i]
	}
	apart, moved := 0.0, 0.0 // total variation
	for i := range want {
		want[i] /= sum
		apart += math.Abs(got[i]-want[i]) / 2
		moved += math.Abs(ref[i]-want[i]) / 2
	}
	t.Logf("total variation to the optimum: %.4f, of the reference %.4f", apart, moved)
	if apart > 0.04 || moved < 0.3 {
		t.Errorf("the policy is %.3f in total variation from the optimum, the reference %.3f", apart, moved)
	}
}
