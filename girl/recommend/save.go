package recommend

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"genjobrec/results/wholefile"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/support/exceptions"
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

// Score gives the probability of a match for each query, by matcher and baseline. A query without generated JDs is
// scored by the GIRL matchers too, which then rely on the texts alone.
func (m *Model) Score(ctx context.Context, backend compute.Backend, queries []Query) (map[Key][]float64, error) {
	var out map[Key][]float64
	var err error
	if caught := exceptions.TryCatch[error](func() { out, err = m.score(ctx, backend, queries) }); caught != nil {
		return nil, fmt.Errorf("recommend: %w", caught)
	}
	return out, err
}

func (m *Model) score(ctx context.Context, backend compute.Backend, queries []Query) (map[Key][]float64, error) {
	for i, q := range queries {
		if q.CV == "" || q.JD == "" {
			return nil, fmt.Errorf("recommend: query %d (CV %q, JD %q) lacks a text", i+1, q.CVID, q.JDID)
		}
	}
	models := make(map[string]bool)
	for _, t := range m.Matchers {
		if t.Model != Base {
			models[t.Model] = true
		}
	}
	corp := newCorpus()
	var views []*view
	for _, e := range m.Encoders {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		views = append(views, newView(e, corp, queries, sortedKeys(models)))
	}
	list := make([]int, len(queries))
	for i := range list {
		list[i] = i
	}
	out := m.Baselines.score(corp, queries)
	for _, t := range m.Matchers {
		p, err := t.score(ctx, backend, m.Config.Width, views, m.Encoders, list)
		if err != nil {
			return nil, err
		}
		out[t.Key] = p
	}
	return out, nil
}
