package nb

import (
	"fmt"
	"html"

	"github.com/janpfeifer/gonb/gonbui"

	"genjobrec/datasets"
	"genjobrec/girl"
)

// ShowPairs shows CVs beside JDs they were judged on, one matched and one mismatched pair of each of the first CVs of a split, escaped;
// or, where the run's texts may not be shown, why not: see [girl.Data.MayShowTexts].
func ShowPairs(d *girl.Data, split datasets.Split, cvs int) error {
	text, err := pairsHTML(d, RunDir(), split, cvs)
	if err != nil {
		return err
	}
	return show(func() { gonbui.DisplayHTML(text) })
}

func pairsHTML(d *girl.Data, runDir string, split datasets.Split, cvs int) (string, error) {
	may, err := d.MayShowTexts(runDir)
	if err != nil {
		return "", err
	}
	if !may {
		return fmt.Sprintf("<p>%s</p>\n", html.EscapeString(girl.NoTexts)), nil
	}
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
	return out + "</tbody>\n</table>\n", nil
}
