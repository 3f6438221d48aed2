package girl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"genjobrec/girl/recommend"
	"genjobrec/results"
)

// findings say where more JDs stop paying, whether any setting beats Base, and what writing costs.
func (w *sweep) findings() []string {
	out := w.fewerSeeds()
	if w.kept != "" {
		out = append(out, w.kept)
	}
	alongK, alongT := w.stepsOf()
	for _, p := range predictors {
		if len(alongK) > 0 {
			out = append(out, w.stopsPaying(p, alongK))
		}
	}
	headline := w.base.Headline("matchers with GIRL's JDs at any setting and Base")
	if !slices.ContainsFunc(w.base.Contrasts, w.base.Shows) {
		headline += " " + results.NoProof
	}
	out = append(out, headline)
	for _, k := range w.base.Contrasts {
		if w.base.Shows(k) {
			out = append(out, w.base.ContrastFinding(k, fmt.Sprintf("%s − Base (%s)", k.A.Model, k.A.Predictor)))
		}
	}
	if len(alongT) > 0 {
		shown := 0
		for _, p := range predictors {
			for _, s := range alongT {
				if d, ok := contrast(w.steps, s.contrast(p)); ok && w.steps.Shows(d) {
					shown++
					out = append(out, w.steps.ContrastFinding(d, fmt.Sprintf("%s, %s", p, s.name)))
				}
			}
		}
		if shown == 0 {
			out = append(out, fmt.Sprintf("Temperature: no other one is shown to differ from the run's own, %g, in AUC or LogLoss (Holm over all steps, p < %g).", w.cfg.Generate.Temperature, results.Alpha))
		}
	}
	var costs []string
	for _, g := range w.byK() {
		tokens, ms := w.perCV(g)
		costs = append(costs, fmt.Sprintf("K = %d: %s tokens, %s ms", g.K, results.PlainInterval(tokens, 0), results.PlainInterval(ms, 0)))
	}
	if costs != nil {
		out = append(out, fmt.Sprintf("Writing takes, a CV: %s (%s, intervals over seeds).", strings.Join(costs, "; "), results.SeedCount(len(w.opts.Seeds))))
	}
	return out
}

// beatsBase lists the K whose matcher is shown to be better than Base.
func (w *sweep) beatsBase(predictor string) (out []string) {
	for _, g := range w.byK() {
		d, ok := contrast(w.base, results.Contrast{A: results.SystemID{Model: g.model(), Predictor: predictor}, B: results.SystemID{Model: recommend.Base, Predictor: predictor}})
		if ok && slices.ContainsFunc(w.base.Claims(d), func(c results.Claim) bool { return c.Shown() && c.Better() }) {
			out = append(out, strconv.Itoa(g.K))
		}
	}
	return out
}

// stopsPaying says up to which K a predictor's matcher is shown to gain: the end of the last step with a gain in AUC or LogLoss that
// survives correction.
func (w *sweep) stopsPaying(predictor string, alongK []step) string {
	last, harm, list := -1, "", "0"
	for i, s := range alongK {
		list += ", " + strconv.Itoa(s.costs[1].K)
		d, ok := contrast(w.steps, s.contrast(predictor))
		if !ok {
			continue
		}
		for _, claim := range w.steps.Claims(d) {
			switch {
			case claim.Shown() && claim.Better():
				last = i
			case claim.Shown():
				harm += " A step is shown to harm: " + w.steps.ContrastFinding(d, s.name)
			}
		}
	}
	end := alongK[len(alongK)-1].costs[1]
	text := fmt.Sprintf("Where more stops paying, %s (K = %s): ", predictor, list)
	better := w.beatsBase(predictor)
	switch {
	case last < 0 && len(better) > 0:
		text += fmt.Sprintf("no single step from one K to the next shows a gain, but K = %s against Base does: where it stops cannot be told.", strings.Join(better, ", "))
	case last < 0:
		text += "no step from one K to the next shows a gain, so that nothing beyond K = 0, which is Base, is shown to pay."
	case last == len(alongK)-1:
		text += fmt.Sprintf("up to the largest K tried, %d, the last step shows a gain: more may still pay.", end.K)
	default:
		text += fmt.Sprintf("the last step that shows a gain is %s: beyond K = %d nothing more is shown to pay.", alongK[last].name, alongK[last].costs[1].K)
	}
	if last >= 0 {
		d, _ := contrast(w.steps, alongK[last].contrast(predictor))
		text += " " + w.steps.ContrastFinding(d, alongK[last].name)
	}
	text += harm
	largest, ok := contrast(w.base, results.Contrast{A: results.SystemID{Model: end.model(), Predictor: predictor}, B: results.SystemID{Model: recommend.Base, Predictor: predictor}})
	if ok {
		text += " All steps together, " + w.base.ContrastFinding(largest, fmt.Sprintf("K = 0 → %d", end.K))
	}
	return text
}
