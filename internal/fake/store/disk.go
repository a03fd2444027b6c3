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
// The state is the truth. Bytes are written to incoming, synced, moved to blobs,
// and only then named by a transaction, which is synced before the caller hears of
// it. So whatever was answered survives the end of the process at any moment, and
// that of the machine. What a crash leaves behind, bytes that no transaction came
// to name or that one had just let go, is removed at the next start.
//
// A file is the list of the blobs of its parts: however large it is, publishing
// it copies nothing. Each blob has one owner, first a part and then a file, and
// goes with it.
type Disk struct {
	dir       string
	db        *bbolt.DB
	temporary bool // nothing is synced, and the directory goes at Close

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

// OpenDisk opens the store in dir, and makes it if there is none. The
// directory must be empty, absent or a store; only its owner can enter it
// afterwards. One process at a time can have it open: another one gets an error.
func OpenDisk(dir string) (*Disk, error) {
	return openDisk(dir, false)
}

// OpenTemporary makes a store in a new directory of the system's temporary
// one. It is not synced, and Close removes it.
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
	// The lock is there or it is not: with less time than one retry, bbolt does not wait.
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

// claimDirectory makes the directory if need be, and refuses one that holds
// something else: files that we do not know would be swept away.
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

// prepare makes what is missing and clears what a crash left behind.
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

// SigningKey returns the key for the URLs of this store's uploads, the same one
// at each start.
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

// stateChange is a change that waits for its transaction.
type stateChange struct {
	apply func(*bbolt.Tx, *released) error
	done  bool
	err   error
}

// update applies a change and returns once it is on disk. Changes that arrive
// while a transaction is being written share the next one, and the cost of syncing
// it. A change that fails with ErrNotStored or ErrTaken must not have written
// anything; any other error undoes the whole transaction.
func (s *Disk) update(apply func(*bbolt.Tx, *released) error) error {
	change := &stateChange{apply: apply}
	s.queueMu.Lock()
	s.queue = append(s.queue, change)
	s.queueMu.Unlock()

	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if change.done {
		return change.err // another caller's transaction took it along
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

// get reads one JSON value; what is not there is ErrNotStored.
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
