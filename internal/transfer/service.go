package transfer

import (
	"context"
	"io"
	"time"
)

// Service is what the upload engine needs of the remote side. Each call is one
// attempt: retries, waits and second opinions belong to the engine. The client
// implements it over HTTP; the engine's own tests implement it in memory.
type Service interface {
	GetPart(ctx context.Context, uploadID string, index int64) (Part, error)
	ListParts(ctx context.Context, uploadID string) ([]int64, error)
	CompletePart(ctx context.Context, uploadID string, index int64, etag string) (Completion, error)

	// Stat returns what there is at a path, which may be another file.
	Stat(ctx context.Context, filePath string) (File, error)

	// PutPart sends size bytes to a pre-signed URL and returns the etag of the
	// answer, verbatim. body is called once per request that is really sent,
	// and not for an empty part.
	PutPart(ctx context.Context, url string, size int64, body func() (io.ReadCloser, error)) (etag string, err error)
}

// Part is one part as the server described it. start and end are positions in
// the file; end is inclusive, so that an empty file's part is 0..-1.
type Part struct {
	UploadID   string
	Index      int64
	Start, End int64
	URL        string
}

func (p Part) length() int64 { return p.End - p.Start + 1 }

// Completion is the answer to a completed part: completed says that it was the
// last one and that the file exists; etag is then the file's.
type Completion struct {
	Completed bool
	ETag      string
}

// File is what the engine knows of a file: the one to come or one that is
// stored.
type File struct {
	Path     string
	Size     int64
	ETag     string
	Modified time.Time
}
