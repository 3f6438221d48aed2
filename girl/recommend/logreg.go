package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// LinearModel is a logistic regression: p = σ(⟨w, x⟩ + b).
type LinearModel struct {
	Weights []float64
	Bias    float64
}

// predict is the probability for a row.
func (m LinearModel) predict(x sparse) float64 {
	sum := m.Bias
	for k, col := range x.index {
		sum += m.Weights[col] * x.value[k]
	}
	return sigmoid(sum)
}

func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// linearLoss is C·Σ(max(l,0) - l·y + ln(1+e^-|l|)) + ½|w|² with l = ⟨w, x⟩ + b, and its gradient where grad is not nil.
// theta is w and then b, which is not penalised.
func linearLoss(theta []float64, rows []sparse, labels []int, c float64, grad []float64) float64 {
	last := len(theta) - 1
	var loss float64
	for j, w := range theta[:last] {
		loss += w * w / 2
		if grad != nil {
			grad[j] = w
		}
	}
	if grad != nil {
		grad[last] = 0
	}
	for i, r := range rows {
		l, y := theta[last], float64(labels[i])
		for k, col := range r.index {
			l += theta[col] * r.value[k]
		}
		loss += c * (max(l, 0) - l*y + math.Log1p(math.Exp(-math.Abs(l))))
		if grad == nil {
			continue
		}
		slope := c * (sigmoid(l) - y)
		grad[last] += slope
		for k, col := range r.index {
			grad[col] += slope * r.value[k]
		}
	}
	return loss
}

// fitLinear minimises linearLoss by L-BFGS from start, which may be nil.
func fitLinear(ctx context.Context, rows []sparse, labels []int, columns int, c float64, start *LinearModel) (LinearModel, error) {
	x := make([]float64, columns+1)
	if start != nil {
		copy(x, start.Weights)
		x[columns] = start.Bias
	}
	// The optimizer asks for value and gradient one after the other: both come of one pass over the rows.
	at, slope, value := make([]float64, columns+1), make([]float64, columns+1), math.NaN()
	evaluate := func(x []float64) {
		if math.IsNaN(value) || !slices.Equal(x, at) {
			copy(at, x)
			value = linearLoss(x, rows, labels, c, slope)
		}
	}
	p := optimize.Problem{
		Func: func(x []float64) float64 {
			evaluate(x)
			return value
		},
		Grad: func(grad, x []float64) {
			evaluate(x)
			copy(grad, slope)
		},
		Status: func() (optimize.Status, error) {
			if err := ctx.Err(); err != nil {
				return optimize.Failure, err
			}
			return optimize.NotTerminated, nil
		},
	}
	settings := &optimize.Settings{GradientThreshold: 1e-3 * max(1, c), MajorIterations: 200,
		Converger: &optimize.FunctionConverge{Relative: 1e-6, Iterations: 5}}
	result, err := optimize.Minimize(p, x, settings, &optimize.LBFGS{Store: 8})
	if ctx.Err() != nil {
		return LinearModel{}, ctx.Err()
	}
	if result == nil {
		return LinearModel{}, fmt.Errorf("recommend: logistic regression: %w", err)
	}
	// A line search that can go no lower ends with an error; the point it ends at is the minimum to rounding.
	if math.IsNaN(result.F) || math.IsInf(result.F, 0) {
		return LinearModel{}, errors.New("recommend: logistic regression diverged")
	}
	return LinearModel{Weights: result.X[:columns:columns], Bias: result.X[columns]}, nil
}
