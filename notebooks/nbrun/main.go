// Command nbrun builds the Go kernel of the notebooks and runs notebooks without Jupyter or Python.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const usage = `nbrun: the notebooks of this repository, run from the command line.

  nbrun install             builds the Go kernel (gonb) and describes it to Jupyter, all in .gonb of the checkout
  nbrun [run] NOTEBOOK...   runs notebooks from top to bottom and writes copies with their outputs

Example, on the run that "make run" has left:

  go run ./notebooks/nbrun -set GENJOBREC_RUN=runs/market notebooks/02_matching.ipynb

The first failing cell ends the program with status 1 and the cell's error; a shell cell fails when a command of it does.
The copy is written then, too, with the outputs up to there. Flags go before the notebooks:

`

// Exit codes.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// errUsage marks errors of the command line itself.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil:
		os.Exit(exitOK)
	case interrupted:
		fmt.Fprintln(os.Stderr, "nbrun: interrupted")
		os.Exit(exitInterrupted)
	case errors.Is(err, errUsage):
		os.Exit(exitUsage)
	}
	fmt.Fprintf(os.Stderr, "nbrun: %v\n", err)
	os.Exit(exitError)
}

// settings are repeated KEY=VALUE flags.
type settings []string

func (s *settings) String() string { return strings.Join(*s, " ") }

// Set takes one flag.
func (s *settings) Set(v string) error {
	if i := strings.Index(v, "="); i < 1 {
		return fmt.Errorf("%q is not KEY=VALUE", v)
	}
	*s = append(*s, v)
	return nil
}

func command(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	install := false
	if len(args) > 0 && (args[0] == "install" || args[0] == "run") {
		install = args[0] == "install"
		args = args[1:]
	}
	var set settings
	flags := flag.NewFlagSet("nbrun", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "", "folder for the executed copies, which keep their names (default runs/notebooks in the checkout)")
	timeout := flags.Duration("timeout", 30*time.Minute, "longest time for one cell; then it is interrupted, and the kernel killed if that does not help")
	flags.Var(&set, "set", "KEY=VALUE for the environment of the notebooks; may be repeated")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if len(args) > 0 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help" || args[0] == "help") {
		flags.SetOutput(stdout)
		flags.Usage()
		return nil
	}
	if err := flags.Parse(args); err != nil {
		return errors.Join(errUsage, err)
	}
	files := flags.Args()
	if err := checkFiles(install, files, *timeout); err != nil {
		fmt.Fprintf(stderr, "nbrun: %v\n\n", err)
		flags.Usage()
		return errors.Join(errUsage, err)
	}
	repo, err := findRepository(".")
	if err != nil {
		return err
	}
	if err := repo.install(ctx, stdout); err != nil {
		return err
	}
	if install {
		fmt.Fprintf(stdout, "the kernel is described in %s\n", repo.specFile())
		return nil
	}
	r := &runner{repo: repo, out: *out, tmp: repo.gonb("tmp"), timeout: *timeout, grace: defaultGrace, set: set, log: stdout}
	if r.out == "" {
		r.out = filepath.Join(repo.root, "runs", "notebooks")
	}
	for _, f := range files {
		if err := r.run(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// checkFiles finds mistakes before any kernel is started.
func checkFiles(install bool, files []string, timeout time.Duration) error {
	switch {
	case install && len(files) > 0:
		return fmt.Errorf("install takes no arguments, %q given", files[0])
	case !install && len(files) == 0:
		return errors.New("no notebook given")
	case timeout <= 0:
		return fmt.Errorf("-timeout %s is not positive", timeout)
	}
	seen := map[string]string{}
	for _, f := range files {
		if strings.HasPrefix(f, "-") {
			return fmt.Errorf("the flag %s stands behind a notebook", f)
		}
		base := filepath.Base(f)
		if other, ok := seen[base]; ok {
			return fmt.Errorf("%s and %s would get the same executed copy", other, f)
		}
		seen[base] = f
	}
	return nil
}
