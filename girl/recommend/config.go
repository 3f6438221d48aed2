// Package recommend is the matcher of GIRL (stage 4): it predicts whether a CV and a job description (JD) match, from the
// CV, the JD and the JDs that a generator wrote for the CV.
//
// Texts are encoded by TF-IDF and truncated SVD. Two predictors work on the encodings, MLP on their concatenation and Dot
// between a CV-side and a JD-side vector; each is trained as Base (no generated JDs), as GIRL-SFT and as GIRL, with the
// same random search and the same budget. Baselines beside them count, compare or regress on TF-IDF. Run does all of it;
// Model saves, loads and scores new pairs.
package recommend

import (
	"fmt"
	"reflect"
	"strconv"
)

// Config sizes the encoder, the networks and the search. All values are ours, chosen by validation.
type Config struct {
	MinDF         int     `default:"20" min:"1" max:"1000000" doc:"texts that must contain a term for it to be kept; see min_df_share for small collections (ours)"`
	MinDFShare    float64 `default:"0.02" min:"0" max:"1" doc:"share of the texts that is enough where it is fewer than min_df texts (but never fewer than two) (ours)"`
	MaxDFShare    float64 `default:"0.5" min:"0.01" max:"1" doc:"share of the texts above which a term is dropped as a stop word (ours)"`
	MaxTerms      int     `default:"20000" min:"10" max:"10000000" doc:"terms kept at most, the most frequent ones first (ours)"`
	LogTF         bool    `default:"false" doc:"weigh a term by 1+ln(count) in place of its count (ours)"`
	Dim           int     `default:"192" min:"2" max:"4096" doc:"width of the encodings (SVD components), fewer where the texts do not span so many (ours)"`
	Width         int     `default:"64" min:"1" max:"4096" doc:"hidden units of the MLP, and width of Dot's two vectors (ours)"`
	Members       int     `default:"5" min:"1" max:"50" doc:"networks a matcher averages, each early-stopped on its own fold of the training and validation CVs; 1 for one network stopped on the validation split (ours)"`
	Trials        int     `default:"6" min:"1" max:"1000" doc:"hyper-parameter settings tried for each matcher, the same ones for all (ours)"`
	BatchPairs    int     `default:"256" min:"2" max:"65536" doc:"pairs in a training step (ours)"`
	MaxSteps      int     `default:"400" min:"1" max:"1000000" doc:"training steps at most (ours)"`
	EvalEvery     int     `default:"20" min:"1" max:"1000000" doc:"steps between validations (ours)"`
	Patience      int     `default:"8" min:"1" max:"1000000" doc:"validations without a better LogLoss after which training stops (ours)"`
	DropGenerated float64 `default:"0.25" min:"0" max:"0.95" doc:"share of training pairs whose generated JDs are hidden at a step, so that the matcher also works without them (ours)"`
	PriorStrength float64 `default:"2" min:"0" max:"1000" doc:"pseudo-pairs with the overall rate behind the id priors (ours)"`
}

// DefaultConfig returns the defaults of the field tags.
func DefaultConfig() Config {
	var c Config
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		text, f := v.Type().Field(i).Tag.Get("default"), v.Field(i)
		switch f.Kind() {
		case reflect.Int:
			n, _ := strconv.Atoi(text)
			f.SetInt(int64(n))
		case reflect.Float64:
			x, _ := strconv.ParseFloat(text, 64)
			f.SetFloat(x)
		case reflect.Bool:
			f.SetBool(text == "true")
		}
	}
	return c
}

// Validate reports a value outside the range of its field's tags.
func (c Config) Validate() error {
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		var x float64
		switch f := v.Field(i); f.Kind() {
		case reflect.Int:
			x = float64(f.Int())
		case reflect.Float64:
			x = f.Float()
		default:
			continue
		}
		lo, _ := strconv.ParseFloat(field.Tag.Get("min"), 64)
		hi, _ := strconv.ParseFloat(field.Tag.Get("max"), 64)
		if !(x >= lo && x <= hi) {
			return fmt.Errorf("recommend: %s is %v, which is not between %v and %v", field.Name, x, lo, hi)
		}
	}
	return nil
}
