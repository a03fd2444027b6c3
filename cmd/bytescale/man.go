//go:build man

package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// The build of a release runs the command with this tag. Users need neither the command
// nor what it links.
func init() { moreCommands = append(moreCommands, manCommand) }

// escapeUses escapes what the generator would take for HTML, such as <file>.
func escapeUses(cmd *cobra.Command) {
	cmd.Use = strings.NewReplacer("<", `\<`, ">", `\>`).Replace(cmd.Use)
	for _, below := range cmd.Commands() {
		escapeUses(below)
	}
}

// manCommand is bytescale man, which writes the manual pages.
func manCommand(std *streams) *cobra.Command {
	var date string
	cmd := &cobra.Command{
		Use:    "man <dir>",
		Long:   "Write the manual pages of all commands into a directory.",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := time.Parse(time.RFC3339, date)
			if err != nil {
				return usageError{err}
			}
			root := newRoot(std, func(string) string { return "" })
			root.DisableAutoGenTag = true // it has the time of the build
			escapeUses(root)
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Manual: "Bytescale", Source: "bytescale-go", Date: &at}, args[0])
		},
	}
	cmd.Flags().StringVar(&date, "date", "", "The `time` in the pages, such as 2026-11-29T00:00:00Z.")
	return cmd
}
