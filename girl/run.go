package girl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // the pure-Go backend, the embedded default
	"golang.org/x/sync/errgroup"

	"genjobrec/datasets"
	"genjobrec/datasets/market"
)

// Options say what to run on what.
type Options struct {
	Data     string // "market" or a folder of Parquet tables
	Test     string // optional folder of test pairs
	CVs      string // optional file of unlabelled CVs
	Profile  string // smoke, default or paper
	Set      []string
	Seeds    []int
	Out      string
	Reporter *Reporter

	CheckpointEvery time.Duration // between two checkpoints inside a stage; 0: 20 seconds

	PageTexts bool // show CVs and JDs on the run's page also where they are not of the synthetic market

	dataKey string // of a run that is taken up again: other data are an error
}

// run is the state that all seeds share.
type run struct {
	ctx     context.Context
	cfg     *Config
	opts    Options
	of      int // seeds of the run; a study may look at fewer, see limitSeeds
	dir     string
	backend compute.Backend
	report  *Reporter
	data    *Data
	dataKey string
	inputs  map[string]string
	lock    *folderLock
	started time.Time
	rev     string // of the program, asked for at the start: the checkout may move on while a run goes

	mu       sync.Mutex // guards what follows
	stages   []manifestStage
	executed int // stages that were not there already
}

// Run does the whole experiment and leaves tables, scores.parquet, generated.parquet, results.csv, figures, index.html and
// manifest.json in opts.Out. Stages whose outputs are already there are not run again.
func Run(ctx context.Context, opts Options) error {
	r, err := prepare(ctx, opts)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.trainSeeds(); err != nil {
		return r.interrupted(err)
	}
	if err := r.evaluate(); err != nil {
		return r.interrupted(err)
	}
	return r.writeManifest()
}

// trainSeeds runs every seed's stages.
func (r *run) trainSeeds() error { return r.eachSeed((*seedRun).match) }

// eachSeed runs the stages up to the writers and then the given ones for every seed. A stage of these small models leaves half of
// two cores idle, so as many stages run at once as there are cores, each of another seed; what a seed computes does not
// depend on its company.
func (r *run) eachSeed(stages ...func(*seedRun) error) error {
	return r.seedsSideBySide(runtime.GOMAXPROCS(0), stages...)
}

// seedsSideBySide is eachSeed with at most n stages at a time.
func (r *run) seedsSideBySide(n int, stages ...func(*seedRun) error) error {
	slots := make(chan struct{}, n)
	whole := r.ctx
	defer func() { r.ctx = whole }()
	group, ctx := errgroup.WithContext(whole) // one seed's failure stops the others
	r.ctx = ctx
	all := append([]func(*seedRun) error{(*seedRun).trainTokenizer, (*seedRun).fineTune, (*seedRun).modelReward, (*seedRun).align, (*seedRun).generate}, stages...)
	for _, seed := range r.opts.Seeds {
		group.Go(func() error {
			s := &seedRun{run: r, seed: seed, path: r.seedDir(seed), keys: map[string]string{}}
			for _, stage := range all {
				select {
				case slots <- struct{}{}:
				case <-ctx.Done():
					return ctx.Err()
				}
				err := stage(s)
				<-slots
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// interrupted leaves a manifest of what is finished, also when the run is not.
func (r *run) interrupted(err error) error {
	return errors.Join(err, r.writeManifest())
}

// prepare checks the options, loads the data and takes the folder for this process alone. The run must be closed.
func prepare(ctx context.Context, opts Options) (*run, error) {
	cfg, err := NewConfig(opts.Profile, opts.Set)
	if err != nil {
		return nil, err
	}
	if len(opts.Seeds) == 0 {
		return nil, fmt.Errorf("at least one seed is needed")
	}
	seen := map[int]bool{}
	for _, s := range opts.Seeds {
		if seen[s] || s < 0 {
			return nil, fmt.Errorf("seed %d is negative or given twice", s)
		}
		seen[s] = true
	}
	if opts.Out == "" {
		return nil, fmt.Errorf("no output folder given")
	}
	r := &run{ctx: ctx, cfg: cfg, opts: opts, dir: opts.Out, report: opts.Reporter, started: time.Now(), rev: revision()}
	if r.report == nil {
		r.report = NewReporter(io.Discard)
	}
	if r.data, err = LoadData(ctx, cfg, opts.Data, opts.Test, opts.CVs); err != nil {
		return nil, err
	}
	if r.inputs, err = hashInputs(opts.Data, opts.Test, opts.CVs); err != nil {
		return nil, err
	}
	if r.dataKey, err = r.data.key(); err != nil {
		return nil, err
	}
	if opts.dataKey != "" && r.dataKey != opts.dataKey {
		return nil, fmt.Errorf("its data, %s, have changed since: give the run a new folder", opts.Data)
	}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return nil, err
	}
	if r.lock, err = lockFolder(r.dir); err != nil {
		return nil, err
	}
	if err := removeLeftovers(r.dir); err != nil {
		r.lock.release()
		return nil, err
	}
	if r.backend, err = newBackend(); err != nil {
		r.lock.release()
		return nil, err
	}
	for _, st := range datasets.Describe(r.data.Dataset, r.data.Assignment) {
		r.report.Linef("%s", st)
	}
	for _, n := range r.data.Assignment.Notes {
		r.report.Linef("note: %s", n)
	}
	if err := r.writeSplits(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// close gives the backend's memory and the folder back.
func (r *run) close() {
	r.backend.Finalize()
	r.lock.release()
}

// newBackend takes GOMLX_BACKEND if it is set, else the pure-Go backend with whole matrix products on all cores.
func newBackend() (compute.Backend, error) {
	config := os.Getenv("GOMLX_BACKEND")
	if config == "" {
		config = "go:ops_sequential"
	}
	b, err := compute.NewWithConfig(config)
	if err != nil {
		return nil, fmt.Errorf("backend %q: %w", config, err)
	}
	return b, nil
}

// key is a fingerprint of everything the data bring into a run: texts, pairs and their division.
func (d *Data) key() (string, error) {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, v := range []any{d.CVs, d.JDs, d.Pairs, d.Unlabelled, d.Assignment.Split, d.Assignment.Generator, d.Assignment.Group} {
		if err := enc.Encode(v); err != nil {
			return "", fmt.Errorf("hashing the data: %w", err)
		}
	}
	if d.Market != nil {
		if err := enc.Encode([]any{market.Version, d.Market.Params()}); err != nil {
			return "", fmt.Errorf("hashing the data: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
