package ppo

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/google/go-cmp/cmp"

	"genjobrec/girl/lm"
)

// named are the metrics that warnings name, in their order.
func named(warnings []string) (metrics []string) {
	for _, w := range warnings {
		for _, g := range guards {
			if strings.Contains(w, g.problem+": "+g.metric+" ") {
				metrics = append(metrics, g.metric)
			}
		}
	}
	return metrics
}

// Each warning is brought about by what it is there for, and a training without that fault gives none.
func TestEachGuardWarns(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name   string
		spoil  func(c *Config, in *Input)
		within func(b compute.Backend, t *trainer) error // spoils what no setting can
		want   []string                                  // and no others unless more is set
		more   bool
	}{
		{name: "healthy", spoil: func(*Config, *Input) {}},
		{name: "an end of text that the writer does not know", spoil: func(_ *Config, in *Input) { in.EOS = -1 }, want: []string{"eos_rate"}},
		{name: "no KL penalty and a high rate", spoil: func(c *Config, _ *Input) { c.KLCoefficient, c.PolicyRate, c.Iterations = 0, 0.05, 12 }, want: []string{"entropy"}, more: true},
		{name: "a rate far too high", spoil: func(c *Config, _ *Input) { c.PolicyRate, c.Epochs = 0.3, 4 }, want: []string{"ratio_var"}, more: true},
		{name: "many epochs at a high rate", spoil: func(c *Config, _ *Input) { c.PolicyRate, c.Epochs, c.MinibatchRows = 0.1, 8, 16 }, want: []string{"policy_clipped"}, more: true},
		{name: "responses of another policy than the one that is scored", spoil: func(c *Config, _ *Input) { c.PolicyRate, c.Iterations = 0.03, 8 }, within: func(b compute.Backend, t *trainer) (err error) {
			t.sampler, err = lm.NewSampler(b, t.in.Reference, lm.SampleConfig{Samples: 1, MaxNew: t.in.MaxNew, Temperature: 1, EOS: t.in.EOS, BatchRows: t.c.Rollouts})
			return err
		}, want: []string{"kl"}, more: true},
		{name: "another temperature in the update", spoil: func(*Config, *Input) {}, within: func(b compute.Backend, t *trainer) (err error) {
			t.old, err = lm.NewLogProbs(b, t.in.Policy, 1.2, t.c.MinibatchRows)
			return err
		}, want: []string{"first_ratio"}, more: true},
		{name: "a temperature far off in the update", spoil: func(*Config, *Input) {}, within: func(b compute.Backend, t *trainer) (err error) {
			t.old, err = lm.NewLogProbs(b, t.in.Policy, 20, t.c.MinibatchRows)
			return err
		}, want: []string{"first_ratio", "ratio_mean"}, more: true},
	} {
		config, in := bandit(t)
		c.spoil(&config, &in)
		var heard []string
		in.Warn = func(w string) { heard = append(heard, w) }
		tr, err := newTrainer(testBackend(t), config, in)
		if err != nil {
			t.Fatal(err)
		}
		if c.within != nil {
			if err := c.within(testBackend(t), tr); err != nil {
				t.Fatal(err)
			}
		}
		r, err := tr.run(ctx)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := named(r.Warnings)
		for _, metric := range c.want {
			if !slices.Contains(got, metric) {
				t.Errorf("%s: warned of %v, not of %s", c.name, got, metric)
			}
		}
		if !c.more && !slices.Equal(got, c.want) {
			t.Errorf("%s: warned of %v, want %v", c.name, got, c.want)
		}
		if !slices.Equal(named(heard), got) {
			t.Errorf("%s: in the end warned of %v, on the way of %v", c.name, got, named(heard))
		}
	}
}

// A warning comes once, tells its first round, its worst and how many there are, and does not look at what a warm-up has not measured.
func TestWarningByHand(t *testing.T) {
	round := func(n int, clipped, entropy float64) Iteration {
		return Iteration{Iteration: n, EOSRate: 1, Entropy: entropy, FirstRatio: 1, RatioMean: 1, PolicyClipped: clipped}
	}
	warm := Iteration{Iteration: 1, Warmup: true, EOSRate: limitEOSRate, KL: limitNegativeKL, Entropy: 2}
	edge := Iteration{Iteration: 2, EOSRate: limitEOSRate, KL: limitNegativeKL, Entropy: 0.4, FirstRatio: 1 + limitFirstRatio, RatioMean: 1 - limitRatioMean, RatioVar: limitRatioVar, PolicyClipped: limitPolicyClipped}
	history := []Iteration{warm, edge, round(3, 0.6, 0.39), round(4, 0.7, 0.5), round(5, 0.3, 0.1), round(6, 0.55, 0.2)}
	for n, want := range [][]string{{}, {}, {"entropy", "policy_clipped"}, {}, {}, {}} {
		if got := named(newWarnings(history[:n+1])); !slices.Equal(got, want) {
			t.Errorf("round %d warns anew of %v, want %v", n+1, got, want)
		}
	}
	all := warnings(history)
	for i, want := range []string{"round 3: the entropy collapsed, against that of the first round: entropy 0.39 is below 0.4 (in 3 of 6 rounds, worst 0.1 in round 5); the usual causes are ",
		"round 3: most tokens are clipped, and those teach nothing: policy_clipped 0.6 is above 0.5 (in 3 of 6 rounds, worst 0.7 in round 4); the usual causes are "} {
		if len(all) != 2 || !strings.HasPrefix(all[i], want) || strings.HasSuffix(all[i], "are ") {
			t.Fatalf("warnings %q, want %q", all, want)
		}
	}
	for _, g := range guards {
		spoilt := round(2, 0, 2)
		low, high := g.bounds(warm)
		outside := high + 1
		if math.IsInf(high, 1) {
			outside = low - 1
		}
		reflect.ValueOf(&spoilt).Elem().Field(field(t, g.metric)).SetFloat(outside)
		if got := named(warnings([]Iteration{warm, spoilt})); !slices.Equal(got, []string{g.metric}) {
			t.Errorf("%s %g: warned of %v", g.metric, outside, got)
		}
	}
}

// field is the index of Iteration's field with the name in JSON.
func field(t *testing.T, metric string) int {
	for i := range reflect.TypeFor[Iteration]().NumField() {
		if name, _, _ := strings.Cut(reflect.TypeFor[Iteration]().Field(i).Tag.Get("json"), ","); name == metric {
			return i
		}
	}
	t.Fatalf("no metric %s", metric)
	return 0
}

// A training that goes on after a crash ends with the warnings that it would have had, and does not say again what it said before.
func TestWarningsAcrossAResume(t *testing.T) {
	run := func(dir string, atRound func(n int)) (*Result, []string) {
		t.Helper()
		c, in := bandit(t)
		in.EOS = -1
		in.Checkpoint = &lm.Checkpoint{Path: filepath.Join(dir, "ppo"), Key: "k"}
		var heard []string
		in.Warn = func(w string) { heard = append(heard, w) }
		in.Progress = func(done, _ int, _ string) { atRound(done) }
		r, err := Run(context.Background(), testBackend(t), c, in)
		if err != nil {
			t.Fatal(err)
		}
		return r, heard
	}
	live, crashed := t.TempDir(), t.TempDir()
	whole, heard := run(live, func(n int) {
		if n == 3 {
			if err := os.CopyFS(crashed, os.DirFS(live)); err != nil {
				t.Error(err)
			}
		}
	})
	if len(whole.Warnings) != 1 || len(heard) != 1 {
		t.Errorf("warnings %q, heard %q", whole.Warnings, heard)
	}
	for what, dir := range map[string]string{"in round 3": crashed, "after the last round": live} {
		again, heardAgain := run(dir, func(int) {})
		if diff := cmp.Diff(whole, again); diff != "" || len(heardAgain) != 0 {
			t.Errorf("stopped %s: heard %q, (-want +got):\n%s", what, heardAgain, diff)
		}
	}
}

// Weights that only the last update step made infinite are found out by the evaluation, not written into the history.
func TestEvaluationOfADivergedPolicyIsAnError(t *testing.T) {
	c, in := bandit(t)
	c.PolicyRate, c.Iterations, c.Epochs, c.MinibatchRows, c.EvalEvery = 1e38, 1, 1, c.Rollouts, 1
	before, err := in.Policy.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), testBackend(t), c, in)
	var diverged *lm.NonFiniteError
	if !errors.As(err, &diverged) || diverged.Metric == "" || !strings.Contains(err.Error(), diverged.Metric) {
		t.Fatalf("result %+v, error %v, want one that names the metric", r, err)
	}
	if len(r.Evaluations) != 1 || !snapshotsEqual(t, before, in.Policy) {
		t.Errorf("%d evaluations, or a policy other than before", len(r.Evaluations))
	}
}
