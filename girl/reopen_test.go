package girl

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genjobrec/datasets"
)

// The market that a run drew from its seed is the one that its Parquet tables hold, written once.
func TestExportData(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	c, err := NewConfig("smoke", nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.rawResolved()
	if err != nil {
		t.Fatal(err)
	}
	save := func(data string) {
		t.Helper()
		if err := writeJSON(filepath.Join(dir, ManifestFile), manifest{Profile: "smoke", Seeds: []int{1}, Data: data, Config: raw, Stages: []manifestStage{{stageRecord: stageRecord{Stage: evaluateStage}}}}); err != nil {
			t.Fatal(err)
		}
	}
	save("market")
	for range 2 {
		folder, err := ExportData(ctx, dir)
		if err != nil || folder != filepath.Join(dir, "data") {
			t.Fatalf("%q, %v", folder, err)
		}
		got, err := datasets.Open(ctx, folder)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := OpenData(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		for name, d := range map[string]string{"CVs": cmp.Diff(want.CVs, got.CVs), "JDs": cmp.Diff(want.JDs, got.JDs), "pairs": cmp.Diff(want.Pairs, got.Pairs)} {
			if d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
	save("somewhere")
	if folder, err := ExportData(ctx, dir); err != nil || folder != "somewhere" {
		t.Errorf("given data: %q, %v", folder, err)
	}
}
