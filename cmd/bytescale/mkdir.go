package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// mkdirCmd is bytescale mkdir.
type mkdirCmd struct {
	connection

	folders     []string
	description string
	json        bool
}

func (c *mkdirCmd) command(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mkdir <folder> ...",
		Short: "Make folders.",
		Long: "Make folders, and those above them. Uploads need no folder to be made first. A\n" +
			"folder that is made stays when it is empty. One that exists already is no error.",
		Args: cobra.MatchAll(someArguments, storedNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.folders = args
			var options []bytescale.FolderOption
			if cmd.Flags().Changed("description") {
				options = append(options, bytescale.WithDescription(c.description))
			}
			return c.run(cmd.Context(), std, options)
		},
	}
	addFlags(cmd, "Settings", func(flags *pflag.FlagSet) {
		flags.StringVar(&c.description, "description", "", "Say in up to 100 characters of `text` what the folder is for. An empty text removes the description.")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per folder.")
	})
	c.addFlags(cmd)
	return cmd
}

// run makes each folder.
func (c *mkdirCmd) run(ctx context.Context, std *streams, options []bytescale.FolderOption) error {
	if c.json {
		if err := std.needOutput(); err != nil {
			return err
		}
	}
	return c.eachFolder(ctx, std, c.folders, func(ctx context.Context, client *bytescale.Client, folder string) error {
		details, err := client.PutFolder(ctx, folder, options...)
		if err != nil || !c.json {
			return err
		}
		return printLine(std.out, jsonLine(details))
	})
}
