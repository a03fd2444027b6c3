package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func init() { cobra.EnableCommandSorting = false } // the help lists commands in the order of newRoot

// moreCommands are commands of special builds, see man.go.
var moreCommands []func(*streams) *cobra.Command

// newRoot returns the whole command line.
func newRoot(std *streams, env getenv) *cobra.Command {
	root := &cobra.Command{
		Use:           "bytescale <command>",
		Short:         "Upload files to Bytescale.",
		Long:          "Upload files to Bytescale: fast, in little memory, and from where it stopped\nafter an interruption. List, copy, move and delete what is stored.",
		RunE:          missingCommand,
		Args:          unknownCommand,
		SilenceErrors: true, // report prints them
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true // completionCommand takes its place
	root.SetHelpFunc(printHelp)
	root.SetFlagErrorFunc(flagError)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.PersistentFlags().SortFlags = false
	root.PersistentFlags().BoolP("help", "h", false, "Show this help.")
	root.PersistentFlags().Bool("version", false, "Print the version.")

	root.AddCommand(
		(&uploadCmd{}).command(std, env),
		(&downloadCmd{}).command(std, env),
		(&syncCmd{}).command(std, env),
		(&lsCmd{}).command(std),
		(&infoCmd{}).command(std),
		(&copyCmd{}).command(std, env),
		(&copyCmd{move: true}).command(std, env),
		(&rmCmd{}).command(std, env),
		(&mkdirCmd{}).command(std),
		jobCommand(std, env),
		(&processCmd{}).command(std, env),
		(&resetCacheCmd{}).command(std, env),
		(&urlCmd{}).command(std, env),
		(&tokenCmd{}).command(std, env),
		(&emulatorCmd{}).command(std, env),
		completionCommand(std),
		versionCommand(std),
	)
	for _, more := range moreCommands {
		root.AddCommand(more(std))
	}
	root.SetHelpCommand(helpCommand())
	prepareAll(root, env)
	return root
}

// prepareAll does for a command and those below it what all have in common.
func prepareAll(cmd *cobra.Command, env getenv) {
	cmd.Flags().SortFlags = false
	cmd.Args = prepared(cmd.Args, env)
	for _, below := range cmd.Commands() {
		prepareAll(below, env)
	}
}

// errVersion is returned for --version.
var errVersion = errors.New("the version is asked for")

// prepared returns a check of the arguments that does first what has to be done
// between the parsing of the flags and the start of the command: it answers
// --version, reads the environment and rejects flags that are not UTF-8.
func prepared(check cobra.PositionalArgs, env getenv) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if version, err := cmd.Flags().GetBool("version"); err != nil || version {
			return errors.Join(err, errVersion)
		}
		var invalid error
		cmd.Flags().Visit(func(flag *pflag.Flag) {
			if invalid == nil {
				invalid = checkUTF8(flag.Value.String())
			}
		})
		if invalid != nil {
			return usageError{invalid}
		}
		if err := check(cmd, args); err != nil {
			return err
		}
		return readEnvironment(cmd.Flags(), env)
	}
}

// usagef is an error about the command line, with the command whose help to read.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	return usageError{fmt.Errorf("%s; try: %s --help", fmt.Sprintf(format, args...), cmd.CommandPath())}
}

func missingCommand(cmd *cobra.Command, _ []string) error {
	names := commandNames(cmd)
	return usagef(cmd, `expected one of "%s"`, strings.Join(names, `", "`))
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usagef(cmd, "unexpected argument %s%s", args[0], didYouMean(args[0], commandNames(cmd)))
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, command := range cmd.Commands() {
		if command.IsAvailableCommand() {
			names = append(names, command.Name())
		}
	}
	return names
}

// noArguments, oneArgument and someArguments are the checks of positional arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(cmd, "unexpected argument %s", args[0])
	}
	return nil
}

func oneArgument(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef(cmd, "unexpected argument %s", args[1])
	}
	return someArguments(cmd, args)
}

func someArguments(cmd *cobra.Command, args []string) error { return needArguments(cmd, args, 1) }

// needArguments returns an error if there are fewer arguments than that.
func needArguments(cmd *cobra.Command, args []string, least int) error {
	if len(args) < least {
		_, want, _ := strings.Cut(cmd.Use, " ")
		return usagef(cmd, "expected %q", want)
	}
	return nil
}

// storedNames rejects arguments that cannot be the path of a stored file or folder.
func storedNames(_ *cobra.Command, args []string) error {
	for _, arg := range args {
		if err := checkUTF8(arg); err != nil {
			return usageError{err}
		}
	}
	return nil
}

func checkUTF8(arg string) error {
	if !utf8.ValidString(arg) {
		return fmt.Errorf("%s is not valid UTF-8, which cannot be given here", arg)
	}
	return nil
}
