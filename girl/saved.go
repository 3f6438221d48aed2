package girl

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gomlx/compute"

	"genjobrec/datasets"
	"genjobrec/datasets/market"
	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
	"genjobrec/girl/sft"
	"genjobrec/girl/tokenizer"
	"genjobrec/results"
	"genjobrec/results/wholefile"
)

// savedRun is a finished run that is used again.
type savedRun struct {
	dir      string
	manifest manifest
	cfg      *Config
	backend  compute.Backend
}

// openRun reads a run's manifest and resolves the config it was made with.
func openRun(dir string) (*savedRun, error) {
	m, settings, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	s := &savedRun{dir: dir, manifest: m}
	if s.cfg, err = NewConfig("default", settings); err != nil {
		return nil, fmt.Errorf("%s: %w; the run was made by another version of this program", filepath.Join(dir, ManifestFile), err)
	}
	s.backend, err = newBackend()
	return s, err
}

// savedSeed holds the models of one seed of a finished run.
type savedSeed struct {
	seed       int
	dir        string
	template   *sft.Template
	writers    map[string]*lm.Weights // by model name
	reward     *lm.Weights
	normalizer reward.Normalizer
}

func (s *savedRun) openSeed(seed int) (*savedSeed, error) {
	dir := filepath.Join(s.dir, fmt.Sprintf("seed-%d", seed))
	out := &savedSeed{seed: seed, dir: dir, writers: map[string]*lm.Weights{}}
	tok, err := tokenizer.Load(filepath.Join(dir, tokenizerFile))
	if err != nil {
		return nil, err
	}
	if out.template, err = sft.NewTemplate(tok, s.cfg.Model.MaxPrompt, s.cfg.Model.MaxResponse); err != nil {
		return nil, err
	}
	want := s.cfg.Model.decoder(tok.VocabSize())
	load := func(file string) (*lm.Weights, error) {
		w, err := lm.LoadWeights(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		if w.Config != want {
			return nil, fmt.Errorf("%s was made with another config than %s says: %s", filepath.Join(dir, file), ManifestFile, differences(w.Config, want))
		}
		return w, nil
	}
	for model, file := range map[string]string{modelSFT: sftFile, modelGIRL: girlFile} {
		if out.writers[model], err = load(file); err != nil {
			return nil, err
		}
	}
	var report RewardReport
	if err := readJSON(filepath.Join(dir, rewardHistory), &report); err != nil {
		return nil, err
	}
	out.normalizer = report.Normalizer
	out.reward, err = load(rewardFile)
	return out, err
}

// differences lists the fields in which two architectures differ.
func differences(got, want lm.Config) string {
	var out []string
	a, b := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range a.NumField() {
		if x, y := a.Field(i).Interface(), b.Field(i).Interface(); x != y {
			out = append(out, fmt.Sprintf("%s is %v instead of %v", snake(a.Type().Field(i).Name), x, y))
		}
	}
	return strings.Join(out, ", ")
}

// write writes JDs for CVs with both writers; the numbers drawn depend on drawSeed.
func (s *savedRun) write(ctx context.Context, m *savedSeed, cvs []datasets.CV, c GenerateConfig, drawSeed int, progress lm.Progress) ([]results.GeneratedRow, error) {
	var writers []*jdWriter
	for _, model := range []string{modelSFT, modelGIRL} {
		j, err := newJDWriter(s.backend, m.template, m.writers[model], m.reward, m.normalizer, s.cfg.PPO.EOSPenalty, model, drawSeed, c)
		if err != nil {
			return nil, err
		}
		writers = append(writers, j)
	}
	return writeAll(ctx, cvs, progress, writers...)
}

// MaxSamples is the most JDs that one call writes for a CV with one writer.
const MaxSamples = 1024

// Generate writes k JDs for one CV with both writers of the run's first seed and prints them, best reward first. k = 0 means
// as many as the run wrote.
func Generate(ctx context.Context, runDir, name, cv string, k, seed int, out io.Writer) error {
	if !utf8.ValidString(cv) {
		return fmt.Errorf("%s is not UTF-8 text", name)
	}
	if strings.TrimSpace(cv) == "" {
		return fmt.Errorf("%s is empty", name)
	}
	s, err := openRun(runDir)
	if err != nil {
		return err
	}
	defer s.backend.Finalize()
	m, err := s.openSeed(s.manifest.Seeds[0])
	if err != nil {
		return err
	}
	c := s.cfg.Generate
	if k > 0 {
		c.Samples = k
	}
	c.BatchRows = c.Samples
	rows, err := s.write(ctx, m, []datasets.CV{{ID: "cv", Text: cv}}, c, seed, nil)
	if err != nil {
		return err
	}
	for _, model := range []string{modelSFT, modelGIRL} {
		var own []results.GeneratedRow
		for _, r := range rows {
			if r.Model == model {
				own = append(own, r)
			}
		}
		slices.SortStableFunc(own, func(a, b results.GeneratedRow) int { return cmp.Compare(b.Reward, a.Reward) })
		fmt.Fprintf(out, "%s\n", model)
		for i, r := range own {
			fmt.Fprintf(out, "  %d. reward %+.2f, %d tokens\n     %s\n", i+1, r.Reward, r.Tokens, strings.ReplaceAll(printable(r.Text), "\n", "\n     "))
		}
	}
	return nil
}

// printable replaces control characters, with which a text could command a terminal. Line ends and tabs stay.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// WriteMarket draws the synthetic labour market and writes it as a dataset with its oracle.
func WriteMarket(seed, cvs, pairsPerCV, unlabelled int, dir string, out io.Writer) error {
	if seed < 0 {
		return fmt.Errorf("-seed %d is negative", seed)
	}
	m, err := market.New(market.Params{Seed: uint64(seed), CVs: cvs, PairsPerCV: pairsPerCV, Unlabelled: unlabelled})
	if err != nil {
		return err
	}
	ds := m.Dataset()
	if err := datasets.Write(dir, ds); err != nil {
		return err
	}
	if err := m.Save(dir); err != nil {
		return err
	}
	for _, st := range datasets.Describe(ds, nil) {
		fmt.Fprintln(out, st)
	}
	ceiling, err := m.Ceiling(ds.Pairs)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Bayes ceiling on all pairs: AUC %.4f, LogLoss %.4f\n", ceiling.ExpectedAUC, ceiling.ExpectedLogLoss)
	return nil
}

// writeSplits leaves splits.csv: where every CV went.
func (r *run) writeSplits() error {
	var b strings.Builder
	b.WriteString("cv_id,split,generator,group\n")
	a := r.data.Assignment
	ids := make([]string, 0, len(a.Split))
	for id := range a.Split {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(&b, "%s,%s,%t,%d\n", csvField(id), a.Split[id], a.Generator[id], a.Group[id])
	}
	return wholefile.WriteBytes(filepath.Join(r.dir, "splits.csv"), []byte(b.String()))
}

// csvField quotes a field where RFC 4180 asks for it.
func csvField(s string) string {
	if strings.ContainsAny(s, ",\"\r\n") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}
