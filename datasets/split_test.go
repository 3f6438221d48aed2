package datasets

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var usual = SplitOptions{Seed: 1, ValidShare: 0.1, TestShare: 0.2, GeneratorShare: 0.5}

// grouped makes a dataset whose CVs fall into near-duplicate groups of the sizes given: the members of
// a group differ in a word of twenty.
func grouped(sizes ...int) *Dataset {
	ds := numbered("cv", 0, 2)
	for g, size := range sizes {
		for m := range size {
			id := fmt.Sprintf("g%03d-%02d", g, m)
			text := unlike("g", g)
			if m > 0 {
				text += fmt.Sprintf("variant%d", m)
			}
			ds.CVs = append(ds.CVs, CV{id, text})
			ds.Pairs = append(ds.Pairs, Pair{CVID: id, JDID: "j0000", Label: 1}, Pair{CVID: id, JDID: "j0001", Label: 0})
		}
	}
	return ds
}

// counts returns the number of CVs in train, valid and test, and of the generator's.
func counts(a *Assignment) (n [4]int) {
	for id, s := range a.Split {
		n[map[Split]int{Train: 0, Valid: 1, Test: 2}[s]]++
		if a.Generator[id] {
			n[3]++
		}
	}
	return n
}

func TestAssignSharesCountCVs(t *testing.T) {
	tests := []struct {
		name  string
		sizes []int
		o     SplitOptions
		want  [4]int
	}{
		{"singles", repeat(1, 100), usual, [4]int{70, 10, 20, 35}},
		{"groups of two", repeat(2, 50), usual, [4]int{70, 10, 20, 36}}, // half of 70 is 35: 34 and 36 are as near
		{"no validation", repeat(1, 10), SplitOptions{TestShare: 0.3}, [4]int{7, 0, 3, 0}},
		{"no test", repeat(1, 10), SplitOptions{ValidShare: 0.3, GeneratorShare: 1}, [4]int{7, 3, 0, 7}},
		{"limits", repeat(1, 100), SplitOptions{ValidShare: 0.1, TestShare: 0.2, MaxValid: 4, MaxTest: 7, GeneratorShare: 0.5}, [4]int{89, 4, 7, 45}},
		{"limits that do not bind", repeat(1, 100), SplitOptions{ValidShare: 0.1, TestShare: 0.2, MaxValid: 10, MaxTest: 50, GeneratorShare: 0.5}, [4]int{70, 10, 20, 35}},
		// The group of 60 brings no share nearer to its target, so it goes to training.
		{"a large group", append(repeat(1, 40), 60), usual, [4]int{70, 10, 20, -1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := Assign(grouped(tt.sizes...), nil, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			got := counts(a)
			if tt.want[3] < 0 {
				tt.want[3] = got[3]
			}
			if got != tt.want {
				t.Errorf("train, valid, test, generator: got %v, want %v", got, tt.want)
			}
		})
	}
}

func repeat(size, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = size
	}
	return out
}

func TestAssignNotes(t *testing.T) {
	ds := grouped(append(repeat(1, 30), 3, 2)...)
	ds.CVs = append(ds.CVs, CV{"zz", "nobody has decided about this one yet"})
	a, err := Assign(ds, nil, usual)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"5 CVs are near-duplicates of others and form 2 groups; each group lies in one split",
		"1 of 36 CVs have no labelled pair",
	}
	if diff := cmp.Diff(want, a.Notes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever the groups, the shares and the order of rows: every CV has a split, no group straddles, the
// generator's CVs are training CVs, and the order of rows changes nothing.
func TestAssignProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ds := grouped(rapid.SliceOfN(rapid.IntRange(1, 4), 12, 30).Draw(t, "sizes")...)
		o := SplitOptions{
			Seed:           rapid.Uint64().Draw(t, "seed"),
			ValidShare:     rapid.Float64Range(0.1, 0.3).Draw(t, "valid"),
			TestShare:      rapid.Float64Range(0.1, 0.4).Draw(t, "test"),
			GeneratorShare: rapid.Float64Range(0.3, 1).Draw(t, "generator"),
		}
		a, err := Assign(ds, nil, o)
		var bad *DataError
		if errors.As(err, &bad) {
			t.Skip("a share too small for these groups")
		}
		if err != nil {
			t.Fatal(err)
		}
		groupSplit, groupGenerator := map[int]Split{}, map[int]bool{}
		for _, cv := range ds.CVs {
			s, ok := a.Split[cv.ID]
			if !ok {
				t.Fatalf("%s has no split", cv.ID)
			}
			g := a.Group[cv.ID]
			if other, ok := groupSplit[g]; ok && (other != s || groupGenerator[g] != a.Generator[cv.ID]) {
				t.Fatalf("group %d straddles", g)
			}
			groupSplit[g], groupGenerator[g] = s, a.Generator[cv.ID]
			if a.Generator[cv.ID] && s != Train {
				t.Fatalf("%s is the generator's, but in %s", cv.ID, s)
			}
			if want := strings.Split(cv.ID, "-")[0]; groupName(a, ds, g) != want {
				t.Fatalf("%s is not with its near-duplicates", cv.ID)
			}
		}
		n := counts(a)
		for i, share := range []float64{1 - o.ValidShare - o.TestShare, o.ValidShare, o.TestShare} {
			// A group holds at most 4 CVs, so each draw ends within 2 of its target (train bears both).
			if off := math.Abs(float64(n[i]) - share*float64(len(ds.CVs))); off > 4 {
				t.Fatalf("split %d has %d of %d CVs for a share of %.2f", i, n[i], len(ds.CVs), share)
			}
		}

		shuffled := &Dataset{CVs: append([]CV(nil), ds.CVs...), JDs: ds.JDs, Pairs: append([]Pair(nil), ds.Pairs...)}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
		rng.Shuffle(len(shuffled.CVs), func(i, j int) { shuffled.CVs[i], shuffled.CVs[j] = shuffled.CVs[j], shuffled.CVs[i] })
		rng.Shuffle(len(shuffled.Pairs), func(i, j int) {
			shuffled.Pairs[i], shuffled.Pairs[j] = shuffled.Pairs[j], shuffled.Pairs[i]
		})
		b, err := Assign(shuffled, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("another order of rows, another assignment (-first +second):\n%s", diff)
		}
		if diff := cmp.Diff(a.Pairs(ds, Train), b.Pairs(shuffled, Train)); diff != "" {
			t.Fatalf("Pairs depends on the order of rows (-first +second):\n%s", diff)
		}
	})
}

// groupName is the part that the ids of a group's members share, "mixed" when they do not.
func groupName(a *Assignment, ds *Dataset, group int) string {
	name := ""
	for _, cv := range ds.CVs {
		if a.Group[cv.ID] == group {
			n := strings.Split(cv.ID, "-")[0]
			if name != "" && name != n {
				return "mixed"
			}
			name = n
		}
	}
	return name
}

func TestAssignSeeds(t *testing.T) {
	ds := grouped(repeat(1, 60)...)
	same := 0
	first, err := Assign(ds, nil, usual)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(20) {
		o := usual
		o.Seed = seed + 2
		a, err := Assign(ds, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		if cmp.Equal(a.Split, first.Split) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d of 20 other seeds give the same splits", same)
	}
}

// withSplit marks the pairs of the CVs numbered [from, to).
func withSplit(ds *Dataset, from, to int, s Split) {
	for i := range ds.Pairs {
		for c := from; c < to; c++ {
			if ds.Pairs[i].CVID == ds.CVs[c].ID {
				ds.Pairs[i].Split = s
			}
		}
	}
}

func TestAssignExplicitSplit(t *testing.T) {
	ds := numbered("cv", 30, 5)
	withSplit(ds, 0, 20, Train)
	withSplit(ds, 20, 30, Test)
	ds.CVs = append(ds.CVs, CV{"twin", ds.CVs[25].Text + "again"}, CV{"alone", "no pairs, like nobody else at all"})

	a, err := Assign(ds, nil, usual)
	if err != nil {
		t.Fatal(err)
	}
	// Test is as given, with the twin that has no pairs; a tenth of the other 21 is set aside.
	if got, want := counts(a), [4]int{19, 2, 11, 10}; got != want {
		t.Errorf("train, valid, test, generator: got %v, want %v", got, want)
	}
	for i, cv := range ds.CVs[:30] {
		if (a.Split[cv.ID] == Test) != (i >= 20) {
			t.Errorf("%s is in %s", cv.ID, a.Split[cv.ID])
		}
	}
	if a.Split["twin"] != Test || a.Split["alone"] == Test {
		t.Errorf("twin in %s, alone in %s", a.Split["twin"], a.Split["alone"])
	}
	want := []string{
		"2 CVs are near-duplicates of others and form 1 groups; each group lies in one split",
		"no validation pairs were given: 2 of 21 training CVs were set aside for validation, by near-duplicate group",
		"2 of 32 CVs have no labelled pair",
	}
	if diff := cmp.Diff(want, a.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}

	withSplit(ds, 0, 3, Valid)
	if a, err = Assign(ds, nil, usual); err != nil {
		t.Fatal(err)
	}
	if got := counts(a); got[0] != 18 || got[1] != 3 || got[2] != 11 {
		t.Errorf("with validation given: got %v", got)
	}
}

func TestAssignTestFile(t *testing.T) {
	ds, test := numbered("cv", 20, 5), numbered("new", 6, 5) // the JDs are shared: that is no leak
	ds.CVs = append(ds.CVs, test.CVs[0])                     // known, but without pairs here
	a, err := Assign(ds, test, usual)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := counts(a), [4]int{18, 2, 6, 9}; got != want {
		t.Errorf("train, valid, test, generator: got %v, want %v", got, want)
	}
	merged, err := Merge(ds, test)
	if err != nil {
		t.Fatal(err)
	}
	if err := Validate(merged); err != nil {
		t.Errorf("merged dataset: %v", err)
	}
	if len(merged.CVs) != 26 || len(merged.JDs) != 5 || len(merged.Pairs) != 52 {
		t.Errorf("merged %d CVs, %d JDs, %d pairs; want 26, 5, 52", len(merged.CVs), len(merged.JDs), len(merged.Pairs))
	}
	pairs := a.Pairs(merged, Test)
	if len(pairs) != 12 || pairs[0].CVID != "new0000" || pairs[0].Split != Test {
		t.Errorf("test pairs: %v", pairs)
	}
	if ds.Pairs[0].Split != "" || test.Pairs[0].Split != "" {
		t.Error("Merge changed its arguments")
	}
	withSplit(ds, 0, 4, Valid)
	withSplit(ds, 4, 20, Train)
	if a, err = Assign(ds, test, usual); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(a), [4]int{16, 4, 6, 8}; got != want {
		t.Errorf("with a split column too: got %v, want %v", got, want)
	}
}

func TestAssignLeakage(t *testing.T) {
	tests := []struct {
		name string
		make func() (ds, test *Dataset)
		want string
	}{
		{"one CV in train and test", func() (*Dataset, *Dataset) {
			ds := numbered("cv", 10, 3)
			withSplit(ds, 0, 7, Train)
			withSplit(ds, 7, 10, Test)
			ds.Pairs[3].Split = Test // the second pair of cv0001
			return ds, nil
		}, "leakage between train and test in 1 place(s): cv_id cv0001 is in both"},
		{"near-duplicates in train and test", func() (*Dataset, *Dataset) {
			ds := numbered("cv", 10, 3)
			withSplit(ds, 0, 7, Train)
			withSplit(ds, 7, 10, Test)
			ds.CVs[8].Text = ds.CVs[2].Text + "one two three" // 17 shingles and 3 more: J = 17/20
			return ds, nil
		}, "leakage between train and test in 1 place(s): cv0002 ~ cv0008 (near-duplicate texts, Jaccard 0.85)"},
		{"near-duplicates in train and valid", func() (*Dataset, *Dataset) {
			ds := numbered("cv", 10, 3)
			withSplit(ds, 0, 5, Train)
			withSplit(ds, 5, 7, Valid)
			withSplit(ds, 7, 10, Test)
			ds.CVs[6].Text = ds.CVs[0].Text + "!"
			return ds, nil
		}, "leakage between train and valid in 1 place(s): cv0000 ~ cv0006 (near-duplicate texts, Jaccard 1.00)"},
		{"a chain through a CV without pairs", func() (*Dataset, *Dataset) {
			ds := numbered("cv", 10, 3)
			withSplit(ds, 0, 7, Train)
			withSplit(ds, 7, 10, Test)
			ds.CVs = append(ds.CVs, CV{"between", ds.CVs[3].Text + ds.CVs[9].Text}) // J = 17/37 with either
			return ds, nil
		}, "leakage between train and test in 1 place(s): cv0003 ~ cv0009 (joined by near-duplicates of both)"},
		{"ids of a test file", func() (*Dataset, *Dataset) {
			ds, test := numbered("cv", 10, 3), numbered("cv", 7, 3)
			return ds, test
		}, "leakage between train and test in 7 place(s): cv_id cv0000 is in both, cv_id cv0001 is in both, cv_id cv0002 is in both, cv_id cv0003 is in both, cv_id cv0004 is in both and 2 more"},
		{"texts of a test file", func() (*Dataset, *Dataset) {
			ds, test := numbered("cv", 10, 3), numbered("new", 4, 3)
			test.CVs[1].Text = strings.ToUpper(ds.CVs[5].Text)
			return ds, test
		}, "leakage between train and test in 1 place(s): cv0005 ~ new0001 (near-duplicate texts, Jaccard 1.00)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ds, test := tt.make()
			o := usual
			o.NearDuplicate = 0.45
			_, err := Assign(ds, test, o)
			var leak *LeakageError
			if !errors.As(err, &leak) {
				t.Fatalf("got %v, want a *LeakageError", err)
			}
			if leak.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", leak, tt.want)
			}
		})
	}
}

func TestAssignNotesLimits(t *testing.T) {
	ds := grouped(repeat(1, 100)...)
	limited := usual
	limited.MaxTest = 7
	a, err := Assign(ds, nil, limited)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"split test is limited to about 7 CVs instead of 20; the others are for training"}, a.Notes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	withSplit(ds, 0, 20, Test)
	withSplit(ds, 20, 100, Train)
	limited.MaxValid = 3
	if a, err = Assign(ds, nil, limited); err != nil {
		t.Fatal(err)
	}
	if got := counts(a); got[1] != 3 || got[2] != 20 {
		t.Errorf("an explicit test split and at most 3 CVs for validation: %v", got)
	}
}

func TestAssignRefuses(t *testing.T) {
	plain := func() *Dataset { return numbered("cv", 20, 5) }
	tests := []struct {
		name string
		make func() (ds, test *Dataset)
		o    SplitOptions
		want string
	}{
		{"some pairs without a split", func() (*Dataset, *Dataset) {
			ds := plain()
			withSplit(ds, 0, 5, Test)
			return ds, nil
		}, usual, `cv: column "split": 10 pairs have a split and 30 have none: give every pair a split or none`},
		{"no test pairs", func() (*Dataset, *Dataset) {
			ds := plain()
			withSplit(ds, 0, 20, Train)
			return ds, nil
		}, usual, `cv: column "split": names no test pairs: add them, give a test file, or remove the column`},
		{"no training pairs", func() (*Dataset, *Dataset) {
			ds := plain()
			withSplit(ds, 0, 20, Test)
			return ds, nil
		}, usual, `cv: column "split": names no training pairs`},
		{"test pairs and a test file", func() (*Dataset, *Dataset) {
			ds := plain()
			withSplit(ds, 0, 5, Test)
			withSplit(ds, 5, 20, Train)
			return ds, numbered("new", 3, 3)
		}, usual, `cv: column "split": names 10 test pairs, and a test file is given too: choose one`},
		{"training pairs in the test file", func() (*Dataset, *Dataset) {
			test := numbered("new", 3, 3)
			withSplit(test, 0, 3, Train)
			return plain(), test
		}, usual, `new: column "split", row 1 (new0000/j0000): a pair of split "train" in the test file`},
		{"unknown split", func() (*Dataset, *Dataset) {
			ds := plain()
			withSplit(ds, 0, 20, "holdout")
			return ds, nil
		}, usual, `cv: column "split", row 1 (cv0000/j0000): unknown split "holdout"`},
		{"a JD with another text in the test file", func() (*Dataset, *Dataset) {
			test := numbered("new", 3, 3)
			test.JDs[1].Text = "another"
			return plain(), test
		}, usual, `new: column "jd_id", row 2 (j0001): this id has another text in cv`},
		{"a CV with another text in the test file", func() (*Dataset, *Dataset) {
			test := numbered("cv", 3, 3)
			test.CVs[2].Text = "another"
			return plain(), test
		}, usual, `cv: column "cv_id", row 3 (cv0002): this id has another text in cv`},
		{"one class in test", func() (*Dataset, *Dataset) {
			ds := plain()
			withSplit(ds, 0, 19, Train)
			withSplit(ds, 19, 20, Test)
			ds.Pairs = ds.Pairs[:39]
			return ds, nil
		}, SplitOptions{}, `cv: column "label": split test has 1 matched and 0 mismatched pairs: both classes are needed (more data, a larger share, or another seed)`},
		{"too small a share", func() (*Dataset, *Dataset) { return plain(), nil }, SplitOptions{TestShare: 0.2, ValidShare: 0.001},
			`cv: column "label": split valid has 0 matched and 0 mismatched pairs: both classes are needed (more data, a larger share, or another seed)`},
		{"too small a generator", func() (*Dataset, *Dataset) { return plain(), nil }, SplitOptions{TestShare: 0.2, GeneratorShare: 0.001},
			`cv: column "label": the generator's share of the training CVs has 0 matched and 0 mismatched pairs: both classes are needed (a larger share, or another seed)`},
		{"share above 1", func() (*Dataset, *Dataset) { return plain(), nil }, SplitOptions{TestShare: 1.2}, "split options: TestShare is 1.2, expected a number in [0,1]"},
		{"share NaN", func() (*Dataset, *Dataset) { return plain(), nil }, SplitOptions{GeneratorShare: math.NaN()}, "split options: GeneratorShare is NaN, expected a number in [0,1]"},
		{"nothing for training", func() (*Dataset, *Dataset) { return plain(), nil }, SplitOptions{TestShare: 0.5, ValidShare: 0.5}, "split options: ValidShare 0.5 and TestShare 0.5 leave nothing for training"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ds, test := tt.make()
			a, err := Assign(ds, test, tt.o)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if a != nil {
				t.Error("an assignment came with the error")
			}
		})
	}
}

func TestColdFlags(t *testing.T) {
	train := []Pair{{CVID: "a", JDID: "x"}, {CVID: "b", JDID: "y"}}
	test := []Pair{{CVID: "a", JDID: "z"}, {CVID: "c", JDID: "x"}, {CVID: "c", JDID: "z"}, {CVID: "b", JDID: "y"}}
	cv, jd := ColdFlags(train, test)
	if diff := cmp.Diff([]bool{false, true, true, false}, cv); diff != "" {
		t.Errorf("cold CVs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{true, false, true, false}, jd); diff != "" {
		t.Errorf("cold JDs (-want +got):\n%s", diff)
	}
}

func TestDescribe(t *testing.T) {
	ds := &Dataset{
		CVs: []CV{{"a", "会计"}, {"b", "four"}, {"c", "three3"}, {"d", "x"}},
		JDs: []JD{{"x", "12"}, {"y", "会"}, {"z", "12345"}},
		Pairs: []Pair{
			{CVID: "a", JDID: "x", Label: 1}, {CVID: "a", JDID: "y"}, {CVID: "b", JDID: "x"}, // train
			{CVID: "c", JDID: "x", Label: 1}, {CVID: "c", JDID: "z"}, // test
		},
	}
	a := &Assignment{Split: map[string]Split{"a": Train, "b": Train, "c": Test, "d": Valid}, Generator: map[string]bool{"a": true}}
	want := []SplitStats{
		{Split: Train, Pairs: 3, CVs: 2, JDs: 2, LabelRate: 1. / 3, CVChars: Lengths{3, 3}, JDChars: Lengths{1.5, 1.5}, GeneratorCVs: 1, GeneratorPairs: 2},
		{Split: Test, Pairs: 2, CVs: 1, JDs: 2, LabelRate: 0.5, CVChars: Lengths{6, 6}, JDChars: Lengths{3.5, 3.5}, ColdCV: 1, ColdJD: 0.5},
		{Split: "all", Pairs: 5, CVs: 3, JDs: 3, LabelRate: 0.4, CVChars: Lengths{4, 4}, JDChars: Lengths{8. / 3, 2}, GeneratorCVs: 1, GeneratorPairs: 2},
	}
	if diff := cmp.Diff(want, Describe(ds, a)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want[2].GeneratorCVs, want[2].GeneratorPairs = 0, 0
	if diff := cmp.Diff(want[2:], Describe(ds, nil)); diff != "" {
		t.Errorf("without an assignment (-want +got):\n%s", diff)
	}
}
