package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"

	"github.com/gofrs/flock"

	bytescale "github.com/c88edac7/bytescale-go"
)

// stateFormat is the version of the format of checkpoint files.
const stateFormat = 1

// maxState limits the size of a checkpoint file. A valid one is much smaller.
const maxState = 1 << 20

// checkpoints is the directory with the user's checkpoints. An upload of more than one
// part has a file there from its begin to its end, and a lock file as long as a process
// works on it. The kernel releases the lock if the process dies.
type checkpoints struct {
	dir  string
	err  error // set if the user's state directory is not known
	note func(format string, args ...any)
	warn sync.Once

	// none reports whether the directory was empty when this command started. Then no
	// file needs to look for a checkpoint. Checkpoints that other processes write
	// meanwhile are not seen.
	none func() bool
}

// ownState returns the directory with the state of this command, "" if it is not known.
func ownState(env getenv) string {
	dir, err := stateDir(runtime.GOOS, env)
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "bytescale")
}

func newCheckpoints(env getenv, note func(string, ...any)) *checkpoints {
	dir, err := stateDir(runtime.GOOS, env)
	dir = filepath.Join(dir, "bytescale", "uploads")
	return &checkpoints{dir: dir, err: err, note: note, none: sync.OnceValue(func() bool { return isEmpty(dir) })}
}

// isEmpty reports whether dir is empty or does not exist.
func isEmpty(dir string) bool {
	d, err := os.Open(dir)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer d.Close()
	_, err = d.Readdirnames(1)
	return errors.Is(err, io.EOF)
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

// unusable reports once per command that checkpoints cannot be kept. The uploads go on
// without.
func (c *checkpoints) unusable(err error) {
	c.warn.Do(func() {
		if c.err == nil {
			err = &localError{c.dir, err}
		}
		c.note("cannot keep checkpoints, so an interrupted upload will start afresh: %s", explain(err))
	})
}

// identity says which uploads are the same: those of one source to one destination with
// the same properties.
type identity struct {
	APIURL    string   `json:"apiUrl"`
	AccountID string   `json:"accountId"`
	Source    string   `json:"source"` // absolute path
	Tree      string   `json:"tree"`
	Folder    string   `json:"folder"`
	Name      string   `json:"name"`
	MIME      string   `json:"mime"`
	Metadata  string   `json:"metadata"`
	Tags      []string `json:"tags"`
	Copy      int      `json:"copy,omitempty"` // number of earlier uploads of the same source by the same command
}

// saved is the content of a checkpoint file.
type saved struct {
	Format     int                  `json:"format"`
	Identity   identity             `json:"identity"`
	Checkpoint bytescale.Checkpoint `json:"checkpoint"`
}

// checkpointSlot is where the checkpoint of one upload is kept. A nil slot keeps none.
type checkpointSlot struct {
	all      *checkpoints
	identity identity
	path     string // set by locate
	lock     *flock.Flock
	written  bool
}

// errBusy means that this process or another one is working on the same upload.
var errBusy = errors.New("is already being uploaded to the same place, by this command or another one; let that finish, or use --no-resume")

func (c *checkpoints) slot(id identity) *checkpointSlot { return &checkpointSlot{all: c, identity: id} }

// locate sets the path, which is derived from the identity.
func (s *checkpointSlot) locate() error {
	source, err := filepath.Abs(s.identity.Source)
	if err != nil {
		return err
	}
	s.identity.Source = source
	text, err := json.Marshal(s.identity)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	s.path = filepath.Join(s.all.dir, hex.EncodeToString(sum[:16])+".json")
	return nil
}

// load returns the checkpoint of an interrupted upload, nil if there is none. It returns
// errBusy if the upload is under way. Any other error means that the checkpoint cannot
// be used; load has removed it.
func (s *checkpointSlot) load() (*bytescale.Checkpoint, error) {
	if s == nil || s.all.err != nil {
		return nil, nil //nolint:nilerr // save reports it
	}
	if s.all.none() {
		return nil, nil
	}
	if err := s.locate(); err != nil {
		return nil, err
	}
	// Most files have no checkpoint and need no lock.
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		s.all.unusable(err)
		return nil, nil
	}
	if err := s.acquire(); errors.Is(err, errBusy) {
		return nil, err
	} else if err != nil {
		s.all.unusable(err)
		return nil, nil
	}
	checkpoint, err := s.read()
	switch {
	case errors.Is(err, fs.ErrNotExist): // another process has just finished the upload
		return nil, nil
	case err != nil:
		s.remove()
		return nil, err
	}
	s.written = true
	return checkpoint, nil
}

func (s *checkpointSlot) read() (*bytescale.Checkpoint, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxState))
	if err != nil {
		return nil, err
	}
	var version struct {
		Format int `json:"format"`
	}
	var found saved
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	switch {
	case json.Unmarshal(text, &version) != nil:
		return nil, errors.New("the checkpoint is damaged")
	case version.Format != stateFormat:
		return nil, errors.New("the checkpoint is of another version of this command")
	case decoder.Decode(&found) != nil:
		return nil, errors.New("the checkpoint is damaged")
	case !reflect.DeepEqual(found.Identity, s.identity):
		return nil, errors.New("the checkpoint belongs to another upload")
	}
	return &found.Checkpoint, nil
}

// save writes the checkpoint of an upload that has just begun. It returns errBusy or
// nil: if the checkpoint cannot be written, the upload goes on without.
func (s *checkpointSlot) save(checkpoint bytescale.Checkpoint) error {
	err := s.write(checkpoint)
	if errors.Is(err, errBusy) {
		return err
	}
	if err != nil {
		s.all.unusable(err)
	}
	return nil
}

func (s *checkpointSlot) write(checkpoint bytescale.Checkpoint) error {
	if s.all.err != nil {
		return s.all.err
	}
	if err := s.locate(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.all.dir, 0o700); err != nil {
		return err
	}
	if err := s.acquire(); err != nil {
		return err
	}
	text, err := json.Marshal(saved{Format: stateFormat, Identity: s.identity, Checkpoint: checkpoint})
	if err != nil {
		return err
	}
	if err := replaceFile(s.path, text); err != nil {
		return err
	}
	s.written = true
	return nil
}

// replaceFile writes content to path. After a crash the file has its old content or the
// new one, never a part.
func replaceFile(path string, content []byte) error {
	temporary := path + ".new" // no other process writes it, because we hold the lock
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
		return err
	}
	// Sync the directory, so that the new name survives a power failure. Some systems,
	// such as Windows, cannot sync directories.
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
	return nil
}

// acquire takes the lock unless the slot has it already. Lock files are removed together
// with checkpoints, so a lock counts only if its file still has its name.
func (s *checkpointSlot) acquire() error {
	if s.lock != nil {
		return nil
	}
	path := s.path + ".lock"
	for range 10 {
		lock := flock.New(path)
		locked, err := lock.TryLock()
		if err != nil {
			return err
		}
		if !locked {
			return errBusy
		}
		held, heldErr := lock.Stat()
		now, nowErr := os.Stat(path)
		if heldErr == nil && nowErr == nil && os.SameFile(held, now) {
			s.lock = lock
			return nil
		}
		lock.Close()
	}
	return errBusy
}

// saved reports whether there is a checkpoint to continue from.
func (s *checkpointSlot) saved() bool { return s != nil && s.written }

// remove deletes the checkpoint of an upload that is done or cannot be continued.
func (s *checkpointSlot) remove() {
	if s == nil || !s.written && s.lock == nil {
		return
	}
	os.Remove(s.path)
	s.written = false
}

// release gives the lock back.
func (s *checkpointSlot) release() {
	if s == nil || s.lock == nil {
		return
	}
	if !s.written {
		os.Remove(s.lock.Path())
	}
	s.lock.Close()
	s.lock = nil
}
