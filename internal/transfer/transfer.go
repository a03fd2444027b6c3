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
	first    *held // that came with the begin answer; nil for a resumed upload

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
func (t *Upload) End() {
	t.Limits.Uploads.Add(-1)
	if t.in.Stream != nil {
		t.Budget.Trim()
	}
}

// MayExist says whether the file may be stored although the upload failed.
func (t *Upload) MayExist() bool { return t.uncertain }

// Begun notes what the service said of a new upload, and refuses what makes no
// sense.
func (t *Upload) Begun(uploadID string, count int64, first Part, file File) error {
	t.uploadID, t.count, t.file, t.first = uploadID, count, file, hold(first)
	switch {
	case count < 1 || count > max(1, t.in.Size):
		return fmt.Errorf("%w: %s: %d parts for %d bytes", errs.ErrProtocol, operation.BeginMultipartUpload, count, t.in.Size)
	case first.Index < 0 || first.Index >= count:
		return fmt.Errorf("%w: %s: first part is %d of %d", errs.ErrProtocol, operation.BeginMultipartUpload, first.Index, count)
	}
	return t.checkPart(operation.BeginMultipartUpload, first)
}

// SendAll sends all parts of an upload that has begun and returns the stored file.
func (t *Upload) SendAll(ctx context.Context) (File, error) {
	if err := t.send(ctx, newPlan(t.in.Size, t.count, nil), t.first); err != nil {
		return File{}, err
	}
	return t.finish(ctx)
}

// Resume sends the parts that the service lacks of an upload that began earlier, and
// returns the stored file.
func (t *Upload) Resume(ctx context.Context, uploadID string, count int64, file File) (File, error) {
	t.uploadID, t.count, t.file = uploadID, count, file
	todo, err := t.remaining(ctx, t.retrier(operation.ListUploadParts, -1))
	if err != nil {
		if errors.Is(err, errs.ErrUploadUnknown) {
			t.setUncertain(t.mayHaveEnded(ctx))
		}
		return File{}, err
	}
	if len(todo) > 0 {
		if err := t.send(ctx, newPlan(t.in.Size, t.count, todo), nil); err != nil {
			return File{}, err
		}
	}
	return t.finish(ctx)
}

// send sends the parts of the plan and returns when all are confirmed, or with
// the first error that no retry could help, when nothing is under way any more.
// first, if not nil, is the descriptor that came with the begin answer.
func (t *Upload) send(ctx context.Context, p *plan, first *held) error {
	t.plan, t.due, t.pending, t.alone = p, p.length(), p.length(), make(chan struct{})
	t.window = newWindow(t.Limits, t.progress.bytesSent)
	t.settleAlone()

	if err := t.sendParts(ctx, first); err != nil {
		return err
	}
	if t.completed {
		return nil // the file exists, whatever the context says by now
	}
	if err := ctx.Err(); err != nil {
		t.setUncertain(t.finishing)
		return err
	}
	return nil
}

// sendParts sends the parts of the plan. When it returns, none is under way.
func (t *Upload) sendParts(ctx context.Context, first *held) error {
	if t.plan.length() == 1 { // as many small files have it: no goroutine is needed
		if err := t.window.enter(ctx); err != nil {
			return err
		}
		return t.partRun(0, first, nil).do(ctx)
	}
	parts, ctx := errgroup.WithContext(ctx)
	var before *partRun
	for position := range t.plan.length() {
		if err := t.window.enter(ctx); err != nil {
			break // a part failed, or the caller gave up: Wait says which
		}
		run := t.partRun(position, first, before)
		before = run
		parts.Go(func() error { return run.do(ctx) })
	}
	return parts.Wait()
}

// partRun is the run of the part at a position of the plan. before is that of the one
// before it, if there is one.
func (t *Upload) partRun(position int64, first *held, before *partRun) *partRun {
	run := &partRun{Upload: t, position: position, index: t.plan.index(position)}
	if t.in.Stream != nil {
		run.read = make(chan struct{})
		if before != nil {
			run.previous = before.read
		}
	}
	if first != nil && first.Index == run.index {
		// Now, so that a part that overlaps it is found out before it is sent.
		run.held, run.rangeErr = first, t.learn(position, first.Part)
	}
	return run
}

// completionDue notes that a part's bytes are with the service and says whether
// its completion is the last one. That one makes the file exist.
func (t *Upload) completionDue() (last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.due--
	return t.due == 0
}

// proveSource waits until every part but one is confirmed and then checks that
// the source is what was announced: no other file must be stored.
func (t *Upload) proveSource(ctx context.Context) error {
	select {
	case <-t.alone:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := t.in.Verify(ctx); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finishing = true
	return nil
}

// confirmed notes that the service has a part, of which inFlight bytes were sent.
func (t *Upload) confirmed(length, inFlight int64, answer Completion) {
	t.mu.Lock()
	t.pending--
	if answer.Completed {
		t.completed = true
		t.file.ETag = answer.ETag
	}
	t.settleAlone()
	t.mu.Unlock()
	t.progress.confirmed(length, inFlight)
	t.retries.GiveBack()
}

// setUncertain notes whether the completion that makes the file exist may have
// been carried out although nobody said so.
func (t *Upload) setUncertain(uncertain bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.uncertain = uncertain
}

// settleAlone closes alone when it is time. The caller holds mu, or is alone.
func (t *Upload) settleAlone() {
	if t.pending == 1 {
		close(t.alone)
	}
}

// learn checks a part's range against those of its neighbours.
func (t *Upload) learn(position int64, p Part) error {
	t.mu.Lock()
	known, err := t.plan.learn(position, p)
	t.mu.Unlock()
	if known > 0 {
		t.progress.confirmed(known, 0)
	}
	return err
}

// checkPart refuses a descriptor that belongs to another upload or has no URL
// that a body could be sent to.
func (t *Upload) checkPart(op string, p Part) error {
	if p.UploadID != t.uploadID {
		return fmt.Errorf("%w: %s: part %d is of another upload", errs.ErrProtocol, op, p.Index)
	}
	if _, err := wire.ParseUploadURL(p.URL); err != nil {
		return fmt.Errorf("%s: part %d: %w", op, p.Index, err)
	}
	return nil
}

// Call makes a call that needs no other remedy than being made again.
func (t *Upload) Call(ctx context.Context, op string, attempt func(context.Context) error) error {
	return t.retrier(op, -1).Do(ctx, attempt)
}

func (t *Upload) retrier(op string, index int64) *retry.Attempts {
	return &retry.Attempts{
		Policy: t.Policy, OnRetry: t.OnRetry, Budget: t.retries,
		Operation: op, UploadID: t.uploadID, Part: index,
	}
}
