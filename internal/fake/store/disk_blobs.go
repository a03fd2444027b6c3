package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"

	"go.etcd.io/bbolt"
)

// blob is a file with bytes. The zero blob stands for discarded bytes, or for none.
type blob struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// blobNameLength is the length of 16 random bytes in hex. No name comes from a
// client.
const blobNameLength = 32

// released collects the blobs that a transaction leaves without an owner. Their files
// are removed once the transaction is on disk, because until then it may be undone.
type released struct{ blobs []string }

// ownBlob records that a blob has an owner.
func ownBlob(tx *bbolt.Tx, b blob) error {
	if b.Name == "" {
		return nil
	}
	return tx.Bucket(blobBucket).Put([]byte(b.Name), []byte{1})
}

// disownBlob records that a blob has no owner any more.
func disownBlob(tx *bbolt.Tx, let *released, b blob) error {
	if b.Name == "" {
		return nil
	}
	let.blobs = append(let.blobs, b.Name)
	return tx.Bucket(blobBucket).Delete([]byte(b.Name))
}

// blobPath returns the path of a blob in the root.
func blobPath(name string) string { return path.Join(blobsName, name) }

// removeBlobs removes the files of blobs. If readers have a blob open, the last of
// them removes it. A file that cannot be removed is left for the next start, which
// removes all blobs without an owner.
func (s *Disk) removeBlobs(names []string) {
	if len(names) == 0 {
		return
	}
	s.pinMu.Lock()
	defer s.pinMu.Unlock()
	for _, name := range names {
		if s.pins[name] > 0 {
			s.doomed[name] = true
			continue
		}
		_ = s.removeBlob(name)
	}
}

// removeBlob removes the file of a blob.
func (s *Disk) removeBlob(name string) error {
	info, err := s.root.Lstat(blobPath(name))
	if err != nil {
		return err
	}
	if err := s.root.Remove(blobPath(name)); err != nil {
		return err
	}
	s.bytes.release(info.Size())
	return nil
}

// unpin ends the use of blobs by one reader.
func (s *Disk) unpin(pieces []piece) {
	s.pinMu.Lock()
	defer s.pinMu.Unlock()
	for _, piece := range pieces {
		if s.pins[piece.Name]--; s.pins[piece.Name] > 0 {
			continue
		}
		delete(s.pins, piece.Name)
		if s.doomed[piece.Name] {
			delete(s.doomed, piece.Name)
			_ = s.removeBlob(piece.Name)
		}
	}
}

// sweep removes the blobs without an owner and counts the bytes of the others.
func (s *Disk) sweep() error {
	directory, err := s.root.Open(blobsName)
	if err != nil {
		return err
	}
	defer directory.Close()
	return s.db.View(func(tx *bbolt.Tx) error {
		for {
			entries, err := directory.ReadDir(1000)
			if err := s.sweepEntries(tx.Bucket(blobBucket), entries); err != nil {
				return err
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
}

func (s *Disk) sweepEntries(owned *bbolt.Bucket, entries []fs.DirEntry) error {
	for _, entry := range entries {
		if len(entry.Name()) != blobNameLength {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		s.bytes.used.Add(info.Size())
		if owned.Get([]byte(entry.Name())) != nil {
			continue
		}
		if err := s.removeBlob(entry.Name()); err != nil {
			return err
		}
	}
	return nil
}

// diskReceiver writes incoming bytes to a file that belongs to nothing yet.
type diskReceiver struct {
	store *Disk
	file  *os.File // nil once taken over or abandoned
	name  string
	size  int64
}

func incomingPath(name string) string { return path.Join(incomingName, name) }

// Receive implements [Store].
func (s *Disk) Receive(int64) (Receiver, error) {
	if err := s.checkRoom(); err != nil {
		return nil, err
	}
	random := make([]byte, blobNameLength/2)
	rand.Read(random) // never fails
	name := hex.EncodeToString(random)
	file, err := s.root.OpenFile(incomingPath(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &diskReceiver{store: s, file: file, name: name}, nil
}

func (r *diskReceiver) Write(p []byte) (int, error) {
	if err := r.store.bytes.take(int64(len(p))); err != nil {
		return 0, err
	}
	n, err := r.file.Write(p)
	r.store.bytes.release(int64(len(p) - n))
	r.size += int64(n)
	return n, err
}

func (r *diskReceiver) Abandon() {
	if r.file == nil {
		return
	}
	_ = r.file.Close() // the bytes are not needed
	_ = r.store.root.Remove(incomingPath(r.name))
	r.store.bytes.release(r.size)
	r.file = nil
}

// store moves received bytes to the blobs and makes the change that refers to them. If
// either fails, it removes the bytes.
func (s *Disk) store(received Receiver, change func(*bbolt.Tx, *released, blob) error) error {
	var bytes blob
	if receiver, ok := received.(*diskReceiver); ok {
		defer receiver.Abandon()
		var err error
		if bytes, err = s.place(receiver); err != nil {
			return err
		}
	}
	err := s.update(func(tx *bbolt.Tx, let *released) error { return change(tx, let, bytes) })
	if err != nil && bytes.Name != "" {
		err = errors.Join(err, s.removeBlob(bytes.Name))
	}
	return err
}

// place moves the file of a receiver to the blobs. It returns once that is on disk.
func (s *Disk) place(r *diskReceiver) (blob, error) {
	if !s.temporary {
		if err := r.file.Sync(); err != nil {
			return blob{}, err
		}
	}
	if err := r.file.Close(); err != nil {
		return blob{}, err
	}
	if err := s.root.Rename(incomingPath(r.name), blobPath(r.name)); err != nil {
		return blob{}, err
	}
	r.file = nil
	if !s.temporary {
		if err := s.syncDirectory(blobsName); err != nil {
			return blob{}, errors.Join(err, s.removeBlob(r.name))
		}
	}
	return blob{Name: r.name, Size: r.size}, nil
}

// diskContent reads the blobs of a file as one. It has at most one of them open.
type diskContent struct {
	store  *Disk
	pieces []piece
	size   int64

	mu     sync.Mutex
	open   *os.File // the piece that was read last
	which  int      // its index
	closed bool
}

// piece is a blob and its position in the file.
type piece struct {
	blob
	start int64
}

func newDiskContent(store *Disk, blobs []blob) *diskContent {
	content := &diskContent{store: store}
	for _, b := range blobs {
		if b.Size > 0 {
			content.pieces = append(content.pieces, piece{blob: b, start: content.size})
			content.size += b.Size
		}
	}
	return content
}

// ReadAt implements [io.ReaderAt].
func (c *diskContent) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, errors.New("read before the start of the file")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, fs.ErrClosed
	}
	n := 0
	for n < len(p) && offset < c.size {
		count, err := c.readPiece(p[n:], offset)
		n += count
		offset += int64(count)
		if err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// readPiece reads up to the end of one piece.
func (c *diskContent) readPiece(p []byte, offset int64) (int, error) {
	after, _ := slices.BinarySearchFunc(c.pieces, offset, func(candidate piece, offset int64) int {
		if candidate.start <= offset {
			return -1
		}
		return 1
	})
	which := after - 1
	if c.open == nil || c.which != which {
		file, err := c.store.root.Open(blobPath(c.pieces[which].Name))
		if err != nil {
			return 0, err
		}
		if c.open != nil {
			_ = c.open.Close() // nothing was written
		}
		c.open, c.which = file, which
	}
	piece := c.pieces[which]
	within := offset - piece.start
	p = p[:min(int64(len(p)), piece.Size-within)]
	n, err := c.open.ReadAt(p, within)
	if err == io.EOF && n < len(p) {
		return n, io.ErrUnexpectedEOF // the blob is shorter than its size in the state
	}
	if n == len(p) {
		err = nil
	}
	return n, err
}

// Close implements [io.Closer].
func (c *diskContent) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return fs.ErrClosed
	}
	c.closed = true
	c.store.unpin(c.pieces)
	if c.open == nil {
		return nil
	}
	return c.open.Close()
}
