package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// Disk is a [Store] in a directory of its own:
//
//	state.db    everything but bytes, in one transactional file
//	blobs/      bytes, in files with random names that the state refers to
//	incoming/   bytes that belong to nothing yet
//
// # Crashes
//
// The state decides what exists. Bytes are written to incoming, synced and moved to
// blobs. Then a transaction refers to them, and is synced before the method returns.
// So everything that was confirmed survives a crash of the process or the machine at
// any moment. A crash may leave bytes to which no transaction refers; the next start
// removes them.
//
// A file is the list of the blobs of its parts, so that publishing a file of any size
// copies nothing. Each blob has one owner, first a part and then a file. It is removed
// with its owner.
type Disk struct {
	dir       string
	db        *bbolt.DB
	temporary bool // nothing is synced, and Close removes the directory

	queueMu  sync.Mutex
	queue    []*stateChange
	commitMu sync.Mutex // one transaction at a time

	pinMu  sync.Mutex
	pins   map[string]int  // blobs that readers have open
	doomed map[string]bool // pinned blobs to remove when the last reader is done
}

// Buckets of the state.
var (
	metaBucket     = []byte("meta")
	uploadBucket   = []byte("uploads")  // upload id → Upload
	partBucket     = []byte("parts")    // upload id, 0, index → storedPart
	fileBucket     = []byte("files")    // account, 0, path → storedFile
	contentBucket  = []byte("contents") // account, 0, path → blobs, one for each part
	blobBucket     = []byte("blobs")    // name → nothing; all the blobs that are owned
	versionKey     = []byte("version")
	signingKeyKey  = []byte("signingKey")
	currentVersion = []byte("1")
)

const (
	stateName        = "state.db"
	blobsName        = "blobs"
	incomingName     = "incoming"
	signingKeyLength = 32 // bytes
)

// OpenDisk opens the store in dir, or creates one. The directory must be a store, be
// empty or not exist. Afterwards only its owner can enter it. Only one process at a
// time can have a store open; for others OpenDisk returns an error.
func OpenDisk(dir string) (*Disk, error) {
	return openDisk(dir, false)
}

// OpenTemporary creates a store in a new directory below that of [os.TempDir]. It is
// not synced, and Close removes it.
func OpenTemporary() (*Disk, error) {
	dir, err := os.MkdirTemp("", "bytescale-")
	if err != nil {
		return nil, err
	}
	store, err := openDisk(dir, true)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return store, nil
}

func openDisk(dir string, temporary bool) (*Disk, error) {
	if err := claimDirectory(dir); err != nil {
		return nil, err
	}
	// Do not wait for another process: the timeout is shorter than one retry of bbolt.
	options := &bbolt.Options{Timeout: time.Millisecond, NoSync: temporary, FreelistType: bbolt.FreelistMapType}
	db, err := bbolt.Open(filepath.Join(dir, stateName), 0o600, options)
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, fmt.Errorf("data directory %s: another process is using it", dir)
	case err != nil:
		return nil, fmt.Errorf("data directory %s: cannot open %s: %w", dir, stateName, err)
	}
	store := &Disk{dir: dir, db: db, temporary: temporary, pins: map[string]int{}, doomed: map[string]bool{}}
	if err := store.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %s: %w", dir, err), db.Close())
	}
	return store, nil
}

// claimDirectory creates the directory if it does not exist. It refuses a directory
// that holds something else, because the store removes files that it does not know.
func claimDirectory(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, stateName)); errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("data directory: %w", err)
		}
		if len(entries) > 0 {
			return fmt.Errorf("data directory %s: it is not empty and has no %s; choose an empty one", dir, stateName)
		}
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// prepare creates what is missing and removes what a crash left behind.
func (s *Disk) prepare() error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{metaBucket, uploadBucket, partBucket, fileBucket, contentBucket, blobBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(metaBucket)
		if version := meta.Get(versionKey); version != nil && string(version) != string(currentVersion) {
			return fmt.Errorf("its format is version %q, this program knows %q", version, currentVersion)
		}
		return meta.Put(versionKey, currentVersion)
	})
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(s.dir, incomingName)); err != nil {
		return err
	}
	for _, name := range []string{incomingName, blobsName} {
		if err := os.MkdirAll(filepath.Join(s.dir, name), 0o700); err != nil {
			return err
		}
	}
	return s.sweep()
}

// Close implements [Store].
func (s *Disk) Close() error {
	err := s.db.Close()
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// SigningKey returns the key for the part URLs of this store. It stays the same
// between starts.
func (s *Disk) SigningKey() ([]byte, error) {
	var key []byte
	err := s.update(func(tx *bbolt.Tx, _ *released) error {
		meta := tx.Bucket(metaBucket)
		if stored := meta.Get(signingKeyKey); stored != nil {
			key = append(key, stored...)
			return nil
		}
		key = make([]byte, signingKeyLength)
		rand.Read(key) // never fails
		return meta.Put(signingKeyKey, key)
	})
	return key, err
}

// stateChange is a change of the state that waits for a transaction.
type stateChange struct {
	apply func(*bbolt.Tx, *released) error
	done  bool
	err   error
}

// update applies a change and returns once it is on disk. Changes that arrive while a
// transaction is being written share the next transaction and the cost of its sync. A
// change that returns ErrNotStored or ErrTaken must not have written anything. Any
// other error undoes the whole transaction.
func (s *Disk) update(apply func(*bbolt.Tx, *released) error) error {
	change := &stateChange{apply: apply}
	s.queueMu.Lock()
	s.queue = append(s.queue, change)
	s.queueMu.Unlock()

	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if change.done {
		return change.err // the transaction of another caller included it
	}
	s.queueMu.Lock()
	batch := s.queue
	s.queue = nil
	s.queueMu.Unlock()

	var let released
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, change := range batch {
			change.err = change.apply(tx, &let)
			if change.err != nil && !errors.Is(change.err, ErrNotStored) && !errors.Is(change.err, ErrTaken) {
				return change.err
			}
		}
		return nil
	})
	for _, change := range batch {
		change.done = true
		if err != nil {
			change.err = fmt.Errorf("storing: %w", err)
		}
	}
	if err == nil {
		s.removeBlobs(let.blobs)
	}
	return change.err
}

// get reads one JSON value. It returns ErrNotStored if there is none.
func get(tx *bbolt.Tx, bucket, key []byte, value any) error {
	data := tx.Bucket(bucket).Get(key)
	if data == nil {
		return ErrNotStored
	}
	return json.Unmarshal(data, value)
}

func put(tx *bbolt.Tx, bucket, key []byte, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, data)
}
