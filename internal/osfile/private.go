package osfile

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
)

// ErrNotPrivate means that somebody else could change what is in a directory.
var ErrNotPrivate = errors.New("belongs to somebody else, can be written by others or is not a directory")

// OpenPrivate opens the directory names[n-1] in … in names[0] in base. With create, what is
// missing is created. Each of the names must be a directory of this user that nobody else
// can write, otherwise somebody could put links and files of his own there.
func OpenPrivate(base string, create bool, names ...string) (*os.Root, error) {
	root, err := openBase(base, create)
	for _, name := range names {
		if err != nil {
			return nil, err
		}
		parent := root
		root, err = openBelow(parent, create, name)
		err = cmp.Or(err, parent.Close())
	}
	return root, err
}

func openBelow(parent *os.Root, create bool, name string) (*os.Root, error) {
	if create {
		if err := parent.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	f, err := OpenDirectory(parent, name)
	if errors.Is(err, ErrReplaced) {
		return nil, ErrNotPrivate
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !isPrivate(info) {
		return nil, cmp.Or(err, ErrNotPrivate)
	}
	return RootOf(f, parent, name)
}

// openBase opens the directory that holds the command's state, and creates it if it is to.
func openBase(name string, create bool) (*os.Root, error) {
	if create {
		if err := os.MkdirAll(name, 0o700); err != nil {
			return nil, err
		}
	}
	return OpenRoot(name)
}
