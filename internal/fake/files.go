package fake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

// GetFileDetails implements the operation of this name.
func (o operations) GetFileDetails(ctx context.Context, request fakeapi.GetFileDetailsRequestObject) (fakeapi.GetFileDetailsResponseObject, error) {
	if who := callerOf(ctx); !who.granted(request.Params.FilePath, getFileDetails) {
		return nil, &refusal.Error{Code: refusal.PermissionDenied}
	}
	file, err := o.store.File(request.AccountID, request.Params.FilePath)
	if err != nil {
		return nil, fileError(err)
	}
	return fakeapi.GetFileDetails200JSONResponse(o.details(exchangeOf(ctx), file)), nil
}

// DeleteFile implements the operation of this name.
func (o operations) DeleteFile(ctx context.Context, request fakeapi.DeleteFileRequestObject) (fakeapi.DeleteFileResponseObject, error) {
	if who := callerOf(ctx); !who.granted(request.Params.FilePath, deleteFile) {
		return nil, &refusal.Error{Code: refusal.PermissionDenied}
	}
	if err := o.store.DeleteFile(request.AccountID, request.Params.FilePath); err != nil {
		return nil, fileError(err)
	}
	return fakeapi.DeleteFile204Response{}, nil
}

func fileError(err error) error {
	if errors.Is(err, store.ErrNotStored) {
		return &refusal.Error{Code: refusal.FileNotFound}
	}
	return fmt.Errorf("finding the file: %w", err)
}

// details describes a file as the API does.
func (s *Server) details(x *exchange, file store.File) gen.FileDetails {
	var metadata gen.Metadata
	if json.Unmarshal(file.Metadata, &metadata) != nil || metadata == nil {
		metadata = gen.Metadata{}
	}
	tags := file.Tags
	if tags == nil {
		tags = gen.FileTags{} // a nil slice would be null in JSON
	}
	return gen.FileDetails{
		AccountID: file.AccountID,
		// The etag is null until the upload is complete.
		ETag:             gen.NullableString{Value: file.ETag, Valid: file.ETag != "", Null: file.ETag == ""},
		FilePath:         file.Path,
		FileURL:          FileURL(x.origin, file),
		LastModified:     gen.EpochMillis(file.LastModified.UnixMilli()),
		Metadata:         metadata,
		MIME:             file.MIME,
		OriginalFileName: optional(file.OriginalFileName),
		Size:             file.Size,
		Tags:             tags,
	}
}

// FileURL returns the address of a file's bytes on a server.
func FileURL(origin string, file store.File) string {
	return origin + "/" + file.AccountID + "/raw" + escapePath(file.Path)
}

// escapePath escapes a file path for a URL as the service does. It percent-encodes
// everything but / and the characters that encodeURIComponent of ECMAScript leaves
// unchanged; of these it encodes !.
func escapePath(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-_.~*'()/", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
