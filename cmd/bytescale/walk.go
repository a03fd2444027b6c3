package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// item is a file to upload, or standard input.
type item struct {
	path  string      // as the user would write it
	tree  string      // slash-separated path below the directory argument, "" for a file argument
	found fs.FileInfo // what the walk saw; nil for standard input
	below *directory  // the directory argument; nil for a file argument
	stdin bool
	copy  int // number of earlier items of the same file, if the command names it several times
}

func (it item) shown() string {
	if it.stdin {
		return "standard input"
	}
	return it.path
}

// size is the size when the file was found, 0 for standard input.
func (it item) size() int64 {
	if it.found == nil {
		return 0
	}
	return it.found.Size()
}

// open opens the file that the walk has found. It fails if the name leads to another file
// by now.
func (it item) open(ctx context.Context) (*os.File, error) {
	f, err := osfile.OpenRegular(ctx, func(flags int) (*os.File, error) {
		if it.below != nil {
			return it.below.open(it.tree, flags)
		}
		return openArgument(it.path, flags)
	})
	if err != nil {
		return nil, err
	}
	now, err := f.Stat()
	switch {
	case err != nil:
	case !os.SameFile(it.found, now):
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

// done releases the item.
func (it item) done() {
	if it.below != nil {
		it.below.drop()
	}
}

// walk finds the files that arguments name.
//
// A symbolic link that is itself an argument is followed, because the user named it. A
// link in a directory is reported and not followed, so that a walk ends, stays below
// its directory and uploads no file twice. Sockets, devices and pipes are reported and
// not uploaded. Everything else in a directory is uploaded, hidden files included.
//
// Between the walk and the upload a name may come to lead elsewhere. Files below a
// directory argument are therefore opened through its [os.Root], and each must still be
// the one that was found.
type walk struct {
	recursive bool
	skip      func(name, reason string)
	fail      func(name string, err error)
	own       string        // directory with the command's state, which is not uploaded; "" if not known
	open      chan struct{} // has an element for each directory argument that is open
}

// maxOpenDirectories is the number of directory arguments that are open at a time. The
// walk waits until the files of earlier ones are uploaded.
const maxOpenDirectories = 4

func newWalk(recursive bool, own string, skip func(name, reason string), fail func(name string, err error)) *walk {
	return &walk{recursive: recursive, own: own, skip: skip, fail: fail, open: make(chan struct{}, maxOpenDirectories)}
}

var (
	errIsDirectory = errors.New("is a directory; add --recursive to upload what is in it")
	errSize        = errors.New("does not tell its size; try: cat FILE | bytescale upload -")
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
	info, err := lookUp(arg)
	switch {
	case !utf8.ValidString(arg):
		w.fail(arg, errName)
	case err != nil:
		w.fail(arg, err)
	case info.IsDir() && !w.recursive:
		w.fail(arg, errIsDirectory)
	case info.IsDir():
		w.tree(arg, emit)
	case !info.Mode().IsRegular():
		w.fail(arg, errNotRegular)
	case !storable(filepath.Base(arg)):
		w.fail(arg, errName)
	default:
		emit(item{path: arg, found: info})
	}
}

// directory is a directory argument. It stays open until its last file is uploaded.
type directory struct {
	name string // as the user wrote it
	top  string // what the stored paths begin with
	root *os.Root
	uses atomic.Int64 // the walk, and items that are not done
	free func()       // makes room for another directory
}

// open opens a file below the directory. tree is its stored path.
func (d *directory) open(tree string, flags int) (*os.File, error) {
	inside := strings.TrimPrefix(tree, filepath.ToSlash(d.top)+"/")
	return d.root.OpenFile(inside, flags, 0)
}

func (d *directory) drop() {
	if d.uses.Add(-1) == 0 {
		d.root.Close()
		d.free()
	}
}

// tree emits the files below a directory argument. Their stored paths begin with the
// name of the directory, unless that is "." or "..".
func (w *walk) tree(name string, emit func(item) bool) {
	top := filepath.Base(name)
	if top == "." || top == ".." || top == string(filepath.Separator) {
		top = ""
	}
	w.open <- struct{}{}
	free := func() { <-w.open }
	root, err := osfile.OpenRoot(name)
	if err != nil {
		free()
		w.fail(name, err)
		return
	}
	d := &directory{name: name, top: top, root: root, free: free}
	d.uses.Add(1)
	defer d.drop()
	w.below(d, ".", func(it item) bool {
		d.uses.Add(1)
		return emit(it)
	})
}

// readAtATime is the number of directory entries that are read and sorted at a time. A
// directory may have millions, which should not be in memory together.
const readAtATime = 1024

// below emits the files of a directory and then those of its subdirectories. dir is its
// path below the directory argument. It reports whether emit wants more.
func (w *walk) below(d *directory, dir string, emit func(item) bool) (more bool) {
	inside, more := w.files(d, dir, emit)
	slices.Sort(inside)
	for _, name := range inside {
		more = more && w.below(d, filepath.Join(dir, name), emit)
	}
	return more
}

// files emits the files of one directory and returns the names of its subdirectories.
func (w *walk) files(d *directory, dir string, emit func(item) bool) (inside []string, more bool) {
	shown := filepath.Join(d.name, dir)
	f, err := osfile.OpenDirectory(d.root, dir)
	if err != nil {
		w.fail(shown, err)
		return nil, true
	}
	defer f.Close()
	if w.isOwn(f) {
		w.skip(shown, "the state of this command")
		return nil, true
	}
	for {
		entries, err := f.ReadDir(readAtATime)
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, entry := range entries {
			if entry.IsDir() {
				inside = append(inside, entry.Name())
				continue
			}
			it, ok := w.entry(filepath.Join(shown, entry.Name()), filepath.Join(d.top, dir, entry.Name()), entry)
			it.below = d
			if ok && !emit(it) {
				return nil, false
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return inside, true
		case err != nil:
			w.fail(shown, err)
			return inside, true
		}
	}
}

// isOwn reports whether an open directory is the one with the command's state. It may
// have been created since the walk began.
func (w *walk) isOwn(dir *os.File) bool {
	if w.own == "" {
		return false
	}
	is, err := dir.Stat()
	if err != nil {
		return false
	}
	own, err := lookUp(w.own)
	return err == nil && os.SameFile(is, own)
}

// remains matches the names of the temporary files of downloads.
var remains = regexp.MustCompile(`^\.bytescale-([0-9]+|[0-9a-f]{16}\.(part|state))$`)

// entry returns the item for a directory entry, or reports why there is none.
func (w *walk) entry(name, tree string, entry fs.DirEntry) (item, bool) {
	switch {
	case entry.Type()&fs.ModeSymlink != 0:
		w.skip(name, "symbolic link (links in directories are not followed)")
		return item{}, false
	case !entry.Type().IsRegular():
		w.skip(name, "not a regular file")
		return item{}, false
	case remains.MatchString(entry.Name()):
		w.skip(name, "left by a download that was interrupted")
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
	return item{path: name, tree: filepath.ToSlash(tree), found: info}, true
}
