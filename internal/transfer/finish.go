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
func (u *Upload) remaining(ctx context.Context, attempts *retry.Attempts) (todo []int64, err error) {
	_, err = attempts.Do(ctx, func(ctx context.Context) (err error) {
		todo, err = u.engine.Service.ListParts(ctx, u.id)
		return err
	})
	if err != nil {
		if u.engine.Policy(err).Status == http.StatusNotFound {
			err = fmt.Errorf("%w: %w", errs.ErrUploadUnknown, err)
		}
		return nil, err
	}
	return todo, checkTodo(todo, u.count)
}

// maxPasses is how often parts that the service lost are sent again.
const maxPasses = 2

// finish returns the stored file when all parts are confirmed. If no completion was
// answered with "Completed", it asks the service what is missing and sends that.
func (u *Upload) finish(ctx context.Context) (File, error) {
	for pass := 0; u.outcome != stored; pass++ {
		u.answerLost()
		todo, err := u.remaining(ctx, u.attempts(operation.ListUploadParts, -1))
		switch {
		case err != nil && !u.isStored(ctx):
			return File{}, err
		case err != nil:
			u.setOutcome(stored)
		case len(todo) == 0:
			u.setOutcome(stored)
			u.adoptETag(ctx)
		case pass == maxPasses:
			return File{}, fmt.Errorf("%w: %d parts are asked for again and again", errs.ErrProtocol, len(todo))
		default:
			// The service lost parts that it had confirmed, so there is no file.
			u.setOutcome(notFinished)
			if err := u.sendParts(ctx, todo, nil); err != nil {
				return File{}, err
			}
		}
	}
	if u.plan != nil && !u.proved {
		// Another process completed what seemed to be left, so that none of our
		// completions was the one before which the source is proved.
		if err := u.in.Verify(ctx); err != nil {
			return File{}, err
		}
	}
	u.progress.stored()
	return u.file, nil
}

// isStored reports whether the file is there although the service cannot say which
// parts are complete: it may have forgotten the upload after the completion that made
// the file.
func (u *Upload) isStored(ctx context.Context) bool {
	if !u.proved {
		return false
	}
	found, err := u.stat(ctx)
	switch {
	case errors.Is(err, errs.ErrNotFound), err == nil && !u.fits(found):
		u.settle()
		return false
	case err != nil, !u.isNew(found):
		return false
	}
	u.adopt(found)
	return true
}

// statPatience is how long to try for details that are not worth a long wait.
const statPatience = 10 * time.Second

// mayHaveEnded reports whether an upload that the service does not know may have been
// completed by the process that began it. A file that fits is no proof.
func (u *Upload) mayHaveEnded(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, statPatience)
	defer cancel()
	found, err := u.stat(ctx)
	return !errors.Is(err, errs.ErrNotFound) && (err != nil || u.fits(found))
}

// adoptETag takes over the etag of the stored file, if the credentials may read it.
func (u *Upload) adoptETag(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, statPatience)
	defer cancel()
	if found, err := u.stat(ctx); err == nil && u.fits(found) {
		u.adopt(found)
	}
}

// stat returns the file at the path of the upload, which may be another one.
func (u *Upload) stat(ctx context.Context) (found File, err error) {
	err = u.Call(ctx, operation.GetFileDetails, func(ctx context.Context) (err error) {
		found, err = u.engine.Service.Stat(ctx, u.file.Path)
		return err
	})
	return found, err
}

// fits reports whether a file can be the one that was uploaded: it has its size and is
// not older than the upload.
func (u *Upload) fits(found File) bool {
	return found.Size == u.in.Size && !found.Modified.Before(u.file.Modified)
}

// maxUploadAge is how old the begin of an upload can be. Storage forgets an upload
// after some days.
const maxUploadAge = 30 * 24 * time.Hour

// isNew reports whether a file that fits must come from this upload: it was modified
// after the time in the begin answer. That answer may carry the time of the file being
// replaced, and a time that is implausibly old is not trusted.
func (u *Upload) isNew(found File) bool {
	age := time.Since(u.file.Modified).Abs()
	return age < maxUploadAge && found.Modified.After(u.file.Modified)
}

func (u *Upload) adopt(found File) {
	u.file.ETag, u.file.Modified = found.ETag, found.Modified
}
