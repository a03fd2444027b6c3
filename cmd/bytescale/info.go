package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	bytescale "github.com/c88edac7/bytescale-go"
)

type infoCmd struct {
	connection `embed:""`

	Files []string `arg:"" name:"file" help:"Paths of stored files, or their URLs."`
	JSON  bool     `name:"json" help:"Print one JSON object per file."`
}

// Run prints the details of each file.
func (c *infoCmd) Run(ctx context.Context, std *streams) error {
	between := "" // files
	return c.each(ctx, std, c.Files, func(ctx context.Context, client *bytescale.Client, path string) error {
		file, err := client.GetFileDetails(ctx, path)
		if err != nil {
			return err
		}
		if c.JSON {
			_, err = fmt.Fprintln(std.out, jsonLine(file))
			return err
		}
		_, err = fmt.Fprint(std.out, between, details(file))
		between = "\n"
		return err
	})
}

// details is a file for people, one property per line.
func details(file *bytescale.FileDetails) string {
	var text strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&text, "%-15s%s\n", name+":", shown(value))
		}
	}
	line("path", file.FilePath)
	line("url", file.FileURL)
	line("size", fmt.Sprintf("%d bytes", file.Size))
	line("type", file.MIME)
	line("etag", file.ETag)
	line("modified", file.LastModified.UTC().Format(time.RFC3339))
	line("original name", file.OriginalFileName)
	line("tags", strings.Join(file.Tags, ", "))
	if len(file.Metadata) > 0 {
		// The metadata was decoded from JSON, so it encodes.
		metadata, _ := json.Marshal(file.Metadata)
		line("metadata", string(metadata))
	}
	return text.String()
}
