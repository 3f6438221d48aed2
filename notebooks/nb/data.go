package nb

import (
	"fmt"
	"html"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui"

	"genjobrec/datasets"
	"genjobrec/girl"
	"genjobrec/results"
)

// DataTable gives the statistics of each split.
func DataTable(d *girl.Data) results.Table {
	count := func(key, name string) results.Column {
		return results.Column{Key: key, Name: name, Kind: results.KindCount}
	}
	share := func(key, name string) results.Column {
		return results.Column{Key: key, Name: name, Kind: results.KindNumber, Digits: 3}
	}
	t := results.Table{Name: "data", Title: "Splits of " + d.Name, Columns: []results.Column{{Key: "split", Name: "Split"},
		count("pairs", "Pairs"), count("cvs", "CVs"), count("jds", "JDs"), share("matched", "Matched"),
		count("cv_chars", "CV, median characters"), count("jd_chars", "JD, median characters"),
		share("cold_cv", "Cold CVs"), share("cold_jd", "Cold JDs"), count("generator_cvs", "Generator's CVs"), count("near_duplicates", "Near-duplicate CVs")},
		Notes: append([]string{"Matched, cold CVs and cold JDs are shares of pairs; cold means in no training pair. Near-duplicate CVs share their group with another CV."}, d.Assignment.Notes...)}
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
	for _, s := range datasets.Describe(d.Dataset, d.Assignment) {
		n := func(x int) results.Cell { return results.Number(float64(x)) }
		t.Rows = append(t.Rows, results.TableRow{Cells: []results.Cell{results.Text(string(s.Split)), n(s.Pairs), n(s.CVs), n(s.JDs), results.Number(s.LabelRate),
			results.Number(s.CVChars.Median), results.Number(s.JDChars.Median), results.Number(s.ColdCV), results.Number(s.ColdJD), n(s.GeneratorCVs), n(duplicates[s.Split])}})
	}
	return t
}

// histogramBins of a length histogram.
const histogramBins = 24

// LengthFigure draws histograms of the lengths of CVs and JDs in characters, the CVs by split.
func LengthFigure(d *girl.Data) (*results.Figure, error) {
	longest := 0.0
	cvs := map[string][]float64{}
	var order []string
	for _, s := range []datasets.Split{datasets.Train, datasets.Valid, datasets.Test} {
		for _, x := range d.CVs {
			if d.Assignment.Split[x.ID] == s {
				n := float64(utf8.RuneCountInString(x.Text))
				longest, cvs[string(s)] = max(longest, n), append(cvs[string(s)], n)
			}
		}
		if len(cvs[string(s)]) > 0 {
			order = append(order, string(s))
		}
	}
	var jds []float64
	for _, x := range d.JDs {
		n := float64(utf8.RuneCountInString(x.Text))
		longest, jds = max(longest, n), append(jds, n)
	}
	panel := func(title string, names []string, of func(string) []float64) (results.Panel, error) {
		p := results.Panel{Title: title, YLabel: "share of texts"}
		for _, name := range names {
			run, err := results.Histogram(of(name), 0, longest+1, histogramBins)
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
	return results.CurvesFigure(results.CurvesInput{Name: "lengths", Title: "Lengths of the texts of " + d.Name, XLabel: "characters", Panels: []results.Panel{left, right}})
}

// ShowPairs shows CVs beside JDs they were judged on, one matched and one mismatched pair of each of the first CVs of a split, escaped.
func ShowPairs(d *girl.Data, split datasets.Split, cvs int) error {
	return show(func() { gonbui.DisplayHTML(pairsHTML(d, split, cvs)) })
}

func pairsHTML(d *girl.Data, split datasets.Split, cvs int) string {
	cvText, jdText := d.CVText(), d.JDText()
	jds := map[string][2]string{} // CV → a mismatched and a matched JD
	var order []string
	for _, p := range d.Assignment.Pairs(d.Dataset, split) {
		own := jds[p.CVID]
		if own[p.Label] == "" {
			own[p.Label] = p.JDID
			jds[p.CVID] = own
			if own[0] != "" && own[1] != "" {
				order = append(order, p.CVID)
			}
		}
	}
	out := "<table>\n<thead><tr><th>CV</th><th>matched JD</th><th>mismatched JD</th></tr></thead>\n<tbody>\n"
	for _, id := range order[:min(cvs, len(order))] {
		out += "<tr>"
		for _, text := range []string{cvText[id], jdText[jds[id][1]], jdText[jds[id][0]]} {
			out += fmt.Sprintf(`<td style="text-align:left;vertical-align:top;white-space:pre-wrap;max-width:24em">%s</td>`, html.EscapeString(text))
		}
		out += "</tr>\n"
	}
	return out + "</tbody>\n</table>\n"
}
