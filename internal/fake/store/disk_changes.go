package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// Apply implements [Store]. Blobs are linked within the transaction, so that each
// copy sees those before it. If it fails the links go again, and those that a crash
// leaves behind go with the sweep of the next start.
func (s *Disk) Apply(accountID string, changes Changes) (Changed, error) {
	if changes.add() {
		if err := s.checkRoom(); err != nil {
			return Changed{}, err
		}
	}
	var changed Changed
	var links []string
	err := s.update(func(tx *bbolt.Tx, let *released) (err error) {
		a := applier{store: s, tx: tx, let: let, account: accountID}
		defer func() { changed, links = a.changed, a.links }()
		return a.apply(changes)
	})
	if err != nil {
		for _, name := range links {
			_ = s.removeBlob(name) // or the next start does it
		}
		return Changed{}, err
	}
	return changed, nil
}

// applier makes changes in a transaction.
type applier struct {
	store   *Disk
	tx      *bbolt.Tx
	let     *released
	account string
	changed Changed
	links   []string // blobs made
}

func (a *applier) apply(changes Changes) error {
	exists := func(path string) bool { return a.tx.Bucket(fileBucket).Get(diskFileKey(a.account, path)) != nil }
	if err := checkCopies(changes.Copies, exists); err != nil {
		return err
	}
	for _, folder := range changes.MakeFolders {
		folder.AccountID = a.account
		if err := makeFolder(a.tx, folder); err != nil {
			return err
		}
	}
	for i := range changes.Copies {
		if err := a.copy(&changes.Copies[i]); err != nil {
			return err
		}
	}
	if len(a.links) > 0 && !a.store.temporary {
		if err := a.store.syncDirectory(blobsName); err != nil {
			return err
		}
	}
	for _, path := range changes.DeleteFiles {
		switch found, err := removeFile(a.tx, a.let, a.account, path); {
		case err != nil:
			return err
		case found:
			a.changed.DeletedFiles = append(a.changed.DeletedFiles, path)
		}
	}
	for _, path := range changes.DeleteFolders {
		switch found, err := removeFolder(a.tx, a.account, path); {
		case err != nil:
			return err
		case found:
			a.changed.DeletedFolders = append(a.changed.DeletedFolders, path)
		}
	}
	if changes.Job == nil {
		return nil
	}
	return putJob(a.tx, changes.Job(a.changed))
}

// copy makes one copy, if its source is there.
func (a *applier) copy(c *Copy) error {
	var source storedFile
	var content []blob
	key := diskFileKey(a.account, c.Source)
	err := errors.Join(get(a.tx, fileBucket, key, &source), get(a.tx, contentBucket, key, &content))
	a.changed.Copied = append(a.changed.Copied, err == nil)
	switch {
	case errors.Is(err, ErrNotStored):
		return nil
	case err != nil:
		return err
	}
	for i, b := range content {
		if b.Name == "" { // discarded
			continue
		}
		if content[i], err = a.store.linkBlob(b); err != nil {
			return err
		}
		a.links = append(a.links, content[i].Name)
		if err := ownBlob(a.tx, content[i]); err != nil {
			return err
		}
	}
	return putFile(a.tx, a.let, storedFile{File: c.of(source.File)}, content)
}

// linkBlob makes another blob with the same bytes. They are copied if the file
// system does not link, or has linked them as often as it can.
func (s *Disk) linkBlob(b blob) (blob, error) {
	random := make([]byte, blobNameLength/2)
	rand.Read(random) // never fails
	link := blob{Name: hex.EncodeToString(random), Size: b.Size}
	if s.root.Link(blobPath(b.Name), blobPath(link.Name)) != nil {
		if err := s.copyBlob(b, link); err != nil {
			return blob{}, err
		}
	}
	s.bytes.used.Add(b.Size)
	return link, nil
}

func (s *Disk) copyBlob(from, to blob) error {
	source, err := s.root.Open(blobPath(from.Name))
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := s.root.OpenFile(blobPath(to.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err == nil && !s.temporary {
		err = target.Sync()
	}
	if err = errors.Join(err, target.Close()); err != nil {
		_ = s.root.Remove(blobPath(to.Name)) // or the next start does it
	}
	return err
}
