package store

import (
	"encoding/json"
	"errors"
	"strings"

	"go.etcd.io/bbolt"
)

// diskIndex is the index of folders of a [Disk] within a transaction.
type diskIndex struct{ tx *bbolt.Tx }

func (i diskIndex) kind(key string) kind {
	value := i.tx.Bucket(childBucket).Get([]byte(key))
	if len(value) == 0 {
		return 0
	}
	return kind(value[0])
}

func (i diskIndex) setKind(key string, k kind) error {
	if k == 0 {
		return i.tx.Bucket(childBucket).Delete([]byte(key))
	}
	return i.tx.Bucket(childBucket).Put([]byte(key), []byte{byte(k)})
}

func (i diskIndex) cursor() cursor { return newDiskCursor(i.tx, childBucket) }

// diskCursor is a cursor over a bucket.
type diskCursor struct {
	*bbolt.Cursor

	at []byte // nil: at no key
}

func newDiskCursor(tx *bbolt.Tx, bucket []byte) *diskCursor {
	return &diskCursor{Cursor: tx.Bucket(bucket).Cursor()}
}

func (c *diskCursor) set(key, _ []byte) bool {
	c.at = key
	return key != nil
}

func (c *diskCursor) seek(key string) bool { return c.set(c.Seek([]byte(key))) }
func (c *diskCursor) last() bool           { return c.set(c.Last()) }
func (c *diskCursor) next() bool           { return c.set(c.Next()) }
func (c *diskCursor) prev() bool           { return c.set(c.Prev()) }
func (c *diskCursor) key() string          { return string(c.at) }

// madeOnDisk reports which folders of an account were made.
func madeOnDisk(tx *bbolt.Tx, accountID string) func(string) bool {
	return func(path string) bool { return tx.Bucket(folderBucket).Get(diskFileKey(accountID, path)) != nil }
}

// indexFiles makes the index of folders for files that were stored without one.
func indexFiles(tx *bbolt.Tx) error {
	return tx.Bucket(fileBucket).ForEach(func(key, _ []byte) error {
		account, path, _ := strings.Cut(string(key), "\x00")
		return addToIndex(diskIndex{tx}, account, path, isFile)
	})
}

// PutFolder implements [Store].
func (s *Disk) PutFolder(accountID, path string, change func(json.RawMessage) json.RawMessage) error {
	if err := s.checkRoom(); err != nil {
		return err
	}
	return s.update(func(tx *bbolt.Tx, _ *released) error {
		var folder Folder
		if err := get(tx, folderBucket, diskFileKey(accountID, path), &folder); err != nil && !errors.Is(err, ErrNotStored) {
			return err
		}
		return makeFolder(tx, Folder{AccountID: accountID, Path: path, Settings: change(folder.Settings)})
	})
}

// makeFolder makes a folder and those above it.
func makeFolder(tx *bbolt.Tx, folder Folder) error {
	accountID, path := folder.AccountID, folder.Path
	if err := put(tx, folderBucket, diskFileKey(accountID, path), folder); err != nil {
		return err
	}
	made := madeOnDisk(tx, accountID)
	for above := Parent(path); above != ""; above = Parent(above) {
		if made(above) {
			continue
		}
		if err := put(tx, folderBucket, diskFileKey(accountID, above), Folder{AccountID: accountID, Path: above}); err != nil {
			return err
		}
	}
	return addToIndex(diskIndex{tx}, accountID, path, isFolder)
}

// removeFolder takes back that a folder was made, and reports whether it was.
func removeFolder(tx *bbolt.Tx, accountID, path string) (bool, error) {
	made := madeOnDisk(tx, accountID)
	if !made(path) {
		return false, nil
	}
	if err := tx.Bucket(folderBucket).Delete(diskFileKey(accountID, path)); err != nil {
		return false, err
	}
	return true, removeFromIndex(diskIndex{tx}, accountID, path, isFolder, made)
}

// Folders implements [Store].
func (s *Disk) Folders(accountID, path string) (made []Folder, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		for ; path != ""; path = Parent(path) {
			var folder Folder
			err := get(tx, folderBucket, diskFileKey(accountID, path), &folder)
			if errors.Is(err, ErrNotStored) {
				continue
			}
			if err != nil {
				return err
			}
			made = append(made, folder)
		}
		return nil
	})
	return made, err
}

// List implements [Store].
func (s *Disk) List(listing Listing) (entries []Entry, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		positions := listing.positions(diskIndex{tx}, newDiskCursor(tx, fileBucket), newDiskCursor(tx, folderBucket))
		entries = make([]Entry, len(positions))
		for i, position := range positions {
			entries[i].Position = position
			key := diskFileKey(listing.AccountID, position.Path)
			if !position.Folder {
				if err := get(tx, fileBucket, key, &entries[i].File); err != nil {
					return err
				}
				continue
			}
			var folder Folder
			switch err := get(tx, folderBucket, key, &folder); {
			case err == nil:
				entries[i].Made = &folder
			case !errors.Is(err, ErrNotStored):
				return err
			}
		}
		return nil
	})
	return entries, err
}
