// Command girl runs the GIRL experiment without a notebook: the main job, scoring and writing with a finished run, the
// synthetic labour market, and importers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"genjobrec/girl/internal/tune"
)

const usage = `girl: generative job recommendation with large language models (arXiv 2307.02157), from CV–JD pairs to the matching table.

  girl run       train all stages and the matchers, write tables, figures and scores
  girl score     score new CV–JD pairs with the matchers of a finished run
  girl generate  write JDs for one CV with the writers of a finished run
  girl ablate    take GIRL apart, for a finished run: without SFT, normalisation, KL or PPO, and cold start (research question 3)
  girl judge     judge the written JDs of a finished run pairwise (research question 1)
  girl sweep     vary number and temperature of the written JDs for a finished run (research question 4)
  girl publish   copy what of a finished run may be shown to others, and README's section on it
  girl verify    check a finished run against its manifests: files, data and numbers
  girl glossary  explain every number that training logs
  girl market    write a synthetic labour market as a dataset
  girl import    turn a public collection or a table of your own into a dataset

girl COMMAND -h says what a command does and shows an example.
`

// command is one subcommand: it parses its own flags.
type command func(ctx context.Context, args []string, stdout, stderr io.Writer) error

func main() {
	tune.Memory()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// errUsage marks errors of the command line itself, after which the flags have been explained.
var errUsage = errors.New("usage")

// grace is how long a cancelled stage may take to leave by itself. Artefacts are written whole or not at all, so that
// ending the program in the middle of a long computation loses nothing else.
const grace = 800 * time.Millisecond

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	commands := map[string]command{"run": runCommand, "score": scoreCommand, "judge": judgeCommand, "sweep": sweepCommand, "ablate": ablateCommand, "publish": publishCommand, "verify": verifyCommand, "glossary": glossaryCommand, "market": marketCommand, "import": importCommand,
		"generate": func(ctx context.Context, args []string, out, err io.Writer) error {
			return generateCommand(ctx, args, stdin, out, err)
		}}
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" || args[0] == "help" {
		fmt.Fprint(stdout, usage)
		if len(args) == 0 {
			return exitUsage
		}
		return exitOK
	}
	cmd, ok := commands[args[0]]
	if !ok {
		fmt.Fprintf(stderr, "girl: there is no command %q\n\n%s", args[0], usage)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- cmd(ctx, args[1:], stdout, stderr) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(grace):
			err = ctx.Err()
		}
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "girl %s: %v\n", args[0], err)
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintf(stderr, "girl %s: interrupted", args[0])
		if args[0] == "run" {
			fmt.Fprint(stderr, "; finished stages are kept, and the same command goes on after them")
		}
		fmt.Fprintln(stderr)
		return exitInterrupted
	default:
		fmt.Fprintf(stderr, "girl %s: %v\n", args[0], err)
		return exitError
	}
}

// newFlags makes a flag set whose -h prints the given text before the flags.
func newFlags(name, text string, stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(fs.Output(), text, "\nFlags:\n")
		fs.PrintDefaults()
	}
	return fs
}

// parse parses flags. -h goes to standard output, mistakes to standard error.
func parse(fs *flag.FlagSet, args []string, positional int, stdout io.Writer) error {
	for _, a := range args {
		if a == "-h" || a == "--help" || a == "-help" {
			fs.SetOutput(stdout)
			fs.Usage()
			return flag.ErrHelp
		}
	}
	// Flags may stand before, between and after the positional arguments.
	var rest []string
	for {
		usage := fs.Usage
		fs.Usage = func() {}
		err := fs.Parse(args)
		fs.Usage = usage
		if err != nil {
			return fmt.Errorf("%w; -h explains the flags", errUsage)
		}
		args = fs.Args()
		if len(args) == 0 {
			break
		}
		rest, args = append(rest, args[0]), args[1:]
	}
	if len(rest) != positional {
		return fmt.Errorf("%w: %d arguments beside the flags, want %d; -h explains", errUsage, len(rest), positional)
	}
	return fs.Parse(append([]string{"--"}, rest...))
}

// need reports a required flag that was left out.
func need(name, value string) error {
	if value == "" {
		return fmt.Errorf("%w: -%s is needed; -h explains", errUsage, name)
	}
	return nil
}
