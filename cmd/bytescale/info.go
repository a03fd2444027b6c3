package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// infoCmd is bytescale info.
type infoCmd struct {
	connection

	files []string
	json  bool
}

func (c *infoCmd) command(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:        "info <file> ...",
		Short:      "Show what is stored with a file.",
		Long:       "Show what is stored with files, named by their paths or their URLs.",
		Args:       cobra.MatchAll(someArguments, storedNames),
		SuggestFor: []string{"stat"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.files = args
			return c.run(cmd.Context(), std)
		},
	}
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per file.")
	})
	c.addFlags(cmd)
	return cmd
}

// run prints the details of each file.
func (c *infoCmd) run(ctx context.Context, std *streams) error {
	if err := std.needOutput(); err != nil {
		return err
	}
	between := "" // files
	return c.each(ctx, std, c.files, func(ctx context.Context, client *bytescale.Client, path string) error {
		file, err := client.GetFileDetails(ctx, path)
		if err != nil {
			return err
		}
		if c.json {
			_, err = fmt.Fprintln(std.out, jsonLine(file))
			return err
		}
		_, err = fmt.Fprint(std.out, between, details(file))
		between = "\n"
		return err
	})
}

// details describes a file to people, one property per line.
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
		// Encoding does not fail, because the metadata was decoded from JSON.
		line("metadata", jsonLine(file.Metadata))
	}
	return text.String()
}
