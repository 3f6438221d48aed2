package recommend

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Scores are the probabilities of one matcher or baseline.
type Scores struct {
	Key
	// Valid are for the validation pairs. With several members each pair is scored by a member that was not trained on its CV,
	// though early-stopped on its fold; a baseline is here the one fitted on the training pairs alone.
	Valid []float64
	Test  []float64 // for the test pairs, by the averaged members
}

// Result is what Run hands back.
type Result struct {
	Model  *Model
	Scores []Scores    // matchers, then baselines
	Tuning []TuningRow // every trial of every matcher
}

// Run tunes and trains the matchers of all models in data, and the baselines. Hyper-parameters are chosen by LogLoss on the
// validation pairs after training on the training pairs; then the members are trained, each early-stopped on its own fold
// of the CVs of both. Test pairs are only scored. logf may be nil.
//
// The same seed, data and config give the same result to the last bit on the same kind of machine.
func Run(ctx context.Context, backend compute.Backend, c Config, seed uint64, data Data, logf func(format string, args ...any)) (*Result, error) {
	var result *Result
	var err error
	if caught := exceptions.TryCatch[error](func() { result, err = run(ctx, backend, c, seed, data, logf) }); caught != nil {
		return nil, fmt.Errorf("recommend: %w", caught)
	}
	return result, err
}

func run(ctx context.Context, backend compute.Backend, c Config, seed uint64, data Data, logf func(string, ...any)) (*Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := data.validate(); err != nil {
		return nil, err
	}
	if logf == nil {
		logf = func(string, ...any) {}
	}
	s := newExperiment(c, seed, &data)
	logf("recommend: %d training, %d validation, %d test pairs; fitting encoders", len(data.Train), len(data.Valid), len(data.Test))
	if err := s.encode(ctx); err != nil {
		return nil, err
	}
	result := &Result{Model: &Model{Config: c, Encoders: s.encoders}}
	trials := drawTrials(c.Trials, seed)
	for _, predictor := range []string{MLPPredictor, DotPredictor} {
		for _, model := range data.models() {
			k := Key{model, predictor}
			rows, chosen, err := s.tune(ctx, backend, k, trials)
			if err != nil {
				return nil, err
			}
			result.Tuning = append(result.Tuning, rows...)
			matcher, scores, err := s.members(ctx, backend, k, trials[chosen])
			if err != nil {
				return nil, err
			}
			result.Model.Matchers = append(result.Model.Matchers, *matcher)
			result.Scores = append(result.Scores, *scores)
			logf("recommend: %s: best of %d trials has validation LogLoss %.4f", k, c.Trials, rows[chosen].ValidLogLoss)
		}
	}
	baselines, valid, err := chooseBaselines(ctx, c, s.corpus, s.tuning.enc.Vectorizer, s.vectorizer, s.queries[:s.labelled], s.labels, len(data.Train))
	if err != nil {
		return nil, err
	}
	result.Model.Baselines = baselines
	test := baselines.scorer(s.corpus)(s.queries[s.labelled:])
	for _, k := range baselineKeys {
		result.Scores = append(result.Scores, Scores{Key: k, Valid: valid[k], Test: test[k]})
	}
	return result, nil
}

// task makes a member's task of a fold. Trials of one matcher share their seeds, so that they differ in nothing else.
func (s *experiment) task(f *fold, t Trial, model string, number int) task {
	return task{view: f.view, moments: f.view.moments(model, f.train), sharpening: f.enc.sharpening(t.Sharpen), train: f.train, valid: f.valid,
		trial: t, seed: s.derive("weights", number), order: s.derive("order", number)}
}

// tune trains every trial on the given split and returns its rows and the number of the best.
func (s *experiment) tune(ctx context.Context, backend compute.Backend, k Key, trials []Trial) ([]TuningRow, int, error) {
	var tasks []task
	for _, t := range trials {
		tasks = append(tasks, s.task(&s.tuning, t, k.Model, 0))
	}
	a := arch{k.Predictor, k.Model, len(tasks), s.tuning.enc.Dim, s.Width}
	fits, err := fit(ctx, backend, s.Config, a, tasks, s.labels, s.derive("tune", 0))
	if err != nil {
		return nil, 0, err
	}
	rows, best := make([]TuningRow, len(trials)), 0
	for i, f := range fits {
		rows[i] = TuningRow{Key: k, Number: i + 1, Trial: trials[i], ValidLogLoss: f.logLoss, BestStep: f.bestStep}
		if f.logLoss < fits[best].logLoss {
			best = i
		}
	}
	rows[best].Chosen = true
	return rows, best, nil
}

// members trains the averaged networks with the chosen setting.
func (s *experiment) members(ctx context.Context, backend compute.Backend, k Key, t Trial) (*Matcher, *Scores, error) {
	var tasks []task
	dim := 0
	for i := range s.folds {
		tasks = append(tasks, s.task(&s.folds[i], t, k.Model, i))
		dim = max(dim, s.folds[i].enc.Dim)
	}
	a := arch{k.Predictor, k.Model, len(tasks), dim, s.Width}
	fits, err := fit(ctx, backend, s.Config, a, tasks, s.labels, s.derive("members", 0))
	if err != nil {
		return nil, nil, err
	}
	m := &Matcher{Key: k, Trial: t, Dim: dim}
	scores := &Scores{Key: k, Valid: make([]float64, len(s.data.Valid))}
	var views []*view
	for i, f := range fits {
		m.Members = append(m.Members, newMember(a, f, tasks[i].moments, i))
		views = append(views, s.folds[i].view)
		for j, q := range s.folds[i].valid {
			if q >= len(s.data.Train) {
				scores.Valid[q-len(s.data.Train)] = sigmoid(f.valid[j])
			}
		}
	}
	test := make([]int, len(s.data.Test))
	for i := range test {
		test[i] = s.labelled + i
	}
	n, err := m.network(backend, s.Width)
	if err != nil {
		return nil, nil, err
	}
	defer n.close()
	scores.Test, err = m.score(ctx, n, views, s.encoders, test)
	return m, scores, err
}
