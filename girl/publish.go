package girl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"genjobrec/results/wholefile"
)

// Publish copies what of a finished run may be shown to others into the folder out, replacing what is there: tables, figures as SVG,
// numbers in long form, the page and the manifests, without the folders of the machine. No CVs, JDs or scores of single pairs go
// along. The page of a run on real data that shows texts is refused.
func Publish(runDir, out string) error {
	m, _, err := readManifest(runDir)
	if err != nil {
		return err
	}
	var page savedPage
	if err := readJSON(filepath.Join(runDir, sectionsDir, "run.json"), &page); err != nil {
		return err
	}
	if m.Data != "market" && len(page.Page.Samples) > 0 {
		return fmt.Errorf("%s shows CVs of real data: run it again without -page-texts before it is published", filepath.Join(runDir, pageFile))
	}
	var files []string
	for _, pattern := range []string{"tables/*", "figures/*.svg", "results.csv", "rq*.csv", pageFile, "*" + ManifestFile} {
		found, err := fs.Glob(os.DirFS(runDir), pattern)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	return replaceIn(filepath.Dir(out), filepath.Base(out), func(dir string) error {
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(runDir, f))
			if err != nil {
				return err
			}
			if strings.HasSuffix(f, ManifestFile) {
				if data, err = withoutFolders(data); err != nil {
					return fmt.Errorf("%s: %w", f, err)
				}
			}
			path := filepath.Join(dir, f)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), wholefile.WriteBytes(path, data)); err != nil {
				return err
			}
		}
		return nil
	})
}

// withoutFolders cuts the paths of a manifest to their last elements.
func withoutFolders(data []byte) ([]byte, error) {
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, err
	}
	for _, path := range []*string{&m.Data, &m.Test, &m.CVs} {
		if *path != "" {
			*path = filepath.Base(*path)
		}
	}
	inputs := map[string]string{}
	for path, hash := range m.Inputs {
		inputs[filepath.Base(path)] = hash
	}
	m.Inputs = inputs
	out, err := json.MarshalIndent(m, "", "  ")
	return append(out, '\n'), err
}

// ReadmeSection is what README shows of a published run: how it was made, its main table and two figures. link leads from README to
// the folder.
func ReadmeSection(dir, link string) (string, error) {
	var m manifest
	if err := readJSON(filepath.Join(dir, ManifestFile), &m); err != nil {
		return "", err
	}
	table, err := os.ReadFile(filepath.Join(dir, "tables", "rq2.md"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	seeds := strings.ReplaceAll(strings.Trim(fmt.Sprint(m.Seeds), "[]"), " ", ",")
	fmt.Fprintf(&b, "`girl run -data %s -profile %s -seeds %s`: %.0f minutes", m.Data, m.Profile, seeds, m.Seconds/60)
	for _, study := range []struct{ name, command string }{{"rq1", "judge"}, {"rq3", "ablate"}, {"rq4", "sweep"}} {
		var s manifest
		switch err := readJSON(filepath.Join(dir, studyManifest(study.name)), &s); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", err
		default:
			fmt.Fprintf(&b, "; `girl %s`: %.0f", study.command, s.Seconds/60)
			if !slices.Equal(s.Seeds, m.Seeds) {
				fmt.Fprintf(&b, " (%d seeds)", len(s.Seeds))
			}
		}
	}
	fmt.Fprintf(&b, ". %s. All tables, figures, numbers and manifests: [%s](%s/index.html).\n\n%s\n", m.Machine, link, link, strings.TrimSpace(string(table)))
	for _, figure := range []struct{ name, alt string }{{"rq2", "AUC and LogLoss of the matchers with intervals"}, {"rq3_overoptimisation", "Reward against the square root of the KL"}} {
		if _, err := os.Stat(filepath.Join(dir, "figures", figure.name+".svg")); err == nil {
			fmt.Fprintf(&b, "\n![%s](%s/figures/%s.svg)\n", figure.alt, link, figure.name)
		}
	}
	return b.String(), nil
}

// readmeMarks enclose the section of a published run in README.
func readmeMarks(link string) (begin, end string) {
	return "<!-- " + link + " -->\n", "<!-- end of " + link + " -->\n"
}

// UpdateReadme puts the section of a published run between its marks in README.
func UpdateReadme(readme, dir, link string) error {
	data, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	section, err := ReadmeSection(dir, link)
	if err != nil {
		return err
	}
	begin, end := readmeMarks(link)
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no lines %q and %q", readme, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return wholefile.WriteBytes(readme, []byte(before+begin+section+end+after))
}
