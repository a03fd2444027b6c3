package bulk

import (
	"io/fs"
	"os"

	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// Open opens a regular file of a file system, and nothing that a link leads to.
func Open(fsys fs.FS, name string) (fs.File, fs.FileInfo, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, nil, err
	}
	opened, err := f.Stat()
	if err == nil {
		err = checkOpened(fsys, name, opened)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, opened, nil
}

// checkOpened checks that an open file is the regular one that its name stands for.
func checkOpened(fsys fs.FS, name string, opened fs.FileInfo) error {
	found, err := fs.Lstat(fsys, name)
	switch {
	case err != nil:
		return err
	case !opened.Mode().IsRegular():
		return &fs.PathError{Op: "open", Path: name, Err: osfile.ErrNotRegular}
	// File systems other than those of package os have no identities to compare.
	case !found.Mode().IsRegular(), os.SameFile(opened, opened) && !os.SameFile(opened, found):
		return &fs.PathError{Op: "open", Path: name, Err: osfile.ErrReplaced}
	}
	return nil
}
