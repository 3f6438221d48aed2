package recommend

import (
	"errors"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// truncatedSVD returns the d leading right singular vectors of the n×t matrix whose rows are given, as a t×d matrix, and
// its singular values. It is the randomized method of Halko, Martinsson and Tropp (2011) with power iterations:
//
//	Y = X·Ω, then repeatedly Q = orthonormal basis of Y, Y = X·(Xᵀ·Q);   B = Qᵀ·X,  B·Bᵀ = U·S²·Uᵀ,  V = Bᵀ·U·S⁻¹
//
// Components whose singular value vanishes against the first are dropped, so that fewer than d may come back. The sign
// of each component makes its largest entry positive.
func truncatedSVD(rows []sparse, t, d int, seed uint64) (*mat.Dense, []float64, error) {
	const oversample, iterations = 10, 4
	n := len(rows)
	l := min(d+oversample, n, t)
	if l == 0 {
		return nil, nil, errors.New("recommend: SVD of an empty matrix")
	}
	rng := rand.New(rand.NewPCG(seed, 0x5bd1e995))
	omega := mat.NewDense(t, l, nil)
	for i := range omega.RawMatrix().Data {
		omega.RawMatrix().Data[i] = rng.NormFloat64()
	}
	y := timesDense(rows, omega)
	q := mat.NewDense(n, l, nil)
	for i := 0; ; i++ {
		orthonormalize(q, y)
		if i == iterations {
			break
		}
		y = timesDense(rows, transposeTimes(rows, t, q))
	}
	bt := transposeTimes(rows, t, q) // Bᵀ = Xᵀ·Q: t×l
	gram := mat.NewSymDense(l, nil)
	gram.SymOuterK(1, bt.T())
	var eig mat.EigenSym
	if !eig.Factorize(gram, true) {
		return nil, nil, errors.New("recommend: SVD did not converge; the texts' vectors may hold values that are not finite")
	}
	values := eig.Values(nil) // ascending
	var vectors mat.Dense
	eig.VectorsTo(&vectors)
	keep := 0
	for keep < min(d, l) && values[l-1-keep] > 1e-10*values[l-1] && values[l-1-keep] > 0 {
		keep++
	}
	if keep == 0 {
		return nil, nil, errors.New("recommend: no text holds a known term")
	}
	u := mat.NewDense(l, keep, nil)
	sigma := make([]float64, keep)
	for j := range keep {
		sigma[j] = math.Sqrt(values[l-1-j])
		for i := range l {
			u.Set(i, j, vectors.At(i, l-1-j)/sigma[j])
		}
	}
	v := mat.NewDense(t, keep, nil)
	v.Mul(bt, u)
	for j := range keep {
		best := 0.0
		for i := range t {
			if x := v.At(i, j); math.Abs(x) > math.Abs(best) {
				best = x
			}
		}
		if best < 0 {
			for i := range t {
				v.Set(i, j, -v.At(i, j))
			}
		}
	}
	return v, sigma, nil
}

// orthonormalize sets q (n×l) to an orthonormal basis of y's columns by the modified Gram-Schmidt process, done twice. A
// column that depends on the ones before it becomes zero.
func orthonormalize(q, y *mat.Dense) {
	n, l := y.Dims()
	columns := make([][]float64, l)
	for j := range columns {
		columns[j] = mat.Col(make([]float64, n), j, y)
		size := floats.Norm(columns[j], 2)
		for range 2 {
			for _, e := range columns[:j] {
				floats.AddScaled(columns[j], -floats.Dot(e, columns[j]), e)
			}
		}
		if rest := floats.Norm(columns[j], 2); rest > 1e-10*size {
			floats.Scale(1/rest, columns[j])
		} else {
			clear(columns[j])
		}
		q.SetCol(j, columns[j])
	}
}

// timesDense is X·A, with X's rows given: [n, l].
func timesDense(rows []sparse, a *mat.Dense) *mat.Dense {
	_, l := a.Dims()
	out := mat.NewDense(len(rows), l, nil)
	for i, r := range rows {
		dst := out.RawRowView(i)
		for k, col := range r.index {
			floats.AddScaled(dst, r.value[k], a.RawRowView(int(col)))
		}
	}
	return out
}

// transposeTimes is Xᵀ·A: [t, l].
func transposeTimes(rows []sparse, t int, a *mat.Dense) *mat.Dense {
	_, l := a.Dims()
	out := mat.NewDense(t, l, nil)
	for i, r := range rows {
		src := a.RawRowView(i)
		for k, col := range r.index {
			floats.AddScaled(out.RawRowView(int(col)), r.value[k], src)
		}
	}
	return out
}
