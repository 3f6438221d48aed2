package nb

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"

	"genjobrec/results"
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
	file := filepath.Join(dir, "page", study+".json")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there: execute the cell that computes the study first", file)
	}
	if err != nil {
		return nil, err
	}
	var section results.PageSection
	if err := json.Unmarshal(data, &section); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(section.Findings) == 0 {
		return nil, fmt.Errorf("%s has no findings: an older version made it; execute the cell that computes the study again", file)
	}
	return section.Findings, nil
}
