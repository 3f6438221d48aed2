package datasets_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"genjobrec/datasets"
)

// ten is a dataset of ten CVs; each has one match and one mismatch.
func ten() *datasets.Dataset {
	ds := &datasets.Dataset{Name: "ten", JDs: []datasets.JD{{ID: "weld", Text: "We seek a welder"}, {ID: "nurse", Text: "护士招聘"}}}
	trades := []string{"welder", "nurse", "baker", "driver", "clerk", "tiler", "cook", "guard", "coder", "judge"}
	for i, trade := range trades {
		id := fmt.Sprintf("cv%d", i)
		ds.CVs = append(ds.CVs, datasets.CV{ID: id, Text: "I have worked as a " + trade + " for years"})
		ds.Pairs = append(ds.Pairs,
			datasets.Pair{CVID: id, JDID: "weld", Label: i % 2},
			datasets.Pair{CVID: id, JDID: "nurse", Label: 1 - i%2})
	}
	return ds
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := datasets.Write(filepath.Join(dir, "ten"), ten()); err != nil {
		fmt.Println(err)
		return
	}
	ds, err := datasets.Open(context.Background(), filepath.Join(dir, "ten"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ds.Name, len(ds.CVs), len(ds.JDs), len(ds.Pairs))
	// Output: ten 10 2 20
}

func ExampleValidate() {
	ds := ten()
	ds.Pairs[3].Label = 2
	err := datasets.Validate(ds)
	fmt.Println(err)
	var fault *datasets.DataError
	if errors.As(err, &fault) {
		fmt.Println(fault.Column, fault.Row, fault.ID)
	}
	// Output:
	// ten pairs: column "label", row 4 (cv1/nurse): label 2: expected 1 (matched) or 0 (mismatched)
	// label 4 cv1/nurse
}

func ExampleAssign() {
	ds := ten()
	a, err := datasets.Assign(ds, nil, datasets.SplitOptions{Seed: 1, ValidShare: 0.1, TestShare: 0.2, GeneratorShare: 0.5, NearDuplicate: 0.9})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range datasets.Describe(ds, a) {
		fmt.Printf("%-5s %2d pairs of %2d CVs and %d JDs, %.0f%% matched, cold JDs %.0f%%\n", s.Split, s.Pairs, s.CVs, s.JDs, 100*s.LabelRate, 100*s.ColdJD)
	}
	// Output:
	// train 14 pairs of  7 CVs and 2 JDs, 50% matched, cold JDs 0%
	// valid  2 pairs of  1 CVs and 2 JDs, 50% matched, cold JDs 0%
	// test   4 pairs of  2 CVs and 2 JDs, 50% matched, cold JDs 0%
	// all   20 pairs of 10 CVs and 2 JDs, 50% matched, cold JDs 0%
}

func ExampleNearDuplicateGroups() {
	fmt.Println(datasets.NearDuplicateGroups([]string{
		"Welder, ten years in shipyards, looks for work near the sea",
		"会计，五年工作经验，熟悉报税",
		"WELDER ten years in shipyards - looks for a job near the sea",
		"会计，五年工作经验，熟悉报税。",
	}, 0.3))
	// Output: [0 1 0 1]
}
