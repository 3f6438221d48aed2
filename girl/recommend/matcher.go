package recommend

import (
	"context"
	"errors"
	"slices"

	"github.com/gomlx/compute"
)

// Matcher is one trained matcher.
type Matcher struct {
	Key
	Trial   Trial // the chosen hyper-parameters
	Dim     int   // largest width of its members' encodings
	Members []Member
}

// Member is one network of a matcher.
type Member struct {
	Encoder  int // number of its encoder in the model
	Moments  Moments
	LogLoss  float64 // on its fold
	BestStep int
	Weights  []Weight // in the order of the architecture
}

// Weight is a named tensor's values, row by row.
type Weight struct {
	Name   string
	Values []float32
}

func newMember(a arch, f fitted, mo Moments, encoder int) Member {
	m := Member{Encoder: encoder, Moments: mo, LogLoss: f.logLoss, BestStep: f.bestStep}
	for _, w := range a.weights() {
		m.Weights = append(m.Weights, Weight{w.name, f.weights[w.name]})
	}
	return m
}

// network makes the members ready for scoring, as newNetwork does; it must be closed.
func (m *Matcher) network(backend compute.Backend, width int) (*network, error) {
	if len(m.Members) == 0 {
		return nil, errors.New("recommend: a matcher without members")
	}
	var weights []map[string][]float32
	for _, member := range m.Members {
		byName := make(map[string][]float32)
		for _, w := range member.Weights {
			byName[w.Name] = w.Values
		}
		weights = append(weights, byName)
	}
	return newNetwork(backend, arch{m.Predictor, m.Model, len(m.Members), m.Dim, width}, weights, nil)
}

// score averages the members' probabilities for the listed queries; views and encoders are by encoder number.
func (m *Matcher) score(ctx context.Context, n *network, views []*view, encoders []*Encoder, list []int) ([]float64, error) {
	var tasks []task
	for _, member := range m.Members {
		tasks = append(tasks, task{view: views[member.Encoder], moments: member.Moments, sharpening: encoders[member.Encoder].sharpening(m.Trial.Sharpen)})
	}
	out := make([]float64, len(list))
	for start := 0; start < len(list); start += evalPairs { // batch by batch: there may be more pairs than memory holds at once
		part := list[start:min(len(list), start+evalPairs)]
		prepared, err := n.prepare(ctx, tasks, slices.Repeat([][]int{part}, len(tasks)))
		if err != nil {
			return nil, err
		}
		logits, err := n.score(ctx, prepared)
		prepared.close()
		if err != nil {
			return nil, err
		}
		for i := range part {
			for k := range logits {
				out[start+i] += sigmoid(logits[k][i]) / float64(len(logits))
			}
		}
	}
	return out, nil
}
