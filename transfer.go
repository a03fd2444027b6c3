package bytescale

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

// engine sends the parts of uploads. It is what all uploads of a client share.
type engine struct {
	service service
	limits  *limits.Limits
	budget  *source.Budget
	link    *wire.Link
	policy  retry.Policy

	onRetry      func(retry.Retried)
	onURLRefresh func(urlRefreshed)
}

// urlRefreshed says that storage refused the URL of a part and that a fresh one is
// fetched.
type urlRefreshed struct {
	uploadID string
	part     int64
	status   int
	err      error
}

// transfer is one upload under way, from its begin or its checkpoint to the
// stored file. Nothing of it outlives Upload or Resume.
type transfer struct {
	*engine
	in       *source.Opened
	progress *progress
	retries  *retry.Budget

	uploadID string
	count    int64
	file     storedFile
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

// newTransfer begins to report. report may be nil.
func (e *engine) newTransfer(in *source.Opened, report func(counts)) *transfer {
	t := &transfer{
		engine:   e,
		in:       in,
		progress: newProgress(in.Size, report), // which calls report: that may panic
		retries:  retry.NewBudget(e.limits.MaxCalls + e.limits.MaxPuts),
	}
	e.limits.Uploads.Add(1)
	return t
}

// end is the counterpart of newTransfer.
func (t *transfer) end() {
	t.limits.Uploads.Add(-1)
	if t.in.Stream != nil {
		t.budget.Trim()
	}
}

// mayExist says whether the file may be stored although the upload failed.
func (t *transfer) mayExist() bool { return t.uncertain }

// begun notes what the service said of a new upload, and refuses what makes no
// sense.
func (t *transfer) begun(uploadID string, count int64, first part, file storedFile) error {
	t.uploadID, t.count, t.file, t.first = uploadID, count, file, hold(first)
	switch {
	case count < 1 || count > max(1, t.in.Size):
		return fmt.Errorf("%w: %s: %d parts for %d bytes", errs.ErrProtocol, operation.BeginMultipartUpload, count, t.in.Size)
	case first.index < 0 || first.index >= count:
		return fmt.Errorf("%w: %s: first part is %d of %d", errs.ErrProtocol, operation.BeginMultipartUpload, first.index, count)
	}
	return t.checkPart(operation.BeginMultipartUpload, first)
}

// sendAll sends all parts of an upload that has begun and returns the stored file.
func (t *transfer) sendAll(ctx context.Context) (storedFile, error) {
	if err := t.send(ctx, newPlan(t.in.Size, t.count, nil), t.first); err != nil {
		return storedFile{}, err
	}
	return t.finish(ctx)
}

// resume sends the parts that the service lacks of an upload that began earlier, and
// returns the stored file.
func (t *transfer) resume(ctx context.Context, uploadID string, count int64, file storedFile) (storedFile, error) {
	t.uploadID, t.count, t.file = uploadID, count, file
	todo, err := t.remaining(ctx, t.retrier(operation.ListUploadParts, -1))
	if err != nil {
		if errors.Is(err, errs.ErrUploadUnknown) {
			t.setUncertain(t.mayHaveEnded(ctx))
		}
		return storedFile{}, err
	}
	if len(todo) > 0 {
		if err := t.send(ctx, newPlan(t.in.Size, t.count, todo), nil); err != nil {
			return storedFile{}, err
		}
	}
	return t.finish(ctx)
}

// send sends the parts of the plan and returns when all are confirmed, or with
// the first error that no retry could help, when nothing is under way any more.
// first, if not nil, is the descriptor that came with the begin answer.
func (t *transfer) send(ctx context.Context, p *plan, first *held) error {
	t.plan, t.due, t.pending, t.alone = p, p.length(), p.length(), make(chan struct{})
	t.window = newWindow(t.limits, t.progress.bytesSent)
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
func (t *transfer) sendParts(ctx context.Context, first *held) error {
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
func (t *transfer) partRun(position int64, first *held, before *partRun) *partRun {
	run := &partRun{transfer: t, position: position, index: t.plan.index(position)}
	if t.in.Stream != nil {
		run.read = make(chan struct{})
		if before != nil {
			run.previous = before.read
		}
	}
	if first != nil && first.index == run.index {
		// Now, so that a part that overlaps it is found out before it is sent.
		run.held, run.rangeErr = first, t.learn(position, first.part)
	}
	return run
}

// completionDue notes that a part's bytes are with the service and says whether
// its completion is the last one. That one makes the file exist.
func (t *transfer) completionDue() (last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.due--
	return t.due == 0
}

// proveSource waits until every part but one is confirmed and then checks that
// the source is what was announced: no other file must be stored.
func (t *transfer) proveSource(ctx context.Context) error {
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
func (t *transfer) confirmed(length, inFlight int64, answer completion) {
	t.mu.Lock()
	t.pending--
	if answer.completed {
		t.completed = true
		t.file.etag = answer.etag
	}
	t.settleAlone()
	t.mu.Unlock()
	t.progress.confirmed(length, inFlight)
	t.retries.GiveBack()
}

// setUncertain notes whether the completion that makes the file exist may have
// been carried out although nobody said so.
func (t *transfer) setUncertain(uncertain bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.uncertain = uncertain
}

// settleAlone closes alone when it is time. The caller holds mu, or is alone.
func (t *transfer) settleAlone() {
	if t.pending == 1 {
		close(t.alone)
	}
}

// learn checks a part's range against those of its neighbours.
func (t *transfer) learn(position int64, p part) error {
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
func (t *transfer) checkPart(op string, p part) error {
	if p.uploadID != t.uploadID {
		return fmt.Errorf("%w: %s: part %d is of another upload", errs.ErrProtocol, op, p.index)
	}
	if _, err := wire.ParseUploadURL(p.url); err != nil {
		return fmt.Errorf("%s: part %d: %w", op, p.index, err)
	}
	return nil
}

// call makes a call that needs no other remedy than being made again.
func (t *transfer) call(ctx context.Context, op string, attempt func(context.Context) error) error {
	return t.retrier(op, -1).Do(ctx, attempt)
}

func (t *transfer) retrier(op string, index int64) *retry.Attempts {
	return &retry.Attempts{
		Policy: t.policy, OnRetry: t.onRetry, Budget: t.retries,
		Operation: op, UploadID: t.uploadID, Part: index,
	}
}
