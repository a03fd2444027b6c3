// Command bytescale uploads files to Bytescale from a shell. It sends large files
// fast and in little memory, and continues interrupted uploads. It also contains an
// emulator of the service. See docs/command.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// The exit codes. After a signal the code is exitSignal plus the signal's number: 130
// for Ctrl-C.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitSignal = 128
)

// After a signal the command has this time to stop its requests and print its
// summary. Then the process exits, even if something still blocks. After Ctrl-C a
// person waits, so the time is short. Other signals come from a supervisor with its
// own limit, and an emulator may need longer to finish its requests.
const (
	exitGrace     = emulatorGrace + time.Second
	exitGraceUser = 1500 * time.Millisecond
)

func main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		// nohup and background jobs start the process with signals ignored. They
		// must stay ignored.
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
	go obey(signals, cancel, os.Stderr, os.Exit)
	log.SetOutput(io.Discard) // net/http logs bytes of a server, which may repeat the API key
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// obey cancels the context at the first signal. It exits at the second signal or
// when the time for a clean end is over.
func obey(signals <-chan os.Signal, cancel context.CancelCauseFunc, errw io.Writer, exit func(code int)) {
	stop := stopped{signal: <-signals}
	cancel(stop)
	patience := exitGrace
	if stop.signal == os.Interrupt {
		patience = exitGraceUser
	}
	select {
	case <-signals:
	case <-time.After(patience):
		fmt.Fprintln(errw, "bytescale: interrupted, with something still under way")
	}
	exit(stop.code())
}

// stopped is the cancel cause of a context that a signal has ended.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string { return "interrupted" }

func (s stopped) code() int {
	number, ok := s.signal.(syscall.Signal)
	if !ok {
		number = syscall.SIGINT
	}
	return exitSignal + int(number)
}

// streams are the standard streams. Results go to out, everything else to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// needInput returns an error if standard input is closed, because an upload of it would
// store an empty file.
func (s *streams) needInput() error {
	if f, ok := s.in.(*os.File); ok && isClosed(f) {
		return usageError{errors.New("standard input is closed, or is /dev/null opened for writing; to store an empty file, use </dev/null")}
	}
	return nil
}

// needOutput returns an error if standard output is closed, because results would be lost.
func (s *streams) needOutput() error {
	if f, ok := s.out.(*os.File); ok && isClosed(f) {
		return usageError{errors.New("standard output is closed, or is /dev/null opened for reading and writing, so the results would be lost; to discard them, use >/dev/null")}
	}
	return nil
}

// getenv returns the value of an environment variable, "" if it is not set.
type getenv func(name string) string

// run parses args, runs the command that they name until it is done or ctx ends, and
// returns the exit code. Everything that belongs to the process is a parameter, so
// that tests can run the command without one.
func run(ctx context.Context, args []string, env getenv, in io.Reader, out, errw io.Writer) int {
	std := &streams{in: in, out: out, err: errw}
	root := newRoot(std, env)
	root.SetArgs(append([]string{}, args...)) // nil would mean the arguments of the process
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		addCompletions(root, env) // only when a shell asks, because they take memory
	}
	return report(ctx, errw, execute(ctx, root, args))
}

// execute runs the command that args name.
func execute(ctx context.Context, root *cobra.Command, args []string) error {
	if cmd, rest, err := root.Find(args); err == nil {
		if err := checkValues(cmd, rest); err != nil {
			return err
		}
	}
	err := root.ExecuteContext(ctx)
	if errors.Is(err, errVersion) {
		return printVersion(root.OutOrStdout())
	}
	return err
}

// report prints err, unless its command has printed it already, and returns the exit
// code.
func report(ctx context.Context, errw io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	var stop stopped
	if errors.As(context.Cause(ctx), &stop) {
		if !errors.Is(err, errReported) {
			fmt.Fprintln(errw, "bytescale: interrupted")
		}
		return stop.code()
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(errw, "bytescale:", explain(err))
	}
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// errReported is returned by a command that has printed its failures.
var errReported = errors.New("already reported")

// usageError is a mistake in the command line. Nothing was sent.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }
