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
func (u *Upload) remaining(ctx context.Context, r *retry.Attempts) ([]int64, error) {
	var todo []int64
	err := r.Do(ctx, func(ctx context.Context) (err error) {
		todo, err = u.Service.ListParts(ctx, u.uploadID)
		return err
	})
	if err != nil {
		if u.Policy(err).Status == http.StatusNotFound {
			err = fmt.Errorf("%w: %w", errs.ErrUploadUnknown, err)
		}
		return nil, err
	}
	return todo, checkTodo(todo, u.count)
}

// finish returns the stored file when all parts are complete. If the answer
// that the file is complete was lost, the service is asked once more.
func (u *Upload) finish(ctx context.Context) (File, error) {
	for pass := 0; !u.completed; pass++ {
		u.setUncertain(u.finishing)
		todo, err := u.remaining(ctx, u.retrier(operation.ListUploadParts, -1))
		if err != nil {
			if u.stored(ctx) {
				break
			}
			return File{}, err
		}
		if len(todo) == 0 {
			u.adoptETag(ctx)
			break
		}
		if pass == maxPasses {
			return File{}, fmt.Errorf("%w: parts %v are asked for again and again", errs.ErrProtocol, todo)
		}
		// The service lost parts that it had confirmed: believe it.
		u.setUncertain(false)
		if err := u.send(ctx, newPlan(u.in.Size, u.count, todo), nil); err != nil {
			return File{}, err
		}
	}
	if u.plan != nil && !u.finishing {
		// Another process completed what we thought was left, so that no completion
		// of ours was the last one, before which the source is proved.
		if err := u.in.Verify(ctx); err != nil {
			u.setUncertain(true)
			return File{}, err
		}
	}
	u.progress.stored()
	return u.file, nil
}

// maxPasses is how often parts that the service lost are sent again.
const maxPasses = 2

// stored says whether the file is there although the service cannot be asked for
// its parts: the completion that made it exist may have been the last that was
// heard of the upload.
func (u *Upload) stored(ctx context.Context) bool {
	if !u.finishing {
		return false
	}
	found, err := u.found(ctx)
	switch {
	case errors.Is(err, errs.ErrNotFound), err == nil && !u.fits(found):
		u.setUncertain(false)
		return false
	case err != nil, !u.isNew(found):
		return false
	}
	u.adopt(found)
	return true
}

// mayHaveEnded says whether the upload that the service has forgotten may have been
// completed by the process that was interrupted. A file that fits is no proof.
func (u *Upload) mayHaveEnded(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, detailsPatience)
	defer cancel()
	found, err := u.found(ctx)
	return !errors.Is(err, errs.ErrNotFound) && (err != nil || u.fits(found))
}

// adoptETag takes the etag of a file that is stored from GetFileDetails, if that may
// be called. It is worth a few tries and no long wait.
func (u *Upload) adoptETag(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, detailsPatience)
	defer cancel()
	if found, err := u.found(ctx); err == nil && u.fits(found) {
		u.adopt(found)
	}
}

// detailsPatience is for details that are not worth a long wait.
const detailsPatience = 10 * time.Second

// found is the file at the upload's path, which may be another one.
func (u *Upload) found(ctx context.Context) (found File, err error) {
	err = u.Call(ctx, operation.GetFileDetails, func(ctx context.Context) (err error) {
		found, err = u.Service.Stat(ctx, u.file.Path)
		return err
	})
	return found, err
}

// fits says whether a file can be the one that was uploaded: it has its size and is
// not older than the upload.
func (u *Upload) fits(found File) bool {
	return found.Size == u.in.Size && !found.Modified.Before(u.file.Modified)
}

// isNew says whether a file that fits cannot be one that the upload was to replace: it
// is newer than what begin told, unless that was no time of these days. Begin may have
// told the time of the file to replace.
func (u *Upload) isNew(found File) bool {
	age := time.Since(u.file.Modified).Abs()
	return age < longestUpload && found.Modified.After(u.file.Modified)
}

// longestUpload is how old the begin of an upload can be: storage forgets it after
// some days.
const longestUpload = 30 * 24 * time.Hour

func (u *Upload) adopt(found File) {
	u.file.ETag, u.file.Modified = found.ETag, found.Modified
}
