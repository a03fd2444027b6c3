package main

import (
	"context"
	"fmt"

	bytescale "github.com/c88edac7/bytescale-go"
)

type urlCmd struct {
	connection `embed:""`

	Files []string `arg:"" name:"file" help:"Paths of stored files."`
}

// Run prints the URL of each file. It asks no server, so it does not tell
// whether the file exists.
func (c *urlCmd) Run(ctx context.Context, std *streams) error {
	return c.each(ctx, std, c.Files, func(_ context.Context, client *bytescale.Client, path string) error {
		address, err := client.FileURL(path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(std.out, address)
		return err
	})
}
