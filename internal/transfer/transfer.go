// Package transfer sends the parts of an upload, from the answer that began it to the stored
// file. It knows no HTTP and no type of the root package.
//
// Each part is fetched, sent and completed by one goroutine; a single part needs none. The ranges
// that the service assigns must cover the file without overlap. The completion of the last part
// is held back until all other parts are confirmed and the source has proved to be what was
// announced, because there is no file before, so that an upload that fails leaves none. If no
// completion was answered with "Completed", the service is asked which parts are missing, and
// these are sent.
//
// Two numbers bound the parts of one upload: those that wait with a URL (half of the API
// calls in flight, shared by the uploads under way, and no more than 30 s of bytes), and
// those that are not confirmed. No lock is held and no place is kept while a step waits to
// be tried again, except the memory of a stream's part, and a place among the PUTs while a URL that
// grew old is fetched anew.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/source"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// Engine is what all uploads of a client share. All fields but the limits, whose zero value
// has defaults, must be set.
type Engine struct {
	Service Service
	Limits  *limits.Limits
	Budget  *source.Budget // of the buffers for plain streams
	Link    *wire.Link
	Policy  retry.Policy

	Retries  retry.Limits
	Timeouts wire.Timeouts

	OnRetry      func(retry.Retried)
	OnURLRefresh func(URLRefreshed)
}

// URLRefreshed is an event: storage refused the URL of a part with Err, and a fresh
// one is fetched.
type URLRefreshed struct {
	Context  context.Context
	UploadID string
	Part     int64
	Status   int
	Err      error
}

// Upload is one upload. The caller begins it at the service and calls Begun and Send,
// or calls Continue and SendMissing, and calls End in any case. When they return, no goroutine of the
// upload is left and nothing reads its source.
type Upload struct {
	engine   *Engine
	in       *source.Opened
	progress *progress
	retries  *retry.Budget

	id    string
	count int64 // parts
	file  File
	first *assignment // that came with the begin answer; nil for a resumed upload

	window *window

	mu          sync.Mutex
	plan        *plan
	unsent      int64         // parts whose bytes are not with the service
	unconfirmed int64         // parts
	oneLeft     chan struct{} // closed when at most one part is not confirmed
	outcome     outcome
	proved      bool // the source was proved before the completion that makes the file
	retried     *PartError
}

// NewUpload returns an upload of an opened source. report is called with the progress,
// one call at a time, from here on; it may be nil.
func (e *Engine) NewUpload(in *source.Opened, report func(Counts)) *Upload {
	u := &Upload{
		engine:   e,
		in:       in,
		progress: newProgress(in.Size, report), // calls report, which may panic
		retries:  retry.NewBudget(e.Limits.MaxCalls + e.Limits.MaxPuts),
	}
	e.Limits.Uploads.Add(1)
	return u
}

// End ends what NewUpload began.
func (u *Upload) End() {
	u.engine.Limits.Uploads.Add(-1)
	if u.in.Stream != nil {
		u.engine.Budget.Trim()
	}
}

// Call makes a call to the service, with retries that count for this upload.
func (u *Upload) Call(ctx context.Context, op string, attempt func(context.Context) error) error {
	_, err := u.attempts(op, -1).Do(ctx, attempt)
	return err
}

func (u *Upload) attempts(op string, part int64) *retry.Attempts {
	return &retry.Attempts{
		Policy: u.engine.Policy, Limits: u.engine.Retries, OnRetry: u.engine.OnRetry, Budget: u.retries,
		Operation: op, UploadID: u.id, Part: part,
	}
}

// Begun takes over what the service answered to the begin of the upload, and refuses
// an answer that makes no sense. file is the file to come.
func (u *Upload) Begun(id string, count int64, first Part, file File) error {
	u.id, u.count, u.file, u.first = id, count, file, assign(first)
	switch {
	case count < 1 || count > max(1, u.in.Size):
		return fmt.Errorf("%w: %s: %d parts for %d bytes", errs.ErrProtocol, operation.BeginMultipartUpload, count, u.in.Size)
	case first.Index < 0 || first.Index >= count:
		return fmt.Errorf("%w: %s: first part is %d of %d", errs.ErrProtocol, operation.BeginMultipartUpload, first.Index, count)
	}
	return u.checkPart(operation.BeginMultipartUpload, first)
}

// Send sends all parts of an upload that has begun, and returns the stored file.
func (u *Upload) Send(ctx context.Context) (File, error) {
	if err := u.sendParts(ctx, nil, u.first); err != nil {
		return File{}, err
	}
	return u.finish(ctx)
}

// Continue takes over an upload that began earlier, and asks the service which parts it
// lacks.
func (u *Upload) Continue(ctx context.Context, id string, count int64, file File) (todo []int64, err error) {
	u.id, u.count, u.file = id, count, file
	todo, err = u.remaining(ctx, u.attempts(operation.ListUploadParts, -1))
	if errors.Is(err, errs.ErrUploadUnknown) && u.mayHaveEnded(ctx) {
		u.setOutcome(unknown)
	}
	return todo, err
}

// SendMissing sends the parts that Continue has returned, and returns the stored file.
func (u *Upload) SendMissing(ctx context.Context, todo []int64) (File, error) {
	if len(todo) > 0 {
		if err := u.sendParts(ctx, todo, nil); err != nil {
			return File{}, err
		}
	}
	return u.finish(ctx)
}

// sendParts sends the parts in todo, or all if it is nil, and returns when all are
// confirmed, or with the first error that no retry could help. No part is under way
// then. first, if not nil, is the assignment of one of the parts.
func (u *Upload) sendParts(ctx context.Context, todo []int64, first *assignment) error {
	u.plan = newPlan(u.in.Size, u.count, todo)
	u.unsent, u.unconfirmed, u.oneLeft = u.plan.length(), u.plan.length(), make(chan struct{})
	u.window = newWindow(u.engine.Limits, u.progress.bytesSent)
	u.signalOneLeft()

	if err := u.runParts(ctx, first); err != nil {
		return err
	}
	if u.outcome == stored {
		return nil // also if the context has ended meanwhile
	}
	if err := ctx.Err(); err != nil {
		u.answerLost()
		return err
	}
	return nil
}

// runParts uploads the parts of the plan side by side and waits for them.
func (u *Upload) runParts(ctx context.Context, first *assignment) error {
	if u.plan.length() == 1 {
		// Most small files are one part, which needs no goroutine of its own.
		if err := u.window.enter(ctx); err != nil {
			return err
		}
		return u.newPart(0, first, nil).upload(ctx)
	}
	parts, partsCtx := errgroup.WithContext(ctx)
	var before *partUpload
	for position := range u.plan.length() {
		if err := u.window.enter(partsCtx); err != nil {
			break // a part failed or the caller gave up: Wait returns which
		}
		part := u.newPart(position, first, before)
		before = part
		parts.Go(func() error { return u.noteError(part.upload(partsCtx)) })
	}
	err := parts.Wait()
	if errs.IsEndOf(ctx, err) && u.retried != nil {
		return u.retried
	}
	return err
}

// noteError keeps the failure of the part that was tried most often. If the context ends
// the upload, it tells best why the upload was not faster.
func (u *Upload) noteError(err error) error {
	if failed, ok := err.(*PartError); ok { //nolint:errorlint // the part's own error, which nothing wraps
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.retried == nil || failed.Attempts > u.retried.Attempts {
			u.retried = failed
		}
	}
	return err
}

// partSent notes that the bytes of one more part are with the service, and reports
// whether they are the last. The completion of that part makes the file.
func (u *Upload) partSent() (last bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.unsent--
	return u.unsent == 0
}

// proveSource waits until all parts but one are confirmed, and checks that the source
// is still the one that was announced, because no other file must be stored.
func (u *Upload) proveSource(ctx context.Context) error {
	select {
	case <-u.oneLeft:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := u.in.Verify(ctx); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.outcome, u.proved = finishing, true
	return nil
}

// partConfirmed notes that the service has a part. inFlight is how many of its bytes
// count as sent and not confirmed.
func (u *Upload) partConfirmed(length, inFlight int64, answer Completion) {
	u.mu.Lock()
	u.unconfirmed--
	if answer.Completed {
		u.outcome, u.file.ETag = stored, answer.ETag
	}
	u.signalOneLeft()
	u.mu.Unlock()
	u.progress.confirmed(length, inFlight)
	u.retries.GiveBack()
}

// signalOneLeft closes oneLeft when a single part is left. The caller holds mu, or no
// other goroutine exists yet.
func (u *Upload) signalOneLeft() {
	if u.unconfirmed == 1 {
		close(u.oneLeft)
	}
}

// learn checks the range of a part against those of its neighbours.
func (u *Upload) learn(position int64, p Part) error {
	u.mu.Lock()
	stored, err := u.plan.learn(position, p)
	u.mu.Unlock()
	if stored > 0 {
		u.progress.confirmed(stored, 0)
	}
	return err
}

// checkPart refuses a part that belongs to another upload.
func (u *Upload) checkPart(op string, p Part) error {
	if p.UploadID != u.id {
		return fmt.Errorf("%w: %s: part %d is of another upload", errs.ErrProtocol, op, p.Index)
	}
	return nil
}
