package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
)

// storedPart is a part and the blob with its bytes.
type storedPart struct {
	Part
	Blob  blob `json:"blob,omitzero"`  // zero if the bytes were discarded or published
	Given bool `json:"given,omitzero"` // the blob belongs to the published file
}

// partPrefix returns the prefix of the keys of an upload's parts.
func partPrefix(uploadID string) []byte { return append([]byte(uploadID), 0) }

// partKey returns the key of a part. Keys sort by index.
func partKey(uploadID string, index int64) []byte {
	return binary.BigEndian.AppendUint64(partPrefix(uploadID), uint64(index))
}

// CreateUpload implements [Store].
func (s *Disk) CreateUpload(upload Upload) error {
	if err := s.checkRoom(); err != nil {
		return err
	}
	return s.update(func(tx *bbolt.Tx, _ *released) error {
		open := openUploads(tx)
		if s.maxUploads > 0 && open >= s.maxUploads {
			return ErrTooManyUploads
		}
		if err := setOpenUploads(tx, open+1); err != nil {
			return err
		}
		return put(tx, uploadBucket, []byte(upload.ID), upload)
	})
}

// OpenUploads implements [Store].
func (s *Disk) OpenUploads() (open int, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		open = openUploads(tx)
		return nil
	})
	return open, err
}

func openUploads(tx *bbolt.Tx) int {
	number, _ := strconv.Atoi(string(tx.Bucket(metaBucket).Get(openUploadsKey))) // 0 before the first
	return number
}

func setOpenUploads(tx *bbolt.Tx, number int) error {
	return tx.Bucket(metaBucket).Put(openUploadsKey, []byte(strconv.Itoa(number)))
}

// Upload implements [Store].
func (s *Disk) Upload(id string) (upload Upload, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return get(tx, uploadBucket, []byte(id), &upload)
	})
	return upload, err
}

// DeleteUpload implements [Store].
func (s *Disk) DeleteUpload(id string) error {
	return s.update(func(tx *bbolt.Tx, let *released) error {
		return deleteUpload(tx, let, id)
	})
}

// ExpireUploads implements [Store].
func (s *Disk) ExpireUploads(before time.Time) error {
	var expired []string
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(uploadBucket).ForEach(func(id, data []byte) error {
			var upload struct {
				Created time.Time `json:"created"`
			}
			if err := json.Unmarshal(data, &upload); err != nil {
				return err
			}
			if upload.Created.Before(before) {
				expired = append(expired, string(id))
			}
			return nil
		})
	})
	if err != nil || len(expired) == 0 {
		return err
	}
	return s.update(func(tx *bbolt.Tx, let *released) error {
		for _, id := range expired {
			if err := deleteUpload(tx, let, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func deleteUpload(tx *bbolt.Tx, let *released, id string) error {
	var upload Upload
	if err := get(tx, uploadBucket, []byte(id), &upload); errors.Is(err, ErrNotStored) {
		return nil
	} else if err != nil {
		return err
	}
	if !upload.Done {
		if err := setOpenUploads(tx, openUploads(tx)-1); err != nil {
			return err
		}
	}
	parts, err := uploadParts(tx, id)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := disownBlob(tx, let, part.Blob); err != nil {
			return err
		}
		if err := tx.Bucket(partBucket).Delete(partKey(id, part.Index)); err != nil {
			return err
		}
	}
	return tx.Bucket(uploadBucket).Delete([]byte(id))
}

// KeepPart implements [Store].
func (s *Disk) KeepPart(uploadID string, part Part, received Receiver) error {
	return s.store(received, func(tx *bbolt.Tx, let *released, bytes blob) error {
		var upload Upload
		if err := get(tx, uploadBucket, []byte(uploadID), &upload); err != nil {
			return err
		}
		key := partKey(uploadID, part.Index)
		var earlier storedPart
		if err := get(tx, partBucket, key, &earlier); err != nil && !errors.Is(err, ErrNotStored) {
			return err
		}
		part.Completed = earlier.Completed && earlier.ETag == part.ETag
		if earlier.Completed && !part.Completed {
			upload.Completed--
			if err := put(tx, uploadBucket, []byte(uploadID), upload); err != nil {
				return err
			}
		}
		if err := ownBlob(tx, bytes); err != nil {
			return err
		}
		if err := disownBlob(tx, let, earlier.Blob); err != nil {
			return err
		}
		return put(tx, partBucket, key, storedPart{Part: part, Blob: bytes})
	})
}

// Part implements [Store].
func (s *Disk) Part(uploadID string, index int64) (Part, error) {
	var part storedPart
	err := s.db.View(func(tx *bbolt.Tx) error {
		return get(tx, partBucket, partKey(uploadID, index), &part)
	})
	return part.Part, err
}

// Parts implements [Store].
func (s *Disk) Parts(uploadID string) ([]Part, error) {
	parts := []Part{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(uploadBucket).Get([]byte(uploadID)) == nil {
			return ErrNotStored
		}
		stored, err := uploadParts(tx, uploadID)
		for _, part := range stored {
			parts = append(parts, part.Part)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return parts, nil
}

// uploadParts returns the parts of an upload that have arrived, by index.
func uploadParts(tx *bbolt.Tx, uploadID string) ([]storedPart, error) {
	var parts []storedPart
	prefix := partPrefix(uploadID)
	cursor := tx.Bucket(partBucket).Cursor()
	for key, data := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, data = cursor.Next() {
		var part storedPart
		if err := json.Unmarshal(data, &part); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// CompletePart implements [Store].
func (s *Disk) CompletePart(uploadID string, index int64) error {
	return s.update(func(tx *bbolt.Tx, _ *released) error {
		key := partKey(uploadID, index)
		var part storedPart
		if err := get(tx, partBucket, key, &part); err != nil {
			return err
		}
		if part.Completed {
			return nil
		}
		var upload Upload
		if err := get(tx, uploadBucket, []byte(uploadID), &upload); err != nil {
			return err
		}
		part.Completed = true
		upload.Completed++
		if err := put(tx, uploadBucket, []byte(uploadID), upload); err != nil {
			return err
		}
		return put(tx, partBucket, key, part)
	})
}
