package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// item is a file to upload, or standard input.
type item struct {
	path  string      // as the user would write it
	tree  string      // slash-separated path below the directory argument, "" for a file argument
	found fs.FileInfo // of a file argument
	stdin bool
	copy  int // number of earlier items of the same file, if the command names it several times
}

func (it item) shown() string {
	if it.stdin {
		return "standard input"
	}
	return it.path
}

// size is the size of a file argument when it was found, 0 for other items.
func (it item) size() int64 {
	if it.found == nil {
		return 0
	}
	return it.found.Size()
}

// open opens a file argument. It fails if the name leads to another file by now.
func (it item) open(ctx context.Context) (*os.File, error) {
	return openFound(ctx, it.found, func(flags int) (*os.File, error) { return openArgument(it.path, flags) })
}

var (
	errIsDirectory = errors.New("is a directory; add --recursive to upload what is in it")
	errSize        = errors.New("does not tell its size; try: cat FILE | bytescale upload -")
	errNotRegular  = errors.New("is not a regular file; to upload what it yields, use standard input: bytescale upload - < FILE")
	errName        = errors.New("the name cannot be stored: it is not valid UTF-8, holds a line break or is longer than 512 characters; rename the file")
)

// storable reports whether a file name can be part of the path of a stored file (FilePath in
// openapi.yaml).
func storable(name string) bool {
	return utf8.ValidString(name) && utf8.RuneCountInString(name) <= 512 &&
		!strings.ContainsAny(name, "\n\r\u2028\u2029")
}

// argument returns the file that an argument names, or the directory. A symbolic link is
// followed, because the user named it.
func argument(arg string, recursive bool) (item, *directory, error) {
	if arg == "-" {
		return item{path: arg, stdin: true}, nil, nil
	}
	info, err := lookUp(arg)
	switch {
	case !utf8.ValidString(arg):
		err = errName
	case err != nil:
	case info.IsDir() && !recursive:
		err = errIsDirectory
	case info.IsDir():
		return item{}, newDirectory(arg, info), nil
	case !info.Mode().IsRegular():
		err = errNotRegular
	case !storable(filepath.Base(arg)):
		err = errName
	}
	return item{path: arg, found: info}, nil, err
}

// directory is a directory argument.
type directory struct {
	name  string      // as the user wrote it
	top   string      // what the stored paths begin with: the name, unless that is "." or ".."
	found fs.FileInfo // of the directory
}

func newDirectory(name string, info fs.FileInfo) *directory {
	top := filepath.Base(name)
	if top == "." || top == ".." || top == string(filepath.Separator) {
		top = ""
	}
	return &directory{name, top, info}
}

// item returns the file at a path below the directory.
func (d *directory) item(inside string) item {
	return item{path: filepath.Join(d.name, filepath.FromSlash(inside)), tree: path.Join(filepath.ToSlash(d.top), inside)}
}

// directories is the file system of the directories that a command names. The name of each is
// its number, so that they come in their order. A single one is the whole file system.
type directories struct {
	ctx  context.Context
	list []*directory
	own  string // the directory with the command's state; "" if not known
	skip func(name, reason string)

	// only is the tree of a single directory, which stays open: to open it again for each
	// file would take a fifth of the processor time of small files. There may be too many
	// directories to have all of them open.
	only *localTree
}

// openOnly opens the directory if it is the only one. If that fails, whoever looks into the
// directory is told why.
func (d *directories) openOnly() {
	if len(d.list) == 1 {
		d.only, _ = d.open(d.list[0])
	}
}

// close closes what openOnly has opened.
func (d *directories) close() {
	if d.only != nil {
		d.only.root.Close()
	}
}

// open opens a directory. It fails if the name leads to another one by now.
func (d *directories) open(dir *directory) (*localTree, error) {
	root, err := osfile.OpenRoot(dir.name)
	if err != nil {
		return nil, err
	}
	now, err := root.Stat(".")
	if err == nil && !os.SameFile(dir.found, now) {
		err = osfile.ErrReplaced
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return &localTree{ctx: d.ctx, root: root, own: d.own, skip: func(inside, reason string) {
		d.skip(dir.item(inside).path, reason)
	}}, nil
}

// find returns the directory that a path of the file system is in, and the path below it.
func (d *directories) find(name string) (*directory, string) {
	if len(d.list) == 1 {
		return d.list[0], name
	}
	number, inside, below := strings.Cut(name, "/")
	if !below {
		inside = "."
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= len(d.list) {
		return nil, ""
	}
	return d.list[n], inside
}

// in calls do with the directory that a path is in, while that is open.
func (d *directories) in(name string, do func(tree *localTree, inside string) error) error {
	dir, inside := d.find(name)
	if dir == nil {
		return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if d.only != nil {
		return do(d.only, inside)
	}
	tree, err := d.open(dir)
	if err != nil {
		return err
	}
	defer tree.root.Close()
	return do(tree, inside)
}

// Open opens a directory or a regular file.
func (d *directories) Open(name string) (f fs.File, err error) {
	if name == "." && len(d.list) > 1 {
		return &numbered{list: d.list}, nil
	}
	err = d.in(name, func(tree *localTree, inside string) (err error) {
		f, err = tree.Open(inside)
		return err
	})
	return f, err
}

// Lstat and ReadLink make it an [fs.ReadLinkFS], so that package io/fs follows no link to look at
// a file.
func (d *directories) Lstat(name string) (info fs.FileInfo, err error) {
	err = d.in(name, func(tree *localTree, inside string) (err error) {
		info, err = tree.Lstat(inside)
		return err
	})
	return info, err
}

// ReadLink is never needed, because no link is followed.
func (d *directories) ReadLink(name string) (string, error) {
	return "", &fs.PathError{Op: "readlink", Path: name, Err: errors.ErrUnsupported}
}

// mime returns the MIME type of a file, "" if it cannot be told.
func (d *directories) mime(name string) (mime string, err error) {
	err = d.in(name, func(tree *localTree, inside string) (err error) {
		mime, err = tree.mime(inside)
		return err
	})
	return mime, err
}

// item returns the file at a path of the file system.
func (d *directories) item(name string) item {
	dir, inside := d.find(name)
	if dir == nil {
		return item{path: name}
	}
	return dir.item(inside)
}

// numbered is the open directory of all directories, each with its number as its name.
type numbered struct {
	list []*directory
	read int // how many were read
}

func (n *numbered) Stat() (fs.FileInfo, error) { return n.list[0].found, nil }
func (n *numbered) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: ".", Err: fs.ErrInvalid}
}
func (n *numbered) Close() error { return nil }

// ReadDir is [fs.ReadDirFile.ReadDir].
func (n *numbered) ReadDir(most int) ([]fs.DirEntry, error) {
	end := len(n.list)
	if most > 0 {
		end = min(end, n.read+most)
	}
	if n.read == end && most > 0 {
		return nil, io.EOF
	}
	var entries []fs.DirEntry
	for ; n.read < end; n.read++ {
		// The names have the same length, so that they are in order.
		name := fmt.Sprintf("%0*d", len(strconv.Itoa(len(n.list)-1)), n.read)
		entries = append(entries, fs.FileInfoToDirEntry(named{n.list[n.read].found, name}))
	}
	return entries, nil
}

// named is the information on a file with another name.
type named struct {
	fs.FileInfo
	name string
}

func (n named) Name() string { return n.name }
