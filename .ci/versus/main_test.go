package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// says fails unless the error holds all of the words.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("error %v does not say %q", err, w)
		}
	}
}

// What cannot be done is told before anything is built or measured.
func TestRunSaysWhatIsMissing(t *testing.T) {
	ctx := context.Background()
	there := filepath.Join(t.TempDir(), "peer.py")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, run(ctx, 0, "python", there, ""), "-rounds 0", "at least one")
	says(t, run(ctx, 1, "python", there, "trian"), `"trian"`, "train, generate, ppo")
	says(t, run(ctx, 1, "python", there+".not", ""), "-peer", there+".not")
	says(t, run(ctx, 1, "/nowhere/python3", there, ""), "/nowhere/python3", "python3-torch", "-python")
	says(t, run(ctx, 1, "false", there, ""), "python3-torch", "-python")
}

func TestChoose(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(tasks) {
		t.Errorf("%d tasks (%v), want all %d", len(all), err, len(tasks))
	}
	if one, err := choose("generate"); err != nil || len(one) != 1 || one[0].name != "generate" {
		t.Errorf("tasks %v (%v), want generate alone", one, err)
	}
}

func TestCheckToolchain(t *testing.T) {
	for _, s := range []string{"go1.27.2 simd", "go1.27.2 greenteagc,simd"} {
		if err := checkToolchain(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"go1.27.2", "go1.27.2 nosimd", ""} {
		says(t, checkToolchain(s), "GOEXPERIMENT", "make versus")
	}
}

func TestPeerRate(t *testing.T) {
	if r, err := peerRate([]byte(`{"task": "train", "tokens_per_s": 1234.5}` + "\n")); err != nil || r != 1234.5 {
		t.Errorf("%g (%v), want 1234.5", r, err)
	}
	for _, out := range []string{`{"task": "train"}`, `{"tokens_per_s": 0}`} {
		_, err := peerRate([]byte(out))
		says(t, err, "tokens_per_s")
	}
	if _, err := peerRate([]byte("Traceback")); err == nil {
		t.Error("what is no JSON has a rate")
	}
}

func TestBenchmarkRate(t *testing.T) {
	if r, err := benchmarkRate([]byte("BenchmarkTrain/default-2 \t 3\t 1 ns/op\t 9.5 MFU-%\t 700.0 peak-MB\t 2345 tokens/s\n")); err != nil || r != 2345 {
		t.Errorf("%g (%v), want 2345", r, err)
	}
	_, err := benchmarkRate([]byte("PASS\n"))
	says(t, err, "tokens/s")
}

// Both sides' memory is in millions of bytes.
func TestResidentMB(t *testing.T) {
	if got := residentMB(1_000_000, "linux"); got != 1024 {
		t.Errorf("1,000,000 KiB are %g MB, want 1024", got)
	}
	if got := residentMB(1_024_000_000, "darwin"); got != 1024 {
		t.Errorf("1,024,000,000 bytes are %g MB, want 1024", got)
	}
}

func TestSpread(t *testing.T) {
	rs := []reading{{rate: 3}, {rate: 1}, {rate: 2}, {rate: 10}}
	if got := spread(rs, func(r reading) float64 { return r.rate }); got != "2 (1 to 10)" {
		t.Errorf("%s, want 2 (1 to 10)", got) // the median, 2.5, is rounded to even
	}
}

// A process that fails is an error with what it said; one that ends well has a rate and some memory.
func TestMeasure(t *testing.T) {
	ctx := context.Background()
	r, err := measure(exec.CommandContext(ctx, "sh", "-c", `echo '{"task": "train", "tokens_per_s": 12}'`), peerRate)
	if err != nil || r.rate != 12 || r.mb <= 0 {
		t.Errorf("%+v (%v), want 12 tokens/s and some memory", r, err)
	}
	_, err = measure(exec.CommandContext(ctx, "sh", "-c", "echo half a result; echo no memory left >&2; exit 3"), peerRate)
	says(t, err, "exit status 3", "half a result", "no memory left")
	_, err = measure(exec.CommandContext(ctx, "true"), peerRate)
	says(t, err, "true")
}
