package main

import (
	"io"

	bytescale "github.com/c88edac7/bytescale-go"
)

// listing prints the entries of a list of files and folders.
type listing struct {
	out        io.Writer
	long, json bool
	table      *table
}

func newListing(out io.Writer, long, json bool) *listing {
	list := &listing{out: out, long: long, json: json}
	if long {
		list.table = newTable(out, sizeColumn, timeColumn, pathColumn)
	} else {
		list.table = newTable(out, pathColumn)
	}
	return list
}

// entry prints a file or a folder.
func (l *listing) entry(entry bytescale.FolderEntry) error {
	switch {
	case l.json:
		return printLine(l.out, jsonLine(entry))
	case !l.long:
		return l.table.row(entryName(entry))
	case entry.IsFolder:
		return l.table.row("-", "-", entryName(entry))
	}
	return l.table.row(l.table.size(entry.Size), moment(entry.LastModified), entryName(entry))
}

// entryName is the path of a file, or that of a folder with a slash at its end.
func entryName(entry bytescale.FolderEntry) string {
	if entry.IsFolder {
		return folderName(entry.Path)
	}
	return entry.Path
}
