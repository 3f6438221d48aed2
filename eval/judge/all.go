package judge

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// All decides the contests, in their order, with at most the given number at a time. The first error stops the rest and
// comes back; an [LLM] with a cache then has kept what was answered so far, and a second call asks only for the rest.
func All(ctx context.Context, j Judge, contests []Contest, workers int) ([]Judgement, error) {
	if workers < 1 {
		return nil, errors.New("judge: workers must be at least 1")
	}
	out := make([]Judgement, len(contests))
	g, running := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i, c := range contests {
		g.Go(func() error {
			err := running.Err()
			if err == nil {
				out[i], err = j.Judge(running, c)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}
