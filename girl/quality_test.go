package girl

import (
	"context"
	"slices"
	"testing"

	"genjobrec/datasets"
	"genjobrec/eval/judge"
	"genjobrec/results"
)

// writtenData has two training CVs with matched JDs, one without, and test CVs of which only "t1" and "t2" have a matched pair.
func writtenData() *Data {
	d := &Data{
		Dataset: &datasets.Dataset{Name: "small",
			CVs: []datasets.CV{{ID: "a", Text: "plumber pipes heating"}, {ID: "b", Text: "nurse ward night shifts"}, {ID: "c", Text: "nurse ward night shifts care"},
				{ID: "t1", Text: "night nurse"}, {ID: "t2", Text: "heating plumber"}, {ID: "t3", Text: "plumber"}},
			JDs: []datasets.JD{{ID: "p", Text: "we need a plumber"}, {ID: "n", Text: "we need a nurse"}, {ID: "q", Text: "own JD"}},
			Pairs: []datasets.Pair{{CVID: "a", JDID: "p", Label: 1}, {CVID: "b", JDID: "n", Label: 1}, {CVID: "c", JDID: "p"},
				{CVID: "t1", JDID: "q", Label: 1}, {CVID: "t2", JDID: "q", Label: 1}, {CVID: "t3", JDID: "q"}}},
		Assignment: &datasets.Assignment{Split: map[string]datasets.Split{"a": datasets.Train, "b": datasets.Train, "c": datasets.Train,
			"t1": datasets.Test, "t2": datasets.Test, "t3": datasets.Test}, Group: map[string]int{"t1": 4, "t2": 5, "t3": 6}},
	}
	d.index()
	return d
}

func TestNearestMatchedIsOfTheNearestCVWithAMatch(t *testing.T) {
	got := writtenData().nearestMatched()
	for cv, want := range map[string]string{"t1": "we need a nurse", "t2": "we need a plumber", "t3": "we need a plumber"} {
		if got[cv] != want {
			t.Errorf("%s: %q, want %q", cv, got[cv], want)
		}
	}
}

func TestContestsByHand(t *testing.T) {
	d := writtenData()
	var generated []results.GeneratedRow
	for _, seed := range []int64{1, 2} {
		for _, cv := range []string{"t1", "t2", "t3", "a"} {
			for k := range int32(2) {
				for _, model := range []string{modelSFT, modelGIRL} {
					text := model + cv
					if k > 0 {
						text = "another"
					}
					generated = append(generated, results.GeneratedRow{CVID: cv, Model: model, K: k, Seed: seed, Text: text})
				}
			}
		}
	}
	list, systems := d.contests(generated)
	if want := []string{systemNearest, modelSFT, modelGIRL}; !slices.Equal(systems, want) { // without an oracle the real JD is the yardstick
		t.Errorf("systems %q, want %q", systems, want)
	}
	if len(list) != 2*2*3 { // CVs with a match × seeds × pairs of systems
		t.Fatalf("%d contests, want 12", len(list))
	}
	want := judge.Contest{CVID: "t1", Group: "g4", Seed: 1, CV: "night nurse", NameA: systemNearest, A: "we need a nurse", NameB: modelSFT, B: "GIRL-SFTt1"}
	if list[0] != want {
		t.Errorf("first contest %+v, want %+v", list[0], want)
	}
	if last := list[len(list)-1]; last.CVID != "t2" || last.Seed != 2 || last.A != "GIRL-SFTt2" || last.B != "GIRLt2" {
		t.Errorf("last contest %+v", last)
	}
}

// The market's oracle must prefer a CV's own matched JDs to JDs drawn at random, or it judges nothing.
func TestOracleJudgesRealJDsAboveRandomOnes(t *testing.T) {
	d := marketRun(t, 1).data
	j, _, err := d.offlineJudge()
	if err != nil {
		t.Fatal(err)
	}
	own := d.matchedJDs(datasets.Train)
	wins, losses := 0, 0
	for i, x := range d.cvsOf(datasets.Train) {
		if len(own[x.ID]) == 0 {
			continue
		}
		got, err := j.Judge(context.Background(), judge.Contest{CVID: x.ID, CV: x.Text, NameA: "own", A: own[x.ID][0], NameB: "random", B: d.JDs[i%len(d.JDs)].Text})
		if err != nil {
			t.Fatal(err)
		}
		switch got.Verdict[judge.Relevance] {
		case judge.Win:
			wins++
		case judge.Lose:
			losses++
		}
	}
	if wins < 3*losses || wins == 0 {
		t.Errorf("own JDs win %d times and lose %d times", wins, losses)
	}
}
