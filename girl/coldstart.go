package girl

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"genjobrec/datasets"
	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// ColdStartOptions divide the matcher's pairs anew for the question what happens to people and jobs it has never met.
type ColdStartOptions struct {
	JDShare   float64 // share of the groups of near-duplicate JDs that no training pair may show
	PairShare float64 // share of the pairs of the matcher's own training CVs that are kept for testing
}

// DefaultColdStart keeps a fifth of the JDs and a quarter of the pairs.
func DefaultColdStart() ColdStartOptions { return ColdStartOptions{JDShare: 0.2, PairShare: 0.25} }

func (o ColdStartOptions) validate() error {
	for _, x := range []struct {
		name  string
		share float64
	}{{"JDs", o.JDShare}, {"pairs", o.PairShare}} {
		if !(x.share > 0 && x.share < 0.9) {
			return fmt.Errorf("the share of %s kept for the cold-start test is %g: it must lie between 0 and 0.9", x.name, x.share)
		}
	}
	return nil
}

// coldSplit is the name of the cold-start test pairs in scores.
const coldSplit datasets.Split = "cold-start"

// coldVersion enters the key of the cold-start stage: raise it when divideCold divides otherwise. Version 2 draws groups of
// near-duplicate JDs, version 1, which had no number, drew single JDs.
const coldVersion = 2

// jdGroups names the group of near-duplicate JDs of each JD by the group's smallest id.
func (d *Data) jdGroups(threshold float64) map[string]string {
	texts := make([]string, len(d.JDs))
	for i, j := range d.JDs {
		texts[i] = j.Text
	}
	groups := datasets.NearDuplicateGroups(texts, threshold)
	name := map[int]string{}
	for i, g := range groups {
		if id, ok := name[g]; !ok || d.JDs[i].ID < id {
			name[g] = d.JDs[i].ID
		}
	}
	out := make(map[string]string, len(d.JDs))
	for i, j := range d.JDs {
		out[j.ID] = name[groups[i]]
	}
	return out
}

// The division into splits by CVs leaves no test CV that the matcher has met. divideCold makes one with all four cells: a share
// of the groups of near-duplicate JDs, drawn by lot, is taken out of all training and validation pairs; and of the training CVs that
// JDs are written for, a share of the pairs with other JDs is kept for testing. The test pairs are these, the pairs of those CVs with
// the drawn JDs, and the run's own test pairs. The generator was trained on pairs of the drawn JDs (with other CVs): cold is meant
// from the matcher's side.
func (d *Data) divideCold(o ColdStartOptions, jdGroup map[string]string, seed uint64) (train, valid, test []datasets.Pair) {
	lot := func(kind string, share float64, names ...string) bool {
		return float64(mix(seed, append([]string{"cold-start", kind}, names...)...))/math.MaxUint64 < share
	}
	coldJD := map[string]bool{}
	for id, group := range jdGroup {
		coldJD[id] = lot("jd", o.JDShare, group)
	}
	for _, p := range d.Assignment.Pairs(d.Dataset, datasets.Train) {
		writtenFor := !d.Assignment.Generator[p.CVID]
		switch {
		case writtenFor && (coldJD[p.JDID] || lot("pair", o.PairShare, p.CVID, p.JDID)):
			test = append(test, p)
		case !coldJD[p.JDID]:
			train = append(train, p)
		}
	}
	for _, p := range d.Assignment.Pairs(d.Dataset, datasets.Valid) {
		if !coldJD[p.JDID] {
			valid = append(valid, p)
		}
	}
	test = append(test, d.Assignment.Pairs(d.Dataset, datasets.Test)...)
	slices.SortStableFunc(test, func(a, b datasets.Pair) int {
		return cmp.Or(cmp.Compare(a.CVID, b.CVID), cmp.Compare(a.JDID, b.JDID))
	})
	return train, valid, test
}

// coldStart tunes and trains the six matchers on the pairs that divideCold leaves them and scores its test pairs.
func (s *seedRun) coldStart(o ColdStartOptions) error {
	_, err := s.stage(s.ablationDir(), "cold-start", []any{s.seed, s.keys["generate"], s.cfg.Recommend, s.cfg.Split.Seed, o, coldVersion}, []string{coldFile}, func(rec *stageRecord) error {
		data, err := s.matcherData()
		if err != nil {
			return err
		}
		jdGroup := s.data.jdGroups(s.cfg.Split.NearDuplicate)
		train, valid, test := s.data.divideCold(o, jdGroup, uint64(s.cfg.Split.Seed))
		data.Train, data.Valid, data.Test = matcherPairs(train), matcherPairs(valid), matcherPairs(test)
		rows, err := s.matcherScores(data, test, coldSplit, rec)
		if err != nil {
			return err
		}
		flagCold(rows, slices.Concat(train, valid), test, jdGroup)
		rec.Notes = append(rec.Notes, fmt.Sprintf("%d training, %d validation and %d test pairs", len(train), len(valid), len(test)))
		return results.WriteScores(filepath.Join(s.ablationDir(), coldFile), rows)
	})
	return err
}

// flagCold sets the cold flags of rows of test pairs; a JD is cold where the matcher was trained on none of its near-duplicates.
func flagCold(rows []results.ScoreRow, trained, test []datasets.Pair, jdGroup map[string]string) {
	grouped := func(pairs []datasets.Pair) []datasets.Pair {
		out := slices.Clone(pairs)
		for i := range out {
			out[i].JDID = jdGroup[out[i].JDID]
		}
		return out
	}
	coldCV, coldJD := datasets.ColdFlags(grouped(trained), grouped(test))
	type pair struct{ cv, jd string }
	at := make(map[pair]int, len(test))
	for i, p := range test {
		at[pair{p.CVID, p.JDID}] = i
	}
	for i := range rows {
		k := at[pair{rows[i].CVID, rows[i].JDID}]
		rows[i].ColdCV, rows[i].ColdJD = coldCV[k], coldJD[k]
	}
}

// coldFile holds the cold-start scores of a seed.
const coldFile = "cold-scores.parquet"

func matcherPairs(pairs []datasets.Pair) []recommend.Pair {
	out := make([]recommend.Pair, len(pairs))
	for i, p := range pairs {
		out[i] = recommend.Pair{CVID: p.CVID, JDID: p.JDID, Label: p.Label}
	}
	return out
}

// coldCell is one of the four kinds of test pairs.
type coldCell struct {
	name           string
	coldCV, coldJD bool
}

var coldCells = []coldCell{{"warm", false, false}, {"cold CV", true, false}, {"cold JD", false, true}, {"both cold", true, true}}

// pick gives the rows of a cell.
func (c coldCell) pick(rows []results.ScoreRow) []results.ScoreRow {
	var out []results.ScoreRow
	for _, r := range rows {
		if r.ColdCV == c.coldCV && r.ColdJD == c.coldJD {
			out = append(out, r)
		}
	}
	return out
}
