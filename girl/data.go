package girl

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"genjobrec/datasets"
	"genjobrec/datasets/market"
	"genjobrec/girl/reward"
	"genjobrec/girl/sft"
)

// Data is what a run works on: the dataset, its division, further CVs, and the oracle where the data are a synthetic market.
type Data struct {
	*datasets.Dataset
	Assignment *datasets.Assignment
	Unlabelled []datasets.CV
	Market     *market.Market // nil for real data

	cv, jd map[string]string // texts by id
}

// LoadData opens the source of a run: "market" draws the synthetic labour market of the config; anything else is a folder
// of Parquet tables. test and cvs may be empty.
func LoadData(ctx context.Context, c *Config, source, test, cvs string) (*Data, error) {
	d := &Data{}
	var explicit *datasets.Dataset
	var err error
	if source == "market" {
		if test != "" {
			return nil, fmt.Errorf("-test cannot be combined with -data market, whose test CVs are drawn by split.seed")
		}
		d.Market, err = market.New(market.Params{Seed: uint64(c.Market.Seed), CVs: c.Market.CVs, JDs: c.Market.JDs,
			PairsPerCV: c.Market.PairsPerCV, Unlabelled: c.Market.Unlabelled})
		if err != nil {
			return nil, err
		}
		d.Dataset, d.Unlabelled = d.Market.Dataset(), d.Market.Unlabelled()
	} else {
		if d.Dataset, err = datasets.Open(ctx, source); err != nil {
			return nil, err
		}
		if _, err := os.Stat(filepath.Join(source, market.FileName)); err == nil {
			if d.Market, err = market.Load(source); err != nil {
				return nil, err
			}
			if err := d.Market.Check(d.Dataset); err != nil {
				return nil, fmt.Errorf("%s: the texts are not those of its %s: %w", source, market.FileName, err)
			}
			d.Unlabelled = d.Market.Unlabelled()
		}
	}
	if test != "" {
		if explicit, err = datasets.Open(ctx, test); err != nil {
			return nil, err
		}
	}
	if cvs != "" {
		more, err := datasets.ReadCVs(cvs)
		if err != nil {
			return nil, err
		}
		d.Unlabelled = append(d.Unlabelled, more...)
	}
	if d.Assignment, err = datasets.Assign(d.Dataset, explicit, c.splitOptions()); err != nil {
		return nil, err
	}
	if explicit != nil {
		if d.Dataset, err = datasets.Merge(d.Dataset, explicit); err != nil {
			return nil, err
		}
		if d.Market != nil && d.Market.Check(d.Dataset) != nil {
			d.Market = nil
			d.Assignment.Notes = append(d.Assignment.Notes, "the test pairs are not of this market: no Bayes ceiling and no gold reward")
		}
	}
	d.index()
	d.dropTestFromUnlabelled(c.Split.NearDuplicate)
	return d, nil
}

func (d *Data) index() {
	d.cv, d.jd = make(map[string]string, len(d.CVs)), make(map[string]string, len(d.JDs))
	for _, x := range d.CVs {
		d.cv[x.ID] = x.Text
	}
	for _, x := range d.JDs {
		d.jd[x.ID] = x.Text
	}
}

// dropTestFromUnlabelled removes unlabelled CVs that are near-duplicates of validation or test CVs: PPO must not see them.
func (d *Data) dropTestFromUnlabelled(threshold float64) {
	if len(d.Unlabelled) == 0 {
		return
	}
	var texts []string
	held := 0
	for _, x := range d.CVs {
		if s := d.Assignment.Split[x.ID]; s == datasets.Test || s == datasets.Valid {
			texts = append(texts, x.Text)
			held++
		}
	}
	for _, x := range d.Unlabelled {
		texts = append(texts, x.Text)
	}
	groups := datasets.NearDuplicateGroups(texts, threshold)
	taken := make(map[int]bool)
	for _, g := range groups[:held] {
		taken[g] = true
	}
	kept := d.Unlabelled[:0:0]
	for i, x := range d.Unlabelled {
		if !taken[groups[held+i]] {
			kept = append(kept, x)
		}
	}
	if n := len(d.Unlabelled) - len(kept); n > 0 {
		d.Assignment.Notes = append(d.Assignment.Notes, fmt.Sprintf("%d unlabelled CVs are near-duplicates of validation or test CVs and were left out", n))
	}
	d.Unlabelled = kept
}

// cvsOf lists the CVs of a split in the order of their ids.
func (d *Data) cvsOf(s datasets.Split) []datasets.CV {
	var out []datasets.CV
	for _, x := range d.CVs {
		if d.Assignment.Split[x.ID] == s {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b datasets.CV) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// candidates groups pairs by CV as sequences, in the order of the CVs' ids.
func (d *Data) candidates(t *sft.Template, pairs []datasets.Pair) []reward.Candidates {
	var out []reward.Candidates
	last := ""
	for _, p := range pairs { // ordered by cv_id
		if p.CVID != last {
			out = append(out, reward.Candidates{Prompt: t.Prompt(d.cv[p.CVID])})
			last = p.CVID
		}
		c := &out[len(out)-1]
		response := t.Response(d.jd[p.JDID])
		if p.Label == 1 {
			c.Matched = append(c.Matched, response)
		} else {
			c.Mismatched = append(c.Mismatched, response)
		}
	}
	return out
}
