package fake

import (
	"context"
	"io"
)

// Fetcher gets the source of an UploadFromUrl. An error that is a *refusal.Error is
// answered as it is.
type Fetcher interface {
	Fetch(ctx context.Context, url string) (*Source, error)
}

// Source is what a [Fetcher] found. The receiver closes Body.
type Source struct {
	Body     io.ReadCloser
	Size     int64  // -1 if unknown
	MIME     string // as the source reports it, unchecked; "" if it does not
	FileName string // from its content disposition, "" if it has none
}
