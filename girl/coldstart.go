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
	JDShare   float64 // share of the JDs that no training pair may show
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

// The division into splits by CVs leaves no test CV that the matcher has met. divideCold makes one with all four cells: a share
// of the JDs, drawn by lot, is taken out of all training and validation pairs; and of the training CVs that JDs are written for, a
// share of the pairs with other JDs is kept for testing. The test pairs are these, the pairs of those CVs with the drawn JDs, and the run's own test
// pairs. The generator has seen the texts of the drawn JDs (not for these CVs): cold is meant from the matcher's side.
func (d *Data) divideCold(o ColdStartOptions, seed uint64) (train, valid, test []datasets.Pair) {
	lot := func(kind string, share float64, names ...string) bool {
		return float64(mix(seed, append([]string{"cold-start", kind}, names...)...))/math.MaxUint64 < share
	}
	coldJD := map[string]bool{}
	for _, j := range d.JDs {
		coldJD[j.ID] = lot("jd", o.JDShare, j.ID)
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
	_, err := s.stage(s.ablationDir(), "cold-start", []any{s.seed, s.keys["generate"], s.cfg.Recommend, s.cfg.Split.Seed, o}, []string{coldFile}, func(rec *stageRecord) error {
		data, err := s.matcherData()
		if err != nil {
			return err
		}
		train, valid, test := s.data.divideCold(o, uint64(s.cfg.Split.Seed))
		data.Train, data.Valid, data.Test = matcherPairs(train), matcherPairs(valid), matcherPairs(test)
		rows, err := s.matcherScores(data, test, coldSplit, rec)
		if err != nil {
			return err
		}
		rec.Notes = append(rec.Notes, fmt.Sprintf("%d training, %d validation and %d test pairs", len(train), len(valid), len(test)))
		return results.WriteScores(filepath.Join(s.ablationDir(), coldFile), rows)
	})
	return err
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
