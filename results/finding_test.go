package results

import (
	"math"
	"testing"

	"genjobrec/eval"
)

func TestClaim(t *testing.T) {
	e := func(v, low, high float64) eval.Estimate { return eval.Estimate{Value: v, Low: low, High: high} }
	nan := math.NaN()
	for _, c := range []struct {
		claim Claim
		want  string
	}{
		{Claim{"GIRL − GIRL-SFT in gold reward", e(0.0321, -0.0012, 0.0644), 0.06, 3, 5, false}, "GIRL − GIRL-SFT in gold reward: +0.032 [−0.001, +0.064], p = 0.060 (Holm), 5 seeds: not shown"},
		{Claim{"A − B in AUC", e(0.0321, 0.0012, 0.0644), 0.04, 3, 5, false}, "A − B in AUC: +0.032 [+0.001, +0.064], p = 0.040 (Holm), 5 seeds: shown, better"},
		{Claim{"A − B in AUC", e(-0.0321, -0.0644, -0.0012), 0.0004, 3, 5, false}, "A − B in AUC: −0.032 [−0.064, −0.001], p < 0.001 (Holm), 5 seeds: shown, worse"},
		{Claim{"A − B in LogLoss", e(-0.0321, -0.0644, -0.0012), 0.04, 4, 2, true}, "A − B in LogLoss: −0.0321 [−0.0644, −0.0012], p = 0.040 (Holm), 2 seeds: shown, better"},
		{Claim{"A − B in LogLoss", e(0.0321, 0.0012, 0.0644), 0.04, 4, 1, true}, "A − B in LogLoss: +0.0321 [+0.0012, +0.0644], p = 0.040 (Holm), one seed: shown for this one training run, worse"},
		// At the level itself nothing is shown, whatever the interval says.
		{Claim{"A − B", e(0.0321, 0.0012, 0.0644), 0.05, 3, 5, false}, "A − B: +0.032 [+0.001, +0.064], p = 0.050 (Holm), 5 seeds: not shown"},
		{Claim{"A − B", e(0, nan, nan), nan, 3, 5, false}, "A − B: 0.000, no test, 5 seeds: not tested"},
	} {
		if got := c.claim.String(); got != c.want {
			t.Errorf("%s\nwant\n%s", got, c.want)
		}
	}
	if got := PlainInterval(e(-0.25, -1, 0.5), 2); got != "−0.25 [−1.00, 0.50]" {
		t.Error(got)
	}
	if (Claim{P: nan}).Shown() || (Claim{}).Better() {
		t.Error("no test shows something, or nothing is better")
	}
}
