package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
)

// newFile is a file that gets its name when it is whole. Where the system can, it has no
// name until then, so that nobody can put something else in its place, and nothing
// remains if the process is killed. Elsewhere it has a temporary name.
type newFile struct {
	*os.File
	root      *os.Root
	temporary string // "" if the file has no name
	placed    bool
}

// errOvertaken means that somebody else gave the name of a new file to another one.
var errOvertaken = errors.New("somebody else changed the directory at the same time; run the same command again")

// createFile creates a file in a directory, for nobody but its owner.
func createFile(root *os.Root) (*newFile, error) {
	if f, err := createUnnamed(root); err == nil {
		return &newFile{File: f, root: root}, nil
	}
	return createNamed(root)
}

func createNamed(root *os.Root) (*newFile, error) {
	f := &newFile{root: root}
	err := f.tryNames(func(name string) (err error) {
		f.File, err = root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// tryNames calls create with random names until one is free.
func (f *newFile) tryNames(create func(name string) error) error {
	for {
		name := fmt.Sprintf(".bytescale-%d", rand.Uint64())
		err := create(name)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			f.temporary = name
		}
		return err
	}
}

// place gives the file its name and closes it. An error that is [fs.ErrExist] means that
// the name is taken; with replace it is not looked at who has it.
func (f *newFile) place(name string, replace bool) error {
	is, err := f.Stat()
	if err != nil {
		return err
	}
	if f.temporary == "" {
		if !replace {
			return f.finish(is, name, linkUnnamed(f.root, f.File, name))
		}
		// Only a rename replaces a file, and it needs a name.
		err := f.tryNames(func(temporary string) error { return linkUnnamed(f.root, f.File, temporary) })
		if err != nil {
			return err
		}
	}
	// Some file systems report a failed write when the file is closed.
	if err := f.Close(); err != nil {
		return err
	}
	if err := f.isAt(is, f.temporary); err != nil {
		return err
	}
	if replace {
		return f.finish(is, name, f.root.Rename(f.temporary, name))
	}
	// Unlike a rename, a link never replaces a file, not even one that was created
	// meanwhile.
	err = f.root.Link(f.temporary, name)
	if err == nil {
		return f.finish(is, name, f.root.Remove(f.temporary))
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	// The file system has no links.
	if _, err := f.root.Lstat(name); err == nil {
		return fs.ErrExist
	}
	return f.finish(is, name, f.root.Rename(f.temporary, name))
}

// finish checks that the name leads to the file, after the system has given it with err.
func (f *newFile) finish(is fs.FileInfo, name string, err error) error {
	if err != nil {
		return err
	}
	f.placed = true
	if f.temporary == "" {
		err = f.Close()
	}
	return errors.Join(err, f.isAt(is, name))
}

// isAt checks that a name leads to the file.
func (f *newFile) isAt(is fs.FileInfo, name string) error {
	now, err := f.root.Lstat(name)
	if err == nil && !os.SameFile(is, now) {
		err = errOvertaken
	}
	return err
}

// discard closes the file and removes it unless it was placed.
func (f *newFile) discard() {
	f.Close()
	if !f.placed && f.temporary != "" {
		_ = f.root.Remove(f.temporary)
	}
}
