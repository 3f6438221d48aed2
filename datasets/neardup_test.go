package datasets

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestShingles(t *testing.T) {
	count := func(s string) int { return len(shingles(s, nil)) }
	for _, tt := range []struct {
		text string
		want int
	}{
		{"one two three four", 1},
		{"one two three four five", 2},       // 5 − 4 + 1
		{"a b c d a b c d", 4},               // abcd bcda cdab dabc, abcd again
		{"会计五年经验", 3},                        // six characters
		{"会计 Excel 五年", 2},                   // 会 计 excel 五 年
		{"one two", 1},                       // shorter than a shingle
		{"!?", 1},                            // no token: the bytes
		{"naïve Übung", 1},                   // two words
		{"one\x00two\nthree--four, five", 2}, // anything else separates
	} {
		if got := count(tt.text); got != tt.want {
			t.Errorf("%q has %d shingles, want %d", tt.text, got, tt.want)
		}
	}
	same := func(a, b string) bool { return slices.Equal(shingles(a, nil), shingles(b, nil)) }
	if !same("Senior Welder, Bern (CH)!", "senior  welder bern\nch") {
		t.Error("case, punctuation and spacing count, but should not")
	}
	if same("a b c d e", "e d c b a") || same("ab c d e", "a bc d e") || same("!?", "?!") || same("one two", "two one") {
		t.Error("order or word boundaries do not count, but should")
	}
}

func TestJaccard(t *testing.T) {
	for _, tt := range []struct {
		a, b []uint64
		want float64
	}{
		{[]uint64{1, 2, 3}, []uint64{2, 3, 4}, 2. / 4},
		{[]uint64{1}, []uint64{1}, 1},
		{[]uint64{1}, []uint64{2, 3}, 0},
		{nil, nil, 1},
	} {
		if got := jaccard(tt.a, tt.b); got != tt.want {
			t.Errorf("jaccard(%v, %v) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

// The share of agreeing bins estimates the Jaccard similarity; 256 bins give a standard error of about
// √(J(1−J)/256) ≤ 0.031, so the mean of 200 estimates is within 0.01 of the truth.
func TestMinHashEstimatesJaccard(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{20, 200, 2000} { // fewer elements than bins, about as many, more
		for _, j := range []float64{0.2, 0.5, 0.8} {
			sum := 0.0
			const trials = 200
			for range trials {
				// |a∩b| = k, |a| = |b| = size: j = k/(2·size−k).
				k := int(2 * float64(size) * j / (1 + j))
				var a, b []uint64
				for i := range 2*size - k {
					x := rng.Uint64()
					if i < size {
						a = append(a, x)
					}
					if i >= size-k {
						b = append(b, x)
					}
				}
				x, y := minHash(a), minHash(b)
				for i := range x {
					if x[i] == y[i] {
						sum++
					}
				}
				j := float64(k) / float64(2*size-k)
				sum -= j * signatureBins
			}
			if bias := sum / trials / signatureBins; bias < -0.015 || bias > 0.015 {
				t.Errorf("size %d, Jaccard %.1f: mean error %+.4f", size, j, bias)
			}
		}
	}
}

func TestBandRows(t *testing.T) {
	// 256 bins. At 0.8, bands of 7 find a pair with 1−(1−0.8⁷)³⁶ = 0.9998, bands of 8 with
	// 1−(1−0.8⁸)³² = 0.997. At 0.5, 3 rows: 1−(1−0.5³)⁸⁵ > 0.9999, 4 rows: 1−(1−0.5⁴)⁶⁴ = 0.984.
	for threshold, want := range map[float64]int{0.8: 7, 0.5: 3, 1: 16, 0.01: 1} {
		if got := bandRows(threshold); got != want {
			t.Errorf("bandRows(%v) = %d, want %d", threshold, got, want)
		}
	}
}

func TestNearDuplicateGroups(t *testing.T) {
	words := strings.Fields(unlike("a", 1) + unlike("b", 2) + unlike("c", 3))
	changed := func(n int) string { // n words replaced, far apart
		w := slices.Clone(words)
		for i := range n {
			w[i*len(w)/max(n, 1)] = fmt.Sprintf("new%d", i)
		}
		return strings.Join(w, " ")
	}
	zh := []rune(strings.Repeat("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥", 1))
	zhChanged := slices.Clone(zh)
	zhChanged[len(zh)/2] = '变'
	texts := []string{
		changed(0), "completely different words are in this one", changed(2), strings.ToUpper(changed(0)),
		string(zh), string(zhChanged), "completely different words are in this one", "", "!", changed(30),
	}
	// 60 words have 57 shingles; each of 2 changed words spoils at most 4: J ≥ 49/65 = 0.75. The first
	// word spoils one only. The Chinese text has 19 shingles, of which one character spoils 4: 15/23 = 0.65.
	if diff := cmp.Diff([]int{0, 1, 0, 0, 2, 2, 1, 3, 4, 5}, NearDuplicateGroups(texts, 0.6)); diff != "" {
		t.Errorf("threshold 0.6 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{0, 1, 2, 0, 3, 4, 1, 5, 6, 7}, NearDuplicateGroups(texts, 1)); diff != "" {
		t.Errorf("threshold 1 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(NearDuplicateGroups(texts, DefaultNearDuplicate), NearDuplicateGroups(texts, 0)); diff != "" {
		t.Errorf("threshold 0 is not the default (-want +got):\n%s", diff)
	}
	if got := NearDuplicateGroups(nil, 0.5); len(got) != 0 {
		t.Errorf("no texts: got %v", got)
	}
}

// bruteGroups compares every pair of texts.
func bruteGroups(texts []string, threshold float64) []int {
	group, sets := make([]int, len(texts)), make([][]uint64, len(texts))
	for i := range group {
		group[i], sets[i] = i, shingles(texts[i], nil)
	}
	for i := range texts {
		for j := range i {
			if group[i] != group[j] && jaccard(sets[i], sets[j]) >= threshold {
				from, to := group[i], group[j]
				for k := range group {
					if group[k] == from {
						group[k] = to
					}
				}
			}
		}
	}
	number := map[int]int{}
	for i, g := range group {
		if _, ok := number[g]; !ok {
			number[g] = len(number)
		}
		group[i] = number[g]
	}
	return group
}

// variants makes texts of which many are edited copies of others.
func variants(rng *rand.Rand, n, length int) []string {
	texts := make([]string, n)
	for i := range texts {
		var w []string
		if i == 0 || rng.IntN(2) == 0 {
			for range 5 + rng.IntN(length) {
				w = append(w, fmt.Sprintf("w%d", rng.IntN(5000)))
			}
		} else {
			w = strings.Fields(texts[rng.IntN(i)])
			for range rng.IntN(len(w)/6 + 2) {
				w[rng.IntN(len(w))] = fmt.Sprintf("w%d", rng.IntN(5000))
			}
		}
		texts[i] = strings.Join(w, " ")
	}
	return texts
}

// Never more than the exact groups, and, up to the stated probability of 0.001 a pair at the threshold, never less.
func TestNearDuplicateGroupsAgreesWithBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	differ := 0
	for trial := range 30 {
		texts := variants(rng, 60, 200)
		threshold := 0.3 + 0.6*rng.Float64()
		got, exact := NearDuplicateGroups(texts, threshold), bruteGroups(texts, threshold)
		if !cmp.Equal(got, exact) {
			differ++
			t.Logf("trial %d, threshold %.2f: groups differ", trial, threshold)
		}
		for i := range texts {
			for j := range i {
				if got[i] == got[j] && exact[i] != exact[j] {
					t.Fatalf("trial %d: texts %d and %d are together but not alike", trial, i, j)
				}
			}
		}
	}
	if differ > 1 {
		t.Errorf("%d of 30 trials missed a pair", differ)
	}
}

// The partition does not depend on the order of the texts.
func TestNearDuplicateGroupsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := variants(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), 30, 60)
		threshold := rapid.Float64Range(0.2, 1).Draw(t, "threshold")
		want := NearDuplicateGroups(texts, threshold)
		order := rapid.Permutation(indices(len(texts))).Draw(t, "order")
		shuffled := make([]string, len(texts))
		for to, from := range order {
			shuffled[to] = texts[from]
		}
		got := NearDuplicateGroups(shuffled, threshold)
		for a := range order {
			for b := range a {
				if (got[a] == got[b]) != (want[order[a]] == want[order[b]]) {
					t.Fatalf("texts %d and %d: together in one order, apart in the other", order[a], order[b])
				}
			}
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
