package transfer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// fetch gets the part's descriptor with a fresh URL.
func (p *partUpload) fetch(ctx context.Context) error {
	r := p.begins(operation.GetUploadPart)
	for {
		got, err := p.Service.GetPart(r.Next(ctx), p.uploadID, p.index)
		if err == nil {
			return p.take(got)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch p.Policy.Decide(operation.GetUploadPart, err) {
		case retry.Retry:
			if err := r.Wait(ctx, err); err != nil {
				return err
			}
		case retry.AskServer:
			return p.doneOr(ctx, err)
		default:
			return err
		}
	}
}

// begins notes the step that the part has come to.
func (p *partUpload) begins(op string) *retry.Attempts {
	p.step = p.retrier(op, p.index)
	return p.step
}

// take holds a descriptor. A part's range never changes.
func (p *partUpload) take(got Part) error {
	if err := p.checkPart(operation.GetUploadPart, got); err != nil {
		return err
	}
	if p.assigned != nil && (got.Index != p.index || got.Start != p.assigned.Start || got.End != p.assigned.End) {
		return fmt.Errorf("%w: part %d was bytes %d..%d and became bytes %d..%d of part %d",
			errs.ErrProtocol, p.index, p.assigned.Start, p.assigned.End, got.Start, got.End, got.Index)
	}
	p.assigned = assign(got)
	return nil
}

// doneOr asks the service whether it has the part: errPartDone, or err if not.
func (p *partUpload) doneOr(ctx context.Context, err error) error {
	done, askErr := p.isDone(ctx)
	switch {
	case askErr != nil:
		return askErr
	case done:
		return errPartDone
	}
	return err
}

func (p *partUpload) isDone(ctx context.Context) (bool, error) {
	r := p.retrier(operation.ListUploadParts, -1)
	todo, err := p.remaining(ctx, r)
	if err != nil {
		p.step = r // what the part fails by
		return false, err
	}
	return !slices.Contains(todo, p.index), nil
}

// put sends the part's bytes to storage and returns the etag of the answer.
func (p *partUpload) put(ctx context.Context, payload wire.Payload) (string, error) {
	r := p.begins(operation.PutPart)
	for refreshes := 0; ; {
		p.step = r
		etag, err := p.putInTurn(ctx, r, payload)
		if err == nil {
			return etag, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if fetchErr := (*fetchError)(nil); errors.As(err, &fetchErr) {
			return "", fetchErr.err
		}
		switch p.Policy.Decide(operation.PutPart, err) {
		case retry.Retry:
			if err := r.Wait(ctx, err); err != nil {
				return "", err
			}
		case retry.AskServer:
			if err := p.doneOr(ctx, err); p.Policy(err).Status != http.StatusNotFound || errors.Is(err, errs.ErrUploadUnknown) {
				return "", err
			}
			fallthrough // the upload lives, so it is the URL that has died
		case retry.RefreshURL:
			refreshes++
			if err := p.renewURL(ctx, r, refreshes, err); err != nil {
				return "", err
			}
		default:
			return "", err
		}
	}
}

// renewURL fetches a fresh URL, the part's nth, after storage has refused one with
// err. Only the first one is free: what else it refuses is hardly the URL's age.
func (p *partUpload) renewURL(ctx context.Context, r *retry.Attempts, nth int, err error) error {
	if nth > maxRefreshes {
		return fmt.Errorf("%w (with %d fresh URLs too)", err, maxRefreshes)
	}
	if nth > 1 {
		if err := r.Wait(ctx, err); err != nil {
			return err
		}
	}
	p.OnURLRefresh(URLRefreshed{UploadID: p.uploadID, Part: p.index, Status: p.Policy(err).Status, Err: err})
	return p.fetch(ctx)
}

// fetchError is a failure to renew a URL that became old while it waited.
type fetchError struct{ err error }

func (e *fetchError) Error() string { return e.err.Error() }

// putInTurn waits for a place among the PUTs in flight and does one attempt.
func (p *partUpload) putInTurn(ctx context.Context, r *retry.Attempts, payload wire.Payload) (string, error) {
	release, err := p.Limits.Put(ctx, payload.Size)
	if err != nil {
		return "", err
	}
	defer release()
	p.sending()
	if time.Since(p.assigned.fetchedAt) > maxURLAge {
		if err := p.fetch(ctx); err != nil {
			return "", &fetchError{err}
		}
	}
	return p.putOnce(r.Next(ctx), payload)
}

// putOnce is one attempt. When it returns, nothing reads the payload any more.
func (p *partUpload) putOnce(ctx context.Context, payload wire.Payload) (string, error) {
	ctx, attempt := wire.NewAttempt(ctx, payload, p.progress.sent, p.Link)
	etag, err := p.Service.PutPart(ctx, p.assigned.URL, payload.Size, attempt.Body)
	sent, err := attempt.End(err)
	if err != nil {
		p.progress.lost(sent)
		return "", err
	}
	p.inFlight = sent
	return etag, nil
}

// complete tells the service the part's etag.
func (p *partUpload) complete(ctx context.Context, etag string) (Completion, retry.Decision, error) {
	r := p.begins(operation.CompleteUploadPart)
	for {
		answer, err := p.Service.CompletePart(r.Next(ctx), p.uploadID, p.index, etag)
		if err == nil {
			return answer, retry.Stop, nil
		}
		if ctx.Err() != nil {
			p.setUncertain(p.last)
			return Completion{}, retry.Stop, ctx.Err()
		}
		switch then := p.Policy.Decide(operation.CompleteUploadPart, err); then {
		case retry.Retry:
			if err := r.Wait(ctx, err); err != nil {
				return Completion{}, retry.Stop, err
			}
		case retry.AskServer:
			if answer, then, err := p.settle(ctx, r, err); then != retry.Retry {
				return answer, then, err
			}
		default:
			if _, told := retry.TransportSays(err); told {
				p.setUncertain(p.last) // it refused the answer of a service that may have done it
			}
			if p.doubt {
				// An earlier completion, whose answer was lost, may be what is in the way.
				if answer, done, askErr := p.carriedOut(ctx); askErr != nil || done {
					return answer, retry.Stop, askErr
				}
			}
			return Completion{}, then, err
		}
	}
}

// settle finds out what became of a completion whose answer was lost, or which the
// service says is not one of its parts. The verdict "again" is to complete once more.
func (p *partUpload) settle(ctx context.Context, r *retry.Attempts, err error) (Completion, retry.Decision, error) {
	p.doubt = true
	p.setUncertain(p.last)
	missing := p.Policy(err).Status == http.StatusNotFound
	var gaveUp error // there is to be no other attempt
	if !missing {
		gaveUp = r.Wait(ctx, err)
	}
	if gaveUp != nil && (ctx.Err() != nil || !p.last) {
		return Completion{}, retry.Stop, gaveUp
	}
	answer, done, askErr := p.carriedOut(ctx)
	switch {
	case askErr != nil:
		return Completion{}, retry.Stop, askErr
	case done:
		return answer, retry.Stop, nil
	case gaveUp != nil:
		return Completion{}, retry.Stop, gaveUp
	case missing:
		return Completion{}, retry.ResendPart, err
	}
	return Completion{}, retry.Retry, nil
}

// carriedOut asks the service whether it has the part as complete, and for the last
// one, if need be, whether the file is there: a file that is stored must not be
// reported as an error.
func (p *partUpload) carriedOut(ctx context.Context) (answer Completion, done bool, err error) {
	p.setUncertain(p.last)
	done, err = p.isDone(ctx)
	switch {
	case err != nil && p.last && p.stored(ctx):
		return Completion{Completed: true, ETag: p.file.ETag}, true, nil
	case err == nil && !done:
		p.setUncertain(false)
	}
	return Completion{}, done, err
}
