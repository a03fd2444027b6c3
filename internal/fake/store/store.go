// Package store keeps what the fake service stores: files, uploads in progress and
// the bytes of both. There are two stores, one in memory and one on disk.
package store

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"time"
)

// Store keeps the files, the uploads in progress and the bytes of both.
//
// Every method that changes something is atomic: after a crash it has happened
// whole or not at all. All methods are safe for concurrent use; the core calls
// CompletePart and Publish for one upload at a time.
//
// What is not there is reported as an error for which
// errors.Is(err, ErrNotStored) holds.
type Store interface {
	// CreateUpload keeps a new upload.
	CreateUpload(upload Upload) error
	// Upload finds an upload, whether in progress or done.
	Upload(id string) (Upload, error)
	// DeleteUpload drops an upload, its parts and their bytes. Dropping an
	// unknown one is no error.
	DeleteUpload(id string) error
	// ExpireUploads drops every upload created before the given time. Files
	// that came out of them stay.
	ExpireUploads(before time.Time) error

	// Receive opens a place for size incoming bytes; -1 means unknown. The
	// bytes belong to nothing until KeepPart or AddFile takes them.
	Receive(size int64) (Receiver, error)
	// KeepPart makes the received bytes those of a part, instead of any it had.
	// A part already completed stays completed only if the etag is the same.
	// received is nil when bytes are discarded: then only part is kept.
	// It takes over received in any case.
	KeepPart(uploadID string, part Part, received Receiver) error
	// Part finds one part of an upload; ErrNotStored if nothing was kept for it.
	Part(uploadID string, index int64) (Part, error)
	// Parts lists the parts kept for an upload, by ascending index.
	Parts(uploadID string) ([]Part, error)
	// CompletePart marks a part as completed; doing it again changes nothing.
	CompletePart(uploadID string, index int64) error

	// Publish turns the parts of an upload, in the order of their indexes, into
	// a file, marks all of them completed, and notes file.ETag and Done in the
	// upload. A file at the same path is replaced if overwrite is true, or if it
	// came from this very upload (protocol 1.0, a part sent again); otherwise
	// the error is ErrTaken and nothing changes.
	Publish(uploadID string, file File, overwrite bool) error
	// AddFile makes a file of received bytes; rules as for Publish. received is
	// nil when bytes are discarded. It takes over received in any case.
	AddFile(file File, received Receiver, overwrite bool) error
	// File finds a file.
	File(accountID, path string) (File, error)
	// Files lists all files, by account and path.
	Files() ([]File, error)
	// DeleteFile removes a file and its bytes. Readers that have it open go on.
	DeleteFile(accountID, path string) error
	// Open gives the file and its bytes, a consistent pair. Content is nil if
	// the bytes were discarded.
	Open(accountID, path string) (File, Content, error)

	// Close releases the store. Nothing may be in use any more.
	Close() error
}

// Receiver takes incoming bytes. Either a Store method takes it over, or
// Abandon must be called; Abandon after a take-over does nothing.
type Receiver interface {
	io.Writer
	Abandon()
}

// Content is the bytes of a file, in as many pieces as the store likes.
type Content interface {
	io.ReaderAt
	io.Closer
}

var (
	// ErrNotStored reports that the store has no such upload, part or file.
	ErrNotStored = errors.New("not stored")
	// ErrTaken reports that a file exists at the path.
	ErrTaken = errors.New("path is taken")
)

// File is all about a stored file but its bytes.
type File struct {
	AccountID        string          `json:"accountId"`
	Path             string          `json:"path"`
	ETag             string          `json:"etag"` // unquoted
	MIME             string          `json:"mime"`
	OriginalFileName string          `json:"originalFileName,omitempty"` // "" if none was given
	LastModified     time.Time       `json:"lastModified"`
	Metadata         json.RawMessage `json:"metadata"` // a JSON object, as it was sent
	Tags             []string        `json:"tags,omitempty"`
	Size             int64           `json:"size"`
}

// Upload is a multipart upload, in progress or done.
type Upload struct {
	ID        string    `json:"id"`
	File      File      `json:"file"`      // as it is going to be; File.ETag is set once Done
	PartSizes []int64   `json:"partSizes"` // sizes of the first parts; the last one holds for all further parts
	Parts     int64     `json:"parts"`     // their number, at least 1
	Created   time.Time `json:"created"`
	Overwrite bool      `json:"overwrite"` // the caller of begin may replace a file
	Direct    bool      `json:"direct"`    // protocol 1.0 with one part: the file exists right after its PUT
	Done      bool      `json:"done"`

	// Completed is the number of completed parts. The store keeps it right in
	// KeepPart, CompletePart and Publish.
	Completed int64 `json:"completed"`
}

// PartRange returns the bytes of a part, both ends included. An empty part has
// end = start - 1. The index must be below Parts.
func (u *Upload) PartRange(index int64) (start, end int64) {
	for i, partSize := range u.PartSizes[:len(u.PartSizes)-1] {
		if int64(i) == index {
			return start, min(start+partSize, u.File.Size) - 1
		}
		start += partSize
	}
	last := u.PartSizes[len(u.PartSizes)-1]
	start += (index - int64(len(u.PartSizes)-1)) * last
	if start > math.MaxInt64-last {
		return start, u.File.Size - 1
	}
	return start, min(start+last, u.File.Size) - 1
}

// PartLength returns the number of bytes of a part.
func (u *Upload) PartLength(index int64) int64 {
	start, end := u.PartRange(index)
	return end - start + 1
}

// Part is a part whose bytes have arrived.
type Part struct {
	Index     int64  `json:"index"`
	Size      int64  `json:"size"`
	ETag      string `json:"etag"` // unquoted
	Completed bool   `json:"completed"`
}
