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

// stateFormat is the version of the checkpoint files.
const stateFormat = 1

// maxState is far above what a checkpoint can hold.
const maxState = 1 << 20

// checkpoints is the directory of the user's interrupted uploads: one file per
// upload of more than one part, from its begin to its end, and one lock file
// beside it for as long as a process works on it. The kernel drops the lock of
// a process that dies.
type checkpoints struct {
	dir  string
	err  error // the user's state directory is not known
	note func(format string, args ...any)
	warn sync.Once

	// none says that nothing was there when the first file looked: then none of
	// many small ones has to. What another command leaves meanwhile is not
	// found, and its file is sent from the start.
	none func() bool
}

func newCheckpoints(env getenv, note func(string, ...any)) *checkpoints {
	dir, err := stateDir(runtime.GOOS, env)
	dir = filepath.Join(dir, "bytescale", "uploads")
	return &checkpoints{dir: dir, err: err, note: note, none: sync.OnceValue(func() bool { return isEmpty(dir) })}
}

// isEmpty says whether nothing is in dir, or no such directory is there.
func isEmpty(dir string) bool {
	d, err := os.Open(dir)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer d.Close()
	_, err = d.Readdirnames(1)
	return errors.Is(err, io.EOF)
}

// stateDir is where programs keep what should survive a restart but is of no
// value on another machine.
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

// unusable says, once per command, that checkpoints cannot be kept. The upload
// itself goes on.
func (c *checkpoints) unusable(err error) {
	c.warn.Do(func() {
		if c.err == nil {
			err = &localError{c.dir, err}
		}
		c.note("cannot keep checkpoints, so an interrupted upload will start afresh: %s", explain(err))
	})
}

// identity is what makes two uploads the same one: what goes where.
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
	path     string // once locate was called
	lock     *flock.Flock
	written  bool
}

// errBusy says that another process, or this one, works on the same upload.
var errBusy = errors.New("is already being uploaded to the same place, by this command or another one; let that finish, or use --no-resume")

func (c *checkpoints) slot(id identity) *checkpointSlot { return &checkpointSlot{all: c, identity: id} }

// locate works out the path, which follows from the identity.
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

// load returns the checkpoint that an interrupted upload left, nil if there is
// none. It returns errBusy when another process holds it, and any other error
// when what is there cannot be used; that has been removed then.
func (s *checkpointSlot) load() (*bytescale.Checkpoint, error) {
	if s == nil || s.all.err != nil {
		return nil, nil //nolint:nilerr // the user was told of it when it happened
	}
	if s.all.none() {
		return nil, nil
	}
	if err := s.locate(); err != nil {
		return nil, err
	}
	// Most files have none, and are not worth a lock.
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
	case errors.Is(err, fs.ErrNotExist): // another process just finished it
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

// save writes the checkpoint of an upload that has just begun. It fails only
// with errBusy: an upload is worth more than its checkpoint.
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

// replaceFile puts content at path so that a crash at any moment leaves the old
// content or the new one, never a part of it.
func replaceFile(path string, content []byte) error {
	temporary := path + ".new" // the lock is held: nobody else writes it
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
	// The new name must survive a power cut too. Where directories cannot be
	// synced, as on Windows, the rename alone has to do.
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
	return nil
}

// acquire takes the lock, once. The lock file is removed with the checkpoint,
// so a lock counts only if its file is still the one that others would open.
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

// saved tells whether a checkpoint is there to continue from.
func (s *checkpointSlot) saved() bool { return s != nil && s.written }

// remove drops the checkpoint, of an upload that is done or cannot be continued.
func (s *checkpointSlot) remove() {
	if s == nil || !s.written && s.lock == nil {
		return
	}
	os.Remove(s.path)
	s.written = false
}

// release ends the work on the upload.
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
