package osfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// createUnnamed creates a file without a name in a directory. Not every file system can.
func createUnnamed(root *os.Root, mode os.FileMode) (*os.File, error) {
	f, err := root.OpenFile(".", os.O_RDWR|unix.O_TMPFILE, mode)
	if err == nil && DescriptorName(f) == "" { // linkUnnamed needs it
		f.Close()
		return nil, errors.ErrUnsupported
	}
	return f, err
}

// linkUnnamed gives a file of createUnnamed a name in its directory. It fails if the name
// is taken.
func linkUnnamed(root *os.Root, f *os.File, name string) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	err = unix.Linkat(unix.AT_FDCWD, DescriptorName(f), int(dir.Fd()), name, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &os.LinkError{Op: "link", Old: f.Name(), New: name, Err: err}
	}
	return nil
}
