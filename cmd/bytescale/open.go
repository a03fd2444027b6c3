package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	bytescale "github.com/c88edac7/bytescale-go"
)

// What may change while the command runs is opened here. Rules: a name is resolved
// once, by the call that opens it; opening never waits for the other end of a pipe; and
// what the name leads to is judged by the open file.

// openRegular calls open, with flags for reading, and returns a regular file. If another
// process has a lease on the file, it waits until the lease is given up.
func openRegular(ctx context.Context, open func(flags int) (*os.File, error)) (*os.File, error) {
	f, err := open(os.O_RDONLY | openNonblock)
	for errors.Is(err, syscall.EWOULDBLOCK) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(leaseInterval):
		}
		f, err = open(os.O_RDONLY | openNonblock)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// leaseInterval is the time between two attempts to open a file that has a lease. The
// kernel ends a lease that is not given up, on Linux after 45 seconds.
const leaseInterval = 100 * time.Millisecond

// openRoot opens the directory that an argument names.
func openRoot(name string) (*os.Root, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|openNonblock|openDirectoryOnly, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// os.OpenRoot would wait for the other end of a pipe.
	if opened := descriptorName(f); opened != "" {
		return os.OpenRoot(opened)
	}
	return os.OpenRoot(name)
}

// openDirectory opens a directory below root, but no directory that a link leads to.
func openDirectory(root *os.Root, name string) (*os.File, error) {
	found, err := root.Lstat(name)
	if err == nil && !found.IsDir() {
		err = errReplaced
	}
	if err != nil {
		return nil, err
	}
	f, err := root.OpenFile(name, os.O_RDONLY|openNonblock|openDirectoryOnly, 0)
	if err != nil {
		return nil, err
	}
	now, err := f.Stat()
	if err == nil && !os.SameFile(found, now) {
		err = errReplaced
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// tellsSize reports whether a file holds as many bytes as its size says. Files of /sys hold
// fewer, and of /proc more.
func tellsSize(f *os.File, info fs.FileInfo) bool {
	var last [1]byte
	n, err := f.ReadAt(last[:], max(0, info.Size()-1))
	if info.Size() == 0 {
		return n == 0
	}
	return n == 1 || err != nil && !errors.Is(err, io.EOF)
}

// openSource returns the upload source of an open file. Where an open file has no name of
// its own, the file is opened by its path again.
func openSource(f *os.File) bytescale.Source {
	return bytescale.File(cmp.Or(descriptorName(f), f.Name()))
}
