package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// item is a file to upload, or standard input.
type item struct {
	path  string // as the user would write it
	tree  string // slash-separated path below the directory argument, "" for a file argument
	size  int64  // when the file was found; 0 for standard input
	stdin bool
	copy  int // number of earlier items of the same file, if the command names it several times
}

func (it item) shown() string {
	if it.stdin {
		return "standard input"
	}
	return it.path
}

// walk finds the files that arguments name.
//
// A symbolic link that is itself an argument is followed, because the user named it. A
// link in a directory is reported and not followed, so that a walk ends, stays below
// its directory and uploads no file twice. Sockets, devices and pipes are reported and
// not uploaded. Everything else in a directory is uploaded, hidden files included.
type walk struct {
	recursive bool
	skip      func(name, reason string)
	fail      func(name string, err error)
}

var (
	errIsDirectory = errors.New("is a directory; add --recursive to upload what is in it")
	errNotRegular  = errors.New("is not a regular file; to upload what it yields, use standard input: bytescale upload - < FILE")
	errName        = errors.New("the name cannot be stored: it is not valid UTF-8, holds a line break or is longer than 512 characters; rename the file")
)

// storable reports whether a file name or a relative path can be part of the path of a
// stored file (FilePath in openapi.yaml).
func storable(name string) bool {
	return utf8.ValidString(name) && utf8.RuneCountInString(name) <= 512 &&
		!strings.ContainsAny(name, "\n\r\u2028\u2029")
}

// argument emits the files that arg names until emit returns false.
func (w *walk) argument(arg string, emit func(item) bool) {
	if arg == "-" {
		emit(item{path: arg, stdin: true})
		return
	}
	info, err := os.Stat(arg)
	switch {
	case !utf8.ValidString(arg):
		w.fail(arg, errName)
	case err != nil:
		w.fail(arg, err)
	case info.IsDir() && !w.recursive:
		w.fail(arg, errIsDirectory)
	case info.IsDir():
		w.directory(arg, emit)
	case !info.Mode().IsRegular():
		w.fail(arg, errNotRegular)
	case !storable(filepath.Base(arg)):
		w.fail(arg, errName)
	default:
		emit(item{path: arg, size: info.Size()})
	}
}

// directory emits the files below root. Their stored paths begin with the name of the
// directory, unless that is "." or "..".
func (w *walk) directory(root string, emit func(item) bool) {
	top := filepath.Base(root)
	if top == "." || top == ".." || top == string(filepath.Separator) {
		top = ""
	}
	w.below(root, top, emit)
}

// readAtATime is the number of directory entries that are read and sorted at a time. A
// directory may have millions, which should not be in memory together.
const readAtATime = 1024

// below emits the files of a directory and then those of its subdirectories. tree is the
// relative path of the directory. It reports whether emit wants more.
func (w *walk) below(name, tree string, emit func(item) bool) (more bool) {
	inside, more := w.files(name, tree, emit)
	slices.Sort(inside)
	for _, dir := range inside {
		more = more && w.below(filepath.Join(name, dir), filepath.Join(tree, dir), emit)
	}
	return more
}

// files emits the files of one directory and returns the names of its subdirectories.
func (w *walk) files(name, tree string, emit func(item) bool) (inside []string, more bool) {
	dir, err := os.Open(name)
	if err != nil {
		w.fail(name, err)
		return nil, true
	}
	defer dir.Close()
	for {
		entries, err := dir.ReadDir(readAtATime)
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, entry := range entries {
			if entry.IsDir() {
				inside = append(inside, entry.Name())
				continue
			}
			it, ok := w.entry(filepath.Join(name, entry.Name()), filepath.Join(tree, entry.Name()), entry)
			if ok && !emit(it) {
				return nil, false
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return inside, true
		case err != nil:
			w.fail(name, err)
			return inside, true
		}
	}
}

// entry returns the item for a directory entry, or reports why there is none.
func (w *walk) entry(name, tree string, entry fs.DirEntry) (item, bool) {
	switch {
	case entry.Type()&fs.ModeSymlink != 0:
		w.skip(name, "symbolic link (links in directories are not followed)")
		return item{}, false
	case !entry.Type().IsRegular():
		w.skip(name, "not a regular file")
		return item{}, false
	case !storable(tree):
		w.fail(name, errName)
		return item{}, false
	}
	info, err := entry.Info()
	if err != nil {
		w.fail(name, err)
		return item{}, false
	}
	return item{path: name, tree: filepath.ToSlash(tree), size: info.Size()}, true
}
