package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// stateFormat is the version of the format of checkpoint files.
const stateFormat = 2

// maxState limits the size of a checkpoint file. A valid one is much smaller.
const maxState = 1 << 20

// checkpoints is the directory with the user's checkpoints. An upload of more than one
// part has a file there from its begin to its end, and a lock file as long as a process
// works on it. The kernel releases the lock if the process dies.
type checkpoints struct {
	dir  string
	key  []byte // authenticates the files
	err  error  // set if the user's state directory is not known
	note func(format string, args ...any)
	warn sync.Once

	mu   sync.Mutex
	root *os.Root // nil until the directory is open

	// none reports whether the directory was empty when this command started. Then no
	// file needs to look for a checkpoint. Checkpoints that other processes write
	// meanwhile are not seen.
	none func() bool
}

// newCheckpoints returns the checkpoints of the user. Only files that were written with
// the same API key are believed.
func newCheckpoints(env getenv, apiKey string, note func(string, ...any)) *checkpoints {
	c := &checkpoints{note: note}
	dir, noDir := stateDir(runtime.GOOS, env)
	c.dir = filepath.Join(dir, "bytescale", "uploads")
	key, noKey := hkdf.Key(sha256.New, []byte(apiKey), nil, "bytescale command: checkpoints", sha256.Size)
	c.key, c.err = key, cmp.Or(noDir, noKey)
	c.none = sync.OnceValue(c.isEmpty)
	return c
}

// open opens the directory, once. With create, it is created if it is missing.
func (c *checkpoints) open(create bool) (*os.Root, error) {
	if c.err != nil {
		return nil, c.err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.root == nil {
		root, err := osfile.OpenPrivate(filepath.Dir(filepath.Dir(c.dir)), create, "bytescale", "uploads")
		if err != nil {
			return nil, err
		}
		c.root = root
	}
	return c.root, nil
}

// isEmpty reports whether the directory is empty or does not exist.
func (c *checkpoints) isEmpty() bool {
	root, err := c.open(false)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	dir, err := root.Open(".")
	if err != nil {
		return false
	}
	defer dir.Close()
	_, err = dir.Readdirnames(1)
	return errors.Is(err, io.EOF)
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

// sealed is a checkpoint file. MAC authenticates Content, byte by byte: a file that
// somebody else wrote or changed could make the command print what he likes, or send the
// parts of a file to an upload of his.
type sealed struct {
	Format  int             `json:"format"`
	MAC     []byte          `json:"mac"`
	Content json.RawMessage `json:"content"`
}

// saved is the content of a checkpoint file.
type saved struct {
	Identity   identity             `json:"identity"`
	Checkpoint bytescale.Checkpoint `json:"checkpoint"`
}

func (c *checkpoints) mac(content []byte) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write(content)
	return mac.Sum(nil)
}

// checkpointSlot is where the checkpoint of one upload is kept. A nil slot keeps none.
type checkpointSlot struct {
	all      *checkpoints
	identity identity
	root     *os.Root
	name     string   // of the file, set by locate
	lock     *os.File // nil if the slot does not have the lock
	written  bool
}

// errBusy means that this process or another one is working on the same upload.
var errBusy = errors.New("is already being uploaded to the same place, by this command or another one; let that finish, or use --no-resume")

func (c *checkpoints) slot(id identity) *checkpointSlot { return &checkpointSlot{all: c, identity: id} }

// locate opens the directory and sets the name, which is derived from the identity.
func (s *checkpointSlot) locate(create bool) (err error) {
	if s.root, err = s.all.open(create); err != nil {
		return err
	}
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
	s.name = hex.EncodeToString(sum[:16]) + ".json"
	return nil
}

// load returns the checkpoint of an interrupted upload, nil if there is none. It returns
// errBusy if the upload is under way. Any other error means that the checkpoint cannot
// be used; load has removed it.
func (s *checkpointSlot) load() (*bytescale.Checkpoint, error) {
	if s == nil || s.all.none() {
		return nil, nil
	}
	err := s.find()
	switch {
	case errors.Is(err, errBusy):
		return nil, err
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
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

// find takes the lock if there is a checkpoint. Most files have none and need no lock.
func (s *checkpointSlot) find() error {
	if err := s.locate(false); err != nil {
		return err
	}
	if _, err := s.root.Lstat(s.name); err != nil {
		return err
	}
	return s.acquire()
}

var errDamaged = errors.New("the checkpoint is damaged")

func (s *checkpointSlot) read() (*bytescale.Checkpoint, error) {
	f, err := osfile.OpenRegular(context.Background(), func(flags int) (*os.File, error) { return s.root.OpenFile(s.name, flags, 0) })
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
	if json.Unmarshal(text, &version) != nil {
		return nil, errDamaged
	}
	if version.Format != stateFormat {
		return nil, errors.New("the checkpoint is of another version of this command")
	}
	var file sealed
	if json.Unmarshal(text, &file) != nil {
		return nil, errDamaged
	}
	if !hmac.Equal(file.MAC, s.all.mac(file.Content)) {
		return nil, errors.New("the checkpoint was changed by somebody else, or made with another API key")
	}
	var found saved
	decoder := json.NewDecoder(bytes.NewReader(file.Content))
	decoder.UseNumber()
	if decoder.Decode(&found) != nil {
		return nil, errDamaged
	}
	if !reflect.DeepEqual(found.Identity, s.identity) {
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
	if err := s.locate(true); err != nil {
		return err
	}
	if err := s.acquire(); err != nil {
		return err
	}
	content, err := json.Marshal(saved{Identity: s.identity, Checkpoint: checkpoint})
	if err != nil {
		return err
	}
	text, err := json.Marshal(sealed{Format: stateFormat, MAC: s.all.mac(content), Content: content})
	if err != nil {
		return err
	}
	if err := osfile.Replace(s.root, s.name, text); err != nil {
		return err
	}
	s.written = true
	return nil
}

// acquire takes the lock unless the slot has it already. Lock files are removed together
// with checkpoints, so a lock counts only if its file still has its name.
func (s *checkpointSlot) acquire() error {
	if s.lock != nil {
		return nil
	}
	for range 10 {
		f, err := s.root.OpenFile(s.name+lockSuffix, os.O_RDWR|os.O_CREATE|osfile.Nonblock, 0o600)
		if err != nil {
			return err
		}
		if locked, err := osfile.Lock(f); err != nil || !locked {
			f.Close()
			return cmp.Or(err, errBusy)
		}
		held, heldErr := f.Stat()
		now, nowErr := s.root.Lstat(s.name + lockSuffix)
		if heldErr == nil && nowErr == nil && os.SameFile(held, now) {
			s.lock = f
			return nil
		}
		f.Close()
	}
	return errBusy
}

const lockSuffix = ".lock"

// saved reports whether there is a checkpoint to continue from.
func (s *checkpointSlot) saved() bool { return s != nil && s.written }

// remove deletes the checkpoint of an upload that is done or cannot be continued.
func (s *checkpointSlot) remove() {
	if s == nil || !s.written && s.lock == nil {
		return
	}
	_ = s.root.Remove(s.name)
	s.written = false
}

// release gives the lock back.
func (s *checkpointSlot) release() {
	if s == nil || s.lock == nil {
		return
	}
	if !s.written {
		_ = s.root.Remove(s.name + lockSuffix)
	}
	s.lock.Close()
	s.lock = nil
}
