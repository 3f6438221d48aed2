package girl

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"unicode/utf8"

	"genjobrec/datasets"
	"genjobrec/girl/sft"
	"genjobrec/girl/tokenizer"
	"genjobrec/results"
)

// DataReport is what a run worked on: its splits in a table, and the lengths of the texts in a figure. Neither holds any text.
type DataReport struct {
	Table  results.Table   // data
	Figure *results.Figure // data_lengths
}

// DescribeData describes the data of a finished run, as its page does.
func DescribeData(ctx context.Context, runDir string) (*DataReport, error) {
	m, _, err := readManifest(runDir)
	if err != nil {
		return nil, err
	}
	d, c, err := OpenData(ctx, runDir)
	if err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, cfg: c, dir: runDir, data: d, opts: Options{Seeds: m.Seeds}}
	return r.describeData()
}

// describeData needs the tokenizer, which is the same for all seeds.
func (r *run) describeData() (*DataReport, error) {
	tok, err := tokenizer.Load(filepath.Join(r.seedDir(r.opts.Seeds[0]), tokenizerFile))
	if err != nil {
		return nil, err
	}
	out := &DataReport{}
	if out.Table, err = r.data.table(tok, r.cfg.Model); err != nil {
		return nil, err
	}
	out.Figure, err = r.data.lengthFigure()
	return out, err
}

// saveData makes the page's section on the data.
func (r *run) saveData() error {
	d, err := r.describeData()
	if err != nil {
		return err
	}
	return r.saveSection("data", "The data", nil, []results.Table{d.Table},
		captioned{d.Figure, "Lengths", fmt.Sprintf("Lengths of CVs, by split, and of JDs in characters: the share of texts in each of %d bins of equal width, of which each panel has its own. How many of them are too long for the language models is in the table.", lengthBins)})
}

// table gives the statistics of each split.
func (d *Data) table(tok *tokenizer.Tokenizer, c ModelConfig) (results.Table, error) {
	count := func(key, name string) results.Column {
		return results.Column{Key: key, Name: name, Kind: results.KindCount}
	}
	share := func(key, name string) results.Column {
		return results.Column{Key: key, Name: name, Kind: results.KindNumber, Digits: 3}
	}
	t := results.Table{Name: "data", Title: "Splits of " + d.Name, Wide: true, Columns: []results.Column{{Key: "split", Name: "Split"},
		count("pairs", "Pairs"), count("cvs", "CVs"), count("jds", "JDs"), share("matched", "Matched"),
		count("cv_chars", "CV, median characters"), count("jd_chars", "JD, median characters"), share("cvs_cut", "CVs cut"), share("jds_cut", "JDs cut"),
		share("cold_cv", "Cold CVs"), share("cold_jd", "Cold JDs"), count("generator_cvs", "Generator's CVs"), count("near_duplicates", "Near-duplicate CVs")},
		Notes: append([]string{
			"Matched, cold CVs and cold JDs are shares of pairs; cold means here: in no training pair. Near-duplicate CVs share their group with another CV.",
			fmt.Sprintf("CVs cut, JDs cut: shares of the split's texts of which writer and reward model see the beginning only: %d tokens of a CV (model.max_prompt, two marks among them) and %d of a JD (model.max_response, its end among them). The matchers read whole texts.", c.MaxPrompt, c.MaxResponse),
		}, d.Assignment.Notes...)}
	size, duplicates := map[int]int{}, map[datasets.Split]int{}
	for _, g := range d.Assignment.Group {
		size[g]++
	}
	for id, g := range d.Assignment.Group {
		if size[g] > 1 {
			duplicates[d.Assignment.Split[id]]++
			duplicates["all"]++
		}
	}
	cuts, err := d.cutShares(tok, c)
	if err != nil {
		return t, err
	}
	for _, s := range datasets.Describe(d.Dataset, d.Assignment) {
		n := func(x int) results.Cell { return results.Number(float64(x)) }
		cut := cuts(s.Split)
		t.Rows = append(t.Rows, results.TableRow{Cells: []results.Cell{results.Text(string(s.Split)), n(s.Pairs), n(s.CVs), n(s.JDs), results.Number(s.LabelRate),
			results.Number(s.CVChars.Median), results.Number(s.JDChars.Median), results.Number(cut[0]), results.Number(cut[1]), results.Number(s.ColdCV), results.Number(s.ColdJD), n(s.GeneratorCVs), n(duplicates[s.Split])}})
	}
	return t, nil
}

// cutShares gives, for a split or "all", the shares of the CVs and of the JDs in its pairs that the template cuts.
func (d *Data) cutShares(tok *tokenizer.Tokenizer, c ModelConfig) (func(datasets.Split) [2]float64, error) {
	whole, err := sft.NewTemplate(tok, math.MaxInt, math.MaxInt)
	if err != nil {
		return nil, err
	}
	cv, jd := map[string]bool{}, map[string]bool{}
	for _, x := range d.CVs {
		cv[x.ID] = len(whole.Prompt(x.Text)) > c.MaxPrompt
	}
	for _, x := range d.JDs {
		jd[x.ID] = len(whole.Response(x.Text)) > c.MaxResponse
	}
	share := func(ids map[string]bool, cut map[string]bool) float64 {
		n := 0
		for id := range ids {
			if cut[id] {
				n++
			}
		}
		return float64(n) / float64(max(1, len(ids)))
	}
	return func(s datasets.Split) [2]float64 {
		pairs := d.Pairs
		if s != "all" {
			pairs = d.Assignment.Pairs(d.Dataset, s)
		}
		cvs, jds := map[string]bool{}, map[string]bool{}
		for _, p := range pairs {
			cvs[p.CVID], jds[p.JDID] = true, true
		}
		return [2]float64{share(cvs, cv), share(jds, jd)}
	}, nil
}

// lengthBins of a histogram of lengths.
const lengthBins = 24

// lengthFigure draws histograms of the lengths of CVs and JDs in characters, the CVs by split.
func (d *Data) lengthFigure() (*results.Figure, error) {
	cvs := map[string][]float64{}
	var order []string
	for _, s := range []datasets.Split{datasets.Train, datasets.Valid, datasets.Test} {
		for _, x := range d.CVs {
			if d.Assignment.Split[x.ID] == s {
				n := float64(utf8.RuneCountInString(x.Text))
				cvs[string(s)] = append(cvs[string(s)], n)
			}
		}
		if len(cvs[string(s)]) > 0 {
			order = append(order, string(s))
		}
	}
	var jds []float64
	for _, x := range d.JDs {
		jds = append(jds, float64(utf8.RuneCountInString(x.Text)))
	}
	// Each panel has its own range: CVs may be many times as long as JDs, which would fill few bins.
	panel := func(title string, names []string, of func(string) []float64) (results.Panel, error) {
		p := results.Panel{Title: title, YLabel: "share of texts"}
		shortest, longest := math.Inf(1), 0.0
		for _, name := range names {
			for _, n := range of(name) {
				shortest, longest = min(shortest, n), max(longest, n)
			}
		}
		for _, name := range names {
			run, err := results.Histogram(of(name), shortest, longest+1, lengthBins)
			if err != nil {
				return p, err
			}
			p.Series = append(p.Series, results.Series{Name: name, Runs: []results.Run{run}})
		}
		return p, nil
	}
	left, err := panel("CVs", order, func(name string) []float64 { return cvs[name] })
	if err != nil {
		return nil, err
	}
	right, err := panel("JDs", []string{"all"}, func(string) []float64 { return jds })
	if err != nil {
		return nil, err
	}
	return results.CurvesFigure(results.CurvesInput{Name: "data_lengths", Title: "Lengths of the texts of " + d.Name, XLabel: "characters", Solid: true, Panels: []results.Panel{left, right}})
}
