package transfer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/retry"
)

// remaining asks the service which parts are not complete.
func (t *Upload) remaining(ctx context.Context, r *retry.Attempts) ([]int64, error) {
	var todo []int64
	err := r.Do(ctx, func(ctx context.Context) (err error) {
		todo, err = t.Service.ListParts(ctx, t.uploadID)
		return err
	})
	if err != nil {
		if t.Policy(err).Status == http.StatusNotFound {
			err = fmt.Errorf("%w: %w", errs.ErrUploadUnknown, err)
		}
		return nil, err
	}
	return todo, checkTodo(todo, t.count)
}

// finish returns the stored file when all parts are complete. If the answer
// that the file is complete was lost, the service is asked once more.
func (t *Upload) finish(ctx context.Context) (File, error) {
	for pass := 0; !t.completed; pass++ {
		t.setUncertain(t.finishing)
		todo, err := t.remaining(ctx, t.retrier(operation.ListUploadParts, -1))
		if err != nil {
			if t.stored(ctx) {
				break
			}
			return File{}, err
		}
		if len(todo) == 0 {
			t.adoptETag(ctx)
			break
		}
		if pass == maxPasses {
			return File{}, fmt.Errorf("%w: parts %v are asked for again and again", errs.ErrProtocol, todo)
		}
		// The service lost parts that it had confirmed: believe it.
		t.setUncertain(false)
		if err := t.send(ctx, newPlan(t.in.Size, t.count, todo), nil); err != nil {
			return File{}, err
		}
	}
	if t.plan != nil && !t.finishing {
		// Another process completed what we thought was left, so that no completion
		// of ours was the last one, before which the source is proved.
		if err := t.in.Verify(ctx); err != nil {
			t.setUncertain(true)
			return File{}, err
		}
	}
	t.progress.stored()
	return t.file, nil
}

// maxPasses is how often parts that the service lost are sent again.
const maxPasses = 2

// stored says whether the file is there although the service cannot be asked for
// its parts: the completion that made it exist may have been the last that was
// heard of the upload.
func (t *Upload) stored(ctx context.Context) bool {
	if !t.finishing {
		return false
	}
	found, err := t.found(ctx)
	switch {
	case errors.Is(err, errs.ErrNotFound), err == nil && !t.fits(found):
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
func (t *Upload) mayHaveEnded(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, detailsPatience)
	defer cancel()
	found, err := t.found(ctx)
	return !errors.Is(err, errs.ErrNotFound) && (err != nil || t.fits(found))
}

// adoptETag takes the etag of a file that is stored from GetFileDetails, if that may
// be called. It is worth a few tries and no long wait.
func (t *Upload) adoptETag(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, detailsPatience)
	defer cancel()
	if found, err := t.found(ctx); err == nil && t.fits(found) {
		t.adopt(found)
	}
}

// detailsPatience is for details that are not worth a long wait.
const detailsPatience = 10 * time.Second

// found is the file at the upload's path, which may be another one.
func (t *Upload) found(ctx context.Context) (found File, err error) {
	err = t.Call(ctx, operation.GetFileDetails, func(ctx context.Context) (err error) {
		found, err = t.Service.Stat(ctx, t.file.Path)
		return err
	})
	return found, err
}

// fits says whether a file can be the one that was uploaded: it has its size and is
// not older than the upload.
func (t *Upload) fits(found File) bool {
	return found.Size == t.in.Size && !found.Modified.Before(t.file.Modified)
}

// isNew says whether a file that fits cannot be one that the upload was to replace: it
// is newer than what begin told, unless that was no time of these days. Begin may have
// told the time of the file to replace.
func (t *Upload) isNew(found File) bool {
	age := time.Since(t.file.Modified).Abs()
	return age < longestUpload && found.Modified.After(t.file.Modified)
}

// longestUpload is how old the begin of an upload can be: storage forgets it after
// some days.
const longestUpload = 30 * 24 * time.Hour

func (t *Upload) adopt(found File) {
	t.file.ETag, t.file.Modified = found.ETag, found.Modified
}
