package girl

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"

	"genjobrec/datasets"
	"genjobrec/datasets/market"
	"genjobrec/eval"
	"genjobrec/eval/judge"
	"genjobrec/results"
)

// Systems of the first research question beside the two writers.
const (
	systemNearest = "nearest matched JD"
	systemReal    = "real matched JD"
)

// QualityReport is what the first research question shows for one judge.
type QualityReport struct {
	Judge      string
	Table      results.Table // win, tie, lose of every pair of systems on every criterion
	Length     results.Table // GIRL against GIRL-SFT with length held equal
	Judgements []judge.Judgement
}

// Quality lets the offline judge compare JDs for the test CVs of a finished run that have a matched test pair: those of GIRL and
// GIRL-SFT (the first of each CV and seed), the matched JD of the training CV that is nearest by TF-IDF, and, on the synthetic market, the CV's
// own matched JD as an upper mark. On the market the oracle judges; elsewhere likeness to the CV's own matched JDs does, which for that reason
// do not compete. The tables rq1 and rq1_length are left in the run's folder.
func Quality(ctx context.Context, runDir string) (*QualityReport, error) {
	m, _, err := readManifest(runDir)
	if err != nil {
		return nil, err
	}
	d, c, err := OpenData(ctx, runDir)
	if err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, cfg: c, dir: runDir, data: d, opts: Options{Seeds: m.Seeds}}
	generated, err := gather(r, generatedFile, results.ReadGenerated)
	if err != nil {
		return nil, err
	}
	contests, systems := d.contests(generated)
	if len(contests) == 0 {
		return nil, fmt.Errorf("%s: no test CV has both a matched pair and a generated JD", runDir)
	}
	j, name, err := d.offlineJudge()
	if err != nil {
		return nil, err
	}
	judgements, err := judge.All(ctx, j, contests, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	boot := eval.Bootstrap{Resamples: c.Eval.Resamples, Seed: uint64(c.Split.Seed)}
	matrix, err := judge.NewMatrix(judgements, systems, boot)
	if err != nil {
		return nil, err
	}
	q := &QualityReport{Judge: name, Judgements: judgements, Table: qualityTable(d.Name, name, matrix, len(contests))}
	if q.Length, err = lengthTable(d.Name, judgements, boot); err != nil {
		return nil, err
	}
	return q, results.WriteTables(r.path("tables"), q.Table, q.Length)
}

// contests pairs the systems' JDs for every test CV with a matched pair, seed by seed.
func (d *Data) contests(generated []results.GeneratedRow) (list []judge.Contest, systems []string) {
	systems = []string{systemNearest, modelSFT, modelGIRL}
	if d.Market != nil {
		systems = append(systems, systemReal)
	}
	own, nearest := d.matchedJDs(datasets.Test), d.nearestMatched()
	type key struct {
		cv   string
		seed int64
	}
	written := map[key]map[string]string{}
	var order []key
	for _, g := range generated {
		if g.K != 0 || len(own[g.CVID]) == 0 {
			continue
		}
		k := key{g.CVID, g.Seed}
		if written[k] == nil {
			written[k] = map[string]string{systemReal: own[g.CVID][0], systemNearest: nearest[g.CVID]}
			order = append(order, k)
		}
		written[k][g.Model] = g.Text
	}
	for _, k := range order {
		for i, a := range systems {
			for _, b := range systems[i+1:] {
				list = append(list, judge.Contest{CVID: k.cv, Group: fmt.Sprintf("g%d", d.Assignment.Group[k.cv]), Seed: uint64(k.seed), CV: d.cv[k.cv],
					NameA: a, A: written[k][a], NameB: b, B: written[k][b]})
			}
		}
	}
	return list, systems
}

// matchedJDs are the texts of the JDs that a split's CVs were matched with, by CV, in the order of the pairs.
func (d *Data) matchedJDs(s datasets.Split) map[string][]string {
	out := map[string][]string{}
	for _, p := range d.Assignment.Pairs(d.Dataset, s) {
		if p.Label == 1 {
			out[p.CVID] = append(out[p.CVID], d.jd[p.JDID])
		}
	}
	return out
}

// nearestMatched gives each test CV the matched JD of the training CV whose text is nearest by TF-IDF cosine: what copying would do.
func (d *Data) nearestMatched() map[string]string {
	train, matched := d.cvsOf(datasets.Train), d.matchedJDs(datasets.Train)
	train = slices.DeleteFunc(train, func(x datasets.CV) bool { return len(matched[x.ID]) == 0 })
	texts := make([]string, len(train))
	for i, x := range train {
		texts[i] = x.Text
	}
	words := judge.NewTFIDF(texts)
	out := map[string]string{}
	for _, x := range d.cvsOf(datasets.Test) {
		best, at := -1.0, -1
		for i, t := range texts {
			if c := words.Cosine(x.Text, t); c > best {
				best, at = c, i
			}
		}
		if at >= 0 {
			out[x.ID] = matched[train[at].ID][0]
		}
	}
	return out
}

// marketFields is how many fields of a JD the market's parser looks for.
const marketFields = 7

// offlineJudge is the oracle on the market, elsewhere likeness to the CV's own matched JDs.
func (d *Data) offlineJudge() (judge.Judge, string, error) {
	var training []string
	for _, jd := range d.JDs {
		training = append(training, jd.Text)
	}
	if d.Market == nil {
		own := d.matchedJDs(datasets.Test)
		j, err := judge.NewReference(judge.ReferenceConfig{References: func(cv string) []string { return own[cv] }, Training: training, Margins: judge.DefaultMargins()})
		return j, "likeness to the CV's own matched JDs (ROUGE-L recall, TF-IDF cosine)", err
	}
	facts := func(jd string) judge.Facts {
		p := market.ParseJD(jd)
		count := func(f market.Field) int { return bits.OnesCount16(uint16(f)) }
		return judge.Facts{Stated: count(p.Found), Contradicted: count(p.Contradictions), Possible: marketFields}
	}
	economy, err := judge.FactsEconomy(training, facts)
	return &judge.Market{Economy: economy, Facts: facts, Margins: judge.DefaultMargins(), Gold: func(cv, jd string) (float64, error) {
		p, _, err := d.Market.AcceptText(cv, jd)
		return p, err
	}}, "the market's oracle", err
}

func qualityTable(dataset, judgeName string, m *judge.Matrix, contests int) results.Table {
	count := func(key, name string) results.Column {
		return results.Column{Key: key, Name: name, Kind: results.KindCount}
	}
	t := results.Table{Name: "rq1", Title: "RQ1 on " + dataset + ": generated JDs judged pairwise", Wide: true,
		Columns: []results.Column{{Key: "a", Name: "A"}, {Key: "b", Name: "B"}, {Key: "criterion", Name: "Criterion"}, count("win", "A wins"), count("tie", "Tie"), count("lose", "A loses"), count("invalid", "Invalid"),
			{Key: "net", Name: "Net win rate of A", Kind: results.KindSigned, Digits: 3, Interval: true}, {Key: "p_holm", Name: "p (Holm)", Kind: results.KindPValue}},
		Notes: []string{
			fmt.Sprintf("Judge: %s. %d contests, one JD of each system a CV and seed.", judgeName, contests),
			"Net win rate: (wins − losses)/(wins + ties + losses), with 95 % intervals and two-sided p-values from the bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects over this table.",
			"Detail and conciseness both follow length: read rq1_length beside them. The untuned language model and LLMs behind an endpoint are not among the systems yet.",
		}}
	last := ""
	for _, c := range m.Cells {
		t.Rows = append(t.Rows, results.TableRow{Rule: last != "" && last != c.A+c.B, Notes: warningNotes(c.Net.Warnings), Cells: []results.Cell{results.Text(c.A), results.Text(c.B), results.Text(c.Criterion.String()),
			results.Number(float64(c.Win)), results.Number(float64(c.Tie)), results.Number(float64(c.Lose)), results.Number(float64(c.Invalid)),
			results.WithInterval(c.Net.Value, max(c.Net.Low, -1), min(c.Net.High, 1)), results.Number(c.PHolm)}})
		last = c.A + c.B
	}
	return t
}

// lengthTable holds length equal between GIRL and GIRL-SFT.
func lengthTable(dataset string, js []judge.Judgement, boot eval.Bootstrap) (results.Table, error) {
	t := results.Table{Name: "rq1_length", Title: "RQ1 on " + dataset + ": GIRL against GIRL-SFT at equal length",
		Columns: []results.Column{{Key: "criterion", Name: "Criterion"}, {Key: "raw", Name: "Win rate", Kind: results.KindNumber, Digits: 3},
			{Key: "controlled", Name: "At equal length", Kind: results.KindNumber, Digits: 3, Interval: true},
			{Key: "slope", Name: "Log-odds per ln length ratio", Kind: results.KindSigned, Digits: 2, Interval: true},
			{Key: "log_ratio", Name: "Mean ln length ratio", Kind: results.KindSigned, Digits: 3}},
		Notes: []string{"Win rate of GIRL, a tie being half a win. At equal length: logistic regression on the log length ratio, after arXiv 2404.04475; 95 % intervals from the bootstrap over CV groups."}}
	var errs []error
	for _, c := range judge.Criteria() {
		e, err := judge.LengthEffect(js, modelGIRL, modelSFT, c, boot, nil)
		errs = append(errs, err)
		cell := func(x eval.Estimate) results.Cell {
			if math.IsNaN(x.Value) {
				return results.Missing()
			}
			return results.WithInterval(x.Value, x.Low, x.High)
		}
		t.Rows = append(t.Rows, results.TableRow{Notes: warningNotes(slices.Concat(e.Controlled.Warnings, e.Slope.Warnings)), Cells: []results.Cell{results.Text(c.String()), results.Number(e.Raw), cell(e.Controlled), cell(e.Slope), results.Number(e.MeanLogRatio)}})
	}
	return t, errors.Join(errs...)
}
