package girl

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"genjobrec/eval"
	"genjobrec/eval/judge"
	"genjobrec/results"
	"genjobrec/results/wholefile"
)

// conclude writes the study's tables, figures, rq1.csv and its part of the page.
func (q *quality) conclude(s *qualityStatistics, llm *llmJudged) (*QualityReport, error) {
	name := q.data.offlineJudgeName()
	out := &QualityReport{Judge: name}
	notes := slices.Clone(q.notes)
	if llm == nil && q.options.Writer.Model != "" {
		notes = append(notes, "No language model judges: none is named by "+judge.Role+"_MODEL.")
	}
	out.Tables = append(out.Tables, q.winTable("rq1", "RQ1 on "+q.data.Name+": generated JDs judged pairwise", &s.Matrix, append(q.aboutOffline(s), notes...)),
		q.measureTable(s), q.lengthTable(s.Lengths, s.LLMLengths, llm))
	if s.Real != nil {
		out.Tables = append(out.Tables, q.realTable(s))
	}
	figures, err := q.figures("rq1", "the offline judge", &s.Matrix, s.Lengths)
	if err != nil {
		return nil, err
	}
	if llm != nil {
		more, err := q.figures("rq1_llm", "judge "+llm.model, s.LLM, s.LLMLengths)
		if err != nil {
			return nil, err
		}
		figures = append(figures, more...)
		about := []string{fmt.Sprintf("Judge: the language model %s at %s, asked in both orders of each pair: where they agree, that is the verdict, where not, a tie. %d CVs drawn by lot (split.seed).", llm.model, llm.chat.SamplingWords(), llm.cvs),
			fmt.Sprintf("%s. %d answers could not be parsed: a contest with such an answer is invalid, never a tie.%s", capital(usageWords(llm.usage.Usage)), llm.usage.Invalid, cutWords(llm.usage.Cut, llm.chat))}
		if warning := llm.invalidWarning(s.Orders); warning != "" {
			about = append(about, warning)
		}
		out.Tables = append(out.Tables, q.winTable("rq1_llm", "RQ1 on "+q.data.Name+": generated JDs judged pairwise by a language model", s.LLM, about), q.agreementTable(s, name, llm))
	}
	for _, f := range figures {
		out.Figures = append(out.Figures, f.figure)
	}
	kept, err := q.girlKeptStart()
	if err != nil {
		return nil, err
	}
	return out, errors.Join(q.saveSection("rq1", "RQ1: are the written job descriptions good?", q.findings(s, llm, kept), out.Tables, figures...), q.writeContests(q.path("rq1.csv"), s, llm), q.finishStudy("rq1"))
}

// aboutOffline says what to know of the offline judge and of who competes.
func (q *quality) aboutOffline(s *qualityStatistics) []string {
	m := judge.DefaultMargins()
	about := []string{"Judge: " + q.data.offlineJudgeName() + ".",
		fmt.Sprintf("Overall is the sign of 2·relevance + detail + conciseness, each +1 for a win and −1 for a loss; on each criterion values that differ by no more than %g (detail), %g (relevance) and %g (conciseness) tie.", m.Detail, m.Relevance, m.Conciseness),
		"Nearest matched JD: of the training CV with the nearest text, among those whose pairs the writers learned from."}
	if note := q.cutNote(s); note != "" {
		about = append(about, note)
	}
	switch {
	case q.data.Market == nil && s.Real != nil:
		about = append(about, "The CV's own matched JDs are what this judge goes by and do not compete here: see rq1_real.")
	case q.data.Market == nil:
		about = append(about, "The CV's own matched JDs are what this judge goes by and do not compete: no test CV has two different ones, of which one could compete and the other be the reference.")
	}
	if q.data.Market != nil {
		about = append(about, "The oracle reads JDs with a parser of the market's own language: what a JD says in other words, it does not see.")
	}
	about = append(append(about, shortNote(s)...), untunedNote)
	if note := s.hitNote(); note != "" {
		about = append(about, note)
	}
	if q.data.Market == nil && s.manyHits() {
		about = append(about, "Warning: where the nearest matched JD is one of the CV's own, this judge favours it by construction.")
	}
	return about
}

// cutNote warns where the writers, which stop at a length, are judged against JDs that are much longer.
func (q *quality) cutNote(s *qualityStatistics) string {
	tokens := slices.IndexFunc(measures, func(m measure) bool { return m.key == "words" })
	length := map[string]float64{}
	for _, m := range s.Measures {
		length[m.System] = m.Estimates[tokens].Value
	}
	if !(length[systemReal] > 2*length[modelGIRL]) {
		return ""
	}
	return fmt.Sprintf("Warning: the writers learned from the first %d tokens of the JDs and write no more, %.0f words on average, while nearest and real JDs are judged whole, real ones with %.0f: against these two, detail and conciseness measure that cut, too.",
		q.cfg.Model.MaxResponse, length[modelGIRL], length[systemReal])
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// fixedSystem reports whether a system's JDs do not depend on training seeds.
func (q *quality) fixedSystem(name string) bool {
	return name == systemNearest || name == systemReal || q.llm != "" && name == q.llm
}

// cellWarnings leaves out that there is one seed only where no system was trained.
func (q *quality) cellWarnings(c judge.Cell) []eval.Warning {
	if !q.fixedSystem(c.A) || !q.fixedSystem(c.B) {
		return c.Net.Warnings
	}
	return slices.DeleteFunc(slices.Clone(c.Net.Warnings), func(w eval.Warning) bool { return strings.HasPrefix(string(w), "one seed") })
}

// winTable lists wins, ties and losses of each pair of systems.
func (q *quality) winTable(name, title string, m *judge.Matrix, about []string) results.Table {
	count := func(key, name string) results.Column {
		return results.Column{Key: key, Name: name, Kind: results.KindCount}
	}
	t := results.Table{Name: name, Title: title, Wide: true,
		Columns: []results.Column{{Key: "a", Name: "A"}, {Key: "b", Name: "B"}, {Key: "criterion", Name: "Criterion"},
			// Before the counts it is made of: on a phone the first columns are those that are seen.
			{Key: "net", Name: "Net win rate of A", Kind: results.KindSigned, Digits: 3, Interval: true}, {Key: "p_holm", Name: "p (Holm)", Kind: results.KindPValue},
			count("win", "A wins"), count("tie", "Tie"), count("lose", "A loses"), count("invalid", "Invalid")},
		Notes: append(about,
			"One JD of each system a CV and seed; systems that were not trained meet once a CV.",
			"Net win rate: (wins − losses)/(wins + ties + losses), with 95 % intervals and two-sided p-values from the bootstrap over CV groups and, from two seeds on, the spread between seeds; Holm corrects over this table.",
			"Detail and conciseness both follow length: read rq1_length beside them.")}
	last := ""
	for _, c := range m.Cells {
		t.Rows = append(t.Rows, results.TableRow{Rule: last != "" && last != c.A+c.B, Notes: warningNotes(q.cellWarnings(c)), Cells: []results.Cell{results.Text(c.A), results.Text(c.B), results.Text(c.Criterion.String()),
			estimateCell(bounded(c.Net)), results.Number(c.PHolm),
			results.Number(float64(c.Win)), results.Number(float64(c.Tie)), results.Number(float64(c.Lose)), results.Number(float64(c.Invalid))}})
		last = c.A + c.B
	}
	return t
}

// estimateCell shows an estimate, or nothing where there is none.
func estimateCell(x eval.Estimate) results.Cell {
	if math.IsNaN(x.Value) {
		return results.Missing()
	}
	return results.WithInterval(x.Value, x.Low, x.High)
}

// lengthTable holds length equal between pairs of systems.
func (q *quality) lengthTable(offline, byLLM []judge.LengthReport, llm *llmJudged) results.Table {
	t := results.Table{Name: "rq1_length", Title: "RQ1 on " + q.data.Name + ": win rates at equal length", Wide: true,
		Columns: []results.Column{{Key: "judge", Name: "Judge"}, {Key: "a", Name: "A"}, {Key: "b", Name: "B"}, {Key: "criterion", Name: "Criterion"}, {Key: "raw", Name: "Win rate of A", Kind: results.KindNumber, Digits: 3},
			{Key: "controlled", Name: "At equal length", Kind: results.KindNumber, Digits: 3, Interval: true},
			{Key: "slope", Name: "Log-odds per ln length ratio", Kind: results.KindSigned, Digits: 2, Interval: true},
			{Key: "log_ratio", Name: "Mean ln length ratio", Kind: results.KindSigned, Digits: 3}},
		Notes: []string{"A tie is half a win. At equal length: logistic regression on the log of A's length over B's in tokens, after arXiv 2404.04475, fitted to each seed and averaged; 95 % intervals from the bootstrap over CV groups and, from two seeds on, the spread between seeds."}}
	add := func(name string, list []judge.LengthReport) {
		for i, e := range list {
			t.Rows = append(t.Rows, results.TableRow{Rule: len(t.Rows) > 0 && i%len(judge.Criteria()) == 0, Notes: warningNotes(slices.Concat(e.Controlled.Warnings, e.Slope.Warnings, extrapolated(e))),
				Cells: []results.Cell{results.Text(name), results.Text(e.A), results.Text(e.B), results.Text(e.Criterion.String()), results.Number(e.Raw), estimateCell(e.Controlled), estimateCell(e.Slope), results.Number(e.MeanLogRatio)}})
		}
	}
	add("offline", offline)
	if llm != nil {
		add(llm.model, byLLM)
	}
	return t
}

// extrapolated warns where hardly any two texts are about equally long.
func extrapolated(e judge.LengthReport) []eval.Warning {
	alike := 0
	for _, b := range e.Bins {
		if b.Low < 0 && b.High > 0 {
			alike += b.Win + b.Tie + b.Lose
		}
	}
	if e.N == 0 || 10*alike >= e.N {
		return nil
	}
	return []eval.Warning{eval.Warning(fmt.Sprintf("the lengths are alike in %d of %d contests only: the win rate at equal length is extrapolated", alike, e.N))}
}

// shortNote says where conciseness is not what its name says.
func shortNote(s *qualityStatistics) []string {
	if s.Short < 0.1 {
		return nil
	}
	return []string{fmt.Sprintf("%.0f %% of GIRL's JDs have fewer than %.0f tokens, as only 5 %% of the real JDs have. So short a JD counts as one of %.0f, so that leaving out what every JD has earns nothing: among such JDs the one that says more counts as the more concise.",
		100*s.Short, s.Shortest, s.Shortest)}
}

// agreementTable compares the two judges and shows how the order of the texts moved the language model.
func (q *quality) agreementTable(s *qualityStatistics, name string, llm *llmJudged) results.Table {
	share := func(key, name string, interval bool) results.Column {
		return results.Column{Key: key, Name: name, Kind: results.KindNumber, Digits: 3, Interval: interval}
	}
	t := results.Table{Name: "rq1_agreement", Title: "RQ1 on " + q.data.Name + ": the language model as judge, and the offline judge", Wide: true,
		Columns: []results.Column{{Key: "criterion", Name: "Criterion"}, {Key: "asked", Name: "Asked in both orders", Kind: results.KindCount}, {Key: "invalid", Name: "Invalid", Kind: results.KindCount},
			share("consistent", "Both orders agree", false), share("first", "First preferred", false),
			{Key: "shared", Name: "Both judges", Kind: results.KindCount}, share("agreement", "Judges agree", true), share("kappa", "Cohen's κ", true)},
		Notes: []string{
			fmt.Sprintf("%s against %s, on the contests that both decided; a tie is a verdict of its own. 95 %% intervals from the bootstrap over CV groups.", llm.model, name),
			"Both orders agree: share of contests with the same verdict whichever JD was shown first. First preferred: share of the answers with a preference that went to the JD shown first; 0.5 is fair.",
		}}
	for i, a := range s.Agreement {
		o := s.Orders[i]
		consistent, first := math.NaN(), math.NaN()
		if o.Asked > 0 {
			consistent = 1 - o.Disagreement()
		}
		if n := o.First + o.Second; n > 0 {
			first = float64(o.First) / float64(n)
		}
		t.Rows = append(t.Rows, results.TableRow{Notes: warningNotes(slices.Concat(a.Raw.Warnings, a.Kappa.Warnings)), Cells: []results.Cell{results.Text(a.Criterion.String()),
			results.Number(float64(o.Asked)), results.Number(float64(o.Invalid)), results.Number(consistent), results.Number(first), results.Number(float64(a.N)), estimateCell(a.Raw), estimateCell(a.Kappa)}})
	}
	return t
}

// figures draws the net win rates of the two writers and the win rates against length by one judge.
func (q *quality) figures(name, by string, m *judge.Matrix, lengths []judge.LengthReport) ([]captioned, error) {
	var out []captioned
	in := results.IntervalsInput{Name: name, Title: fmt.Sprintf("%s: net win rate by %s", q.data.Name, by)}
	opponents := slices.DeleteFunc(slices.Clone(m.Systems), func(s string) bool { return s == modelGIRL })
	for _, s := range opponents {
		in.Rows = append(in.Rows, "against "+s)
	}
	for _, c := range judge.Criteria() {
		panel := results.IntervalPanel{Title: c.String(), XLabel: "net win rate", At: []float64{0}, Reach: []float64{-1, 1}}
		for _, writer := range []string{modelSFT, modelGIRL} { // colours as in the figure of RQ2
			for i, s := range opponents {
				if cell, ok := m.Of(writer, s, c); ok && !math.IsNaN(cell.Net.Value) {
					panel.Marks = append(panel.Marks, results.Interval{Row: i, Series: writer, Value: cell.Net.Value, Low: max(cell.Net.Low, -1), High: min(cell.Net.High, 1)})
				}
			}
		}
		if len(panel.Marks) > 0 {
			in.Panels = append(in.Panels, panel)
		}
	}
	if len(in.Panels) > 0 {
		f, err := results.IntervalsFigure(in)
		if err != nil {
			return nil, err
		}
		out = append(out, captioned{f, "Pairwise judgements by " + by, "Net win rates of GIRL and GIRL-SFT against each other system with 95 % intervals: +1 wins always, −1 loses always, 0 is even."})
	}
	f, err := lengthFigure(name+"_length", fmt.Sprintf("%s: win rate and length by %s", q.data.Name, by), lengths)
	if f != nil {
		out = append(out, captioned{f, "Length, by " + by, "Win rate of GIRL against the ratio of the two JDs' lengths: contests of all seeds in bins (the larger the dot, the more contests; hollow where too few, or all alike, give no interval), and the logistic regression, drawn between the 1st and the 99th percentile of the ratios. Intervals of 95 % and, in the table, those of the regression hold the spread between CV groups and between seeds alike. Where the curve crosses the dashed vertical line, both are equally long."})
	}
	return out, err
}

// lengthFigure draws bins and curves; nil where nothing was decided.
func lengthFigure(name, title string, lengths []judge.LengthReport) (*results.Figure, error) {
	in := results.LengthInput{Name: name, Title: title, XLabel: "length of GIRL / other", YLabel: "win rate of GIRL"}
	anything := false
	for _, c := range judge.Criteria() {
		panel := results.LengthPanel{Title: c.String()}
		for _, l := range lengths {
			if l.Criterion != c {
				continue
			}
			s := lengthSeries(l)
			anything = anything || len(s.Points) > 0
			panel.Series = append(panel.Series, s)
		}
		in.Panels = append(in.Panels, panel)
	}
	if !anything {
		return nil, nil
	}
	return results.LengthFigure(in)
}

// lengthSeries draws one report.
func lengthSeries(l judge.LengthReport) results.LengthSeries {
	s := results.LengthSeries{Name: l.A + " against " + l.B}
	for _, b := range l.Bins {
		if n := b.Win + b.Tie + b.Lose; n > 0 {
			rate := (float64(b.Win) + float64(b.Tie)/2) / float64(n) // WinRate's value may be off by rounding, and below 0
			s.Points = append(s.Points, results.LengthPoint{LogRatio: b.MeanLogRatio, Contests: n, Rate: rate, Low: b.WinRate().Low, High: b.WinRate().High})
		}
	}
	if p := l.Controlled.Value; p > 0 && p < 1 { // neither NaN nor certain
		s.Curve = &results.LogisticCurve{Alpha: math.Log(p / (1 - p)), Beta: l.Slope.Value, From: l.LowLogRatio, To: l.HighLogRatio}
	}
	return s
}

// contestColumns is the header of rq1.csv. Each row is a pair of systems on one criterion, by one judge: "oracle" (of the market),
// "reference" (likeness to the CV's own matched JDs), "reference-others" (to those but the one that competes, see [realJudged]) or the
// name of a language model. win, tie, lose and invalid count contests from the
// side of a; net = (win − lose)/(win + tie + lose) with its 95 % interval from low to high, p its two-sided p-value against 0, p_holm the
// same corrected over all rows of the judge; seeds is the number of training seeds that took part, 0 where neither system was trained.
// What does not exist is empty.
var contestColumns = []string{"a", "b", "criterion", "judge", "win", "tie", "lose", "invalid", "net", "low", "high", "p", "p_holm", "seeds"}

// writeContests writes rq1.csv with all digits.
func (q *quality) writeContests(path string, s *qualityStatistics, llm *llmJudged) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	number := func(v float64) string {
		if math.IsNaN(v) {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	records := [][]string{contestColumns}
	add := func(by string, m *judge.Matrix) {
		for _, c := range m.Cells {
			seeds := len(q.opts.Seeds)
			if q.fixedSystem(c.A) && q.fixedSystem(c.B) {
				seeds = 0
			}
			records = append(records, []string{c.A, c.B, c.Criterion.String(), by, strconv.Itoa(c.Win), strconv.Itoa(c.Tie), strconv.Itoa(c.Lose), strconv.Itoa(c.Invalid),
				number(c.Net.Value), number(max(c.Net.Low, -1)), number(min(c.Net.High, 1)), number(c.Net.P), number(c.PHolm), strconv.Itoa(seeds)})
		}
	}
	add(q.data.offlineJudgeID(), &s.Matrix)
	if s.Real != nil {
		add(realJudgeID, &s.Real.Matrix)
	}
	if llm != nil {
		add(llm.model, s.LLM)
	}
	if err := w.WriteAll(records); err != nil {
		return err
	}
	return wholefile.WriteBytes(path, b.Bytes())
}
