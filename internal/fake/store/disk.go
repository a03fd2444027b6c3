package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"go.etcd.io/bbolt"
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
// with its owner. The blobs of a copy are hard links, so a copy costs no bytes either.
type Disk struct {
	dir       string
	root      *os.Root // dir; nothing is opened, moved or removed except through it
	db        *bbolt.DB
	temporary bool // nothing is synced, and Close removes the directory

	bytes      usage // of the blobs, incoming ones included
	maxUploads int

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
	folderBucket   = []byte("folders")  // account, 0, path → Folder
	childBucket    = []byte("children") // index of folders → kind
	jobBucket      = []byte("jobs")     // account, 0, id → Job
	versionKey     = []byte("version")
	idKey          = []byte("id")          // of the store; blobs/store-id has the same
	openUploadsKey = []byte("openUploads") // the number of uploads in progress
	signingKeyKey  = []byte("signingKey")
	currentVersion = []byte("2")
	firstVersion   = []byte("1") // without folders and jobs
)

var buckets = [][]byte{
	metaBucket, uploadBucket, partBucket, fileBucket, contentBucket, blobBucket, folderBucket, childBucket, jobBucket,
}

const (
	stateName        = "state.db"
	blobsName        = "blobs"
	incomingName     = "incoming"
	idName           = "store-id" // in blobs
	signingKeyLength = 32         // bytes
)

// Limit sets the limits of the store. Call it before the store is used. The size of
// state.db counts as bytes.
func (s *Disk) Limit(limits Limits) { s.bytes.limit, s.maxUploads = limits.Bytes, limits.Uploads }

// checkRoom returns an error if there is no room for anything more.
func (s *Disk) checkRoom() error {
	if s.bytes.limit == 0 {
		return nil
	}
	state, err := s.root.Lstat(stateName)
	if err == nil && s.bytes.used.Load()+state.Size() > s.bytes.limit {
		err = s.bytes.full()
	}
	return err
}

// Close implements [Store].
func (s *Disk) Close() error {
	err := errors.Join(s.db.Close(), s.root.Close())
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
// change that returns ErrNotStored, ErrTaken or ErrTooManyUploads must not have written
// anything. Any other error undoes the whole transaction.
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
			if change.err != nil && !refused(change.err) {
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

// refused reports whether a change was refused before it wrote anything.
func refused(err error) bool {
	return errors.Is(err, ErrNotStored) || errors.Is(err, ErrTaken) || errors.Is(err, ErrTooManyUploads)
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
