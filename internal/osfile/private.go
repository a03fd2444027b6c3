package osfile

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotPrivate means that somebody else could change what is in a directory.
var ErrNotPrivate = errors.New("belongs to somebody else, can be written by others or is not a directory")

// OpenPrivate opens a directory of this user that nobody else can write, and no link to one,
// otherwise somebody could put links and files of his own there. With create, it is created
// if it is missing, and the directories above it.
func OpenPrivate(name string, create bool) (*os.Root, error) {
	above, name := filepath.Dir(name), filepath.Base(name)
	if create {
		if err := os.MkdirAll(above, 0o700); err != nil {
			return nil, err
		}
	}
	parent, err := OpenRoot(above)
	if err != nil {
		return nil, err
	}
	root, err := openBelow(parent, create, name)
	return root, cmp.Or(err, parent.Close())
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
	if info, err := f.Stat(); err != nil || !IsPrivate(info) {
		return nil, cmp.Or(err, ErrNotPrivate)
	}
	return RootOf(f, parent, name)
}
