package recommend

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"
)

func TestTokens(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"Senior C++ developer, C# (5 years)", []string{"senior", "c++", "developer", "c#", "5", "years"}},
		{"SummaryHighly skilled", []string{"summary", "highly", "skilled"}},
		{"SQL iOS a I", []string{"sql", "os"}}, // single letters are dropped, also the i that iOS is cut into
		{"销售经理 sales", []string{"销", "售", "经", "理", "sales"}},
		{"Łódź café", []string{"łódź", "café"}},
		{" \t\n--", nil},
		{"a\xffbc", []string{"bc"}}, // a byte that is not UTF-8 separates
	} {
		if got := tokens(tc.text); !cmp.Equal(got, tc.want) {
			t.Errorf("tokens(%q) = %q, want %q", tc.text, got, tc.want)
		}
	}
}

// Three texts; df(red)=2, df(fox)=3, df(dog)=1, df("red fox")=2. With MinDF 2 and MaxDFShare 1: red, fox, "red fox".
//
//	idf(fox) = ln(4/4)+1 = 1,  idf(red) = idf(red fox) = ln(4/3)+1
//
// Text 1, "red fox red fox": counts red 2, fox 2, "red fox" 2 ("fox red" occurs in one text only).
func TestTFIDFByHand(t *testing.T) {
	texts := []string{"red fox red fox", "red fox", "fox dog"}
	idf := math.Log(4.0/3) + 1
	for _, tc := range []struct {
		log  bool
		text string
		want []float64 // fox, red, "red fox", before normalisation
	}{
		{false, texts[0], []float64{2, 2 * idf, 2 * idf}},
		{true, "fox red fox fox", []float64{1 + math.Log(3), idf, idf}}, // fox 3, red 1, "red fox" 1
		{false, "fox fox red unknown", []float64{2, idf, 0}},
		{false, "unknown", []float64{0, 0, 0}},
	} {
		c := DefaultConfig()
		c.MinDF, c.MaxDFShare, c.LogTF = 2, 1, tc.log
		corp := newCorpus()
		v, err := fitVectorizer(c, corp, texts)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"fox", "red", "red fox"}; !cmp.Equal(v.Terms, want) {
			t.Fatalf("terms %q, want %q", v.Terms, want)
		}
		got := make([]float64, 3)
		s := v.transformer(corp)(tc.text)
		for k, col := range s.index {
			got[col] = s.value[k]
		}
		norm := math.Sqrt(tc.want[0]*tc.want[0] + tc.want[1]*tc.want[1] + tc.want[2]*tc.want[2])
		for i := range got {
			want := tc.want[i]
			if norm > 0 {
				want /= norm
			}
			if !near(got[i], want, exact) {
				t.Errorf("%q, log %v: weight of %q is %v, want %v", tc.text, tc.log, v.Terms[i], got[i], want)
			}
		}
	}
}

func TestFitVectorizerLimits(t *testing.T) {
	texts := []string{"aa bb", "aa cc", "aa bb dd", "aa ee"}
	c := DefaultConfig()
	c.MinDF, c.MinDFShare, c.MaxDFShare = 20, 0.02, 0.5 // 0.02 of four texts is less than two: two it is
	v, err := fitVectorizer(c, newCorpus(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"aa bb", "bb"}; !cmp.Equal(v.Terms, want) { // aa is in all texts, the others in one
		t.Errorf("terms %q, want %q", v.Terms, want)
	}
	if _, err := fitVectorizer(c, newCorpus(), []string{"aa", "bb"}); err == nil {
		t.Error("no error although no term is in two texts")
	}
	c.MaxTerms = 1
	if v, err = fitVectorizer(c, newCorpus(), texts); err != nil || len(v.Terms) != 1 {
		t.Errorf("MaxTerms 1 kept %v, %v", v, err)
	}
}

func TestSparseProducts(t *testing.T) {
	a := sparse{[]int32{0, 2, 5}, []float64{1, 2, 3}}
	b := sparse{[]int32{2, 3, 5}, []float64{10, 20, 30}}
	if got := a.dot(b); got != 2*10+3*30 {
		t.Errorf("dot %v, want 110", got)
	}
	if got, want := a.times(b), (sparse{[]int32{2, 5}, []float64{20, 90}}); !slices.Equal(got.index, want.index) || !slices.Equal(got.value, want.value) {
		t.Errorf("times %v, want %v", got, want)
	}
}

// The randomized SVD against gonum's dense one, on a matrix of rank 8 with distinct singular values.
func TestTruncatedSVDAgainstDense(t *testing.T) {
	const n, terms, rank, d = 40, 25, 8, 5
	rng := rand.New(rand.NewPCG(1, 2))
	a, b := mat.NewDense(n, rank, nil), mat.NewDense(rank, terms, nil)
	for i := range n {
		for j := range rank {
			a.Set(i, j, rng.NormFloat64()*math.Pow(1.6, float64(-j)))
		}
	}
	for i := range rank {
		for j := range terms {
			b.Set(i, j, rng.NormFloat64())
		}
	}
	var x mat.Dense
	x.Mul(a, b)
	rows := make([]sparse, n)
	for i := range rows {
		for j := range terms {
			rows[i].index, rows[i].value = append(rows[i].index, int32(j)), append(rows[i].value, x.At(i, j))
		}
	}
	var dense mat.SVD
	if !dense.Factorize(&x, mat.SVDThin) {
		t.Fatal("dense SVD failed")
	}
	var wantV mat.Dense
	dense.VTo(&wantV)
	wantS := dense.Values(nil)
	v, s, err := truncatedSVD(rows, terms, d, 3)
	if err != nil {
		t.Fatal(err)
	}
	for j := range d {
		if !near(s[j], wantS[j], 1e-8*wantS[0]) {
			t.Errorf("singular value %d is %v, want %v", j, s[j], wantS[j])
		}
		cos, best := 0.0, 0.0
		for i := range terms {
			cos += v.At(i, j) * wantV.At(i, j)
			if math.Abs(v.At(i, j)) > math.Abs(best) {
				best = v.At(i, j)
			}
		}
		if !near(math.Abs(cos), 1, 1e-8) {
			t.Errorf("singular vector %d: cosine with the dense one %v, want ±1", j, cos)
		}
		if best < 0 {
			t.Errorf("singular vector %d: largest entry %v is negative", j, best)
		}
	}
	// A matrix of rank 8 has no more components, however many are asked for.
	if v, _, err = truncatedSVD(rows, terms, 20, 3); err != nil {
		t.Fatal(err)
	} else if _, got := v.Dims(); got != rank {
		t.Errorf("%d components of a matrix of rank %d", got, rank)
	}
	if _, _, err := truncatedSVD(make([]sparse, 3), 5, 2, 1); err == nil {
		t.Error("no error for a matrix of zeros")
	}
}

// Sharpened encodings vary in proportion to spread^(1+power), with mean square spread 1.
func TestSharpening(t *testing.T) {
	e := &Encoder{Dim: 3, Spread: []float64{0.4, 0.2, 0}}
	for _, power := range []float64{0, 1, 2} {
		s := e.sharpening(power)
		first, second := float64(s[0])*0.4, float64(s[1])*0.2
		if got, want := first/second, math.Pow(2, 1+power); !near(got, want, 1e-5) {
			t.Errorf("power %v: ratio %v, want %v", power, got, want)
		}
		if got := (first*first + second*second) / 3; !near(got, 1, 1e-5) {
			t.Errorf("power %v: mean square %v, want 1", power, got)
		}
	}
}
