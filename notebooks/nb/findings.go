package nb

import (
	"fmt"
	"html"
	"path/filepath"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
)

// ShowFindings shows what a study, such as "rq3", has found: the sentences that stand above its tables on the run's page.
func ShowFindings(study string) error {
	list, err := savedFindings(RunDir(), study)
	if err != nil {
		return err
	}
	return ShowSentences(list)
}

// ShowSentences shows a list of sentences below the cell, escaped.
func ShowSentences(list []string) error {
	return show(func() { gonbui.DisplayHTML(sentencesHTML(list)) })
}

func sentencesHTML(list []string) string {
	var b strings.Builder
	b.WriteString("<ul>\n")
	for _, s := range list {
		fmt.Fprintf(&b, "<li>%s</li>\n", html.EscapeString(s))
	}
	return b.String() + "</ul>\n"
}

// savedFindings reads the findings of a study from the parts of the run's page.
func savedFindings(dir, study string) ([]string, error) {
	section, err := savedSection(dir, study)
	if err != nil {
		return nil, err
	}
	if len(section.Findings) == 0 {
		return nil, fmt.Errorf("%s has no findings: an older version made it; execute the cell that computes the study again", filepath.Join(dir, "page", study+".json"))
	}
	return section.Findings, nil
}
