package bytescale

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/statedir"
)

// ErrCheckpointLocked means that another upload with the same key of a [CheckpointStore] is
// under way, in this process or another one. Let it finish.
var ErrCheckpointLocked = errors.New("another upload with the same checkpoint key is under way")

// CheckpointStore keeps the checkpoints of uploads that use [WithResume]. [NewCheckpointDir]
// keeps them in a directory; implement the interface to keep them elsewhere, such as in a
// database. A checkpoint is JSON of a few KiB without credentials; store the bytes as they are.
// Any bytes may be loaded: an entry that is damaged, old or of another client is refused, and
// the upload begins anew.
//
// The methods are called by several uploads at a time, with different keys or the same. One
// upload calls them one after the other: Load, and if there is a checkpoint or one is to be
// saved, Lock, Load, Save, Delete and unlock.
type CheckpointStore interface {
	// Load returns the checkpoint of a key, or an error that is [io/fs.ErrNotExist].
	Load(ctx context.Context, key string) ([]byte, error)
	// Save stores the checkpoint of a key in place of an earlier one. It should store all
	// of it or nothing, also if the process dies.
	Save(ctx context.Context, key string, checkpoint []byte) error
	// Delete removes the checkpoint of a key, if there is one.
	Delete(ctx context.Context, key string) error
	// Lock locks a key until unlock is called. If the key is locked, it returns an error
	// that is [ErrCheckpointLocked] and does not wait. The lock should end with the
	// process. A store whose keys are never used by two uploads at a time may return a
	// function that does nothing.
	Lock(ctx context.Context, key string) (unlock func(), err error)
}

// maxCheckpointAge is the age from which a checkpoint in a store is not used. The service
// forgets uploads; after how long is not documented.
const maxCheckpointAge = 30 * 24 * time.Hour

// CheckpointDir is a [CheckpointStore] in a directory, for any number of processes. Make one
// with [NewCheckpointDir].
type CheckpointDir struct{ dir *statedir.Dir }

// NewCheckpointDir returns a store in the directory dir. The directory, and what is missing
// above it, is created when the first checkpoint is saved, readable by its owner only. A
// directory that exists must belong to the user of the process and be writable by nobody else,
// otherwise NewCheckpointDir returns an error; on Windows its permissions are not looked at.
//
// A checkpoint is a file, which is replaced as a whole. Locks are those of the operating
// system, so that they end with the process. Checkpoints older than 30 days are removed when
// the store saves for the first time. Other files in the directory are left alone. There is
// nothing to close.
func NewCheckpointDir(dir string) (*CheckpointDir, error) {
	if dir == "" {
		return nil, argumentError("dir", "is empty")
	}
	opened, err := statedir.Open(dir, maxCheckpointAge)
	if err != nil {
		return nil, fmt.Errorf("checkpoints in %s: %w", dir, err)
	}
	return &CheckpointDir{opened}, nil
}

// Load implements [CheckpointStore].
func (d *CheckpointDir) Load(ctx context.Context, key string) ([]byte, error) {
	return d.dir.Load(ctx, key)
}

// Save implements [CheckpointStore]. The checkpoint is on the disk when it returns.
func (d *CheckpointDir) Save(_ context.Context, key string, checkpoint []byte) error {
	return d.dir.Save(key, checkpoint)
}

// Delete implements [CheckpointStore].
func (d *CheckpointDir) Delete(_ context.Context, key string) error { return d.dir.Delete(key) }

// Lock implements [CheckpointStore].
func (d *CheckpointDir) Lock(_ context.Context, key string) (unlock func(), err error) {
	unlock, err = d.dir.Lock(key)
	if errors.Is(err, statedir.ErrLocked) {
		err = ErrCheckpointLocked
	}
	return unlock, err
}

// WithResume makes the upload resumable: its checkpoint is kept in store under key until the
// file is stored, and the next upload with the same key continues from it, in another process
// too. Only the missing parts are sent.
//
// key is any text but the empty one that names the upload, such as the absolute path of the
// file. Use another key for another destination or another account. Source and options must be
// the same again, except for progress and checkpoint functions. If they are not, or the
// checkpoint is damaged, older than 30 days, of another API address, account or API key, or the
// service has forgotten the upload, then the upload begins anew. [EventResume] and
// [EventStartAfresh] report which it was.
//
// If another upload with the key is under way, Upload returns [ErrCheckpointLocked]. Other
// failures of the store do not end the upload; [EventStoreFailure] reports them. An upload of a
// single part saves no checkpoint and takes no lock. The default is no store.
func WithResume(store CheckpointStore, key string) UploadOption {
	return uploadOption(func(s *uploadSettings) error {
		switch {
		case store == nil:
			return argumentError("resume", "the store is nil")
		case key == "":
			return argumentError("resume", "the key is empty")
		}
		s.resume.store, s.resume.key = store, key
		return nil
	})
}

// runResumable continues the upload of the checkpoint in the store, or begins one whose
// checkpoint is kept there.
func (u *upload) runResumable(ctx context.Context, request gen.BeginMultipartUploadRequest, s *uploadSettings) error {
	u.binding = func() (string, error) { return bindingOf(s.resume.key, request) }
	slot := &checkpointSlot{upload: u, store: s.resume.store, key: s.resume.key}
	defer slot.release()
	found, err := slot.load(ctx)
	if err != nil {
		return err
	}
	if found != nil {
		u.takeOver(found)
		todo, err := u.pickUp(ctx)
		switch {
		case err == nil:
			slot.emit(ctx, EventResume, nil)
			return slot.end(ctx, u.stored(u.transfer.SendMissing(ctx, todo)))
		case errors.Is(err, ErrSourceChanged), errors.Is(err, ErrUploadUnknown):
			slot.refuse(ctx, err)
			u.startAfresh()
		default:
			return slot.end(ctx, err)
		}
	}
	return slot.end(ctx, u.run(ctx, request, func(checkpoint Checkpoint) error {
		if err := slot.save(ctx, checkpoint); err != nil {
			return err
		}
		if s.checkpoint == nil {
			return nil
		}
		return s.checkpoint(checkpoint)
	}))
}

// startAfresh makes the upload one that has not begun.
func (u *upload) startAfresh() {
	u.transfer.End()
	u.transfer = u.client.engine.NewUpload(u.in, u.report())
	u.id, u.file, u.checkpoint = "", FileDetails{}, nil
}

// bindingOf returns what binds a checkpoint to the key of its store and to the options of the
// upload, so that no other upload continues from it. The size is left to the fingerprint,
// whose failure says more.
func bindingOf(key string, request gen.BeginMultipartUploadRequest) (string, error) {
	request.Size = 0
	content, err := json.Marshal(struct {
		Key     string
		Request gen.BeginMultipartUploadRequest
	}{key, request})
	sum := sha256.Sum256(content)
	return base64.RawURLEncoding.EncodeToString(sum[:]), err
}

// isUseless reports whether err means that the checkpoint of the upload can never be used
// again.
func isUseless(err error) bool {
	return errors.Is(err, ErrSourceChanged) || errors.Is(err, ErrSourceSize) || errors.Is(err, ErrUploadUnknown)
}

// checkpointSlot is the place of one upload in a store.
type checkpointSlot struct {
	upload *upload
	store  CheckpointStore
	key    string
	off    bool   // the store could not lock the key, so that nothing is saved
	filled bool   // there is a checkpoint
	unlock func() // nil if the key is not locked
}

// load returns the checkpoint to continue from, nil if there is none. Most uploads have none
// and need no lock.
func (s *checkpointSlot) load(ctx context.Context) (*Checkpoint, error) {
	if content, err := s.read(ctx); content == nil {
		return nil, err
	}
	if err := s.lock(ctx); err != nil || s.off {
		return nil, err
	}
	content, err := s.read(ctx) // again, because another process may have ended the upload
	if content == nil {
		return nil, err
	}
	s.filled = true
	checkpoint, err := s.upload.decodeCheckpoint(content)
	if err != nil {
		s.refuse(ctx, err)
		return nil, nil
	}
	return checkpoint, nil
}

// read returns the content of the entry, nil if there is none or the store failed.
func (s *checkpointSlot) read(ctx context.Context) ([]byte, error) {
	content, err := s.store.Load(ctx, s.key)
	switch {
	case err == nil:
		return append([]byte{}, content...), nil
	case !errors.Is(err, fs.ErrNotExist):
		s.emit(ctx, EventStoreFailure, err)
	}
	return nil, ctx.Err()
}

// decodeCheckpoint decodes an entry and refuses one that this upload cannot continue from.
func (u *upload) decodeCheckpoint(content []byte) (*Checkpoint, error) {
	var checkpoint Checkpoint
	if err := json.Unmarshal(content, &checkpoint); err != nil {
		return nil, &ArgumentError{Field: "checkpoint", Reason: "it is damaged: " + err.Error(), kind: ErrCheckpoint}
	}
	if err := checkpoint.check(u.client); err != nil {
		return nil, err
	}
	binding, err := u.binding()
	switch state := checkpoint.state; {
	case err != nil:
		return nil, err
	case state.Binding != binding:
		return nil, badCheckpoint("binding", "it belongs to an upload with another key or other options")
	case time.Since(state.Begun) > maxCheckpointAge:
		return nil, badCheckpoint("begun", "its upload began %v, and is not continued after 30 days", state.Begun.Format(time.DateTime))
	}
	return &checkpoint, nil
}

// lock locks the key, unless it is locked already. It returns an error that is
// ErrCheckpointLocked or nil.
func (s *checkpointSlot) lock(ctx context.Context) error {
	if s.unlock != nil || s.off {
		return nil
	}
	unlock, err := s.store.Lock(ctx, s.key)
	switch {
	case err == nil:
		s.unlock = unlock
	case errors.Is(err, ErrCheckpointLocked):
		return err
	default:
		s.off = true
		s.emit(ctx, EventStoreFailure, err)
	}
	return nil
}

// save saves the checkpoint of an upload that has begun. It returns an error that is
// ErrCheckpointLocked or nil.
func (s *checkpointSlot) save(ctx context.Context, checkpoint Checkpoint) error {
	if err := s.lock(ctx); err != nil || s.off {
		return err
	}
	content, err := json.Marshal(checkpoint)
	if err == nil {
		err = s.store.Save(ctx, s.key, content)
	}
	if err != nil {
		s.emit(ctx, EventStoreFailure, err)
		return nil
	}
	s.filled = true
	return nil
}

// refuse reports a checkpoint that cannot be used, and removes it.
func (s *checkpointSlot) refuse(ctx context.Context, err error) {
	s.emit(ctx, EventStartAfresh, publicError(err))
	s.remove(ctx)
}

// end removes the checkpoint if the upload is done or can never be continued, and returns
// the error of the upload.
func (s *checkpointSlot) end(ctx context.Context, err error) error {
	if err == nil || isUseless(err) {
		s.remove(ctx)
	}
	return err
}

// storeTime is how long a store may take to remove a checkpoint, also when the context of the
// upload has ended.
const storeTime = 10 * time.Second

func (s *checkpointSlot) remove(ctx context.Context) {
	if !s.filled {
		return
	}
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	if err := s.store.Delete(patient, s.key); err != nil {
		s.emit(ctx, EventStoreFailure, err)
		return
	}
	s.filled = false
}

func (s *checkpointSlot) release() {
	if s.unlock != nil {
		s.unlock()
	}
}

func (s *checkpointSlot) emit(ctx context.Context, kind EventKind, err error) {
	s.upload.client.emit(Event{
		Kind: kind, Context: ctx, UploadID: s.upload.id, FilePath: s.upload.file.FilePath, Part: -1, Err: err,
	})
}
