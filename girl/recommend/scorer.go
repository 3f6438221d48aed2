package recommend

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Scorer scores pairs with all of a model's matchers and baselines, call after call. It encodes each distinct text once and keeps the
// encodings, so that memory grows with the texts and not with the pairs, which may come in parts. It is fastest where an id always comes
// with the same text. One goroutine at a time may use it.
type Scorer struct {
	model     *Model
	models    []string // those whose generated JDs are looked at
	viewers   []*viewer
	networks  []*network // of the matchers
	baselines func(queries []Query) map[Key][]float64
}

// NewScorer prepares scoring on a backend; the scorer must be closed. The networks' weights are copied now, their graphs are compiled when
// Score first needs them. Errors: a matcher without members, weights of another size than the model's; what the compiler refuses is an
// error of Score.
func (m *Model) NewScorer(backend compute.Backend) (*Scorer, error) {
	models := make(map[string]bool)
	for _, t := range m.Matchers {
		if t.Model != Base {
			models[t.Model] = true
		}
	}
	corp := newCorpus()
	s := &Scorer{model: m, models: sortedKeys(models), baselines: m.Baselines.scorer(corp)}
	for _, e := range m.Encoders {
		s.viewers = append(s.viewers, newViewer(e, corp))
	}
	for _, t := range m.Matchers {
		n, err := t.network(backend, m.Config.Width)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.networks = append(s.networks, n)
	}
	return s, nil
}

// Close frees the compiled networks.
func (s *Scorer) Close() {
	for _, n := range s.networks {
		n.close()
	}
}

// Score gives the probability of a match for each query, by matcher and baseline; a query's scores do not depend on its company. A query
// without generated JDs is scored by the GIRL matchers too, which then rely on the texts alone. Errors: a query without a text, a graph that
// does not compile, ctx done.
func (s *Scorer) Score(ctx context.Context, queries []Query) (map[Key][]float64, error) {
	var out map[Key][]float64
	var err error
	if caught := exceptions.TryCatch[error](func() { out, err = s.score(ctx, queries) }); caught != nil {
		return nil, fmt.Errorf("recommend: %w", caught)
	}
	return out, err
}

func (s *Scorer) score(ctx context.Context, queries []Query) (map[Key][]float64, error) {
	for i, q := range queries {
		if q.CV == "" || q.JD == "" {
			return nil, fmt.Errorf("recommend: query %d (CV %q, JD %q) lacks a text", i+1, q.CVID, q.JDID)
		}
	}
	var views []*view
	for _, w := range s.viewers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		views = append(views, w.view(queries, s.models))
	}
	list := make([]int, len(queries))
	for i := range list {
		list[i] = i
	}
	out := s.baselines(queries)
	for i, t := range s.model.Matchers {
		p, err := t.score(ctx, s.networks[i], views, s.model.Encoders, list)
		if err != nil {
			return nil, err
		}
		out[t.Key] = p
	}
	return out, nil
}
