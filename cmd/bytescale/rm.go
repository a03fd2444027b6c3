package main

import (
	"context"

	bytescale "github.com/c88edac7/bytescale-go"
)

type rmCmd struct {
	connection `embed:""`

	Files []string `arg:"" name:"file" help:"Paths of stored files, or their URLs."`
}

// Run deletes each file.
func (c *rmCmd) Run(ctx context.Context, std *streams) error {
	return c.each(ctx, std, c.Files, func(ctx context.Context, client *bytescale.Client, path string) error {
		return client.DeleteFile(ctx, path)
	})
}
