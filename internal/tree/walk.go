package tree

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxDepth is how many directories deep a walk goes. The service allows 512
	// characters for a path, which are at most 256 segments. It bounds the open
	// directories of a walk.
	maxDepth = 256

	// readAtATime is how many entries of a directory are in memory at a time,
	// because a directory may have millions.
	readAtATime = 256
)

var (
	errNoDirectory = errors.New("is not a directory that can be listed")
	errReplaced    = errors.New("was replaced while the tree was read")
)

// Walk lists the regular files below a directory that the filter takes. Use
// the FS of an [os.Root] for a directory of this machine: it never leaves the
// directory, whatever happens to it meanwhile.
//
// Entries come directory by directory, in no particular order. Symbolic links
// are not followed. What is no regular file or cannot be read comes as an entry
// with Skip set, for a directory once for all that is in it. Only a failure to
// list the top directory ends the listing with an error.
//
// Walk keeps one open file for each level of the directory that it is in, and
// some hundred entries of each.
func Walk(fsys fs.FS, filter Filter) Listing {
	return func(yield func(Entry, error) bool) {
		w := &walk{fsys: fsys, filter: filter, yield: yield}
		top, err := w.open(".")
		if err == nil {
			defer top.Close()
			_, err = w.directory("", top, 0)
		}
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

type walk struct {
	fsys   fs.FS
	filter Filter
	yield  func(Entry, error) bool
}

func (w *walk) open(name string) (fs.ReadDirFile, error) {
	f, err := w.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if dir, ok := f.(fs.ReadDirFile); ok {
		return dir, nil
	}
	f.Close()
	return nil, &fs.PathError{Op: "list", Path: name, Err: errNoDirectory}
}

// directory yields what is in one directory, whose path ends with a slash
// unless it is the top. It reports whether the listing goes on; an error is
// that of reading this very directory.
func (w *walk) directory(path string, dir fs.ReadDirFile, depth int) (more bool, err error) {
	for {
		entries, err := dir.ReadDir(readAtATime)
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, entry := range entries {
			if !w.entry(path+entry.Name(), entry, depth) {
				return false, nil
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return true, err
		}
	}
}

func (w *walk) entry(path string, entry fs.DirEntry, depth int) (more bool) {
	switch mode := entry.Type(); {
	case mode.IsDir():
		return w.filter.prunes(path) || w.below(path, entry, depth+1)
	case mode&fs.ModeSymlink != 0:
		return w.skip(path, SymbolicLink, nil)
	case !mode.IsRegular():
		return w.skip(path, SpecialFile, nil)
	}
	if !w.filter.Match(path) {
		return true
	}
	info, err := entry.Info()
	switch {
	case err != nil:
		return w.skip(path, Unreadable, err)
	case !info.Mode().IsRegular():
		return w.skip(path, Unreadable, errReplaced)
	}
	return w.yield(Entry{Path: path, Size: info.Size(), ModTime: info.ModTime()}, nil)
}

// below yields what is in the directory of an entry.
func (w *walk) below(path string, entry fs.DirEntry, depth int) (more bool) {
	switch {
	case depth > maxDepth:
		return w.skip(path, TooDeep, nil)
	case !utf8.ValidString(path): // package io/fs cannot open it, and the service not hold it
		return w.skip(path, InvalidUTF8, nil)
	}
	dir, err := w.open(path)
	if err != nil {
		return w.skip(path, Unreadable, err)
	}
	defer dir.Close()
	if !same(entry, dir) {
		return w.skip(path, Unreadable, errReplaced)
	}
	more, err = w.directory(path+"/", dir, depth)
	if err != nil {
		return w.skip(path, Unreadable, err)
	}
	return more
}

// same reports whether an open directory is that of the entry. A link that took
// its place meanwhile may lead elsewhere in the tree. File systems other than
// those of package os have no identities to compare.
func same(entry fs.DirEntry, dir fs.File) bool {
	listed, err := entry.Info()
	if err != nil {
		return false
	}
	opened, err := dir.Stat()
	if err != nil || !opened.IsDir() {
		return false
	}
	known := os.SameFile(listed, listed)
	return !known || os.SameFile(listed, opened)
}

func (w *walk) skip(path string, reason Reason, err error) (more bool) {
	skip := &SkipError{Path: path, Reason: reason}
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		err = pathError.Err // the path is in the SkipError already
	}
	if err != nil {
		skip.Detail = err.Error()
	}
	entry := Entry{Path: path, Skip: skip}
	return !w.filter.takes(entry) || w.yield(entry, nil)
}
