package ppo

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"genjobrec/girl/lm"
)

// handEpisodes are two responses of two tokens each whose rewards at β = ½ are 0, 4 and 4, 0.
func handEpisodes() []*episode {
	return []*episode{
		{ended: true, score: 4, old: []float64{-1, -2}, ref: []float64{-1, -2}, values: []float64{1, 1}},
		{score: 0, old: []float64{-9, -2}, ref: []float64{-1, -2}, values: []float64{3, -1}},
	}
}

// TestWhitenedRewardsKeepTheirMean: rewards of mean 2 and variance 4 become those of mean 2 and variance 1, 1, 3 and 3, 1, before anything
// is made of them.
func TestWhitenedRewardsKeepTheirMean(t *testing.T) {
	episodes := handEpisodes()
	tr := &trainer{c: Config{WhitenRewards: true, Gamma: 1, Lambda: 1}, beta: 0.5}
	it := tr.advantages(episodes, 1)
	root := math.Sqrt2
	for i, want := range []struct{ returns, advantages []float64 }{
		{[]float64{4, 3}, []float64{root, 0}},  // less the values 3, 2
		{[]float64{4, 1}, []float64{-root, 0}}, // less the values 1, 2
	} {
		for k := range 2 {
			near(t, fmt.Sprintf("return %d of episode %d", k, i), episodes[i].returns[k], want.returns[k], 1e-7)
			near(t, fmt.Sprintf("advantage %d of episode %d", k, i), episodes[i].advantages[k], want.advantages[k], 1e-7)
		}
	}
	// What is logged is not whitened.
	near(t, "score", it.Score, 2, exact)
	near(t, "reward", it.Reward, 4, exact)
}

// TestRoundIsLoggedByHand: every number of a round's log line, from two episodes and two update steps.
func TestRoundIsLoggedByHand(t *testing.T) {
	tr := &trainer{c: Config{Gamma: 1, Lambda: 1}, beta: 0.5}
	it := tr.advantages(handEpisodes(), 3)
	it.add(lm.StepResult{Loss: 1, GradNorm: 20, Metrics: []float64{0.25, 0.03, 1.5, 4}}, lm.StepResult{Loss: 500, GradNorm: 6000, Metrics: []float64{0.5}})
	it.add(lm.StepResult{Loss: 2, GradNorm: 40, Metrics: []float64{0.5, 0.01, 1, 2}}, lm.StepResult{Loss: 700, GradNorm: 8000, Metrics: []float64{1}})
	it.divide(2)
	want := Iteration{Iteration: 3, Beta: 0.5, Length: 2, Tokens: 4, EOSRate: 0.5,
		Score:   2,        // 4 and 0
		KL:      -4,       // 0 and −8
		Reward:  4,        // 4 and 0 + ½·8
		Entropy: 14.0 / 4, // of log-probabilities −1, −2, −9, −2
		// Returns 4, 4, 4, 0 have variance 3; less the values 1, 1, 3, −1 they are 3, 3, 1, 1, of variance 1.
		ExplainedVariance: 1 - 1.0/3,
		PolicyLoss:        1.5, PolicyGradNorm: 30, PolicyClipped: 0.375, ApproxKL: 0.02, RatioMean: 1.25, RatioVar: 3,
		ValueLoss: 600, ValueGradNorm: 7000, ValueClipped: 0.75}
	if diff := cmp.Diff(want, it, cmpopts.EquateApprox(exact, 0)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestPromptsTakeTurns: each pass visits every prompt once, in an order of its own, wherever the rounds cut it.
func TestPromptsTakeTurns(t *testing.T) {
	prompts := [][]int32{{0}, {1}, {2}, {3}, {4}, {5}}
	tr := &trainer{in: Input{Prompts: prompts}, rng: rand.New(rand.NewPCG(1, 1))}
	var got []int32
	for _, n := range []int{4, 1, 9, 4} {
		for _, p := range tr.nextPrompts(n) {
			got = append(got, p[0])
		}
	}
	passes := slices.Collect(slices.Chunk(got, len(prompts)))
	for _, pass := range passes {
		if sorted := slices.Sorted(slices.Values(pass)); !slices.Equal(sorted, []int32{0, 1, 2, 3, 4, 5}) {
			t.Errorf("a pass visits %v", pass)
		}
	}
	if slices.Equal(passes[0], passes[1]) || slices.Equal(passes[1], passes[2]) {
		t.Errorf("passes %v", passes)
	}
}

// TestFirstMinibatchHasRatioOne: not in the mean alone. In each round every ratio of the first minibatch is exactly 1.
func TestFirstMinibatchHasRatioOne(t *testing.T) {
	ctx := context.Background()
	c, in := bandit(t)
	tr, err := newTrainer(testBackend(t), c, in)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		episodes, err := tr.rollout(ctx)
		if err != nil {
			t.Fatal(err)
		}
		first := tr.rng.Perm(len(episodes))
		if err := tr.annotate(ctx, episodes, first); err != nil {
			t.Fatal(err)
		}
		it := tr.advantages(episodes, round+1)
		for i, rows := range tr.minibatches(first) {
			r, err := tr.updatePolicy(i, pick(episodes, rows))
			if err != nil {
				t.Fatal(err)
			}
			clipped, kl, mean, variance := r.Metrics[0], r.Metrics[1], r.Metrics[2], r.Metrics[3]
			if i == 0 && (clipped != 0 || kl != 0 || mean != 1 || variance != 0) {
				t.Errorf("round %d: first minibatch with clip fraction %g, KL %g, and a ratio of mean %.9g and variance %g", it.Iteration, clipped, kl, mean, variance)
			}
			if i == 1 && variance == 0 {
				t.Errorf("round %d: the ratio does not vary in the second minibatch either: the test shows nothing", it.Iteration)
			}
		}
	}
}

// TestStepsObeyTheirSettings computes one step of each model by hand: the loss with its own clip range, the gradient clipped by its norm, and
// Adam's first step, −rate·g/(|g| + ε), at the rate of the step.
func TestStepsObeyTheirSettings(t *testing.T) {
	c, in := bandit(t)
	c.PolicyClip, c.ValueClip, c.AdamEps, c.ClipNorm, c.PolicyRate, c.ValueRate = 0.15, 0.3, 0.02, 0.1, 0.04, 0.01
	const step = 4
	left := 1 - step/16.0 // 4 rounds of 2 epochs of 2 minibatches
	spread(t, in.Policy)
	spread(t, in.Critic)
	tr, err := newTrainer(testBackend(t), c, in)
	if err != nil {
		t.Fatal(err)
	}
	episodes := []*episode{
		{seq: lm.Sequence{Prompt: []int32{2, 3}, Response: []int32{4, 1, 0}}, advantages: []float64{1, -2, 0.5}},
		{seq: lm.Sequence{Prompt: []int32{5}, Response: []int32{3, 3}}, advantages: []float64{-1, 1.5}},
	}
	if err := tr.annotate(context.Background(), episodes, []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	batch, err := packEpisodes(episodes)
	if err != nil {
		t.Fatal(err)
	}
	// Moves of 0.05, 0.22 and 0.4 either way lie between and beyond the two clip ranges. Losses and shares are means over five tokens.
	moves := [][]float64{{0.22, -0.22, 0.4}, {-0.4, 0.05}}
	var policyLoss, policyClipped, approxKL, ratioMean, valueLoss, valueClipped float64
	for i, e := range episodes {
		e.returns = make([]float64, len(moves[i]))
		for k, move := range moves[i] {
			ratio, a := math.Exp(move), e.advantages[k]
			plain, clipped := -a*ratio, -a*min(1+c.PolicyClip, max(1-c.PolicyClip, ratio))
			policyLoss += max(plain, clipped) / 5
			if clipped > plain {
				policyClipped += 1.0 / 5
			}
			approxKL += (ratio - 1 - move) / 5
			ratioMean += ratio / 5
			e.old[k] -= move // so that the policy has moved by it

			e.returns[k] = e.values[k] + a
			e.values[k] -= move
			far, near := a, a+move-min(c.ValueClip, max(-c.ValueClip, move)) // R − V and R − V_clip
			valueLoss += max(far*far, near*near) / 2 / 5
			if near*near > far*far {
				valueClipped += 1.0 / 5
			}
		}
	}
	flat := func(of func(e *episode) []float64) any {
		x, err := flatten(batch, episodes, of)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	old, advantages := flat(func(e *episode) []float64 { return e.old }), flat(func(e *episode) []float64 { return e.advantages })
	values, returns := flat(func(e *episode) []float64 { return e.values }), flat(func(e *episode) []float64 { return e.returns })
	tokens, index, target, mask := batch.Args()
	for _, x := range []struct {
		name    string
		w       *lm.Weights
		loss    lm.LossFn // with the clip ranges as they are asked for here
		args    []any
		update  func(step int, episodes []*episode) (lm.StepResult, error)
		rate    float64
		want    float64
		metrics []float64
	}{
		{"policy", in.Policy, func(a []*Node) (*Node, []*Node) {
			loss, _, _, _, _ := PolicyLoss(lm.TokenLogProbs(in.Policy.Logits(in.Policy.HiddenAt(a[0], a[1])), a[2], c.Temperature), a[4], a[5], a[3], 0.15)
			return loss, nil
		}, []any{tokens, index, target, mask, old, advantages}, tr.updatePolicy, 0.04 * left, policyLoss, []float64{policyClipped, approxKL, ratioMean}},
		{"critic", in.Critic, func(a []*Node) (*Node, []*Node) {
			loss, _ := ValueLoss(in.Critic.Score(in.Critic.HiddenAt(a[0], a[1])), a[3], a[4], a[2], 0.3)
			return loss, nil
		}, []any{tokens, index, mask, values, returns}, tr.updateCritic, 0.01 * left, valueLoss, []float64{valueClipped}},
	} {
		before, err := x.w.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		gradients := gradientsOf(t, x.w, x.loss, x.args)
		norm := 0.0
		for _, g := range gradients {
			for _, y := range g {
				norm += float64(y) * float64(y)
			}
		}
		norm = math.Sqrt(norm)
		if norm < 2*c.ClipNorm {
			t.Errorf("%s: gradient norm %g: the test shows little", x.name, norm)
		}
		got, err := x.update(step, episodes)
		if err != nil {
			t.Fatal(err)
		}
		near(t, x.name+" loss", got.Loss, x.want, single)
		near(t, x.name+" gradient norm", got.GradNorm, norm, single)
		for i, want := range x.metrics {
			near(t, fmt.Sprintf("%s metric %d", x.name, i), got.Metrics[i], want, single)
		}
		after, err := x.w.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		for name, g := range gradients {
			worst := 0.0
			for i, y := range g {
				clipped := float64(y) * c.ClipNorm / norm
				want := -x.rate * clipped / (math.Abs(clipped) + c.AdamEps)
				worst = max(worst, math.Abs(float64(after[name][i])-float64(before[name][i])-want)/x.rate)
			}
			if !(worst < 1e-3) {
				t.Errorf("%s: a step of %s is %g of the learning rate away from Adam's first", x.name, name, worst)
			}
		}
	}
}

// gradientsOf are those of a loss in every weight of a model.
func gradientsOf(t *testing.T, w *lm.Weights, loss lm.LossFn, args []any) map[string][]float32 {
	t.Helper()
	snapshot, err := w.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range snapshot {
		names = append(names, name)
	}
	slices.Sort(names)
	exec, err := model.NewExec(testBackend(t), w.Store, func(_ *model.Scope, a []*Node) []*Node {
		value, _ := loss(a)
		var weights []*Node
		for _, name := range names {
			weights = append(weights, w.Store.GetVariable("/"+name).NodeValue(value.Graph()))
		}
		return Gradient(value, weights...)
	})
	if err != nil {
		t.Fatal(err)
	}
	outs, err := exec.Call(args...)
	if err != nil {
		t.Fatal(err)
	}
	gradients := map[string][]float32{}
	for i, name := range names {
		if gradients[name], err = tensors.CopyFlatData[float32](outs[i]); err != nil {
			t.Fatal(err)
		}
	}
	return gradients
}

// TestAdaptiveBetaStaysPositive: settings with which one round could turn β to 0 or below are refused, by the names of their keys.
func TestAdaptiveBetaStaysPositive(t *testing.T) {
	for _, x := range []struct {
		adaptive bool
		horizon  float64
		ok       bool
	}{{true, 40, false}, {true, 39, false}, {true, 41, true}, {false, 1, true}} {
		c := Config{Iterations: 1, Rollouts: 200, MinibatchRows: 20, AdaptiveKL: x.adaptive, KLHorizon: x.horizon, KLTarget: 6}
		err := c.Validate()
		if (err == nil) != x.ok {
			t.Errorf("%+v: error %v", x, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "ppo.kl_horizon") || !strings.Contains(err.Error(), "ppo.rollouts")) {
			t.Errorf("the message does not name both keys: %v", err)
		}
		if beta := AdaptiveBeta(0.05, 0, c.KLTarget, c.KLHorizon, c.Rollouts); x.adaptive && (beta > 1e-12) != x.ok {
			t.Errorf("%+v: a round without KL makes β %g", x, beta)
		}
	}
}
