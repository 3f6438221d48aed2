package nb

import (
	"fmt"
	"html"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"

	"genjobrec/girl"
)

// ShowSamples shows CVs, each with the JDs of all systems side by side, escaped, and how they were drawn or why there are none.
func ShowSamples(r *girl.QualityReport) error {
	return show(func() { gonbui.DisplayHTML(samplesHTML(r.Samples, r.SamplesNote)) })
}

func samplesHTML(samples []girl.QualitySample, note string) string {
	var b strings.Builder
	for _, s := range samples {
		fmt.Fprintf(&b, "<table>\n<caption>CV %s</caption>\n<tbody>\n<tr>%s</tr>\n<tr>", html.EscapeString(s.CVID), textCell("td", len(s.JDs), s.CV))
		for _, jd := range s.JDs {
			b.WriteString(textCell("th", 1, jd.System))
		}
		b.WriteString("</tr>\n<tr>")
		for _, jd := range s.JDs {
			b.WriteString(textCell("td", 1, jd.Text))
		}
		b.WriteString("</tr>\n</tbody>\n</table>\n")
	}
	return b.String() + fmt.Sprintf("<p>%s</p>\n", html.EscapeString(note))
}

func textCell(tag string, columns int, text string) string {
	return fmt.Sprintf(`<%s colspan="%d" style="text-align:left;vertical-align:top;white-space:pre-wrap;max-width:%dem">%s</%s>`, tag, columns, 14*columns, html.EscapeString(text), tag)
}
