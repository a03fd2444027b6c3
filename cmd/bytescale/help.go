package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the number of columns that help takes at most. It does not follow the
// terminal, so that help reads the same everywhere.
const helpWidth = 80

// helpCommand returns "bytescale help COMMAND", which does what
// "bytescale COMMAND --help" does.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "help [command]",
		Long:   "Show the help of a command.",
		Hidden: true, // every help names --help
		Args:   cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || about == cmd.Root() && len(rest) > 0 {
				return unknownCommand(cmd.Root(), rest)
			}
			about.InitDefaultHelpFlag() // it comes with the flags of all commands
			return about.Help()
		},
	}
}

// printHelp prints the help of a command.
func printHelp(cmd *cobra.Command, _ []string) {
	text := &helpText{}
	text.line("Usage: %s\n\n%s", cmd.UseLine(), cmd.Long)
	text.commands(cmd)
	text.flags(cmd)
	if cmd.HasExample() {
		text.line("\nExamples:\n%s", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		text.line("\nRun \"%s <command> --help\" for more information on a command.", cmd.CommandPath())
	}
	_, _ = io.WriteString(cmd.OutOrStdout(), text.String())
}

type helpText struct{ strings.Builder }

func (t *helpText) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

func (t *helpText) commands(cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	t.line("\nCommands:")
	for _, command := range cmd.Commands() {
		if command.IsAvailableCommand() {
			t.line("  %-12s%s", command.Name(), command.Short)
		}
	}
}

// flags prints the flags in the order of their definition, each group below its
// title. All groups have the same columns.
func (t *helpText) flags(cmd *cobra.Command) {
	const titleOfAll = "Flags"
	var titles []string
	groups := map[string][]*pflag.Flag{}
	width := 0
	add := func(flag *pflag.Flag) {
		title := annotation(flag, flagGroup)
		if title == "" {
			title = titleOfAll
		}
		if groups[title] == nil {
			titles = append(titles, title)
		}
		groups[title] = append(groups[title], flag)
		width = max(width, len(flagSyntax(flag)))
	}
	cmd.Flags().VisitAll(add)
	for _, title := range titles {
		t.line("\n%s:", title)
		for _, flag := range groups[title] {
			_, usage := pflag.UnquoteUsage(flag)
			lines := wrap(usage, helpWidth-width-4)
			t.line("  %-*s  %s", width, flagSyntax(flag), strings.Join(lines, "\n"+strings.Repeat(" ", width+4)))
		}
	}
}

// flagSyntax is what to type: "-o, --output FILE".
func flagSyntax(flag *pflag.Flag) string {
	syntax := "    --" + flag.Name
	if flag.Shorthand != "" {
		syntax = "-" + flag.Shorthand + ", --" + flag.Name
	}
	if value, _ := pflag.UnquoteUsage(flag); value != "" {
		syntax += " " + value
	}
	return syntax
}

// wrap breaks text into lines of at most width letters, between words.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
