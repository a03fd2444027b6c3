package fake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/c88edac7/bytescale-go/internal/fake/folders"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// AddFile stores a file as an upload does, and replaces any other at its path. The
// size, the etag and the time are those of the content and of now.
func (s *Server) AddFile(file store.File, content []byte) error {
	got, err := s.receive(context.Background(), bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return err
	}
	file.Size, file.ETag, file.LastModified = got.size, got.etag, now()
	if s.options.Discard {
		file.ETag = textETag("%s %d %d", file.Path, file.Size, file.LastModified.UnixNano())
	}
	if file.MIME == "" {
		file.MIME = defaultMIME
	}
	if file.Metadata == nil {
		file.Metadata = json.RawMessage("{}")
	}
	return s.store.AddFile(file, got.Receiver, true)
}

// AddFolder makes a folder with settings, instead of any that it has.
func (s *Server) AddFolder(account, path string, settings folders.Settings) error {
	return s.store.PutFolder(account, path, func(json.RawMessage) json.RawMessage { return settings.Encode() })
}

// Folders lists the folders of an account that were made, by path.
func (s *Server) Folders(account string) ([]store.Folder, error) {
	made, err := s.store.Folders(account, "/")
	if err != nil {
		return nil, err
	}
	var after store.Position
	for {
		entries, err := s.store.List(store.Listing{AccountID: account, Folder: "/", Recursive: true, After: after, Limit: 1000})
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if entry.Made != nil {
				made = append(made, *entry.Made)
			}
			after = entry.Position
		}
		if len(entries) < 1000 {
			return made, nil
		}
	}
}

// PutJob keeps a job, instead of any with its id. It gets an id if it has none, and
// keeps what there is to do and when it was created if there is a job with its id.
func (s *Server) PutJob(job store.Job) (store.Job, error) {
	job.Updated = now()
	if job.ID == "" {
		job.ID = s.jobs.NewID()
	}
	before, err := s.store.Job(job.AccountID, job.ID)
	switch {
	case err == nil:
		job.Task, job.Created, job.Key = before.Task, before.Created, before.Key
	case errors.Is(err, store.ErrNotStored):
		job.Created = job.Updated
	default:
		return store.Job{}, err
	}
	if err := s.store.PutJob(job); err != nil {
		return store.Job{}, fmt.Errorf("keeping the job: %w", err)
	}
	return job, nil
}

// AdvanceJob moves a job one step on.
func (s *Server) AdvanceJob(account, id string) error { return s.jobs.Advance(account, id) }
