package recommend

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

// fold is one division of the training and validation pairs, with the encoder fitted on its training side.
type fold struct {
	enc          *Encoder
	view         *view
	train, valid []int // query numbers
}

// experiment is the state of one Run.
type experiment struct {
	Config
	seed       uint64
	data       *Data
	corpus     *corpus
	queries    []Query // training, validation, test
	labels     []int   // of the training and validation pairs
	labelled   int     // how many those are
	tuning     fold    // the given split
	folds      []fold  // one a member
	encoders   []*Encoder
	vectorizer *Vectorizer // of all labelled texts, for the baselines
}

func newExperiment(c Config, seed uint64, data *Data) *experiment {
	s := &experiment{Config: c, seed: seed, data: data, corpus: newCorpus()}
	for _, part := range [][]Pair{data.Train, data.Valid, data.Test} {
		for _, p := range part {
			s.queries = append(s.queries, data.query(p))
		}
	}
	s.labelled = len(data.Train) + len(data.Valid)
	for _, p := range slices.Concat(data.Train, data.Valid) {
		s.labels = append(s.labels, p.Label)
	}
	return s
}

// derive gives a seed of its own to each purpose.
func (s *experiment) derive(purpose string, n int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s/%d", s.seed, purpose, n)
	return h.Sum64()
}

// encode divides the pairs into folds and fits an encoder for each.
func (s *experiment) encode(ctx context.Context) error {
	for i := range s.labelled {
		if i < len(s.data.Train) {
			s.tuning.train = append(s.tuning.train, i)
		} else {
			s.tuning.valid = append(s.tuning.valid, i)
		}
	}
	if err := s.prepare(&s.tuning, 0); err != nil {
		return err
	}
	if s.Members == 1 {
		s.folds = []fold{s.tuning}
	} else {
		s.folds = s.divide()
	}
	for i := range s.folds {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.folds[i].enc == nil {
			if err := s.prepare(&s.folds[i], i+1); err != nil {
				return err
			}
		}
		s.encoders = append(s.encoders, s.folds[i].enc)
	}
	all := make([]int, s.labelled)
	for i := range all {
		all[i] = i
	}
	var err error
	s.vectorizer, err = fitVectorizer(s.Config, s.corpus, s.texts(all))
	return err
}

// prepare fits a fold's encoder on the texts of its training side and encodes all queries.
func (s *experiment) prepare(f *fold, number int) (err error) {
	if f.enc, err = fitEncoder(s.Config, s.corpus, s.texts(f.train), s.derive("encoder", number)); err != nil {
		return err
	}
	f.view = newViewer(f.enc, s.corpus).view(s.queries, s.data.models()[1:])
	return nil
}

// texts are the distinct CVs and JDs of the listed queries, in byte order.
func (s *experiment) texts(list []int) []string {
	set := make(map[string]bool)
	for _, q := range list {
		set[s.queries[q].CV], set[s.queries[q].JD] = true, true
	}
	return sortedKeys(set)
}

// divide deals the groups of CVs into folds, each group in random order to the fold with the fewest pairs.
func (s *experiment) divide() []fold {
	byGroup := make(map[string][]int)
	for i := range s.labelled {
		g := s.data.group(s.queries[i].CVID)
		byGroup[g] = append(byGroup[g], i)
	}
	groups := sortedKeys(byGroup)
	rng := rand.New(rand.NewPCG(s.derive("folds", 0), 1))
	rng.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	folds := make([]fold, min(s.Members, len(groups)))
	if len(folds) == 1 {
		return []fold{s.tuning}
	}
	held := make([]int, s.labelled)
	for _, g := range groups {
		least := 0
		for k := range folds {
			if len(folds[k].valid) < len(folds[least].valid) {
				least = k
			}
		}
		folds[least].valid = append(folds[least].valid, byGroup[g]...)
		for _, i := range byGroup[g] {
			held[i] = least
		}
	}
	for k := range folds {
		slices.Sort(folds[k].valid)
		for i, h := range held {
			if h != k {
				folds[k].train = append(folds[k].train, i)
			}
		}
	}
	return folds
}
