package girl

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/eval"
	"genjobrec/eval/chat"
	"genjobrec/eval/judge"
)

func TestQualityFindings(t *testing.T) {
	nan := math.NaN()
	cell := func(a, b string, c judge.Criterion, net, low, high, p float64) judge.Cell {
		return judge.Cell{A: a, B: b, Criterion: c, Net: eval.Estimate{Value: net, Low: low, High: high}, PHolm: p}
	}
	estimates := func(copyRate, distinct float64) []eval.Estimate {
		out := make([]eval.Estimate, len(measures))
		for i, m := range measures {
			out[i] = eval.Estimate{Value: nan}
			switch m.key {
			case "copy_rate":
				out[i] = eval.Estimate{Value: copyRate, Low: copyRate - 0.1, High: copyRate + 0.1}
			case "distinct_2":
				out[i] = eval.Estimate{Value: distinct, Low: distinct - 0.1, High: distinct + 0.1}
			}
		}
		return out
	}
	s := &qualityStatistics{
		// The matrix keeps GIRL-SFT as A; the finding turns it round. Detail is left out, and so is who met nobody.
		Matrix: judge.Matrix{Systems: []string{modelUntuned, modelSFT, modelGIRL, systemReal}, Cells: []judge.Cell{
			cell(modelSFT, modelGIRL, judge.Overall, -0.25, -0.5, 0.01, 0.06), cell(modelSFT, modelGIRL, judge.Detail, 0.9, 0.8, 1, 0.001),
			cell(modelGIRL, systemReal, judge.Overall, -0.9, -1.1, -0.7, 0.0001), cell(modelUntuned, modelGIRL, judge.Overall, nan, nan, nan, nan)}},
		Lengths: []judge.LengthReport{
			{A: modelGIRL, B: modelSFT, Criterion: judge.Overall, N: 100, Raw: 0.625, Controlled: eval.Estimate{Value: 0.5, Low: 0.4, High: 0.6}},
			{A: modelGIRL, B: modelSFT, Criterion: judge.Detail, N: 100, Raw: 0.1, Controlled: eval.Estimate{Value: 0.2}},
			{A: modelGIRL, B: systemNearest, Criterion: judge.Overall, N: 100, Raw: 0.25, Controlled: eval.Estimate{Value: nan}}},
		Measures: []systemMeasures{{System: modelSFT, Estimates: estimates(0.12, 0.74)}, {System: modelGIRL, Estimates: estimates(0.62, nan)}},
	}
	q := &quality{run: &run{data: writtenData(), opts: Options{Seeds: []int{1, 2}}}}
	want := []string{
		"Warning: in 1 of 2 seeds (1) PPO's best round was its start: GIRL is GIRL-SFT there.",
		"Judge: " + q.data.offlineJudgeName() + ".",
		"Net win rate of GIRL against GIRL-SFT, overall: +0.25 [−0.01, +0.50], p = 0.060 (Holm), 2 seeds: not shown.",
		"Net win rate of GIRL against " + systemReal + ", overall: −0.90 [−1.00, −0.70], p < 0.001 (Holm), 2 seeds: shown, worse.",
		"Overall win rate of GIRL against GIRL-SFT, a tie being half a win: 0.62 as they are and 0.50 [0.40, 0.60] at equal length. Warning: the lengths are alike in 0 of 100 contests only: the win rate at equal length is extrapolated.",
		"No language model and no human has judged.",
		"Share of runs of tokens that stand in a training JD: GIRL-SFT 0.12 [0.02, 0.22], GIRL 0.62 [0.52, 0.72].",
	}
	if d := cmp.Diff(want, q.findings(s, nil, "in 1 of 2 seeds (1) PPO's best round was its start: GIRL is GIRL-SFT there")); d != "" {
		t.Error("without a language model:\n", d)
	}

	s.LLM = &judge.Matrix{Systems: s.Matrix.Systems, Cells: []judge.Cell{cell(modelGIRL, modelSFT, judge.Overall, 0.5, 0.4, 0.6, 0.01)}}
	s.Agreement = []judge.Agreement{{Criterion: judge.Detail, N: 9}, {Criterion: judge.Overall, N: 8,
		Raw: eval.Estimate{Value: 0.75, Low: 0.5, High: 1}, Kappa: eval.Estimate{Value: 0.5, Low: 0.25, High: 0.75}}}
	orders := func(asked, invalid int) []judge.OrderReport {
		out := make([]judge.OrderReport, len(judge.Criteria()))
		out[judge.Overall] = judge.OrderReport{Criterion: judge.Overall, Asked: asked, Invalid: invalid}
		return out
	}
	llm := &llmJudged{model: "m", chat: chat.Config{Role: judge.Role, MaxTokens: 4000}}
	for invalid, warned := range map[int]bool{10: false, 11: true} { // one in ten is no warning yet
		if got := llm.invalidWarning(orders(100-invalid, invalid)); (got != "") != warned || warned && !strings.Contains(got, "GIRL_JUDGE_FORMAT") {
			t.Errorf("%d of 100 invalid: %q", invalid, got)
		}
	}
	llm.usage.Cut, s.Orders = 3, orders(6, 2)
	s.Real = &realJudged{CVs: 9, Matrix: judge.Matrix{Systems: []string{modelGIRL, systemReal}, Cells: []judge.Cell{cell(modelGIRL, systemReal, judge.Overall, -0.5, -0.75, -0.25, 0.02)}}}
	want = append(append([]string{}, want[1:4]...),
		"Judge: likeness to the CV's other matched JDs, on 9 CVs.",
		"Net win rate of GIRL against "+systemReal+", overall: −0.50 [−0.75, −0.25], p = 0.020 (Holm), 2 seeds: shown, worse.",
		want[4],
		"Judge: the language model m.",
		"Net win rate of GIRL against GIRL-SFT, overall: +0.50 [+0.40, +0.60], p = 0.010 (Holm), 2 seeds: shown, better.",
		"Warning: 2 of 8 verdicts of the language model m are invalid (25 %), so that its win rates are those of the other contests only. "+
			"Cut off at 4000 tokens, reasoning included: 3 answers. They are not kept; set GIRL_JUDGE_MAX_TOKENS to more and run again, which asks for them alone.",
		"The two judges agree on 0.75 [0.50, 1.00] of 8 contests, Cohen's κ 0.50 [0.25, 0.75].",
		want[6])
	if d := cmp.Diff(want, q.findings(s, llm, "")); d != "" {
		t.Error("with a language model:\n", d)
	}
}
