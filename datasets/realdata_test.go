package datasets

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// realData is the path of a file of the public collections that lie beside the repository; without them
// the test is skipped.
func realData(t testing.TB, elem ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "shared", "data"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real data here: %v", err)
	}
	return path
}

func TestRealResumeJDFit(t *testing.T) {
	in, out := realData(t, "resume-jd-fit", "pairs.parquet"), t.TempDir()
	s, err := ImportResumeJDFit(in, out, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// 4,888 rows: 2,434 No, 1,235 Potential and 1,219 Good Fit; 11 of them say nothing new or contradict.
	want := Summary{Rows: 4888, Pairs: 4877, Matches: 2449, CVs: 512, JDs: 280, Dropped: []Drop{
		{"repeats of a pair with the same label", 1}, {"pairs with contradictory labels", 10}}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	ds, err := Open(context.Background(), out)
	if err != nil {
		t.Fatal(err)
	}
	if len(ds.CVs) != s.CVs || len(ds.JDs) != s.JDs || len(ds.Pairs) != s.Pairs {
		t.Errorf("opened %d CVs, %d JDs, %d pairs", len(ds.CVs), len(ds.JDs), len(ds.Pairs))
	}
	a, err := Assign(ds, nil, usual)
	if err != nil {
		t.Fatal(err)
	}
	got := counts(a)
	if got[0]+got[1]+got[2] != 512 || got[1] < 49 || got[1] > 53 || got[2] < 100 || got[2] > 104 {
		t.Errorf("train, valid, test, generator: %v", got)
	}

	texts := make([]string, len(ds.CVs))
	for i, cv := range ds.CVs {
		texts[i] = cv.Text
	}
	groups := NearDuplicateGroups(texts, DefaultNearDuplicate)
	if diff := cmp.Diff(bruteGroups(texts, DefaultNearDuplicate), groups); diff != "" {
		t.Errorf("near-duplicate groups differ from those of all comparisons (-all +got):\n%s", diff)
	}
}

func TestRealResumes(t *testing.T) {
	cvs, err := ReadCVs(realData(t, "resumes", "cvs.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if len(cvs) != 2409 {
		t.Errorf("got %d CVs, want 2409", len(cvs))
	}
}

// The users are real; jobs and actions, which are not public here, are invented.
func TestRealZhaopinUsers(t *testing.T) {
	users, err := os.ReadFile(realData(t, "zhaopin", "table1_user.csv"))
	if err != nil {
		t.Fatal(err)
	}
	dir := zhaopinFolder(t, string(users), zhaopinJobs, zhaopinActions)
	s, err := ImportZhaopin(dir, dir+"/out")
	if err != nil {
		t.Fatal(err)
	}
	if s.CVs != 4500 || s.Pairs != 2 {
		t.Errorf("got %v", s)
	}
}
