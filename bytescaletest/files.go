package bytescaletest

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// File is a stored file.
type File struct {
	// FileDetails are the details that the API returns.
	bytescale.FileDetails

	content store.Content // nil if discarded
}

// Bytes returns a copy of the file's bytes, or nil if the server discards them.
func (f File) Bytes() []byte {
	if f.content == nil {
		return nil
	}
	data := make([]byte, f.Size)
	n, _ := f.content.ReadAt(data, 0) // a store in memory does not fail
	return data[:n]
}

// Open returns a reader of the file's bytes, for files that are too large to
// copy. It is empty if the server discards them.
func (f File) Open() io.ReadSeeker {
	if f.content == nil {
		return bytes.NewReader(nil)
	}
	return io.NewSectionReader(f.content, 0, f.Size)
}

// AddFile stores a file in [Server.AccountID], as an upload does, and replaces any
// other at its path. Of the details it takes FilePath, which must begin with a slash,
// MIME, OriginalFileName, Metadata and Tags. It panics if they are not valid, which
// is a mistake in the test.
func (s *Server) AddFile(details bytescale.FileDetails, content []byte) {
	file := store.File{
		AccountID: s.AccountID(), Path: details.FilePath, MIME: details.MIME,
		OriginalFileName: details.OriginalFileName, Tags: slices.Clone(details.Tags),
	}
	if details.Metadata != nil {
		metadata, err := json.Marshal(details.Metadata)
		if err != nil {
			panic("bytescaletest: AddFile: " + err.Error())
		}
		file.Metadata = metadata
	}
	if !strings.HasPrefix(file.Path, "/") || file.Path == "/" {
		panic("bytescaletest: AddFile: the path " + strconv.Quote(file.Path) + " is not that of a file")
	}
	if err := s.core.AddFile(file, content); err != nil {
		panic("bytescaletest: AddFile: " + err.Error())
	}
}

// Files lists the stored files of all accounts, by account and path. Uploads in progress
// are not included: a file exists once its last part is completed.
func (s *Server) Files() []File {
	stored, _ := s.core.Store().Files() // a store in memory does not fail
	files := make([]File, 0, len(stored))
	for _, file := range stored {
		if found, ok := s.file(file.AccountID, file.Path); ok { // it may have been deleted meanwhile
			files = append(files, found)
		}
	}
	return files
}

// File returns the file at a path of [Server.AccountID]. It reports whether the file
// exists.
func (s *Server) File(path string) (File, bool) {
	return s.file(s.AccountID(), path)
}

func (s *Server) file(account, path string) (File, bool) {
	stored, content, err := s.core.Store().Open(account, path)
	if err != nil {
		return File{}, false
	}
	details := detailsOf(stored)
	details.FileURL = fake.FileURL(s.url, stored)
	return File{FileDetails: details, content: content}, true
}

// detailsOf returns the details of a file without its URL.
func detailsOf(stored store.File) bytescale.FileDetails {
	details := bytescale.FileDetails{
		AccountID:        stored.AccountID,
		ETag:             stored.ETag,
		FilePath:         stored.Path,
		LastModified:     stored.LastModified.UTC(),
		MIME:             stored.MIME,
		OriginalFileName: stored.OriginalFileName,
		Size:             stored.Size,
		Tags:             append([]string{}, stored.Tags...),
		Metadata:         map[string]any{},
	}
	decoder := json.NewDecoder(bytes.NewReader(stored.Metadata))
	decoder.UseNumber()
	_ = decoder.Decode(&details.Metadata) // the server has validated it
	return details
}
