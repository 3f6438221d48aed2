package recommend

import (
	"encoding/csv"
	"io"
	"math/rand/v2"
	"strconv"
)

// Trial is one setting of the hyper-parameters.
type Trial struct {
	LearningRate float64 // of AdamW
	WeightDecay  float64 // of AdamW's matrices, times the learning rate
	Dropout      float64 // probability, on encodings and hidden units
	Noise        float64 // standard deviation of Gaussian noise on the sharpened encodings, whose mean square is 1
	Sharpen      float64 // power of a component's spread that multiplies it; 0 leaves the encodings alone
}

// The grid that trials are drawn from.
var (
	rates    = []float64{0.002, 0.004, 0.008}
	decays   = []float64{0.01, 0.1, 0.3}
	dropouts = []float64{0.1, 0.2, 0.3}
	noises   = []float64{0, 0.15, 0.3}
	sharpens = []float64{1.5, 2, 2.5}
)

// drawTrials gives n settings: the middle of the grid, then random ones without repetition as long as there are any.
func drawTrials(n int, seed uint64) []Trial {
	rng := rand.New(rand.NewPCG(seed, 0x2545f4914f6cdd1d))
	pick := func(xs []float64) float64 { return xs[rng.IntN(len(xs))] }
	out := []Trial{{0.004, 0.1, 0.2, 0.15, 2}}
	seen := map[Trial]bool{out[0]: true}
	for tries := 0; len(out) < n; tries++ {
		t := Trial{pick(rates), pick(decays), pick(dropouts), pick(noises), pick(sharpens)}
		if !seen[t] || tries > 100*n {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// TuningRow is the outcome of one trial.
type TuningRow struct {
	Key
	Number int // of the trial, from 1
	Trial
	ValidLogLoss float64 // at its best
	BestStep     int
	Chosen       bool
}

// WriteTuning writes the trials as CSV, so that a reader sees that all matchers were searched alike.
func WriteTuning(w io.Writer, rows []TuningRow) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"model", "predictor", "trial", "learning_rate", "weight_decay", "dropout", "noise", "sharpen", "valid_logloss", "best_step", "chosen"})
	f := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for _, r := range rows {
		_ = out.Write([]string{r.Model, r.Predictor, strconv.Itoa(r.Number), f(r.LearningRate), f(r.WeightDecay), f(r.Dropout), f(r.Noise), f(r.Sharpen),
			f(r.ValidLogLoss), strconv.Itoa(r.BestStep), strconv.FormatBool(r.Chosen)})
	}
	out.Flush()
	return out.Error()
}
