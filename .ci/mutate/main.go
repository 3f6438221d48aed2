// Mutate checks the tests: it breaks one line of the mathematics, masking or resuming at a time and runs the tests that should
// notice. A mutation that no test notices is a gap in the tests, whatever their coverage says.
//
// It works on copies of the working tree in a temporary folder and never writes to the tree itself. Exit status: 0 all caught,
// 1 some survived, 2 the check itself failed (the tests fail without a mutation, the list does not fit the code any more, or tests
// took longer than -timeout, which may be the mutation's work or the machine's).
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// mutation is one way to break the code.
type mutation struct {
	name     string // package/what, matched by -run
	file     string // from the repository's root
	old, new string // text that occurs once, and what takes its place
	breaks   string
	packages string // whose tests should notice, separated by blanks, in the order they are run
}

// outcome of a mutation.
type outcome struct {
	mutation
	caught  string // the first test that failed, "" where none did
	fault   error  // there is no verdict: it does not compile, or the tests took too long
	seconds float64
}

func main() {
	run := flag.String("run", "", "only the mutations whose name matches this regular `expression`")
	jobs := flag.Int("j", 1, "mutations tried at a time, each in a copy of its own")
	limit := flag.Duration("timeout", 10*time.Minute, "longest time for the tests of one package")
	flag.StringVar(&skip, "skip", "", "tests to leave out, a regular `expression`: Golden asks which mutations only snapshots notice")
	list := flag.Bool("list", false, "only list the mutations")
	flag.Parse()
	only, err := regexp.Compile(*run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	var todo []mutation
	for _, m := range mutations {
		if only.MatchString(m.name) {
			todo = append(todo, m)
		}
	}
	if *list {
		for _, m := range todo {
			fmt.Printf("%-34s %s\n", m.name, m.breaks)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	survived, err := check(ctx, todo, *jobs, *limit, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if survived > 0 {
		os.Exit(1)
	}
}

// check tries the mutations and says how many survived.
func check(ctx context.Context, todo []mutation, jobs int, limit time.Duration, out io.Writer) (survived int, err error) {
	if len(todo) == 0 || jobs < 1 {
		return 0, errors.New("nothing to do")
	}
	root, err := output(ctx, ".", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return 0, err
	}
	temp, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	trees := make(chan string, jobs)
	for i := range min(jobs, len(todo)) {
		tree := filepath.Join(temp, fmt.Sprint(i))
		if err := copyTree(ctx, strings.TrimSpace(root), tree); err != nil {
			return 0, err
		}
		trees <- tree
	}
	first := <-trees
	if err := fits(first, todo); err != nil {
		return 0, err
	}
	var packages []string
	for _, m := range todo {
		packages = append(packages, strings.Fields(m.packages)...)
	}
	slices.Sort(packages)
	packages = slices.Compact(packages)
	fmt.Fprintf(out, "%d mutations; tests of %s without any of them\n", len(todo), strings.Join(packages, " "))
	for _, p := range packages {
		if failed, text := test(ctx, first, p, limit); failed != "" {
			return 0, fmt.Errorf("the tests of %s fail without a mutation: %s\n%s", p, failed, tail(text, 30))
		}
	}
	trees <- first

	outcomes := make([]outcome, len(todo))
	var wg sync.WaitGroup
	var mu sync.Mutex // guards out and the count
	done := 0
	for i, m := range todo {
		tree := <-trees
		wg.Go(func() {
			defer func() { trees <- tree }()
			outcomes[i] = try(ctx, tree, m, limit)
			mu.Lock()
			defer mu.Unlock()
			done++
			if o := &outcomes[i]; ctx.Err() == nil {
				fmt.Fprintf(out, "%3d/%d %-34s %5.1f s  %s\n", done, len(todo), m.name, o.seconds, o)
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return summarise(outcomes, out)
}

func (o *outcome) String() string {
	switch {
	case o.fault != nil:
		return "NO VERDICT: " + o.fault.Error()
	case o.caught == "":
		return "SURVIVED: " + o.breaks
	}
	return "caught by " + o.caught
}

// summarise prints the counts; mutations without a verdict are an error.
func summarise(outcomes []outcome, out io.Writer) (survived int, err error) {
	faults := 0
	for _, o := range outcomes {
		switch {
		case o.fault != nil:
			faults++
		case o.caught == "":
			survived++
		}
	}
	fmt.Fprintf(out, "%d mutations: %d caught, %d survived\n", len(outcomes)-faults, len(outcomes)-faults-survived, survived)
	for _, o := range outcomes {
		if o.fault == nil && o.caught == "" {
			fmt.Fprintf(out, "survived: %s (%s): %s\n", o.name, o.file, o.breaks)
		}
	}
	if faults > 0 {
		return survived, fmt.Errorf("%d mutations have no verdict: mend the list, or give the tests more time", faults)
	}
	return survived, nil
}

// try applies a mutation to a copy of the tree, runs the tests and takes it back.
func try(ctx context.Context, tree string, m mutation, limit time.Duration) (o outcome) {
	o.mutation = m
	start := time.Now()
	defer func() { o.seconds = time.Since(start).Seconds() }()
	path := filepath.Join(tree, m.file)
	before, err := os.ReadFile(path)
	if err != nil {
		o.fault = err
		return o
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(before), m.old, m.new, 1)), 0o644); err != nil {
		o.fault = err
		return o
	}
	defer func() { o.fault = errors.Join(o.fault, os.WriteFile(path, before, 0o644)) }()
	for _, p := range strings.Fields(m.packages) {
		failed, text := test(ctx, tree, p, limit)
		if strings.Contains(text, "[build failed]") || strings.Contains(text, "[setup failed]") {
			o.fault = fmt.Errorf("it does not compile\n%s", tail(text, 10))
			return o
		}
		// Inputs on which property tests failed would be tried first with the next mutation.
		_ = os.RemoveAll(filepath.Join(tree, p, "testdata", "rapid"))
		if failed == tooLong {
			o.fault = fmt.Errorf("the tests of %s took longer than %s", p, limit)
			return o
		}
		if failed != "" {
			o.caught = failed
			return o
		}
	}
	return o
}

// skip are the tests that are left out, as go test -skip takes them.
var skip string

// tooLong stands for the name of a test where the time limit ended the tests.
const tooLong = "the time limit"

var failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// test runs a package's tests up to the first failure, and gives that test's name ("" where all passed) and the output.
func test(ctx context.Context, tree, pkg string, limit time.Duration) (failed, text string) {
	// The linter's job is not the tests' job: vet would catch some mutations as suspicious code.
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-failfast", "-vet=off", "-timeout", limit.String(), "-skip", skip, "./"+pkg)
	cmd.Dir = tree
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // go test and the tests themselves
	all, err := cmd.CombinedOutput()
	if err == nil {
		return "", string(all)
	}
	switch found := failedTest.FindSubmatch(all); {
	case bytes.Contains(all, []byte("panic: test timed out")):
		failed = tooLong
	case found != nil:
		failed = pkg + " " + string(found[1])
	default:
		failed = pkg + " by a crash"
	}
	return failed, string(all)
}

// fits reports mutations whose text does not occur exactly once, and names that occur twice.
func fits(tree string, todo []mutation) error {
	var errs []error
	seen := map[string]bool{}
	for _, m := range todo {
		data, err := os.ReadFile(filepath.Join(tree, m.file))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.name, err))
		} else if n := strings.Count(string(data), m.old); n != 1 {
			errs = append(errs, fmt.Errorf("%s: its text occurs %d times in %s, want once: %q", m.name, n, m.file, m.old))
		}
		if seen[m.name] || m.old == m.new || m.packages == "" {
			errs = append(errs, fmt.Errorf("%s: named twice, changes nothing, or has no packages", m.name))
		}
		seen[m.name] = true
	}
	return errors.Join(errs...)
}

// copyTree copies what git knows or would add.
func copyTree(ctx context.Context, from, to string) error {
	names, err := output(ctx, from, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(names, "\x00"), "\x00") {
		info, err := os.Stat(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, but still in the index
		}
		if err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), data, info.Mode().Perm()); err != nil {
			return err
		}
	}
	return nil
}

func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}

// tail gives the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
