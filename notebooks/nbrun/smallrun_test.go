//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"genjobrec/girl"
)

func TestMain(m *testing.M) {
	var err error
	if testFolder, err = os.MkdirTemp("", "nbrun-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(testFolder) // at worst a temporary folder stays
	os.Exit(code)
}

// testFolder is removed after all tests.
var testFolder string

// smallRun is the folder of a finished run that tests share. They may add to it what notebooks compute.
func smallRun(t *testing.T) string {
	t.Helper()
	dir, err := makeSmallRun()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var makeSmallRun = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(testFolder, "a run") // with a space, as a path may have one
	return dir, girl.Run(context.Background(), girl.Options{Data: "market", Profile: "smoke", Seeds: []int{1}, Out: dir,
		Set: []string{"market.cvs=120", "market.unlabelled=0"}, Reporter: girl.NewReporter(io.Discard)})
})
