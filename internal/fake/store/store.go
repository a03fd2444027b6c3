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
// Every method that changes something is atomic: after a crash the change is there as
// a whole or not at all. All methods are safe for concurrent use, except that
// CompletePart and Publish of one upload must not be called at the same time.
//
// For an upload, a part or a file that does not exist, methods return an error for
// which errors.Is(err, ErrNotStored) holds.
type Store interface {
	// CreateUpload stores a new upload.
	CreateUpload(upload Upload) error
	// Upload returns an upload, whether it is in progress or done.
	Upload(id string) (Upload, error)
	// DeleteUpload removes an upload, its parts and their bytes. It returns no error if
	// the upload does not exist.
	DeleteUpload(id string) error
	// OpenUploads returns the number of uploads in progress.
	OpenUploads() (int, error)
	// ExpireUploads removes every upload that was created before the given time. Files
	// that were published from them stay.
	ExpireUploads(before time.Time) error

	// Receive returns a receiver for size incoming bytes; -1 means unknown. The bytes
	// belong to nothing until KeepPart or AddFile takes them over.
	Receive(size int64) (Receiver, error)
	// KeepPart stores received bytes as those of a part and replaces earlier ones. A
	// completed part stays completed only if the etag is the same. received is nil if
	// bytes are discarded. KeepPart takes over received, also if it returns an error.
	KeepPart(uploadID string, part Part, received Receiver) error
	// Part returns one part of an upload. It returns ErrNotStored if the part has not
	// arrived.
	Part(uploadID string, index int64) (Part, error)
	// Parts lists the parts of an upload that have arrived, by ascending index.
	Parts(uploadID string) ([]Part, error)
	// CompletePart marks a part as completed. Repeating it changes nothing.
	CompletePart(uploadID string, index int64) error

	// Publish turns the parts of an upload, in the order of their indexes, into a file.
	// It marks all parts as completed and sets file.ETag and Done in the upload. It
	// replaces a file at the same path if overwrite is true, or if that file came from
	// the same upload (protocol 1.0, a part that was sent again). Otherwise it returns
	// ErrTaken and changes nothing.
	Publish(uploadID string, file File, overwrite bool) error
	// AddFile stores received bytes as a file. The rules for a file at the same path are
	// those of Publish. received is nil if bytes are discarded. AddFile takes over
	// received, also if it returns an error.
	AddFile(file File, received Receiver, overwrite bool) error
	// File returns a file.
	File(accountID, path string) (File, error)
	// Files lists all files, by account and path.
	Files() ([]File, error)
	// DeleteFile removes a file and its bytes. Readers that have it open can go on.
	DeleteFile(accountID, path string) error
	// Open returns a file and the bytes that belong to it. Content is nil if the bytes
	// were discarded.
	Open(accountID, path string) (File, Content, error)

	// Apply makes many changes and keeps the job that makes them, all in one step. If
	// a file is in the way of a copy that must not replace it, the error is ErrTaken
	// and nothing changes.
	Apply(accountID string, changes Changes) (Changed, error)

	// PutFolder makes a folder, or changes the settings of one that was made.
	// change gets the present settings, nil if there are none. Folders above that
	// were not made are made, without settings.
	PutFolder(accountID, path string, change func(settings json.RawMessage) json.RawMessage) error
	// Folders returns the folders that were made among a path and those above it,
	// the nearest first.
	Folders(accountID, path string) ([]Folder, error)
	// List lists a part of what is in a folder, which need not exist. The cost does
	// not depend on how much is in the folder.
	List(listing Listing) ([]Entry, error)

	// PutJob keeps a job, instead of any with the same id.
	PutJob(job Job) error
	// Job finds a job.
	Job(accountID, id string) (Job, error)
	// Jobs lists all jobs of an account, or of all accounts if the id is empty, by
	// account and ascending id.
	Jobs(accountID string) ([]Job, error)
	// DeleteJobs drops jobs, all of them in one step. Dropping an unknown one is no
	// error.
	DeleteJobs(accountID string, ids []string) error

	// Close closes the store. No method may be running.
	Close() error
}

// Receiver takes incoming bytes. Either a method of the Store takes it over, or Abandon
// must be called. Abandon does nothing after that.
type Receiver interface {
	io.Writer
	Abandon()
}

// Content is the bytes of a file.
type Content interface {
	io.ReaderAt
	io.Closer
}

var (
	// ErrNotStored reports that the store has no such upload, part or file.
	ErrNotStored = errors.New("not stored")
	// ErrTaken reports that a file exists at the path.
	ErrTaken = errors.New("path is taken")
	// ErrFull reports that a limit of the store is reached. See [IsFull].
	ErrFull = errors.New("the store is full")
)

// IsFull reports whether an error means that there is no room for more: a limit of the
// store is reached, or the disk is full.
func IsFull(err error) bool { return errors.Is(err, ErrFull) || isDiskFull(err) }

// File describes a stored file.
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

// Changes are what a job does in one step, in the order of the fields.
type Changes struct {
	MakeFolders   []Folder // as PutFolder does; settings replace those there are
	Copies        []Copy   // made one after the other; those whose source is missing are left out
	DeleteFiles   []string // paths; as DeleteFile does, but missing ones are no error
	DeleteFolders []string // paths; takes back that the folders were made, what is in them stays

	// Job is kept afterwards, as PutJob does; nil keeps none.
	Job func(Changed) Job
}

// add reports whether the changes need room.
func (c *Changes) add() bool { return len(c.MakeFolders)+len(c.Copies) > 0 }

// Changed is what of the changes there was to do.
type Changed struct {
	Copied         []bool // for each copy, whether it was made
	DeletedFiles   []string
	DeletedFolders []string
}

// Copy describes the copy of a file.
type Copy struct {
	Source, Destination string
	Overwrite           bool // a file at the destination is replaced
	// Change makes the copy's description of that of the source. The store sets
	// the path.
	Change func(source File) File
}

// of returns the description of the copy of a file.
func (c *Copy) of(source File) File {
	file := c.Change(source)
	file.AccountID, file.Path = source.AccountID, c.Destination
	return file
}

// checkCopies returns ErrTaken if a file is in the way of one of the copies.
func checkCopies(copies []Copy, exists func(path string) bool) error {
	made := map[string]bool{}
	for _, c := range copies {
		if !made[c.Source] && !exists(c.Source) {
			continue
		}
		if !c.Overwrite && (made[c.Destination] || exists(c.Destination)) {
			return ErrTaken
		}
		made[c.Destination] = true
	}
	return nil
}

// Folder is a folder that was made, and does not exist only because of what is
// in it.
type Folder struct {
	AccountID string          `json:"accountId"`
	Path      string          `json:"path"`
	Settings  json.RawMessage `json:"settings,omitempty"` // opaque to the store; nil if there are none
}

// Job is work that goes on after its request was answered.
type Job struct {
	AccountID string          `json:"accountId"`
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Status    string          `json:"status"`
	Created   time.Time       `json:"created"`
	Updated   time.Time       `json:"updated"`
	Key       string          `json:"key,omitempty"`     // what the job is for, chosen by who started it
	Task      json.RawMessage `json:"task,omitempty"`    // what there is to do and how far it is; nil once it is over
	Summary   json.RawMessage `json:"summary,omitempty"` // a JSON object
	Error     *JobError       `json:"error,omitempty"`
}

// JobError is why a job failed.
type JobError struct {
	Code    string    `json:"code"`
	Message string    `json:"message"`
	At      time.Time `json:"at"`
}

// Upload is a multipart upload, in progress or done.
type Upload struct {
	ID        string    `json:"id"`
	File      File      `json:"file"`      // the file to be; ETag is set once Done is
	PartSizes []int64   `json:"partSizes"` // sizes of the first parts; the last one holds for all further parts
	Parts     int64     `json:"parts"`     // their number, at least 1
	Created   time.Time `json:"created"`
	Overwrite bool      `json:"overwrite"` // the caller of begin may replace a file
	Direct    bool      `json:"direct"`    // protocol 1.0 with one part: the file exists right after its PUT
	Done      bool      `json:"done"`

	// Completed is the number of completed parts. KeepPart, CompletePart and Publish
	// update it.
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
