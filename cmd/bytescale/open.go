package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/c88edac7/bytescale-go/internal/osfile"
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
		err = osfile.ErrReplaced
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// sizeIsTrue reports whether a file holds as many bytes as its size says. Files of /sys hold
// fewer, and of /proc more; both take no room. The end of any other file is not read, because
// that could be slow.
func sizeIsTrue(f *os.File, info fs.FileInfo) bool {
	if takesRoom(info) {
		return true
	}
	var last [1]byte
	n, err := f.ReadAt(last[:], max(0, info.Size()-1))
	if info.Size() == 0 {
		return n == 0
	}
	return n == 1 || err != nil && !errors.Is(err, io.EOF)
}
