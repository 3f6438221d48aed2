// Command versus sets this repository's speed against a PyTorch script that does the same work: both on two threads, in turn, each as
// a process of its own, and prints medians, ratios and peak memory as a Markdown table.
//
// The script takes --task train, generate or ppo, --reps and --threads, and prints JSON with tokens_per_s.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
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
	peer := flag.String("peer", "../shared/peers/torch_girl.py", "the PyTorch `script`")
	python := flag.String("python", "/usr/bin/python3", "an interpreter with torch")
	only := flag.String("task", "", "train, generate or ppo alone")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage: make versus VERSUS=\"[flags]\"\n\nMedians of tokens a second of the PyTorch script and of this repository, in turn.\nExample: make versus VERSUS=\"-rounds 7 -task train\"\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if out, err := exec.Command(*python, "-c", "import torch").CombinedOutput(); err != nil {
		log.Fatalf("%s has no torch: apt-get install python3-torch libopenblas0-pthread, or name another with -python\n%s", *python, out)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := compare(ctx, *rounds, *python, *peer, *only); err != nil {
		log.Fatal(err)
	}
}

func compare(ctx context.Context, rounds int, python, peer, only string) error {
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
	for _, t := range tasks {
		if only != "" && only != t.name {
			continue
		}
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
	return reading{rate: r, mb: float64(usage.Maxrss) / 1024}, nil
}

// peerRate reads the script's JSON line.
func peerRate(out []byte) (float64, error) {
	var line struct {
		Rate float64 `json:"tokens_per_s"`
	}
	if err := json.Unmarshal(bytes.TrimSpace(out), &line); err != nil {
		return 0, err
	}
	return line.Rate, nil
}

var tokensPerSecond = regexp.MustCompile(`([0-9.]+) tokens/s`)

// benchmarkRate reads a benchmark's line.
func benchmarkRate(out []byte) (float64, error) {
	m := tokensPerSecond.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("no tokens/s")
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
