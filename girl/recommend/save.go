package recommend

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"genjobrec/results/wholefile"
)

// Model is everything that scoring new pairs needs.
type Model struct {
	Config    Config
	Encoders  []*Encoder // one a member
	Matchers  []Matcher
	Baselines *Baselines
}

// The files that Save writes.
const (
	ModelFile  = "recommend.model"
	TuningFile = "tuning.csv"
)

// magic opens the model file: name and version.
const magic = "genjobrec recommend 1\n"

// Save writes the model and the tuning table into an existing folder. The same result gives the same bytes.
func (r *Result) Save(dir string) error {
	if err := wholefile.Write(filepath.Join(dir, TuningFile), func(w io.Writer) error { return WriteTuning(w, r.Tuning) }); err != nil {
		return err
	}
	return r.Model.Save(filepath.Join(dir, ModelFile))
}

// Save writes the model to one file.
func (m *Model) Save(path string) error {
	return wholefile.Write(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, magic); err != nil {
			return err
		}
		return gob.NewEncoder(w).Encode(m)
	})
}

// Load reads what Save wrote into a folder.
func Load(dir string) (*Model, error) { return LoadModel(filepath.Join(dir, ModelFile)) }

// LoadModel reads a model file.
func LoadModel(path string) (*Model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("recommend: %w", err)
	}
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return nil, fmt.Errorf("recommend: %s is not a matcher file of this version", path)
	}
	m := &Model{}
	if err := gob.NewDecoder(bytes.NewReader(rest)).Decode(m); err != nil {
		return nil, fmt.Errorf("recommend: %s is damaged: %w", path, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("recommend: %s is damaged: %w", path, err)
	}
	return m, nil
}

// check reports parts that do not fit together.
func (m *Model) check() error {
	if err := m.Config.Validate(); err != nil {
		return err
	}
	for _, e := range m.Encoders {
		if err := e.check(); err != nil {
			return err
		}
	}
	if !m.Baselines.check() {
		return errors.New("the baselines' parts do not fit together")
	}
	for _, t := range m.Matchers {
		if len(t.Members) == 0 {
			return fmt.Errorf("%s has no members", t.Key)
		}
		for _, member := range t.Members {
			if member.Encoder < 0 || member.Encoder >= len(m.Encoders) || m.Encoders[member.Encoder].Dim > t.Dim {
				return fmt.Errorf("%s refers to an encoder that does not fit", t.Key)
			}
		}
	}
	return nil
}
