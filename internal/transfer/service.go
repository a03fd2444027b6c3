package transfer

import (
	"context"
	"io"
	"net/url"
	"time"
)

// Service is what the engine needs of the remote side. Each call is one attempt, because
// retries and waits are the business of the engine. The client implements it over HTTP, and
// its tests implement it in memory.
type Service interface {
	GetPart(ctx context.Context, uploadID string, index int64) (Part, error)
	ListParts(ctx context.Context, uploadID string) ([]int64, error)
	CompletePart(ctx context.Context, uploadID string, index int64, etag string) (Completion, error)

	// Stat returns the file at a path, which may be another one than that of the upload.
	Stat(ctx context.Context, filePath string) (File, error)

	// PutPart sends size bytes to a pre-signed URL and returns the etag of the answer
	// unchanged. It calls body for each request that is sent, and not for an empty part.
	PutPart(ctx context.Context, to *url.URL, size int64, body func() (io.ReadCloser, error)) (etag string, err error)
}

// Part is one part as the service describes it. Start and End are the positions of its
// first and last byte in the file, so that the part of an empty file is 0..-1.
type Part struct {
	UploadID   string
	Index      int64
	Start, End int64
	URL        *url.URL // pre-signed, and a secret
}

func (p Part) length() int64 { return p.End - p.Start + 1 }

// Completion is the answer to the completion of a part. Completed reports that the part was
// the last one and that the file exists; ETag is that of the file then.
type Completion struct {
	Completed bool
	ETag      string
}

// File is what the engine knows of a file, stored or to come.
type File struct {
	Path     string
	Size     int64
	ETag     string
	Modified time.Time
}
