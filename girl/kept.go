package girl

import (
	"fmt"
	"path/filepath"
	"strings"

	"genjobrec/results"
)

// girlKeptStart says in which of the run's seeds PPO kept its start, so that GIRL writes what GIRL-SFT writes; empty where in none.
// Whoever shows numbers of GIRL shows it, too.
func (r *run) girlKeptStart() (string, error) {
	reports, err := r.ppoReports()
	return keptStart(r.opts.Seeds, reports, modelGIRL, modelSFT), err
}

// ppoReports reads the PPO reports of GIRL, one a seed.
func (r *run) ppoReports() ([]PPOReport, error) {
	out := make([]PPOReport, len(r.opts.Seeds))
	for i, seed := range r.opts.Seeds {
		if err := readJSON(filepath.Join(r.seedDir(seed), ppoHistory), &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// keptStart is such as "in 1 of 5 seeds (2) PPO's best round was its start: GIRL is GIRL-SFT there".
func keptStart(seeds []int, reports []PPOReport, writer, start string) string {
	var kept []string
	for i, p := range reports {
		if p.Best.Iteration == 0 {
			kept = append(kept, fmt.Sprint(seeds[i]))
		}
	}
	switch {
	case len(kept) == 0:
		return ""
	case len(reports) == 1:
		return fmt.Sprintf("PPO's best round was its start: %s is %s in this run", writer, start)
	}
	return fmt.Sprintf("in %d of %s (%s) PPO's best round was its start: %s is %s there", len(kept), results.SeedCount(len(reports)), strings.Join(kept, ", "), writer, start)
}

// bestRounds lists PPO's best round of each seed, "20, 0 (its start), 15".
func bestRounds(reports []PPOReport) string {
	list := make([]string, len(reports))
	for i, p := range reports {
		list[i] = fmt.Sprint(p.Best.Iteration)
		if p.Best.Iteration == 0 {
			list[i] += " (its start)"
		}
	}
	return strings.Join(list, ", ")
}

// seedNumbers lists the seeds that a study looks at, "1, 2".
func (r *run) seedNumbers() string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(r.opts.Seeds), "[]"), " ", ", ")
}

// seedWords says how many seeds a study looks at: "5 seeds", or "2 of the run's 5 seeds".
func (r *run) seedWords() string {
	if n := len(r.opts.Seeds); n < r.of {
		return fmt.Sprintf("%d of the run's %s", n, results.SeedCount(r.of))
	}
	return results.SeedCount(len(r.opts.Seeds))
}

// fewerSeeds is a finding for studies that look at fewer seeds than the run has; else there is none.
func (r *run) fewerSeeds() []string {
	if len(r.opts.Seeds) < r.of {
		return []string{"This study looks at " + r.seedWords() + "."}
	}
	return nil
}

// on names the dataset in a title, and the seeds where a study looks at fewer than the run has.
func (r *run) on() string {
	if len(r.opts.Seeds) < r.of {
		return r.data.Name + " (" + r.seedWords() + ")"
	}
	return r.data.Name
}
