package fake

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

// BasicUpload implements the operation of this name.
func (o operations) BasicUpload(ctx context.Context, request fakeapi.BasicUploadRequestObject) (fakeapi.BasicUploadResponseObject, error) {
	params := request.Params
	path, err := queryPath(params)
	if err != nil {
		return nil, err
	}
	stored, err := o.addFile(ctx, newFile{
		path: path, original: value(params.OriginalFileName), mime: request.ContentType,
		metadata: value(params.XUploadMetadata), tags: params.Tag,
	}, request.Body)
	if err != nil {
		return nil, err
	}
	return fakeapi.BasicUpload200JSONResponse(stored), nil
}

// addFile stores a file whose bytes come in one request.
func (s *Server) addFile(ctx context.Context, wanted newFile, body io.Reader) (gen.BasicUploadResponse, error) {
	file, err := s.newFile(ctx, wanted)
	if err != nil {
		return gen.BasicUploadResponse{}, err
	}
	got, err := s.receive(ctx, body, -1)
	if err != nil {
		return gen.BasicUploadResponse{}, err
	}
	file.Size, file.ETag, file.LastModified = got.size, got.etag, now()
	if s.options.Discard {
		file.ETag = textETag("%s %d %d", file.Path, file.Size, file.LastModified.UnixNano())
	}
	who := callerOf(ctx)
	switch err := s.store.AddFile(file, got.Receiver, who.mayOverwrite(file.Path)); {
	case errors.Is(err, store.ErrTaken):
		return gen.BasicUploadResponse{}, &refusal.Error{Code: refusal.FileExists}
	case err != nil:
		return gen.BasicUploadResponse{}, fmt.Errorf("making the file: %w", err)
	}
	return gen.BasicUploadResponse{
		AccountID: file.AccountID, ETag: file.ETag, FilePath: file.Path, FileURL: FileURL(exchangeOf(ctx).origin, file),
	}, nil
}
