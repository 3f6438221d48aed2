package girl

import (
	"context"
	"math"
	"strings"
	"testing"

	"genjobrec/datasets"
	"genjobrec/results"
)

// marketRun is a run of the smoke profile that has trained nothing yet.
func marketRun(t *testing.T, seeds ...int) *run {
	t.Helper()
	c, err := NewConfig("smoke", nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := LoadData(context.Background(), c, "market", "", "")
	if err != nil {
		t.Fatal(err)
	}
	return &run{cfg: c, opts: Options{Seeds: seeds}, data: d}
}

// writtenRows gives every test CV two JDs of each writer and seed; GIRL's second JD never ends.
func writtenRows(r *run) []results.GeneratedRow {
	var rows []results.GeneratedRow
	for _, seed := range r.opts.Seeds {
		for i, cv := range r.data.cvsOf(datasets.Test) {
			for k := range 2 {
				reward := float64(i) + float64(seed)
				rows = append(rows, results.GeneratedRow{CVID: cv.ID, Model: modelSFT, K: int32(k), Seed: int64(seed), Text: r.data.JDs[i].Text, Reward: reward})
				if k == 1 {
					reward = r.cfg.PPO.EOSPenalty
				}
				rows = append(rows, results.GeneratedRow{CVID: cv.ID, Model: modelGIRL, K: int32(k), Seed: int64(seed), Text: r.data.JDs[i+1].Text, Reward: reward})
			}
		}
	}
	return rows
}

func TestWriterRewardsByHand(t *testing.T) {
	r := marketRun(t, 1, 3)
	cvs := r.data.cvsOf(datasets.Test)
	n := float64(len(cvs))
	rows := append(writtenRows(r), results.GeneratedRow{CVID: r.data.cvsOf(datasets.Train)[0].ID, Model: modelGIRL, Seed: 1, Reward: 1e6}) // not a test CV
	list, err := r.writerRewards(rows)
	if err != nil {
		t.Fatal(err)
	}
	var goldSFT, goldGIRL float64
	for i, cv := range cvs {
		for _, g := range []struct {
			sum *float64
			jd  string
		}{{&goldSFT, r.data.JDs[i].Text}, {&goldGIRL, r.data.JDs[i+1].Text}} {
			p, _, err := r.data.Market.AcceptText(cv.ID, g.jd)
			if err != nil {
				t.Fatal(err)
			}
			*g.sum += p / n
		}
	}
	sft := []float64{(n-1)/2 + 1, (n-1)/2 + 3} // mean of i + seed
	penalty := r.cfg.PPO.EOSPenalty
	want := map[string][]float64{
		"proxy_reward GIRL-SFT":        sft,
		"proxy_reward GIRL":            {(sft[0] + penalty) / 2, (sft[1] + penalty) / 2},
		"proxy_reward GIRL - GIRL-SFT": {(penalty - sft[0]) / 2, (penalty - sft[1]) / 2},
		"eos_rate GIRL-SFT":            {1, 1},
		"eos_rate GIRL":                {0.5, 0.5},
		"eos_rate GIRL - GIRL-SFT":     {-0.5, -0.5},
		"gold_reward GIRL-SFT":         {goldSFT, goldSFT},
		"gold_reward GIRL":             {goldGIRL, goldGIRL},
		"gold_reward GIRL - GIRL-SFT":  {goldGIRL - goldSFT, goldGIRL - goldSFT},
	}
	if len(list) != len(want) {
		t.Fatalf("%d quantities, want %d", len(list), len(want))
	}
	for _, m := range list {
		values := want[m.metric+" "+m.model]
		if len(values) != len(m.values) {
			t.Fatalf("%s of %s: %d seeds", m.metric, m.model, len(m.values))
		}
		for s, v := range values {
			if math.Abs(m.values[s]-v) > 1e-9 {
				t.Errorf("%s of %s, seed number %d: %g, want %g", m.metric, m.model, s, m.values[s], v)
			}
		}
		if e := m.estimate; math.Abs(e.Value-(values[0]+values[1])/2) > 1e-9 || !(e.Low <= e.Value && e.Value <= e.High) {
			t.Errorf("%s of %s: %g [%g, %g]", m.metric, m.model, e.Value, e.Low, e.High)
		}
	}
}

func TestWriterRewardsNameWhatIsMissing(t *testing.T) {
	r := marketRun(t, 1)
	rows := writtenRows(r)
	last := rows[len(rows)-1].CVID
	for name, c := range map[string]struct {
		rows []results.GeneratedRow
		want string
	}{
		"a CV without JDs":  {rows[:len(rows)-4], last},
		"an unknown seed":   {append(rows[:len(rows):len(rows)], results.GeneratedRow{CVID: last, Model: modelSFT, Seed: 9}), "seed 9"},
		"a writer left out": {rows[:0], "GIRL-SFT"},
	} {
		if _, err := r.writerRewards(c.rows); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func TestRewardAccuracyWeighsCVsAlike(t *testing.T) {
	r := marketRun(t, 1, 2)
	cvs := r.data.cvsOf(datasets.Test)[:3]
	lists := [][]CVAccuracy{
		{{cvs[0].ID, 1}, {cvs[1].ID, 0}, {cvs[2].ID, 0.5}},
		{{cvs[0].ID, 1}, {cvs[1].ID, 1}, {cvs[2].ID, 0.25}},
	}
	m, err := r.rewardAccuracy(lists)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(m.values[0]-0.5) > 1e-12 || math.Abs(m.values[1]-0.75) > 1e-12 || math.Abs(m.estimate.Value-0.625) > 1e-12 {
		t.Errorf("by seed %v, mean %g", m.values, m.estimate.Value)
	}
}

func TestIntervalsStayInTheirRange(t *testing.T) {
	for _, c := range []struct {
		metric, model string
		low, high     float64
	}{{"eos_rate", modelGIRL, 0, 1}, {"eos_rate", "GIRL - GIRL-SFT", -2, 3}, {"kl", modelGIRL, 0, 3}, {"proxy_reward", modelGIRL, -2, 3}} {
		m := measured{metric: c.metric, model: c.model}
		if low, high := m.within(-2, 3); low != c.low || high != c.high {
			t.Errorf("%s of %s: [%g, %g], want [%g, %g]", c.metric, c.model, low, high, c.low, c.high)
		}
	}
}
