package store

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// OpenDisk opens the store in dir, or creates one. The directory must be a store, be
// empty or not exist. It must belong to the user, and a store must not be writable by
// others. Afterwards only its owner can enter it. Only one process at a time can have
// a store open; for others OpenDisk returns an error.
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
	root, err := claimDirectory(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory %s: %w", dir, err)
	}
	db, err := openState(root, temporary)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %s: %w", dir, err), root.Close())
	}
	store := &Disk{dir: dir, root: root, db: db, temporary: temporary, pins: map[string]int{}, doomed: map[string]bool{}}
	if err := store.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %s: %w", dir, err), db.Close(), root.Close())
	}
	return store, nil
}

// claimDirectory creates the directory if it does not exist. It refuses a directory
// that holds something else, because the store removes files that it does not know,
// and one in which others could have put links or files.
func claimDirectory(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	// The dot demands a directory. If a pipe has taken the name, OpenRoot would otherwise
	// wait for its other end.
	root, err := os.OpenRoot(dir + string(os.PathSeparator) + ".")
	if err != nil {
		return nil, err
	}
	if err := claim(root); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

func claim(root *os.Root) error {
	info, err := root.Stat(".")
	if err != nil {
		return err
	}
	if !isOurs(info) {
		return errors.New("it belongs to another user; choose one of your own")
	}
	isStore, err := checkEntries(root)
	if err != nil {
		return err
	}
	if isStore && othersCanWrite(info) {
		return errors.New("other users can write to it; check what is in it and remove that permission, or choose another one")
	}
	if err := root.Chmod(".", 0o700); err != nil {
		return err
	}
	_, err = checkEntries(root) // again, now that nobody else can add any
	return err
}

// checkEntries reports whether the directory holds a store. It returns an error if
// that cannot be one and the directory is not empty.
func checkEntries(root *os.Root) (isStore bool, err error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil || len(entries) == 0 {
		return false, err
	}
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == stateName && !entry.Type().IsRegular():
			return false, fmt.Errorf("%s is not a regular file", name)
		case (name == blobsName || name == incomingName) && !entry.IsDir():
			return false, fmt.Errorf("%s is not a directory", name)
		case name == stateName:
			isStore = true
		}
	}
	if !isStore {
		return false, fmt.Errorf("it is not empty and has no %s; choose an empty one", stateName)
	}
	return true, nil
}

// openState opens the state, which it reads whole: bbolt panics when it meets a
// damaged page, at whatever time that is.
func openState(root *os.Root, temporary bool) (db *bbolt.DB, err error) {
	// A page that lies beyond the end of the file is a fault of memory.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if problem := recover(); problem != nil {
			db, err = nil, damaged(problem)
		}
	}()
	db, err = bbolt.Open(stateName, 0o600, &bbolt.Options{
		// Do not wait for another process: the timeout is shorter than one retry of bbolt.
		Timeout: time.Millisecond, NoSync: temporary, FreelistType: bbolt.FreelistMapType, OpenFile: root.OpenFile,
	})
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, errors.New("another process is using it")
	case errors.Is(err, bbolterrors.ErrInvalid), errors.Is(err, bbolterrors.ErrChecksum), errors.Is(err, bbolterrors.ErrVersionMismatch):
		return nil, damaged(err)
	case err != nil:
		return nil, fmt.Errorf("cannot open %s: %w", stateName, err)
	}
	if err := checkState(db); err != nil {
		_ = db.Close() // the state is not used
		return nil, damaged(err)
	}
	return db, nil
}

func damaged(reason any) error {
	return fmt.Errorf("%s is damaged (%v); restore the directory from a copy, or start with an empty one", stateName, reason)
}

// checkState reads every value of the state and checks how its pages hang together.
func checkState(db *bbolt.DB) error {
	return db.View(func(tx *bbolt.Tx) error {
		err := tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			isJSON := !bytes.Equal(name, metaBucket) && !bytes.Equal(name, blobBucket) && !bytes.Equal(name, childBucket)
			return bucket.ForEach(func(_, value []byte) error {
				if isJSON && !json.Valid(value) {
					return fmt.Errorf("an entry of %s is not JSON", name)
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		for problem := range tx.Check() { // to the end, so that its goroutine ends
			if err == nil {
				err = problem
			}
		}
		return err
	})
}

// prepare creates what is missing and removes what a crash left behind.
func (s *Disk) prepare() error {
	if err := s.root.MkdirAll(blobsName, 0o700); err != nil {
		return err
	}
	id, err := s.readID()
	if err != nil {
		return err
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		if err := s.identify(tx.Bucket(metaBucket), id); err != nil {
			return err
		}
		return upgrade(tx)
	})
	if err != nil {
		return err
	}
	if err := s.root.RemoveAll(incomingName); err != nil {
		return err
	}
	if err := s.root.Mkdir(incomingName, 0o700); err != nil {
		return err
	}
	return s.sweep()
}

// readID returns the id of the store that the blobs belong to, "" if there is none.
func (s *Disk) readID() (string, error) {
	file, err := s.root.Open(path.Join(blobsName, idName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer file.Close()
	id, err := io.ReadAll(io.LimitReader(file, 100))
	return string(id), err
}

// identify checks that the state and the blobs belong to the same store, because the
// store removes blobs that the state does not know. It gives an id to a new store.
func (s *Disk) identify(meta *bbolt.Bucket, blobsID string) error {
	version, id := meta.Get(versionKey), meta.Get(idKey)
	switch {
	case version == nil && !s.noBlobs():
		return fmt.Errorf("%s is empty and %s is not; restore both from the same copy, or start with an empty directory", stateName, blobsName)
	case version != nil && !bytes.Equal(version, currentVersion) && !bytes.Equal(version, firstVersion):
		return fmt.Errorf("its format is version %q, this program knows %q", version, currentVersion)
	case version != nil && string(id) != blobsID:
		return fmt.Errorf("%s and %s do not belong together; restore both from the same copy, or start with an empty directory", stateName, blobsName)
	case id != nil:
		return nil
	}
	newID := rand.Text()
	if err := s.writeID(newID); err != nil {
		return err
	}
	if version == nil {
		if err := meta.Put(versionKey, currentVersion); err != nil {
			return err
		}
	}
	return meta.Put(idKey, []byte(newID))
}

// upgrade makes what the first format did not have.
func upgrade(tx *bbolt.Tx) error {
	meta := tx.Bucket(metaBucket)
	if !bytes.Equal(meta.Get(versionKey), firstVersion) {
		return nil
	}
	return errors.Join(indexFiles(tx), meta.Put(versionKey, currentVersion))
}

// noBlobs reports whether the directory of blobs has no blob.
func (s *Disk) noBlobs() bool {
	entries, err := fs.ReadDir(s.root.FS(), blobsName)
	return err == nil && (len(entries) == 0 || len(entries) == 1 && entries[0].Name() == idName)
}

func (s *Disk) writeID(id string) error {
	file, err := s.root.OpenFile(path.Join(blobsName, idName), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(id)
	if err == nil && !s.temporary {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil || s.temporary {
		return err
	}
	return s.syncDirectory(blobsName)
}
