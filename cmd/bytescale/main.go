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
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
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

// cli is the whole command line.
type cli struct {
	Upload   uploadCmd   `cmd:"" help:"Upload files, directories or standard input."`
	Download downloadCmd `cmd:"" help:"Download a file."`
	Info     infoCmd     `cmd:"" help:"Show what is stored with a file."`
	Rm       rmCmd       `cmd:"" help:"Delete files."`
	URL      urlCmd      `cmd:"" name:"url" help:"Print the public URL of a file."`
	Emulator emulatorCmd `cmd:"" help:"Run a local emulator of the service."`
	Version  versionCmd  `cmd:"" help:"Print the version."`

	VersionFlag kong.VersionFlag `name:"version" help:"Print the version."`
}

// run is the command without its process: it parses args, runs what they ask
// for until it is done or ctx ends, and returns the exit code.
func run(ctx context.Context, args []string, env getenv, in io.Reader, out, errw io.Writer) int {
	exited := false // by --help or --version, which print and are done
	var grammar cli
	parser, err := newParser(&grammar, env, out, errw, func(int) { exited = true })
	if err != nil {
		fmt.Fprintln(errw, "bytescale:", err)
		return exitUsage
	}
	args = prepared(args)
	parsed, err := parser.Parse(args)
	if exited {
		return exitOK
	}
	if err != nil {
		return report(ctx, errw, usageError{fmt.Errorf("%w; try: %s --help", err, commandName(err))})
	}
	if err := checkArguments(args, grammar.Upload.Paths); err != nil {
		return report(ctx, errw, usageError{err})
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(&streams{in: in, out: out, err: errw}, env)
	return report(ctx, errw, parsed.Run())
}

// notUTF8 stands in an argument for what is not UTF-8. The parser would put
// U+FFFD there, which can be the name of another file; no name holds a zero byte.
const notUTF8 = "\x00"

// prepared are args for the parser, which knows -- only before the first file.
func prepared(args []string) []string {
	var ready []string
	files := false // everything is one from here on
	for _, arg := range args {
		switch {
		case arg == "--" && !files:
			files = true
			continue
		case files && strings.HasPrefix(arg, "-") && arg != "-":
			arg = "./" + arg
		}
		ready = append(ready, strings.ToValidUTF8(arg, notUTF8))
	}
	return ready
}

// checkArguments refuses what is not UTF-8, except for files to upload: each of
// them fails by itself.
func checkArguments(args, uploads []string) error {
	uploads = slices.Clone(uploads)
	for _, arg := range args {
		if !strings.Contains(arg, notUTF8) {
			continue
		}
		i := slices.Index(uploads, arg)
		if i < 0 {
			return fmt.Errorf("%s is not valid UTF-8, which cannot be given here", arg)
		}
		uploads = slices.Delete(uploads, i, i+1)
	}
	return nil
}

func newParser(grammar *cli, env getenv, out, errw io.Writer, exit func(int)) (*kong.Kong, error) {
	parser, err := kong.New(grammar,
		kong.Name("bytescale"),
		kong.Description("Upload files to Bytescale: fast, in little memory, and from where it stopped after an interruption."),
		kong.Vars{"version": version()},
		kong.Writers(out, errw),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: helpWidth}),
		kong.ValueFormatter(helpText),
		kong.Resolvers(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
			for _, name := range flag.Envs {
				if value := env(name); value != "" {
					return value, nil
				}
			}
			return nil, nil
		})),
	)
	if err != nil {
		return nil, err
	}
	// The resolver above reads the environment that run was given; the parser's
	// own reading, of the process's environment, is switched off.
	for _, command := range parser.Model.Children {
		for _, flag := range command.Flags {
			flag.Tag.Envs = nil
		}
	}
	return parser, nil
}

// helpWidth is the widest that help gets, so that it reads the same everywhere.
const helpWidth = 100

// helpText adds the environment variable to a flag's help.
func helpText(value *kong.Value) string {
	if value.Flag == nil || len(value.Flag.Envs) == 0 {
		return value.Help
	}
	return fmt.Sprintf("%s ($%s)", value.Help, value.Flag.Envs[0])
}

// commandName is the command that a parse error is about, for the hint.
func commandName(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Command() != "" {
		if selected := parse.Context.Selected(); selected != nil {
			return "bytescale " + selected.Name
		}
	}
	return "bytescale"
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
