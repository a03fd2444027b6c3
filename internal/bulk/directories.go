package bulk

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"

	"github.com/c88edac7/bytescale-go/internal/osfile"
	"github.com/c88edac7/bytescale-go/internal/tree"
)

// idleDirectories is how many directories stay open that nobody uses, because the next file is
// often in the same one or near it.
const idleDirectories = 32

// Directories opens directories below a root, at most once each at a time. A link is never
// followed, not even one that leads to a directory below the root.
type Directories struct {
	root *os.Root // nil if there is none

	mu   sync.Mutex
	open map[string]*directory
	idle []*directory // the one that was used last comes last
}

type directory struct {
	path string
	root *os.Root
	uses int
}

// OpenDirectories opens the root by its name, for which links are followed. If it is missing, it
// is created with create, and counts as empty otherwise.
func OpenDirectories(name string, create bool) (*Directories, error) {
	if create {
		if err := os.MkdirAll(name, 0o777); err != nil {
			return nil, err
		}
	}
	root, err := osfile.OpenRoot(name)
	if err != nil && (create || !errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	return &Directories{root: root, open: map[string]*directory{}}, nil
}

// Walk lists the files below the root.
func (d *Directories) Walk(filter tree.Filter) tree.Listing {
	if d.root == nil {
		return func(func(tree.Entry, error) bool) {}
	}
	return tree.Walk(d.root.FS(), filter)
}

// Open returns the directory at a path, which is relative and separated by slashes; "." is the
// root. With create, directories that are missing are created. The caller calls release when
// it is done with it.
func (d *Directories) Open(name string, create bool) (dir *os.Root, release func(), err error) {
	if name == "." {
		return d.root, func() {}, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	used, err := d.use(name, create)
	if err != nil {
		return nil, nil, err
	}
	return used.root, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.release(used)
	}, nil
}

// Remove removes a file that was listed, unless it has changed since then.
func (d *Directories) Remove(listed tree.Entry) error {
	dir, release, err := d.Open(path.Dir(listed.Path), false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	name := path.Base(listed.Path)
	now, err := dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !now.Mode().IsRegular(), now.Size() != listed.Size, !now.ModTime().Equal(listed.ModTime):
		return &fs.PathError{Op: "remove", Path: name, Err: errChanged}
	}
	return dir.Remove(name)
}

var errChanged = errors.New("has changed since it was listed")

// use opens the directory at a path and those above it. The caller holds mu.
func (d *Directories) use(name string, create bool) (*directory, error) {
	if found := d.open[name]; found != nil {
		if found.uses++; found.uses == 1 {
			d.idle = slices.DeleteFunc(d.idle, func(one *directory) bool { return one == found })
		}
		return found, nil
	}
	parent := d.root
	if above := path.Dir(name); above != "." {
		used, err := d.use(above, create)
		if err != nil {
			return nil, err
		}
		defer d.release(used)
		parent = used.root
	}
	root, err := openIn(parent, path.Base(name), create)
	if err != nil {
		return nil, err
	}
	opened := &directory{path: name, root: root, uses: 1}
	d.open[name] = opened
	return opened, nil
}

// openIn opens a directory by its name in another one.
func openIn(parent *os.Root, name string, create bool) (*os.Root, error) {
	f, err := osfile.OpenDirectory(parent, name)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err := parent.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		f, err = osfile.OpenDirectory(parent, name)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return osfile.RootOf(f, parent, name)
}

// release is the end of a use. The caller holds mu.
func (d *Directories) release(used *directory) {
	if used.uses--; used.uses > 0 {
		return
	}
	d.idle = append(d.idle, used)
	if len(d.idle) > idleDirectories {
		d.close(d.idle[0])
		d.idle = slices.Delete(d.idle, 0, 1)
	}
}

func (d *Directories) close(one *directory) {
	delete(d.open, one.path)
	one.root.Close()
}

// Close closes all directories and the root. None may be in use.
func (d *Directories) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root != nil {
		d.root.Close()
	}
	for _, one := range d.idle {
		d.close(one)
	}
	d.idle = nil
}

// RemoveEmpty removes a directory that has no files in it, at any level, to make room for a file
// of its name. It fails if there is anything but directories. It follows no link.
func RemoveEmpty(parent *os.Root, name string) error {
	dir, err := openIn(parent, name, false)
	if err != nil {
		return err
	}
	defer dir.Close()
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() }) {
		return &fs.PathError{Op: "remove", Path: name, Err: errNotEmpty}
	}
	for _, entry := range entries {
		if err := RemoveEmpty(dir, entry.Name()); err != nil {
			return err
		}
	}
	return parent.Remove(name)
}

var errNotEmpty = errors.New("is a directory with files in it")
