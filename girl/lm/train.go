package lm

import (
	"fmt"
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// AdamConfig are the optimizer's constants (Kingma and Ba 2015), the learning rate apart, which each step is given.
type AdamConfig struct {
	Beta1, Beta2 float64
	Eps          float64 // added outside the square root
	WeightDecay  float64 // decoupled (Loshchilov and Hutter 2019), times the learning rate
	ClipNorm     float64 // gradients are scaled down to this global L2 norm; 0 never
}

// LossFn builds a scalar loss and any scalar metrics from a batch inside a graph.
type LossFn func(args []*Node) (loss *Node, metrics []*Node)

// Trainer updates one model's weights by Adam on a loss.
type Trainer struct {
	w    *Weights
	exec *model.Exec
	rate *model.Variable
}

// StepResult is what one update reports.
type StepResult struct {
	Loss     float64
	GradNorm float64 // global L2 norm before clipping
	Metrics  []float64
}

// NewTrainer compiles lazily: one graph for each shape of batch it is given. Adam starts afresh: moments and step count that an
// earlier trainer left beside the weights are dropped, and that trainer is not to be used any more.
func NewTrainer(backend compute.Backend, w *Weights, c AdamConfig, loss LossFn) (*Trainer, error) {
	root := w.Store.RootScope()
	adam, ok := optimizer.Adam().LearningRate(1).Betas(c.Beta1, c.Beta2).Epsilon(c.Eps).WeightDecay(c.WeightDecay).Done().(interface {
		Clear(scope *model.Scope) error
		UpdateGraphWithGradients(scope *model.Scope, grads []*Node, lossDType dtypes.DType)
	})
	if !ok {
		return nil, fmt.Errorf("lm: this version of GoMLX's Adam does not take gradients")
	}
	if err := adam.Clear(root); err != nil {
		return nil, fmt.Errorf("lm: trainer: %w", err)
	}
	t := &Trainer{w: w, rate: optimizer.LearningRateVarWithValue(root, dtypes.Float32, 0)}
	exec, err := model.NewExec(backend, w.Store, func(scope *model.Scope, args []*Node) []*Node {
		value, metrics := loss(args)
		value.AssertScalar()
		grads := scope.BuildTrainableVariablesGradientsGraph(value)
		norm := globalNorm(grads)
		if c.ClipNorm > 0 {
			scale := Div(Scalar(value.Graph(), dtypes.Float32, c.ClipNorm), MaxScalar(norm, c.ClipNorm))
			for i := range grads {
				grads[i] = Mul(grads[i], scale)
			}
		}
		adam.UpdateGraphWithGradients(scope, grads, value.DType())
		return append([]*Node{value, norm}, metrics...)
	})
	if err != nil {
		return nil, fmt.Errorf("lm: trainer: %w", err)
	}
	t.exec = exec.SetMaxCache(-1)
	return t, nil
}

// globalNorm is √Σg² over all gradients.
func globalNorm(grads []*Node) *Node {
	sum := ReduceAllSum(Square(grads[0]))
	for _, g := range grads[1:] {
		sum = Add(sum, ReduceAllSum(Square(g)))
	}
	return Sqrt(sum)
}

// Step makes one update at the given learning rate. A loss or gradient that is not finite is an error that names it;
// the weights are then not to be used, and callers fall back on their last good ones.
func (t *Trainer) Step(learningRate float64, args ...any) (StepResult, error) {
	if err := t.rate.SetValue(tensors.FromScalar(float32(learningRate))); err != nil {
		return StepResult{}, fmt.Errorf("lm: learning rate: %w", err)
	}
	outs, err := t.exec.Call(args...)
	if err != nil {
		return StepResult{}, fmt.Errorf("lm: training step: %w", err)
	}
	defer finalize(outs)
	values := make([]float64, len(outs))
	for i, o := range outs {
		values[i] = float64(tensors.ToScalar[float32](o))
	}
	r := StepResult{Loss: values[0], GradNorm: values[1], Metrics: values[2:]}
	if !isFinite(r.Loss) || !isFinite(r.GradNorm) {
		return r, &NonFiniteError{Loss: r.Loss, GradNorm: r.GradNorm}
	}
	return r, nil
}

// NonFiniteError says that training has diverged: by the loss and the gradient of a step, or by another metric where that has a name.
type NonFiniteError struct {
	Loss, GradNorm float64

	Metric string
	Value  float64
}

func (e *NonFiniteError) Error() string {
	if e.Metric != "" {
		return fmt.Sprintf("training diverged: %s %g; the usual causes are too high a learning rate and bad input", e.Metric, e.Value)
	}
	return fmt.Sprintf("training diverged: loss %g, gradient norm %g; the usual causes are too high a learning rate and bad input", e.Loss, e.GradNorm)
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
