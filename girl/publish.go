package girl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"genjobrec/results"
	"genjobrec/results/wholefile"
)

// Publish copies what of a finished run may be shown to others into the folder out, replacing what is there: tables, figures,
// numbers in long form, the page and the manifests, without the folders of the machine, and findings.md, what each study found in
// sentences. No CVs, JDs or scores of single pairs go along. The page of a run on real data that shows texts is refused.
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
	if err := mayReplace(out); err != nil {
		return err
	}
	var files []string
	for _, pattern := range []string{"tables/*", "figures/*", "results.csv", "rq*.csv", pageFile, "*" + ManifestFile} {
		found, err := fs.Glob(os.DirFS(runDir), pattern)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	// Written beside and renamed: a failure half-way loses nothing that was published before.
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+"-*")
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := publishFile(filepath.Join(runDir, f), filepath.Join(fresh, f)); err != nil {
			return errors.Join(err, os.RemoveAll(fresh))
		}
	}
	if err := publishFindings(runDir, filepath.Join(fresh, findingsFile)); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	return errors.Join(replaceFolder(fresh, out), os.RemoveAll(fresh))
}

// replaceFolder puts the folder fresh where out is, which goes only once the new one is in its place.
func replaceFolder(fresh, out string) error {
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	old := fresh + ".old"
	if err := os.Rename(out, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, out); err != nil {
		if back := os.Rename(old, out); !errors.Is(back, fs.ErrNotExist) {
			err = errors.Join(err, back)
		}
		return err
	}
	return os.RemoveAll(old)
}

// findingsFile holds, in the folder of a published run, the findings of its studies.
const findingsFile = "findings.md"

// publishFindings gathers the findings from the parts of the page.
func publishFindings(runDir, to string) error {
	var b strings.Builder
	b.WriteString("# Findings\n\nMade from the numbers of the tables. *Shown* means that a p-value, corrected for all tests of its table, is below 0.05; anything else is an open question, and the interval says how large the difference may be.\n")
	sections, err := savedSections(runDir)
	if err != nil {
		return err
	}
	for _, s := range sections {
		if len(s.Findings) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n", s.Title)
		for _, f := range s.Findings {
			fmt.Fprintf(&b, "- %s\n", f)
		}
	}
	return wholefile.WriteBytes(to, []byte(b.String()))
}

// mayReplace refuses a folder that holds anything but an earlier publication.
func mayReplace(out string) error {
	entries, err := os.ReadDir(out)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(out, ManifestFile)); err != nil {
		return fmt.Errorf("%s is neither empty nor a run that was published before: it is left alone", out)
	}
	return nil
}

// publishFile copies a file; manifests lose their folders.
func publishFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if strings.HasSuffix(from, ManifestFile) {
		if data, err = withoutFolders(data); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
	}
	return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), wholefile.WriteBytes(to, data))
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
	fmt.Fprintf(&b, "`make paper DATA=%s` (profile %s, %d seeds), wall time: `girl run` %s minutes", m.Data, m.Profile, len(m.Seeds), minutes(m.Seconds))
	total := m.Seconds
	for _, study := range []struct{ name, command string }{{"rq1", "judge"}, {"rq3", "ablate"}, {"rq4", "sweep"}} {
		var s manifest
		switch err := readJSON(filepath.Join(dir, studyManifest(study.name)), &s); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return "", err
		}
		total += s.Seconds
		fmt.Fprintf(&b, ", `girl %s` %s", study.command, minutes(s.Seconds))
		if len(s.Seeds) < len(m.Seeds) {
			fmt.Fprintf(&b, " with %s", results.SeedCount(len(s.Seeds)))
		}
	}
	fmt.Fprintf(&b, ", %s in all", minutes(total))
	fmt.Fprintf(&b, ". %s. All tables, figures, numbers and manifests: [%s](%s/index.html); what they say in sentences: [findings](%s/%s).\n\n%s\n", m.Machine, link, link, link, findingsFile, strings.TrimSpace(string(table)))
	for _, figure := range []struct{ name, alt string }{{"rq2", "AUC and LogLoss of the matchers with intervals"}, {"rq3_overoptimisation", "Reward against the square root of the KL"}} {
		if _, err := os.Stat(filepath.Join(dir, "figures", figure.name+".svg")); err == nil {
			fmt.Fprintf(&b, "\n![%s](%s/figures/%s.svg)\n", figure.alt, link, figure.name)
		}
	}
	return b.String(), nil
}

// minutes are whole minutes, or tenths of one where a study took less than one.
func minutes(seconds float64) string {
	if seconds < 57 {
		return fmt.Sprintf("%.1f", seconds/60)
	}
	return fmt.Sprintf("%.0f", seconds/60)
}

// readmeMarks enclose the section of a published run in README.
func readmeMarks(link string) (begin, end string) {
	return "<!-- " + link + " -->\n", "<!-- end of " + link + " -->\n"
}

// ErrNoSection is of a README without a place for a run.
var ErrNoSection = errors.New("nothing was written there")

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
	if !ok && !strings.Contains(string(data), end) {
		return fmt.Errorf("%s has no section on it: put the lines %q and %q where it shall stand: %w", readme, strings.TrimSpace(begin), strings.TrimSpace(end), ErrNoSection)
	}
	if !ok || !closed {
		return fmt.Errorf("%s has no lines %q and %q", readme, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return wholefile.WriteBytes(readme, []byte(before+begin+section+end+after))
}
