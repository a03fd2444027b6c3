package bytescale

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Resume goes on with the upload of a checkpoint: it asks the service which
// parts are still missing (ListUploadParts) and sends those. The source must be
// of the same kind and content as the one the checkpoint was taken from; a
// [Reader] is read past the bytes that the service has.
//
// It returns [ErrSourceChanged] when the source is not the one of the
// checkpoint, [ErrUploadUnknown] when the service has forgotten the upload (then
// begin afresh with [Client.Upload]), and an [*ArgumentError] when the checkpoint
// is for another server or account or cannot be read. Otherwise it behaves like
// Upload. Of the options only [WithProgress] may be given; all others, [WithCheckpoint]
// too, are an [*ArgumentError], since the service has been told already.
func (c *Client) Resume(ctx context.Context, checkpoint Checkpoint, source Source, options ...UploadOption) (*FileDetails, error) {
	settings, err := newUploadSettings(options)
	if err != nil {
		return nil, err
	}
	if err := settings.checkResume(); err != nil {
		return nil, err
	}
	if err := checkpoint.check(c); err != nil {
		return nil, err
	}
	in, err := source.input(ctx, c.budget)
	if err != nil {
		return nil, err
	}
	defer in.close()

	t := newTransfer(c, in, settings.progress)
	defer t.end()
	t.checkpoint, t.uploadID, t.count, t.file = &checkpoint, checkpoint.UploadID, checkpoint.PartCount, checkpoint.File
	file, err := t.resume(ctx)
	if err != nil {
		return nil, t.failure(ctx, err)
	}
	return file, nil
}

// checkResume refuses the options that were settled when the upload began.
func (s *uploadSettings) checkResume() error {
	given := map[string]bool{
		"folderPath": s.folder != "", "fileName": s.fileName != "", "fileNameFallback": s.fallback != "",
		"path": s.path != "", "tags": len(s.tags) > 0, "metadata": s.metadata != nil, "mime": s.mime != "",
		"originalFileName": s.originalFileName != "", "checkpoint": s.checkpoint != nil,
	}
	for _, field := range slices.Sorted(maps.Keys(given)) {
		if given[field] {
			return refuse(field, "has no meaning for Resume: it was settled when the upload began")
		}
	}
	return nil
}

func (t *transfer) resume(ctx context.Context) (*FileDetails, error) {
	now, err := t.in.fingerprint(ctx)
	if err != nil {
		return nil, err
	}
	if !now.equal(t.checkpoint.Source) {
		return nil, fmt.Errorf("%w: it is not the one of the checkpoint", ErrSourceChanged)
	}
	todo, err := t.remaining(ctx, t.retrier(operation.ListUploadParts, -1))
	if err != nil {
		if errors.Is(err, ErrUploadUnknown) {
			t.setUncertain(t.mayHaveEnded(ctx))
		}
		return nil, err
	}
	if len(todo) > 0 {
		if err := t.send(ctx, newPlan(t.in.size, t.count, todo), nil); err != nil {
			return nil, err
		}
	}
	return t.finish(ctx)
}

// remaining asks the service which parts are not complete.
func (t *transfer) remaining(ctx context.Context, r *retrier) ([]int64, error) {
	var todo []int64
	err := r.do(ctx, func(ctx context.Context) (err error) {
		todo, err = t.service.listParts(ctx, t.uploadID)
		return err
	})
	if err != nil {
		if statusOf(err) == http.StatusNotFound {
			err = fmt.Errorf("%w: %w", ErrUploadUnknown, err)
		}
		return nil, err
	}
	return todo, checkTodo(todo, t.count)
}

// finish returns the stored file when all parts are complete. If the answer
// that the file is complete was lost, the service is asked once more.
func (t *transfer) finish(ctx context.Context) (*FileDetails, error) {
	for pass := 0; !t.completed; pass++ {
		t.setUncertain(t.finishing)
		todo, err := t.remaining(ctx, t.retrier(operation.ListUploadParts, -1))
		if err != nil {
			if t.stored(ctx) {
				break
			}
			return nil, err
		}
		if len(todo) == 0 {
			t.adoptETag(ctx)
			break
		}
		if pass == maxPasses {
			return nil, fmt.Errorf("%w: parts %v are asked for again and again", ErrProtocol, todo)
		}
		// The service lost parts that it had confirmed: believe it.
		t.setUncertain(false)
		if err := t.send(ctx, newPlan(t.in.size, t.count, todo), nil); err != nil {
			return nil, err
		}
	}
	if t.plan != nil && !t.finishing {
		// Another process completed what we thought was left, so that no completion
		// of ours was the last one, before which the source is proved.
		if err := t.in.verify(ctx); err != nil {
			t.setUncertain(true)
			return nil, err
		}
	}
	t.progress.stored()
	file := t.file
	return &file, nil
}

// maxPasses is how often parts that the service lost are sent again.
const maxPasses = 2

// stored says whether the file is there although the service cannot be asked for
// its parts: the completion that made it exist may have been the last that was
// heard of the upload.
func (t *transfer) stored(ctx context.Context) bool {
	if !t.finishing {
		return false
	}
	found, err := t.found(ctx)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && !t.fits(found):
		t.setUncertain(false)
		return false
	case err != nil, !t.isNew(found):
		return false
	}
	t.adopt(found)
	return true
}

// mayHaveEnded says whether the upload that the service has forgotten may have been
// completed by the process that was interrupted. A file that fits is no proof.
func (t *transfer) mayHaveEnded(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, detailsPatience)
	defer cancel()
	found, err := t.found(ctx)
	return !errors.Is(err, ErrNotFound) && (err != nil || t.fits(found))
}

// adoptETag takes the etag of a file that is stored from GetFileDetails, if that may
// be called. It is worth a few tries and no long wait.
func (t *transfer) adoptETag(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, detailsPatience)
	defer cancel()
	if found, err := t.found(ctx); err == nil && t.fits(found) {
		t.adopt(found)
	}
}

// detailsPatience is for details that are not worth a long wait.
const detailsPatience = 10 * time.Second

// found is the file at the upload's path, which may be another one.
func (t *transfer) found(ctx context.Context) (found *FileDetails, err error) {
	err = t.call(ctx, operation.GetFileDetails, func(ctx context.Context) (err error) {
		found, err = t.service.details(ctx, t.file.FilePath)
		return err
	})
	return found, err
}

// fits says whether a file can be the one that was uploaded: it has its size and is
// not older than the upload.
func (t *transfer) fits(found *FileDetails) bool {
	return found.Size == t.in.size && !found.LastModified.Before(t.file.LastModified)
}

// isNew says whether a file that fits cannot be one that the upload was to replace: it
// is newer than what begin told, unless that was no time of these days. Begin may have
// told the time of the file to replace.
func (t *transfer) isNew(found *FileDetails) bool {
	age := time.Since(t.file.LastModified).Abs()
	return age < longestUpload && found.LastModified.After(t.file.LastModified)
}

// longestUpload is how old the begin of an upload can be: storage forgets it after
// some days.
const longestUpload = 30 * 24 * time.Hour

func (t *transfer) adopt(found *FileDetails) {
	t.file.ETag, t.file.LastModified = found.ETag, found.LastModified
}
