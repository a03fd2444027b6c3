package bytescale

import (
	"context"
	"io"
	"time"
)

// service is what the upload engine needs of the remote side. Each call is one
// attempt: retries, waits and second opinions belong to the engine. The client
// implements it over HTTP; the engine's own tests implement it in memory.
type service interface {
	getPart(ctx context.Context, uploadID string, index int64) (part, error)
	listParts(ctx context.Context, uploadID string) ([]int64, error)
	completePart(ctx context.Context, uploadID string, index int64, etag string) (completion, error)

	// stat returns what there is at a path, which may be another file.
	stat(ctx context.Context, filePath string) (storedFile, error)

	// putPart sends size bytes to a pre-signed URL and returns the etag of the
	// answer, verbatim. body is called once per request that is really sent,
	// and not for an empty part.
	putPart(ctx context.Context, url string, size int64, body func() (io.ReadCloser, error)) (etag string, err error)
}

// part is one part as the server described it. start and end are positions in
// the file; end is inclusive, so that an empty file's part is 0..-1.
type part struct {
	uploadID   string
	index      int64
	start, end int64
	url        string
}

func (p part) length() int64 { return p.end - p.start + 1 }

// completion is the answer to a completed part: completed says that it was the
// last one and that the file exists; etag is then the file's.
type completion struct {
	completed bool
	etag      string
}

// storedFile is what the engine knows of a file: the one to come or one that is
// stored.
type storedFile struct {
	path     string
	size     int64
	etag     string
	modified time.Time
}
