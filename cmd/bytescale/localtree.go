package main

import (
	"context"
	"io/fs"
	"os"
	"slices"

	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// localTree is a directory of this machine as a file system. It opens nothing outside, nothing
// that a link leads to, and never waits for the other end of a pipe, whatever is put in the
// place of a name meanwhile. The directory with the command's own state is left out.
type localTree struct {
	ctx  context.Context // ends the wait for a file that another process has a lease on
	root *os.Root
	own  string // the directory with the command's state; "" if not known
	skip func(path, reason string)
}

// Open opens a regular file, which is an [os.File], or a directory.
func (t *localTree) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	found, err := t.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !found.IsDir() {
		return t.open(name, found)
	}
	f, err := osfile.OpenDirectory(t.root, name)
	if err != nil {
		return nil, err
	}
	return &localDirectory{File: f, tree: t, path: name}, nil
}

// Lstat and ReadLink make it an [fs.ReadLinkFS], so that package io/fs follows no link to look at
// a file.
func (t *localTree) Lstat(name string) (fs.FileInfo, error) { return t.root.Lstat(name) }
func (t *localTree) ReadLink(name string) (string, error)   { return t.root.Readlink(name) }

// open opens a file. It fails if the name leads to another one by now.
func (t *localTree) open(name string, found fs.FileInfo) (*os.File, error) {
	return openFound(t.ctx, found, func(flags int) (*os.File, error) { return t.root.OpenFile(name, flags, 0) })
}

// openFound opens a regular file with open. It fails if that opens another file than the one
// that was found, or one that does not tell its size.
func openFound(ctx context.Context, found fs.FileInfo, open func(flags int) (*os.File, error)) (*os.File, error) {
	f, now, err := osfile.OpenRegular(ctx, open)
	if err != nil {
		return nil, err
	}
	switch {
	case !os.SameFile(found, now):
		err = osfile.ErrReplaced
	case !sizeIsTrue(f, now):
		err = errSize
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// mime returns the MIME type of a file, "" if it cannot be told.
func (t *localTree) mime(name string) (string, error) {
	if mime := extensions[extension(name)]; mime != "" {
		return mime, nil
	}
	found, err := t.root.Lstat(name)
	if err != nil {
		return "", err
	}
	f, err := t.open(name, found)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return readerMIME(f)
}

// localDirectory is an open directory.
type localDirectory struct {
	*os.File
	tree *localTree
	path string
}

// ReadDir is [fs.ReadDirFile.ReadDir] without the directory of the command's state.
func (d *localDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	for {
		entries, err := d.File.ReadDir(n)
		entries = slices.DeleteFunc(entries, d.isOwn)
		if len(entries) > 0 || err != nil || n <= 0 {
			return entries, err
		}
	}
}

// isOwn reports whether an entry is the directory with the command's state, and says that it
// is skipped. The directory may have been created since the command began.
func (d *localDirectory) isOwn(entry fs.DirEntry) bool {
	if !entry.IsDir() || d.tree.own == "" {
		return false
	}
	is, err := entry.Info()
	if err != nil || !isDirectory(d.tree.own, is) {
		return false
	}
	d.tree.skip(inTree(d.path, entry.Name()), "the state of this command")
	return true
}

// isDirectory reports whether name is a directory that is already known; "" is none.
func isDirectory(name string, known fs.FileInfo) bool {
	if name == "" {
		return false
	}
	info, err := lookUp(name)
	return err == nil && os.SameFile(info, known)
}

// inTree joins a path below a tree and a name.
func inTree(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}
