// Package osfile opens, creates and locks files by handles, so that a name is resolved once.
// Somebody who can rename what is in a directory cannot make a program read or change
// another file.
package osfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

var (
	// ErrReplaced means that a name leads to something else than before, or than expected.
	ErrReplaced = errors.New("was replaced by something else since it was found")
	// ErrNotRegular means that a file is a directory, a pipe, a socket or a device.
	ErrNotRegular = errors.New("is not a regular file")
)

// OpenRegular calls open, with flags for reading, and returns a regular file and what it is.
// If another process has a lease on the file, it waits until the lease is given up.
func OpenRegular(ctx context.Context, open func(flags int) (*os.File, error)) (*os.File, fs.FileInfo, error) {
	f, err := open(os.O_RDONLY | Nonblock)
	for isLeased(err) {
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(leaseInterval):
		}
		f, err = open(os.O_RDONLY | Nonblock)
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// leaseInterval is the time between two attempts to open a file that has a lease. The
// kernel ends a lease that is not given up, on Linux after 45 seconds.
const leaseInterval = 100 * time.Millisecond

// OpenRoot opens a directory by its name. It does not wait for the other end of a pipe.
func OpenRoot(name string) (*os.Root, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|Nonblock|directoryOnly, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// os.OpenRoot would wait for the other end of a pipe, unless a dot behind the name
	// demands a directory.
	if opened := DescriptorName(f); opened != "" {
		return os.OpenRoot(opened)
	}
	return os.OpenRoot(name + string(os.PathSeparator) + ".")
}

// OpenDirectory opens a directory below root, but no directory that a link leads to.
func OpenDirectory(root *os.Root, name string) (*os.File, error) {
	found, err := root.Lstat(name)
	if err == nil && !found.IsDir() {
		err = ErrReplaced
	}
	if err != nil {
		return nil, err
	}
	f, err := root.OpenFile(name, os.O_RDONLY|Nonblock|directoryOnly, 0)
	if err != nil {
		return nil, err
	}
	now, err := f.Stat()
	if err == nil && !os.SameFile(found, now) {
		err = ErrReplaced
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// RootOf returns the root of an open directory, which is name below parent.
func RootOf(dir *os.File, parent *os.Root, name string) (*os.Root, error) {
	if opened := DescriptorName(dir); opened != "" {
		return os.OpenRoot(opened)
	}
	return parent.OpenRoot(name)
}
