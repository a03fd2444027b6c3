package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/source"
)

// maxSends is how often the bytes of a part are sent to storage when the service
// cannot use them: storage answered without an etag, or the completion refused it.
const maxSends = 2

// assignment is a part as the service described it, and when it did.
type assignment struct {
	Part
	fetchedAt time.Time
	refused   bool // storage refused the URL
}

func assign(p Part) *assignment { return &assignment{Part: p, fetchedAt: time.Now()} }

// partUpload is the upload of one part: its URL is fetched, its bytes are sent, and
// its completion is confirmed.
type partUpload struct {
	engine          *Engine
	of              *Upload
	position, index int64
	assigned        *assignment // nil until it is known
	rangeErr        error       // what is wrong with the range of the part that came with the begin answer

	// For plain streams: closed when the part before, if there is one, and this one
	// have been read.
	previous, read chan struct{}

	slot     slot
	sent     bool  // its bytes are with the service
	last     bool  // and they were the last: its completion makes the file
	lost     bool  // the answer to a completion of it was lost
	inFlight int64 // bytes that count as sent and not confirmed

	step *retry.Attempts // the latest step
}

// newPart returns the upload of the part at a position of the plan. before is the one
// of the part before it, if there is one. The caller has entered the window.
func (u *Upload) newPart(position int64, first *assignment, before *partUpload) *partUpload {
	p := &partUpload{engine: u.engine, of: u, position: position, index: u.plan.index(position), slot: slot{window: u.window}}
	if u.in.Stream != nil {
		p.read = make(chan struct{})
		if before != nil {
			p.previous = before.read
		}
	}
	if first != nil && first.Index == p.index {
		// Learn its range now, so that a part that overlaps it is refused before
		// anything of it is sent.
		p.assigned, p.rangeErr = first, u.learn(position, first.Part)
	}
	return p
}

// errPartDone means that the service has the part already.
var errPartDone = errors.New("the part is complete already")

// upload brings the part to the service. Its errors are those of the context and
// PartErrors.
func (p *partUpload) upload(ctx context.Context) error {
	p.begin(operation.PutPart)
	defer func() { p.slot.leave(p.length()) }()

	answer, err := p.send(ctx)
	if errors.Is(err, errPartDone) {
		err = p.skip(ctx)
	}
	if err != nil {
		return p.failure(ctx, err)
	}
	p.of.partConfirmed(p.length(), p.inFlight, answer)
	return nil
}

// begin notes that a step of the part begins.
func (p *partUpload) begin(op string) *retry.Attempts {
	p.step = p.of.attempts(op, p.index)
	return p.step
}

// send fetches the assignment if it is not known, reads the bytes, and sends them
// until the service can use them.
func (p *partUpload) send(ctx context.Context) (Completion, error) {
	if p.assigned == nil {
		if err := p.fetch(ctx); err != nil {
			return Completion{}, err
		}
		p.rangeErr = p.of.learn(p.position, p.assigned.Part)
	}
	if p.rangeErr != nil {
		return Completion{}, p.rangeErr
	}
	data, err := p.readChunk(ctx)
	if err != nil {
		return Completion{}, err
	}
	defer data.Release()

	for sends := 1; ; sends++ {
		answer, err := p.putAndComplete(ctx, data)
		if err == nil {
			return answer, nil
		}
		var unusable *unusableError
		if !errors.As(err, &unusable) {
			return Completion{}, err
		}
		if sends == maxSends {
			return Completion{}, unusable.err
		}
		p.of.progress.lost(p.inFlight)
		p.inFlight = 0
		if !data.Retake() {
			return Completion{}, fmt.Errorf("%w (and the bytes of the stream are gone)", unusable.err)
		}
	}
}

// unusableError means that the service cannot use the bytes that storage has, so that
// they have to be sent once more.
type unusableError struct{ err error }

func (e *unusableError) Error() string { return e.err.Error() }
func (e *unusableError) Unwrap() error { return e.err }

// putAndComplete sends the bytes of the part and its completion, with all retries that
// do not need the bytes once more.
func (p *partUpload) putAndComplete(ctx context.Context, data *source.Chunk) (Completion, error) {
	etag, err := p.put(ctx, data.Payload)
	if err != nil {
		return Completion{}, err
	}
	data.Spare()
	p.markSent()
	if p.last {
		if err := p.of.proveSource(ctx); err != nil {
			return Completion{}, err
		}
	}
	return p.complete(ctx, etag)
}

// markSent notes, once, that the bytes of the part are with the service.
func (p *partUpload) markSent() {
	if !p.sent {
		p.sent = true
		p.last = p.of.partSent()
	}
}

// readChunk returns the bytes of the part. Those of a plain stream are read in the
// order of the parts.
func (p *partUpload) readChunk(ctx context.Context) (*source.Chunk, error) {
	in := p.of.in
	if in.Stream == nil {
		return in.Chunk(p.assigned.Start, p.assigned.length()), nil
	}
	if err := p.waitForPrevious(ctx); err != nil {
		return nil, err
	}
	defer close(p.read)
	ctx = operation.WithAttempt(ctx, operation.Attempt{Operation: operation.PutPart, UploadID: p.of.id, Part: p.index})
	return in.Stream.ReadChunk(ctx, p.assigned.Start, p.assigned.length())
}

// waitForPrevious waits until the part before has been read from the stream.
func (p *partUpload) waitForPrevious(ctx context.Context) error {
	if p.previous == nil {
		return ctx.Err()
	}
	select {
	case <-p.previous:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// skip leaves out a part that the service has already.
func (p *partUpload) skip(ctx context.Context) error {
	p.markSent()
	if p.of.in.Stream == nil {
		return nil
	}
	select {
	case <-p.read:
		return nil
	default:
	}
	if err := p.waitForPrevious(ctx); err != nil {
		return err
	}
	close(p.read)
	return nil
}

// length returns the length of the part in bytes, 0 if it is not known.
func (p *partUpload) length() int64 {
	if p.assigned == nil {
		return 0
	}
	return p.assigned.length()
}

// PartError is the failure of a part that ended its upload.
type PartError struct {
	Index      int64
	Start, End int64 // positions of its first and last byte; -1 if they are not known
	Attempts   int   // at the step that failed
	Err        error
}

// Error names the part and the reason.
func (e *PartError) Error() string { return fmt.Sprintf("part %d: %v", e.Index, e.Err) }

// Unwrap returns the reason.
func (e *PartError) Unwrap() error { return e.Err }

func (p *partUpload) failure(ctx context.Context, err error) error {
	var ended *errs.ContextError
	if ctx.Err() != nil && (!errors.As(err, &ended) || ended.Last == nil) {
		return ctx.Err() // which tells nothing about this part
	}
	failed := &PartError{Index: p.index, Start: -1, End: -1, Attempts: p.step.Count(), Err: err}
	if ended != nil {
		failed.Attempts = ended.Attempts
	}
	if p.assigned != nil {
		failed.Start, failed.End = p.assigned.Start, p.assigned.End
	}
	if ended == nil && errors.Is(err, errs.ErrSourceSize) && p.of.in.Stream == nil {
		// A file that became shorter has changed, which says more.
		if changed := p.of.in.Verify(ctx); changed != nil {
			failed.Err = changed
		}
	}
	return failed
}
