package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	bytescale "github.com/c88edac7/bytescale-go"
)

// previewed calls do for each entry of a preview, and then for the folder itself. It returns
// errNoFolder if the folder does not exist.
func previewed(ctx context.Context, client *bytescale.Client, folder string, list iter.Seq2[bytescale.FolderEntry, error], do func(bytescale.FolderEntry) error) error {
	empty := true
	for entry, err := range list {
		if err != nil {
			return err
		}
		if err := do(entry); err != nil {
			return err
		}
		empty = false
	}
	if empty {
		if err := checkMade(ctx, client, folder); err != nil {
			return err
		}
	}
	return do(bytescale.FolderEntry{Path: folder, IsFolder: true})
}

// transfer is the JSON form of what was copied or moved, or would be.
type transfer struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	IsFolder    bool   `json:"isFolder"`
	Size        int64  `json:"size,omitempty"`
	Replaces    bool   `json:"replaces,omitempty"` // a file that is at the destination
}

// transfers prints what would be copied or moved.
type transfers struct {
	out   io.Writer
	json  bool
	table *table
}

func newTransfers(out io.Writer, json bool) *transfers {
	return &transfers{out: out, json: json, table: newTable(out, pathColumn, pathColumn)}
}

func (l *transfers) entry(t transfer) error {
	if l.json {
		return printLine(l.out, jsonLine(t))
	}
	source, destination := t.Source, t.Destination
	if t.IsFolder {
		source, destination = folderName(source), folderName(destination)
	}
	return l.table.row(source, destination)
}

// previewFile prints where a file would go, and notes what it would replace.
func previewFile(ctx context.Context, std *streams, client *bytescale.Client, p pair, list *transfers) error {
	source, err := client.GetFileDetails(ctx, p.source)
	if err != nil {
		return err
	}
	t := transfer{Source: p.source, Destination: p.destination, Size: source.Size}
	switch _, err := client.GetFileDetails(ctx, p.destination); {
	case err == nil:
		t.Replaces = true
		fmt.Fprintf(std.err, "bytescale: %s: would replace the file at %s\n", shown(p.arg), shown(p.destination))
	case !errors.Is(err, bytescale.ErrNotFound):
		return err
	}
	return list.entry(t)
}

// previewFolder prints where everything in a folder would go.
func previewFolder(ctx context.Context, client *bytescale.Client, p pair, list *transfers) error {
	preview := client.PreviewCopyFolder(ctx, bytescale.FolderCopy{Source: p.source, Destination: p.destination})
	return previewed(ctx, client, p.source, preview, func(entry bytescale.FolderEntry) error {
		return list.entry(transfer{
			Source: entry.Path, Destination: p.destination + strings.TrimPrefix(entry.Path, p.source), IsFolder: entry.IsFolder, Size: entry.Size,
		})
	})
}
