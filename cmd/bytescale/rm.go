package main

import (
	"context"

	"github.com/spf13/cobra"

	bytescale "github.com/c88edac7/bytescale-go"
)

// rmCmd is bytescale rm.
type rmCmd struct {
	connection

	files []string
}

func (c *rmCmd) command(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:        "rm <file> ...",
		Short:      "Delete files.",
		Long:       "Delete files, named by their paths or their URLs.",
		Args:       cobra.MatchAll(someArguments, storedNames),
		SuggestFor: []string{"delete", "del", "remove"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.files = args
			return c.run(cmd.Context(), std)
		},
	}
	c.addFlags(cmd)
	return cmd
}

// run deletes each file.
func (c *rmCmd) run(ctx context.Context, std *streams) error {
	return c.each(ctx, std, c.files, func(ctx context.Context, client *bytescale.Client, path string) error {
		return client.DeleteFile(ctx, path)
	})
}
