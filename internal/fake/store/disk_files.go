package store

import (
	"encoding/json"
	"errors"
	"slices"

	"go.etcd.io/bbolt"
)

// storedFile is a file and the upload that it came from, "" if none. Its blobs have an
// entry of their own, because they may be many and few requests need them.
type storedFile struct {
	File
	Upload string `json:"upload,omitempty"`
}

// diskFileKey returns the key of a file. Keys sort by account and path, because an
// account id contains no zero byte.
func diskFileKey(accountID, path string) []byte { return []byte(pathKey(accountID, path)) }

// Publish implements [Store].
func (s *Disk) Publish(uploadID string, file File, overwrite bool) error {
	return s.update(func(tx *bbolt.Tx, let *released) error {
		var upload Upload
		if err := get(tx, uploadBucket, []byte(uploadID), &upload); err != nil {
			return err
		}
		if err := checkFree(tx, file, uploadID, overwrite); err != nil {
			return err
		}
		content, err := takeContent(tx, uploadID, diskFileKey(file.AccountID, file.Path))
		if err != nil {
			return err
		}
		if !upload.Done {
			if err := setOpenUploads(tx, openUploads(tx)-1); err != nil {
				return err
			}
		}
		upload.Done, upload.File, upload.Completed = true, file, upload.Parts
		if err := put(tx, uploadBucket, []byte(uploadID), upload); err != nil {
			return err
		}
		return putFile(tx, let, storedFile{File: file, Upload: uploadID}, content)
	})
}

// AddFile implements [Store].
func (s *Disk) AddFile(file File, received Receiver, overwrite bool) error {
	return s.store(received, func(tx *bbolt.Tx, let *released, bytes blob) error {
		if err := checkFree(tx, file, "", overwrite); err != nil {
			return err
		}
		if err := ownBlob(tx, bytes); err != nil {
			return err
		}
		return putFile(tx, let, storedFile{File: file}, []blob{bytes})
	})
}

// checkFree returns ErrTaken if another file exists at the path and must not be
// replaced.
func checkFree(tx *bbolt.Tx, file File, uploadID string, overwrite bool) error {
	var earlier storedFile
	err := get(tx, fileBucket, diskFileKey(file.AccountID, file.Path), &earlier)
	switch {
	case errors.Is(err, ErrNotStored):
		return nil
	case err != nil:
		return err
	case overwrite, uploadID != "" && earlier.Upload == uploadID:
		return nil
	}
	return ErrTaken
}

// takeContent completes all parts of an upload and returns their blobs. If a part was
// published before, its blob is that of the file, which must still exist.
func takeContent(tx *bbolt.Tx, uploadID string, fileKey []byte) ([]blob, error) {
	parts, err := uploadParts(tx, uploadID)
	if err != nil {
		return nil, err
	}
	var given []blob
	if slices.ContainsFunc(parts, func(part storedPart) bool { return part.Given }) {
		if given, err = givenContent(tx, uploadID, fileKey); err != nil {
			return nil, err
		}
		if len(given) != len(parts) {
			return nil, ErrNotStored
		}
	}
	content := make([]blob, len(parts))
	for i, part := range parts {
		content[i] = part.Blob
		if part.Given {
			content[i] = given[i]
		}
	}
	for _, part := range parts {
		part.Completed, part.Given, part.Blob = true, true, blob{}
		if err := put(tx, partBucket, partKey(uploadID, part.Index), part); err != nil {
			return nil, err
		}
	}
	return content, nil
}

// givenContent returns the blobs of the file that an upload was published as.
func givenContent(tx *bbolt.Tx, uploadID string, fileKey []byte) (content []blob, err error) {
	var file storedFile
	if err := get(tx, fileBucket, fileKey, &file); err != nil {
		return nil, err
	}
	if file.Upload != uploadID {
		return nil, ErrNotStored
	}
	err = get(tx, contentBucket, fileKey, &content)
	return content, err
}

// putFile stores a file and its bytes. It replaces a file at the same path.
func putFile(tx *bbolt.Tx, let *released, file storedFile, content []blob) error {
	key := diskFileKey(file.AccountID, file.Path)
	if err := disownContent(tx, let, key, content); err != nil {
		return err
	}
	if err := put(tx, contentBucket, key, content); err != nil {
		return err
	}
	if err := addToIndex(diskIndex{tx}, file.AccountID, file.Path, isFile); err != nil {
		return err
	}
	return put(tx, fileBucket, key, file)
}

// removeFile removes a file and its bytes, and reports whether it was there.
func removeFile(tx *bbolt.Tx, let *released, accountID, path string) (bool, error) {
	key := diskFileKey(accountID, path)
	if tx.Bucket(fileBucket).Get(key) == nil {
		return false, nil
	}
	if err := disownContent(tx, let, key, nil); err != nil {
		return false, err
	}
	if err := tx.Bucket(contentBucket).Delete(key); err != nil {
		return false, err
	}
	if err := removeFromIndex(diskIndex{tx}, accountID, path, isFile, madeOnDisk(tx, accountID)); err != nil {
		return false, err
	}
	return true, tx.Bucket(fileBucket).Delete(key)
}

// disownContent disowns the blobs of the file at key, if there is one. It keeps those
// that the file which replaces it has at the same position.
func disownContent(tx *bbolt.Tx, let *released, key []byte, successor []blob) error {
	var content []blob
	if err := get(tx, contentBucket, key, &content); err != nil && !errors.Is(err, ErrNotStored) {
		return err
	}
	for i, bytes := range content {
		if i < len(successor) && successor[i] == bytes {
			continue
		}
		if err := disownBlob(tx, let, bytes); err != nil {
			return err
		}
	}
	return nil
}

// File implements [Store].
func (s *Disk) File(accountID, path string) (File, error) {
	var file storedFile
	err := s.db.View(func(tx *bbolt.Tx) error {
		return get(tx, fileBucket, diskFileKey(accountID, path), &file)
	})
	return file.File, err
}

// Files implements [Store].
func (s *Disk) Files() ([]File, error) {
	files := []File{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(fileBucket).ForEach(func(_, data []byte) error {
			var file storedFile
			err := json.Unmarshal(data, &file)
			files = append(files, file.File)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return files, nil
}

// DeleteFile implements [Store].
func (s *Disk) DeleteFile(accountID, path string) error {
	return s.update(func(tx *bbolt.Tx, let *released) error {
		found, err := removeFile(tx, let, accountID, path)
		if err == nil && !found {
			return ErrNotStored
		}
		return err
	})
}

// Open implements [Store].
func (s *Disk) Open(accountID, path string) (File, Content, error) {
	// The lock keeps blobs from being removed between finding and pinning them.
	s.pinMu.Lock()
	defer s.pinMu.Unlock()
	var file storedFile
	var blobs []blob
	key := diskFileKey(accountID, path)
	err := s.db.View(func(tx *bbolt.Tx) error {
		if err := get(tx, fileBucket, key, &file); err != nil {
			return err
		}
		return get(tx, contentBucket, key, &blobs)
	})
	if err != nil {
		return File{}, nil, err
	}
	content := newDiskContent(s, blobs)
	if content.size != file.Size {
		return file.File, nil, nil // the bytes were discarded
	}
	for _, piece := range content.pieces {
		s.pins[piece.Name]++
	}
	return file.File, content, nil
}
