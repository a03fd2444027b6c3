package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	bytescale "github.com/c88edac7/bytescale-go"
)

// Names of files are resolved in this file only; the linter checks that. A name is resolved
// once, by the call that opens the file, because the next time it may lead elsewhere. The
// open file decides whether it is what was expected. Opening a file to read it never waits
// for the other end of a pipe. Only what the user names is looked up before it is opened,
// because the user may name anything.

// lookUp returns what an argument names. Links are followed.
func lookUp(name string) (fs.FileInfo, error) { return os.Stat(name) }

// lookUpLink returns an error if there is neither a file nor a link with that name.
func lookUpLink(name string) error {
	_, err := os.Lstat(name)
	return err
}

// openArgument opens a file that the user names.
func openArgument(name string, flags int) (*os.File, error) { return os.OpenFile(name, flags, 0) }

// readArgument returns the content of a small file that the user names.
func readArgument(name string) ([]byte, error) { return os.ReadFile(name) }

// linked returns the name that a chain of links leads to, whether or not a file of that
// name exists.
func linked(target string) string {
	for range 40 { // the system follows no more links either
		next, err := os.Readlink(target)
		if err != nil {
			break
		}
		if !filepath.IsAbs(next) {
			// The name is not cleaned, because the directory may be a link too.
			next = filepath.Dir(target) + string(filepath.Separator) + next
		}
		target = next
	}
	return target
}

// openDevice opens a pipe or a device to write to it.
func openDevice(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = errReplaced
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

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

// isReadable reports whether openSource can read the file: the process may have been
// given one that it may not open itself.
func isReadable(f *os.File) bool {
	name := descriptorName(f)
	if name == "" {
		return true
	}
	again, err := os.Open(name)
	if err != nil {
		return false
	}
	again.Close()
	return true
}

// openBase opens the directory that holds the command's state, and creates it if it is to.
func openBase(name string, create bool) (*os.Root, error) {
	if create {
		if err := os.MkdirAll(name, 0o700); err != nil {
			return nil, err
		}
	}
	return openRoot(name)
}

// rootOf returns the root of an open directory, which is name below parent.
func rootOf(dir *os.File, parent *os.Root, name string) (*os.Root, error) {
	if opened := descriptorName(dir); opened != "" {
		return os.OpenRoot(opened)
	}
	return parent.OpenRoot(name)
}
