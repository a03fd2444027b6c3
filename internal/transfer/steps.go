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

const (
	// maxURLAge is the age at which the URL of a part that still waits is fetched
	// again, because the lifetime of URLs is not documented (UploadPart.uploadUrl).
	maxURLAge = time.Minute
	// maxRefreshes is how many fresh URLs of one part storage may refuse.
	maxRefreshes = 3
)

// fetch gets the assignment of the part, with a fresh URL.
func (p *partUpload) fetch(ctx context.Context) error {
	var got Part
	decision, err := p.begin(operation.GetUploadPart).Do(ctx, func(ctx context.Context) (err error) {
		got, err = p.engine.Service.GetPart(ctx, p.of.id, p.index)
		return err
	})
	switch {
	case err == nil:
		return p.accept(got)
	case decision == retry.AskServer:
		if askErr := p.checkMissing(ctx); askErr != nil {
			return askErr
		}
	}
	return err
}

// accept takes over an assignment. The range of a part never changes.
func (p *partUpload) accept(got Part) error {
	if err := p.of.checkPart(operation.GetUploadPart, got); err != nil {
		return err
	}
	if p.assigned != nil && (got.Index != p.index || got.Start != p.assigned.Start || got.End != p.assigned.End) {
		return fmt.Errorf("%w: part %d was bytes %d..%d and became bytes %d..%d of part %d",
			errs.ErrProtocol, p.index, p.assigned.Start, p.assigned.End, got.Start, got.End, got.Index)
	}
	p.assigned = assign(got)
	return nil
}

// checkMissing asks the service whether it lacks the part. It returns errPartDone if
// the part is complete.
func (p *partUpload) checkMissing(ctx context.Context) error {
	attempts := p.of.attempts(operation.ListUploadParts, -1)
	todo, err := p.of.remaining(ctx, attempts)
	if err != nil {
		p.step = attempts // this is the step that the part fails by
		return err
	}
	if !slices.Contains(todo, p.index) {
		return errPartDone
	}
	return nil
}

// put sends the bytes of the part to storage and returns the etag of the answer.
func (p *partUpload) put(ctx context.Context, payload wire.Payload) (etag string, err error) {
	attempts := p.begin(operation.PutPart)
	for refreshes := 1; ; refreshes++ {
		decision, err := attempts.Do(ctx, func(ctx context.Context) (err error) {
			p.step = attempts
			etag, err = p.putInTurn(ctx, payload)
			return err
		})
		if err == nil {
			return etag, nil
		}
		if fetchErr := (*fetchError)(nil); errors.As(err, &fetchErr) {
			return "", fetchErr.err
		}
		switch decision {
		case retry.ResendPart:
			return "", &unusableError{err}
		case retry.AskServer:
			if askErr := p.checkMissing(ctx); askErr != nil {
				return "", askErr
			}
			// The upload lives, so it is the URL that has expired.
		case retry.RefreshURL:
		default:
			return "", err
		}
		if err := p.refreshURL(ctx, attempts, refreshes, err); err != nil {
			return "", err
		}
	}
}

// refreshURL has a fresh URL fetched, the nth one of the part, because storage has refused
// the present one with err. The URL is fetched when the part has its place among the PUTs,
// because one that waits for its turn could expire again. From the second one on there is
// a wait before: what storage refuses then is hardly the age of the URL.
func (p *partUpload) refreshURL(ctx context.Context, puts *retry.Attempts, nth int, err error) error {
	if nth > maxRefreshes {
		return fmt.Errorf("%w (with %d fresh URLs too)", err, maxRefreshes)
	}
	if nth > 1 {
		if err := puts.Wait(ctx, err); err != nil {
			return err
		}
	}
	p.engine.OnURLRefresh(URLRefreshed{Context: ctx, UploadID: p.of.id, Part: p.index, Status: p.engine.Policy(err).Status, Err: err})
	p.assigned.refused = true
	return nil
}

// putInTurn waits for a place among the PUTs in flight and makes one attempt.
func (p *partUpload) putInTurn(ctx context.Context, payload wire.Payload) (etag string, err error) {
	release, err := p.engine.Limits.Put(ctx, payload.Size)
	if err != nil {
		return "", err
	}
	defer release()
	p.slot.sending(p.length())
	if p.assigned.refused || time.Since(p.assigned.fetchedAt) > maxURLAge {
		step := p.step
		if err := p.fetch(ctx); err != nil {
			return "", &fetchError{err}
		}
		p.step = step
	}
	return p.putOnce(ctx, payload)
}

// fetchError is a failure to fetch a URL anew because it grew old while it waited. It
// is final for the attempt to send the part, and hides the error from the policy, which
// has decided about it already.
type fetchError struct{ err error }

func (e *fetchError) Error() string { return e.err.Error() }

// Permanent implements what the retry policy asks of errors.
func (e *fetchError) Permanent() bool { return true }

// putOnce makes one attempt. When it returns, nothing reads the payload any more.
func (p *partUpload) putOnce(ctx context.Context, payload wire.Payload) (etag string, err error) {
	earlier := operation.AttemptOf(ctx).Number - 1
	ctx, attempt := wire.NewAttempt(ctx, payload, earlier, p.engine.Timeouts, p.of.progress.sent, p.engine.Link)
	etag, err = p.engine.Service.PutPart(ctx, p.assigned.URL, payload.Size, attempt.Body)
	sent, err := attempt.End(err)
	if err != nil {
		if errors.Is(err, errs.ErrUnanswered) {
			p.engine.Limits.PutUnanswered(payload.Size)
		}
		p.of.progress.lost(sent)
		return "", err
	}
	p.engine.Limits.PutArrived(payload.Size)
	p.inFlight = sent
	return etag, nil
}

// complete tells the service the etag of the part and returns its answer. The answer is
// the zero Completion if it was lost and the service has the part all the same.
func (p *partUpload) complete(ctx context.Context, etag string) (answer Completion, err error) {
	attempts := p.begin(operation.CompleteUploadPart)
	for {
		decision, err := attempts.Do(ctx, func(ctx context.Context) (err error) {
			answer, err = p.engine.Service.CompletePart(ctx, p.of.id, p.index, etag)
			if err != nil && (ctx.Err() != nil || p.engine.Policy.Decide(operation.CompleteUploadPart, err) != retry.Retry) {
				p.of.answerLost() // until the error is looked at
			}
			return err
		})
		switch {
		case err == nil, ctx.Err() != nil:
			return answer, err
		case decision != retry.AskServer:
			return p.refused(ctx, decision, err)
		}
		answer, again, err := p.afterLostAnswer(ctx, attempts, err)
		if !again {
			return answer, err
		}
	}
}

// refused ends a completion that the service, or the transport, refused with err.
func (p *partUpload) refused(ctx context.Context, decision retry.Decision, err error) (Completion, error) {
	_, byTransport := retry.Permanent(err)
	switch {
	case p.lost:
		// An earlier completion may have been carried out and be in the way.
		if answer, done, askErr := p.carriedOut(ctx); askErr != nil || done {
			return answer, askErr
		}
	case !byTransport: // which may refuse the answer of a service that has stored the file
		p.of.settle()
	}
	if decision == retry.ResendPart {
		err = &unusableError{err}
	}
	return Completion{}, err
}

// afterLostAnswer finds out what became of a completion with an unknown result: its
// answer was lost, or the service does not know the part. It reports whether to
// complete again, because the service has not carried it out.
func (p *partUpload) afterLostAnswer(ctx context.Context, attempts *retry.Attempts, err error) (_ Completion, again bool, _ error) {
	p.lost = true
	unknownPart := p.engine.Policy(err).Status == http.StatusNotFound
	var gaveUp error // there is to be no other attempt
	if !unknownPart {
		gaveUp = attempts.Wait(ctx, err)
	}
	if gaveUp != nil && (ctx.Err() != nil || !p.last) {
		return Completion{}, false, gaveUp
	}
	answer, done, askErr := p.carriedOut(ctx)
	switch {
	case askErr != nil || done:
		return answer, false, askErr
	case gaveUp != nil:
		return Completion{}, false, gaveUp
	case unknownPart:
		return Completion{}, false, &unusableError{err}
	}
	return Completion{}, true, nil
}

// carriedOut asks the service whether the part is complete. For the last part it also
// asks whether the file is there, because a stored file must not be reported as a
// failure.
func (p *partUpload) carriedOut(ctx context.Context) (answer Completion, done bool, err error) {
	p.of.answerLost()
	switch err := p.checkMissing(ctx); {
	case err == nil:
		p.of.settle()
		return Completion{}, false, nil
	case errors.Is(err, errPartDone):
		return Completion{}, true, nil
	case p.last && p.of.isStored(ctx):
		return Completion{Completed: true, ETag: p.of.file.ETag}, true, nil
	default:
		return Completion{}, false, err
	}
}
