package recommend

import (
	"context"
	"testing"
	"time"
)

// Patience counts from the last improvement: training that still improves goes on to its last step, however long that takes, and
// training that does not any more ends.
func TestPatienceCountsFromTheLastImprovement(t *testing.T) {
	d := plantedData(30, 10, 3, 1, noGenerated)
	c := smallConfig()
	c.EvalEvery, c.Patience, c.MaxSteps = 2, 3, 40
	s := newExperiment(c, 1, &d)
	if err := s.encode(context.Background()); err != nil {
		t.Fatal(err)
	}
	f := s.tuning
	f.valid = f.train[:16]
	f.train = f.valid
	train := func(c Config, labels []int, rate float64) (fitted, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		fits, err := fit(ctx, newBackend(t), c, arch{MLPPredictor, Base, 1, f.enc.Dim, 8}, []task{s.task(&f, Trial{LearningRate: rate}, Base, 0)}, labels, 1)
		if err != nil {
			return fitted{}, err
		}
		return fits[0], nil
	}
	// Learning its own validation pairs by heart, slowly, improves at every evaluation.
	got, err := train(c, s.labels, 0.002)
	if err != nil {
		t.Fatal(err)
	}
	if got.bestStep != c.MaxSteps {
		t.Errorf("the best step is %d of %d although every evaluation is better than the one before", got.bestStep, c.MaxSteps)
	}
	// With steps that leap about, nothing improves for long; without patience this would take hours.
	c.MaxSteps = 1_000_000_000
	if got, err = train(c, s.labels, 3); err != nil {
		t.Errorf("training without progress: %v", err)
	} else if got.bestStep > 10_000 {
		t.Errorf("training without progress found its best step at %d", got.bestStep)
	}
}
