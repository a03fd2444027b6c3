// Package transfer sends the parts of one upload, from the answer that began it to
// the stored file.
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

// Engine sends the parts of uploads. It is what all uploads of a client share.
type Engine struct {
	Service Service
	Limits  *limits.Limits
	Budget  *source.Budget
	Link    *wire.Link
	Policy  retry.Policy

	OnRetry      func(retry.Retried)
	OnURLRefresh func(URLRefreshed)
}

// URLRefreshed says that storage refused the URL of a part and that a fresh one is
// fetched.
type URLRefreshed struct {
	UploadID string
	Part     int64
	Status   int
	Err      error
}

// Upload is one upload under way, from its begin or its checkpoint to the
// stored file. Nothing of it outlives Upload or Resume.
type Upload struct {
	*Engine
	in       *source.Opened
	progress *progress
	retries  *retry.Budget

	uploadID string
	count    int64
	file     File
	first    *assignment // that came with the begin answer; nil for a resumed upload

	window *window

	mu        sync.Mutex
	plan      *plan
	due       int64         // parts whose bytes are not with the service yet
	pending   int64         // parts that are not confirmed
	alone     chan struct{} // closed when one part at most is not confirmed
	finishing bool          // the completion that makes the file exist was sent
	uncertain bool          // that one's outcome is not known
	completed bool          // the service said that the file exists
}

// NewUpload begins to report. report may be nil.
func (e *Engine) NewUpload(in *source.Opened, report func(Counts)) *Upload {
	t := &Upload{
		Engine:   e,
		in:       in,
		progress: newProgress(in.Size, report), // which calls report: that may panic
		retries:  retry.NewBudget(e.Limits.MaxCalls + e.Limits.MaxPuts),
	}
	e.Limits.Uploads.Add(1)
	return t
}

// End is the counterpart of newTransfer.
func (u *Upload) End() {
	u.Limits.Uploads.Add(-1)
	if u.in.Stream != nil {
		u.Budget.Trim()
	}
}

// MayExist says whether the file may be stored although the upload failed.
func (u *Upload) MayExist() bool { return u.uncertain }

// Begun notes what the service said of a new upload, and refuses what makes no
// sense.
func (u *Upload) Begun(uploadID string, count int64, first Part, file File) error {
	u.uploadID, u.count, u.file, u.first = uploadID, count, file, assign(first)
	switch {
	case count < 1 || count > max(1, u.in.Size):
		return fmt.Errorf("%w: %s: %d parts for %d bytes", errs.ErrProtocol, operation.BeginMultipartUpload, count, u.in.Size)
	case first.Index < 0 || first.Index >= count:
		return fmt.Errorf("%w: %s: first part is %d of %d", errs.ErrProtocol, operation.BeginMultipartUpload, first.Index, count)
	}
	return u.checkPart(operation.BeginMultipartUpload, first)
}

// SendAll sends all parts of an upload that has begun and returns the stored file.
func (u *Upload) SendAll(ctx context.Context) (File, error) {
	if err := u.send(ctx, newPlan(u.in.Size, u.count, nil), u.first); err != nil {
		return File{}, err
	}
	return u.finish(ctx)
}

// Resume sends the parts that the service lacks of an upload that began earlier, and
// returns the stored file.
func (u *Upload) Resume(ctx context.Context, uploadID string, count int64, file File) (File, error) {
	u.uploadID, u.count, u.file = uploadID, count, file
	todo, err := u.remaining(ctx, u.retrier(operation.ListUploadParts, -1))
	if err != nil {
		if errors.Is(err, errs.ErrUploadUnknown) {
			u.setUncertain(u.mayHaveEnded(ctx))
		}
		return File{}, err
	}
	if len(todo) > 0 {
		if err := u.send(ctx, newPlan(u.in.Size, u.count, todo), nil); err != nil {
			return File{}, err
		}
	}
	return u.finish(ctx)
}

// send sends the parts of the plan and returns when all are confirmed, or with
// the first error that no retry could help, when nothing is under way any more.
// first, if not nil, is the descriptor that came with the begin answer.
func (u *Upload) send(ctx context.Context, p *plan, first *assignment) error {
	u.plan, u.due, u.pending, u.alone = p, p.length(), p.length(), make(chan struct{})
	u.window = newWindow(u.Limits, u.progress.bytesSent)
	u.settleAlone()

	if err := u.sendParts(ctx, first); err != nil {
		return err
	}
	if u.completed {
		return nil // the file exists, whatever the context says by now
	}
	if err := ctx.Err(); err != nil {
		u.setUncertain(u.finishing)
		return err
	}
	return nil
}

// sendParts sends the parts of the plan. When it returns, none is under way.
func (u *Upload) sendParts(ctx context.Context, first *assignment) error {
	if u.plan.length() == 1 { // as many small files have it: no goroutine is needed
		if err := u.window.enter(ctx); err != nil {
			return err
		}
		return u.partUpload(0, first, nil).do(ctx)
	}
	parts, ctx := errgroup.WithContext(ctx)
	var before *partUpload
	for position := range u.plan.length() {
		if err := u.window.enter(ctx); err != nil {
			break // a part failed, or the caller gave up: Wait says which
		}
		run := u.partUpload(position, first, before)
		before = run
		parts.Go(func() error { return run.do(ctx) })
	}
	return parts.Wait()
}

// partUpload is the run of the part at a position of the plan. before is that of the one
// before it, if there is one.
func (u *Upload) partUpload(position int64, first *assignment, before *partUpload) *partUpload {
	run := &partUpload{Upload: u, position: position, index: u.plan.index(position)}
	if u.in.Stream != nil {
		run.read = make(chan struct{})
		if before != nil {
			run.previous = before.read
		}
	}
	if first != nil && first.Index == run.index {
		// Now, so that a part that overlaps it is found out before it is sent.
		run.assigned, run.rangeErr = first, u.learn(position, first.Part)
	}
	return run
}

// completionDue notes that a part's bytes are with the service and says whether
// its completion is the last one. That one makes the file exist.
func (u *Upload) completionDue() (last bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.due--
	return u.due == 0
}

// proveSource waits until every part but one is confirmed and then checks that
// the source is what was announced: no other file must be stored.
func (u *Upload) proveSource(ctx context.Context) error {
	select {
	case <-u.alone:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := u.in.Verify(ctx); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.finishing = true
	return nil
}

// confirmed notes that the service has a part, of which inFlight bytes were sent.
func (u *Upload) confirmed(length, inFlight int64, answer Completion) {
	u.mu.Lock()
	u.pending--
	if answer.Completed {
		u.completed = true
		u.file.ETag = answer.ETag
	}
	u.settleAlone()
	u.mu.Unlock()
	u.progress.confirmed(length, inFlight)
	u.retries.GiveBack()
}

// setUncertain notes whether the completion that makes the file exist may have
// been carried out although nobody said so.
func (u *Upload) setUncertain(uncertain bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.uncertain = uncertain
}

// settleAlone closes alone when it is time. The caller holds mu, or is alone.
func (u *Upload) settleAlone() {
	if u.pending == 1 {
		close(u.alone)
	}
}

// learn checks a part's range against those of its neighbours.
func (u *Upload) learn(position int64, p Part) error {
	u.mu.Lock()
	known, err := u.plan.learn(position, p)
	u.mu.Unlock()
	if known > 0 {
		u.progress.confirmed(known, 0)
	}
	return err
}

// checkPart refuses a descriptor that belongs to another upload or has no URL
// that a body could be sent to.
func (u *Upload) checkPart(op string, p Part) error {
	if p.UploadID != u.uploadID {
		return fmt.Errorf("%w: %s: part %d is of another upload", errs.ErrProtocol, op, p.Index)
	}
	if _, err := wire.ParseUploadURL(p.URL); err != nil {
		return fmt.Errorf("%s: part %d: %w", op, p.Index, err)
	}
	return nil
}

// Call makes a call that needs no other remedy than being made again.
func (u *Upload) Call(ctx context.Context, op string, attempt func(context.Context) error) error {
	return u.retrier(op, -1).Do(ctx, attempt)
}

func (u *Upload) retrier(op string, index int64) *retry.Attempts {
	return &retry.Attempts{
		Policy: u.Policy, OnRetry: u.OnRetry, Budget: u.retries,
		Operation: op, UploadID: u.uploadID, Part: index,
	}
}
