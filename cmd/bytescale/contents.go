package main

import (
	"context"
	"fmt"
	"iter"

	bytescale "github.com/c88edac7/bytescale-go"
)

// contents is what a list has at its beginning.
type contents struct {
	files, folders int
	bytes          int64
	more           bool // the list goes on
}

// maxCounted is how many entries are counted for a question: one page of the list.
const maxCounted = 1000

// count returns the contents of a folder, by a list of it. It returns errNoFolder if the
// folder does not exist.
func count(ctx context.Context, client *bytescale.Client, folder string, list iter.Seq2[bytescale.FolderEntry, error]) (contents, error) {
	var found contents
	for entry, err := range list {
		switch {
		case err != nil:
			return found, err
		case found.files+found.folders == maxCounted:
			found.more = true
			return found, nil
		case entry.IsFolder:
			found.folders++
		default:
			found.files++
			found.bytes += entry.Size
		}
	}
	if found.files+found.folders == 0 {
		return found, checkMade(ctx, client, folder)
	}
	return found, nil
}

// checkMade returns errNoFolder for a folder with nothing in it that was not made.
func checkMade(ctx context.Context, client *bytescale.Client, folder string) error {
	details, err := client.GetFolderDetails(ctx, folder)
	if err == nil && !isMade(details) {
		err = errNoFolder
	}
	return err
}

func (c contents) String() string {
	switch {
	case c.more:
		return fmt.Sprintf("more than %d files and folders", maxCounted)
	case c.files+c.folders == 0:
		return "nothing"
	case c.files == 0:
		return plural(c.folders, "folder", "folders")
	case c.folders == 0:
		return fmt.Sprintf("%s, %s", plural(c.files, "file", "files"), size(c.bytes))
	}
	return fmt.Sprintf("%s and %s, %s", plural(c.files, "file", "files"), plural(c.folders, "folder", "folders"), size(c.bytes))
}
