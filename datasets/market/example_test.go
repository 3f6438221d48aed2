package market_test

import (
	"fmt"

	"genjobrec/datasets/market"
)

func ExampleNew() {
	m, err := market.New(market.Params{Seed: 1, CVs: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := m.Dataset()
	cvs, jds := map[string]string{}, map[string]string{}
	for _, c := range d.CVs {
		cvs[c.ID] = c.Text
	}
	for _, j := range d.JDs {
		jds[j.ID] = j.Text
	}
	for label := range 2 { // a mismatch, then a match
		for _, pair := range d.Pairs {
			if pair.CVID != "cv_00002" || pair.Label != label {
				continue
			}
			p, err := m.Accept(pair.CVID, pair.JDID)
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Printf("%s %s: label %d, p %.3f\n%s\n---\n%s\n\n", pair.CVID, pair.JDID, label, p, cvs[pair.CVID], jds[pair.JDID])
			break
		}
	}
	// Output:
	// cv_00002 jd_00013: label 0, p 0.046
	// skilled backend developer, graynor, some query tuning, getting on with colleagues, expert in java, unix shell, web services, version control, 55k. before that a data engineer. last post: rebuilt an old order system piece by piece. keen to learn deal tracking. i bake bread for friends.
	// ---
	// Role: junior software tester; Place: Wendlake; We ask for: report writing, code review, working in a team, test automation, web services and client contact; Aim: find faults before our users do; Salary: 32-36k. We move fast and laugh a lot.
	//
	// cv_00002 jd_00029: label 1, p 0.842
	// skilled backend developer, graynor, some query tuning, getting on with colleagues, expert in java, unix shell, web services, version control, 55k. before that a data engineer. last post: rebuilt an old order system piece by piece. keen to learn deal tracking. i bake bread for friends.
	// ---
	// Senior front end developer | Rose Court | fully remote | Ixley Digital. API design | customer service | automated testing | Java. Build pages that load fast on any screen. Table football, fruit and honest talk.
}

func ExampleMarket_AcceptText() {
	m, err := market.New(market.Params{Seed: 1, CVs: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{
		"Senior backend developer for Zelora Labs in Graynor. You bring Java, API design and version control. Keep our core product quick and stable. Pay 60k.",
		"Senior backend developer in Graynor or Osmere.",
		"Translator wanted, fully remote.",
		"",
	} {
		p, parsed, err := m.AcceptText("cv_00002", text)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%.4f  %.2f of the fields  %q\n", p, parsed.Share(), text)
	}
	// Output:
	// 0.9957  1.00 of the fields  "Senior backend developer for Zelora Labs in Graynor. You bring Java, API design and version control. Keep our core product quick and stable. Pay 60k."
	// 0.0497  0.29 of the fields  "Senior backend developer in Graynor or Osmere."
	// 0.0025  0.29 of the fields  "Translator wanted, fully remote."
	// 0.0003  0.00 of the fields  ""
}

func ExampleExpectedAUC() {
	// 0.8·0.6 of the weight is ordered rightly, 0.4·0.2 wrongly.
	fmt.Printf("%.3f\n", market.ExpectedAUC([]float64{0.8, 0.4}))
	// Output: 0.857
}
