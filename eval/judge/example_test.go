package judge_test

import (
	"context"
	"fmt"
	"strings"

	"genjobrec/eval"
	"genjobrec/eval/judge"
)

func Example() {
	// A judge for a market of two fields: the acceptance probability is known, and so is what a text states.
	says := func(jd, word string) int { return strings.Count(jd, word) }
	offline := &judge.Market{
		Gold: func(_, jd string) (float64, error) { return 0.2 + 0.6*float64(min(1, says(jd, "nurse"))), nil },
		Facts: func(jd string) judge.Facts {
			return judge.Facts{Stated: min(1, says(jd, "nurse")) + min(1, says(jd, "Paris")), Possible: 2}
		},
		Economy: judge.Economy{Slope: 0.5, Shortest: 3},
		Margins: judge.DefaultMargins(),
	}
	var contests []judge.Contest
	for i := range 40 {
		a := "We seek a nurse in Paris"
		if i%4 == 0 {
			a = "We seek a cook"
		}
		contests = append(contests, judge.Contest{CVID: fmt.Sprint(i), CV: "I am a nurse", NameA: "GIRL", A: a, NameB: "SFT", B: "We seek a nurse, yes, a nurse"})
	}
	js, err := judge.All(context.Background(), offline, contests, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := judge.NewMatrix(js, nil, eval.Bootstrap{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range judge.Criteria() {
		cell, _ := m.Of("GIRL", "SFT", c)
		fmt.Printf("%-11v win %d tie %d lose %d, net %+.2f [%+.2f, %+.2f]\n", c, cell.Win, cell.Tie, cell.Lose, cell.Net.Value, cell.Net.Low, cell.Net.High)
	}
	// Output:
	// detail      win 30 tie 0 lose 10, net +0.50 [+0.25, +0.75]
	// relevance   win 0 tie 30 lose 10, net -0.25 [-0.38, -0.12]
	// conciseness win 30 tie 0 lose 10, net +0.50 [+0.25, +0.75]
	// overall     win 30 tie 0 lose 10, net +0.50 [+0.25, +0.75]
}
