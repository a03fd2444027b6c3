package osfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
)

// NewFile is a file that gets its name when it is whole. Where the system can, it has no
// name until then, so that nobody can put something else in its place, and nothing
// remains if the process is killed. Elsewhere it has a temporary name.
type NewFile struct {
	*os.File
	root      *os.Root
	temporary string // "" if the file has no name
	placed    bool
}

// ErrOvertaken means that somebody else gave the name of a new file to another one.
var ErrOvertaken = errors.New("somebody else changed the directory at the same time")

// Create creates a file in a directory, for nobody but its owner.
func Create(root *os.Root) (*NewFile, error) {
	return create(root, 0o600)
}

func create(root *os.Root, mode fs.FileMode) (*NewFile, error) {
	if f, err := createUnnamed(root, mode); err == nil {
		return &NewFile{File: f, root: root}, nil
	}
	return createNamed(root, mode)
}

// Adopt returns the new file for an open one with a temporary name in a directory.
func Adopt(root *os.Root, f *os.File, temporary string) *NewFile {
	return &NewFile{File: f, root: root, temporary: temporary}
}

// DefaultMode returns the permissions that the system gives to a new file in a directory.
// Asking for the umask would change it for a moment.
func DefaultMode(root *os.Root) (fs.FileMode, error) {
	f, err := create(root, 0o666)
	if err != nil {
		return 0, err
	}
	defer f.Discard()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Mode().Perm(), nil
}

func createNamed(root *os.Root, mode fs.FileMode) (*NewFile, error) {
	f := &NewFile{root: root}
	err := f.tryNames(func(name string) (err error) {
		f.File, err = root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// tryNames calls create with random names until one is free.
func (f *NewFile) tryNames(create func(name string) error) error {
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

// Place gives the file its name and closes it. An error that is [fs.ErrExist] means that
// the name is taken; with replace it is not looked at who has it.
func (f *NewFile) Place(name string, replace bool) error {
	is, err := f.Stat()
	if err != nil {
		return err
	}
	if f.temporary == "" {
		err := linkUnnamed(f.root, f.File, name)
		if !replace || !errors.Is(err, fs.ErrExist) {
			return f.finish(is, name, err)
		}
		// Only a rename replaces a file, and it needs a name, which remains if the process is
		// killed before the rename.
		err = f.tryNames(func(temporary string) error { return linkUnnamed(f.root, f.File, temporary) })
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

// finish checks that the name leads to the file, after the system has given it with err. In a
// directory that nobody else can write to, the name may lead to another file already, because
// only this user can have given it away since.
func (f *NewFile) finish(is fs.FileInfo, name string, err error) error {
	if err != nil {
		return err
	}
	f.placed = true
	if f.temporary == "" {
		err = f.Close()
	}
	at := f.isAt(is, name)
	if dir, err := f.root.Stat("."); at != nil && err == nil && IsPrivate(dir) {
		at = nil
	}
	return errors.Join(err, at)
}

// isAt checks that a name leads to the file.
func (f *NewFile) isAt(is fs.FileInfo, name string) error {
	now, err := f.root.Lstat(name)
	if err == nil && !os.SameFile(is, now) {
		err = ErrOvertaken
	}
	return err
}

// Discard closes the file and removes it unless it was placed.
func (f *NewFile) Discard() {
	f.Close()
	if !f.placed && f.temporary != "" {
		_ = f.root.Remove(f.temporary)
	}
}

// Replace writes content to a file. After a crash the file has its old content or the
// new one, never a part.
func Replace(root *os.Root, name string, content []byte) error {
	f, err := Create(root)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Place(name, true); err != nil {
		return err
	}
	// Sync the directory, so that the new name survives a power failure. Some systems,
	// such as Windows, cannot sync directories.
	if dir, err := root.Open("."); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
	return nil
}
