// Command manage works on files that are stored: it copies a folder to an archive, prints the
// address of a preview of each picture in the folder, and deletes what is not one.
//
//	BYTESCALE_API_KEY=… go run ./examples/manage /FOLDER /ARCHIVE
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path"
	"slices"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/cdn"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: manage /FOLDER /ARCHIVE")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, err := bytescale.NewClientFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	if err := manage(ctx, client, os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func manage(ctx context.Context, client *bytescale.Client, folder, archive string) error {
	archiving, err := client.CopyFolder(ctx, bytescale.FolderCopy{Source: folder, Destination: archive})
	if err != nil {
		return err
	}
	if _, err := archiving.Wait(ctx); err != nil {
		return err
	}
	links := cdn.Links{AccountID: client.AccountID()}
	var others []string
	for entry, err := range client.ListFolder(ctx, folder, bytescale.WithRecursive()) {
		if err != nil {
			return err
		}
		switch {
		case entry.IsFolder:
		case path.Ext(entry.Path) == ".jpg":
			preview, err := links.Image(entry.Path, cdn.Width(200), cdn.Format("webp"))
			if err != nil {
				return err
			}
			fmt.Println(preview)
		default:
			others = append(others, entry.Path)
		}
	}
	for job, err := range client.DeleteFiles(ctx, slices.Values(others)) {
		if err != nil {
			return err
		}
		if _, err := job.Wait(ctx); err != nil {
			return err
		}
	}
	fmt.Println("deleted", len(others))
	return nil
}
