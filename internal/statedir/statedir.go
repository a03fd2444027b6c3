// Package statedir keeps small entries in a private directory, each under a key. An entry is
// written whole or not at all, also if the system crashes. A key can be locked; the system
// gives the lock back if the process dies. Entries that nobody came back for are removed.
package statedir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// ErrLocked means that the key is locked, by this process or another one.
var ErrLocked = errors.New("the key is locked")

// maxEntry limits the bytes of an entry that are read.
const maxEntry = 1 << 20

// Dir is a directory of entries. Its methods are safe for concurrent use, by several
// processes too.
type Dir struct {
	name   string
	maxAge time.Duration // of an entry that is kept

	mu    sync.Mutex
	root  *os.Root // nil until the directory is open
	swept bool
}

// Open returns the directory. It is created when the first entry is saved. A directory that
// exists must be private, see osfile.OpenPrivate.
func Open(name string, maxAge time.Duration) (*Dir, error) {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	d := &Dir{name: absolute, maxAge: maxAge}
	if _, err := d.open(false); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return d, nil
}

// open opens the directory, once. With create, it is created if it is missing.
func (d *Dir) open(create bool) (*os.Root, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root == nil {
		root, err := osfile.OpenPrivate(d.name, create)
		if err != nil {
			return nil, err
		}
		d.root = root
	}
	return d.root, nil
}

const (
	entrySuffix = ".json"
	lockSuffix  = ".lock"
)

// entryName returns the name of the file for a key, which may be any text.
func entryName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16]) + entrySuffix
}

// Load returns an entry, or an error that is fs.ErrNotExist.
func (d *Dir) Load(ctx context.Context, key string) ([]byte, error) {
	root, err := d.open(false)
	if err != nil {
		return nil, err
	}
	f, _, err := osfile.OpenRegular(ctx, func(flags int) (*os.File, error) { return root.OpenFile(entryName(key), flags, 0) })
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxEntry))
}

// Save writes an entry.
func (d *Dir) Save(key string, content []byte) error {
	root, err := d.open(true)
	if err != nil {
		return err
	}
	d.sweepOnce(root)
	return osfile.Replace(root, entryName(key), content)
}

// Delete removes an entry, if there is one.
func (d *Dir) Delete(key string) error {
	root, err := d.open(false)
	if err == nil {
		err = root.Remove(entryName(key))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Lock locks a key until unlock is called, or returns ErrLocked.
func (d *Dir) Lock(key string) (unlock func(), err error) {
	root, err := d.open(true)
	if err != nil {
		return nil, err
	}
	return lock(root, entryName(key))
}

// lock locks the entry of a name. Lock files are removed together with entries, so a lock
// counts only if its file still has its name.
func lock(root *os.Root, name string) (unlock func(), err error) {
	for range 10 {
		f, err := root.OpenFile(name+lockSuffix, os.O_RDWR|os.O_CREATE|osfile.Nonblock, 0o600)
		if err != nil {
			return nil, err
		}
		locked, err := osfile.Lock(f)
		switch {
		case err != nil:
			f.Close()
			return nil, err
		case !locked:
			f.Close()
			return nil, ErrLocked
		}
		held, heldErr := f.Stat()
		now, nowErr := root.Lstat(name + lockSuffix)
		if heldErr == nil && nowErr == nil && os.SameFile(held, now) {
			return func() { release(root, name, f) }, nil
		}
		f.Close()
	}
	return nil, ErrLocked
}

// release gives a lock back, and removes its file unless there is an entry.
func release(root *os.Root, name string, f *os.File) {
	if _, err := root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		_ = root.Remove(name + lockSuffix)
	}
	f.Close()
}

// sweepOnce removes the entries that are too old, once in the life of the Dir. Their uploads
// were given up.
func (d *Dir) sweepOnce(root *os.Root) {
	d.mu.Lock()
	swept := d.swept
	d.swept = true
	d.mu.Unlock()
	if swept {
		return
	}
	dir, err := root.Open(".")
	if err != nil {
		return
	}
	defer dir.Close()
	for err == nil {
		var entries []fs.DirEntry
		entries, err = dir.ReadDir(256)
		for _, entry := range entries {
			if ownName.MatchString(entry.Name()) {
				d.sweep(root, strings.TrimSuffix(entry.Name(), lockSuffix))
			}
		}
	}
}

var ownName = regexp.MustCompile(`^[0-9a-f]{32}\.json(\.lock)?$`)

// sweep removes the entry of a name if it is too old, and a lock file that a killed process
// has left without an entry.
func (d *Dir) sweep(root *os.Root, name string) {
	isOld := func() bool {
		info, err := root.Lstat(name)
		return err == nil && time.Since(info.ModTime()) > d.maxAge || errors.Is(err, fs.ErrNotExist)
	}
	if !isOld() {
		return
	}
	unlock, err := lock(root, name)
	if err != nil {
		return // it is in use
	}
	defer unlock()
	if isOld() {
		_ = root.Remove(name)
	}
}
