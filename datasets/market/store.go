package market

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"genjobrec/datasets"
	"genjobrec/results/wholefile"
)

// FileName is the file beside a stored dataset from which its market is rebuilt.
const FileName = "market.json"

// stored is the content of FileName.
type stored struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Params  Params `json:"params"`
	SHA256  string `json:"sha256"` // of all ids, texts and decisions
}

const storedFormat = "genjobrec market"

// Save writes market.json into an existing folder: parameters, version and a hash of what they generate. It goes to
// a temporary name first, so a broken write leaves nothing behind under the real one.
func (m *Market) Save(dir string) error {
	b, err := json.MarshalIndent(stored{storedFormat, Version, m.params, m.hash()}, "", "  ")
	if err != nil {
		return fmt.Errorf("market: %w", err)
	}
	if err := wholefile.WriteBytes(filepath.Join(dir, FileName), append(b, '\n')); err != nil {
		return fmt.Errorf("market: %w", err)
	}
	return nil
}

// Load rebuilds the market whose market.json lies in the folder. It is an error if this program would generate other
// texts or decisions than those that were saved.
func Load(dir string) (*Market, error) {
	path := filepath.Join(dir, FileName)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("market: %w", err)
	}
	var s stored
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("market: %s: %w", path, err)
	}
	if s.Format != storedFormat {
		return nil, fmt.Errorf("market: %s: format is %q, want %q", path, s.Format, storedFormat)
	}
	if s.Version != Version {
		return nil, fmt.Errorf("market: %s: made by version %d of the market, this program has version %d", path, s.Version, Version)
	}
	m, err := New(s.Params)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if got := m.hash(); got != s.SHA256 {
		return nil, fmt.Errorf("market: %s: the parameters generate data with sha256 %s, the file says %s", path, got, s.SHA256)
	}
	return m, nil
}

// Check returns an error if the dataset has an id, a text or a label that this market did not generate. A part of
// the market's dataset, in any order, passes.
func (m *Market) Check(d *datasets.Dataset) error {
	for _, c := range d.CVs {
		if i, ok := m.cvIndex[c.ID]; !ok || m.cvs[i].Text != c.Text {
			return fmt.Errorf("market: CV %q is not of this market, or its text was changed", c.ID)
		}
	}
	for _, j := range d.JDs {
		if i, ok := m.jdIndex[j.ID]; !ok || m.jds[i].Text != j.Text {
			return fmt.Errorf("market: JD %q is not of this market, or its text was changed", j.ID)
		}
	}
	type key struct{ cv, jd string }
	labels := make(map[key]int, len(m.pairs))
	for _, p := range m.pairs {
		labels[key{p.CVID, p.JDID}] = p.Label
	}
	for _, p := range d.Pairs {
		if label, ok := labels[key{p.CVID, p.JDID}]; !ok || label != p.Label {
			return fmt.Errorf("market: the pair %q, %q with label %d is not of this market", p.CVID, p.JDID, p.Label)
		}
	}
	return nil
}

// hash covers every id, text, label and time, each field with its length.
func (m *Market) hash() string {
	h := sha256.New()
	for _, c := range m.cvs {
		put(h, c.ID, c.Text)
	}
	for _, j := range m.jds {
		put(h, j.ID, j.Text)
	}
	for _, p := range m.pairs {
		put(h, p.CVID, p.JDID)
		fmt.Fprintf(h, "%d %d\n", p.Label, p.Time.Unix())
	}
	// The oracle is part of what is saved: its probabilities too.
	for _, p := range m.pairs[:min(len(m.pairs), 1000)] {
		v, _ := m.Accept(p.CVID, p.JDID) // the ids are the market's own
		fmt.Fprintf(h, "%.6f\n", v)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func put(h hash.Hash, fields ...string) {
	for _, f := range fields {
		fmt.Fprintf(h, "%d:", len(f))
		_, _ = io.WriteString(h, f) // a hash takes everything
	}
}
