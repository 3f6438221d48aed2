package ppo

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"

	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
)

// exact is the tolerance of float64 arithmetic; single that of float32 graphs.
const (
	exact  = 1e-9
	single = 1e-5
)

// sharedBackend is one for all tests: weights cannot move from one backend to another.
var sharedBackend = sync.OnceValues(func() (compute.Backend, error) { return compute.NewWithConfig("go:ops_sequential") })

func testBackend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := sharedBackend()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance*max(1, math.Abs(want)) {
		t.Errorf("%s: got %.10g, want %.10g", what, got, want)
	}
}

type goldenVectors struct {
	GAE struct {
		Rewards, Values []float64
		Cases           []struct {
			Gamma, Lambda       float64
			Advantages, Returns []float64
		}
	}
	Whiten struct {
		Input, Centred []float64
		MeanKept       []float64 `json:"mean_kept"`
	}
	AdaptiveKL struct {
		Beta0, Target, Horizon float64
		Episodes               int
		KL, Beta               []float64
	} `json:"adaptive_kl"`
	PolicyLoss []struct {
		Advantage, Ratio, Loss float64
		Slope                  float64 `json:"dloss_dratio"`
	} `json:"policy_loss_clip_0.2"`
	ValueLoss []struct {
		Value, Old, Return, Loss float64
	} `json:"value_loss_clip_0.2"`
	KLEstimators []struct{ D, K3 float64 } `json:"kl_estimators"` // d = log π − log π' at tokens of π; k3 = e^−d − 1 + d
}

// golden are vectors computed in float64 from the definitions, kept in testdata.
func golden(t *testing.T) goldenVectors {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "ppo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g goldenVectors
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.GAE.Cases) == 0 || len(g.PolicyLoss) == 0 || len(g.ValueLoss) == 0 || len(g.AdaptiveKL.KL) == 0 || len(g.KLEstimators) == 0 {
		t.Fatal("a section of the golden vectors is empty")
	}
	return g
}

func TestGoldenGAE(t *testing.T) {
	g := golden(t).GAE
	for _, c := range g.Cases {
		adv, ret := GAE(g.Rewards, g.Values, c.Gamma, c.Lambda)
		for i := range adv {
			near(t, "advantage", adv[i], c.Advantages[i], 1e-9)
			near(t, "return", ret[i], c.Returns[i], 1e-9)
		}
	}
}

// TestGAEIsSumOfDiscountedErrors compares the recursion with the definition Σ(γλ)ˡδ₍ₜ₊ₗ₎.
func TestGAEIsSumOfDiscountedErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		n := 1 + rng.IntN(30)
		rewards, values := make([]float64, n), make([]float64, n)
		for i := range n {
			rewards[i], values[i] = rng.NormFloat64(), rng.NormFloat64()
		}
		gamma, lambda := rng.Float64(), rng.Float64()
		adv, _ := GAE(rewards, values, gamma, lambda)
		for from := range n {
			want := 0.0
			for l := from; l < n; l++ {
				next := 0.0
				if l+1 < n {
					next = values[l+1]
				}
				want += math.Pow(gamma*lambda, float64(l-from)) * (rewards[l] + gamma*next - values[l])
			}
			near(t, "advantage", adv[from], want, exact)
		}
	}
}

func TestGoldenWhiten(t *testing.T) {
	g := golden(t).Whiten
	for _, c := range []struct {
		keep bool
		want []float64
	}{{false, g.Centred}, {true, g.MeanKept}} {
		// Ragged rows must count as one flat list.
		rows := [][]float64{append([]float64(nil), g.Input[:2]...), append([]float64(nil), g.Input[2:]...)}
		Whiten(rows, c.keep)
		flat := append(rows[0], rows[1]...)
		for i := range flat {
			near(t, "whitened", flat[i], c.want[i], 1e-7)
		}
	}
}

func TestGoldenAdaptiveKL(t *testing.T) {
	g := golden(t).AdaptiveKL
	beta := g.Beta0
	for i, kl := range g.KL {
		beta = AdaptiveBeta(beta, kl, g.Target, g.Horizon, g.Episodes)
		near(t, "beta", beta, g.Beta[i], 1e-9)
	}
}

// TestGoldenKLEstimators: the logged approximate KL is k3 of the policy that wrote from the one that is updated.
func TestGoldenKLEstimators(t *testing.T) {
	for _, c := range golden(t).KLEstimators {
		got := evaluate(t, func(a []*Node) []*Node {
			_, _, kl, _, _ := PolicyLoss(a[0], a[1], a[2], a[3], 0.2)
			return []*Node{kl}
		}, []float32{-2 - float32(c.D), 9}, []float32{-2, 0}, []float32{3, 5}, []float32{1, 0})
		near(t, fmt.Sprintf("k3 of %g", c.D), got[0], c.K3, single)
	}
}

// evaluate runs a graph of float32 vectors and returns its scalar outputs.
func evaluate(t *testing.T, fn func([]*Node) []*Node, args ...[]float32) []float64 {
	t.Helper()
	in := make([]any, len(args))
	for i := range args {
		in[i] = args[i]
	}
	outs, err := MustNewExec(testBackend(t), fn).Call(in...)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, len(outs))
	for i, o := range outs {
		values[i] = float64(o.Value().(float32))
	}
	return values
}

func TestGoldenPolicyLossAndSlope(t *testing.T) {
	for _, c := range golden(t).PolicyLoss {
		logRatio := float32(math.Log(c.Ratio))
		got := evaluate(t, func(a []*Node) []*Node {
			loss, _, _, ratio, _ := PolicyLoss(a[0], a[1], a[2], a[3], 0.2)
			grad := Gradient(loss, a[0])[0]
			// d loss/d ratio = (d loss/d log ratio)/ratio
			return []*Node{loss, Div(ReduceAllSum(grad), ratio)}
		}, []float32{logRatio, 9}, []float32{0, 0}, []float32{float32(c.Advantage), 5}, []float32{1, 0})
		near(t, "policy loss", got[0], c.Loss, single)
		near(t, "slope", got[1], c.Slope, single)
	}
}

// TestPolicySlopeAtRatioOne: both branches of the maximum tie there, and the gradient must still be −A/N, neither doubled nor lost.
func TestPolicySlopeAtRatioOne(t *testing.T) {
	for _, advantage := range []float32{1.5, -0.7} {
		got := evaluate(t, func(a []*Node) []*Node {
			loss, clipped, kl, ratio, variance := PolicyLoss(a[0], a[1], a[2], a[3], 0.2)
			grad := Gradient(loss, a[0])[0]
			return []*Node{Reshape(SliceAxis(grad, 0, AxisElem(0))), clipped, kl, ratio, variance}
		}, []float32{-2, -3}, []float32{-2, -3}, []float32{advantage, 1}, []float32{1, 1})
		near(t, "slope at ratio 1", got[0], -float64(advantage)/2, single)
		for i, want := range []float64{0, 0, 1, 0} {
			near(t, "clip fraction, KL, mean ratio, variance", got[i+1], want, single)
		}
	}
}

func TestGoldenValueLoss(t *testing.T) {
	for _, c := range golden(t).ValueLoss {
		got := evaluate(t, func(a []*Node) []*Node {
			loss, _ := ValueLoss(a[0], a[1], a[2], a[3], 0.2)
			return []*Node{loss}
		}, []float32{float32(c.Value), 100}, []float32{float32(c.Old), 0}, []float32{float32(c.Return), 0}, []float32{1, 0})
		near(t, "value loss", got[0], c.Loss, single)
	}
}

// TestLossGradientsAgainstFiniteDifferences checks both losses at random points away from their kinks.
func TestLossGradientsAgainstFiniteDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n, h = 6, 1e-2
	losses := map[string]func([]*Node) *Node{
		"policy": func(a []*Node) *Node { l, _, _, _, _ := PolicyLoss(a[0], a[1], a[2], a[3], 0.2); return l },
		"value":  func(a []*Node) *Node { l, _ := ValueLoss(a[0], a[1], a[2], a[3], 0.2); return l },
	}
	for name, loss := range losses {
		for range 5 {
			x, old, third, mask := make([]float32, n), make([]float32, n), make([]float32, n), []float32{1, 1, 0, 1, 1, 1}
			for i := range n {
				old[i], third[i] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
				// Ratios and value moves of ±0.1 or ±0.4: clear of the clip boundaries at ±0.2.
				x[i] = old[i] + []float32{0.1, -0.1, 0.4, -0.4}[rng.IntN(4)]
			}
			at := func(x []float32) float64 {
				return evaluate(t, func(a []*Node) []*Node { return []*Node{loss(a)} }, x, old, third, mask)[0]
			}
			grad := evaluate(t, func(a []*Node) []*Node {
				g := Gradient(loss(a), a[0])[0]
				var out []*Node
				for i := range n {
					out = append(out, Reshape(SliceAxis(g, 0, AxisElem(i))))
				}
				return out
			}, x, old, third, mask)
			scale := max(slices.Max(grad), -slices.Min(grad))
			for i := range n {
				up, down := append([]float32(nil), x...), append([]float32(nil), x...)
				up[i] += h
				down[i] -= h
				if want := (at(up) - at(down)) / (2 * h); !(math.Abs(grad[i]-want) <= 2e-3*scale) {
					t.Errorf("%s gradient %d: got %.6g, want %.6g, where the steepest is %.6g", name, i, grad[i], want, scale)
				}
			}
		}
	}
}

func TestTokenRewards(t *testing.T) {
	// −0.1·(−1−(−2)) = −0.1; −0.1·(−3−(−2.5)) + 2 = 2.05
	got := TokenRewards([]float64{-1, -3}, []float64{-2, -2.5}, 2, 0.1)
	near(t, "first", got[0], -0.1, exact)
	near(t, "last", got[1], 2.05, exact)
}

func TestExplainedVariance(t *testing.T) {
	returns := [][]float64{{1, 2}, {3}}
	near(t, "perfect critic", ExplainedVariance(returns, returns), 1, exact)
	near(t, "constant critic", ExplainedVariance([][]float64{{5, 5}, {5}}, returns), 0, exact)
	if !math.IsNaN(ExplainedVariance(returns, [][]float64{{1, 1}, {1}})) {
		t.Error("returns that do not vary have no explained variance")
	}
}

// bandit is a writer with one decision: after the prompt it writes one of four tokens, or rather any of the vocabulary's.
func banditWeights(t *testing.T, head lm.Head, seed uint64) *lm.Weights {
	t.Helper()
	w, err := lm.NewWeights(lm.Config{Layers: 1, Dim: 16, Heads: 2, FFN: 16, Vocab: 6, MaxLen: 8, RopeBase: 10000, NormEps: 1e-5}, head, seed)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func snapshotsEqual(t *testing.T, before map[string][]float32, w *lm.Weights) (equal bool) {
	t.Helper()
	after, err := w.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for name := range before {
		for i := range before[name] {
			if math.Float32bits(before[name][i]) != math.Float32bits(after[name][i]) {
				return false
			}
		}
	}
	return true
}

// TestRunImprovesAndLeavesFrozenModelsAlone: PPO changes policy and critic, leaves reference and reward model bit for bit, starts every round
// at ratio 1, and earns more than it started with.
func TestRunImprovesAndLeavesFrozenModelsAlone(t *testing.T) {
	backend := testBackend(t)
	reference, u := banditWeights(t, lm.TokenHead, 1), banditWeights(t, lm.ScalarHead, 2)
	policy, err := reference.Clone(lm.TokenHead, 0)
	if err != nil {
		t.Fatal(err)
	}
	normalizer := reward.Normalizer{Gain: 1, Bias: 0.25}
	critic, err := NewCritic(u, normalizer)
	if err != nil {
		t.Fatal(err)
	}
	refBefore, _ := reference.Snapshot()
	rewardBefore, _ := u.Snapshot()
	policyBefore, _ := policy.Snapshot()
	criticBefore, _ := critic.Snapshot()
	prompts := [][]int32{{2, 3}, {2, 4, 5}, {3}}
	c := Config{Iterations: 25, Rollouts: 32, MinibatchRows: 8, Epochs: 2, PolicyRate: 0.01, ValueRate: 0.01, AdamEps: 1e-5, ClipNorm: 1,
		Gamma: 1, Lambda: 0.95, PolicyClip: 0.2, ValueClip: 0.2, KLCoefficient: 0.02, KLTarget: 6, KLHorizon: 10000, Temperature: 1,
		EOSPenalty: -3, EvalEvery: 5, EvalPrompts: 3, MaxKL: 100}
	r, err := Run(context.Background(), backend, c, Input{Policy: policy, Reference: reference, Critic: critic, Reward: u, Normalizer: normalizer,
		Prompts: prompts, ValidPrompts: prompts, EOS: 0, MaxNew: 4, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if !snapshotsEqual(t, refBefore, reference) || !snapshotsEqual(t, rewardBefore, u) {
		t.Error("PPO changed the reference or the reward model")
	}
	if snapshotsEqual(t, policyBefore, policy) || snapshotsEqual(t, criticBefore, critic) {
		t.Error("PPO left the policy or the critic as it was")
	}
	for _, it := range r.History {
		if it.FirstRatio != 1 {
			t.Errorf("round %d: mean ratio of the first minibatch is %.9g, want exactly 1", it.Iteration, it.FirstRatio)
		}
	}
	if first, last := r.History[0].Reward, r.History[len(r.History)-1].Reward; last < first+0.3 {
		t.Errorf("reward went from %.3f to %.3f", first, last)
	}
	if k := r.History[0].KL; math.Abs(k) > single {
		t.Errorf("KL of the first round is %g: the policy starts as the reference", k)
	}
}

// TestCriticWarmup: the first rounds train the critic and leave the policy bit for bit.
func TestCriticWarmup(t *testing.T) {
	reference, u := banditWeights(t, lm.TokenHead, 1), banditWeights(t, lm.ScalarHead, 2)
	policy, err := reference.Clone(lm.TokenHead, 0)
	if err != nil {
		t.Fatal(err)
	}
	critic, err := NewCritic(u, reward.Normalizer{Gain: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Iterations: 3, CriticWarmup: 2, Rollouts: 8, MinibatchRows: 4, Epochs: 1, PolicyRate: 0.01, ValueRate: 0.01, AdamEps: 1e-5,
		Gamma: 1, Lambda: 1, PolicyClip: 0.2, ValueClip: 0.2, KLCoefficient: 0.05, Temperature: 1, EvalEvery: 9, EvalPrompts: 1, MaxKL: 100}
	tr, err := newTrainer(testBackend(t), c, Input{Policy: policy, Reference: reference, Critic: critic, Reward: u, Normalizer: reward.Normalizer{Gain: 1},
		Prompts: [][]int32{{2, 3}}, ValidPrompts: [][]int32{{2, 3}}, EOS: 0, MaxNew: 4, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	for round := 1; round <= 3; round++ {
		policyBefore, _ := policy.Snapshot()
		criticBefore, _ := critic.Snapshot()
		it, err := tr.iterate(context.Background(), round)
		if err != nil {
			t.Fatal(err)
		}
		if same := snapshotsEqual(t, policyBefore, policy); same != (round <= 2) {
			t.Errorf("round %d: the policy stayed the same: %t", round, same)
		}
		if snapshotsEqual(t, criticBefore, critic) {
			t.Errorf("round %d: the critic did not change", round)
		}
		// What no policy step has measured is left out, not made up.
		line, err := json.Marshal(it)
		if err != nil {
			t.Fatal(err)
		}
		if round <= 2 != it.Warmup || (it.FirstRatio == 1) == it.Warmup || strings.Contains(string(line), "first_ratio") == it.Warmup || strings.Contains(string(line), "ratio_mean") == it.Warmup {
			t.Errorf("round %d is logged as %s", round, line)
		}
	}
	c.CriticWarmup = 3
	if err := c.Validate(); err == nil {
		t.Error("a warm-up that leaves the policy no round was accepted")
	}
}

// TestBanditReachesKnownOptimum: with one token to write, the optimum of E[r] − β·KL is π ∝ π_ref·exp(r/β).
func TestBanditReachesKnownOptimum(t *testing.T) {
	backend := testBackend(t)
	ctx := context.Background()
	reference, u := banditWeights(t, lm.TokenHead, 1), banditWeights(t, lm.ScalarHead, 9)
	prompt := []int32{2}
	// A one-token response never ends in EOS unless it is EOS: make that no different from any other token.
	scorer, err := reward.NewScorer(backend, u)
	if err != nil {
		t.Fatal(err)
	}
	var seqs []lm.Sequence
	for v := range int32(6) {
		seqs = append(seqs, lm.Sequence{Prompt: prompt, Response: []int32{v}})
	}
	raw, err := scorer.Scores(ctx, seqs)
	if err != nil {
		t.Fatal(err)
	}
	normalizer, err := reward.FitNormalizer(raw)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := reference.Clone(lm.TokenHead, 0)
	if err != nil {
		t.Fatal(err)
	}
	critic, err := NewCritic(u, normalizer)
	if err != nil {
		t.Fatal(err)
	}
	// Tokens other than EOS count as not ended and earn the penalty; EOS earns its own score.
	const beta, penalty = 1.0, 0.5
	rewards := make([]float64, 6)
	for v := range rewards {
		rewards[v] = penalty
	}
	rewards[0] = normalizer.Apply(raw[0])
	c := Config{Iterations: 150, Rollouts: 128, MinibatchRows: 64, Epochs: 2, PolicyRate: 0.01, ValueRate: 0.02, AdamEps: 1e-5, ClipNorm: 1,
		Gamma: 1, Lambda: 0.95, PolicyClip: 0.2, ValueClip: 0.2, KLCoefficient: beta, KLTarget: 6, KLHorizon: 10000, Temperature: 1,
		EOSPenalty: penalty, EvalEvery: 150, EvalPrompts: 1, MaxKL: 100}
	in := Input{Policy: policy, Reference: reference, Critic: critic, Reward: u, Normalizer: normalizer,
		Prompts: [][]int32{prompt}, ValidPrompts: [][]int32{prompt}, EOS: 0, MaxNew: 1, Seed: 5}
	tr, err := newTrainer(backend, c, in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Iterations {
		if _, err := tr.iterate(ctx, i+1); err != nil {
			t.Fatal(err)
		}
	}
	distribution := func(w *lm.Weights) []float64 {
		f, err := lm.NewLogProbs(backend, w, 1, 8)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.All(ctx, seqs)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, 6)
		for v := range p {
			p[v] = math.Exp(float64(rows[v][0]))
		}
		return p
	}
	ref, got := distribution(reference), distribution(policy)
	want, sum := make([]float64, 6), 0.0
	for v := range want {
		want[v] = ref[v] * math.Exp(rewards[v]/beta)
		sum += want[v]
	}
	for v := range want {
		want[v] /= sum
		if math.Abs(got[v]-want[v]) > 0.03 {
			t.Errorf("token %d: probability %.3f, optimum %.3f, reference %.3f", v, got[v], want[v], ref[v])
		}
	}
	if math.Abs(want[0]-ref[0]) < 0.1 {
		t.Errorf("the optimum moves token 0 from %.3f to %.3f only: the test shows nothing", ref[0], want[0])
	}
}
