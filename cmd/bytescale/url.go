package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	bytescale "github.com/c88edac7/bytescale-go"
)

// urlCmd is bytescale url.
type urlCmd struct {
	connection

	files []string
}

func (c *urlCmd) command(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "url <file> ...",
		Short: "Print the public URL of a file.",
		Long:  "Print the public URLs of files, named by their paths.",
		Args:  cobra.MatchAll(someArguments, storedNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.files = args
			return c.run(cmd.Context(), std)
		},
	}
	c.addFlags(cmd)
	return cmd
}

// run prints the URL of each file. It sends no request, so the file need not exist.
func (c *urlCmd) run(ctx context.Context, std *streams) error {
	return c.each(ctx, std, c.files, func(_ context.Context, client *bytescale.Client, path string) error {
		address, err := client.FileURL(path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(std.out, address)
		return err
	})
}
