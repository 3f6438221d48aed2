package eval

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDistinctAndRepetition(t *testing.T) {
	text := strings.Fields("a b a b a c")
	// bigrams ab ba ab ba ac: 3 of 5 differ
	near(t, "distinct-2", DistinctN([][]string{text}, 2), 3.0/5, exact)
	near(t, "repetition-2", Repetition(text, 2), 2.0/5, exact)
	near(t, "distinct-1", DistinctN([][]string{text}, 1), 3.0/6, exact)
	// Two texts share their bigrams; none spans the boundary: ab, ab, ba.
	near(t, "across texts", DistinctN([][]string{{"a", "b"}, {"a", "b", "a"}}, 2), 2.0/3, exact)
	near(t, "too short", DistinctN([][]string{{"a"}}, 2), 0, 0)
	near(t, "too short", Repetition([]string{"a"}, 2), 0, 0)
	near(t, "n = 0", DistinctN([][]string{text}, 0), 0, 0)
	// Tokens may hold any bytes: ("a b", "c") is not ("a", "b c").
	near(t, "spaces", DistinctN([][]string{{"a b", "c"}, {"a", "b c"}}, 2), 1, 0)
}

func TestCopyRate(t *testing.T) {
	set := NewNGramSet(3, [][]string{strings.Fields("we seek a data engineer"), strings.Fields("in Paris now")})
	// trigrams: "seek a data" yes, "a data scientist" no, "data scientist in" no, "scientist in Paris" no
	near(t, "copy rate", set.CopyRate(strings.Fields("seek a data scientist in Paris")), 1.0/4, exact)
	near(t, "a copy", set.CopyRate(strings.Fields("we seek a data engineer")), 1, 0)
	near(t, "too short", set.CopyRate([]string{"we", "seek"}), 0, 0)
	near(t, "unknown", set.CopyRate([]string{"x", "x", "x"}), 0, 0)
	// Asking must not teach the set new words.
	near(t, "unknown again", set.CopyRate([]string{"x", "x", "x"}), 0, 0)
}

func TestRougeLByHand(t *testing.T) {
	// Lin (2004), section 3.1: reference "police killed the gunman", candidate "police kill the gunman":
	// LCS "police the gunman" is 3 of 4 words of each, so precision, recall and F1 are ¾.
	reference := strings.Fields("police killed the gunman")
	got := RougeL(strings.Fields("police kill the gunman"), reference)
	near(t, "F1", got.F1, 0.75, exact)
	// Second candidate of the same example, "the gunman kill police": LCS 2, F1 ½.
	near(t, "F1", RougeL(strings.Fields("the gunman kill police"), reference).F1, 0.5, exact)
	// Precision and recall apart: candidate a x, reference a b c d x: LCS 2, P = 1, R = 2/5, F1 = 4/7.
	got = RougeL(strings.Fields("a x"), strings.Fields("a b c d x"))
	near(t, "precision", got.Precision, 1, exact)
	near(t, "recall", got.Recall, 2.0/5, exact)
	near(t, "F1", got.F1, 4.0/7, exact)
	if got := RougeL(nil, reference); got != (Rouge{}) {
		t.Errorf("empty candidate: %+v", got)
	}
	if got := RougeL([]string{"x"}, reference); got != (Rouge{}) {
		t.Errorf("nothing in common: %+v", got)
	}
}

func TestRougeLSymmetry(t *testing.T) {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 12)
	rapid.Check(t, func(t *rapid.T) {
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		x, y := RougeL(a, b), RougeL(b, a)
		if x.Precision != y.Recall || x.Recall != y.Precision {
			t.Fatalf("%+v against %+v", x, y)
		}
		if want := float64(bruteLCS(a, b)) / float64(len(b)); x.Recall != want {
			t.Fatalf("recall %v, brute force %v", x.Recall, want)
		}
	})
}

// bruteLCS tries every subsequence of a.
func bruteLCS(a, b []string) int {
	best := 0
	for mask := range 1 << len(a) {
		j, n := 0, 0
		for i, w := range a {
			if mask>>i&1 == 0 {
				continue
			}
			for j < len(b) && b[j] != w {
				j++
			}
			if j == len(b) {
				n = -1
				break
			}
			j++
			n++
		}
		best = max(best, n)
	}
	return best
}

func ExampleAUC() {
	labels := []int{1, 0, 1, 0}
	scores := []float64{0.9, 0.4, 0.4, 0.1}
	auc, err := AUC(labels, scores)
	fmt.Println(auc, err)
	// Output: 0.875 <nil>
}

func ExampleBootstrap_Diff() {
	// Two systems on the same eight pairs of four CVs; a is better on most.
	labels := []int{1, 0, 1, 0, 1, 0, 1, 0}
	cvs := ClusterIDs([]string{"u", "u", "v", "v", "w", "w", "x", "x"})
	a := []float64{0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6, 0.5}
	b := []float64{0.6, 0.5, 0.4, 0.5, 0.7, 0.6, 0.3, 0.5}
	d, err := Bootstrap{Resamples: 1000, Seed: 1}.Diff(labels, cvs, a, b)
	fmt.Printf("AUC(a) − AUC(b) = %+.4f, %v\n", d.DiffAUC.Value, err)
	fmt.Println(d.DiffAUC.Warnings[0])
	// Output:
	// AUC(a) − AUC(b) = +0.5312, <nil>
	// only 4 clusters: bootstrap intervals are too narrow
}
