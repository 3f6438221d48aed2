// Command versus sets this repository's speed against a PyTorch script that does the same work: both on two threads, in turn, each as
// a process of its own, and prints medians, ratios and peak memory as a Markdown table.
//
// The script takes --task train, generate or ppo, --reps and --threads, and prints JSON with tokens_per_s. Memory is what the system
// counts for each process, in MB of 10^6 bytes.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// task is one kind of work, by its names on both sides.
type task struct {
	name      string
	pkg       string // of the benchmark
	benchmark string
	reps      int // measured repetitions a process
}

var tasks = []task{
	{"train", "lm", "^BenchmarkTrain$/^default$", 3},
	{"generate", "lm", "^BenchmarkGenerate$/^default$", 3},
	{"ppo", "ppo", "^BenchmarkPPO$/^default$", 1},
}

// reading is what one process says.
type reading struct{ rate, mb float64 }

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 5, "how often each side does each task")
	peer := flag.String("peer", "", "the PyTorch `script` (needed)")
	python := flag.String("python", "/usr/bin/python3", "an interpreter with torch")
	only := flag.String("task", "", "train, generate or ppo alone; all three without it")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: make versus VERSUS=\"[flags]\"\n\nMedians of tokens a second and of peak memory of the PyTorch script and of this repository, in turn.\nExample: make versus VERSUS=\"-rounds 7 -task train\"\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("versus takes flags alone, not %q; -h lists them", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *python, *peer, *only); err != nil {
		log.Fatal(err)
	}
}

// run checks what it is asked for and what is there before it takes minutes.
func run(ctx context.Context, rounds int, python, peer, only string) error {
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	if rounds < 1 {
		return fmt.Errorf("-rounds %d: at least one is needed", rounds)
	}
	if _, err := os.Stat(peer); err != nil {
		return fmt.Errorf("the PyTorch script, which is no part of this repository, is not there: %w; name it with -peer", err)
	}
	torch, err := exec.CommandContext(ctx, python, "-c", "import torch; print(torch.__version__)").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s cannot import torch: apt-get install python3-torch libopenblas0-pthread, or name another interpreter with -python\n%w\n%s", python, err, torch)
	}
	env, err := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOEXPERIMENT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	toolchain := strings.Join(strings.Fields(string(env)), " ")
	if err := checkToolchain(toolchain); err != nil {
		return err
	}
	log.Printf("PyTorch %s against %s", bytes.TrimSpace(torch), toolchain)
	return compare(ctx, chosen, rounds, python, peer)
}

// choose are all tasks, or the one that is asked for.
func choose(only string) ([]task, error) {
	if only == "" {
		return tasks, nil
	}
	var names []string
	for i, t := range tasks {
		if t.name == only {
			return tasks[i : i+1], nil
		}
		names = append(names, t.name)
	}
	return nil, fmt.Errorf("unknown -task %q; there are %s", only, strings.Join(names, ", "))
}

// checkToolchain takes the version of Go and its experiments. The Makefile sets simd; without it matrix products take many times longer
// and the comparison would be with another program.
func checkToolchain(toolchain string) error {
	_, experiments, _ := strings.Cut(toolchain, " ")
	if !slices.Contains(strings.Split(experiments, ","), "simd") {
		return fmt.Errorf("GOEXPERIMENT=%s lacks simd, without which matrix products take many times longer: run it by make versus", experiments)
	}
	return nil
}

// compare builds the benchmarks and prints a line of the table for each task.
func compare(ctx context.Context, chosen []task, rounds int, python, peer string) error {
	dir, err := os.MkdirTemp("", "versus-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, pkg := range []string{"lm", "ppo"} {
		if out, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", filepath.Join(dir, pkg), "./girl/"+pkg).CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	fmt.Println("| task | PyTorch, tokens/s | here, tokens/s | ratio | PyTorch, peak MB | here, peak MB |\n|---|---:|---:|---:|---:|---:|")
	for _, t := range chosen {
		var theirs, ours []reading
		for i := range rounds {
			a, err := measure(exec.CommandContext(ctx, python, peer, "--task", t.name, "--threads", "2", "--reps", strconv.Itoa(t.reps)), peerRate)
			if err != nil {
				return err
			}
			b, err := measure(exec.CommandContext(ctx, filepath.Join(dir, t.pkg), "-test.run", "^$", "-test.cpu", "2", "-test.bench", t.benchmark, "-test.benchtime", strconv.Itoa(t.reps)+"x"), benchmarkRate)
			if err != nil {
				return err
			}
			theirs, ours = append(theirs, a), append(ours, b)
			log.Printf("%s %d of %d: PyTorch %.0f tokens/s, %.0f MB; here %.0f tokens/s, %.0f MB", t.name, i+1, rounds, a.rate, a.mb, b.rate, b.mb)
		}
		rate, mb := func(r reading) float64 { return r.rate }, func(r reading) float64 { return r.mb }
		fmt.Printf("| %s | %s | %s | %.2f | %.0f | %.0f |\n", t.name, spread(theirs, rate), spread(ours, rate), median(ours, rate)/median(theirs, rate), median(theirs, mb), median(ours, mb))
	}
	return nil
}

// measure runs a process to its end and reads its rate; memory is the process's largest resident size.
func measure(cmd *exec.Cmd, rate func(output []byte) (float64, error)) (reading, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return reading{}, fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, out, &stderr)
	}
	r, err := rate(out)
	if err != nil {
		return reading{}, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return reading{}, fmt.Errorf("this system does not tell what a process used")
	}
	return reading{rate: r, mb: residentMB(int64(usage.Maxrss), runtime.GOOS)}, nil
}

// residentMB is a process's largest resident size in millions of bytes, of what getrusage calls it: bytes on macOS, KiB elsewhere.
func residentMB(maxrss int64, goos string) float64 {
	if goos == "darwin" {
		return float64(maxrss) / 1e6
	}
	return float64(maxrss) * 1024 / 1e6
}

// peerRate reads the script's JSON line.
func peerRate(out []byte) (float64, error) {
	var line struct {
		Rate float64 `json:"tokens_per_s"`
	}
	if err := json.Unmarshal(bytes.TrimSpace(out), &line); err != nil {
		return 0, err
	}
	if line.Rate <= 0 {
		return 0, errors.New("no tokens_per_s above 0 in the script's JSON")
	}
	return line.Rate, nil
}

var tokensPerSecond = regexp.MustCompile(`([0-9.]+) tokens/s`)

// benchmarkRate reads a benchmark's line.
func benchmarkRate(out []byte) (float64, error) {
	m := tokensPerSecond.FindSubmatch(out)
	if m == nil {
		return 0, errors.New("no tokens/s in the benchmark's output")
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

func sorted(rs []reading, of func(reading) float64) []float64 {
	var xs []float64
	for _, r := range rs {
		xs = append(xs, of(r))
	}
	slices.Sort(xs)
	return xs
}

func median(rs []reading, of func(reading) float64) float64 {
	xs := sorted(rs, of)
	return (xs[len(xs)/2] + xs[(len(xs)-1)/2]) / 2
}

// spread is the median with the least and the greatest.
func spread(rs []reading, of func(reading) float64) string {
	xs := sorted(rs, of)
	return fmt.Sprintf("%.0f (%.0f to %.0f)", median(rs, of), xs[0], xs[len(xs)-1])
}
