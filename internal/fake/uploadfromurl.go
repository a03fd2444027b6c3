package fake

import (
	"context"
	"errors"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

// maxFetchTime is the default time limit of an UploadFromUrl, and the largest one.
const maxFetchTime = 30 * time.Second

// UploadFromURL implements the operation UploadFromUrl.
func (o operations) UploadFromURL(ctx context.Context, request fakeapi.UploadFromURLRequestObject) (fakeapi.UploadFromURLResponseObject, error) {
	body := request.Body
	limit := maxFetchTime
	if body.Timeout > 0 {
		limit = time.Duration(body.Timeout) * time.Millisecond
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	source, err := o.fetcher.Fetch(limited, body.URL)
	if err != nil {
		return nil, sourceError(ctx, limited, err)
	}
	defer source.Body.Close()
	wanted := newFile{
		path: bodyPath(body.Path), original: body.OriginalFileName, mime: body.MIME,
		metadata: body.Metadata, tags: body.Tags,
	}
	if wanted.mime == "" && validMIME(source.MIME) {
		wanted.mime = source.MIME
	}
	if wanted.original == "" && len(source.FileName) <= 255 {
		wanted.original = source.FileName
	}
	stored, err := o.addFile(ctx, wanted, source.Body)
	if errors.Is(err, errBodyCut) {
		return nil, sourceError(ctx, limited, err)
	}
	if err != nil {
		return nil, err
	}
	return fakeapi.UploadFromURL200JSONResponse(stored), nil
}

// sourceError returns the reason why a source could not be fetched.
func sourceError(caller, limited context.Context, err error) error {
	var refused *refusal.Error
	switch {
	case caller.Err() != nil:
		return caller.Err()
	case limited.Err() != nil:
		return &refusal.Error{Code: refusal.SourceTimeout}
	case errors.As(err, &refused):
		return refused
	}
	return &refusal.Error{Code: refusal.SourceFailed}
}
