package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// lsCmd is bytescale ls.
type lsCmd struct {
	connection

	folders               []string
	long, recursive, json bool
}

func (c *lsCmd) command(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ls [folder] ...",
		Short: "List the files and folders in a folder.",
		Long: "List the files and folders in folders, by default in /. A folder has a slash at\n" +
			"its end. The order is that of the service.",
		Example: `  bytescale ls -l /photos
  bytescale ls -r --json / | jq -r 'select(.size > 1e9) | .path'`,
		Args: storedNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.folders = args
			if len(args) == 0 {
				c.folders = []string{"/"}
			}
			return c.run(cmd.Context(), std)
		},
	}
	addFlags(cmd, "What to list", func(flags *pflag.FlagSet) {
		flags.BoolVarP(&c.recursive, "recursive", "r", false, "List what is in the folders at all levels. Folders that exist only because of the files in them are left out.")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVarP(&c.long, "long", "l", false, "Print the size and the time of each file before its path.")
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per file or folder.")
	})
	c.addFlags(cmd)
	return cmd
}

// run lists each folder.
func (c *lsCmd) run(ctx context.Context, std *streams) error {
	if err := std.needOutput(); err != nil {
		return err
	}
	var options []bytescale.ListOption
	if c.recursive {
		options = append(options, bytescale.WithRecursive())
	}
	rows := newListing(std.out, c.long, c.json)
	return c.eachFolder(ctx, std, c.folders, func(ctx context.Context, client *bytescale.Client, folder string) error {
		empty := true
		for entry, err := range client.ListFolder(ctx, folder, options...) {
			if err != nil {
				return err
			}
			if err := rows.entry(entry); err != nil {
				return err
			}
			empty = false
		}
		if empty {
			fmt.Fprintf(std.err, "bytescale: %s: nothing is in it, or there is no such folder\n", shown(folder))
		}
		return nil
	})
}
