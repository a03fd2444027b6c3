// Command bytescale uploads files to Bytescale, from a shell and with no code:
// large ones fast and in little memory, interrupted ones from where they
// stopped. It also holds an emulator of the service. See docs/command.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// The exit codes. A signal adds its number to exitSignal: 130 on Ctrl-C.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitSignal = 128
)

// What a signal leaves the command to stop its requests and say what it did; then
// the process ends whatever still blocks it. Ctrl-C has a person waiting. The
// others have a supervisor with a limit of its own, and an emulator may need
// longer to finish its requests.
const (
	exitGrace     = emulatorGrace + time.Second
	exitGraceUser = 1500 * time.Millisecond
)

func main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		// What the parent has switched off, as nohup and background jobs have,
		// stays so.
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
	go obey(signals, cancel, os.Stderr, os.Exit)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// obey cancels at the first signal, and exits at the second one or when patience is
// over.
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

// stopped is the cause of a context that a signal ended.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string { return "interrupted" }

func (s stopped) code() int {
	number, ok := s.signal.(syscall.Signal)
	if !ok {
		number = syscall.SIGINT
	}
	return exitSignal + int(number)
}

// streams are the three standard streams. Results go to out, all else to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// getenv reads an environment variable; "" when it is not set.
type getenv func(name string) string

// run is the command without its process: it parses args, runs what they ask
// for until it is done or ctx ends, and returns the exit code.
func run(ctx context.Context, args []string, env getenv, in io.Reader, out, errw io.Writer) int {
	std := &streams{in: in, out: out, err: errw}
	root := newRoot(std, env)
	root.SetArgs(append([]string{}, args...)) // nil would mean the arguments of the process
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

// report prints what err has to say, if anything is left to say, and gives the
// exit code for it.
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

// errReported is what a command returns when it has printed its failures.
var errReported = errors.New("already reported")

// usageError is a command line that cannot be meant.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }
