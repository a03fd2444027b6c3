package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ownState returns the directory with the state of this command, "" if it is not known.
func ownState(env getenv) string {
	dir, err := stateDir(runtime.GOOS, env)
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "bytescale")
}

// stateDir returns the user's directory for data that should survive a restart and is
// of no use on another machine.
func stateDir(goos string, env getenv) (string, error) {
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	under := func(name string, below ...string) (string, error) {
		base := env(name)
		if base == "" {
			return "", fmt.Errorf("%s is not set", name)
		}
		return filepath.Join(append([]string{base}, below...)...), nil
	}
	switch goos {
	case "windows":
		return under("LocalAppData")
	case "darwin", "ios":
		return under("HOME", "Library", "Application Support")
	}
	return under("HOME", ".local", "state")
}

// errNotPrivate means that somebody else could read or change the command's state.
var errNotPrivate = errors.New("belongs to somebody else, can be written by others or is not a directory; set XDG_STATE_HOME to a directory of your own")

// openState opens the directory names[n-1] in … in names[0] in base. With create, what is
// missing is created. Each of the names must be a directory of this user that nobody else
// can write, otherwise somebody could put links and files of his own there.
func openState(base string, create bool, names ...string) (*os.Root, error) {
	root, err := openBase(base, create)
	for _, name := range names {
		if err != nil {
			return nil, err
		}
		parent := root
		root, err = openPrivate(parent, create, name)
		err = cmp.Or(err, parent.Close())
	}
	return root, err
}

func openPrivate(parent *os.Root, create bool, name string) (*os.Root, error) {
	if create {
		if err := parent.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	f, err := openDirectory(parent, name)
	if errors.Is(err, errReplaced) {
		return nil, errNotPrivate
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !isPrivate(info) {
		return nil, cmp.Or(err, errNotPrivate)
	}
	return rootOf(f, parent, name)
}
