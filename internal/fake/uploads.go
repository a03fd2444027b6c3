package fake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/pathvars"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

const uploadIDLength = 16

// BeginMultipartUpload implements the operation of this name.
func (o operations) BeginMultipartUpload(ctx context.Context, request fakeapi.BeginMultipartUploadRequestObject) (fakeapi.BeginMultipartUploadResponseObject, error) {
	body := request.Body
	if body.Size > o.options.MaxFileSize {
		return nil, &refusal.Error{Code: refusal.FileTooLarge}
	}
	file, err := o.newFile(ctx, newFile{
		path: bodyPath(body.Path), original: body.OriginalFileName, mime: body.MIME,
		metadata: body.Metadata, tags: body.Tags,
	})
	if err != nil {
		return nil, err
	}
	file.Size = body.Size
	if err := o.sweep(file.LastModified); err != nil {
		return nil, err
	}
	who, sizes := callerOf(ctx), o.options.partSizes(body.Size)
	upload := store.Upload{
		ID:        pathvars.RandomBase58(uploadIDLength),
		File:      file,
		PartSizes: sizes,
		Parts:     countParts(body.Size, sizes),
		Created:   file.LastModified,
		Overwrite: who.mayOverwrite(file.Path),
	}
	if upload.Parts > maxPartsSet {
		return nil, refusal.Errorf(refusal.FileTooLarge, "The file would have %d parts; this server allows %d. Make its parts larger.", upload.Parts, maxPartsSet)
	}
	upload.Direct = body.Protocol != gen.MultipartUploadProtocolV11 && upload.Parts == 1
	switch err := o.store.CreateUpload(upload); {
	case errors.Is(err, store.ErrTooManyUploads):
		return nil, &refusal.Error{Code: refusal.TooManyUploads}
	case err != nil:
		return nil, fmt.Errorf("keeping the upload: %w", err)
	}
	x := exchangeOf(ctx)
	x.note(func(data *Exchange) { data.UploadID = upload.ID })
	return fakeapi.BeginMultipartUpload200JSONResponse{
		File:     o.details(x, file),
		UploadID: upload.ID,
		UploadParts: gen.MultipartUploadParts{
			Count: upload.Parts,
			First: o.part(x, &upload, 0),
		},
	}, nil
}

// GetUploadPart implements the operation of this name. A part that is complete
// already can be sent again.
func (o operations) GetUploadPart(ctx context.Context, request fakeapi.GetUploadPartRequestObject) (fakeapi.GetUploadPartResponseObject, error) {
	x := exchangeOf(ctx)
	upload, err := o.findUpload(request.AccountID, request.UploadID)
	if err != nil {
		return nil, err
	}
	if request.UploadPartIndex >= upload.Parts {
		o.violate(x, "part %d was asked for, but the upload has only %d", request.UploadPartIndex, upload.Parts)
		return nil, &refusal.Error{Code: refusal.PartNotFound}
	}
	return fakeapi.GetUploadPart200JSONResponse(o.part(x, &upload, request.UploadPartIndex)), nil
}

// ListUploadParts implements the operation of this name.
func (o operations) ListUploadParts(_ context.Context, request fakeapi.ListUploadPartsRequestObject) (fakeapi.ListUploadPartsResponseObject, error) {
	upload, err := o.findUpload(request.AccountID, request.UploadID)
	if err != nil {
		return nil, err
	}
	remaining := []int64{} // a nil slice would be null in JSON
	if !upload.Done {
		if remaining, err = o.remaining(&upload); err != nil {
			return nil, err
		}
	}
	return fakeapi.ListUploadParts200JSONResponse{RemainingUploadParts: remaining}, nil
}

func (s *Server) remaining(upload *store.Upload) ([]int64, error) {
	parts, err := s.store.Parts(upload.ID)
	if err != nil {
		return nil, fmt.Errorf("listing parts: %w", err)
	}
	completed := make(map[int64]bool, len(parts))
	for _, part := range parts {
		completed[part.Index] = part.Completed
	}
	remaining := make([]int64, 0, upload.Parts-upload.Completed)
	for index := range upload.Parts {
		if !completed[index] {
			remaining = append(remaining, index)
		}
	}
	return remaining, nil
}

// CompleteUploadPart implements the operation of this name.
func (o operations) CompleteUploadPart(ctx context.Context, request fakeapi.CompleteUploadPartRequestObject) (fakeapi.CompleteUploadPartResponseObject, error) {
	etag, err := o.complete(exchangeOf(ctx), request.AccountID, request.UploadID, request.UploadPartIndex, request.Body.ETag)
	if err != nil {
		return nil, err
	}
	var answer gen.CompleteMultipartUploadResponse
	if etag == "" {
		err = answer.FromCompleteMultipartUploadResponsePending(gen.CompleteMultipartUploadResponsePending{
			Status: gen.CompleteMultipartUploadResponsePendingStatusPending,
		})
	} else {
		err = answer.FromCompleteMultipartUploadResponseCompleted(gen.CompleteMultipartUploadResponseCompleted{
			ETag: etag, Status: gen.CompleteMultipartUploadResponseCompletedStatusCompleted,
		})
	}
	return fakeapi.CompleteUploadPart200JSONResponse(answer), err
}

// complete marks a part as complete. When no other part remains, it publishes the
// file and returns its etag; before that it returns "".
func (s *Server) complete(x *exchange, accountID, uploadID string, index int64, etag string) (string, error) {
	defer s.uploads.lock(uploadID)()
	upload, err := s.findUpload(accountID, uploadID)
	if err != nil {
		return "", err
	}
	if index >= upload.Parts {
		s.violate(x, "part %d was completed, but the upload has only %d", index, upload.Parts)
		return "", &refusal.Error{Code: refusal.PartNotFound}
	}
	part, err := s.store.Part(uploadID, index)
	if errors.Is(err, store.ErrNotStored) {
		s.violate(x, "part %d was completed before its PUT was answered", index)
		return "", &refusal.Error{Code: refusal.PartNotUploaded}
	}
	if err != nil {
		return "", fmt.Errorf("finding the part: %w", err)
	}
	if strings.Trim(etag, `"`) != part.ETag || x.refuseETag {
		if !x.refuseETag {
			s.violate(x, "part %d was completed with another etag than that of its PUT", index)
		}
		return "", &refusal.Error{Code: refusal.ETagMismatch}
	}
	switch left := upload.Parts - upload.Completed; {
	case upload.Done:
		return upload.File.ETag, nil
	case left > 1, left == 1 && part.Completed:
		if err := s.store.CompletePart(uploadID, index); err != nil {
			return "", fmt.Errorf("completing the part: %w", err)
		}
		return "", nil
	}
	return s.publish(&upload)
}

// publish turns an upload whose parts have all arrived into a file.
func (s *Server) publish(upload *store.Upload) (etag string, err error) {
	parts, err := s.store.Parts(upload.ID)
	if err != nil {
		return "", fmt.Errorf("listing parts: %w", err)
	}
	file := upload.File
	file.ETag, file.LastModified = wholeETag(parts), now()
	switch err := s.store.Publish(upload.ID, file, upload.Overwrite); {
	case errors.Is(err, store.ErrTaken):
		return "", &refusal.Error{Code: refusal.FileExists}
	case err != nil:
		return "", fmt.Errorf("making the file: %w", err)
	}
	return file.ETag, nil
}

// findUpload returns an upload of an account that has not expired.
func (s *Server) findUpload(accountID, uploadID string) (store.Upload, error) {
	upload, err := s.store.Upload(uploadID)
	switch {
	case errors.Is(err, store.ErrNotStored),
		err == nil && upload.File.AccountID != accountID,
		err == nil && time.Since(upload.Created) >= s.options.UploadLifetime:
		return store.Upload{}, &refusal.Error{Code: refusal.UploadNotFound}
	case err != nil:
		return store.Upload{}, fmt.Errorf("finding the upload: %w", err)
	}
	return upload, nil
}

// sweep drops expired uploads, at most every eighth of their lifetime.
func (s *Server) sweep(now time.Time) error {
	if !s.sweeper.due(now, s.options.UploadLifetime/8) {
		return nil
	}
	if err := s.store.ExpireUploads(now.Add(-s.options.UploadLifetime)); err != nil {
		return fmt.Errorf("dropping expired uploads: %w", err)
	}
	return nil
}

// part describes a part of an upload, with a fresh URL.
func (s *Server) part(x *exchange, upload *store.Upload, index int64) gen.UploadPart {
	start, end := upload.PartRange(index)
	return gen.UploadPart{
		Range:           gen.UploadPartRange{InclusiveStart: start, InclusiveEnd: end},
		UploadID:        upload.ID,
		UploadPartIndex: index,
		UploadURL:       s.partURL(x, upload.File.AccountID, upload.ID, index),
	}
}

// now returns the time in the precision of the API.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// sweeper decides when to look for expired uploads again.
type sweeper struct {
	mu   sync.Mutex
	next time.Time
}

func (s *sweeper) due(now time.Time, every time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.next) {
		return false
	}
	s.next = now.Add(every)
	return true
}
